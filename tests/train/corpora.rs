//! Corpora through the binary: read whole or refused, counted, encoded and carried elsewhere.

use std::fs;

use serde_json::Value;

use super::Home;

/// What a run says it learns from: the event of its beginning.
fn started(events: &str) -> Value {
    let mut events = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let started = events.find(|event| event["kind"] == "started");
    started.expect("a beginning")
}

const ONE_STEP: [&str; 12] = [
    "--vocabulary",
    "270",
    "--context",
    "8",
    "--steps",
    "1",
    "--width",
    "16",
    "--layers",
    "1",
    "--batch",
    "2",
];

#[test]
fn a_corpus_is_read_whole_and_what_became_of_it_is_told() {
    let home = Home::new();
    let lines: String = (0..200)
        .map(|n| format!("{{\"text\": \"record {n}, the cat sat on the mat\"}}\n"))
        .collect();
    fs::write(home.path("lines.json"), &lines).expect("a file");
    fs::write(home.path("lines.jsonl"), &lines).expect("a file");
    let tokens = |file: &str| {
        let args = [
            &["train", file, "--json", "--run-name", file][..],
            &ONE_STEP,
        ]
        .concat();
        let events = home.out(&args);
        let said = events
            .lines()
            .find(|line| line.contains("\"kind\":\"corpus\""));
        let said: Value = serde_json::from_str(said.expect("what became of it")).expect("JSON");
        assert_eq!(
            (&said["files"], &said["documents"]),
            (&1.into(), &200.into())
        );
        assert_eq!(said["file_bytes"], lines.len());
        let started = started(&events);
        started["training"]["tokens"].as_u64().expect("tokens")
            + started["validation"]["tokens"].as_u64().expect("tokens")
    };
    assert_eq!(tokens("lines.json"), tokens("lines.jsonl"));

    let mut text = "the cat sat on the mat and the dog\n"
        .repeat(60)
        .into_bytes();
    text[35 * 50] = 0xff;
    fs::write(home.path("bytes.txt"), &text).expect("a file");
    let args = [&["train", "bytes.txt"][..], &ONE_STEP].concat();
    let output = home.run(&args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(
        error.contains("training: 1 file, 2100 bytes, read as 1 document, 2064 bytes of text, "),
        "{error}"
    );
    assert!(
        error.contains("skipped 1 (35 bytes): bytes.txt:51: not UTF-8"),
        "{error}"
    );
    let (code, error) = home.fails(&[&args[..], &["--strict", "--overwrite"]].concat());
    assert!(
        code == Some(1) && error.contains("bytes.txt:51: not UTF-8"),
        "{error}"
    );

    fs::write(
        home.path("paragraphs.txt"),
        "One cat.\nTwo cats.\n\n".repeat(30),
    )
    .expect("a file");
    for separator in ["\n\n", r"\n\n"] {
        let args = [
            &[
                "train",
                "paragraphs.txt",
                "--json",
                "--overwrite",
                "--split",
                separator,
                "--validation",
                "0.3",
            ][..],
            &ONE_STEP,
        ];
        let started = started(&home.out(&args.concat()));
        let count = |part: &str| started[part]["documents"].as_u64().expect("a count");
        assert_eq!(count("training") + count("validation"), 30, "{separator:?}");
    }
}

#[test]
fn a_corpus_that_cannot_be_used_is_refused_and_the_reason_comes_last() {
    let home = Home::new();
    let chat = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}\n".repeat(20);
    fs::write(home.path("chat.jsonl"), chat).expect("a file");
    let bad = "{\"other\": 1}\nnot JSON\n".repeat(12);
    fs::write(home.path("bad.jsonl"), bad).expect("a file");
    let (code, error) = home.fails(&["train", "chat.jsonl"]);
    assert_eq!((code, error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.contains("holds messages of a chat"), "{error}");
    let (code, error) = home.fails(&["train", "bad.jsonl"]);
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!((code, lines.len()), (Some(1), 4), "{error}");
    assert!(
        lines[1].contains("skipped 12 ") && lines[2].contains("skipped 12 "),
        "{error}"
    );
    assert!(
        lines[3].contains("nothing is left to learn from"),
        "{error}"
    );
    let share = ["train", "corpus.txt", "--validation", "0.999"];
    let (code, error) = home.fails(&[&share[..], &ONE_STEP].concat());
    assert_eq!(code, Some(2), "{error}");
    let last = error.lines().last().expect("a line");
    assert!(
        last.contains("a validation share of 0.999") && last.contains("--validation"),
        "{error}"
    );
}

#[test]
fn options_that_would_do_nothing_are_refused_or_told() {
    let home = Home::new();
    for (args, part) in [
        (
            &["finetune", "corpus.txt", "--precision", "q8_0"][..],
            "cannot be trained",
        ),
        (
            &["finetune", "corpus.txt", "--precision", "bf16"],
            "--mixed-precision",
        ),
        (&["train", "corpus.txt", "--model", "gpt2"], "finetune"),
    ] {
        let (code, error) = home.fails(args);
        assert_eq!((code, error.lines().count()), (Some(2), 1), "{error}");
        assert!(error.contains(part), "{error}");
    }
    let args = [
        "finetune",
        "corpus.txt",
        "--split",
        "lines",
        "--context",
        "8",
        "--steps",
        "1",
        "--batch",
        "1",
    ];
    for (more, part) in [
        (["--freeze", "first=99"], "first=99 freezes all"),
        (["--lora-alpha", "0"], "without --lora-rank"),
    ] {
        let output = home.run(&[&args[..], &["--overwrite"], &more].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && error.contains(part), "{error}");
    }
}

#[test]
fn a_corpus_is_encoded_once_and_carried() {
    let home = Home::new();
    let said = home.out(&[
        "encode",
        "corpus.txt",
        "--split",
        "lines",
        "--out",
        "data.tokens",
    ]);
    assert!(
        said.starts_with("data.tokens: ") && said.contains(" in 60 documents"),
        "{said}"
    );
    let small = [
        "--context",
        "8",
        "--steps",
        "1",
        "--batch",
        "1",
        "--json",
        "--overwrite",
    ];
    let run = |first: &[&str]| started(&home.out(&[first, &small].concat()));
    let direct = run(&["finetune", "corpus.txt", "--split", "lines"]);
    let carried = run(&["finetune", "data.tokens"]);
    assert_eq!(direct["training"], carried["training"]);
    assert_eq!(direct["validation"], carried["validation"]);
    let scratch = run(&[
        "train",
        "data.tokens",
        "--tokenizer",
        "embedded",
        "--width",
        "16",
    ]);
    assert_eq!(scratch["training"], direct["training"]);

    home.out(&[&["train", "corpus.txt"][..], &ONE_STEP, &["--overwrite"]].concat());
    home.out(&["export", "run1", "model"]);
    for (args, part) in [
        (
            &[
                "finetune",
                "data.tokens",
                "--model",
                "./model",
                "--overwrite",
            ][..],
            "another tokenizer (that of `embedded`)",
        ),
        (
            &["train", "data.tokens", "--overwrite"],
            "name that one with --tokenizer",
        ),
        (
            &[
                "train",
                "data.tokens",
                "--min-chars",
                "3",
                "--tokenizer",
                "embedded",
            ],
            "encoded already",
        ),
        (
            &["encode", "corpus.txt", "--out", "data.txt"],
            "must end in .tokens",
        ),
        (&["encode", "--out", "more.tokens"], "no corpus"),
    ] {
        let (_, error) = home.fails(args);
        assert_eq!(error.lines().count(), 1, "{args:?}: {error}");
        assert!(error.contains(part), "{args:?}: {error}");
    }
}

#[test]
fn marks_of_configuration_and_prompts_are_dropped_and_returns_are_told() {
    let home = Home::new();
    home.out(&[&["train", "corpus.txt"][..], &ONE_STEP].concat());
    home.out(&["export", "run1", "model"]);
    let score = |file: &str| {
        let args = [
            "score",
            "--file",
            file,
            "--summary",
            "--json",
            "--model",
            "./model",
        ];
        let output = home.run(&args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}");
        let records = String::from_utf8(output.stdout).expect("UTF-8");
        (records.lines().last().expect("totals").to_owned(), error)
    };
    let utf16 = |text: &str| -> Vec<u8> {
        let units = format!("\u{feff}{text}");
        units.encode_utf16().flat_map(u16::to_be_bytes).collect()
    };
    fs::write(home.path("plain.txt"), "the cat sat").expect("a file");
    fs::write(home.path("marked.txt"), "\u{feff}the cat sat").expect("a file");
    fs::write(home.path("wide.txt"), utf16("the cat sat")).expect("a file");
    fs::write(home.path("returns.txt"), "the cat\r\nsat\r\n").expect("a file");
    let plain = score("plain.txt");
    assert_eq!(
        (score("marked.txt"), score("wide.txt")),
        (plain.clone(), plain.clone())
    );
    let (summary, told) = score("returns.txt");
    assert!(
        told.contains("returns.txt has 2 line breaks CR LF") && summary != plain.0,
        "{told}"
    );
    let marked = home.out(&[
        "tokens",
        "\u{feff}the cat sat",
        "--ids",
        "--model",
        "./model",
    ]);
    let ids = home.out(&["tokens", "the cat sat", "--ids", "--model", "./model"]);
    assert_eq!(marked, ids);
    for (name, wide) in [
        ("config.json", false),
        ("tokenizer.json", true),
        ("tokenizer_config.json", false),
    ] {
        let text = fs::read_to_string(home.path("model").join(name)).expect("a file");
        let bytes = if wide {
            utf16(&text)
        } else {
            format!("\u{feff}{text}").into_bytes()
        };
        fs::write(home.path("model").join(name), bytes).expect("a file");
    }
    assert_eq!(score("plain.txt"), plain);
    fs::write(
        home.path("marked.toml"),
        "\u{feff}[generation]\nmax_tokens = 3\n",
    )
    .expect("a file");
    home.out(&[
        "generate",
        "the",
        "--model",
        "./model",
        "--config",
        "marked.toml",
    ]);
}

#[test]
fn a_sentencepiece_text_is_decoded_as_it_was() {
    let home = Home::new();
    home.out(&[&["train", "corpus.txt"][..], &ONE_STEP].concat());
    home.out(&["export", "run1", "model"]);
    let metaspace =
        r#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#;
    let tokenizer = format!(
        r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {metaspace}, "post_processor": null, "decoder": {metaspace},
        "model": {{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["▁the", -1.0], ["▁cat", -1.0], ["▁", -2.0]]}}}}"#
    );
    fs::write(home.path("model/tokenizer.json"), tokenizer).expect("a file");
    let model = ["--model", "./model"];
    let ids = home.out(&[&["tokens", "the cat", "--ids"][..], &model].concat());
    assert_eq!(ids.trim(), "1 2");
    let text = home.out(&[&["tokens"][..], &model, &["--decode", "1", "2"]].concat());
    assert_eq!(text, "the cat\n");
}
