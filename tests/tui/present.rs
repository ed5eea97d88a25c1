//! For a room: one thing at a time in big letters, stepped by Page Down and Page Up, without what nobody needs to see.

use insta::assert_snapshot;
use logitscope::decoding::StopReason;
use logitscope::engine::{Command, Event, RunState};
use logitscope::lessons::{Course, parse};
use logitscope::sampling::SamplerSettings;
use logitscope::tui::{Action, Effect, Focus, Key, LearnOptions, News, Opening, Tone};

use crate::fixtures::{NEXT_WORDS, Play, model, options, read};

const PROMPT: &str = "Once upon a time";
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn presented(width: u16, height: u16) -> Play {
    let mut play = Play::running(PROMPT, &[" there", " was", " a", " cat"], width, height);
    play.hear(Event::Finished {
        sample: 0,
        reason: StopReason::MaxTokens,
        tokens: 4,
        seconds: 0.05,
    });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.act(Action::Present);
    play.frame();
    play
}

#[test]
fn text_odds_and_the_way_are_each_shown_alone() {
    for (width, height) in SIZES {
        let mut play = presented(width, height);
        for (name, focus) in [
            ("text", Focus::Text),
            ("odds", Focus::Next),
            ("tokens", Focus::Tokens),
            ("knob", Focus::Knobs),
            ("way", Focus::Why),
        ] {
            play.state.focus_on(focus);
            play.frame();
            let screen = play.screen();
            for hidden in ["seed", "embedded", "stories-6M", "logitscope"] {
                assert!(!screen.contains(hidden), "{hidden}: {screen}");
            }
            assert_snapshot!(format!("present_{name}_{width}x{height}"), screen);
        }
    }
}

#[test]
fn what_went_wrong_is_told_to_the_room_too() {
    let mut play = presented(80, 24);
    play.hear(Event::Notice {
        message: "a remark for the keyboard".to_owned(),
    });
    play.frame();
    assert!(!play.screen().contains("a remark"), "{}", play.screen());
    // Whoever asked for something sees that it was done.
    play.act(News::Told {
        message: "The hand-out was written.".to_owned(),
        tone: Tone::Done,
    });
    assert!(
        play.screen().contains("✓ The hand-out was written."),
        "{}",
        play.screen()
    );
    play.hear(Event::Failed {
        message: "there is no room for the text".to_owned(),
    });
    play.frame();
    assert!(
        play.screen().contains("there is no room"),
        "{}",
        play.screen()
    );
}

#[test]
fn page_down_and_page_up_step_along_the_text_and_draw_behind_its_end() {
    let mut play = presented(80, 24);
    play.act(Action::PageUp);
    play.act(Action::PageUp);
    assert_eq!(play.state.figure("position").as_deref(), Some("5"));
    play.act(Action::PageDown);
    assert_eq!(play.state.figure("position").as_deref(), Some("6"));
    play.act(Action::PageDown);
    assert!(play.effects.is_empty(), "{:?}", play.effects);
    play.act(Action::PageDown);
    assert!(
        play.effects.contains(&Effect::Send(Command::Step)),
        "{:?}",
        play.effects
    );
    let key: Key = "P".parse().expect("a key");
    play.state.focus_on(Focus::Text);
    assert_eq!(play.state.key_action(key), Some(Action::Present));
    play.act(Action::Present);
    assert!(play.screen().contains("logitscope"), "the panes are back");
}

#[test]
fn the_lessons_sentence_is_big_where_there_is_room_and_its_steps_are_stepped() {
    for (width, height) in SIZES {
        let mut play = lesson("en", true, width, height);
        assert_snapshot!(format!("present_lesson_{width}x{height}"), play.screen());
        let step = |play: &Play| play.state.learn.going.as_ref().map(|going| going.step);
        // Where it has no room below, it has pages of its own, which come before the next step.
        let mut pages = 0;
        play.act(Action::PageDown);
        while step(&play) == Some(0) {
            pages += 1;
            assert_snapshot!(
                format!("present_page_{pages}_{width}x{height}"),
                play.screen()
            );
            play.act(Action::PageDown);
        }
        assert_eq!(pages > 0, height < 60, "{width}x{height}");
        assert_eq!(step(&play), Some(1));
        play.act(Action::PageUp);
        assert_eq!(step(&play), Some(0));
        if pages > 0 {
            // Back from a page, and whatever else is done, leads to what it speaks of.
            let shown = play.screen();
            play.act(Action::PageDown);
            assert_ne!(play.screen(), shown);
            play.act(Action::PageUp);
            assert_eq!(play.screen(), shown);
            play.acts([Action::PageDown, Action::Zoom, Action::Zoom]);
            assert_eq!(play.screen(), shown);
        }
    }
}

