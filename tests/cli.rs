//! The binary in a pipe: every subcommand that needs no terminal, its output and its exit codes.

mod support;

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::Value;
use support::logitscope;
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = logitscope(self.0.path());
        command
            .args(args)
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs")
    }

    fn run_with_input(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = logitscope(self.0.path())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input)
            .expect("it reads its input");
        child.wait_with_output().expect("it ends")
    }

    /// Standard output of a run that must succeed and say nothing on standard error.
    fn out(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && error.is_empty(),
            "{args:?}: {error}"
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The exit code and standard error of a run that must fail.
    fn fails(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} succeeded");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }
}

fn lines_of_json(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// The last record, which those have that print a single one after their header.
fn last_of_json(text: &str) -> Value {
    lines_of_json(text).pop().expect("a record")
}

#[test]
fn generate_writes_the_prompt_and_what_follows() {
    let home = Home::new();
    let first = home.out(&[
        "generate",
        "Once upon a time",
        "--max-tokens",
        "12",
        "--seed",
        "3",
    ]);
    assert!(
        first.starts_with("Once upon a time") && first.len() > 30,
        "{first}"
    );
    let again = home.out(&[
        "generate",
        "Once upon a time",
        "--max-tokens",
        "12",
        "--seed",
        "3",
    ]);
    assert_eq!(first, again);
    let other = home.out(&[
        "generate",
        "Once upon a time",
        "--max-tokens",
        "12",
        "--seed",
        "4",
    ]);
    assert_ne!(first, other);
    let bare = home.out(&[
        "generate",
        "Once upon a time",
        "--max-tokens",
        "12",
        "--seed",
        "3",
        "--include-prefix=false",
    ]);
    assert_eq!(format!("Once upon a time{bare}"), first);
}

#[test]
fn generate_reads_its_prompt_from_a_file_or_standard_input() {
    let home = Home::new();
    let expected = home.out(&["generate", "The king said", "--max-tokens", "6"]);
    let path = home.0.path().join("prompt.txt");
    fs::write(&path, "The king said").unwrap();
    assert_eq!(
        home.out(&[
            "generate",
            "--file",
            path.to_str().unwrap(),
            "--max-tokens",
            "6"
        ]),
        expected
    );
    assert_eq!(
        home.out(&["generate", "--prefix", "The king said", "--max-tokens", "6"]),
        expected
    );
    let output = home.run_with_input(&["generate", "--max-tokens", "6"], b"The king said");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn generate_writes_many_samples_whatever_the_batch() {
    let home = Home::new();
    let args = [
        "generate",
        "The king",
        "-n",
        "5",
        "--max-tokens",
        "8",
        "--seed",
        "9",
    ];
    let one_by_one = home.out(&args);
    assert_eq!(one_by_one.matches("====================\n").count(), 4);
    assert_eq!(one_by_one.matches("The king").count(), 5);
    let together = home.out(&[&args[..], &["--batch", "3"]].concat());
    assert_eq!(together, one_by_one);

    let path = home.0.path().join("samples.txt");
    let to_file = home.out(
        &[
            &args[..],
            &["--out", path.to_str().unwrap(), "--delimiter", "*-*"],
        ]
        .concat(),
    );
    assert_eq!(to_file, "");
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        one_by_one.replace("====================", "*-*")
    );
}

#[test]
fn generate_stops_after_a_stop_text_and_truncates_before_another() {
    let home = Home::new();
    let args = [
        "generate",
        "Once upon a time",
        "--max-tokens",
        "120",
        "--method",
        "greedy",
    ];
    let whole = home.out(&args);
    let tail = &whole["Once upon a time".len()..];
    let comma = tail.find(',').expect("a comma among 120 tokens");
    let stopped = home.out(&[&args[..], &["--stop", ","]].concat());
    assert_eq!(stopped, format!("Once upon a time{},\n", &tail[..comma]));
    let truncated = home.out(&[&args[..], &["--truncate", ","]].concat());
    assert_eq!(truncated, format!("Once upon a time{}\n", &tail[..comma]));
}

#[test]
fn generate_prints_its_events_and_its_beams() {
    let home = Home::new();
    let events = lines_of_json(&home.out(&["generate", "The king", "--max-tokens", "4", "--json"]));
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!((names[0], names[1]), ("header", "prompt"));
    let ends = ["sample", "generate_totals"];
    assert_eq!(names[names.len() - 2..], ends);
    let drawn = events.iter().filter(|event| event["origin"] == "generated");
    assert_eq!(drawn.count(), 4);
    let token = events
        .iter()
        .find(|event| event["kind"] == "token" && event["sample"] == 0)
        .unwrap();
    assert!(token["u"].is_number() && token["surprisal_bits"].is_number());
    assert!(
        token["trace"]
            .as_array()
            .is_some_and(|trace| !trace.is_empty())
    );

    let beams = home.out(&[
        "generate",
        "The king",
        "--max-tokens",
        "5",
        "--preset",
        "neutral",
        "--method",
        "beam",
        "--num-beams",
        "3",
        "--all-beams",
    ]);
    assert_eq!(beams.matches("[score ").count(), 3, "{beams}");
}

#[test]
fn odds_agree_with_themselves() {
    let home = Home::new();
    let report = last_of_json(&home.out(&[
        "odds",
        "Once upon a",
        "--all",
        "--json",
        "--candidate",
        " time",
        "--candidate",
        " day",
        "-c",
        " time there",
    ]));
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len() as u64, report["vocabulary"].as_u64().unwrap());
    let sum = |key: &str| {
        rows.iter()
            .map(|row| row[key].as_f64().unwrap())
            .sum::<f64>()
    };
    assert!((sum("raw_probability") - 1.0).abs() < 1e-4);
    assert!((sum("final_probability") - 1.0).abs() < 1e-4);
    let cut = rows.iter().filter(|row| !row["cut_by"].is_null()).count();
    assert_eq!(rows.len() - cut, report["kept"].as_u64().unwrap() as usize);

    let candidates = report["candidates"].as_array().unwrap();
    let p = |index: usize| candidates[index]["raw_probability"].as_f64().unwrap();
    let row = rows
        .iter()
        .find(|row| row["id"] == candidates[0]["ids"][0])
        .unwrap();
    assert!((row["raw_probability"].as_f64().unwrap() - p(0)).abs() < 1e-5);
    assert!((candidates[1]["ratio"].as_f64().unwrap() - p(1) / p(0)).abs() < 1e-6);
    assert!(
        p(2) < p(0),
        "two tokens are less probable than the first of them"
    );

    let penalised = home.out(&["odds", "the king and the", "--repetition-penalty", "1.3"]);
    let king = penalised.lines().find(|line| line.contains("·king"));
    assert!(
        king.is_some_and(|line| line.contains("repetition -")),
        "each stage that changed a token is on its row:\n{penalised}"
    );
    let table = home.out(&["odds", "Once upon a", "--top", "5"]);
    assert!(
        table.contains("cut by") || table.contains("left"),
        "{table}"
    );
    assert!(table.lines().count() >= 8, "{table}");
}

