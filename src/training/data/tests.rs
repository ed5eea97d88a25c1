//! From files to batches: nothing lost, nothing doubled, the same again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::text::Tokenizer;
use crate::text::corpus::{CorpusSettings, ReadProgress, Split};

mod carried;

/// One token a letter: `a` is 1, `.` separates documents as token 0.
fn tokenizer() -> Tokenizer {
    let letters: Vec<String> = ('a'..='z')
        .zip(1..)
        .map(|(letter, id)| format!("\"{letter}\":{id}"))
        .collect();
    let json = format!(
        r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":null,"post_processor":null,"decoder":null,
        "model":{{"type":"BPE","unk_token":null,"vocab":{{".":0,{}}},"merges":[]}}}}"#,
        letters.join(",")
    );
    Tokenizer::from_bytes(json.as_bytes(), "test").expect("a tokenizer")
}

fn corpus(directory: &Path, text: &str) -> CorpusSettings {
    let path = directory.join("corpus.txt");
    std::fs::write(&path, text).expect("a file");
    CorpusSettings {
        files: vec![path],
        split: Split::Lines,
        ..CorpusSettings::default()
    }
}

struct Encoded {
    cache: Arc<TokenCache>,
    /// How often the corpus was read from.
    pieces: usize,
}

fn encoded(corpus: &CorpusSettings, directory: &Path) -> Result<Encoded, String> {
    let request = EncodeRequest {
        corpus,
        tokenizer: &tokenizer(),
        begin: None,
        end: Some(0),
    };
    let mut pieces = 0;
    let cache = encode(&request, directory, &mut |state, _| {
        pieces += usize::from(*state != ReadProgress::default());
        Ok(())
    });
    Ok(Encoded {
        cache: Arc::new(cache.map_err(|error| error.to_string())?),
        pieces,
    })
}

fn tokens(cache: &TokenCache) -> Vec<u32> {
    let mut out = Vec::new();
    cache.copy(0..cache.len(), &mut out);
    out
}

fn only_file(directory: &Path, ending: &str) -> PathBuf {
    let files = std::fs::read_dir(directory).expect("a directory");
    let mut files = files.map(|file| file.expect("a file").path());
    files
        .find(|path| path.to_string_lossy().ends_with(ending))
        .expect("a file of this ending")
}

#[test]
fn a_corpus_is_encoded_once_and_again_when_the_cache_is_damaged() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache");
    let corpus = corpus(directory.path(), "abc\n\nde\n");
    let first = encoded(&corpus, &cache).expect("a corpus");
    assert_eq!(tokens(&first.cache), [1, 2, 3, 0, 4, 5, 0]);
    assert_eq!(
        (first.cache.documents(), first.cache.document(1)),
        (2, 4..7)
    );
    let tally = &first.cache.info.tally;
    assert_eq!((first.pieces, tally.skipped.total()), (2, 1));
    assert_eq!((tally.files, tally.bytes), (1, 8));
    assert_eq!((tally.documents, tally.text_bytes), (2, 5));
    let again = encoded(&corpus, &cache).expect("a corpus");
    assert_eq!(
        (again.pieces, tokens(&again.cache)),
        (0, tokens(&first.cache))
    );
    drop((first, again));

    let file = only_file(&cache, ".tokens");
    let bytes = std::fs::read(&file).expect("the cache");
    for damaged in [&bytes[..20], &bytes[..bytes.len() - 3], &[]] {
        // As a new file: the old one may be mapped.
        std::fs::remove_file(&file).expect("a file");
        std::fs::write(&file, damaged).expect("a file");
        let mended = encoded(&corpus, &cache).expect("a corpus");
        assert_eq!((mended.pieces, mended.cache.len()), (2, 7));
    }
    // A process that died half-way leaves its work aside.
    std::fs::remove_file(&file).expect("a file");
    std::fs::write(file.with_extension("tokens.part"), b"half").expect("a file");
    assert_eq!(encoded(&corpus, &cache).expect("a corpus").cache.len(), 7);

    let strict = CorpusSettings {
        strict: true,
        ..corpus
    };
    let error = encoded(&strict, &cache).err().expect("an empty line");
    assert!(error.ends_with("corpus.txt:2: empty"), "{error}");
}

