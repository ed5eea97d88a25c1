//! Corpora are read whole or refused, and what was left out or changed is told.

use super::*;

fn tally(settings: &CorpusSettings) -> Tally {
    read(settings, &mut |_: Piece, _: &ReadProgress| Ok(()))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn utf16(text: &str) -> Vec<u8> {
    let units = format!("\u{feff}{text}");
    units.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn records(count: usize) -> String {
    (0..count)
        .map(|n| format!("{{\"text\": \"record {n} of many\"}}\n"))
        .collect()
}

#[test]
fn json_of_any_form_is_read_whole_whatever_its_name() {
    let files = Files::new();
    let lines = records(500);
    let list = format!("[{}]", lines.trim_end().replace('\n', ",\n"));
    let pretty = lines.replace("{", "{\n  ").replace("}", "\n}");
    for (form, text) in [("lines", &lines), ("list", &list), ("pretty", &pretty)] {
        for name in ["a.json", "a.jsonl", "a.ndjson"] {
            let path = files.write(name, text.as_bytes());
            let (found, skipped) = documents(&settings(&[path]));
            assert_eq!((found.len(), skipped.len()), (500, 0), "{form} in {name}");
            assert_eq!(found[499], "record 499 of many");
        }
    }
    let several = files.write(
        "b.json",
        b"{\"text\": \"one\"} [\"two\", {\"text\": \"three\"}]\n\n\"four\"",
    );
    assert_eq!(
        documents(&settings(&[several])).0,
        ["one", "two", "three", "four"]
    );
    let one_line = files.write(
        "c.jsonl",
        b"[{\"text\": \"one\"}, {\"text\": \"two\"}]\n[\"a\", \"line\"]\n",
    );
    assert_eq!(
        documents(&settings(&[one_line])).0,
        ["one", "two", "a\nline"]
    );
    let broken = format!("{lines}{{\"text\": \"bro\n{lines}");
    let path = files.write("d.json", broken.as_bytes());
    let (found, skipped) = documents(&settings(&[path]));
    assert_eq!((found.len(), skipped.len()), (1000, 1));
    let broken = files.write(
        "e.json",
        format!("{}, {{\"text\": \"bro\n", &list[..list.len() - 1]).as_bytes(),
    );
    let error = error(&settings(&[broken]));
    assert!(
        error.contains("from line 50") && error.contains(".jsonl"),
        "{error}"
    );
    let empty = files.write("f.json", b" \n");
    assert_eq!(documents(&settings(&[empty])).1, ["2: empty"]);
}

#[test]
fn a_byte_that_is_no_text_costs_its_line_or_record_alone() {
    let files = Files::new();
    let lines: String = (0..20_001).map(|n| format!("this is line {n}\n")).collect();
    let mut bytes = lines.clone().into_bytes();
    let at = lines.find("line 2000\n").expect("the line");
    bytes[at] = 0xe9;
    let path = files.write("a.txt", &bytes);
    let (found, skipped) = documents(&settings(std::slice::from_ref(&path)));
    assert_eq!(skipped, ["2001: not UTF-8"]);
    let rest = lines.replace("this is line 2000\n", "");
    assert_eq!(found, [rest.trim_end()]);
    let tally = tally(&settings(std::slice::from_ref(&path)));
    let kind = &tally.skipped.kinds["not UTF-8"];
    assert_eq!(
        (kind.count, kind.bytes),
        (1, "this is line 2000\n".len() as u64)
    );
    assert_eq!(tally.bytes, lines.len() as u64);
    let strict = CorpusSettings {
        strict: true,
        ..settings(&[path])
    };
    assert!(error(&strict).ends_with("a.txt:2001: not UTF-8"));
    for (name, text) in [
        (
            "b.json",
            &b"[{\"text\": \"one\"}, {\"text\": \"t\xffo\"}, {\"text\": \"three\"}]"[..],
        ),
        (
            "b.jsonl",
            b"{\"text\": \"one\"}\n{\"text\": \"t\xffo\"}\n{\"text\": \"three\"}",
        ),
        ("b.csv", b"text\none\nt\xffo\nthree\n"),
    ] {
        let corpus = CorpusSettings {
            wrap: Some((String::new(), String::new())),
            ..settings(&[files.write(name, text)])
        };
        let (found, skipped) = documents(&corpus);
        assert_eq!(found, ["one", "three"], "{name}");
        assert!(
            skipped.len() == 1 && skipped[0].ends_with("not UTF-8"),
            "{skipped:?}"
        );
    }
}

#[test]
fn separators_may_hold_line_breaks() {
    let files = Files::new();
    let paragraph = |n: usize| format!("Paragraph {n} begins here.\nIt has a second line.");
    let expected: Vec<String> = (0..30).map(paragraph).collect();
    for (text, separator) in [
        ("\n\n", "\n\n"),
        ("\n\n\n\n", "\n\n"),
        ("\r\n\r\n", "\n\n"),
        ("\r\n\r\n", "\r\n\r\n"),
        ("\n====\n", "\n====\n"),
        ("\n==\n==\n", "\n==\n==\n"),
        ("\n====\n", "\n===="),
    ] {
        let path = files.write("a.txt", expected.join(text).as_bytes());
        let corpus = CorpusSettings {
            split: Split::At(separator.to_owned()),
            strict: true,
            ..settings(&[path])
        };
        assert_eq!(documents(&corpus).0, expected, "{text:?} at {separator:?}");
    }
    // Also where documents are long, and lines are.
    let long: Vec<String> = (0..6)
        .map(|n| format!("line {n} ").repeat(30_000) + "\n=\nend")
        .collect();
    let path = files.write("b.txt", long.join("\n==\n").as_bytes());
    let corpus = CorpusSettings {
        split: Split::At("\n==\n".to_owned()),
        ..settings(&[path])
    };
    assert_eq!(documents(&corpus).0, long);
}

#[test]
fn marks_utf_16_and_line_breaks_are_read_as_what_they_are() {
    let files = Files::new();
    let lines: String = (0..50)
        .map(|n| format!("plain line {n}, é 日\r\n"))
        .collect();
    let plain: Vec<String> = lines.lines().map(str::to_owned).collect();
    let by_lines = |path: &PathBuf| CorpusSettings {
        split: Split::Lines,
        strict: true,
        ..settings(std::slice::from_ref(path))
    };
    for bytes in [
        utf16(&lines),
        format!("\u{feff}{lines}").into_bytes(),
        lines.replace("\r\n", "\r").into_bytes(),
    ] {
        let path = files.write("a.txt", &bytes);
        assert_eq!(documents(&by_lines(&path)).0, plain);
        let whole = documents(&settings(std::slice::from_ref(&path))).0;
        assert_eq!(whole, [plain.join("\n")]);
        let remarks = tally(&settings(&[path])).remarks;
        assert!(remarks.contains_key(RETURNS), "{remarks:?}");
    }
    let path = files.write("b.txt", &utf16("one"));
    assert!(tally(&settings(&[path])).remarks.contains_key("is UTF-16"));
    let table = format!("title\r\n\"two\r\nlines\"\r\n{}", "more\r\n".repeat(3));
    for bytes in [utf16(&table), format!("\u{feff}{table}").into_bytes()] {
        let corpus = CorpusSettings {
            column: Some("title".to_owned()),
            wrap: Some((String::new(), String::new())),
            ..settings(&[files.write("c.csv", &bytes)])
        };
        assert_eq!(documents(&corpus).0, ["two\nlines", "more", "more", "more"]);
    }
    for (name, text) in [
        ("d.json", "[{\"text\": \"a\\r\\nb\"}]"),
        ("d.jsonl", "{\"text\": \"a\\r\\nb\"}\r\n"),
    ] {
        for bytes in [utf16(text), format!("\u{feff}{text}").into_bytes()] {
            let corpus = settings(&[files.write(name, &bytes)]);
            assert_eq!(
                documents(&corpus),
                (vec!["a\nb".to_owned()], vec![]),
                "{name}"
            );
        }
    }
}

#[test]
fn tables_are_known_by_their_rows() {
    let files = Files::new();
    let rows: String = (0..30)
        .map(|n| format!("{n};\"the cat, it {n} \"\"sat\"\"\nand looked\"\n"))
        .collect();
    let semicolons = files.write("a.csv", format!("id;title\n{rows}").as_bytes());
    let column = |path: &PathBuf| CorpusSettings {
        column: Some("title".to_owned()),
        wrap: Some((String::new(), String::new())),
        ..settings(std::slice::from_ref(path))
    };
    let (found, skipped) = documents(&column(&semicolons));
    assert_eq!((found.len(), skipped.len()), (30, 0));
    assert_eq!(found[0], "the cat, it 0 \"sat\"\nand looked");
    let sentences = tally(&column(&semicolons)).sentences(None);
    assert!(
        sentences[1].ends_with("a.csv has columns separated by `;`"),
        "{sentences:?}"
    );
    assert!(
        error(&settings(&[semicolons])).contains("2 columns; name one with --column: id, title")
    );
    let tabs = files.write("b.csv", b"id\ttitle\n1\tone, two\n2\tthree\n3\tfour\n");
    assert_eq!(documents(&column(&tabs)).0, ["one, two", "three", "four"]);
    let unclear = files.write("c.csv", b"one; two\nfirst\nsecond\n");
    let message = error(&settings(std::slice::from_ref(&unclear)));
    assert!(
        message.contains("not clear") && message.contains("--separator"),
        "{message}"
    );
    let named = CorpusSettings {
        separator: Some('|'),
        ..settings(&[unclear])
    };
    assert_eq!(documents(&named).0.len(), 2);
    // Texts that a separator tears apart are not learned in part.
    let torn = files.write("d.csv", b"title\nHello, he said\nno more\nand, \n");
    let (found, skipped) = documents(&settings(&[torn]));
    assert_eq!((found.len(), skipped.len()), (1, 2));
    assert!(
        skipped[0].starts_with("2: 2 cells, where the header has 1"),
        "{skipped:?}"
    );
}

#[test]
fn a_quote_that_is_never_closed_swallows_no_rows() {
    let files = Files::new();
    let rows: String = (0..40)
        .map(|n| format!("{n}\t\"Hello, he said\n"))
        .collect();
    let good = "41\t\"a good one\"\n";
    let path = files.write("a.tsv", format!("id\ttitle\n{rows}{good}").as_bytes());
    let corpus = CorpusSettings {
        column: Some("title".to_owned()),
        ..settings(&[path])
    };
    assert_eq!(documents(&corpus).0, ["a good one"]);
    let tally = tally(&corpus);
    assert_eq!(tally.skipped.total(), 40);
    let sentences = tally.sentences(Some(3));
    let last = &sentences[1];
    assert_eq!(sentences.len(), 2);
    assert!(
        last.starts_with("skipped 40 (") && last.contains("a.tsv:2: a quote begins a cell"),
        "{last}"
    );
    assert!(
        last.contains("; so are line 3, line 4,") && last.ends_with("and more"),
        "{last}"
    );
}

#[test]
fn a_directory_leaves_out_what_is_of_another_kind() {
    let files = Files::new();
    files.write("c/LICENSE", b"MIT");
    files.write("c/poems.json", b"[{\"lines\": [\"a\", \"b\"]}]");
    files.write("c/table.csv", b"lines\nc\n");
    files.write("c/picture", b"\x89PNG\r\n\x1a\n\0\0\0 and so on\n");
    let directory = [files.0.path().join("c")];
    let field = CorpusSettings {
        field: Some("lines".to_owned()),
        strict: true,
        ..settings(&directory)
    };
    assert_eq!(documents(&field).0, ["a\nb"]);
    let tally = tally(&field);
    assert_eq!(
        (
            tally.files,
            tally.skipped.kinds["files of another kind"].count
        ),
        (1, 3)
    );
    let column = CorpusSettings {
        column: Some("lines".to_owned()),
        ..settings(&directory)
    };
    assert_eq!(documents(&column).0, ["<|startoftext|>c<|endoftext|>"]);
    // Without either all are texts but the picture, which has none.
    files.write("c/poems.json", b"\"a text\"");
    let (found, skipped) = documents(&settings(&directory));
    assert_eq!(found, ["MIT", "a text", "<|startoftext|>c<|endoftext|>"]);
    assert_eq!(skipped, ["0: is a binary file, no text"]);
    let named = [files.0.path().join("c/picture")];
    assert!(error(&settings(&named)).ends_with("c/picture: is a binary file, no text"));
}

#[test]
fn conversations_are_refused_as_what_they_are() {
    let files = Files::new();
    for (row, what) in [
        (
            r#"{"messages": [{"role": "user", "content": "Hi"}]}"#,
            "messages of a chat",
        ),
        (
            r#"{"conversations": [{"from": "human", "value": "Hi"}]}"#,
            "ShareGPT",
        ),
        (
            r#"{"prompt": "Hi", "completion": "Ho"}"#,
            "prompts with completions",
        ),
        (
            r#"[{"role": "user", "content": "Hi"}]"#,
            "messages of a chat",
        ),
    ] {
        let path = files.write("a.jsonl", format!("{row}\n").repeat(20).as_bytes());
        let message = error(&settings(std::slice::from_ref(&path)));
        let expected = format!("a.jsonl: line 1 holds {what}");
        assert!(
            message.contains("--field") && message.contains(what),
            "{message}"
        );
        assert!(
            message.contains("a.jsonl: line 1 holds"),
            "{message} {expected}"
        );
    }
    // A field of texts may be named all the same, and a text beside a conversation is one.
    let path = files.write("b.jsonl", br#"{"prompt": "Hi", "completion": "Ho"}"#);
    let completion = CorpusSettings {
        field: Some("completion".to_owned()),
        ..settings(&[path])
    };
    assert_eq!(documents(&completion).0, ["Ho"]);
    let path = files.write("c.jsonl", br#"{"messages": [], "text": "Ho"}"#);
    assert_eq!(documents(&settings(&[path])).0, ["Ho"]);
}

#[test]
fn one_long_line_comes_in_pieces() {
    let files = Files::new();
    let line = "many words without a break ".repeat(150_000);
    let text = format!("{line}\nand a short one\n");
    for split in [Split::File, Split::Lines] {
        let corpus = CorpusSettings {
            split,
            ..settings(&[files.write("a.txt", text.as_bytes())])
        };
        let (mut found, mut longest) = (String::new(), 0);
        let mut count = 0;
        let mut sink = |piece: Piece, _: &ReadProgress| {
            longest = longest.max(piece.text.len());
            found.push_str(&piece.text);
            count += u64::from(piece.last);
            Ok(())
        };
        let tally = read(&corpus, &mut sink).expect("a text");
        assert!(longest <= 1 << 16, "{longest}");
        assert_eq!((tally.documents, tally.skipped.total()), (count, 0));
        match corpus.split {
            Split::Lines => assert_eq!((found, count), (text.replace('\n', ""), 2)),
            _ => assert_eq!((found.as_str(), count), (text.trim_end(), 1)),
        }
    }
}
