//! Where the configuration, the log and the history are kept.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// Read before the user's configuration file.
pub(super) const PRESETS_FILE: &str = "presets.toml";
const NAME: &str = "logitscope";

/// The user's configuration file: `logitscope/config.toml` under `$XDG_CONFIG_HOME` or `~/.config`, on macOS too; on
/// Windows under `%APPDATA%`. It need not exist. None if there is no home directory.
pub fn user_path() -> Option<PathBuf> {
    Some(strategy()?.config_dir().join(NAME).join("config.toml"))
}

/// The file of the presets that were saved from the playground, beside the user's configuration file.
pub fn presets_path() -> Option<PathBuf> {
    Some(user_path()?.with_file_name(PRESETS_FILE))
}

/// The directory of logs and history: `logitscope` under `$XDG_STATE_HOME` or `~/.local/state`; on Windows under
/// `%APPDATA%`. It need not exist. None if there is no home directory.
pub fn state_dir() -> Option<PathBuf> {
    let strategy = strategy()?;
    Some(
        strategy
            .state_dir()
            .unwrap_or_else(|| strategy.data_dir())
            .join(NAME),
    )
}

#[cfg(unix)]
fn strategy() -> Option<impl BaseStrategy> {
    etcetera::base_strategy::Xdg::new().ok()
}

#[cfg(not(unix))]
fn strategy() -> Option<impl BaseStrategy> {
    etcetera::choose_base_strategy().ok()
}
