//! What the binary says of such models, and of runs.

use std::process::{Command, Output};

use logitscope::training::CheckpointState;
use tempfile::TempDir;

use super::directory::{Directory, set};

/// The binary in a home of its own, where it also runs.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.0.path())
            .env("HF_HOME", self.0.path().join("hub"))
            .env("HF_HUB_OFFLINE", "1")
            .current_dir(self.0.path())
            .stdin(std::process::Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_logitscope"));
        command.args(args).output().expect("the binary runs")
    }

    /// Standard output and standard error of a run that must succeed.
    #[track_caller]
    fn out(&self, args: &[&str]) -> (String, String) {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {error}");
        (String::from_utf8(output.stdout).expect("UTF-8"), error)
    }

    /// Standard error of a run that must fail with exit code 1, and write nothing.
    #[track_caller]
    fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }
}

fn path(directory: &Directory) -> &str {
    directory.folder.path().to_str().expect("UTF-8")
}

#[test]
fn no_odds_are_printed_where_there_are_none() {
    let home = Home::new();
    let damaged = Directory::whole()
        .with_tensors(|tensors| set(tensors, "transformer.h.1.mlp.c_fc.weight", 3, f32::NAN));
    for args in [
        &["score", "hello there", "--summary"][..],
        &["score", "hello there"],
        &["odds", "hello"],
        &["odds", "hello", "-c", "a"],
        &["generate", "hello"],
        &["generate", "hello", "-n", "2", "--batch", "2"],
        &["generate", "hello", "--method", "beam"],
        &["generate", "hello", "--method", "contrastive"],
    ] {
        let args = [&["--model", path(&damaged)], args].concat();
        let error = home.fails(&args);
        assert!(
            error.contains("no number (NaN or an infinity), first in layer 2 of 2"),
            "{error}"
        );
    }
}

#[test]
fn a_context_that_slid_is_told() {
    let home = Home::new();
    let plain = Directory::whole();
    let long = "abcdefgh".repeat(9);
    let told = "the text is longer than the context of 40 tokens: the model sees its last";
    let (_, error) = home.out(&["--model", path(&plain), "odds", &long]);
    assert!(
        error.contains(told) && error.contains("no longer"),
        "{error}"
    );
    let (_, error) = home.out(&["--model", path(&plain), "odds", "abc"]);
    assert_eq!(error, "");
    for args in [
        &[
            "generate",
            "abc",
            "--max-tokens",
            "120",
            "--allow-loops",
            "--ignore-end",
        ][..],
        &["generate", &long, "--max-tokens", "1"],
    ] {
        let (_, error) = home.out(&[&["--model", path(&plain)], args].concat());
        assert_eq!(error.matches(told).count(), 1, "{args:?}: {error}");
    }
    let (events, error) = home.out(&[
        "--model",
        path(&plain),
        "generate",
        &long,
        "--max-tokens",
        "1",
        "--json",
    ]);
    assert_eq!(error, "");
    assert!(
        events.contains(r#"{"kind":"slid","document":0,"kept":"#),
        "{events}"
    );
}

#[test]
fn a_text_beyond_a_sliding_window_is_read_as_it_is() {
    let home = Home::new();
    let mistral = Directory::of("llama/mistral")
        .with_config("sliding_window", 8.into())
        .with("tokenizer.json", Directory::whole().bytes("tokenizer.json"));
    for (command, more) in [
        ("odds", "--top=3"),
        ("score", "--summary"),
        ("generate", "--max-tokens=1"),
    ] {
        let args = ["--model", path(&mistral), command, "abcdefghijklmnop", more];
        let (_, error) = home.out(&args);
        assert_eq!(error, "", "{command}");
    }
}

#[test]
fn more_texts_than_memory_holds_are_refused_at_once() {
    let home = Home::new();
    for (args, texts) in [
        (
            &["-n", "1000000000", "--batch", "1000000000"][..],
            "1000000000",
        ),
        (
            &["--method", "beam", "--num-beams", "500000000"],
            "1000000000",
        ),
    ] {
        let error = home.fails(&[&["generate", "Once"], args].concat());
        let expected = format!("{texts} texts at once take about ");
        assert!(
            error.contains(&expected) && error.contains(" would fit"),
            "{error}"
        );
    }
    home.out(&[
        "generate",
        "Once",
        "-n",
        "3",
        "--batch",
        "3",
        "--max-tokens",
        "2",
    ]);
}

/// With little address space, as `ulimit -v` leaves it: as with little memory, which a test cannot make.
#[cfg(target_os = "linux")]
#[test]
fn what_does_not_fit_is_refused_with_the_precision_that_would() {
    let home = Home::new();
    // 302 million parameters: 1.2 GB in 32 bits, 0.3 in 8.
    let Some(medium) = Directory::hollow(1024, 24) else {
        return;
    };
    let limited = |command: &str| {
        let script = format!("ulimit -v 1000000; exec \"$0\" --model \"$1\" {command}");
        let mut shell = home.command("sh");
        shell.args([
            "-c",
            &script,
            env!("CARGO_BIN_EXE_logitscope"),
            path(&medium),
        ]);
        let output = shell.output().expect("a shell");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error)
    };
    for command in ["odds abc", "score abc", "generate abc"] {
        let (code, error) = limited(&format!("--precision f32 {command}"));
        assert_eq!(code, Some(1), "{error}");
        assert!(
            error.contains(" takes about 1.4 GB of memory in f32, but "),
            "{error}"
        );
        assert!(
            error.contains(" are left; --precision q8_0 would take "),
            "{error}"
        );
    }
    let (code, error) = limited("--precision q8_0 odds abc");
    assert_eq!(code, Some(0), "{error}");
}

