//! Lessons in the playground without its engine: the figures that they speak of, the strip, what is set up and undone.

use std::time::Duration;

use logitscope::engine::{Event, RunState, Subject};
use logitscope::lessons::{Course, ENGLISH, parse};
use logitscope::tui::{
    Action, Effect, Focus, Key, LearnAction, LearnOptions, News, Opening, PlayOptions,
};

use crate::fixtures::{self, NEXT_WORDS, Play, model, options};

/// Figures by name, as they are read.
fn read(play: &Play, expected: &[(&str, &str)]) {
    for (name, text) in expected {
        assert_eq!(play.state.figure(name).as_deref(), Some(*text), "{name}");
    }
}

#[test]
fn figures_of_the_draft_are_those_on_the_screen() {
    let play = Play::inspected("Once upon a time", 120, 40);
    read(
        &play,
        &[
            ("prompt", "Once upon a time"),
            ("characters", "16"),
            ("words", "4"),
            ("prompt-tokens", "4"),
            ("tokens", "4"),
            ("generated", "0"),
            ("position", "4"),
            ("vocabulary", "4,096"),
            ("kept", "4"),
            ("cut", "4,092"),
            ("u", "0.1275"),
            ("entropy", "6.10"),
            ("final-entropy", "1.84"),
            ("token:1", "“·little”"),
            ("p:1", "21.4 %"),
            ("p:\" small\"", "12.6 %"),
            ("surprisal:2", "2.99"),
            ("rank:\" castle\"", "6"),
            ("final:7", "0 %"),
            ("ratio:1/2", "1.7"),
            ("token:pick", "“·little”"),
            ("token:row", "“·little”"),
            ("row", "1"),
            ("focus", "prompt"),
            ("over", "nothing"),
            ("screen", "play"),
            ("run", "idle"),
            ("ended", "no"),
            ("preset", "balanced"),
            ("temperature", "0.8"),
            ("method", "sample"),
            ("knob", "temperature"),
            ("model", "stories-6M"),
            ("training", "idle"),
        ],
    );
    for unknown in [
        "token",
        "p",
        "p:9",
        "p:\" nothing\"",
        "period",
        "train-loss",
        "no-figure",
    ] {
        assert_eq!(play.state.figure(unknown), None, "{unknown}");
    }
}

#[test]
fn figures_of_a_text_are_those_of_its_tokens() {
    let mut play = Play::running("Once upon", &[" a", " time", " he"], 120, 40);
    read(
        &play,
        &[
            ("tokens", "5"),
            ("generated", "3"),
            ("taken", "0"),
            ("position", "4"),
            ("token", "“·he”"),
            ("id", "104"),
            ("rank", "1"),
            ("p", "62.0 %"),
            ("surprisal", "0.69"),
            ("text", "Once upon a time he"),
            // 0.21, 0.034, 0.0021, 0.62: the sum of −log2, and what follows from it.
            ("joint-bits", "16.7"),
            ("bits-a-token", "4.18"),
            ("perplexity", "18.1"),
            // Without “Once”, which nothing predicts.
            ("bits-a-byte", "1.11"),
            ("distinct", "100 %"),
            ("run", "running"),
            ("texts", "1"),
            ("sample", "1"),
        ],
    );
    play.act(Action::Left);
    // Until the odds of that token come, those of another are none of its.
    read(&play, &[("position", "3"), ("rank", "214")]);
    assert_eq!(play.state.figure("p:1"), None);
    play.frame();
    play.answer(&NEXT_WORDS);
    read(&play, &[("p:1", "21.4 %")]);
}

