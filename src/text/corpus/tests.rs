//! Every format, packed and not, and what is broken in them.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::*;

mod whole;

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, bytes).expect("a file");
        path
    }
}

fn settings(files: &[PathBuf]) -> CorpusSettings {
    CorpusSettings {
        files: files.to_vec(),
        ..CorpusSettings::default()
    }
}

/// The documents, and what was skipped as `line: reason`.
fn documents(settings: &CorpusSettings) -> (Vec<String>, Vec<String>) {
    let (mut documents, mut open) = (Vec::new(), String::new());
    let mut sink = |piece: Piece, _: &ReadProgress| {
        open.push_str(&piece.text);
        if piece.last {
            documents.push(std::mem::take(&mut open));
        }
        Ok(())
    };
    let tally = read(settings, &mut sink).unwrap_or_else(|error| panic!("{error}"));
    let mut rows: Vec<_> = tally.skipped.rows().collect();
    rows.sort_by_key(|row| row.line);
    let rows = rows
        .iter()
        .map(|row| format!("{}: {}", row.line, row.reason))
        .collect();
    (documents, rows)
}

fn error(settings: &CorpusSettings) -> String {
    let mut sink = |_: Piece, _: &ReadProgress| Ok(());
    read(settings, &mut sink).expect_err("an error").to_string()
}

#[test]
fn text_is_cut_as_asked() {
    let files = Files::new();
    let path = files.write(
        "a.txt",
        b"one\ntwo<|end|>\nthree\n<|end|>\n\xffspoiled\n<|end|>last",
    );
    let (whole, skipped) = documents(&settings(std::slice::from_ref(&path)));
    // The line is left out, and no other.
    let rest = "one\ntwo<|end|>\nthree\n<|end|>\n<|end|>last".to_owned();
    assert_eq!(
        (whole, skipped),
        (vec![rest], vec!["5: not UTF-8".to_owned()])
    );
    let lines = CorpusSettings {
        split: Split::Lines,
        ..settings(std::slice::from_ref(&path))
    };
    let (found, skipped) = documents(&lines);
    assert_eq!(
        found,
        ["one", "two<|end|>", "three", "<|end|>", "<|end|>last"]
    );
    assert_eq!(skipped, ["5: not UTF-8"]);
    let at = CorpusSettings {
        split: Split::At("<|end|>".to_owned()),
        ..settings(std::slice::from_ref(&path))
    };
    let (found, skipped) = documents(&at);
    assert_eq!(found, ["one\ntwo", "three", "last"]);
    assert_eq!(skipped, ["5: not UTF-8"]);
    let strict = CorpusSettings { strict: true, ..at };
    assert_eq!(error(&strict), format!("{}:5: not UTF-8", path.display()));
}

#[test]
fn a_long_document_comes_in_pieces_that_join_to_it() {
    let files = Files::new();
    let text: String = (0..20_000)
        .map(|n| format!("line {n}\n{}", if n % 7 == 0 { "\n" } else { "" }))
        .collect();
    let path = files.write("long.txt", text.as_bytes());
    let (mut joined, mut pieces) = (String::new(), 0);
    let mut sink = |piece: Piece, _: &ReadProgress| {
        assert!(
            joined.is_empty() || !joined.ends_with("\n\n"),
            "cut at an empty line"
        );
        joined.push_str(&piece.text);
        pieces += 1;
        Ok(())
    };
    read(&settings(&[path]), &mut sink).expect("a text");
    assert!(pieces > 2, "{pieces}");
    assert_eq!(joined, text.strip_suffix('\n').expect("a line break"));
}

#[test]
fn directories_are_read_in_the_order_of_names() {
    let files = Files::new();
    files.write("c/pos/2.txt", b"third");
    files.write("c/neg/0.txt", b"first");
    files.write("c/neg/1.txt", b"second");
    files.write("c/.hidden", b"never");
    assert_eq!(
        documents(&settings(&[files.0.path().join("c")])).0,
        ["first", "second", "third"]
    );
}

#[test]
fn packed_files_are_unpacked() {
    let files = Files::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(b"{\"text\": \"packed\"}\n")
        .expect("memory");
    let gz = files.write("a.jsonl.gz", &packed.finish().expect("memory"));
    // `printf packed | xz`
    let xz = files.write("b.txt.xz", &XZ);
    assert_eq!(
        documents(&settings(&[gz, xz.clone()])).0,
        ["packed", "packed"]
    );
    files.write("b.txt.xz", &XZ[..40]);
    assert!(error(&settings(&[xz])).contains("b.txt.xz"));
}

const XZ: [u8; 64] = [
    253, 55, 122, 88, 90, 0, 0, 4, 230, 214, 180, 70, 2, 0, 33, 1, 22, 0, 0, 0, 116, 47, 229, 163,
    1, 0, 5, 112, 97, 99, 107, 101, 100, 0, 0, 0, 83, 208, 237, 132, 254, 15, 98, 37, 0, 1, 30, 6,
    193, 47, 164, 29, 31, 182, 243, 125, 1, 0, 0, 0, 0, 4, 89, 90,
];

