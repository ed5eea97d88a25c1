//! Many texts in one process, tables for spreadsheets, and what is told beside results.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use support::logitscope;
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a directory"));
        home.write("one.txt", "The king said to the queen.");
        home.write(
            "rows.csv",
            "name,text\na,Once upon a time\nb,\"The fox, the hen\"\n",
        );
        home.write(
            "rows.jsonl",
            "{\"text\": \"The cat sat.\"}\n{\"text\": \"A dog ran home.\"}\n",
        );
        home.write("lines.txt", "Once upon a\nThe king and the\n");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed
            .write_all(b"{\"text\": \"The moon was high.\"}\n")
            .expect("packed");
        fs::write(
            home.0.path().join("more.jsonl.gz"),
            packed.finish().expect("packed"),
        )
        .expect("a file");
        home
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("a file");
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        logitscope(self.0.path())
            .current_dir(self.0.path())
            .args(args)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("it runs")
    }

    fn out(&self, args: &[&str]) -> String {
        let output = self.run(args, &[]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && error.is_empty(),
            "{args:?}: {error}"
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn records(&self, args: &[&str], kind: &str) -> Vec<Value> {
        let text = self.out(&[args, &["--json"]].concat());
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.filter(|record| record["kind"] == kind).collect()
    }
}

const FILES: [&str; 8] = [
    "--file",
    "one.txt",
    "--file",
    "rows.csv",
    "--file",
    "rows.jsonl",
    "--file",
    "more.jsonl.gz",
];

#[test]
fn texts_of_several_files_are_scored_each_and_together() {
    let home = Home::new();
    let args = [&["score"], &FILES[..], &["--column=text"]].concat();
    let of_each = home.records(&args, "score");
    let files: Vec<&str> = of_each
        .iter()
        .map(|one| one["file"].as_str().expect("a file"))
        .collect();
    assert_eq!(
        files,
        [
            "one.txt",
            "rows.csv",
            "rows.csv",
            "rows.jsonl",
            "rows.jsonl",
            "more.jsonl.gz"
        ]
    );
    // Each is what it is alone, but for the order in which sums are made.
    let alone = &home.records(&["score", "The fox, the hen"], "score")[0];
    let loss = |one: &Value| one["loss_nats"].as_f64().expect("a number");
    assert!((loss(&of_each[2]) - loss(alone)).abs() < 1e-5 * loss(alone));
    let totals = &home.records(&args, "score_totals")[0];
    let sum = |key: &str| {
        of_each
            .iter()
            .map(|one| one[key].as_f64().expect("a number"))
            .sum::<f64>()
    };
    assert_eq!(totals["documents"], 6);
    assert_eq!(totals["predicted"].as_f64(), Some(sum("predicted")));
    let nats = totals["log_probability_nats"].as_f64().expect("nats");
    assert!((nats - sum("log_probability_nats")).abs() < 1e-6);
    let perplexity = (-nats / sum("predicted")).exp();
    assert!((totals["perplexity"].as_f64().expect("one") - perplexity).abs() < 1e-6);
}

#[test]
fn perplexity_has_its_standard_error() {
    let home = Home::new();
    let tokens = home.records(&["score", "--file", "one.txt"], "token");
    let nats: Vec<f64> = tokens
        .iter()
        .filter_map(|token| Some(token["surprisal_bits"].as_f64()? * std::f64::consts::LN_2))
        .collect();
    let n = nats.len() as f64;
    let mean = nats.iter().sum::<f64>() / n;
    let variance = nats.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    let totals = &home.records(&["score", "--file", "one.txt"], "score_totals")[0];
    let close = |key: &str, value: f64| {
        let found = totals[key].as_f64().expect("a number");
        assert!(
            (found - value).abs() < 1e-4 * value,
            "{key}: {found} {value}"
        );
    };
    close("loss_error_nats", error);
    close("perplexity_error", error * mean.exp());
    assert!(
        home.out(&["score", "--file", "one.txt", "--summary"])
            .contains(" ± ")
    );
}

#[test]
fn a_view_moves_over_the_text_by_its_stride() {
    let home = Home::new();
    let surprisal = |prompt: &str, more: &[&str]| -> Vec<Option<f64>> {
        let tokens = home.records(&[&["score", prompt], more].concat(), "token");
        tokens
            .iter()
            .map(|token| token["surprisal_bits"].as_f64())
            .collect()
    };
    let text = "Once upon a time there was a king who had a fox and a hen";
    let whole = surprisal(text, &[]);
    let narrow = surprisal(text, &["--context=6", "--stride=1"]);
    assert_eq!(whole.len(), narrow.len());
    let close = |a: Option<f64>, b: Option<f64>| (a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() < 1e-3;
    // The first window sees all that there is, and its last row predicts the token after it.
    assert!(
        (0..7).all(|at| close(whole[at], narrow[at])),
        "{whole:?} {narrow:?}"
    );
    assert!((8..whole.len()).any(|at| !close(whole[at], narrow[at])));
    // With a stride of 1 each token is predicted from six before it.
    let ids = home.out(&["tokens", text, "--ids"]);
    let ids: Vec<&str> = ids.split_whitespace().collect();
    let last = ids.len() - 1;
    let tail = [&["tokens", "--decode"], &ids[last - 6..]].concat();
    let tail = home.out(&tail);
    let alone = surprisal(tail.trim_end_matches('\n'), &[]);
    assert!(close(alone[6], narrow[last]), "{alone:?} {narrow:?}");
}

#[test]
fn prompts_come_from_files_and_samples_tell_theirs() {
    let home = Home::new();
    let odds = home.records(
        &["odds", "--lines", "--file", "lines.txt", "--top=2"],
        "odds",
    );
    let prompts: Vec<&str> = odds
        .iter()
        .map(|one| one["prompt"].as_str().expect("a prompt"))
        .collect();
    assert_eq!(prompts, ["Once upon a", "The king and the"]);
    let alone = &home.records(&["odds", "The king and the", "--top=2"], "odds")[0];
    assert_eq!(odds[1]["rows"], alone["rows"]);

    let args = [
        "generate",
        "--lines",
        "--file",
        "lines.txt",
        "-n=3",
        "--batch=2",
        "--max-tokens=4",
    ];
    let samples = home.records(&args, "sample");
    let mut places: BTreeMap<(u64, u64), &Value> = BTreeMap::new();
    for one in &samples {
        let number = |key: &str| one[key].as_u64().expect("a number");
        places.insert((number("document"), number("sample")), &one["text"]);
    }
    assert_eq!(places.len(), 6);
    let alone = home.records(
        &["generate", "The king and the", "-n=3", "--max-tokens=4"],
        "sample",
    );
    assert_eq!(places[&(1, 2)], &alone[2]["text"]);
    let texts = home.out(&[&args[..], &["--print0"]].concat());
    let texts: Vec<&str> = texts.split('\0').collect();
    assert_eq!((texts.len(), texts[6]), (7, ""));
    assert!(
        texts[..3]
            .iter()
            .all(|text| text.starts_with("Once upon a")),
        "{texts:?}"
    );
    assert!(
        texts[3..6]
            .iter()
            .all(|text| text.starts_with("The king and the")),
        "{texts:?}"
    );
}

#[test]
fn prompts_that_are_gone_on_with_together_give_the_same_texts() {
    let home = Home::new();
    let args = [
        &["generate"],
        &FILES[..],
        &["--column=text", "-n=2", "--max-tokens=12"],
    ]
    .concat();
    let one_by_one = home.out(&args);
    for batch in ["--batch=5", "--batch=100"] {
        assert_eq!(home.out(&[&args[..], &[batch]].concat()), one_by_one);
    }
    let together = [&args[..], &["--batch=5"]].concat();
    let number = |one: &Value, key: &str| one[key].as_u64().expect("a number");
    let places = |kind: &str| -> Vec<(u64, u64)> {
        let records = home.records(&together, kind);
        let records = records.iter();
        let mut places: Vec<_> = records
            .map(|one| (number(one, "document"), number(one, "sample")))
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    };
    let all: Vec<(u64, u64)> = (0..6).flat_map(|at| [(at, 0), (at, 1)]).collect();
    assert_eq!(places("sample"), all);
    let prompts = home.records(&together, "prompt");
    let documents: Vec<u64> = prompts.iter().map(|one| number(one, "document")).collect();
    assert_eq!(documents, [0, 1, 2, 3, 4, 5]);
    assert_eq!(prompts[2]["text"], "The fox, the hen");
    let totals = &home.records(&together, "generate_totals")[0];
    assert_eq!(
        (number(totals, "documents"), number(totals, "samples")),
        (6, 12)
    );
}

#[test]
fn tables_are_printed_as_separated_values() {
    let home = Home::new();
    let table = home.out(&[
        "odds",
        "Once upon a",
        "--top=3",
        "--preset=neutral",
        "--csv",
    ]);
    let rows: Vec<&str> = table.lines().collect();
    assert!(
        rows[0].starts_with("document,rank,id,text,logit,raw_probability"),
        "{table}"
    );
    assert!(rows.len() >= 4 && rows[1].starts_with("0,1,"), "{table}");
    let scored = home.out(&["score", "The fox, the hen", "--tsv"]);
    let heads = scored.lines().next().expect("heads");
    assert!(
        heads.starts_with("document\tposition\tid\ttext"),
        "{scored}"
    );
    let columns = heads.split('\t').count();
    assert!(
        scored
            .lines()
            .all(|line| line.split('\t').count() == columns),
        "{scored}"
    );
    let quoted = home.out(&["tokens", "a, \"b\"", "--csv"]);
    assert!(
        quoted.contains("\"\"\"\"") || quoted.contains("\"\"b"),
        "{quoted}"
    );
    let of_texts = home.out(&["score", "--lines", "-f", "lines.txt", "--summary", "--csv"]);
    assert_eq!(of_texts.lines().count(), 3);
    assert!(
        home.out(&["models", "--csv"])
            .starts_with("source,path,size_bytes")
    );
    assert!(
        home.out(&["tree", "Once upon a", "--tokens=3", "--tsv"])
            .starts_with("index\tparent")
    );
    let both = home.run(&["odds", "a", "--csv", "--json"], &[]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    let home = Home::new();
    let plain = home.out(&["score", "The king said xylophone.", "--as-text"]);
    assert!(plain.starts_with("The king said xylophone.\n"), "{plain}");
    let text = home.out(&[
        "score",
        "The king said xylophone.",
        "--as-text",
        "--color=always",
    ]);
    assert!(text.contains("\u{1b}[") && text.contains("oph"), "{text:?}");
    let generated = home.out(&["generate", "The king", "--max-tokens=5", "--color=always"]);
    assert!(generated.starts_with("The king\u{1b}["), "{generated:?}");
}

#[test]
fn a_locale_without_utf8_gets_tables_of_ascii_and_data_as_it_is() {
    let home = Home::new();
    let locale = [("LC_ALL", "C")];
    for args in [
        &["odds", "Once upon a"][..],
        &["tree", "Once upon a"],
        &["score", "Zoë said “no”."],
        &["tokens", "Zoë said “no”."],
    ] {
        let output = home.run(args, &locale);
        assert!(
            output.status.success() && output.stdout.is_ascii(),
            "{args:?}"
        );
    }
    let data = home.run(&["generate", "Zoë", "--max-tokens=2"], &locale);
    assert!(String::from_utf8_lossy(&data.stdout).starts_with("Zoë"));
}

#[test]
fn what_is_quiet_says_only_what_goes_wrong() {
    let home = Home::new();
    let told = home.run(
        &["generate", "a", "--method=greedy", "-n=2", "--max-tokens=2"],
        &[],
    );
    assert!(!told.stderr.is_empty());
    let quiet = [
        "--quiet",
        "generate",
        "a",
        "--method=greedy",
        "-n=2",
        "--max-tokens=2",
    ];
    assert!(home.run(&quiet, &[]).stderr.is_empty());
    let wrong = home.run(&["--quiet", "score", "--file", "none.txt"], &[]);
    assert!(!wrong.status.success() && !wrong.stderr.is_empty());
}

#[test]
fn a_file_of_tokens_is_not_written_over_unless_that_is_asked_for() {
    let home = Home::new();
    let args = ["encode", "one.txt", "--out", "a.tokens"];
    let first = home.run(&args, &[]);
    assert!(first.status.success());
    assert!(String::from_utf8_lossy(&first.stdout).contains(" in 1 document\n"));
    let again = home.run(&args, &[]);
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(2));
    assert!(error.contains("--overwrite"), "{error}");
    assert!(
        home.run(&[&args[..], &["--overwrite"]].concat(), &[])
            .status
            .success()
    );
}