#[test]
fn figures_of_the_screen_follow_it() {
    let mut play = Play::inspected("Once", 120, 40);
    play.acts([Action::FocusNext, Action::FocusNext]);
    read(&play, &[("focus", Focus::Next.word()), ("zoomed", "no")]);
    play.acts([Action::Zoom, Action::Down]);
    read(
        &play,
        &[("zoomed", "yes"), ("row", "2"), ("token:row", "“·small”")],
    );
    for (action, over) in [
        (Action::Funnel, "funnel"),
        (Action::Legend, "legend"),
        (Action::Palette, "list"),
        (Action::ToggleHelp, "help"),
    ] {
        let closes = if over == "help" {
            Action::ToggleHelp
        } else {
            Action::Escape
        };
        play.act(action);
        read(&play, &[("over", over)]);
        play.acts([closes.clone(), closes]);
        if over == "help" {
            play.act(Action::ToggleHelp);
        }
        read(&play, &[("over", "nothing")]);
    }
    play.act(Action::CycleMarking);
    read(&play, &[("colour", "rank")]);
    play.act(Action::NextPreset);
    read(&play, &[("preset", "greedy"), ("temperature", "0")]);
    play.hear(logitscope::engine::Event::State {
        state: RunState::Paused,
    });
    read(&play, &[("run", "paused")]);
}

const LESSON: &str = r#"+++
title = "A lesson"
minutes = 3
understood = ["Knobs change odds."]
+++

## Turn it

```toml
prompt = "Once upon a time"
preset = "greedy"
knobs = { temperature = 0.5, seed = 4 }
focus = "sampler"
knob = "temperature"
hide = ["why"]
wait = ["temperature rose"]
hint_after = 20
wrong = ["left"]
try = ["right"]
```

The knob {knob:temperature} stands at {temperature}, it was {was temperature}; {token:1} has {p:1}.

### Hint
Press {key:right} in **{pane:sampler}**.

### Done
Now {temperature}.

## Look

```toml
focus = "next-token"
wait = ["row = 2"]
wrong = ["up"]
try = ["down"]
```

Press {key:down}.
"#;

fn with_lesson(prompt: &str) -> PlayOptions {
    let bundled = Course::bundled(ENGLISH).expect("valid");
    let lesson = parse("01-a.md", LESSON).unwrap_or_else(|error| panic!("{error}"));
    PlayOptions {
        learn: LearnOptions {
            course: Some(Course {
                lessons: vec![lesson],
                ..bundled
            }),
            open: Opening::Lesson(0),
            ..LearnOptions::default()
        },
        ..options(prompt)
    }
}

/// The first step, once what it sets up is there.
fn begun(width: u16, height: u16) -> Play {
    let mut play = Play::with(&with_lesson("My own prompt"), width, height);
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    settle(&mut play);
    play
}

/// The engine answers what a step asks of it.
fn settle(play: &mut Play) {
    play.frame();
    let prompt = play.state.play.editor.text();
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: fixtures::read(&prompt),
        seconds: 0.01,
    });
    play.frame();
    play.answer(&NEXT_WORDS);
}

fn pressed(play: &Play, key: &str) -> Option<Action> {
    play.state.key_action(key.parse::<Key>().expect("a key"))
}

#[test]
fn a_step_is_set_up_and_its_strip_covers_nothing() {
    for (width, height) in [(60, 18), (80, 24), (100, 30), (120, 40), (200, 60)] {
        let play = begun(width, height);
        let state = &play.state;
        assert_eq!(state.play.editor.text(), "Once upon a time");
        assert_eq!(state.play.focus, Focus::Knobs);
        read(
            &play,
            &[
                ("temperature", "0.5"),
                ("seed", "4"),
                ("knob", "temperature"),
            ],
        );
        let panes = state.panes(state.screen.size);
        assert!(panes.lesson.height >= 2, "{width}x{height}");
        for pane in [Focus::Prompt, Focus::Text, Focus::Next, Focus::Knobs] {
            if let Some(place) = panes.place(pane) {
                assert!(
                    !place.intersects(panes.lesson),
                    "{width}x{height}: {pane:?}"
                );
                assert!(place.height >= 3, "{width}x{height}: {pane:?}");
            }
        }
        assert!(panes.place(Focus::Knobs).is_some() && panes.place(Focus::Next).is_some());
        let screen = play.screen();
        assert!(
            screen.contains("━ Lesson 1 · step 1 of 2 · Turn it "),
            "{screen}"
        );
        let said = "The knob temperature stands at 0.5, it was 0.5; “·little” has";
        assert!(screen.replace('\n', " ").contains(&said[..40]), "{screen}");
        if panes.place(Focus::Why).is_some() {
            assert!(
                screen.contains("The lesson hides this for now."),
                "{screen}"
            );
        }
    }
}