#[test]
fn a_tree_is_made_of_the_odds() {
    let home = Home::new();
    let tree = |args: &[&str]| -> (Vec<Value>, Value) {
        let all = [
            &["tree", "Once upon a", "--json", "--preset", "neutral"],
            args,
        ]
        .concat();
        let mut nodes = lines_of_json(&home.out(&all));
        let totals = nodes.pop().expect("totals");
        nodes.remove(0);
        (nodes, totals)
    };
    let below = |nodes: &[Value], parent: Option<u64>| -> Vec<Value> {
        let of_it = nodes
            .iter()
            .filter(|node| node["parent"].as_u64() == parent);
        of_it.cloned().collect()
    };
    let (grown, totals) = tree(&["--depth", "2", "--top-n", "2"]);
    assert_eq!(
        (&totals["tokens"], &totals["is_full"]),
        (&6.into(), &false.into())
    );
    // What `odds` says after the prompt, and after the prompt with the first branch.
    let first = below(&grown, None);
    let text = first[0]["text"].as_str().expect("a text");
    for (prompt, level) in [
        ("Once upon a".to_owned(), first.clone()),
        (
            format!("Once upon a{text}"),
            below(&grown, first[0]["index"].as_u64()),
        ),
    ] {
        let odds = last_of_json(&home.out(&["odds", &prompt, "--json", "--top", "2"]));
        for place in 0..2 {
            let (row, node) = (&odds["rows"][place], &level[place]);
            assert_eq!(row["id"], node["id"], "{prompt}");
            let p = |value: &Value| value["raw_probability"].as_f64().unwrap();
            assert!((p(row) - p(node)).abs() < 1e-5);
        }
    }
    let (mass, _) = tree(&["--depth", "1", "--mass", "0.9", "--tokens", "5000"]);
    let probability = |node: &Value| node["final_probability"].as_f64().unwrap();
    let sum: f64 = mass.iter().map(probability).sum();
    let last = probability(mass.last().expect("a node"));
    assert!(sum >= 0.9 && sum - last < 0.9, "{sum} {last}");

    let text = home.out(&["tree", "Once upon a", "--depth", "3", "--tokens", "5"]);
    assert!(
        text.starts_with("Once upon a\n") && text.contains("├ ") && text.contains("--tokens"),
        "{text}"
    );
    let (code, error) = home.fails(&["tree", "x", "--mass", "1.5"]);
    assert!(
        code == Some(2) && error.contains("a number from 0 to 1"),
        "{error}"
    );
}

