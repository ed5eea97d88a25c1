//! Charts as files: what they say, and that they can be read.

use std::fs;

use logitscope::chart::{next_token, surprisal};
use logitscope::decoding::{Moment, Origin, Row, TokenOdds, TokenRecord};
use logitscope::sampling::StageKind;

fn moment() -> Moment {
    let row = |id, display: &str, raw, last, cut_by| Row {
        id,
        display: display.to_owned(),
        logit: 1.0,
        rank: id as usize,
        raw_probability: raw,
        final_probability: last,
        cut_by,
    };
    Moment {
        position: 3,
        rows: vec![
            row(1, "␠little", 0.214, 0.279, None),
            row(2, "⏎", 0.1, 0.13, None),
            row(3, "␠<b>&", 0.003, 0.0, Some(StageKind::TopP)),
        ],
        vocabulary: 4096,
        kept: 2,
        raw_entropy: 6.1,
        final_entropy: 3.4,
        trace: Vec::new(),
        chosen: Some(2),
        u: 0.5,
        pick: 1,
    }
}

fn tokens(count: usize) -> Vec<TokenRecord> {
    (0..count)
        .map(|position| TokenRecord {
            position,
            id: 7,
            bytes: b" king".to_vec(),
            display: "␠king".to_owned(),
            origin: Origin::Generated,
            odds: (position > 0).then(|| TokenOdds {
                probability: 0.25,
                rank: 2,
                surprisal: position as f32 % 9.0,
                entropy: 3.0,
                best: 1,
            }),
            draw: None,
        })
        .collect()
}

#[test]
fn odds_say_what_each_token_had() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("odds.svg");
    next_token(&path, &moment(), "there was a").expect("written");
    let svg = fs::read_to_string(&path).expect("read");
    assert_eq!(
        svg.matches("1. ·little").count(),
        1,
        "each token has one label"
    );
    for text in [
        "there was a",
        "1. ·little",
        "21.40 % to 27.90 %, picked",
        "10.00 % to 13.00 %, chosen",
        "0.30 %, cut by top-p",
        "&lt;b&gt;&amp;",
    ] {
        assert!(svg.contains(text), "{text:?} is missing:\n{svg}");
    }
}

#[test]
fn surprisal_names_the_tokens_of_a_short_text_and_counts_those_of_a_long_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("line.svg");
    surprisal(&path, &tokens(12), "A title").expect("written");
    let svg = fs::read_to_string(&path).expect("read");
    assert_eq!(svg.matches("·king").count(), 12);
    assert!(svg.contains("A title") && svg.contains("entropy of the odds"));
    surprisal(&path, &tokens(900), "A title").expect("written");
    let svg = fs::read_to_string(&path).expect("read");
    assert_eq!(svg.matches("·king").count(), 0);
    assert!(svg.contains("\n800\n"), "the axis counts tokens");
}

#[test]
fn png_pictures_have_text_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("odds.PNG");
    next_token(&path, &moment(), "a").expect("written");
    let png = fs::read(&path).expect("read");
    assert_eq!(&png[1..4], b"PNG");
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((size(16), size(20)), (960, 130 + 3 * 34));
    // The same chart with a longer title has other pixels: text is drawn.
    let other = directory.path().join("other.png");
    next_token(&other, &moment(), "something else").expect("written");
    assert_ne!(fs::read(&other).expect("read"), png);
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = |name: &str| {
        let error = next_token(&directory.path().join(name), &moment(), "");
        error.expect_err("no chart").to_string()
    };
    assert!(said("odds.pdf").contains("must end in .svg or .png"));
    assert!(said("no/such/odds.png").contains("could not be written"));
    assert!(said("no/such/odds.svg").contains("could not be written"));
    let nothing = surprisal(&directory.path().join("a.svg"), &tokens(1), "");
    assert!(
        nothing
            .expect_err("no odds")
            .to_string()
            .contains("nothing to draw")
    );
}
