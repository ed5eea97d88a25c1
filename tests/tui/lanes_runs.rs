//! More runs of the lanes with other seeds, quality against diversity, what is saved of lanes, and what their words mean.

use insta::assert_snapshot;
use logitscope::decoding::{Interval, LaneFigures, TextStats};
use logitscope::engine::{Command, Event, RepeatRequest, RunState, Session};
use logitscope::sampling::SamplerSettings;
use logitscope::tui::{Action, Chart, Effect, LanesAction, News, Question, SavedLane, SessionFile};

use crate::fixtures::{Play, options};
use crate::lanes::{PROMPT, comparing, lanes, sent};

/// What `n` asks Play's engine for.
fn more(play: &mut Play) -> RepeatRequest {
    play.act(lanes(LanesAction::More));
    let asked = sent(play).into_iter().find_map(|command| match command {
        Command::Repeat(request) => Some(*request),
        _ => None,
    });
    asked.expect("more runs are asked for")
}

fn figures(surprisal: f32, distinct_2: f32) -> LaneFigures {
    LaneFigures {
        text: TextStats {
            tokens: 10,
            distinct_1: 0.9,
            distinct_2,
            repetition: 0.05,
            surprisal,
            entropy: 4.0,
        },
        left: Some(20.0),
        reference: Some(surprisal),
    }
}

/// Lanes at rest.
fn rested(count: usize, width: u16, height: u16) -> Play {
    let mut play = comparing(count, 10, width, height);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.frame();
    play
}

/// A run of each lane, with such figures.
fn ran(play: &mut Play, request: &RepeatRequest, run: u64, figures: impl Fn(usize) -> LaneFigures) {
    for sample in 0..request.lanes.lanes.len() {
        play.hear(Event::LaneRun {
            batch: request.batch,
            sample,
            run,
            figures: figures(sample),
            tokens: vec![1, 2],
            bytes: b"ab".to_vec(),
        });
    }
}

#[test]
fn more_seeds_give_means_with_intervals() {
    let mut play = rested(2, 120, 40);
    let shown = *play.state.lanes.lanes[0].figures();
    let request = more(&mut play);
    assert_eq!(request.runs, 1..5);
    assert_eq!(request.lanes.prompt, PROMPT);
    assert_eq!(request.lanes.lanes.len(), 2);
    assert!(play.screen().contains("seed 2 of 5"), "{}", play.screen());
    ran(&mut play, &request, 1, |_| figures(2.0, 0.8));
    ran(&mut play, &request, 2, |_| figures(4.0, 0.8));
    let values = [shown.reference.expect("its own"), 2.0, 4.0].map(f64::from);
    let mean = Interval::of(&values).expect("values");
    let said = format!("S {:.2} ±{:.2}", mean.mean, mean.half.expect("three"));
    let screen = play.screen();
    assert!(screen.contains(&said), "{said}: {screen}");
    assert!(screen.contains("3 seeds"), "{screen}");
    // Asked for while they go on, they come after those.
    let request = more(&mut play);
    assert_eq!(request.runs, 3..9);
    play.hear(Event::Repeated);
    assert!(
        play.screen().contains("seed 4 of 9"),
        "the end of the first ones"
    );
    for run in 3..9 {
        ran(&mut play, &request, run, |_| figures(3.0, 0.8));
    }
    play.hear(Event::Repeated);
    let screen = play.screen();
    assert!(
        screen.contains("9 seeds") && !screen.contains(" of 9"),
        "{screen}"
    );
}

#[test]
fn a_lane_that_changes_is_asked_for_anew() {
    let mut play = rested(2, 120, 40);
    let request = more(&mut play);
    ran(&mut play, &request, 1, |_| figures(2.0, 0.8));
    play.act(lanes(LanesAction::TurnUp));
    assert_eq!(play.state.lanes.lanes[0].runs(), 1);
    assert_eq!(play.state.lanes.lanes[1].runs(), 0, "the selected one");
    ran(&mut play, &request, 2, |_| figures(9.0, 0.8));
    assert_eq!(
        play.state.lanes.lanes[1].runs(),
        0,
        "late news of the old ones"
    );
    play.frame();
    let ended = sent(&play)
        .into_iter()
        .any(|command| matches!(command, Command::Repeat(request) if request.runs.is_empty()));
    assert!(ended);
    let request = more(&mut play);
    assert_eq!(request.runs, 1..6);
    // An interrupt ends them before it leaves.
    play.act(Action::Interrupt);
    assert!(
        sent(&play)
            .iter()
            .any(|command| matches!(command, Command::Repeat(request) if request.runs.is_empty()))
    );
    assert!(!play.state.leaving);
}

#[test]
fn quality_stands_against_diversity_at_all_sizes() {
    for (width, height, count) in [(80, 24, 2), (120, 40, 4), (200, 60, 6), (60, 18, 2)] {
        let mut play = rested(count, width, height);
        let request = more(&mut play);
        for run in 1..5 {
            ran(&mut play, &request, run, |at| {
                let (at, run) = (at as f32, run as f32);
                figures(2.0 + at + 0.2 * run, 0.6 + 0.06 * at + 0.01 * run)
            });
        }
        play.hear(Event::Repeated);
        play.act(lanes(LanesAction::Plane));
        assert_snapshot!(format!("lanes_plane_{width}x{height}"), play.screen());
        play.act(lanes(LanesAction::Plane));
        assert_snapshot!(format!("lanes_seeds_{width}x{height}"), play.screen());
    }
}

