//! Standard streams that are closed or full, and hang-ups, of commands without a screen.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::logitscope;

/// A small run on a few lines, of many steps.
fn training(home: &Path, subcommand: &str) -> Command {
    let corpus = home.join("corpus.txt");
    fs::write(
        &corpus,
        "The rain in Spain stays mainly in the plain.\n".repeat(400),
    )
    .expect("written");
    let mut command = logitscope(home);
    command.current_dir(home).arg(subcommand).arg(&corpus);
    command.args(["--run-name", "r", "--steps", "100000", "--batch", "2"]);
    command.args(["--context", "16", "--validation", "0"]);
    if subcommand == "train" {
        command.args(["--layers", "1", "--heads", "1", "--width", "16"]);
        command.args(["--tokenizer", "embedded"]);
    }
    command
}

fn has_checkpoint(home: &Path) -> bool {
    let entries = fs::read_dir(home.join("runs/r/checkpoints"));
    entries.is_ok_and(|mut entries| {
        entries.any(|entry| {
            let name = entry.expect("an entry").file_name();
            name.display().to_string().starts_with("step-")
        })
    })
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}

#[test]
fn a_failure_that_cannot_be_told_is_a_failure_all_the_same() {
    let home = tempfile::tempdir().expect("a directory");
    let full = || OpenOptions::new().write(true).open("/dev/full");
    let Ok(_) = full() else { return };
    let mut failing = logitscope(home.path());
    failing
        .args(["generate", "x", "--model", "./none"])
        .stderr(full().expect("opened"));
    assert_eq!(failing.status().expect("it runs").code(), Some(1));
    // Closed altogether.
    let mut closed = Command::new("sh");
    closed
        .env_clear()
        .envs(crate::support::environment(home.path()));
    closed.args([
        "-c",
        "\"$0\" generate x --model ./none 2>&-",
        env!("CARGO_BIN_EXE_logitscope"),
    ]);
    assert_eq!(closed.status().expect("it runs").code(), Some(1));
}

#[test]
fn a_home_that_is_no_directory_stops_nothing() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("file");
    fs::write(&file, "").expect("written");
    for (name, value) in [
        ("HOME", "/dev/null".as_ref()),
        ("XDG_CONFIG_HOME", file.as_os_str()),
    ] {
        let mut command = logitscope(home.path());
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        command.env(name, value);
        command.args(["generate", "Once", "--max-tokens", "1"]);
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{name}: {output:?}");
    }
}

#[test]
fn a_run_whose_streams_are_closed_is_saved() {
    for subcommand in ["train", "finetune"] {
        let home = tempfile::tempdir().expect("a directory");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = training(home.path(), subcommand);
        command
            .stdout(writer.try_clone().expect("a duplicate"))
            .stderr(writer);
        command.args(["--sample-every", "1", "--prompt", "The"]);
        let mut child = command.spawn().expect("it runs");
        drop(command);
        // The lines up to the first step and no more, as `head` does.
        let mut lines = BufReader::new(reader).lines();
        let first = |line: std::io::Result<String>| line.expect("a line").starts_with("step 1:");
        assert!(lines.any(first), "{subcommand}: no step");
        drop(lines);
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "a closed pipe is no failure");
        assert!(has_checkpoint(home.path()), "{subcommand}");
    }
}

#[test]
fn a_run_that_cannot_tell_how_it_goes_goes_on() {
    let home = tempfile::tempdir().expect("a directory");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = training(home.path(), "train");
    command.args(["--steps", "3"]).stderr(writer);
    assert_eq!(command.status().expect("it runs").code(), Some(0));
    assert!(has_checkpoint(home.path()));
}

#[test]
fn a_run_is_saved_when_its_terminal_hangs_up() {
    for subcommand in ["train", "finetune"] {
        for name in ["-HUP", "-TERM"] {
            let home = tempfile::tempdir().expect("a directory");
            let mut command = training(home.path(), subcommand);
            command
                .arg("--json")
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
            let mut child = command.spawn().expect("it runs");
            let output = BufReader::new(child.stdout.take().expect("a pipe"));
            let mut lines = output.lines().map(|line| line.expect("a line"));
            lines
                .find(|line| line.contains("\"step\":3"))
                .expect("steps");
            signal(&child, name);
            // Until the end, so that the pipe stays open.
            let last = lines.last().unwrap_or_default();
            child.wait().expect("it ends");
            assert!(last.contains("stopped"), "{name}: {last}");
            assert!(has_checkpoint(home.path()), "{subcommand} {name}");
        }
    }
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let home = tempfile::tempdir().expect("a directory");
    let training = training(home.path(), "train");
    let mut command = Command::new("nohup");
    command
        .arg(training.get_program())
        .args(training.get_args());
    command
        .env_clear()
        .envs(crate::support::environment(home.path()));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .current_dir(home.path())
        .args(["--json", "--steps", "300"]);
    command
        .stdout(Stdio::piped())
        .stderr(File::create(home.path().join("err")).expect("a file"));
    let mut child = command.spawn().expect("it runs");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut lines = output.lines().map(|line| line.expect("a line"));
    lines
        .find(|line| line.contains("\"step\":3"))
        .expect("steps");
    signal(&child, "-HUP");
    let last = lines.last().unwrap_or_default();
    assert!(last.contains("completed"), "{last}");
    assert!(child.wait().expect("it ends").success());
}
