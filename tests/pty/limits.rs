//! Runs that would take more memory or disk than there is.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{environment, logitscope};

/// The binary under a shell's limit, such as `-f 100`.
fn limited(home: &Path, limit: &str, args: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.env_clear().envs(environment(home));
    let script = format!("ulimit {limit}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_logitscope")]);
    command.args(args).current_dir(home);
    command.output().expect("a shell runs")
}

fn corpus(home: &Path, lines: usize) {
    let text = "The rain in Spain stays mainly in the plain, and the mill turns.\n".repeat(lines);
    fs::write(home.join("corpus.txt"), text).expect("written");
}

const SMALL: [&str; 16] = [
    "train",
    "corpus.txt",
    "--run-name",
    "r",
    "--steps",
    "2",
    "--layers",
    "1",
    "--heads",
    "1",
    "--width",
    "16",
    "--tokenizer",
    "embedded",
    "--validation",
    "0",
];

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_that_does_not_fit_is_refused_before_it_takes_memory() {
    let home = tempfile::tempdir().expect("a directory");
    corpus(home.path(), 20_000);
    // No machine has room for the shape, nor this process for the batch.
    let shape = [
        "train",
        "corpus.txt",
        "--layers",
        "96",
        "--heads",
        "96",
        "--width",
        "12288",
    ];
    let output = logitscope(home.path())
        .args(shape)
        .current_dir(home.path())
        .output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("the run would take about 2"),
        "{}",
        said(&output)
    );
    let batch = [
        "finetune",
        "corpus.txt",
        "--batch",
        "100000",
        "--validation",
        "0",
    ];
    let output = limited(home.path(), "-v 6000000", &batch);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let said = said(&output);
    assert!(
        said.contains("would take about") && said.contains("--batch "),
        "{said}"
    );
    assert!(!home.path().join("runs/run1/recipe.toml").exists());
}

#[test]
fn what_a_run_takes_is_said_before_it_starts() {
    let home = tempfile::tempdir().expect("a directory");
    corpus(home.path(), 50);
    let output = logitscope(home.path())
        .args(SMALL)
        .current_dir(home.path())
        .output();
    let output = output.expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains("about ") && told.contains("of memory (weights "),
        "{told}"
    );
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_not_the_end() {
    let home = tempfile::tempdir().expect("a directory");
    corpus(home.path(), 50);
    // Room for a corpus, and for no checkpoint.
    let output = limited(home.path(), "-f 200", &SMALL);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = said(&output);
    assert!(told.contains("nothing was saved yet"), "{told}");
    assert!(!told.contains("whole"), "{told}");
}

#[test]
fn an_export_without_room_names_the_target_and_can_be_repeated() {
    let home = tempfile::tempdir().expect("a directory");
    corpus(home.path(), 50);
    let trained = logitscope(home.path())
        .args(SMALL)
        .current_dir(home.path())
        .output();
    assert!(
        trained.as_ref().is_ok_and(|output| output.status.success()),
        "{trained:?}"
    );
    for half in [None, Some("--half")] {
        let mut export = vec!["export", "r", "out"];
        export.extend(half);
        let output = limited(home.path(), "-f 200", &export);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(said(&output).contains("out/"), "{}", said(&output));
        assert!(!home.path().join("out").exists(), "half a model was left");
        let again = logitscope(home.path())
            .args(&export)
            .current_dir(home.path())
            .output();
        assert!(
            again.as_ref().is_ok_and(|output| output.status.success()),
            "{again:?}"
        );
        fs::remove_dir_all(home.path().join("out")).expect("the model");
    }
}

#[test]
fn little_address_space_ends_a_run_in_a_sentence() {
    let home = tempfile::tempdir().expect("a directory");
    corpus(home.path(), 50);
    // What the program itself takes depends on how it was built: from too little for it to start, up to enough.
    let program = fs::metadata(env!("CARGO_BIN_EXE_logitscope")).expect("a program");
    let begin = program.len() / 1024 / 2;
    let finetune = [
        "finetune",
        "corpus.txt",
        "--context",
        "16",
        "--batch",
        "1",
        "--steps",
        "1",
    ];
    for command in [&SMALL[..], &finetune] {
        let command = [command, &["--overwrite"]].concat();
        let mut refused = 0;
        let enough = (0..60).any(|more| {
            let limit = format!("-v {}", begin + 6000 * more);
            let output = limited(home.path(), &limit, &command);
            let told = said(&output);
            let last = told.lines().last().unwrap_or_default();
            let sentence = last.starts_with("logitscope: ") && last.contains(" memory");
            refused += usize::from(output.status.code() == Some(1) && sentence);
            assert!(
                refused == 0 || sentence || output.status.success(),
                "{limit}: {output:?}"
            );
            output.status.success()
        });
        assert!(
            enough && refused > 1,
            "{}: refused {refused} times",
            command[0]
        );
    }
}