/// Whatever is too little for it ends in a sentence, also in the engine's thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn little_address_space_ends_in_a_sentence() {
    let home = Home::new();
    let with = |kilobytes: u64, command: &str| {
        let script = format!("ulimit -v {kilobytes}; exec \"$0\" {command}");
        let mut shell = home.command("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_logitscope")]);
        shell.output().expect("a shell")
    };
    // What the program itself takes depends on how it was built: from too little for it to start, up to enough.
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_logitscope")).expect("a program");
    let begin = program.len() / 1024 / 2;
    for command in ["odds Once --top 1", "generate Once --max-tokens 2"] {
        let mut refused = 0;
        let enough = (0..60).any(|more| {
            let output = with(begin + 4000 * more, command);
            let error = String::from_utf8_lossy(&output.stderr);
            let sentence = error.starts_with("logitscope: ") && error.contains(" memory");
            refused += usize::from(output.status.code() == Some(1) && sentence);
            assert!(
                refused == 0 || sentence || output.status.success(),
                "{error}"
            );
            output.status.success()
        });
        assert!(enough && refused > 1, "{command}: refused {refused} times");
    }
}

/// A run of two checkpoints, of which the older one is better.
fn run(home: &Home, name: &str, validated: bool) {
    let folder = home.0.path().join("runs").join(name);
    for (step, loss) in [(20, 3.5), (40, 4.5)] {
        let checkpoint = folder.join(format!("checkpoints/step-{step:08}"));
        std::fs::create_dir_all(&checkpoint).expect("writable");
        let model = Directory::whole();
        for file in ["config.json", "model.safetensors", "tokenizer.json"] {
            std::fs::write(checkpoint.join(file), model.bytes(file)).expect("writable");
        }
        let state = CheckpointState {
            step,
            validation: validated.then_some(loss),
            ..CheckpointState::default()
        };
        let state = serde_json::to_string(&state).expect("JSON");
        std::fs::write(checkpoint.join("training.json"), state).expect("writable");
    }
    std::fs::write(folder.join("recipe.toml"), "").expect("writable");
}

#[test]
fn a_run_is_a_model_by_its_path_and_by_its_name() {
    let home = Home::new();
    run(&home, "poems", true);
    run(&home, "gpt2", false);
    for (source, told) in [
        (
            "poems",
            "the model is the run `poems` after step 20, the best by validation (3.5000)",
        ),
        (
            "runs/poems",
            "the model is the run `poems` after step 20, the best by validation (3.5000)",
        ),
        (
            "./runs/poems/",
            "the model is the run `poems` after step 20",
        ),
        // Before any hub is asked.
        (
            "gpt2",
            "the model is the run `gpt2` after step 40, the newest, since none was validated",
        ),
        ("runs/poems/checkpoints/step-00000040", ""),
    ] {
        for args in [
            &["odds", "abc"][..],
            &["generate", "abc", "--max-tokens", "2"],
        ] {
            let (_, error) = home.out(&[&["--model", source], args].concat());
            assert!(
                error.contains(told) && (error.is_empty() == told.is_empty()),
                "{source}: {error}"
            );
        }
    }
    let (json, _) = home.out(&[
        "--model",
        "poems",
        "generate",
        "abc",
        "--max-tokens",
        "1",
        "--json",
    ]);
    assert!(json.contains(r#""name":"poems/step-00000020""#), "{json}");
    let (described, _) = home.out(&["models", "runs/poems"]);
    assert!(described.contains("gpt2"), "{described}");

    let error = home.fails(&["--model", "runs/pomes", "odds", "abc"]);
    assert!(error.contains("there is no run `pomes` in runs"), "{error}");
    // One that has nothing yet.
    let fresh = home.0.path().join("runs/fresh");
    std::fs::create_dir_all(&fresh).expect("writable");
    std::fs::write(fresh.join("recipe.toml"), "").expect("writable");
    let error = home.fails(&["--model", "fresh", "odds", "abc"]);
    assert!(
        error.contains("the run `fresh` has no weights yet"),
        "{error}"
    );
    // A directory of the same name that is no run is that directory.
    let plain = home.0.path().join("poems");
    std::fs::create_dir(&plain).expect("writable");
    let error = home.fails(&["--model", "poems", "odds", "abc"]);
    assert!(
        error.contains("poems/config.json: does not exist"),
        "{error}"
    );
}

#[test]
fn a_run_is_finetuned_from_its_best_weights() {
    let home = Home::new();
    run(&home, "poems", true);
    let corpus = home.0.path().join("corpus.txt");
    std::fs::write(&corpus, "abc def ghi jkl mno pqr stu vwx yz\n".repeat(40)).expect("writable");
    home.out(&[
        "finetune",
        "--model",
        "poems",
        "corpus.txt",
        "--run-name",
        "more",
        "--steps",
        "1",
        "--context",
        "16",
        "--batch",
        "2",
    ]);
    let recipe = std::fs::read_to_string(home.0.path().join("runs/more/recipe.toml"));
    let recipe = recipe.expect("a recipe");
    let from = "runs/poems/checkpoints/step-00000020\"";
    let mut lines = recipe.lines();
    let named = lines.any(|line| line.starts_with("from = ") && line.ends_with(from));
    assert!(named, "{recipe}");
}

#[test]
fn what_can_be_played_but_not_trained_is_said_to_be_that() {
    let home = Home::new();
    let llama = Directory::of("llama/tied");
    std::fs::write(home.0.path().join("corpus.txt"), "abc def\n".repeat(40)).expect("writable");
    let error = home.fails(&["finetune", "--model", path(&llama), "corpus.txt"]);
    assert!(error.contains("describes a `llama` model, but only models of GPT-2's family (model_type `gpt2`) can be trained"), "{error}");
    assert!(!error.contains("loaded"), "{error}");
}
