//! Typing, looking around, turning knobs.

use logitscope::engine::{Command, Event, RunState, Subject};
use logitscope::tui::{Action, Edit, Focus};

use crate::asked::{PROMPT, commands, looked_at, paused};
use crate::fixtures::{NEXT_WORDS, Play, read};

#[test]
fn typing_inspects_the_newest_draft_one_at_a_time() {
    let mut play = Play::inspected("a", 80, 24);
    play.acts([Action::Insert('b'), Action::Insert('c')]);
    assert_eq!(commands(&play), [], "nothing is sent before the frame");
    play.frame();
    assert_eq!(
        commands(&play),
        [Command::Inspect {
            prompt: "abc".to_owned()
        }]
    );
    assert_eq!(looked_at(&play), None, "the old draft is not looked at");
    play.act(Action::Insert('d'));
    play.frame();
    assert_eq!(commands(&play), [], "one is out");
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: read("abc"),
        seconds: 0.0,
    });
    play.frame();
    assert_eq!(
        commands(&play),
        [Command::Inspect {
            prompt: "abcd".to_owned()
        }]
    );
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: read("abcd"),
        seconds: 0.0,
    });
    play.frame();
    assert_eq!(
        (commands(&play), looked_at(&play)),
        (vec![], Some((Subject::Draft, 1)))
    );
}

#[test]
fn an_empty_draft_needs_no_engine() {
    let mut play = Play::inspected("a", 80, 24);
    play.act(Action::Edit(Edit::DeleteBack));
    play.frame();
    assert_eq!((commands(&play), looked_at(&play)), (vec![], None));
    assert!(play.state.play.draft.tokens().is_empty());
}

#[test]
fn typing_during_a_run_waits_and_does_not_take_the_tables_away() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.act(Action::Insert('x'));
    play.frame();
    assert_eq!(commands(&play), []);
    assert_eq!(play.state.play.subject, Subject::Text);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.frame();
    assert_eq!(
        commands(&play),
        [Command::Inspect {
            prompt: "x".to_owned()
        }]
    );
}

#[test]
fn following_looks_at_the_newest_token_once_a_frame_and_never_twice() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    for word in [" was", " a", " girl"] {
        play.generate(word.as_bytes());
    }
    play.frame();
    assert_eq!(looked_at(&play), Some((Subject::Text, 7)));
    play.generate(b" who");
    play.frame();
    assert_eq!(looked_at(&play), None, "one is out");
    play.effects = vec![];
    play.hear(Event::State {
        state: RunState::Running,
    });
    play.frame();
    assert_eq!(
        looked_at(&play),
        Some((Subject::Text, 8)),
        "asked again after the engine may have dropped it"
    );
    play.answer(&NEXT_WORDS);
    play.frame();
    assert_eq!(looked_at(&play), None, "known");
}

#[test]
fn scrubbing_looks_at_every_token_but_the_first() {
    let mut play = paused(&[" there", " was"]);
    play.act(Action::Left);
    play.frame();
    assert_eq!(looked_at(&play), Some((Subject::Text, 4)));
    play.answer(&NEXT_WORDS);
    play.act(Action::First);
    play.acts([Action::Left, Action::Left, Action::Left, Action::Left]);
    play.frame();
    assert_eq!(play.state.play.text().in_view(), 0);
    assert_eq!(looked_at(&play), None, "nothing predicts the first token");
    play.act(Action::Last);
    play.acts([Action::Right]);
    play.frame();
    assert_eq!(
        looked_at(&play),
        Some((Subject::Text, 6)),
        "the one to come"
    );
}

#[test]
fn nothing_of_another_token_is_shown_for_the_first_one() {
    let mut play = paused(&[" there", " was"]);
    play.acts([Action::FocusNext, Action::First]);
    play.frame();
    let screen = play.screen();
    assert!(screen.contains("nothing predicts it"), "{screen}");
    assert!(
        !screen.contains("little"),
        "the odds of another token: {screen}"
    );
    play.acts([Action::FocusNext, Action::FocusNext, Action::FocusNext]);
    assert_eq!(play.state.play.focus, Focus::Why);
    assert!(
        play.screen().contains("Nothing predicts the first token."),
        "{}",
        play.screen()
    );
    play.act(Action::Right);
    play.frame();
    assert_eq!(looked_at(&play), Some((Subject::Text, 1)));
}

