//! The Compare screen: lanes are drawn, turned, added, taken away, looked at and kept.

use insta::assert_snapshot;
use logitscope::decoding::{LaneSettings, NoCommonDraws, Origin, StopReason};
use logitscope::engine::{Command, Event, LookRequest, RunState, Session, Subject, Then};
use logitscope::sampling::{Method, SamplerSettings, StageKind};
use logitscope::tui::{Action, Effect, Focus, LanesAction, Page, Question};

use crate::fixtures::{NEXT_WORDS, Play, moment, read, token};

pub const PROMPT: &str = "Once upon a time";
const WORDS: [&str; 12] = [
    " there", " was", " a", " little", " girl", " who", " lived", " in", " a", " cottage", " on",
    " the",
];

pub fn lanes(action: LanesAction) -> Action {
    Action::Lanes(action)
}

pub fn sent(play: &Play) -> Vec<Command> {
    let sent = play.effects.iter().filter_map(|effect| match effect {
        Effect::Send(command) => Some(command.clone()),
        _ => None,
    });
    sent.collect()
}

pub fn looked(play: &Play) -> Vec<LookRequest> {
    let looked = play.effects.iter().find_map(|effect| match effect {
        Effect::LookAtLanes(None, requests) => Some(requests.clone()),
        _ => None,
    });
    looked.unwrap_or_default()
}

/// The lanes that the engine was asked for, started as it would.
pub fn started(play: &mut Play) -> Vec<LaneSettings> {
    let asked = sent(play).into_iter().find_map(|command| match command {
        Command::Lanes(request) => Some(request),
        _ => None,
    });
    let asked = asked.expect("lanes were asked for");
    assert_eq!(
        (asked.prompt.as_str(), asked.then),
        (PROMPT, Then::Continue)
    );
    play.hear(Event::State {
        state: RunState::Running,
    });
    play.hear(Event::PromptRead {
        subject: Subject::Text,
        tokens: read(PROMPT),
        seconds: 0.01,
    });
    for (sample, lane) in asked.lanes.iter().enumerate() {
        tell(play, sample, lane.clone());
    }
    asked.lanes
}

fn tell(play: &mut Play, sample: usize, lane: LaneSettings) {
    let greedy = lane.sampler.method == Method::Greedy;
    play.hear(Event::Lane {
        sample,
        lane: Box::new(lane),
        apart: greedy.then_some(NoCommonDraws::Greedy),
    });
}

/// A token of a lane; lanes after the first leave it at their own place.
pub fn say(play: &mut Play, sample: usize, at: usize) {
    let position = play.state.play.texts[sample].tokens().len();
    let words = if sample > 0 && at >= 3 * sample {
        at + sample
    } else {
        at
    };
    let mut record = token(
        position,
        WORDS[words % WORDS.len()].as_bytes(),
        Origin::Generated,
    );
    record.id += 50 * (words - at) as u32;
    play.hear(Event::Token { sample, record });
}

/// Answers the looks that were asked for.
pub fn answer(play: &mut Play) {
    for request in looked(play) {
        let text = &play.state.play.texts[request.sample];
        let standing = text.tokens().get(request.position).cloned();
        let mut rows = NEXT_WORDS.to_vec();
        if request.sample == 1 {
            rows[1].2 = Some(StageKind::Xtc);
        }
        let moment = moment(request.position, standing, &rows);
        let sample = request.sample;
        play.hear(Event::LaneLook { sample, moment });
    }
}

/// A playground with so many lanes that have said something.
pub fn comparing(count: usize, words: usize, width: u16, height: u16) -> Play {
    let mut play = Play::inspected(PROMPT, width, height);
    play.act(lanes(LanesAction::Page));
    while play.state.lanes.lanes.len() < count {
        play.act(lanes(LanesAction::Copy));
        play.act(Action::FocusNext);
        play.act(lanes(LanesAction::TurnUp));
    }
    play.act(lanes(LanesAction::Run));
    started(&mut play);
    for at in 0..words {
        for sample in 0..count {
            say(&mut play, sample, at);
        }
    }
    for _ in 0..8 {
        play.frame();
        answer(&mut play);
    }
    play
}

