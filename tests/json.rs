//! The format of `--json`: every record of every subcommand is as docs/json.md says, which is made of the types.

mod support;

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use support::logitscope;

/// What the page says: fields of each kind and object, and which kinds a subcommand prints.
struct Page {
    fields: BTreeMap<String, BTreeMap<String, String>>,
    commands: BTreeMap<String, Vec<String>>,
}

impl Page {
    fn read() -> Self {
        let text = fs::read_to_string("docs/json.md").expect("the page");
        let mut page = Self {
            fields: BTreeMap::new(),
            commands: BTreeMap::new(),
        };
        let mut heading = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("### ") {
                heading = name.trim_matches('`').to_owned();
                page.fields.insert(heading.clone(), BTreeMap::new());
            }
            let cells: Vec<&str> = line.split(" | ").collect();
            let [first, second, ..] = cells.as_slice() else {
                continue;
            };
            let first = first.trim_start_matches("| ");
            if let (Some(fields), true) = (page.fields.get_mut(&heading), first.starts_with('`')) {
                fields.insert(first.trim_matches('`').to_owned(), (*second).to_owned());
            } else if second.starts_with('`') {
                let kinds = second
                    .split(", ")
                    .map(|kind| kind.trim_matches('`').to_owned());
                let kinds: Vec<String> = kinds.collect();
                for command in first.split(", ") {
                    page.commands.insert(command.to_owned(), kinds.clone());
                }
            }
        }
        page
    }

    /// What of an object is not as the page says.
    fn faults(&self, name: &str, object: &Value, faults: &mut Vec<String>) {
        let Some(fields) = self.fields.get(name) else {
            return faults.push(format!("{name} is not described"));
        };
        // An object of several forms is described in a list.
        if fields.is_empty() {
            return;
        }
        let members = object.as_object().expect("an object");
        for (field, value) in members {
            match fields.get(field) {
                Some(what) => self.value(&format!("{name}.{field}"), what, value, faults),
                None if field == "kind" => {}
                None => faults.push(format!("{name}.{field} is not described")),
            }
        }
        for (field, what) in fields {
            if !members.contains_key(field) && !what.contains("may be absent") {
                faults.push(format!("{name}.{field} is missing"));
            }
        }
    }

    fn value(&self, place: &str, what: &str, value: &Value, faults: &mut Vec<String>) {
        let what = what.trim_end_matches("; may be absent");
        if what == "any value" {
            return;
        }
        let fits = what.split(" or ").any(|one| match one {
            "null" => value.is_null(),
            "text" => value.is_string(),
            "whole number" => value.is_u64() || value.is_i64(),
            // JSON has no infinity.
            "number" => value.is_number() || value.is_null(),
            "object" => value.is_object(),
            _ if one.starts_with("one of ") => {
                let text = value.as_str().unwrap_or_default();
                one.contains(&format!("`{text}`"))
            }
            _ if one.starts_with("list of ") => value.is_array(),
            _ if one.starts_with("object by name of ") => value.is_object(),
            _ if one.starts_with('[') => value.is_object() || value.is_string(),
            // `true or false`, which was split.
            "true" => value == &Value::Bool(true),
            "false" => value == &Value::Bool(false),
            other => panic!("{place}: the test does not know `{other}`"),
        });
        if !fits {
            faults.push(format!("{place} is no {what}: {value}"));
        }
        if let Some(name) = what
            .split('[')
            .nth(1)
            .and_then(|rest| rest.split(']').next())
        {
            let inside: Vec<&Value> = match value {
                Value::Array(values) => values.iter().collect(),
                Value::Object(members) if what.starts_with("object by name") => {
                    members.values().collect()
                }
                Value::Object(_) => vec![value],
                _ => Vec::new(),
            };
            for one in inside.into_iter().filter(|one| one.is_object()) {
                self.faults(name, one, faults);
            }
        }
    }
}

const SMALL: [&str; 21] = [
    "--vocabulary",
    "270",
    "--context",
    "8",
    "--steps",
    "30",
    "--width",
    "16",
    "--layers",
    "1",
    "--batch",
    "2",
    "--validation",
    "0.3",
    "--evaluate-every",
    "2",
    "--sample-every",
    "2",
    "--overwrite",
    "--probe",
    "the",
];