#[test]
fn score_adds_up() {
    let home = Home::new();
    let lines = lines_of_json(&home.out(&["score", "The king said to the queen.", "--json"]));
    let (summary, tokens) = lines.split_last().unwrap();
    let tokens: Vec<&Value> = tokens
        .iter()
        .filter(|line| line["kind"] == "token")
        .collect();
    let bits: f64 = tokens
        .iter()
        .filter_map(|token| token["surprisal_bits"].as_f64())
        .sum();
    let nats = -summary["log_probability_nats"].as_f64().unwrap();
    assert!((bits * std::f64::consts::LN_2 - nats).abs() < 1e-3);
    let predicted = summary["predicted"].as_f64().unwrap();
    assert_eq!(tokens.len() as f64, predicted + 1.0);
    assert!((summary["perplexity"].as_f64().unwrap().ln() - nats / predicted).abs() < 1e-6);

    let table = home.out(&["score", "The king said to the queen."]);
    assert!(
        table.contains("perplexity") && table.contains("joint log-probability"),
        "{table}"
    );
    let summary = home.out(&["score", "The king said to the queen.", "--summary"]);
    assert!(table.ends_with(&summary));
}

#[test]
fn score_reads_a_text_longer_than_the_context() {
    let home = Home::new();
    let text = "The king said to the queen that it was late, and she went to bed.\n".repeat(80);
    let output = home.run_with_input(&["score", "--json"], text.as_bytes());
    let lines = lines_of_json(&String::from_utf8(output.stdout).unwrap());
    let (summary, tokens) = lines.split_last().unwrap();
    assert!(summary["tokens"].as_u64().unwrap() > 1000);
    let positions: Vec<u64> = tokens
        .iter()
        .filter(|line| line["kind"] == "token")
        .map(|token| token["position"].as_u64().unwrap())
        .collect();
    assert!(
        positions
            .iter()
            .zip(0..)
            .all(|(&position, index)| position == index)
    );
}

#[test]
fn a_draft_tells_its_rounds_and_what_it_gained() {
    let home = Home::new();
    let run = ["generate", "The king said", "--draft", "embedded", "--json"];
    let more = ["--max-tokens", "20", "--ignore-end"];
    let lines = lines_of_json(&home.out(&[&run[..], &more].concat()));
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("header", "gain"));
    assert!(
        kinds[1..kinds.len() - 1]
            .iter()
            .all(|kind| *kind == "round")
    );
    assert_eq!(lines[0]["draft"]["source"], "embedded");
    let gain = &lines[lines.len() - 1];
    let rounds = &lines[1..lines.len() - 1];
    let ids = |round: &Value| round["ids"].as_array().unwrap().len() as u64;
    // The first ones are without it, to know how fast the model is alone.
    let with_draft = rounds.iter().skip(4);
    assert_eq!(rounds.iter().map(ids).sum::<u64>(), 20);
    assert_eq!(
        with_draft.clone().map(ids).sum::<u64>(),
        gain["tokens"].as_u64().unwrap()
    );
    // A model that runs ahead of itself is right, as far as rounding lets it.
    let accepted = with_draft
        .flat_map(|round| round["proposals"].as_array().unwrap())
        .filter(|proposal| proposal["accepted"] == true);
    assert_eq!(accepted.count() as u64, gain["accepted"].as_u64().unwrap());
    assert!(gain["accepted"].as_u64().unwrap() > 8);
}