#[test]
fn two_at_once_encode_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache");
    let corpus = corpus(directory.path(), &"abcdefg\n".repeat(2000));
    let read: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| encoded(&corpus, &cache).expect("a corpus").pieces))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a thread"))
            .collect()
    });
    assert_eq!(read.iter().sum::<usize>(), 2000, "{read:?}");
}

fn letters(count: usize) -> String {
    (0..count)
        .map(|n| {
            let letter = char::from(b'a' + (n % 26) as u8);
            format!("{}\n", String::from(letter).repeat(1 + n % 5))
        })
        .collect()
}

/// All tokens of some documents.
fn all(documents: &Documents) -> Vec<u32> {
    let mut out = Vec::new();
    documents.copy_run(0, documents.tokens() as usize, &mut out);
    out
}

#[test]
fn the_split_is_by_document_and_loses_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let corpus = corpus(directory.path(), &letters(100));
    let cache = encoded(&corpus, directory.path()).expect("a corpus").cache;
    let parts = |seed| split(&cache, 0.2, seed, 8);
    let Parts {
        training,
        validation,
        held_out,
    } = parts(1);
    let validation = validation.expect("some");
    assert_eq!(held_out, HeldOut::Documents);
    let documents = training.count() + validation.count();
    assert_eq!((documents, cache.len()), (100, 400));
    assert_eq!(training.tokens() + validation.tokens(), 400);
    assert!(
        validation.tokens().abs_diff(80) <= 1,
        "{}",
        validation.tokens()
    );
    assert_eq!(all(&training), all(&parts(1).training));
    assert_ne!(all(&training), all(&parts(2).training));
    // By document: each ends with its end token.
    let ends = all(&validation).iter().filter(|id| **id == 0).count();
    assert_eq!(ends, validation.count());
    let nothing = split(&cache, 0.0, 1, 8);
    assert!(nothing.validation.is_none() && nothing.held_out == HeldOut::Nothing);
}

#[test]
fn a_share_is_one_of_tokens_whatever_the_documents_sizes() {
    let directory = tempfile::tempdir().expect("a directory");
    // Two documents, one nearly all of it: whichever is drawn first, the share is what was asked for.
    let corpus = corpus(
        directory.path(),
        &format!("{}\nabcdef\n", "abcd".repeat(2500)),
    );
    let cache = encoded(&corpus, directory.path()).expect("a corpus").cache;
    assert_eq!((cache.documents(), cache.len()), (2, 10_008));
    for seed in 0..8 {
        let parts = split(&cache, 0.05, seed, 100);
        let validation = parts.validation.expect("some");
        assert_eq!(parts.held_out, HeldOut::End);
        assert_eq!((parts.training.tokens(), validation.tokens()), (9508, 500));
        let mut whole = all(&parts.training);
        assert_eq!(whole.split_off(9501), [1, 2, 3, 4, 5, 6, 0]);
        whole.extend(all(&validation));
        assert_eq!(whole, tokens(&cache)[..10_001]);
    }
    // Never so much that too little is left.
    let parts = split(&cache, 0.999, 1, 100);
    assert!(parts.validation.is_none() && parts.held_out == HeldOut::TooShort);
    assert_eq!(parts.training.tokens(), 10_008);
}

#[test]
fn the_end_of_a_lone_document_is_held_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut corpus = corpus(directory.path(), &letters(100));
    corpus.split = Split::File;
    let cache = encoded(&corpus, directory.path()).expect("a corpus").cache;
    assert_eq!(cache.documents(), 1);
    let parts = split(&cache, 0.1, 1, 8);
    let validation = parts.validation.expect("some");
    let (kept, held_out) = (
        parts.training.tokens() as usize,
        validation.tokens() as usize,
    );
    assert_eq!(held_out, (cache.len() as f64 * 0.1).round() as usize);
    let (mut joined, mut whole) = (Vec::new(), Vec::new());
    parts.training.copy_run(0, kept, &mut joined);
    validation.copy_document(0, held_out, &mut joined);
    cache.copy(0..cache.len(), &mut whole);
    assert_eq!(joined, whole);
    for (share, least) in [(0.0, 8), (0.1, cache.len()), (0.001, 8)] {
        let parts = split(&cache, share, 1, least);
        assert_eq!(parts.training.tokens() as usize, cache.len());
        assert!(parts.validation.is_none());
    }
}

