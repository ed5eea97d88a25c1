//! Makes the README's pictures: runs the playground on the embedded model without a terminal, and writes its screen
//! as SVG; then, if a second file is named, the Compare screen after a sweep; then, if a third one is, the Train screen after
//! the demonstration that learns language from nothing.
//!
//! usage: cargo run --release --example screenshot -- assets/screen.svg assets/compare.svg assets/train.svg

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::{Duration, Instant};

use logitscope::config::{Config, Sources};
use logitscope::engine::{Command, EngineHandle, Event, RunState, TrainingHandle, TrainingNews};
use logitscope::tui::{
    Action, ColourLevel, Effect, LanesAction, Marking, News, PlayOptions, Room, State, ThemeName,
    Thresholds, TrainAction,
};
use logitscope::tui::{hear, picture_of_state, update};
use ratatui::layout::Size;
use tokio::sync::mpsc::Receiver;

const SIZE: Size = Size::new(120, 40);
const PROMPT: &str = "Once upon a time there was a little";

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    let path = files
        .next()
        .ok_or("usage: screenshot PLAY.svg [COMPARE.svg [TRAIN.svg]]")?;
    let config = Config::load(&Sources::defaults())?;
    let options = PlayOptions {
        prompt: PROMPT.to_owned(),
        suggested: false,
        sampler: config.sampler.clone(),
        generation: config.generation.clone(),
        presets: config.presets(),
        load: config.model.clone(),
        keys: BTreeMap::new(),
        theme: ThemeName::Dark,
        colours: Some(ColourLevel::True),
        marking: Marking::Probability,
        thresholds: Thresholds::default(),
        present: false,
        mouse: false,
        ascii: false,
        autosave_file: None,
        session: None,
        resumed: false,
        models_file: None,
        presets_file: None,
        fps: 60,
        log_file: None,
        history_file: None,
        tree_records: |_| Err("no tree is written here".to_owned()),
        learn: logitscope::tui::LearnOptions::default(),
    };
    let mut state = State::new(&options, Vec::new(), SIZE)?;
    let (engine, mut events) = EngineHandle::spawn();
    engine.send(Command::Load(options.load.clone()))?;
    hear_until(&mut state, &engine, &mut events, |state| {
        state.engine.run == RunState::Idle
    })?;
    perform(&engine, update(&mut state, Action::Run))?;
    hear_until(&mut state, &engine, &mut events, |state| {
        state.play.finish().is_some()
    })?;
    for _ in 0..150 {
        perform(&engine, update(&mut state, Action::Left))?;
    }
    let start = Instant::now();
    let position = state.play.text().in_view();
    hear_until(&mut state, &engine, &mut events, |state| {
        state
            .play
            .moment()
            .is_some_and(|moment| moment.position == position)
            || start.elapsed() > Duration::from_secs(10)
    })?;

    draw(&state, &path)?;
    if let Some(path) = files.next() {
        compare(&mut state, &engine, &mut events)?;
        draw(&state, &path)?;
    }
    if let Some(path) = files.next() {
        train(&mut state)?;
        draw(&state, &path)?;
    }
    Ok(())
}

/// Draws three lanes to their end, and looks at the place where the second one left the first.
fn compare(
    state: &mut State,
    engine: &EngineHandle,
    events: &mut Receiver<Event>,
) -> Result<(), Box<dyn Error>> {
    let act = |state: &mut State, action| perform(engine, update(state, action));
    act(state, Action::Lanes(LanesAction::Page))?;
    let mut presets = state.play.knobs.presets.iter();
    let wild = presets.position(|(name, _)| name == "wild");
    let wild = wild.ok_or("there is no such preset")?;
    act(state, Action::Lanes(LanesAction::AddPreset(wild)))?;
    act(state, Action::Lanes(LanesAction::Run))?;
    hear_until(state, engine, events, |state| {
        state.lanes.live && state.play.finishes.iter().flatten().count() == 3
    })?;
    act(state, Action::First)?;
    let place = |state: &State| {
        let [first, second, ..] = &state.play.texts[..] else {
            return None;
        };
        logitscope::decoding::parted(first.tokens(), second.tokens())
    };
    for _ in 0..place(state).unwrap_or(0) {
        act(state, Action::Right)?;
    }
    let start = Instant::now();
    perform(engine, hear(state, News::Frame(Duration::from_secs(60))))?;
    hear_until(state, engine, events, |state| {
        let position = state.play.text().in_view();
        let mut moments = state.lanes.lanes.iter().map(|lane| lane.moment.as_ref());
        moments.all(|moment| moment.is_some_and(|moment| moment.position == position))
            || start.elapsed() > Duration::from_secs(10)
    })
}

/// Lets the demonstration run to its end, in a directory that is gone afterwards, and looks at its samples.
fn train(state: &mut State) -> Result<(), Box<dyn Error>> {
    let runs = tempfile::tempdir()?;
    let (mut trainer, mut news) = TrainingHandle::new();
    update(state, Action::Train(TrainAction::Page));
    update(state, Action::Train(TrainAction::DemoNothing));
    let room = Room {
        elsewhere: Some(runs.path().to_owned()),
        names: BTreeSet::new(),
    };
    for effect in hear(state, News::Room(Ok(room))) {
        if let Effect::Train(command) = effect {
            trainer.send(*command)?;
        }
    }
    loop {
        let next = news.blocking_recv().ok_or("the trainer ended")?;
        let is_over = matches!(next, TrainingNews::Ended(_));
        hear(state, News::Training(next));
        if is_over {
            break;
        }
    }
    while !state.screen.banners.is_empty() {
        update(state, Action::Escape);
    }
    // An epoch before the end.
    for _ in 0..2 {
        update(state, Action::Train(TrainAction::PreviousSamples));
    }
    Ok(())
}

/// Writes the screen as it is.
fn draw(state: &State, path: &str) -> Result<(), Box<dyn Error>> {
    std::fs::write(path, picture_of_state(state))?;
    Ok(())
}

/// Lets an action happen, and carries out what it asks of the engine.
fn perform(engine: &EngineHandle, effects: Vec<Effect>) -> Result<(), Box<dyn Error>> {
    for effect in effects {
        match effect {
            Effect::Send(command) => engine.send(command)?,
            Effect::Look(request) => engine.look(*request),
            Effect::LookAtLanes(None, requests) => engine.look_at_lanes(requests),
            Effect::Compare(request) => engine.compare(*request),
            Effect::CancelRun => engine.cancel(),
            _ => {}
        }
    }
    Ok(())
}

/// Takes events in until the state fits, with a frame after each, as on a screen.
fn hear_until(
    state: &mut State,
    engine: &EngineHandle,
    events: &mut Receiver<Event>,
    fits: impl Fn(&State) -> bool,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    perform(engine, hear(state, News::Frame(Duration::ZERO)))?;
    while !fits(state) {
        let event = events.blocking_recv().ok_or("the engine ended")?;
        perform(engine, hear(state, News::Engine(event)))?;
        perform(engine, hear(state, News::Frame(start.elapsed())))?;
    }
    Ok(())
}
