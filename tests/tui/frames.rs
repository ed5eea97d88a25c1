//! The playground as a person sees it: frames after scripted input and events.

use crate::fixtures::{NEXT_WORDS, Play, read, token};
use insta::assert_snapshot;
use logitscope::decoding::StopReason;
use logitscope::engine::{Event, RunState, Subject};
use logitscope::model::LoadProgress;
use logitscope::sampling::StageKind;
use logitscope::tui::{Action, ColourLevel, ThemeName};

const STORY: &str = "Once upon a time there was a little";
const WORDS: [&str; 18] = [
    " girl", " who", " lived", " in", " a", " cottage", " on", " the", " edge", " of", " the",
    " wood", ",", " and", " every", " morning", " she", " sang",
];

/// The three sizes that are designed for.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Checks a scene at every size that is designed for.
fn at_all_sizes(name: &str, scene: impl Fn(u16, u16) -> Play) {
    for (width, height) in SIZES {
        assert_snapshot!(
            format!("{name}_{width}x{height}"),
            scene(width, height).screen()
        );
    }
}

#[test]
fn empty_before_any_model() {
    at_all_sizes("empty", |width, height| Play::new("", width, height));
}

#[test]
fn loading_from_the_hub() {
    at_all_sizes("loading", |width, height| {
        let mut play = Play::new("Hello", width, height);
        play.state.engine.load.source = "gpt2".to_owned();
        play.hear(Event::State {
            state: RunState::Loading,
        });
        play.hear(Event::Progress(LoadProgress::Download {
            file: "model.safetensors".to_owned(),
            bytes: 123_400_000,
            total: 548_105_171,
            bytes_per_second: 12_100_000.0,
            seconds_left: Some(35.1),
        }));
        play
    });
}

#[test]
fn waiting_says_for_what() {
    let mut play = Play::new("Hello", 80, 24);
    play.hear(Event::State {
        state: RunState::Loading,
    });
    play.hear(Event::Progress(LoadProgress::Waiting {
        reason: "the hub asks to wait 20 s (status 429)".to_owned(),
        part: 0.25,
        seconds_left: Some(15.0),
    }));
    let screen = play.screen();
    assert!(
        screen.contains("the hub asks to wait 20 s (status 429)"),
        "{screen}"
    );
    assert!(screen.contains("15 s left · "), "{screen}");
}

#[test]
fn a_draft_shows_the_odds_of_what_comes_next() {
    at_all_sizes("draft", |width, height| {
        Play::inspected(STORY, width, height)
    });
}

#[test]
fn streaming_keeps_the_newest_token_in_view() {
    at_all_sizes("streaming", |width, height| {
        Play::running(STORY, &WORDS, width, height)
    });
}

#[test]
fn paused_with_cut_tokens_and_the_sampler_in_focus() {
    at_all_sizes("paused", |width, height| {
        let mut play = Play::running(STORY, &WORDS[..6], width, height);
        play.hear(Event::State {
            state: RunState::Paused,
        });
        play.acts([Action::FocusNext, Action::FocusNext, Action::FocusNext]);
        // From the temperature to top-p.
        play.acts(std::iter::repeat_n(Action::Down, 8));
        play.act(Action::Right);
        play.frame();
        play.answer(&NEXT_WORDS);
        play
    });
}

#[test]
fn scrubbed_back_to_an_earlier_token() {
    at_all_sizes("scrubbed", |width, height| {
        let mut play = Play::running(STORY, &WORDS, width, height);
        play.hear(Event::Finished {
            sample: 0,
            reason: StopReason::MaxTokens,
            tokens: 18,
            seconds: 0.05,
        });
        play.hear(Event::State {
            state: RunState::Idle,
        });
        play.acts([Action::FocusNext, Action::FocusNext]);
        play.acts([
            Action::Left,
            Action::Left,
            Action::Left,
            Action::Left,
            Action::Left,
        ]);
        play.frame();
        play.answer(&NEXT_WORDS);
        play
    });
}

#[test]
fn help_comes_from_the_keymap() {
    at_all_sizes("help", |width, height| {
        let mut play = Play::inspected(STORY, width, height);
        play.act(Action::ToggleHelp);
        play
    });
    let mut play = Play::inspected(STORY, 80, 24);
    play.acts([Action::ToggleHelp, Action::Last]);
    assert_snapshot!("help_end_80x24", play.screen());
}