#[test]
fn two_models_are_compared_along_a_text() {
    let home = Home::new();
    let text = "The king said to the queen.";
    let diff = |more: &[&str]| {
        let pair = ["diff", "embedded", "embedded", text];
        let precisions = ["--base-precision", "f32", "--tuned-precision", "q4_0"];
        home.out(&[&pair[..], &precisions, more].concat())
    };
    let lines = lines_of_json(&diff(&["--json", "--top", "2"]));
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["command"]),
        (&"header".into(), &"diff".into())
    );
    assert_eq!(lines[0]["base"]["precision"], "f32");
    assert_eq!(lines[0]["model"]["precision"], "q4_0");
    let (summary, tokens) = lines[1..].split_last().unwrap();
    assert_eq!(summary["kind"], "difference_totals");
    assert!(tokens.iter().all(|token| token["kind"] == "difference"));
    assert!(tokens[0]["kl_bits"].is_null() && tokens[0]["base"].is_null());
    let kl: Vec<f64> = tokens[1..]
        .iter()
        .map(|token| token["kl_bits"].as_f64().unwrap())
        .collect();
    let mean = kl.iter().sum::<f64>() / kl.len() as f64;
    assert!((summary["mean_kl_bits"].as_f64().unwrap() - mean).abs() < 1e-9 && mean > 0.0);
    let most = kl.iter().copied().fold(0.0, f64::max);
    let changed = summary["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 2);
    assert_eq!(changed[0]["kl_bits"].as_f64(), Some(most));
    assert!(changed[1]["kl_bits"].as_f64() <= changed[0]["kl_bits"].as_f64());

    let at = changed[0]["position"].to_string();
    let shift = &lines_of_json(&diff(&["--json", "--at", &at]))[1];
    assert!((shift["kl_bits"].as_f64().unwrap() - most).abs() < 1e-4 * most);
    assert_eq!(shift["rose"].as_array().map(Vec::len), Some(10));

    let table = diff(&["--top", "1"]);
    for part in [
        "KL bits",
        "same most probable token",
        "where it changed most",
    ] {
        assert!(table.contains(part), "{table}");
    }
    assert!(!table.contains('\u{1b}'), "no colours into a pipe");
    assert!(table.ends_with(&diff(&["--top", "1", "--summary"])));
    assert!(diff(&["--at", "2"]).contains("rose"));
}

#[test]
fn tokens_are_shown_and_turned_back() {
    let home = Home::new();
    let text = "Zoë said “hello” 🦊";
    let tokens = lines_of_json(&home.out(&["tokens", text, "--json"]));
    let bytes: Vec<u8> = tokens
        .iter()
        .filter_map(|token| token["bytes"].as_array().cloned())
        .flatten()
        .map(|byte| byte.as_u64().unwrap() as u8)
        .collect();
    assert_eq!(bytes, text.as_bytes());
    let ids = home.out(&["tokens", text, "--ids"]);
    let mut args = vec!["tokens", "--decode"];
    args.extend(ids.split_whitespace());
    assert_eq!(home.out(&args), format!("{text}\n"));
    assert!(home.out(&["tokens", text]).contains("vocabulary of 8192"));
}

#[test]
fn models_completions_and_manual_are_printed() {
    let home = Home::new();
    assert!(home.out(&["models"]).contains("embedded"));
    assert_eq!(
        lines_of_json(&home.out(&["models", "--json"]))[1]["source"],
        "embedded"
    );
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(
            home.out(&["completions", shell])
                .contains("LOGITSCOPE_COMPLETE")
        );
    }
    let mut asked = logitscope(home.0.path());
    // As the code of bash asks: what stands on the line, and which word of it the cursor is in.
    let output = asked
        .envs([
            ("LOGITSCOPE_COMPLETE", "bash"),
            ("_CLAP_COMPLETE_INDEX", "3"),
            ("_CLAP_COMPLETE_COMP_TYPE", "9"),
            ("_CLAP_IFS", "\n"),
        ])
        .args(["--", "logitscope", "generate", "--preset", "ba"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "balanced");
    assert!(home.out(&["man"]).contains(".TH logitscope"));
}

