//! The tutorials that `docs/training.md` follows: every command of its tables, on small texts and a small model.

use std::fs;
use std::process::{Command, Stdio};

use crate::{Home, TEXT};

/// A row of a table: the step of the tutorial, and the command for it.
struct Row {
    step: String,
    command: String,
}

/// The rows whose second cell is a command.
fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/training.md");
    let text = fs::read_to_string(path).expect("the documentation");
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let rows = rows.filter_map(|line| {
        // A bar within a cell is written with a backslash.
        let line = line.replace("\\|", "\u{1}");
        let cells: Vec<String> = line
            .split('|')
            .map(|cell| cell.trim().replace('\u{1}', "|"))
            .collect();
        let command = cells.get(2)?.strip_prefix('`')?.strip_suffix('`')?;
        command.starts_with("logitscope ").then(|| Row {
            step: cells[1].clone(),
            command: command.to_owned(),
        })
    });
    rows.collect()
}

/// The command with small numbers in the place of the tutorial's.
fn small(command: &str) -> String {
    let steps = if command.contains("runs resume") {
        "5"
    } else {
        "3"
    };
    let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    for (flag, value) in [
        ("--steps", steps),
        ("--epochs", "1"),
        ("--batch", "2"),
        ("--take", "2"),
        ("--context", "32"),
        ("--sample-every", "2"),
        ("--checkpoint-every", "2"),
        ("--max-tokens", "5"),
        ("-n", "2"),
    ] {
        for at in 1..words.len() {
            if words[at - 1] == flag {
                value.clone_into(&mut words[at]);
            }
        }
    }
    let mut command = words.join(" ");
    if command.starts_with("logitscope train") {
        command +=
            " --epochs 1 --batch 4 --width 16 --feed-forward 8 --head-width 5 --max-tokens 5";
    }
    command
}

/// The texts that the commands name, each as small as it can be, and a model in the place of GPT-2.
fn prepare(home: &Home) {
    let data = home.path("DATA");
    fs::create_dir_all(data.join("poems")).expect("a directory");
    let write = |name: &str, text: String| fs::write(data.join(name), text).expect("a file");
    let review = "this movie is a good movie and the cat sat on the mat .";
    let reviews = |count| format!("{{\"text\": \"{review}\"}}\n").repeat(count);
    write("imdb-train.jsonl", reviews(12));
    write("imdb-test.jsonl", reviews(4));
    write(
        "books.txt",
        format!("{}\n", TEXT.replace('\n', " ").repeat(7)).repeat(12),
    );
    let posts =
        "title,selftext\n".to_owned() + &"a cat,\"the cat sat on the mat, and so on\"\n".repeat(20);
    write("posts.csv", posts);
    write(
        "titles.csv",
        "title\n".to_owned() + &"the dog sat on the log\n".repeat(400),
    );
    write("tinyshakespeare.txt", TEXT.repeat(40));
    let poem = r#"{"title": "a", "paragraphs": ["昨夜雨疏风骤，", "浓睡不消残酒。"]}"#;
    let poems = format!("[{}]", [poem; 12].join(","));
    write("poems/one.json", poems);
    let small = "train corpus.txt --run-name base --vocabulary 280 --layers 2 --heads 2 --width 16 --context 64 \
                 --batch 4 --steps 2 --validation 0 --no-samples";
    home.out(&small.split_whitespace().collect::<Vec<_>>());
    // A directory of this name is taken for the model before any hub is asked.
    home.out(&["export", "base", "gpt2"]);
}

#[test]
fn every_step_of_the_tutorials_runs_as_it_is_written() {
    let home = Home::new();
    prepare(&home);
    let rows = rows();
    for tutorial in ["posts", "poems", "reviews", "books", "run1", "titles"] {
        let named = |row: &Row| row.command.contains(&format!("--run-name {tutorial}"));
        assert!(rows.iter().any(named), "{tutorial}");
    }
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_logitscope"));
    let directory = binary.parent().expect("a directory").display().to_string();
    for row in &rows {
        let small = small(&row.command);
        let like = home.command(&[]);
        let mut shell = Command::new("sh");
        shell
            .envs(
                like.get_envs()
                    .filter_map(|(key, value)| Some((key, value?))),
            )
            .env("PATH", format!("{directory}:/usr/bin:/bin"))
            .current_dir(home.path(""))
            .args(["-c", &small])
            .stdin(Stdio::null());
        let output = shell.output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: {small}\n{said}\n{error}",
            row.step
        );
        let expected: &[&str] = match row.command.split(' ').nth(1) {
            Some("train") => &["epoch 1: mean loss", "accuracy", "completed", "step 0: ["],
            Some("finetune") => &["before training", "mean loss of", "step 0: ["],
            Some("runs") if small.contains("resume") => {
                &["goes on after step 3", "completed after step 5"]
            }
            Some("runs") => &["epoch 1: mean loss"],
            Some("odds") => &["%"],
            Some("export") => &["step "],
            _ => &[],
        };
        for part in expected {
            assert!(said.contains(part), "{part}: {small}\n{said}\n{error}");
        }
        let to_file = row.command.contains("--out ");
        assert!(to_file || !said.trim().is_empty(), "{small}");
    }
}
