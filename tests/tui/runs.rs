//! Starting, stepping, going back, stopping; and an engine that is busy or dead.

use logitscope::engine::{Command, Event, RunState, Subject, Then};
use logitscope::engine::{SendError, Unsent};
use logitscope::model::LoadRequest;
use logitscope::tui::{Action, Effect, Focus, News};

use crate::asked::{PROMPT, commands, paused};
use crate::fixtures::{Play, model};

#[test]
fn enter_runs_the_prompt_remembers_it_and_shows_the_text() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(Action::Run);
    assert!(play.effects.contains(&Effect::Remember(PROMPT.to_owned())));
    let sent = commands(&play);
    let [Command::Generate(request)] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (request.prompt.as_str(), request.then),
        (PROMPT, Then::Continue)
    );
    assert_eq!(request.sampler, play.state.play.settings.sampler);
    assert_eq!(
        (play.state.play.focus, play.state.play.subject),
        (Focus::Text, Subject::Text)
    );
}

#[test]
fn stepping_starts_pauses_and_steps() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.acts([Action::FocusNext, Action::Step]);
    let sent = commands(&play);
    assert!(
        matches!(
            &sent[..],
            [Command::Generate(request), Command::Step] if request.then == Then::Pause
        ),
        "{sent:?}"
    );

    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.act(Action::Step);
    assert_eq!(commands(&play), [Command::Pause]);
    play.hear(Event::State {
        state: RunState::Paused,
    });
    play.act(Action::Step);
    assert_eq!(commands(&play), [Command::Step]);
    play.act(Action::TogglePause);
    assert_eq!(commands(&play), [Command::Resume]);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.act(Action::Step);
    let rewind = Command::Rewind {
        length: 5,
        then: Then::Pause,
    };
    assert_eq!(
        commands(&play),
        [rewind, Command::Step],
        "a finished text is taken up again"
    );
}

#[test]
fn retrying_takes_the_next_seed_and_the_same_prompt() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.acts([Action::Insert('x'), Action::Retry]);
    let sent = commands(&play);
    let [Command::Generate(request)] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (request.prompt.as_str(), request.generation.seed),
        (PROMPT, 2)
    );
}

#[test]
fn going_back_cuts_before_the_token_in_view() {
    let mut play = paused(&[" there", " was", " a"]);
    play.acts([Action::Left, Action::Rewind]);
    assert_eq!(
        commands(&play),
        [Command::Rewind {
            length: 5,
            then: Then::Continue
        }]
    );
    assert!(play.state.play.text().follows());
    play.hear(Event::Rewound { length: 5 });
    assert_eq!(play.state.play.text().tokens().len(), 5);
    assert_eq!(play.state.engine.context_used, 5);
    play.acts([Action::First, Action::Left, Action::Left, Action::Left]);
    play.acts([
        Action::Left,
        Action::Left,
        Action::Left,
        Action::RewindPaused,
    ]);
    assert_eq!(commands(&play), [], "nothing stands before the first token");
}

#[test]
fn the_selected_row_can_be_taken_instead() {
    let mut play = paused(&[" there", " was"]);
    play.acts([Action::FocusNext, Action::Up]);
    assert_eq!(
        (play.state.play.focus, play.state.play.row),
        (Focus::Next, 1),
        "selection starts at the chosen token"
    );
    play.act(Action::Take);
    assert_eq!(
        commands(&play),
        [Command::Replace {
            position: 5,
            tokens: vec![2],
            then: Then::Continue
        }]
    );

    let mut play = paused(&[" there", " was"]);
    play.acts([Action::FocusNext, Action::Left, Action::TakePaused]);
    assert_eq!(commands(&play), [], "the table still shows another token");
}

#[test]
fn taking_a_row_of_the_draft_opens_a_paused_run_first() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.acts([
        Action::FocusNext,
        Action::FocusNext,
        Action::Down,
        Action::Take,
    ]);
    let sent = commands(&play);
    let [Command::Generate(request), replace] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(request.then, Then::Pause);
    assert_eq!(
        *replace,
        Command::Replace {
            position: 4,
            tokens: vec![2],
            then: Then::Continue
        }
    );
}

#[test]
fn an_interrupt_cancels_first_and_leaves_second() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.act(Action::Interrupt);
    assert_eq!(
        play.effects,
        [Effect::CancelRun, Effect::Send(Command::Cancel)]
    );
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.act(Action::Interrupt);
    assert_eq!(play.effects, []);
    assert!(play.screen().contains("press ^C again to quit"));
    play.act(Action::Up);
    play.act(Action::Interrupt);
    assert_eq!(play.effects, [], "another key in between starts over");
    play.act(Action::Interrupt);
    assert_eq!(play.effects, [Effect::Quit]);
}