#[test]
fn the_configuration_is_layered_and_checked() {
    let home = Home::new();
    let file = home.0.path().join("mine.toml");
    fs::write(&file, "[sampler]\ntop_k = 7\ntemperatur = 0.5\n").unwrap();
    let (code, error) = home.fails(&["config", "validate", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("mine.toml:3") && error.contains("temperature"),
        "{error}"
    );

    fs::write(&file, "[sampler]\ntop_k = 7\n").unwrap();
    assert!(
        home.out(&["config", "validate", file.to_str().unwrap()])
            .contains("valid")
    );
    let kept = |args: &[&str]| -> u64 {
        let report = last_of_json(&home.out(args));
        report["kept"].as_u64().unwrap()
    };
    let odds = [
        "odds",
        "Once upon a",
        "--json",
        "--top-p",
        "1",
        "--config",
        file.to_str().unwrap(),
    ];
    assert_eq!(kept(&odds), 7);
    assert_eq!(kept(&[&odds[..], &["--top-k", "3"]].concat()), 3);

    let user = home.0.path().join("config/logitscope/config.toml");
    fs::create_dir_all(user.parent().unwrap()).unwrap();
    fs::write(&user, "[sampler]\ntop_k = 5\ntop_p = 1.0\n").unwrap();
    assert_eq!(kept(&["odds", "Once upon a", "--json"]), 5);
    assert_eq!(
        kept(&["odds", "Once upon a", "--json", "--preset", "neutral"]),
        8192
    );
    assert_eq!(home.out(&["config", "path"]).trim(), user.to_str().unwrap());
    assert!(home.out(&["config", "default"]).contains("[sampler]"));
    assert!(home.out(&["config", "show"]).contains("sampler.top_k = 5"));

    let mut command = logitscope(home.0.path());
    let output = command
        .args(["odds", "Once upon a", "--json"])
        .env("LOGITSCOPE_SAMPLER_TOP_K", "many")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("LOGITSCOPE_SAMPLER_TOP_K"));
}

