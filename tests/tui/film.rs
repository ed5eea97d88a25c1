//! The samples as a strip of film, the odds over the run, runs beside each other, and the screen of a projector.

use insta::assert_snapshot;
use logitscope::training::{History, Memorised, RunEvent, SampleText, Samples, Validation};
use logitscope::tui::{Action, News, ReadRun, TrainAction};

use crate::fixtures::Play;
use crate::training::{at_all_sizes, news, odds, started, step, trained};

/// Samples with so much of them copied.
fn sampled(at: u64, text: &str, share: f64) -> RunEvent {
    let end = text.len()..text.len() + 13;
    let copied = 1..(text.len() as f64 * share) as usize;
    RunEvent::Samples(Samples {
        step: at,
        epoch: at as f64 / 40.0,
        texts: vec![SampleText {
            prompt: "The wind".to_owned(),
            text: format!("{text}<|endoftext|>"),
            seed: 1,
            copied: if share > 0.0 { vec![copied] } else { vec![] },
            special: vec![end],
        }],
        memorised: Some(Memorised {
            length: 6,
            ngrams: 55,
            share,
        }),
    })
}

/// What a run says from noise to words, up to a step.
fn events(last: u64) -> Vec<RunEvent> {
    const TEXTS: [&str; 6] = [
        " qz ton e rr\u{1b}[2J th",
        " the the of rain the",
        " is in the the hill and",
        " is in the north, and the sea is grey",
        " is in the north tonight, and the rain is on the hill",
        " is in the north tonight, and the rain is on the hill",
    ];
    let mut events = Vec::new();
    for at in 0..=last {
        if at > 0 {
            events.push(step(at));
        }
        if at % 20 == 0 {
            let number = (at / 20).min(5) as usize;
            events.push(RunEvent::Validation(Validation {
                step: at,
                epoch: at as f64 / 40.0,
                loss: [5.0, 4.4, 4.1, 3.9, 3.95, 4.0][number],
                best: (1..=3).contains(&number),
                ..Validation::default()
            }));
            events.push(sampled(at, TEXTS[number], number as f64 / 5.0));
            events.push(odds(at, number as f32 / 6.0));
        }
    }
    events
}

/// A run of a hundred steps that went from noise to words and on to what it knows by heart.
fn learned(width: u16, height: u16) -> Play {
    let play = trained(width, height);
    let started = play
        .state
        .train
        .run()
        .and_then(|run| run.history().started().cloned());
    let started = RunEvent::Started(started.expect("a run"));
    let mut play = self::started(width, height);
    news(&mut play, started);
    for event in events(100) {
        news(&mut play, event);
    }
    play
}

/// The same, beside a run of sixty steps.
fn beside(width: u16, height: u16) -> Play {
    let mut play = learned(width, height);
    let mut history = History::new();
    for event in events(60) {
        history.push(&event);
    }
    play.act(News::RunRead {
        path: std::path::Path::new("runs").join("other"),
        beside: true,
        read: Ok(Box::new(ReadRun {
            history,
            running: false,
        })),
    });
    play
}

fn focus(play: &mut Play, panes: usize) {
    play.acts((0..panes).map(|_| Action::FocusNext));
}

#[test]
fn first_best_and_newest_stand_beside_each_other_wherever_the_cursor_is() {
    at_all_sizes("film_strip", learned);
    let mut play = learned(120, 40);
    play.act(Action::Train(TrainAction::PreviousSamples));
    play.act(Action::Train(TrainAction::PreviousSamples));
    play.act(Action::Train(TrainAction::PreviousSamples));
    let screen = play.screen();
    for said in [
        "first · 0",
        "▶ step 40",
        "★ best · step 60",
        "newest · step 100",
    ] {
        let known = screen.contains(said) || screen.contains(&said.replace("· ", "· step "));
        assert!(known, "{said}: {screen}");
    }
    // What is a control token is said so, and nothing is raw.
    assert!(
        screen.contains("⟨endoftext⟩") && !screen.contains("<|"),
        "{screen}"
    );
    assert!(
        screen.contains("copied 6-grams ▁▂▄▅▇█ 40.0 % of 55"),
        "{screen}"
    );
}

#[test]
fn zoomed_as_many_samples_as_fit_are_shown_with_their_shares() {
    at_all_sizes("film_zoomed", |width, height| {
        let mut play = learned(width, height);
        focus(&mut play, 2);
        play.act(Action::Zoom);
        play
    });
    let mut play = learned(200, 60);
    focus(&mut play, 2);
    play.act(Action::Zoom);
    let screen = play.screen();
    for step in [0, 20, 40, 60, 80, 100] {
        assert!(screen.contains(&format!("step {step}")), "{screen}");
    }
    assert!(screen.contains("60 % copied"), "{screen}");
}

#[test]
fn odds_are_strips_of_heat_over_the_epochs_when_zoomed() {
    at_all_sizes("film_odds", |width, height| {
        let mut play = learned(width, height);
        focus(&mut play, 3);
        play.act(Action::Zoom);
        play
    });
    let mut play = learned(120, 40);
    focus(&mut play, 3);
    play.act(Action::Zoom);
    // Without colours too: the signs say it.
    play.marks();
    let screen = play.screen();
    for said in ["░", "▒", "▓", "█", "epochs", "▲"] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    // Over tokens as the chart is.
    play.act(Action::Train(TrainAction::Across));
    assert!(play.screen().contains("tokens"));
}

#[test]
fn runs_that_are_compared_stand_beside_each_other_in_every_pane() {
    at_all_sizes("film_beside", beside);
    let screen = beside(120, 40).screen();
    // Validations: the newest of each, and its best.
    assert!(screen.contains("★3.900 60"), "{screen}");
    // Samples of both, odds of both.
    assert!(screen.contains("a other"), "{screen}");
    let odds = screen
        .lines()
        .find(|line| line.contains("·not"))
        .unwrap_or_default();
    assert_eq!(odds.matches(" %").count(), 2, "{screen}");
    let mut play = beside(120, 40);
    focus(&mut play, 1);
    play.act(Action::Zoom);
    assert_snapshot!("film_validations_120x40", play.screen());
    focus(&mut play, 2);
    let screen = play.screen();
    assert!(
        screen.contains("Odds after") && screen.contains("a "),
        "{screen}"
    );
}

#[test]
fn a_projector_shows_the_sample_and_the_curve_in_big_letters() {
    at_all_sizes("film_projector", |width, height| {
        let mut play = learned(width, height);
        play.act(Action::Train(TrainAction::Project));
        play
    });
    let mut play = learned(80, 24);
    let before = play.screen();
    play.act(Action::Train(TrainAction::Project));
    assert!(play.state.train.projected);
    play.act(Action::Escape);
    assert_eq!(play.screen(), before);
}