#[test]
fn every_record_of_every_subcommand_is_as_the_page_says() {
    let page = Page::read();
    let home = tempfile::tempdir().expect("a directory");
    let corpus = "The cat sat on the mat.\nThe dog ran.\n".repeat(6);
    fs::write(home.path().join("corpus.txt"), corpus).expect("a file");
    let train = |name: &'static str| {
        [
            &[
                "train",
                "corpus.txt",
                "--split",
                "lines",
                "--run-name",
                name,
                "--json",
            ],
            &SMALL[..],
        ]
        .concat()
    };
    let mut seen = BTreeMap::new();
    let mut faults = Vec::new();
    for (command, args) in [
        (
            "odds",
            vec![
                "odds",
                "Once upon a",
                "--top=3",
                "-c",
                " time",
                "--json",
                "--repetition-penalty=1.2",
            ],
        ),
        (
            "odds",
            vec![
                "odds",
                "Once upon a",
                "--top=3",
                "--method=contrastive",
                "--json",
            ],
        ),
        (
            "odds",
            vec![
                "odds",
                "Once upon a",
                "--top=3",
                "--method=mirostat-v2",
                "--json",
            ],
        ),
        ("score", vec!["score", "The king said “no”.", "--json"]),
        (
            "generate",
            vec![
                "generate",
                "The king",
                "--max-tokens=3",
                "-n=3",
                "--batch=2",
                "--json",
            ],
        ),
        (
            "generate",
            vec![
                "generate",
                "The king",
                "--max-tokens=3",
                "--method=adaptive-p",
                "--json",
            ],
        ),
        (
            "generate",
            vec![
                "generate",
                "The king",
                "--max-tokens=3",
                "--method=contrastive",
                "--json",
            ],
        ),
        (
            "generate",
            vec![
                "generate",
                "The king",
                "--max-tokens=3",
                "--method=beam",
                "--all-beams",
                "--preset=neutral",
                "--json",
            ],
        ),
        (
            "generate --draft",
            vec![
                "generate",
                "The king",
                "--max-tokens=6",
                "--draft=embedded",
                "--json",
            ],
        ),
        (
            "compare",
            vec![
                "compare",
                "The king",
                "--sweep=temperature=0.5..1/2",
                "--seeds=2",
                "--max-tokens=3",
                "--json",
            ],
        ),
        (
            "diff --at",
            vec![
                "diff",
                "embedded",
                "embedded",
                "The king said “no”.",
                "--at=2",
                "--json",
            ],
        ),
        (
            "diff",
            vec![
                "diff",
                "embedded",
                "embedded",
                "The king said “no”.",
                "--json",
            ],
        ),
        ("tree", vec!["tree", "Once upon a", "--tokens=5", "--json"]),
        ("tokens", vec!["tokens", "Zoë 🦊", "--json"]),
        ("tokens", vec!["tokens", "--json", "--decode", "1", "2"]),
        ("models", vec!["models", "--json"]),
        (
            "bench",
            vec![
                "bench",
                "--rounds=1",
                "--training=none",
                "--works=first",
                "--json",
            ],
        ),
        ("train", train("one")),
        ("train", train("two")),
        ("runs show", vec!["runs", "show", "one", "--json"]),
        ("runs list", vec!["runs", "list", "--json"]),
        (
            "runs compare",
            vec!["runs", "compare", "one", "two", "--json"],
        ),
    ] {
        let output = logitscope(home.path())
            .current_dir(home.path())
            .args(&args)
            .output()
            .expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {error}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        for (number, line) in text.lines().enumerate() {
            let record: Value = serde_json::from_str(line).expect("a line of JSON");
            let kind = record["kind"].as_str().expect("a kind").to_owned();
            if (number == 0) != (kind == "header") {
                faults.push(format!("{command}: record {number} is {kind}"));
            }
            if kind != "header" && !page.commands[command].contains(&kind) {
                faults.push(format!("{command} prints {kind}"));
            }
            page.faults(&kind, &record, &mut faults);
            seen.insert(kind, record);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let model = &seen["header"];
    assert_eq!(model["format"], 1);
    for kind in page.commands.values().flatten() {
        // What a person does to a run, and what seldom happens.
        let rare = ["learning_rate", "paused", "resumed", "notice", "slid"];
        assert!(
            seen.contains_key(kind) || rare.contains(&kind.as_str()),
            "{kind} was not seen"
        );
    }
}

fn records(args: &[&str]) -> Vec<Value> {
    let home = tempfile::tempdir().expect("a directory");
    let output = logitscope(home.path())
        .args(args)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{args:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    lines.collect()
}

#[test]
fn the_header_says_what_made_the_stream() {
    let made = &records(&["odds", "The king", "--seed=7", "--top-k=5", "--json"])[0];
    assert_eq!(made["program"], "logitscope");
    assert_eq!(
        (&made["seed"], &made["prompt"]),
        (&7.into(), &"The king".into())
    );
    assert_eq!(made["sampler"]["top_k"], 5);
    let file = &made["model"]["files"][0];
    let bytes = fs::read("assets/model/model.safetensors").expect("the embedded model");
    assert_eq!(file["size_bytes"], bytes.len());
    assert_eq!(file["sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn a_sample_is_one_record_with_its_number_whatever_the_batch() {
    let args = [
        "generate",
        "The king",
        "-n=5",
        "--max-tokens=4",
        "--seed=9",
        "--json",
    ];
    let all = records(&[&args[..], &["--batch=2"]].concat());
    let of = |records: &[Value], kind: &str| -> Vec<Value> {
        records
            .iter()
            .filter(|one| one["kind"] == kind)
            .cloned()
            .collect()
    };
    let mut samples = of(&all, "sample");
    samples.sort_by_key(|sample| sample["sample"].as_u64());
    for (index, sample) in samples.iter().enumerate() {
        assert_eq!(
            (&sample["sample"], &sample["seed"]),
            (&index.into(), &(9 + index).into())
        );
        let tokens: Vec<Value> = of(&all, "token")
            .into_iter()
            .filter(|token| token["sample"] == index)
            .collect();
        assert_eq!(sample["tokens"], tokens.len());
        let text: String = tokens
            .iter()
            .filter_map(|token| token["text"].as_str())
            .collect();
        assert_eq!(sample["text"], text);
        let bits: f64 = tokens
            .iter()
            .filter_map(|token| token["surprisal_bits"].as_f64())
            .sum();
        let mean = sample["mean_surprisal_bits"].as_f64().expect("a mean");
        assert!((mean - bits / tokens.len() as f64).abs() < 1e-5);
    }
    assert_eq!((samples.len(), of(&all, "prompt").len()), (5, 1));
    let alone = of(&records(&args), "sample");
    let texts = |samples: &[Value]| {
        samples
            .iter()
            .map(|one| one["text"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&alone), texts(&samples));
    let totals = all.last().expect("totals");
    assert_eq!(
        (&totals["kind"], &totals["samples"]),
        (&"generate_totals".into(), &5.into())
    );

    let cut = records(&[
        "generate",
        "The king",
        "--max-tokens=30",
        "--truncate= ",
        "--json",
    ]);
    let cut = of(&cut, "sample").remove(0);
    assert!(
        !cut["text"].as_str().expect("a text").contains(' '),
        "{cut}"
    );
    assert_eq!(
        (&cut["reason"], &cut["stop_text"]),
        (&"stop_text".into(), &" ".into())
    );
}

#[test]
fn records_go_into_a_file_and_what_does_not_go_with_them_is_refused() {
    let home = tempfile::tempdir().expect("a directory");
    let run = |args: &[&str]| {
        logitscope(home.path())
            .current_dir(home.path())
            .args(args)
            .output()
            .expect("it runs")
    };
    let written = run(&[
        "generate",
        "a",
        "--max-tokens=2",
        "--json",
        "--out",
        "a.jsonl",
    ]);
    assert!(written.status.success() && written.stdout.is_empty());
    let text = fs::read_to_string(home.path().join("a.jsonl")).expect("the file");
    assert!(text.starts_with("{\"kind\":\"header\""), "{text}");
    for refused in [
        &["generate", "a", "--json", "--delimiter=x"][..],
        &["generate", "a", "--json", "--include-prefix"],
        &["tokens", "a", "--ids", "--json"],
        &["train", "a", "--print-recipe", "--json"],
    ] {
        assert_eq!(run(refused).status.code(), Some(2), "{refused:?}");
    }
}

#[test]
fn the_row_that_is_taken_is_what_the_method_does() {
    let odds = |method: &str| {
        let method = format!("--method={method}");
        let args = [
            "odds",
            "The king and the",
            &method,
            "--top=50",
            "--preset=neutral",
            "--json",
        ];
        records(&args).pop().expect("odds")
    };
    let said = |method: &str| {
        let method = format!("--method={method}");
        let args = [
            "generate",
            "The king and the",
            &method,
            "--preset=neutral",
            "--max-tokens=1",
            "--json",
        ];
        let records = records(&args);
        let drawn = records.iter().find(|one| one["origin"] == "generated");
        drawn.expect("a token")["id"].clone()
    };
    for method in ["sample", "greedy", "contrastive", "mirostat-v2"] {
        let odds = odds(method);
        assert_eq!(odds["taken_id"], said(method), "{method}");
        assert_eq!(
            odds["u"].is_null(),
            ["greedy", "contrastive"].contains(&method),
            "{method}"
        );
    }
    let contrastive = odds("contrastive");
    assert_eq!(contrastive["weighed"][0]["id"], contrastive["taken_id"]);
    let beam = odds("beam");
    assert!(beam["taken_id"].is_null() && beam["u"].is_null());
}

#[test]
fn a_bias_on_several_tokens_says_when_it_acts() {
    let home = tempfile::tempdir().expect("a directory");
    let error = |prompt: &str| {
        let args = ["odds", prompt, "--logit-bias", " upon a time=5"];
        let output = logitscope(home.path())
            .args(args)
            .output()
            .expect("it runs");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    let elsewhere = error("The king");
    assert!(
        elsewhere.contains("where the text ends in ` upon a`"),
        "{elsewhere}"
    );
    assert_eq!(error("Once upon a"), "");
}