#[test]
fn windows_and_documents_hold_what_they_should() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = corpus(directory.path(), "abcd\nefgh\nij\nk\n");
    let cache = encoded(&settings, directory.path())
        .expect("a corpus")
        .cache;
    let sequences = |packing, time| {
        Sequences::new(
            Documents::all(Arc::clone(&cache)),
            packing,
            time,
            99,
            "the corpus",
        )
    };
    let windows = sequences(Packing::Windows, 4).expect("windows");
    // 15 tokens: abcd.efgh.ij.k.
    let all: Vec<_> = (0..windows.len())
        .map(|index| windows.get(index).tokens)
        .collect();
    assert_eq!(all, [[1, 2, 3, 4, 0], [0, 5, 6, 7, 8], [8, 0, 9, 10, 0]]);
    let documents = sequences(Packing::Documents, 3).expect("documents");
    let all: Vec<_> = (0..documents.len())
        .map(|index| documents.get(index))
        .collect();
    assert_eq!(
        all[0],
        PackedSequence {
            tokens: vec![1, 2, 3, 4],
            real: 3
        }
    );
    assert_eq!(
        all[3],
        PackedSequence {
            tokens: vec![11, 0, 99, 99],
            real: 1
        }
    );
    let error = sequences(Packing::Windows, 15)
        .err()
        .expect("too short")
        .to_string();
    assert!(
        error.contains("15 tokens") && error.contains("the 16 of one window"),
        "{error}"
    );
}

#[test]
fn an_epoch_has_every_sequence_once_in_its_own_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = corpus(directory.path(), &letters(60));
    let cache = encoded(&settings, directory.path())
        .expect("a corpus")
        .cache;
    let batches = |take| {
        let documents = Documents::all(Arc::clone(&cache));
        let sequences = Sequences::new(documents, Packing::Windows, 6, 0, "it").expect("windows");
        Batches::new(sequences, 4, 2, take, 9)
    };
    let all = batches(0);
    let count = all.sequences().len();
    assert_eq!((count, all.steps_per_epoch()), (39, 5));
    let epoch = |number: u64| -> Vec<Vec<u32>> {
        let steps = (number * 5..(number + 1) * 5).flat_map(|step| all.step(step));
        let rows = steps.flat_map(|batch| {
            let rows = batch.inputs.chunks(6);
            rows.map(<[u32]>::to_vec).collect::<Vec<_>>()
        });
        rows.collect()
    };
    let sorted = |mut rows: Vec<Vec<u32>>| {
        rows.sort();
        rows
    };
    assert_eq!(epoch(0).len(), 39);
    assert_eq!(sorted(epoch(0)), sorted(epoch(1)));
    assert_ne!(epoch(0), epoch(1));
    assert_eq!(batches(3).steps_per_epoch(), 2);
    assert_eq!(all.first(0).map(|batch| batch.batch).sum::<usize>(), 39);
    assert_eq!(all.first(2).count(), 2);
    assert_eq!(all.position(12), Position { epoch: 2, step: 2 });
}

#[test]
fn what_stands_in_the_corpus_is_found_across_documents_and_pieces() {
    use crate::training::evaluation::copied;
    let directory = tempfile::tempdir().expect("a directory");
    // More tokens than are searched at once, and the rare ones only at the end.
    let text = format!("{}xyz\n", "abcd\n".repeat(20_000));
    let settings = corpus(directory.path(), &text);
    let cache = encoded(&settings, directory.path())
        .expect("a corpus")
        .cache;
    let documents = Documents::all(cache);
    // `dxy` is no trigram of the corpus, but `d.x` is: documents are joined by their end.
    let texts = [vec![1, 2, 3, 4, 0, 24, 25, 26], vec![4, 24, 25], vec![9, 9]];
    let found = copied(&texts, 3, &documents).expect("n-grams");
    let memorised = &found.memorised;
    assert_eq!(memorised.ngrams, 7);
    assert!((memorised.share - 6.0 / 7.0).abs() < 1e-12, "{found:?}");
    let whole = 0..8;
    assert_eq!(found.tokens, [vec![whole], vec![], vec![]]);
    // Pieces that are apart stay so.
    let apart = [vec![1, 2, 3, 9, 24, 25, 26, 0]];
    let found = copied(&apart, 3, &documents).expect("n-grams");
    assert_eq!(found.tokens, [vec![0..3, 4..8]]);
    assert!(copied(&texts[2..], 3, &documents).is_none());
}