#[test]
fn an_engine_that_does_not_stop_cannot_keep_the_user() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.act(Action::Interrupt);
    play.act(Action::Interrupt);
    assert_eq!(play.effects, [], "it was asked to stop once already");
    play.act(Action::Interrupt);
    assert_eq!(play.effects, [Effect::Quit]);

    // A run that begins between two interrupts does not start the count again.
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(Action::Interrupt);
    play.hear(Event::State {
        state: RunState::Running,
    });
    play.act(Action::Interrupt);
    assert_eq!(play.effects, [Effect::Quit]);
}

#[test]
fn what_the_engine_had_no_room_for_is_sent_again_or_said() {
    let mut play = Play::inspected("a", 80, 24);
    play.act(Action::Insert('b'));
    play.frame();
    let [inspect] = &commands(&play)[..] else {
        panic!("{:?}", play.effects);
    };
    play.act(News::Refused(Unsent {
        command: Box::new(inspect.clone()),
        error: SendError::Full,
    }));
    play.frame();
    assert_eq!(commands(&play).first(), Some(inspect));
    assert!(play.state.screen.banners.is_empty());
    play.act(News::Refused(Unsent {
        command: Box::new(Command::Step),
        error: SendError::Full,
    }));
    assert_eq!(play.state.screen.banners.len(), 1);
}

#[test]
fn a_dead_engine_is_started_again_and_loads() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.hear(Event::Died {
        message: "out of memory".to_owned(),
    });
    play.act(Action::Run);
    assert_eq!(commands(&play), [], "no model");
    play.act(Action::RestartEngine);
    assert_eq!(
        play.effects,
        [
            Effect::RestartEngine,
            Effect::Send(Command::Load(play.state.engine.load.clone()))
        ]
    );
    play.act(Action::RestartEngine);
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.frame();
    assert_eq!(
        commands(&play),
        [Command::Inspect {
            prompt: PROMPT.to_owned()
        }]
    );
    play.act(Action::RestartEngine);
    assert_eq!(play.effects, [], "it is alive");
}

#[test]
fn another_model_can_be_chosen_after_the_engine_died() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.hear(Event::Died {
        message: "out of memory".to_owned(),
    });
    play.act(Action::LoadModel("embedded".to_owned()));
    let load = LoadRequest {
        source: "embedded".to_owned(),
        ..play.state.engine.load.clone()
    };
    assert_eq!(
        play.effects,
        [Effect::RestartEngine, Effect::Send(Command::Load(load))]
    );
    assert_eq!(play.state.engine.died, None);
}

#[test]
fn a_model_that_was_loaded_has_no_speed_or_end_of_the_last_ones_run() {
    let mut play = Play::running(PROMPT, &[" there"], 120, 40);
    play.hear(Event::Finished {
        sample: 0,
        reason: logitscope::decoding::StopReason::MaxTokens,
        tokens: 1,
        seconds: 0.5,
    });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    assert!(
        play.screen().contains("1 tokens, 2 tok/s"),
        "{}",
        play.screen()
    );
    play.hear(Event::Loaded { model: model() });
    let screen = play.screen();
    assert!(
        !screen.contains("tok/s") && screen.contains("■ ready"),
        "{screen}"
    );
}

#[test]
fn a_prompt_that_was_only_read_does_not_end_at_max_tokens() {
    let mut play = Play::inspected(PROMPT, 120, 40);
    play.act(Action::Read);
    play.hear(Event::Finished {
        sample: 0,
        reason: logitscope::decoding::StopReason::MaxTokens,
        tokens: 0,
        seconds: 0.0,
    });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    assert!(play.screen().contains("■ prompt read"), "{}", play.screen());
}

#[test]
fn a_text_beyond_the_context_fills_it_and_no_more() {
    let long = "a ".repeat(320);
    let mut play = Play::inspected(&long, 120, 40);
    play.act(Action::Run);
    play.hear(Event::PromptRead {
        subject: Subject::Text,
        tokens: crate::fixtures::read(&long),
        seconds: 0.1,
    });
    assert!(
        play.screen().contains("256/256 context"),
        "{}",
        play.screen()
    );
    play.hear(Event::Slid {
        sample: 0,
        kept: 129,
        dropped: 512,
    });
    assert!(
        play.screen().contains("129/256 context"),
        "{}",
        play.screen()
    );
}

#[test]
fn knobs_that_were_just_turned_hold_when_the_text_goes_on() {
    let mut play = paused(&[" there", " was"]);
    play.act(Action::SetKnob(
        play.state
            .play
            .knob_rows()
            .into_iter()
            .find(|row| row.name() == "max-tokens")
            .expect("a row"),
        "7".to_owned(),
    ));
    play.act(Action::RewindPaused);
    let sent = commands(&play);
    assert!(
        matches!(&sent[..], [Command::SetSampler { generation, .. }, Command::Rewind { .. }] if generation.max_tokens == 7),
        "{sent:?}"
    );
}

#[test]
fn other_samples_of_a_run_are_not_mixed_into_the_text() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    let record = crate::fixtures::token(5, b" other", logitscope::decoding::Origin::Generated);
    play.hear(Event::Token { sample: 1, record });
    assert_eq!(play.state.play.text().tokens().len(), 5);
}