#[test]
fn an_error_is_a_sentence_across_the_top() {
    at_all_sizes("error", |width, height| {
        let mut play = Play::inspected(STORY, width, height);
        play.hear(Event::Notice {
            message: "No GPU was found, so the CPU is used.".to_owned(),
        });
        play.act(Action::Escape);
        play.hear(Event::Failed {
            message:
                "gpt3: there is no such model on the hub; check the name, or give a directory."
                    .to_owned(),
        });
        play.hear(Event::Notice {
            message: "The context is full.".to_owned(),
        });
        play
    });
}

#[test]
fn a_dead_engine_offers_to_start_again() {
    let mut play = Play::running(STORY, &WORDS, 80, 24);
    play.hear(Event::Died {
        message: "index out of bounds in\x1b[31m layer 3".to_owned(),
    });
    assert_snapshot!("died_80x24", play.screen());
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    for (width, height) in [(59, 24), (80, 17), (20, 5)] {
        let play = Play::inspected(STORY, width, height);
        assert_snapshot!(format!("too_small_{width}x{height}"), play.screen());
    }
}

#[test]
fn without_colour_the_marks_remain() {
    let play = Play::running(STORY, &WORDS, 80, 24);
    assert_snapshot!("no_colour_marks_80x24", play.marks());
}

#[test]
fn the_light_theme_has_the_same_text_in_other_colours() {
    let mut play = Play::running(STORY, &WORDS, 120, 40);
    let dark = (play.screen(), play.buffer(ColourLevel::True));
    play.act(Action::ToggleTheme);
    assert_eq!(play.state.screen.theme, ThemeName::Light);
    assert_eq!(play.screen(), dark.0);
    assert_ne!(play.buffer(ColourLevel::True), dark.1);
}

#[test]
fn any_script_is_aligned_and_nothing_reaches_the_terminal_raw() {
    at_all_sizes("unicode", |width, height| {
        let mut play = Play::running(
            "日本語 👩‍👩‍👧 e\u{301}tat",
            &[
                " 한국어",
                "\n",
                " flag🇩🇪",
                "\t\x1b[31m",
                "\u{202e}abc\u{2066}",
            ],
            width,
            height,
        );
        for bytes in [&b"\xF0\x9F"[..], b"\x98\x80", b" \xFF", b"\xE2\x82"] {
            play.generate(bytes);
        }
        play.frame();
        play.answer(&[
            ("·日本", 0.5, None),
            ("👩‍👩‍👧", 0.3, None),
            ("a\u{202e}b\x1b[2J", 0.1, Some(StageKind::MinP)),
            ("⟨E2⟩", 0.05, Some(StageKind::TopK)),
        ]);
        play
    });
}

#[test]
fn the_prompt_wraps_and_keeps_its_cursor_in_sight() {
    let mut play = Play::inspected("", 80, 24);
    play.act(Action::Paste(format!(
        "{STORY} girl.\n\n\tShe lived\u{202e} in {} woods\nand sang",
        "a very ".repeat(20)
    )));
    assert_snapshot!("long_prompt_80x24", play.screen());
}

#[test]
fn every_cell_is_visible_and_as_wide_as_it_says() {
    use ratatui::buffer::CellWidth;
    let mut play = Play::running(
        "日本語 👩‍👩‍👧",
        &["\u{7}\u{200b}", "\u{feff}x\u{301}\u{301}"],
        100,
        30,
    );
    play.hear(Event::Notice {
        message: "\x1b]0;title\x07 \u{202e}".to_owned(),
    });
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: read("x"),
        seconds: 0.0,
    });
    let record = token(
        play.state.play.text().tokens().len(),
        &[0x9b, 0xc2, 0x9b],
        logitscope::decoding::Origin::Chosen,
    );
    play.hear(Event::Token { sample: 0, record });
    let buffer = play.buffer(ColourLevel::True);
    for cell in buffer.content() {
        assert!(
            !cell
                .symbol()
                .chars()
                .any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
        );
        assert!(cell.symbol().cell_width() >= 1, "{:?}", cell.symbol());
    }
}
