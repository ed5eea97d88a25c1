//! `train`, `finetune`, `runs` and `export` through the binary: killed at any moment, interrupted, refused, exported.

mod corpora;
#[path = "../support/mod.rs"]
mod support;
#[cfg(unix)]
mod tutorials;
mod verdicts;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use serde_json::Value;
use support::logitscope;
use tempfile::TempDir;

const TEXT: &str =
    "the cat sat on the mat and the dog sat on the log\na bird sang in the tree by the sea\n";

/// Flags of a run of a few seconds.
const SMALL: [&str; 34] = [
    "--split",
    "lines",
    "--vocabulary",
    "280",
    "--layers",
    "2",
    "--heads",
    "2",
    "--width",
    "16",
    "--context",
    "12",
    "--batch",
    "4",
    "--steps",
    "40",
    "--learning-rate",
    "0.01",
    "--dropout",
    "0.1",
    "--validation",
    "0.1",
    "--evaluate-every",
    "10",
    "--sample-every",
    "20",
    "--prompt",
    "the cat",
    "--max-tokens",
    "5",
    "--probe",
    "the",
    "--checkpoint-every",
    "3",
];

struct Home {
    directory: TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        fs::write(home.path("corpus.txt"), TEXT.repeat(30)).expect("a corpus");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = logitscope(self.directory.path());
        command
            .current_dir(self.directory.path())
            .args(args)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary runs")
    }

    fn out(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn fails(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} succeeded");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    /// `train` of the small model, with more flags.
    fn train<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let mut args = vec!["train", "corpus.txt", "--json"];
        args.extend(SMALL);
        args.extend(more);
        args
    }

    fn spawn(&self, args: &[&str]) -> Child {
        self.command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts")
    }

    /// What a run kept that must repeat: all but what the clock and the system say.
    fn kept(&self, run: &str) -> Vec<Value> {
        let mut events = Vec::new();
        for file in ["metrics.jsonl", "samples.jsonl"] {
            let text =
                fs::read_to_string(self.path("runs").join(run).join(file)).expect("the run's file");
            for line in text.lines() {
                let mut event: Value = serde_json::from_str(line).expect("whole lines");
                for of_the_clock in [
                    "tokens_per_second",
                    "elapsed_seconds",
                    "seconds_left",
                    "memory_bytes",
                ] {
                    event
                        .as_object_mut()
                        .expect("an object")
                        .remove(of_the_clock);
                }
                if event["kind"] != "started" && event["kind"] != "finished" {
                    events.push(event);
                }
            }
        }
        events
    }

    fn last_weights(&self, run: &str) -> Vec<u8> {
        let path = self
            .path("runs")
            .join(run)
            .join("checkpoints/step-00000040/model.safetensors");
        fs::read(path).expect("the last checkpoint")
    }
}

/// Reads lines of a child's output until `enough` says so, or it ends.
fn read_until(child: &mut Child, mut enough: impl FnMut(&Value) -> bool) {
    let lines = BufReader::new(child.stdout.as_mut().expect("a pipe")).lines();
    for line in lines {
        let event = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if enough(&event) {
            return;
        }
    }
}

