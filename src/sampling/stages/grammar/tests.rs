use super::super::testing::{Letters, at, chain};
use crate::sampling::{Chain, Context, SamplerSettings, StageKind};

const END: u32 = 25;

fn regex(expression: &str) -> SamplerSettings {
    SamplerSettings {
        grammar_regex: expression.to_owned(),
        ..SamplerSettings::neutral()
    }
}

fn lark(grammar: &str) -> SamplerSettings {
    SamplerSettings {
        grammar_lark: grammar.to_owned(),
        ..SamplerSettings::neutral()
    }
}

fn ids(text: &str) -> Vec<u32> {
    text.bytes()
        .map(|letter| match letter {
            b'!' => END,
            b' ' => 26,
            letter => u32::from(letter - b'a'),
        })
        .collect()
}

/// The letters that are left after a text, `!` for the end.
fn left(chain: &Chain, text: &str) -> String {
    let history = ids(text);
    let context = Context {
        end_tokens: &[END],
        ..at(&history)
    };
    let distribution = chain.run_explained(&[0.0; 26], &context);
    (0..26)
        .filter(|&id| distribution.probability(id) > 0.0)
        .map(|id| match id {
            END => '!',
            id => char::from(b'a' + id as u8),
        })
        .collect()
}

#[test]
fn what_leads_out_is_forbidden_whatever_was_asked_before() {
    let chain = chain(&regex("a(b|c)*d"));
    assert_eq!(left(&chain, ""), "a");
    assert_eq!(left(&chain, "a"), "bcd");
    assert_eq!(left(&chain, "abc"), "bcd");
    assert_eq!(left(&chain, "abcd"), "!");
    // Back to where another token was taken.
    assert_eq!(left(&chain, "ac"), "bcd");
    assert_eq!(left(&chain, ""), "a");
    // A text that has left the grammar is free, and others are not.
    assert_eq!(left(&chain, "e").len(), 26);
    assert_eq!(left(&chain, "a"), "bcd");
    assert_eq!(left(&chain, "abe").len(), 26);
    assert_eq!(left(&chain, "abd"), "!");
}

#[test]
fn the_end_is_possible_where_the_text_is_whole_and_nowhere_else() {
    let any = chain(&regex("(ab)+"));
    assert_eq!(left(&any, ""), "a");
    assert_eq!(left(&any, "ab"), "a!");
    assert_eq!(left(&any, "aba"), "b");
    // Nothing at all is a text of this one.
    assert_eq!(left(&chain(&regex("a?")), ""), "a!");
    // Where a token of the grammar's own letters ends a text, it is the end and no letter.
    assert_eq!(left(&chain(&regex("[a-z]{2}")), "ab"), "!");
    assert_eq!(left(&chain(&regex("[x-z]{2}")), "x"), "xy");
    // An anchor says what holds anyway.
    assert_eq!(left(&chain(&regex("^ab$")), "ab"), "!");
}

#[test]
fn after_an_end_the_next_text_begins() {
    let chain = chain(&regex("ab"));
    assert_eq!(left(&chain, "ab!"), "a");
    assert_eq!(left(&chain, "ab!a"), "b");
}

#[test]
fn the_prompt_is_no_part_of_it() {
    let chain = chain(&regex("ab"));
    let history = ids("xyza");
    let context = Context {
        prompt_len: 3,
        ..at(&history)
    };
    let distribution = chain.run(&[0.0; 26], &context);
    assert_eq!((distribution.kept(), distribution.probability(1)), (1, 1.0));
}

#[test]
fn texts_beside_each_other_do_not_disturb_each_other() {
    let chain = chain(&lark("start: \"a\" inner \"b\"\ninner: \"c\" | start"));
    // More texts than are followed at once, each a letter at a time in turn.
    let depths: Vec<usize> = (1..=20).collect();
    for length in 0..45 {
        for &depth in &depths {
            let text: String = "a".repeat(depth) + "c" + &"b".repeat(depth);
            let Some(begun) = text.get(..length) else {
                continue;
            };
            let expected = match length {
                0 => "a",
                length if length <= depth => "ac",
                length if length < text.len() => "b",
                _ => "!",
            };
            assert_eq!(left(&chain, begun), expected, "{begun}");
        }
    }
}

#[test]
fn a_chain_knows_that_nothing_but_the_end_can_follow() {
    let chain = chain(&regex("ab?"));
    let is_over = |text: &str| chain.is_over(&at(&ids(text)));
    assert_eq!(
        ["", "a", "ab", "x"].map(is_over),
        [false, false, true, false]
    );
    assert!(!super::super::testing::chain(&regex("a*")).is_over(&at(&ids("a"))));
}