#[test]
fn a_session_keeps_what_lanes_are_drawn_with() {
    let mut play = Play::inspected(PROMPT, 120, 40);
    play.act(lanes(LanesAction::Page));
    play.act(lanes(LanesAction::Run));
    let settings = started(&mut play);
    play.state.saving.session_file = Some("session.json".into());
    play.state.saving.asked_for = true;
    play.hear(Event::Saved {
        session: Session::default(),
    });
    let saved = play.effects.iter().find_map(|effect| match effect {
        Effect::WriteSession { session, .. } => Some(session),
        _ => None,
    });
    let saved = &saved.expect("written").lanes;
    assert_eq!(saved.len(), settings.len());
    for (saved, settings) in saved.iter().zip(&settings) {
        assert_eq!(&saved.settings, settings);
    }
    assert_eq!(saved[0].name, "balanced");
}

#[test]
fn lanes_stand_beside_each_other_at_all_sizes() {
    for (width, height, count) in [(80, 24, 2), (120, 40, 4), (200, 60, 6), (60, 18, 2)] {
        let play = comparing(count, 10, width, height);
        assert_snapshot!(format!("lanes_{width}x{height}"), play.screen());
    }
}

#[test]
fn before_they_are_drawn_it_says_how() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(lanes(LanesAction::Page));
    assert_eq!(play.state.screen.page, Page::Compare);
    assert_snapshot!("lanes_planned_80x24", play.screen());
    play.act(Action::Escape);
    assert_eq!(play.state.screen.page, Page::Play);
}

#[test]
fn figures_are_those_of_the_tokens_and_the_parting_is_marked() {
    let play = comparing(2, 10, 120, 40);
    let screen = play.screen();
    assert!(screen.contains("left A at 7"), "{screen}");
    let tokens = &play.state.play.texts[1].tokens()[4..];
    let expected = logitscope::decoding::LaneFigures::of(tokens, 4096, true);
    assert_eq!(*play.state.lanes.lanes[1].figures(), expected);
    let said = format!(
        "S {:.2}  H {:.2}",
        expected.text.surprisal, expected.text.entropy
    );
    assert!(screen.contains(&said), "{said}: {screen}");
    assert!(screen.contains("cut by xtc"), "{screen}");
}

#[test]
fn a_knob_is_turned_in_one_lane_while_all_stream() {
    let mut play = comparing(2, 4, 120, 40);
    let before = play.state.lanes.lanes[0].settings.clone();
    play.state.play.sample = 1;
    play.act(lanes(LanesAction::TurnUp));
    play.frame();
    let told = sent(&play);
    let [Command::SetLane { sample: 1, lane }] = told.as_slice() else {
        panic!("one lane is told: {told:?}")
    };
    assert!(lane.sampler.temperature > before.sampler.temperature);
    assert_eq!(play.state.lanes.lanes[0].settings, before);
    for _ in 0..8 {
        play.frame();
        let looks = looked(&play);
        if !looks.is_empty() {
            assert_eq!(looks.len(), 1, "the other lane's odds are known");
            assert_eq!((looks[0].sample, &looks[0].sampler), (1, &lane.sampler));
            return;
        }
    }
    panic!("its odds are asked for again");
}

#[test]
fn lanes_are_added_and_taken_away_while_they_stream() {
    let mut play = comparing(2, 4, 120, 40);
    play.act(lanes(LanesAction::Add));
    let told = sent(&play);
    let [Command::AddLane(lane)] = told.as_slice() else {
        panic!("a lane is added: {told:?}")
    };
    tell(&mut play, 2, (**lane).clone());
    assert_eq!(
        play.state.play.texts[2].tokens().len(),
        4,
        "it begins at the prompt"
    );
    play.act(lanes(LanesAction::AddPreset(1)));
    play.hear(Event::Failed {
        message: "there is no room".to_owned(),
    });
    assert_eq!(play.state.lanes.lanes.len(), 3, "what failed is no lane");
    play.state.play.sample = 0;
    play.act(lanes(LanesAction::Remove));
    assert_eq!(sent(&play), [Command::RemoveLane { sample: 0 }]);
    let second = play.state.play.texts[1].tokens().to_vec();
    play.hear(Event::LaneRemoved { sample: 0 });
    assert_eq!(play.state.play.texts[0].tokens(), second);
    assert_eq!(play.state.lanes.lanes.len(), 2);
    for _ in 2..8 {
        play.act(lanes(LanesAction::Copy));
    }
    play.act(lanes(LanesAction::Copy));
    assert_eq!(play.state.lanes.lanes.len(), 8);
    assert!(play.screen().contains("as many as can be told apart"));
}