#[test]
fn what_lies_over_the_panes_leaves_the_lesson_in_sight() {
    for action in [Action::Funnel, Action::Legend, Action::ToggleHelp] {
        let mut play = begun(80, 24);
        play.act(action);
        let screen = play.screen();
        assert!(screen.contains("━ Lesson 1 · step 1 of 2"), "{screen}");
        assert!(
            screen.contains("The knob temperature stands at"),
            "{screen}"
        );
    }
}

#[test]
fn enter_goes_on_once_the_step_is_done_and_a_step_back_undoes() {
    let mut play = begun(120, 40);
    assert_eq!(pressed(&play, "enter"), Some(Action::Run), "not done");
    play.act(Action::Left);
    assert_eq!(pressed(&play, "enter"), Some(Action::Run), "the wrong way");
    play.acts([Action::Right, Action::Right]);
    assert!(play.screen().contains("✓ Now 0.55."), "{}", play.screen());
    assert!(
        matches!(play.effects.last(), Some(Effect::KeepProgress(_))),
        "{:?}",
        play.effects
    );
    play.act(Action::Right);
    assert!(play.screen().contains("✓ Now 0.6."), "{}", play.screen());
    // What is said follows the screen as long as it is so, and no further.
    for _ in 0..2 {
        play.act(Action::Left);
        play.frame();
        play.answer(&NEXT_WORDS);
    }
    read(&play, &[("temperature", "0.5")]);
    assert!(play.screen().contains("✓ Now 0.55."), "{}", play.screen());
    let on = Action::Learn(LearnAction::On);
    assert_eq!(pressed(&play, "enter"), Some(on.clone()));
    play.act(on);
    play.frame();
    let screen = play.screen();
    assert!(screen.contains("step 2 of 2"), "{screen}");
    assert_eq!(play.state.play.focus, Focus::Next);
    // Back, the first step is as it was left: done.
    play.act(Action::Learn(LearnAction::Back));
    assert_eq!(play.state.play.focus, Focus::Knobs);
    assert!(play.screen().contains("✓ Now 0.55."), "{}", play.screen());
    // Once more, and it is set up anew.
    play.act(Action::Learn(LearnAction::Back));
    assert!(play.screen().contains("step 1 of 2"));
    read(&play, &[("temperature", "0.5")]);
    // Left, all is as it was before the lesson.
    play.act(Action::Learn(LearnAction::Leave));
    read(
        &play,
        &[
            ("prompt", "My own prompt"),
            ("temperature", "0.8"),
            ("focus", "prompt"),
        ],
    );
    assert!(!play.screen().contains("Lesson"));
}

#[test]
fn a_hint_comes_after_a_while_and_a_step_can_be_passed_over() {
    let mut play = begun(80, 24);
    assert!(!play.screen().contains("Hint:"));
    play.act(News::Frame(Duration::from_secs(10)));
    assert!(!play.screen().contains("Hint:"), "too soon");
    play.act(News::Frame(Duration::from_secs(40)));
    let screen = play.screen();
    assert!(screen.contains("Hint: Press → in Sampler."), "{screen}");
    play.act(Action::Learn(LearnAction::Skip));
    play.frame();
    assert!(play.screen().contains("step 2 of 2"));
    play.act(Action::Down);
    play.act(Action::Learn(LearnAction::On));
    let screen = play.screen();
    assert!(screen.contains("The lesson is over."), "{screen}");
    assert!(screen.contains("Knobs change odds."), "{screen}");
    play.act(Action::Learn(LearnAction::Back));
    assert!(play.screen().contains("step 2 of 2"));
}

