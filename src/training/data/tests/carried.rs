//! Encoded corpora that are carried elsewhere, whole, damaged and forged.

use std::fs;

use super::*;

fn request<'a>(corpus: &'a CorpusSettings, tokenizer: &'a Tokenizer) -> EncodeRequest<'a> {
    EncodeRequest {
        corpus,
        tokenizer,
        begin: None,
        end: None,
    }
}

#[test]
fn what_was_encoded_stands_for_its_texts() {
    let directory = tempfile::tempdir().expect("a directory");
    let texts = corpus(directory.path(), "abc\n\nde\nxyz\n");
    let direct = encoded(&texts, &directory.path().join("cache")).expect("a corpus");
    let (path, tokenizer) = (directory.path().join("data.tokens"), tokenizer());
    let request = request(&texts, &tokenizer);
    let (tally, count) =
        encode_to_file(&request, "the letters", &path, &mut |_, _| Ok(())).expect("a file");
    assert_eq!((count, tally.documents, tally.skipped.total()), (8, 3, 1));
    assert!(!directory.path().join("data.tokens.part").exists());
    let carried = CorpusSettings {
        files: vec![path.clone()],
        ..CorpusSettings::default()
    };
    // With ends after the documents, as the run wants them.
    let again = encoded(&carried, &directory.path().join("elsewhere")).expect("a corpus");
    assert_eq!(tokens(&again.cache), tokens(&direct.cache));
    assert_eq!(again.cache.document(1), direct.cache.document(1));
    let tally = &again.cache.info.tally;
    assert_eq!((tally.files, tally.documents, tally.text_bytes), (1, 3, 8));
    // Beside texts, in the order of the files.
    let both = CorpusSettings {
        files: vec![texts.files[0].clone(), path],
        split: Split::Lines,
        ..CorpusSettings::default()
    };
    let both = encoded(&both, &directory.path().join("elsewhere")).expect("a corpus");
    let twice = [tokens(&direct.cache), tokens(&direct.cache)].concat();
    assert_eq!(tokens(&both.cache), twice);
}

#[test]
fn another_tokenizer_and_false_files_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let texts = corpus(directory.path(), "abc\nde\n");
    let (path, tokenizer) = (directory.path().join("data.tokens"), tokenizer());
    let write = |tokenizer: &Tokenizer| {
        encode_to_file(&request(&texts, tokenizer), "them", &path, &mut |_, _| {
            Ok(())
        })
        .expect("a file");
        fs::read(&path).expect("the file")
    };
    let whole = write(&tokenizer);
    let carried = CorpusSettings {
        files: vec![path.clone()],
        ..CorpusSettings::default()
    };
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("a file");
        let cache = directory.path().join("cache");
        encoded(&carried, &cache).err().expect("an error")
    };
    let label_at = 16 + 5 * 2 + 2 * 8;
    let relabelled = |from: &str, to: &str| {
        let label = String::from_utf8(whole[label_at..].to_vec()).expect("JSON");
        assert!(label.contains(from), "{label}");
        [&whole[..label_at], label.replace(from, to).as_bytes()].concat()
    };
    let mut token = whole.clone();
    token[16..18].copy_from_slice(&99_u16.to_le_bytes());
    let mut end = whole.clone();
    end[26..34].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut far = whole.clone();
    far[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut other = whole.clone();
    other[16] ^= 1;
    for (bytes, part) in [
        (b"LSC".to_vec(), "too short"),
        (b"LSTOKENS and more of it".to_vec(), "does not begin as one"),
        (whole[..30].to_vec(), "cut short"),
        (far, "cut short"),
        (whole[..whole.len() - 1].to_vec(), "label"),
        (
            relabelled("\"tokens\":5", "\"tokens\":4611686018427387904"),
            "contradict",
        ),
        (
            relabelled("\"documents\":2", "\"documents\":2305843009213693952"),
            "contradict",
        ),
        (relabelled("\"width\":2", "\"width\":0"), "contradict"),
        (token, "a token 99"),
        (end, "follow one another"),
        (other, "not those that were written"),
    ] {
        let error = refused(&bytes);
        assert!(
            error.contains(part) && error.contains("data.tokens"),
            "{part}: {error}"
        );
    }
    assert!(whole[label_at..].starts_with(b"{"));
    let json = tokenizer.to_json().expect("JSON").replace("\"a\"", "\"A\"");
    let another = Tokenizer::from_bytes(json.as_bytes(), "test").expect("a tokenizer");
    let error = refused(&write(&another));
    assert!(
        error.contains("another tokenizer (that of `them`)") && error.contains("--tokenizer"),
        "{error}"
    );
}

#[test]
fn what_is_broken_off_leaves_no_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let texts = corpus(directory.path(), "abc\n");
    let (path, tokenizer) = (directory.path().join("data.tokens"), tokenizer());
    let broken = encode_to_file(&request(&texts, &tokenizer), "them", &path, &mut |_, _| {
        Err(crate::text::corpus::CorpusError::Cancelled)
    });
    assert!(matches!(
        broken,
        Err(crate::training::TrainingError::Cancelled)
    ));
    let left = fs::read_dir(directory.path()).expect("a directory").count();
    assert_eq!(left, 1);
}
