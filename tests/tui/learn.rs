//! Lessons in the playground without its engine: the figures that they speak of.

use logitscope::engine::RunState;
use logitscope::tui::{Action, Focus};

use crate::fixtures::{NEXT_WORDS, Play};

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
            ("token:1", "·little"),
            ("p:1", "21.4 %"),
            ("p:\" small\"", "12.6 %"),
            ("surprisal:2", "2.99"),
            ("rank:\" castle\"", "6"),
            ("final:7", "0 %"),
            ("ratio:1/2", "1.7"),
            ("token:pick", "·little"),
            ("token:row", "·little"),
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
            ("token", "·he"),
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
        &[("zoomed", "yes"), ("row", "2"), ("token:row", "·small")],
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