#[test]
fn mistakes_are_one_sentence_and_an_exit_code() {
    let home = Home::new();
    for (args, code, says) in [
        (vec!["odds", "a", "--top-p", "2"], 2, "top_p"),
        (vec!["generate", "a", "--preset", "blanced"], 2, "balanced"),
        (
            vec!["generate", "a", "--model", "/no/such/model"],
            1,
            "/no/such/model",
        ),
        (vec!["generate", "a", "-n", "0"], 2, "at least 1"),
        (vec!["score", "a"], 1, "fewer than two tokens"),
        (vec!["score", "--file", "/no/such/file"], 1, "/no/such/file"),
        (
            vec!["diff", "embedded", "embedded", "a"],
            1,
            "fewer than two tokens",
        ),
        (
            vec![
                "diff",
                "embedded",
                "tests/reference/gguf/llama-q8_0.gguf",
                "a b",
            ],
            1,
            "different tokens",
        ),
        (
            vec!["diff", "embedded", "embedded", "a b", "--at", "99"],
            2,
            "--at 99",
        ),
        (
            vec!["diff", "embedded", "embedded", "a b", "--llama-cpp"],
            1,
            "two windows of 256",
        ),
        (vec!["tokens", "--decode", "999999"], 2, "no token 999999"),
        (vec!["generate", "a", "--ban", ""], 2, "banned"),
        (
            vec!["generate", "a", "--regex", "(a"],
            2,
            "--regex: sampler.grammar_regex: \"(a\" is not accepted: character 1: unclosed group",
        ),
        (
            vec!["generate", "a", "--lark", "no-such.lark"],
            2,
            "--lark no-such.lark: No such file",
        ),
        (
            vec!["odds", "a", "--regex", "a", "--json-schema", "{}"],
            2,
            "grammar_regex is set already",
        ),
        (vec!["play"], 1, "terminal"),
    ] {
        let (status, error) = home.fails(&args);
        assert_eq!(status, Some(code), "{args:?}: {error}");
        assert!(error.contains(says), "{args:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{args:?}: {error}");
    }
    let output = home.run_with_input(&["score"], b"good\nbad \xFF\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 2"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let home = Home::new();
    let mut child = logitscope(home.0.path())
        .args(["odds", "Once upon a", "--all"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(unix)]
#[test]
fn an_interrupted_generation_keeps_what_it_said() {
    use std::io::Read;

    let home = Home::new();
    let mut child = logitscope(home.0.path())
        .args([
            "generate",
            "Once upon a time",
            "--max-tokens",
            "1000000",
            "--allow-loops",
            "--ignore-end",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut said = vec![0; 40];
    stdout.read_exact(&mut said).unwrap();
    let status = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    stdout.read_to_end(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.starts_with("Once upon a time") && said.ends_with('\n'));
}

#[test]
fn the_machine_and_the_model_are_measured() {
    let home = Home::new();
    let lines =
        lines_of_json(&home.out(&["bench", "--rounds", "1", "--training", "1x8", "--json"]));
    let machine = &lines[1];
    assert_eq!(machine["parameters"], 5_322_240);
    assert!(machine["bandwidth_bytes_per_second"].as_f64() > Some(1e6));
    for work in ["decode", "generate", "batch", "prefill", "train"] {
        let of_it: Vec<_> = lines.iter().filter(|one| one["work"] == work).collect();
        assert!(!of_it.is_empty(), "{work}");
        for speed in of_it {
            for value in ["tokens_per_second", "limit_tokens_per_second"] {
                assert!(speed[value].as_f64() > Some(0.0), "{speed}");
            }
        }
    }
    let table = home.out(&["bench", "--rounds", "1", "--training", "none"]);
    assert!(!table.contains("train"), "{table}");
    // A vocabulary smaller than that of the tokenizer, and two sizes of steps.
    let shape = [
        "bench",
        "--shape",
        "mini-books",
        "--rounds",
        "1",
        "--training",
        "1x8,2x8",
    ];
    let table = home.out(&shape);
    assert!(
        table.contains("train 1 x 8") && table.contains("train 2 x 8"),
        "{table}"
    );
    // What is not trained is measured in the form that it runs in.
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/reference/gguf/llama-q8_0.gguf"
    );
    let model = ["bench", "--rounds", "1", "--model", file, "--works"];
    let lines = lines_of_json(&home.out(&[&model[..], &["decode,prefill", "--json"]].concat()));
    let speeds: Vec<_> = lines.iter().filter(|one| one["kind"] == "speed").collect();
    assert!(
        speeds.iter().all(|one| one["precision"] == "q8_0"),
        "{lines:?}"
    );
    let works: Vec<_> = speeds.iter().map(|one| &one["work"]).collect();
    assert_eq!(works, ["decode", "decode", "prefill"]);
    let (code, error) = home.fails(&[&model[..], &["train"]].concat());
    assert!(code == Some(1) && error.contains("llama model"), "{error}");
    for wrong in [
        ["--shape", "gpt5"],
        ["--shape", "demo"],
        ["--training", "8"],
    ] {
        let (code, error) = home.fails(&["bench", wrong[0], wrong[1]]);
        assert!(code == Some(2) && error.contains(wrong[0]), "{error}");
    }
}

#[test]
fn flags_that_peers_have_are_understood() {
    let home = Home::new();
    let ours = home.out(&[
        "generate",
        "Once",
        "--max-tokens",
        "4",
        "--temperature",
        "0.5",
        "--repetition-penalty",
        "1.3",
        "--penalty-window",
        "5",
        "--no-repeat-ngram",
        "3",
        "-n",
        "2",
    ]);
    for max in ["--n-predict", "--max-new-tokens", "--predict"] {
        let theirs = home.out(&[
            "generate",
            "Once",
            max,
            "4",
            "--temp",
            "0.5",
            "--repeat-penalty",
            "1.3",
            "--repeat-last-n",
            "5",
            "--no-repeat-ngram-size",
            "3",
            "--num-return-sequences",
            "2",
        ]);
        assert_eq!(theirs, ours, "{max}");
    }
}

#[test]
fn a_random_seed_is_told_and_draws_the_same_again() {
    let home = Home::new();
    for seed in ["random", "-1"] {
        let output = home.run(&["generate", "Once", "--max-tokens", "12", "--seed", seed]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let (_, number) = said.split_once("--seed ").expect(&said);
        let number = number.split_whitespace().next().expect(&said);
        let again = home.out(&["generate", "Once", "--max-tokens", "12", "--seed", number]);
        assert_eq!(again.as_bytes(), output.stdout);
    }
}

#[test]
fn the_line_break_at_the_end_of_a_prompt_is_left_out_unless_it_is_asked_for() {
    let home = Home::new();
    let file = home.0.path().join("prompt.txt");
    fs::write(&file, "The king said\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    let run = |args: &[&str]| {
        let mut all = vec!["generate", "--max-tokens", "5"];
        all.extend(args);
        let output = home.run_with_input(&all, b"The king said\n");
        assert!(output.status.success() && output.stderr.is_empty());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let plain = run(&["The king said"]);
    for same in [&["-"][..], &["--file", "-"], &["--file", file], &[]] {
        assert_eq!(run(same), plain, "{same:?}");
    }
    let kept = run(&["--keep-newline"]);
    assert!(kept.starts_with("The king said\n") && kept != plain);
    assert_eq!(run(&["--escape", r"The king said\n"]), kept);
    // Where it is no prompt, all of a text counts.
    let scored = home.run_with_input(&["score", "--summary", "-"], b"The king said\n");
    assert!(String::from_utf8_lossy(&scored.stdout).starts_with("4 tokens"));
}

#[test]
fn an_escaped_text_ends_a_sample() {
    let home = Home::new();
    let lines = ["generate", r"One\n\nTwo", "-e", "--max-tokens", "80"];
    let whole = home.out(&lines);
    let cut = home.out(&[&lines[..], &["--truncate", r"\n"]].concat());
    assert!(whole.starts_with("One\n\nTwo"));
    let prompt = "One\n\nTwo".len();
    let first = whole[prompt..].find('\n').expect("a second line");
    assert_eq!(cut, format!("{}\n", &whole[..prompt + first]));
}

#[test]
fn wrong_arguments_are_told_before_anything_is_loaded() {
    let home = Home::new();
    for wrong in [
        &["odds", "a", "--chart", "x.pdf"][..],
        &["score", "a b", "--chart", "x"],
        &["runs", "chart", "r", "--out", "x.pdf"],
        &["odds", "a", "--top", "0"],
        &["generate", "a", "-n", "0"],
        &["tokens", "--decode", "99999"],
        &["generate", "a", "--seed", "-2"],
    ] {
        let (code, said) = home.fails(wrong);
        assert_eq!(code, Some(2), "{wrong:?}: {said}");
        assert!(!said.is_empty());
    }
    let (_, said) = home.fails(&["odds", "a", "--chart", "x.pdf"]);
    assert!(said.contains(".svg or .png"), "{said}");
}

#[test]
fn a_prompt_alone_opens_the_playground_and_a_word_says_what_to_type() {
    let home = Home::new();
    // There is no terminal here, which only the playground needs.
    let (code, said) = home.fails(&["Once upon a time"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("the playground needs a terminal"), "{said}");
    let (code, said) = home.fails(&["--model", "embedded", "Once upon a time"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = home.fails(&["hello"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("logitscope play hello"), "{said}");
}

#[test]
fn each_subcommand_has_a_manual_page() {
    let home = Home::new();
    let pages = home.0.path().join("pages");
    home.out(&["man", "--to", pages.to_str().expect("UTF-8")]);
    let page = home.out(&["man", "generate"]);
    for section in [
        "NAME",
        "EXAMPLES",
        "ENVIRONMENT",
        "FILES",
        "\"EXIT STATUS\"",
    ] {
        assert!(
            page.contains(&format!(".SH {section}\n")),
            "{section}:\n{page}"
        );
    }
    let pages: Vec<String> = fs::read_dir(&pages)
        .expect("written")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    for name in ["logitscope.1", "logitscope-generate.1", "logitscope-runs.1"] {
        assert!(pages.iter().any(|page| page == name), "{pages:?}");
    }
    let (code, said) = home.fails(&["man", "nothing"]);
    assert_eq!(code, Some(2), "{said}");
    let help = home.out(&["generate", "--help"]);
    assert!(help.starts_with("Examples:\n"), "{help}");
}

#[test]
fn greedy_says_that_all_samples_are_equal() {
    let home = Home::new();
    let output = home.run(&[
        "generate",
        "Once",
        "--max-tokens",
        "3",
        "-n",
        "3",
        "--method",
        "greedy",
    ]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("all samples are equal"));
}

#[test]
fn a_directory_of_runs_that_is_not_there_is_no_empty_list() {
    let home = Home::new();
    let (code, said) = home.fails(&["runs", "list", "--runs", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("nowhere: there is no such directory"),
        "{said}"
    );
    let output = logitscope(home.0.path())
        .args(["runs", "list"])
        .current_dir(home.0.path())
        .output()
        .expect("the binary runs");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("there are no runs here"));
}

#[test]
fn lessons_are_listed_made_and_checked() {
    let home = Home::new();
    let listed = home.out(&["learn", "--lang", "en"]);
    assert!(listed.starts_with(" 1  Text becomes tokens  ("), "{listed}");
    let page = home.out(&["learn", "1", "--answers", "--lang", "en"]);
    assert!(page.contains("## Lesson 1: Text becomes tokens"), "{page}");
    assert!(page.contains("   Answer: "), "{page}");
    assert_eq!(home.fails(&["learn", "99"]).0, Some(2));
    assert_eq!(home.fails(&["learn", "--lang", "Deutsch"]).0, Some(2));

    let directory = home.0.path().join("mine");
    let directory = directory.to_str().expect("a path in UTF-8");
    let made = home.out(&["learn", "new", directory]);
    let file = made.trim_end();
    assert!(file.ends_with("01-my-lesson.md"), "{made}");
    home.out(&["learn", "check", directory]);
    assert!(
        home.out(&["learn", directory, "--answers"])
            .contains("My lesson")
    );
    assert_eq!(home.fails(&["learn", "new", directory]).0, Some(1));

    let lesson = fs::read_to_string(file).expect("the lesson");
    let broken = lesson
        .replace("{tokens}", "{tokenz}")
        .replace("focus = \"text\"", "focus = \"txt\"");
    fs::write(file, broken).expect("written");
    let (code, said) = home.fails(&["learn", "check", directory]);
    assert_eq!(code, Some(1));
    let at = |what: &str| {
        let line = lesson
            .lines()
            .position(|line| line.contains(what))
            .expect("a line");
        format!("{file}:{}: ", line + 1)
    };
    for (place, message) in [
        (at("focus = "), "there is no pane txt; did you mean text?"),
        (
            at("{tokens}"),
            "there is no figure tokenz; did you mean token?",
        ),
    ] {
        assert!(said.contains(&format!("{place}{message}")), "{said}");
    }
}

#[test]
fn a_text_is_guessed_letter_by_letter_and_the_bounds_follow() {
    let home = Home::new();
    // Behind “the”: the space at once, c with the second guess, a and t at once, the next space is told.
    let args = ["guess", "The cat, sat!", "--given", "3", "--letters", "5"];
    let output = home.run_with_input(&args, b"_\nx\nX\nc\nA\nt\n?\n");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("the ▁  guess 1: "), "{said}");
    assert!(
        said.contains("the ▁  guess 2: the ▁  guess 2: the c▁"),
        "{said}"
    );
    // Of five letters three took one guess, one two, and one was told, which counts as all 27 symbols.
    assert!(
        said.contains(
            "you: 5 letters, 3 of them with the first guess; between 0.95 and 1.37 bits a letter"
        ),
        "{said}"
    );
    assert!(
        said.contains("embedded: ") && said.contains(" bits a letter, "),
        "{said}"
    );

    let early = home.run_with_input(&["guess", "--letters", "5"], b"\n");
    assert!(String::from_utf8_lossy(&early.stdout).contains("No letter was guessed."));
    assert_eq!(home.fails(&["guess", "short", "--given", "5"]).0, Some(2));
    for input in [&["guess", "-"][..], &["guess", "--file", "-"]] {
        let (code, error) = home.fails(input);
        assert!(
            code == Some(2) && error.contains("standard input has the guesses"),
            "{error}"
        );
    }
}