#[test]
fn a_lesson_in_wide_characters_is_whole_in_the_strip_and_for_a_room() {
    for (width, height) in [(80, 24), (120, 40)] {
        for (name, presents) in [("lesson", false), ("present", true)] {
            let play = lesson("zh", presents, width, height);
            let screen = play.screen();
            assert_snapshot!(format!("{name}_zh_{width}x{height}"), screen);
            // Nothing is lost where lines are broken: characters stay at their size where they have no picture.
            let said: String = screen.chars().filter(|c| !c.is_whitespace()).collect();
            for part in ["请你在模型之前说出来", "选第一行，打一个词，再按"] {
                assert!(said.contains(part), "{part}: {screen}");
            }
        }
    }
}

/// The second lesson at its first step.
fn lesson(language: &str, presents: bool, width: u16, height: u16) -> Play {
    let mut options = options("");
    options.present = presents;
    // What the lesson sets up first.
    let neutral = ("neutral".to_owned(), SamplerSettings::neutral());
    options.presets.push(neutral);
    options.learn = LearnOptions {
        course: Course::bundled(language).ok(),
        open: Opening::Lesson(1),
        ..LearnOptions::default()
    };
    let mut play = Play::with(&options, width, height);
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    for _ in 0..3 {
        let prompt = play.state.play.editor.text();
        play.frame();
        play.hear(Event::PromptRead {
            subject: logitscope::engine::Subject::Draft,
            tokens: read(&prompt),
            seconds: 0.01,
        });
        play.frame();
        if play
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Look(_)))
        {
            play.answer(&NEXT_WORDS);
        }
    }
    play
}

#[test]
fn a_knob_that_is_turned_has_its_value_in_sight_and_each_view_is_another() {
    for (width, height) in SIZES {
        let mut play = presented(width, height);
        play.state.focus_on(Focus::Knobs);
        let before = play.screen();
        assert!(before.contains("[Sampler]"), "{before}");
        assert!(before.contains("←→ turn"), "{before}");
        play.act(Action::Right);
        assert_ne!(play.screen(), before, "its value is there");
        play.act(Action::Left);
        assert_eq!(play.screen(), before);
        let mut seen = vec![before];
        for _ in 1..Focus::ALL.len() {
            play.act(Action::FocusNext);
            play.frame();
            let screen = play.screen();
            assert!(!seen.contains(&screen), "{screen}");
            seen.push(screen);
        }
    }
}

/// A lesson that has a step without odds, one that speaks of odds, and an end of two points.
const LESSON: &str = r#"+++
title = "Odds"
minutes = 1
understood = ["Odds are shares.", "They add up to one."]
+++

## Without

```toml
prompt = "Once upon a time"
focus = "text"
wait = ["words >= 5"]
```

It has {words} words.

## With

```toml
focus = "text"
wait = ["words >= 9"]
```

The first choice has {p:1}.
"#;

#[test]
fn the_view_fits_what_the_step_speaks_of_and_the_end_is_a_list() {
    let mut options = options("");
    options.present = true;
    options.learn = LearnOptions {
        course: Some(Course {
            lessons: vec![parse("odds.md", LESSON).expect("a lesson")],
            ..Course::bundled("en").expect("a course")
        }),
        open: Opening::Lesson(0),
        ..LearnOptions::default()
    };
    let mut play = Play::with(&options, 80, 24);
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    let settle = |play: &mut Play| {
        play.frame();
        play.hear(Event::PromptRead {
            subject: logitscope::engine::Subject::Draft,
            tokens: read(PROMPT),
            seconds: 0.01,
        });
        play.frame();
        play.answer(&NEXT_WORDS);
    };
    settle(&mut play);
    // A bar of the odds, which letters have none of.
    let bar = "████";
    let first = play.screen();
    assert!(!first.contains(bar), "{first}");
    assert!(first.contains("F7 lessons"), "{first}");
    play.act(Action::PageDown);
    play.frame();
    let second = play.screen();
    assert!(second.contains(bar), "{second}");
    play.act(Action::PageDown);
    let end = play.screen();
    for point in ["  · Odds are shares.\n", "  · They add up to one.\n"] {
        assert!(end.contains(point), "{end}");
    }
    assert!(end.contains("⏎ on"), "{end}");
}
