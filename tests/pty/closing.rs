//! A terminal that is closed, lost or stopped, and a process that is killed: nothing hangs, spins or is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::terminal::{PROMPT, Playground, opened};

/// Longest time to end in: saving takes a part of it, also beside other tests.
const SOON: Duration = Duration::from_secs(5);

fn session(home: &Path) -> String {
    let path = home.join("state/logitscope/session.json");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The playground of a process that gets no signal when its terminal is closed.
fn opened_without_control(args: &[&str]) -> Playground {
    let mut playground = Playground::open_with(120, 40, args, |command| {
        command.set_controlling_tty(false);
    });
    playground.until_shows(PROMPT);
    playground.until_shows("■ ready");
    playground
}

#[test]
fn closed_just_after_typing_it_ends_with_all_saved() {
    for controlled in [true, true, true, false] {
        let mut playground = if controlled {
            opened(120, 40)
        } else {
            opened_without_control(&["play", PROMPT])
        };
        playground.press(&" and then some".repeat(200));
        playground.close();
        playground.until_ended(SOON);
        assert!(session(playground.home()).contains(PROMPT));
    }
}

#[test]
fn closed_at_rest_it_ends_without_a_signal() {
    let mut playground = opened_without_control(&["play", PROMPT]);
    playground.close();
    playground.until_ended(SOON);
    assert!(session(playground.home()).contains(PROMPT));
    // What was written is nobody else's business.
    let state = playground.home().join("state/logitscope");
    assert_eq!(mode(&state), 0o700);
    let files = fs::read_dir(&state).expect("the state's directory");
    for file in files.map(|file| file.expect("an entry").path()) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

#[test]
fn closed_while_generating_the_last_text_is_saved() {
    let mut playground = opened_without_control(&["play", PROMPT, "--max-tokens", "100000"]);
    playground.press("\r");
    // Within the first seconds nothing is saved by itself.
    playground.until_shows("tok/s");
    playground.close();
    playground.until_ended(SOON);
    let session: serde_json::Value =
        serde_json::from_str(&session(playground.home())).expect("JSON");
    let text = session["texts"].to_string();
    assert!(text.len() > 1000, "no text was saved: {text}");
}

#[test]
fn closed_while_training_a_checkpoint_is_written() {
    for controlled in [true, false] {
        let mut playground = Playground::open_with(120, 40, &["play", PROMPT], |command| {
            command.set_controlling_tty(controlled);
        });
        playground.until_shows("■ ready");
        playground.press("\x1b[12~");
        playground.until_shows("Train");
        playground.press("\x1b[15~");
        playground.until_shows("language from nothing");
        playground.press("\r");
        playground.until("the first steps", |text| text.contains("tok/s"));
        playground.close();
        // A step goes to its end first.
        playground.until_ended(Duration::from_secs(60));
        let checkpoints = playground.home().join("runs/demo/checkpoints");
        let found: Vec<String> = fs::read_dir(&checkpoints)
            .expect("the run's directory")
            .map(|entry| entry.expect("an entry").file_name().display().to_string())
            .filter(|name| name.starts_with("step-"))
            .collect();
        assert!(
            !found.is_empty(),
            "no checkpoint in {}",
            checkpoints.display()
        );
    }
}

#[test]
fn a_terminal_that_nobody_reads_does_not_keep_it() {
    let mut playground = opened(200, 60);
    playground.stop_reading();
    playground.fill();
    // Whatever is drawn now has no room.
    playground.press("\x0c");
    playground.signal("-TERM");
    playground.until_ended(SOON);
    assert!(session(playground.home()).contains(PROMPT));
}

#[test]
fn whatever_kills_it_the_terminal_is_given_back() {
    for signal in ["-ABRT", "-SEGV", "-BUS"] {
        let mut playground = opened(100, 30);
        playground.signal(signal);
        assert_ne!(playground.until_over(), 0, "{signal}");
    }
}

#[test]
fn a_session_that_cannot_be_brought_back_is_kept() {
    let state = tempfile::tempdir().expect("a directory");
    let path = state.path().join("logitscope/session.json");
    let open = |args: &[&str]| {
        let mut playground = Playground::open_with(120, 40, args, |command| {
            command.env("XDG_STATE_HOME", state.path());
        });
        playground.until_shows("■ ready");
        playground
    };
    let mut playground = open(&["play", PROMPT, "--max-tokens", "4"]);
    playground.press("\r");
    playground.until_shows("ended: max tokens");
    playground.signal("-TERM");
    playground.until_over();
    let whole = fs::read_to_string(&path).expect("a session");

    // A branch that grows from itself, and a token that the model does not have.
    for damage in [
        |session: &mut serde_json::Value| session["texts"]["branches"][0]["parent"] = 0.into(),
        |session: &mut serde_json::Value| {
            session["texts"]["branches"][0]["tokens"][0]["id"] = 99_999.into();
        },
    ] {
        let mut session: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
        damage(&mut session);
        let damaged = session.to_string();
        fs::write(&path, &damaged).expect("written");
        let mut playground = open(&["play", "--resume"]);
        playground.until_shows("That session is kept as");
        playground.signal("-TERM");
        playground.until_over();
        let kept = fs::read_to_string(path.with_added_extension("refused"));
        assert_eq!(kept.expect("it is kept"), damaged);
        assert!(path.is_file(), "the new session is saved as ever");
    }
}