#[test]
fn the_trace_says_who_forbade_it_and_what_leaves_none_is_not_done() {
    let chain = chain(&regex("[ab]"));
    let mut logits = [0.0; 26];
    let distribution = chain.run_explained(&logits, &at(&[]));
    assert_eq!(distribution.trace()[0].stage, StageKind::Grammar);
    assert_eq!(distribution.trace()[0].kept, 2);
    assert!((distribution.trace()[0].mass_cut - 24.0 / 26.0).abs() < 1e-6);
    assert_eq!(distribution.cut_by(2), Some(StageKind::Grammar));
    // The model rules out all that the grammar allows.
    logits[..2].fill(f32::NEG_INFINITY);
    let distribution = chain.run_explained(&logits, &at(&[]));
    assert_eq!((distribution.kept(), distribution.cut_by(2)), (24, None));
}

#[test]
fn a_token_of_several_letters_must_fit_as_a_whole() {
    let chain = chain(&regex(" ab?c"));
    let distribution = chain.run(&[0.0; 28], &at(&[]));
    // " " and " ab".
    assert_eq!(distribution.kept(), 2);
    assert!(distribution.probability(27) > 0.0);
    assert_eq!(chain.run(&[0.0; 28], &at(&[27])).kept(), 1);
}

#[test]
fn what_is_none_is_refused_with_its_setting_in_one_sentence_with_the_place() {
    let error = |settings: SamplerSettings| {
        let error = Chain::new(&settings, &Letters(28)).expect_err("it is refused");
        error.to_string()
    };
    let schema = |text: &str| SamplerSettings {
        grammar_json_schema: text.to_owned(),
        ..SamplerSettings::neutral()
    };
    assert_eq!(
        error(regex("ab(c")),
        r#"grammar_regex = "ab(c": character 3: unclosed group"#
    );
    assert_eq!(
        error(regex("a/b\n[z-a]")),
        r#"grammar_regex = "a/b\n[z-a]": line 2, character 2: invalid character class range, the start must be <= the end"#
    );
    assert_eq!(
        error(regex(r"a\b")),
        r#"grammar_regex = "a\\b": lookarounds not supported yet; WordUnicode in regex /a\b/"#
    );
    assert_eq!(
        error(regex("A")),
        r#"grammar_regex = "A": no text of the model's tokens fits it"#
    );
    assert_eq!(
        error(schema("{")),
        r#"grammar_json_schema = "{": EOF while parsing an object at line 1 column 1"#
    );
    assert_eq!(
        error(schema(r#"{"type":"strin"}"#)),
        r#"grammar_json_schema = "{\"type\":\"strin\"}": invalid type: strin"#
    );
    assert_eq!(
        error(lark("start: foo\nfoo: other")),
        r#"grammar_lark = "start: foo\nfoo: other": line 2, column 6: unknown name: "other""#
    );
    assert_eq!(
        error(lark("start: /a(/")),
        r#"grammar_lark = "start: /a(/": line 1, column 8: unclosed group"#
    );
    let long = error(lark(&format!("start: \"{}", "a".repeat(99))));
    assert!(long.contains("aaa…\": line 1"), "{long}");
    let both = SamplerSettings {
        grammar_lark: "start: \"a\"".to_owned(),
        ..regex("a")
    };
    assert_eq!(
        error(both),
        r#"grammar_lark = "start: \"a\"": grammar_regex is set already: a text keeps to one of them"#
    );
}

#[test]
fn a_text_that_is_too_much_for_the_library_is_told() {
    // So many ways to read it that the library gives up after a few hundred letters.
    let chain = chain(&lark("start: e\ne: e e | e e e | \"a\""));
    let failure = |length: usize| {
        let text = ids(&"a".repeat(length));
        let context = Context {
            end_tokens: &[END],
            ..at(&text)
        };
        let kept = chain.run(&[0.0; 26], &context).kept();
        (kept, chain.failure(&context))
    };
    assert_eq!(failure(3), (2, None), "an a, or the end");
    let first = (4..1500)
        .step_by(100)
        .find(|&length| failure(length).1.is_some());
    let first = first.expect("it gives up");
    let (kept, why) = failure(first);
    assert_eq!(kept, 26, "nothing is cut");
    assert!(why.is_some_and(|why| !why.is_empty()));
    // A text before it is no harder than it was.
    assert_eq!(failure(3), (2, None));
    assert!(chain.failure(&at(&ids("x"))).is_none());
}

#[test]
fn an_order_that_does_not_list_it_is_refused_and_not_ignored() {
    let mut settings = regex("ab");
    settings.order.retain(|stage| *stage != StageKind::Grammar);
    let error = settings.validate().expect_err("it is refused");
    assert!(
        error
            .to_string()
            .contains("the order of stages does not list grammar"),
        "{error}"
    );
    settings.disabled.push(StageKind::Grammar);
    assert_eq!(settings.validate(), Ok(()));
    let mut free = SamplerSettings::neutral();
    free.order.retain(|stage| *stage != StageKind::Grammar);
    assert_eq!(free.validate(), Ok(()));
}