#[test]
fn the_same_place_comes_into_view_in_all_lanes() {
    let mut play = comparing(3, 8, 120, 40);
    play.acts([Action::Left, Action::Left]);
    let places: Vec<usize> = play
        .state
        .play
        .texts
        .iter()
        .map(|text| text.in_view())
        .collect();
    assert_eq!(places, [9; 3]);
    for _ in 0..8 {
        play.frame();
        let looks = looked(&play);
        if !looks.is_empty() {
            assert!(looks.iter().all(|look| look.position == 9));
            assert_eq!(looks.len(), 3);
            answer(&mut play);
            assert!(play.screen().contains("token 9"));
            return;
        }
    }
    panic!("looks are asked for");
}

#[test]
fn a_knob_is_swept_in_five_lanes() {
    let mut play = Play::inspected(PROMPT, 200, 60);
    play.act(lanes(LanesAction::Page));
    play.act(lanes(LanesAction::Sweep));
    let asked = started(&mut play);
    let temperatures: Vec<f32> = asked.iter().map(|lane| lane.sampler.temperature).collect();
    assert_eq!(temperatures, [0.0, 0.5, 1.0, 1.5, 2.0]);
    let screen = play.screen();
    assert!(screen.contains("C temperature 1"), "{screen}");
}

#[test]
fn the_best_lane_becomes_the_text_with_its_knobs() {
    let mut play = comparing(3, 8, 120, 40);
    play.hear(Event::Finished {
        sample: 1,
        reason: StopReason::Failed("no \u{1b}[31mroom".to_owned()),
        tokens: 8,
        seconds: 1.0,
    });
    assert!(play.screen().contains("failed: no"), "{}", play.screen());
    play.state.play.sample = 2;
    let kept = play.state.play.texts[2].tokens().to_vec();
    let sampler: SamplerSettings = play.state.lanes.lanes[2].settings.sampler.clone();
    play.act(lanes(LanesAction::Open));
    assert_eq!(
        (play.state.screen.page, play.state.play.focus),
        (Page::Play, Focus::Text)
    );
    assert_eq!(play.state.play.settings.sampler, sampler);
    assert_eq!(play.state.play.texts.len(), 3, "all lanes are still there");
    play.act(lanes(LanesAction::Page));
    play.act(lanes(LanesAction::Keep));
    assert_eq!(sent(&play), [Command::Select { sample: 2 }]);
    assert_eq!(play.state.play.texts.len(), 1);
    assert_eq!(play.state.play.text().tokens(), kept);
    assert!(!play.state.lanes.live);
    play.frame();
    assert!(matches!(sent(&play).as_slice(),
        [Command::SetSampler { sampler: told, .. }] if **told == sampler));
}

#[test]
fn the_knobs_of_a_lane_become_a_preset() {
    let mut play = comparing(3, 4, 120, 40);
    play.state.play.sample = 1;
    let sampler = play.state.lanes.lanes[1].settings.sampler.clone();
    assert_ne!(sampler, play.state.play.settings.sampler);
    play.act(Action::Ask(Question::LanePreset));
    let screen = play.screen();
    assert!(
        screen.contains("Save the lane's settings as a preset named"),
        "{screen}"
    );
    play.acts("no name!".chars().map(Action::Insert));
    play.act(Action::Run);
    let saved = |play: &Play| {
        play.effects.iter().find_map(|effect| match effect {
            Effect::SavePreset(name, sampler) => Some((name.clone(), (**sampler).clone())),
            _ => None,
        })
    };
    assert_eq!(
        saved(&play),
        None,
        "a name is asked for that a file can have"
    );
    play.act(Action::Edit(logitscope::tui::Edit::DeleteToLineStart));
    play.acts("warmer".chars().map(Action::Insert));
    play.act(Action::Run);
    assert_eq!(saved(&play), Some(("warmer".to_owned(), sampler)));
}

#[test]
fn a_text_of_play_ends_the_lanes() {
    let mut play = comparing(2, 4, 120, 40);
    play.act(lanes(LanesAction::Page));
    play.act(Action::Run);
    play.hear(Event::PromptRead {
        subject: Subject::Text,
        tokens: read(PROMPT),
        seconds: 0.01,
    });
    assert!(!play.state.lanes.live);
    assert_eq!(play.state.play.texts.len(), 1);
    play.act(lanes(LanesAction::Page));
    assert!(
        play.screen().contains("draws all lanes"),
        "{}",
        play.screen()
    );
}