#[test]
fn a_step_begins_anew_whatever_text_stands_there() {
    let course = Course::bundled(ENGLISH).expect("valid");
    let options = PlayOptions {
        presets: vec![(
            "neutral".to_owned(),
            logitscope::sampling::SamplerSettings::neutral(),
        )],
        learn: LearnOptions {
            course: Some(course),
            ..LearnOptions::default()
        },
        ..options("Once upon")
    };
    let mut play = Play::with(&options, 80, 24);
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::PromptRead {
        subject: Subject::Text,
        tokens: fixtures::read("Once upon"),
        seconds: 0.01,
    });
    for _ in 0..24 {
        play.generate(b" time");
    }
    play.hear(Event::Finished {
        sample: 0,
        reason: logitscope::decoding::StopReason::MaxTokens,
        tokens: 24,
        seconds: 0.05,
    });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    read(&play, &[("generated", "24"), ("ended", "max-tokens")]);
    // “Press Enter to run the prompt”: another text that ended is not it.
    play.act(Action::Learn(LearnAction::Open(2)));
    settle(&mut play);
    read(
        &play,
        &[
            ("prompt", "The king said"),
            ("tokens", "3"),
            ("generated", "0"),
            ("ended", "no"),
        ],
    );
    let screen = play.screen();
    assert!(
        screen.contains("step 1 of 4") && !screen.contains('✓'),
        "{screen}"
    );
    assert!(!screen.contains("time time"), "{screen}");
    // Left, the text is there again.
    play.act(Action::Learn(LearnAction::Leave));
    read(&play, &[("generated", "24"), ("ended", "max-tokens")]);
    assert!(play.screen().contains("time time"), "{}", play.screen());
}

#[test]
fn what_a_lesson_hides_cannot_be_taken() {
    let mut play = begun(120, 40);
    let hidden = LESSON.replace("hide = [\"why\"]", "hide = [\"next-token\"]");
    let lesson = parse("01-a.md", &hidden).unwrap_or_else(|error| panic!("{error}"));
    if let Some(course) = &mut play.state.learn.course {
        course.lessons = vec![lesson];
    }
    play.state.focus_on(Focus::Next);
    play.act(Action::Take);
    let sent = |effect: &Effect| matches!(effect, Effect::Send(_));
    assert!(!play.effects.iter().any(sent), "{:?}", play.effects);
    assert!(play.screen().contains("hides this for now"));
}

#[test]
fn the_end_of_a_lesson_is_read_a_page_at_a_time_where_it_is_too_long() {
    let points: Vec<String> = (1..=14)
        .map(|at| format!("\"Point {at} of all.\""))
        .collect();
    let long = LESSON.replace("\"Knobs change odds.\"", &points.join(", "));
    let mut options = with_lesson("");
    if let Some(course) = &mut options.learn.course {
        course.lessons = vec![parse("01-a.md", &long).expect("a lesson")];
    }
    let mut play = Play::with(&options, 60, 20);
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    settle(&mut play);
    play.act(Action::Learn(LearnAction::Skip));
    play.frame();
    play.act(Action::Learn(LearnAction::Skip));
    let mut seen = String::new();
    let mut pages = 0;
    while play.state.learn.going.is_some() {
        let screen = play.screen();
        assert!(screen.contains("F7"), "the way out stays: {screen}");
        seen += &screen;
        pages += 1;
        play.act(Action::Learn(LearnAction::On));
    }
    assert!(pages > 1, "{seen}");
    for at in 1..=14 {
        assert!(
            seen.contains(&format!("Point {at} of all.")),
            "{at}: {seen}"
        );
    }
}

#[test]
fn the_end_names_the_hand_out_and_a_long_title_leaves_the_way_out() {
    let mut play = begun(80, 24);
    play.act(Action::Learn(LearnAction::Skip));
    play.frame();
    play.act(Action::Learn(LearnAction::Skip));
    let screen = play.screen();
    assert!(screen.contains(" E hand out"), "{screen}");
    let title = "A title that is so long that not everything has room";
    let long = LESSON.replace("## Turn it", &format!("## {title}"));
    let mut options = with_lesson("");
    if let Some(course) = &mut options.learn.course {
        course.lessons = vec![parse("01-a.md", &long).expect("a lesson")];
    }
    let play = Play::with(&options, 80, 24);
    let screen = play.screen();
    assert!(screen.contains("F7 Lessons"), "{screen}");
    assert!(!screen.contains("F8"), "{screen}");
}