#[test]
fn it_is_drawn_into_a_file_and_says_when_there_is_nothing() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(lanes(LanesAction::Page));
    play.act(lanes(LanesAction::Plane));
    assert!(play.screen().contains("No lane has said anything yet"));
    play.act(Action::Ask(Question::ChartLanes));
    play.act(Action::Run);
    assert!(play.screen().contains("no lane has said anything yet"));

    let mut play = rested(2, 80, 24);
    play.act(Action::Ask(Question::ChartLanes));
    play.act(Action::Run);
    let drawn = play.effects.iter().find_map(|effect| match effect {
        Effect::DrawChart {
            path,
            chart,
            caption,
        } => Some((path.clone(), chart.clone(), caption.clone())),
        _ => None,
    });
    let (path, chart, caption) = drawn.expect("a chart");
    let caption = caption.expect("a model");
    assert!(caption.contains(" parameters, "), "{caption}");
    assert!(caption.contains(" · after “"), "{caption}");
    assert!(caption.ends_with(" a lane"), "{caption}");
    assert_eq!(path.to_str(), Some("lanes.svg"));
    let Chart::Lanes(points) = *chart else {
        panic!("of the lanes")
    };
    let figures = play.state.lanes.lanes[1].figures();
    let surprisal = f64::from(figures.reference.expect("its own"));
    assert_eq!((points.len(), points[1].surprisal.mean), (2, surprisal));
}

/// What is saved when the engine tells its texts.
fn saved(play: &mut Play) -> SessionFile {
    play.hear(Event::Saved {
        session: Session::default(),
    });
    let written = play.effects.iter().find_map(|effect| match effect {
        Effect::WriteSession { session, .. } => Some(session.as_ref().clone()),
        _ => None,
    });
    written.expect("it is written")
}

#[test]
fn a_session_keeps_the_lanes_and_gives_them_back() {
    let mut play = rested(2, 120, 40);
    play.state.saving.autosave_file = Some("/nowhere/session.json".into());
    play.act(Action::Ask(Question::LaneModel));
    play.act(Action::Paste("./smol.gguf".to_owned()));
    play.act(Action::Run);
    let session = saved(&mut play);
    let model = |lane: &SavedLane| lane.model.clone();
    let models: Vec<_> = session.lanes.iter().map(model).collect();
    assert_eq!(models, [None, None, Some("./smol.gguf".to_owned())]);
    let said = |at: usize| (session.lanes[at].said.as_str(), session.lanes[at].drawn);
    let first = " there was a little girl who lived in a cottage";
    assert_eq!((said(0), said(2)), ((first, true), ("", false)));

    let mut again = Play::with(&options(""), 120, 40);
    again.act(News::SessionRead(Ok(Box::new(session.clone()))));
    let loads = |play: &Play| {
        let mut effects = play.effects.iter();
        effects.any(|effect| matches!(effect, Effect::LoadLanes(..)))
    };
    assert!(!loads(&again), "its model is loaded when it is drawn");
    again.act(lanes(LanesAction::Page));
    assert_snapshot!("lanes_restored_120x40", again.screen());
    let kept: Vec<_> = again
        .state
        .lanes
        .lanes
        .iter()
        .map(|it| it.settings.clone())
        .collect();
    let before: Vec<_> = play
        .state
        .lanes
        .lanes
        .iter()
        .map(|it| it.settings.clone())
        .collect();
    assert_eq!(kept, before);
    again.state.saving.autosave_file = Some("/nowhere/session.json".into());
    let mut undrawn = session.lanes.clone();
    undrawn.iter_mut().for_each(|lane| lane.drawn = false);
    assert_eq!(saved(&mut again).lanes, undrawn);
    again.hear(Event::Loaded {
        model: crate::fixtures::model(),
    });
    again.act(lanes(LanesAction::Run));
    assert!(loads(&again));

    // A file without lanes leaves those that are there.
    let old = SessionFile {
        lanes: Vec::new(),
        ..session
    };
    play.act(News::SessionRead(Ok(Box::new(old))));
    assert_eq!(play.state.lanes.lanes.len(), 3);
}

#[test]
fn lanes_of_other_models_alone_get_one_of_play_s_to_compare_with() {
    let settings = logitscope::decoding::LaneSettings {
        sampler: SamplerSettings::default(),
        seed: 3,
    };
    let lane = SavedLane {
        model: Some("./smol.gguf".to_owned()),
        ..SavedLane::new("as set", settings)
    };
    let mut play = rested(2, 120, 40);
    play.state.saving.autosave_file = Some("/nowhere/session.json".into());
    let session = saved(&mut play).with_lanes(vec![lane; 8]);
    play.act(News::SessionRead(Ok(Box::new(session))));
    assert_eq!(play.state.lanes.own(), 1);
    assert_eq!(play.state.lanes.lanes.len(), 8);
    assert_eq!(play.state.lanes.others.len(), 1, "one model is loaded once");
}

#[test]
fn what_its_words_mean_and_its_keys_come_first() {
    let mut play = rested(2, 80, 24);
    play.act(Action::Legend);
    assert_snapshot!("lanes_legend_80x24", play.screen());
    play.act(Action::Escape);
    play.act(Action::ToggleHelp);
    assert!(
        play.screen().contains("What Compare says"),
        "{}",
        play.screen()
    );
    let mut pages = 0;
    while !play.screen().contains("add a lane of another model") {
        play.act(Action::PageDown);
        pages += 1;
        assert!(pages < 60, "its keys are listed: {}", play.screen());
    }
    assert!(
        !play.screen().contains("Prompt editor"),
        "before the others"
    );
}
