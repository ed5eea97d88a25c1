//! Wrapping, split characters, and that growing is the same as laying out at once.

use proptest::prelude::*;

use super::*;

fn flow(width: u16, tokens: &[&[u8]]) -> Flow {
    let mut flow = Flow::new(width);
    for token in tokens {
        flow.push(token);
    }
    flow
}

fn lines(flow: &Flow) -> Vec<String> {
    (0..flow.len())
        .map(|line| flow.line(line).map(|(_, text)| text).collect())
        .collect()
}

#[test]
fn words_wrap_and_a_space_may_hang() {
    let flow = flow(6, &[b"One", b" two", b" three", b" four"]);
    assert_eq!(lines(&flow), ["One ", "two ", "three ", "four"]);
}

#[test]
fn long_words_break_anywhere_and_wide_characters_between_each_other() {
    assert_eq!(lines(&flow(5, &[b"ab", b"cdefghi"])), ["abcd", "efgh", "i"]);
    assert_eq!(lines(&flow(6, &["日本語文".as_bytes()])), ["日本", "語文"]);
}

#[test]
fn no_line_begins_with_what_closes_or_ends_with_what_opens() {
    let text = "模型看到词元，不看（字母）。".as_bytes();
    assert_eq!(
        lines(&flow(13, &[text])),
        ["模型看到词", "元，不看（字", "母）。"]
    );
    assert_eq!(
        lines(&flow(9, &["词元token词元".as_bytes()])),
        ["词元", "token词", "元"]
    );
}

#[test]
fn newlines_break_and_are_seen() {
    let flow = flow(20, &[b"a", b"\n", b"\nb\r\n", b"c"]);
    assert_eq!(lines(&flow), ["a⏎", "⏎", "b␍⏎", "c"]);
    assert_eq!(flow.line_of(1), 0);
    assert_eq!(flow.line_of(3), 3);
}

#[test]
fn a_character_split_across_tokens_belongs_to_its_last_token() {
    let flow = flow(20, &[b"\xE2", b"\x82", b"\xAC", b" ok"]);
    assert_eq!(lines(&flow), ["€ ok"]);
    assert_eq!(flow.line(0).next().map(|(glyph, _)| glyph.token), Some(2));
}

#[test]
fn a_character_shows_every_token_that_has_bytes_of_it() {
    let flow = flow(20, &[b" \xE2", b"\x82", b"\xAC!", b"x"]);
    let shown: Vec<String> = (0..5)
        .map(|token| {
            let line = flow.line(0).filter(|(glyph, _)| flow.shows(*glyph, token));
            line.map(|(_, text)| text).collect()
        })
        .collect();
    assert_eq!(shown, [" €", "€", "€!", "x", ""]);
}

#[test]
fn stray_bytes_are_shown_as_bytes() {
    assert_eq!(lines(&flow(40, &[b"a\xFFb", b"\xE2"])), ["a⟨FF⟩b⟨E2⟩"]);
}

#[test]
fn moving_across_lines_keeps_the_column() {
    let flow = flow(9, &[b"aaa ", b"bbb ", b"ccc ", b"ddd ", b"eee"]);
    assert_eq!(lines(&flow), ["aaa bbb ", "ccc ddd ", "eee"]);
    assert_eq!(flow.token_across(1, 1), 3);
    assert_eq!(flow.token_across(3, 1), 4);
    assert_eq!(flow.token_across(0, -1), 0);
    assert_eq!(flow.token_across(4, -2), 0);
}

fn token() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z]{0,12}".prop_map(String::into_bytes),
        "[ \n\t\r]{1,3}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..4),
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        prop::sample::select(vec![
            "日", "👩", "\u{200d}", "\u{301}", "🇩", "🇪", "\u{fe0f}", "한", "\u{1100}"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #[test]
    fn adding_token_by_token_is_laying_out_at_once(
        tokens in prop::collection::vec(token(), 0..40), width in 1u16..30, cut in 0usize..40,
    ) {
        let mut grown = Flow::new(width);
        for token in &tokens {
            grown.push(token);
        }
        let mut wide = Flow::new(77);
        for token in &tokens {
            wide.push(token);
        }
        wide.set_width(width);
        prop_assert_eq!(lines(&grown), lines(&wide));

        let at_once = {
            let mut flow = Flow::new(width);
            flow.bytes = tokens.concat();
            flow.ends = tokens.iter().scan(0, |end, token| { *end += token.len(); Some(*end) }).collect();
            flow.read(0);
            flow.wrap();
            flow
        };
        prop_assert_eq!(&grown, &at_once);

        grown.truncate(cut);
        let mut short = Flow::new(width);
        for token in tokens.iter().take(cut) {
            short.push(token);
        }
        prop_assert_eq!(grown, short);
    }
}
