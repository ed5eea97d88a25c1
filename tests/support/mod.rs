//! What the end-to-end tests share: the binary in a home of its own.

use std::path::Path;
use std::process::Command;

/// Environment variables that keep the binary from the user's own files and settings.
pub fn environment(home: &Path) -> Vec<(&'static str, String)> {
    let under = |name: &str| home.join(name).display().to_string();
    vec![
        ("HOME", home.display().to_string()),
        ("XDG_CONFIG_HOME", under("config")),
        ("XDG_STATE_HOME", under("state")),
        ("HF_HOME", under("hub")),
        ("TERM", "xterm-256color".to_owned()),
    ]
}

/// The binary, with nothing in its environment but a home of its own.
#[allow(dead_code, reason = "not every test file runs the binary in a pipe")]
pub fn logitscope(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logitscope"));
    command.env_clear().envs(environment(home));
    command
}