#[test]
fn a_turned_knob_is_told_to_the_engine_and_looked_at_again() {
    let mut play = paused(&[" there"]);
    play.acts([Action::FocusNext, Action::FocusNext, Action::FocusNext]);
    assert_eq!(play.state.play.focus, Focus::Knobs);
    let before = play.state.play.settings.sampler.temperature;
    play.acts([Action::Right, Action::Right]);
    assert!(
        play.state.play.settings.sampler.temperature > before,
        "the temperature is selected at the start"
    );
    play.frame();
    assert_eq!(
        commands(&play),
        [Command::SetSampler {
            sampler: Box::new(play.state.play.settings.sampler.clone()),
            generation: play.state.play.settings.generation.clone()
        }],
        "only the newest"
    );
    assert_eq!(looked_at(&play), Some((Subject::Text, 4)));
    play.answer(&NEXT_WORDS);
    play.frame();
    assert_eq!((commands(&play), looked_at(&play)), (vec![], None));
}

#[test]
fn a_reordered_stage_stays_selected() {
    let mut play = paused(&[" there"]);
    play.acts([Action::FocusNext, Action::FocusNext, Action::FocusNext]);
    let order = play.state.play.settings.sampler.order.clone();
    let selected = |play: &Play| play.state.play.knob_rows()[play.state.play.knobs.selected].name();
    assert_eq!(selected(&play), "temperature");
    play.act(Action::StageLater);
    assert_ne!(play.state.play.settings.sampler.order, order);
    assert_eq!(selected(&play), "temperature");
    play.act(Action::StageEarlier);
    assert_eq!(selected(&play), "temperature");
    assert_eq!(play.state.play.settings.sampler.order, order);
    play.act(Action::ToggleStage);
    assert_eq!(play.state.play.settings.sampler.disabled.len(), 1);
    play.act(Action::ToggleStage);
    assert!(play.state.play.settings.sampler.disabled.is_empty());
}

#[test]
fn presets_go_round() {
    let mut play = paused(&[" there"]);
    assert_eq!(play.state.play.preset(), Some(0));
    play.act(Action::NextPreset);
    assert_eq!(play.state.play.preset(), Some(1));
    play.act(Action::NextPreset);
    assert_eq!(play.state.play.preset(), Some(0));
    play.act(Action::PreviousPreset);
    assert_eq!(play.state.play.preset(), Some(1));
}

#[test]
fn escape_closes_help_then_the_banner_then_the_editor() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.hear(Event::Failed {
        message: "no".to_owned(),
    });
    play.act(Action::ToggleHelp);
    play.act(Action::Run);
    assert_eq!(play.effects, [], "help covers the rest");
    play.act(Action::Escape);
    assert_eq!(
        (play.state.screen.help, play.state.screen.banners.len()),
        (None, 1)
    );
    play.act(Action::Escape);
    assert_eq!(
        (play.state.screen.banners.len(), play.state.play.focus),
        (0, Focus::Prompt)
    );
    play.act(Action::Escape);
    assert_eq!(play.state.play.focus, Focus::Text);
    play.acts([Action::ToggleHelp, Action::Quit]);
    assert_eq!(
        (play.state.screen.help, &play.effects[..]),
        (None, &[][..]),
        "q closes help"
    );
}

#[test]
fn the_history_lies_beyond_the_first_and_the_last_line() {
    let mut play = Play::inspected("one", 80, 24);
    play.acts([
        Action::Run,
        Action::FocusPrompt,
        Action::Edit(Edit::DeleteToLineStart),
        Action::Insert('d'),
    ]);
    play.act(Action::Up);
    assert_eq!(play.state.play.editor.text(), "one");
    play.act(Action::Down);
    assert_eq!(play.state.play.editor.text(), "d");
    play.act(Action::Edit(Edit::HistoryPrevious));
    assert_eq!(play.state.play.editor.text(), "one");
}