#[test]
fn a_run_killed_at_any_moment_goes_on_as_if_it_had_not_been() {
    let home = Home::new();
    home.out(&home.train(&["--run-name", "whole"]));
    let whole = home.kept("whole");
    assert!(whole.iter().filter(|event| event["kind"] == "step").count() == 40);
    // How many lines each sitting may write; the process goes on while they are read, so that it dies anywhere.
    let mut restore = "fresh";
    for lines in [3, 9, 1, 17, 12, 6, 21, 2] {
        let args = home.train(&["--run-name", "killed", "--restore", restore]);
        let mut child = home.spawn(&args);
        let mut seen = 0;
        read_until(&mut child, |_| {
            seen += 1;
            seen >= lines
        });
        child.kill().expect("SIGKILL");
        child.wait().expect("it dies");
        if home.path("runs/killed/recipe.toml").exists() {
            restore = "latest";
        }
    }
    home.out(&["runs", "resume", "killed"]);
    assert_eq!(home.kept("killed"), whole);
    assert_eq!(home.last_weights("killed"), home.last_weights("whole"));
    let left: Vec<_> = fs::read_dir(home.path("runs/killed/checkpoints"))
        .expect("a directory")
        .collect();
    assert!(left.len() <= 3, "half-written checkpoints stay: {left:?}");
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let status = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.expect("kill").success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_saves_and_stops_and_a_second_one_quits() {
    let home = Home::new();
    let args = home.train(&[
        "--run-name",
        "saved",
        "--steps",
        "100000",
        "--checkpoint-every",
        "100000",
    ]);
    let mut child = home.spawn(&args);
    read_until(&mut child, |event| event["kind"] == "step");
    interrupt(&child);
    let mut reason = Value::Null;
    read_until(&mut child, |event| {
        if event["kind"] == "finished" {
            reason = event["reason"].clone();
        }
        false
    });
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(reason, "stopped");
    let list = home.out(&["runs", "list", "--json"]);
    let run: Value = serde_json::from_str(list.lines().last().expect("a run")).expect("JSON");
    assert_eq!(
        (&run["running"], &run["finished"]),
        (&Value::Bool(false), &Value::String("stopped".into()))
    );
    assert_eq!(run["checkpoints"].as_array().map(Vec::len), Some(1));

    // A corpus so large that reading it does not end by itself, read from a pipe that nobody writes to.
    let pipe = home.path("pipe.txt");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .expect("mkfifo")
            .success()
    );
    let mut command = home.command(&["train", "pipe.txt"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut writer = fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("it opens the corpus");
    std::io::Write::write_all(&mut writer, b"a line\n").expect("room in the pipe");
    interrupt(&child);
    let mut said = String::new();
    let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
    errors.read_line(&mut said).expect("a line");
    assert!(said.contains("interrupt again"), "{said}");
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

#[test]
fn a_reader_that_leaves_is_told_where_the_run_is_kept() {
    let home = Home::new();
    let args = home.train(&["--name", "left", "--steps", "100000"]);
    let mut command = home.command(&args);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    read_until(&mut child, |event| event["kind"] == "step");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`logitscope runs resume` goes on"), "{said}");
    let list = home.out(&["runs", "list", "--json"]);
    let run: Value = serde_json::from_str(list.lines().last().expect("a run")).expect("JSON");
    assert_eq!(run["checkpoints"].as_array().map(Vec::len), Some(1));
}

#[test]
fn runs_are_listed_shown_compared_refused_and_deleted() {
    let home = Home::new();
    for name in ["one", "two"] {
        home.out(&home.train(&["--run-name", name, "--steps", "10"]));
    }
    let (code, error) = home.fails(&home.train(&["--run-name", "one", "--steps", "10"]));
    assert_eq!(code, Some(1));
    assert!(
        error.contains("the run `one` exists") && error.contains("--overwrite"),
        "{error}"
    );
    let list = home.out(&["runs", "list"]);
    assert!(
        list.contains("one") && list.contains("two") && list.contains("completed"),
        "{list}"
    );
    let header = list.lines().next().expect("a header");
    assert!(
        header.contains("mean loss of") && list.contains("the last 5 steps"),
        "{list}"
    );
    let shown = home.out(&["runs", "show", "one"]);
    assert!(
        shown.contains("perplexity") && shown.contains("learning_rate = 0.01"),
        "{shown}"
    );
    let compared = home.out(&["runs", "compare", "one", "two"]);
    assert_eq!(compared.lines().next(), Some(header), "{compared}");
    let row = compared.lines().last().expect("a row");
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((cells[0], cells[1]), ("10", cells[2]), "{compared}");
    home.out(&["runs", "chart", "one", "two", "--out", "both.svg"]);
    let svg = fs::read_to_string(home.path("both.svg")).expect("a picture");
    assert!(
        svg.contains("Loss of 2 runs") && svg.matches("<polyline").count() > 2,
        "{svg}"
    );
    let rate = [
        "--out",
        "rate.png",
        "--what",
        "learning-rate",
        "--x",
        "tokens",
        "--log",
    ];
    home.out(&[&["runs", "chart", "one"], &rate[..]].concat());
    let png = fs::read(home.path("rate.png")).expect("a picture");
    assert_eq!(&png[1..4], b"PNG");
    home.out(&["runs", "chart", "one", "--out", "one.svg"]);
    let svg = fs::read_to_string(home.path("one.svg")).expect("a picture");
    let title = "Loss of one, completed at step 10, mean loss of the last 5 steps";
    assert!(svg.contains(title), "{svg}");
    for (args, status, part) in [
        (["one", "--out", "one.pdf"], 2, "must end in .svg or .png"),
        (["three", "--out", "a.svg"], 1, "there is no run `three`"),
        (["one", "--out", "no/a.png"], 1, "could not be written"),
    ] {
        let (code, error) = home.fails(&[&["runs", "chart"], &args[..]].concat());
        assert_eq!((code, error.lines().count()), (Some(status), 1), "{error}");
        assert!(error.contains(part), "{error}");
    }
    let (code, error) = home.fails(&["runs", "delete", "one"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("--yes"), "{error}");
    home.out(&["runs", "delete", "one", "--yes"]);
    assert!(!home.path("runs/one").exists() && home.path("runs/two").exists());
    let (_, error) = home.fails(&["runs", "show", "one"]);
    assert!(error.contains("there is no run `one`"), "{error}");
}

#[test]
fn what_is_exported_can_be_played_with_and_finetuned() {
    let home = Home::new();
    home.out(&home.train(&["--steps", "20"]));
    home.out(&["export", "run1", "model", "--checkpoint", "latest"]);
    let (_, error) = home.fails(&["export", "run1", "model"]);
    assert!(error.contains("not empty"), "{error}");
    let config: Value =
        serde_json::from_slice(&fs::read(home.path("model/config.json")).expect("a file"))
            .expect("JSON");
    assert_eq!(
        (&config["model_type"], &config["n_embd"]),
        (&Value::from("gpt2"), &Value::from(16))
    );
    let text = home.out(&[
        "generate",
        "the cat",
        "--model",
        "./model",
        "--max-tokens",
        "5",
    ]);
    assert!(text.starts_with("the cat"), "{text}");
    home.out(&["export", "run1", "half", "--half", "--checkpoint", "latest"]);
    let size = |model: &str| {
        let path = home.path(&format!("{model}/model.safetensors"));
        fs::metadata(path).expect("weights").len() as f64
    };
    assert!(size("half") < 0.6 * size("model"));
    let loss = |model: &str| -> f64 {
        let out = home.out(&[
            "score",
            "the cat sat",
            "--summary",
            "--json",
            "--model",
            model,
        ]);
        let summary: Value =
            serde_json::from_str(out.lines().last().expect("totals")).expect("JSON");
        summary["loss_nats"].as_f64().expect("a loss")
    };
    let (whole, half) = (loss("./model"), loss("./half"));
    assert!(
        whole != half && (whole - half).abs() < 0.01,
        "{whole} {half}"
    );
    for more in [
        &["--lora-rank", "2"][..],
        &["--freeze", "first=1"],
        &["--freeze", "all_but_layers"],
    ] {
        let mut args = vec![
            "finetune",
            "corpus.txt",
            "--model",
            "./model",
            "--steps",
            "2",
            "--overwrite",
            "--run-name",
            "fine",
            "--json",
        ];
        args.extend(more);
        let events = home.out(&args);
        let mut lines = events.lines();
        let started = lines
            .find(|line| line.contains("\"kind\":\"started\""))
            .expect("a start");
        let started: Value = serde_json::from_str(started).expect("JSON");
        let (trainable, all) = (
            started["trainable"].as_u64(),
            started["parameters"].as_u64(),
        );
        assert!(trainable > Some(0) && trainable < all, "{started}");
    }
    let text = home.out(&["export", "fine", "fine-model"]);
    assert!(text.contains("fine-model"), "{text}");
    home.out(&[
        "generate",
        "the cat",
        "--model",
        "./fine-model",
        "--max-tokens",
        "5",
    ]);
}

#[test]
fn the_tutorials_shapes_train_and_generate() {
    let home = Home::new();
    for recipe in ["mini-imdb", "mini-books"] {
        let small = [
            "--width",
            "16",
            "--feed-forward",
            "8",
            "--head-width",
            "5",
            "--vocabulary",
            "60",
            "--batch",
            "4",
        ];
        let mut args = vec![
            "train",
            "corpus.txt",
            "--recipe",
            recipe,
            "--run-name",
            recipe,
            "--steps",
            "2",
            "--split",
            "lines",
            "--min-chars",
            "0",
            "--json",
        ];
        args.extend(small);
        // The vocabulary of the shape is the preset's: a file of one's own lies over it.
        fs::write(home.path("small.toml"), "[model]\nvocabulary = 60\n").expect("a file");
        args.extend(["--recipe", "small.toml"]);
        let events = home.out(&args);
        assert!(
            events.contains("\"masked_loss\"") && events.contains("\"finished\""),
            "{events}"
        );
        let output = home.run(&["export", recipe, &format!("{recipe}-model")]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && told.contains("transformers has no GPT-2 of this shape"),
            "{told}"
        );
        let model = format!("./{recipe}-model");
        home.out(&[
            "generate",
            "the cat",
            "--model",
            &model,
            "--max-tokens",
            "3",
        ]);
    }
}

#[test]
fn mistakes_are_one_sentence_and_leave_nothing() {
    let home = Home::new();
    fs::write(home.path("bad.toml"), "[training]\nbatches = 3\n").expect("a file");
    fs::write(home.path("llama.json"), "{\"model_type\": \"llama\"}").expect("a file");
    fs::create_dir(home.path("llama")).expect("a directory");
    fs::rename(home.path("llama.json"), home.path("llama/config.json")).expect("a file");
    for (args, code, part) in [
        (&["train"][..], 2, "no corpus"),
        (&["train", "absent.txt"], 1, "absent.txt"),
        (
            &["train", "corpus.txt", "--recipe", "bad.toml"],
            2,
            "batches",
        ),
        (&["train", "corpus.txt", "--recipe", "gpt5"], 2, "mini-imdb"),
        (
            &[
                "train",
                "corpus.txt",
                "--validation",
                "0",
                "--context",
                "100000",
            ],
            1,
            "fewer than the 100001 of one window",
        ),
        (
            &["train", "corpus.txt", "--learning-rate", "0"],
            2,
            "learning rate",
        ),
        (
            &["train", "corpus.txt", "--heads", "3"],
            2,
            "n_head must divide",
        ),
        (
            &["train", "corpus.txt", "--run-name", "../x"],
            2,
            "no name for a run",
        ),
        (
            &["finetune", "corpus.txt", "--model", "./llama"],
            1,
            "describes a `llama` model",
        ),
        (
            &["finetune", "corpus.txt", "--freeze", "half"],
            2,
            "--freeze half",
        ),
    ] {
        let (found, error) = home.fails(args);
        assert_eq!(found, Some(code), "{args:?}: {error}");
        assert!(error.contains(part), "{args:?}: {error}");
        assert_eq!(error.trim().lines().count(), 1, "{error}");
    }
    assert!(!Path::new(&home.path("runs/run1")).exists());
}

#[test]
fn a_diverging_run_ends_with_its_own_code() {
    let home = Home::new();
    let (code, error) = home.fails(&home.train(&["--learning-rate", "1e38", "--clip", "0"]));
    assert_eq!(code, Some(3));
    assert!(
        error.contains("at step") && error.contains("lower learning rate"),
        "{error}"
    );
    // Why it ended is kept and told.
    let list = home.out(&["runs", "list"]);
    assert!(list.contains("diverged"), "{list}");
    let shown = home.out(&["runs", "show", "run1"]);
    assert!(
        shown.contains("it ended because") && shown.contains("lower learning rate"),
        "{shown}"
    );
}

#[test]
fn bad_rows_are_named() {
    let home = Home::new();
    let good = "{\"text\": \"the cat sat on the mat and the dog\"}\n".repeat(30);
    fs::write(
        home.path("rows.jsonl"),
        format!("{good}{{\"text\": 3}}\n{{\"te\n"),
    )
    .expect("a file");
    let args = [
        "train",
        "rows.jsonl",
        "--vocabulary",
        "270",
        "--context",
        "8",
        "--steps",
        "1",
        "--width",
        "16",
    ];
    let output = home.run(&args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(
        error.contains("2 documents or lines were skipped"),
        "{error}"
    );
    assert!(
        error.contains("rows.jsonl:31:") && error.contains("rows.jsonl:32: not valid JSON"),
        "{error}"
    );
    let mut strict = args.to_vec();
    strict.extend(["--strict", "--overwrite"]);
    let (_, error) = home.fails(&strict);
    assert!(error.contains("rows.jsonl:31:"), "{error}");
}

#[test]
fn the_demonstration_needs_no_files() {
    let home = Home::new();
    let out = home.out(&[
        "finetune", "--demo", "--json", "--steps", "2", "--batch", "2",
    ]);
    assert!(out.contains(r#""step":2,"#), "{out}");
    for more in [["corpus.txt"].as_slice(), &["--model", "gpt2"]] {
        let (code, error) = home.fails(&[["finetune", "--demo"].as_slice(), more].concat());
        assert!(code == Some(2) && error.contains("--demo"), "{error}");
    }
}

#[test]
fn a_damaged_checkpoint_stops_nothing_and_export_says_what_it_took() {
    let home = Home::new();
    home.out(&home.train(&["--steps", "20"]));
    fs::create_dir(home.path("runs/run1/checkpoints/step-00000050")).expect("a directory");
    let told = |args: &[&str]| {
        let output = home.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {error}");
        assert!(
            error.contains("step-00000050 is passed over: it is empty"),
            "{args:?}: {error}"
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(told(&["runs", "list"]).contains("completed"));
    told(&["runs", "show", "run1"]);
    let said = told(&["export", "run1", "best"]);
    assert!(
        said.contains("step 20, the one of the lowest validation loss"),
        "{said}"
    );
    let said = told(&["export", "run1", "step", "--checkpoint", "18"]);
    assert!(said.starts_with("step 18, as asked: "), "{said}");
    told(&["runs", "resume", "run1", "--steps", "21"]);
    home.out(&home.train(&["--steps", "2", "--validation", "0", "--run-name", "blind"]));
    let said = home.out(&["export", "blind", "newest"]);
    assert!(
        said.starts_with("step 2, the newest, since none was validated"),
        "{said}"
    );
}

#[test]
fn a_run_goes_on_otherwise_from_any_directory() {
    let home = Home::new();
    home.out(&home.train(&[]));
    let elsewhere = home.path("elsewhere");
    fs::create_dir(&elsewhere).expect("a directory");
    let resume = |more: &[&str]| {
        let mut args = vec!["runs", "--runs", "../runs", "resume", "run1", "--json"];
        args.extend(more);
        let mut command = home.command(&args);
        command.current_dir(&elsewhere).output().expect("it runs")
    };
    let fails = |more: &[&str]| {
        let output = resume(more);
        assert!(!output.status.success(), "{more:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let error = fails(&["--steps", "20"]);
    assert!(
        error.contains("has made 40 steps already, more than the 20"),
        "{error}"
    );
    let error = fails(&["--from", "7"]);
    assert!(error.contains("checkpoints of steps 39, 40"), "{error}");
    let error = fails(&["--from", "39"]);
    assert!(
        error.contains("1 later checkpoints of `run1` would be lost; use --overwrite"),
        "{error}"
    );
    // As one rescues a run that diverged: from an earlier step, at another rate that begins anew.
    let output = resume(&[
        "--from",
        "39",
        "--overwrite",
        "--steps",
        "43",
        "--learning-rate",
        "0.004",
        "--schedule",
        "linear",
        "--warmup",
        "2",
        "--clip",
        "0.5",
    ]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let out = String::from_utf8_lossy(&output.stdout);
    let steps = out.lines().filter_map(|line| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let rate = event["learning_rate"].as_f64()?;
        (event["kind"] == "step").then(|| (event["step"].as_u64().unwrap_or(0), rate))
    });
    let steps: Vec<(u64, f64)> = steps.collect();
    assert_eq!(steps[..3], [(40, 0.002), (41, 0.004), (42, 0.004)]);
    assert!(steps[3].1 < 0.004, "{steps:?}");
    let recipe = fs::read_to_string(home.path("runs/run1/recipe.toml")).expect("a recipe");
    assert!(recipe.contains("clip = 0.5"), "{recipe}");

    // A recipe's paths are seen from where it lies.
    fs::create_dir(home.path("recipes")).expect("a directory");
    fs::rename(home.path("corpus.txt"), home.path("recipes/corpus.txt")).expect("a file");
    fs::write(
        home.path("recipes/mine.toml"),
        "[data.corpus]\nfiles = [\"corpus.txt\"]\n",
    )
    .expect("a recipe");
    let mut args = vec!["train", "--recipe", "../recipes/mine.toml", "--json"];
    args.extend(SMALL);
    args.extend(["--steps", "1", "--runs", "../runs", "--run-name", "mine"]);
    let mut command = home.command(&args);
    let output = command.current_dir(&elsewhere).output().expect("it runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    // The corpus of the first run has moved, its bytes are the same: that is said as it is.
    let error = fails(&["--steps", "50"]);
    assert!(error.contains("corpus.txt"), "{error}");
}

#[test]
fn a_run_goes_on_with_the_model_it_has() {
    let home = Home::new();
    home.out(&home.train(&["--steps", "2"]));
    home.out(&["export", "run1", "model"]);
    let fine = |more: &[&'static str]| {
        let mut args = vec![
            "finetune",
            "corpus.txt",
            "--run-name",
            "fine",
            "--steps",
            "3",
            "--json",
        ];
        args.extend(more);
        args
    };
    home.out(&fine(&["--model", "./model"]));
    let (code, error) = home.fails(&fine(&["--model", "embedded", "--restore", "latest"]));
    assert_eq!(code, Some(2));
    assert!(
        error.contains("as model.from and cannot go on with \"embedded\""),
        "{error}"
    );
    home.out(&fine(&[
        "--model",
        "./model",
        "--restore",
        "latest",
        "--steps",
        "4",
    ]));
    home.out(&fine(&["--restore", "latest", "--steps", "5"]));
}