#[test]
fn a_column_is_taken_and_wrapped() {
    let files = Files::new();
    let path = files.write(
        "a.csv",
        b"title,text\nx,\"two\nlines\"\ny\nz,\nw,\xff\nv,last\n",
    );
    let message = error(&settings(std::slice::from_ref(&path)));
    assert!(
        message.contains("2 columns") && message.contains("title, text"),
        "{message}"
    );
    let column = |name: &str| CorpusSettings {
        column: Some(name.to_owned()),
        wrap: Some(("<s>".to_owned(), "</s>".to_owned())),
        ..settings(std::slice::from_ref(&path))
    };
    assert!(error(&column("body")).contains("no column `body`"));
    let (found, skipped) = documents(&column("text"));
    assert_eq!(found, ["<s>two\nlines</s>", "<s>last</s>"]);
    assert_eq!(
        skipped,
        ["4: `text` is missing", "5: empty", "6: not UTF-8"]
    );
    let one = files.write("one.csv", b"post\nfirst\nsecond\n");
    assert_eq!(
        documents(&settings(&[one])).0,
        [
            "<|startoftext|>first<|endoftext|>",
            "<|startoftext|>second<|endoftext|>"
        ]
    );
}

#[test]
fn json_gives_fields_and_names_what_is_broken() {
    let files = Files::new();
    let lines = files.write(
        "a.jsonl",
        b"{\"text\": \"one\"}\n\n{\"other\": 1}\n{\"text\": 5}\n{\"text\": \"cut\n{\"text\": \"two\"}\n",
    );
    let (found, skipped) = documents(&settings(&[lines]));
    assert_eq!(found, ["one", "two"]);
    assert_eq!(
        skipped[..2],
        [
            "3: `text` is missing",
            "4: `text` is neither a text nor a list of texts"
        ]
    );
    assert!(skipped[2].starts_with("5: not valid JSON"), "{skipped:?}");

    let poems = files.write(
        "b.json",
        "[{\"paragraphs\": [\"床前明月光\", \"疑是地上霜\"]},\n{\"paragraphs\": []},\n{\"paragraphs\": [\"cu".as_bytes(),
    );
    let field = CorpusSettings {
        field: Some("paragraphs".to_owned()),
        ..settings(&[poems])
    };
    // What follows the break cannot be known, so that all of it is refused.
    let error = error(&field);
    assert!(
        error.contains("b.json: is no valid JSON from line 3 on"),
        "{error}"
    );
    let poems = files.write(
        "c.json",
        "[{\"paragraphs\": [\"床前明月光\", \"疑是地上霜\"]},\n{\"paragraphs\": []}]".as_bytes(),
    );
    let (found, skipped) = documents(&CorpusSettings {
        files: vec![poems.clone()],
        ..field.clone()
    });
    assert_eq!(found, ["床前明月光\n疑是地上霜"]);
    assert!(skipped[0].ends_with(": empty"), "{skipped:?}");
    let joined = CorpusSettings {
        files: vec![poems],
        join: String::new(),
        ..field
    };
    assert_eq!(documents(&joined).0, ["床前明月光疑是地上霜"]);
}

#[test]
fn a_record_of_a_list_is_named_by_its_own_line() {
    let files = Files::new();
    let chat = r#"[{"messages": [{"role": "user", "content": "Hello."}]}]"#;
    for (text, line) in [
        (format!("{chat}\n\n"), 1),
        (format!("[\n{{\"text\": \"One.\"}},\n{}\n", &chat[1..]), 3),
    ] {
        let error = error(&settings(&[files.write("chat.json", text.as_bytes())]));
        let named = format!("line {line} holds messages of a chat");
        assert!(error.contains(&named), "{error}");
    }
}

#[test]
fn filters_change_and_leave_out() {
    let files = Files::new();
    let path = files.write(
        "a.txt",
        "It's <br />GOOD!\nshort\nﬁne, e\u{301}t\u{e9} 2²\n".as_bytes(),
    );
    let with = |filters: Filters| {
        let settings = CorpusSettings {
            split: Split::Lines,
            filters,
            ..settings(std::slice::from_ref(&path))
        };
        documents(&settings)
    };
    let standard = Filters {
        standardise: true,
        min_chars: 8,
        ..Filters::default()
    };
    let (found, skipped) = with(standard);
    assert_eq!(found[0], "it 's  good !");
    assert_eq!(skipped, ["2: too short"]);
    let nfkc = Filters {
        normalisation: Normalisation::Nfkc,
        ..Filters::default()
    };
    assert_eq!(with(nfkc).0[2], "fine, \u{e9}t\u{e9} 22");
}

#[test]
fn the_key_is_of_the_contents_and_how_they_are_read() {
    let files = Files::new();
    let (a, b) = (files.write("a.txt", b"one"), files.write("b.txt", b"one"));
    let key = |settings: &CorpusSettings, more: &[u8]| {
        content_key(settings, more, &mut || Ok(())).expect("a key")
    };
    let first = key(&settings(std::slice::from_ref(&a)), b"x");
    assert_eq!(first, key(&settings(&[b]), b"x"));
    assert_ne!(first, key(&settings(std::slice::from_ref(&a)), b"y"));
    let lines = CorpusSettings {
        split: Split::Lines,
        ..settings(std::slice::from_ref(&a))
    };
    assert_ne!(first, key(&lines, b"x"));
    fs::write(&a, b"two").expect("a file");
    assert_ne!(first, key(&settings(&[a]), b"x"));
}

#[test]
fn lines_with_excluded_words_are_left_out_and_named() {
    let files = Files::new();
    let path = files.write(
        "a.txt",
        b"A kind word.\nThe Dragon's lair\ndragonfly\n\n<|end|>DRAGON\n<|end|>end",
    );
    let mut settings = settings(&[path]);
    settings.split = Split::At("<|end|>".to_owned());
    settings.strict = true;
    settings.filters.exclude = vec!["dragon".to_owned()];
    let (found, rows) = documents(&settings);
    assert_eq!(found, ["A kind word.\ndragonfly\n", "end"]);
    let reason = Reason::Excluded;
    assert_eq!(rows, [format!("2: {reason}"), format!("5: {reason}")]);
}
