//! Lanes of other models: their engines are started, steered and heard.

use super::adding::{put, taken_away};
use crate::engine::{Command, Event, LanesRequest, RunState, Session, Subject, Then};
use crate::model::LoadRequest;
use crate::tui::Effect;
use crate::tui::state::lanes::{Lane, letter, prompt_of};
use crate::tui::state::{Finish, State};
use crate::tui::update::{engine, run};

/// Adds a lane with the selected one's settings and another model.
pub fn add_model(state: &mut State, source: &str, effects: &mut Vec<Effect>) {
    let Some(selected) = state.lanes.lanes.get(state.lane()) else {
        return;
    };
    let mut lane = selected.copy();
    lane.engine = None;
    if source != state.engine.load.source {
        let known = |engine: usize| state.lanes.lanes.iter().any(|it| it.engine == Some(engine));
        let mut others = state.lanes.others.iter();
        let there = others.find(|it| it.source == source && it.failed.is_none());
        let there = there.map(|other| other.engine).filter(|it| known(*it));
        lane.engine = Some(match there {
            Some(engine) => engine,
            None => {
                let engine = state.lanes.begin_other(source);
                effects.push(load(state, engine, source));
                engine
            }
        });
    }
    let engine = lane.engine;
    put(state, lane, effects);
    if let Some(engine) = engine.filter(|it| state.lanes.place(*it, 0).is_none()) {
        // There was no room for a lane.
        state.lanes.others.retain(|other| other.engine != engine);
        effects.push(Effect::UnloadLanes(engine));
    }
}

fn load(state: &State, engine: usize, source: &str) -> Effect {
    let request = LoadRequest {
        source: source.to_owned(),
        base: String::new(),
        ..state.engine.load.clone()
    };
    Effect::LoadLanes(engine, Box::new(request))
}

/// Draws the lanes of all other models from the prompt of those of Play's. One that could not be loaded is tried again.
pub fn start(state: &mut State, then: Then, effects: &mut Vec<Effect>) {
    let engines: Vec<usize> = state.lanes.others.iter().map(|it| it.engine).collect();
    for engine in engines {
        let Some(other) = state.lanes.other_mut(engine) else {
            continue;
        };
        if other.failed.take().is_some() || other.run == RunState::Empty {
            let source = other.source.clone();
            (other.model, other.run) = (None, RunState::Loading);
            effects.push(load(state, engine, &source));
        } else {
            begin(state, engine, then, effects);
        }
    }
}

/// Draws the lanes of a model that is there.
fn begin(state: &State, engine: usize, then: Then, effects: &mut Vec<Effect>) {
    let (Some(other), Some(prompt)) = (state.lanes.other(engine), &state.play.last_prompt) else {
        return;
    };
    if other.model.is_none() {
        return;
    }
    let lanes = state.lanes.places(engine);
    effects.push(Effect::SendLanes(
        engine,
        Command::Lanes(Box::new(LanesRequest {
            prompt: prompt.clone(),
            generation: state.play.settings.generation.clone(),
            lanes: lanes
                .map(|at| state.lanes.lanes[at].settings.clone())
                .collect(),
            prompt_odds: true,
            then,
        })),
    ));
}

/// Tells Play's engine and those of all lanes.
pub fn tell_all(state: &State, command: &Command, effects: &mut Vec<Effect>) {
    effects.push(Effect::Send(command.clone()));
    let others = state.lanes.others.iter().filter(|other| other.live);
    effects.extend(others.map(|other| Effect::SendLanes(other.engine, command.clone())));
}

/// Ends what other models do, be it loading. Whether any did something.
pub fn stop(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let repeated = super::repeating::stop(state, effects);
    let busy = |run| {
        matches!(
            run,
            RunState::Running | RunState::Paused | RunState::Loading
        )
    };
    let others = state.lanes.others.iter().filter(|other| busy(other.run));
    let stopped = others.map(|other| Effect::SendLanes(other.engine, Command::Cancel));
    let before = effects.len();
    effects.extend(stopped);
    repeated || effects.len() > before
}

/// The text of a lane becomes Play's, which means that its model does: its engine is asked for the text, see [`heard`].
pub fn keep(state: &mut State, engine: usize, sample: usize, effects: &mut Vec<Effect>) {
    run::stop(state, effects);
    effects.push(Effect::SendLanes(engine, Command::Select { sample }));
    effects.push(Effect::SendLanes(engine, Command::Save));
}

/// Takes in what an engine of lanes tells. What it says of its texts before Play's model has read the prompt waits.
pub fn heard(state: &mut State, number: usize, event: Event, effects: &mut Vec<Effect>) {
    let starting = state.lanes.starting;
    let Some(other) = state.lanes.other_mut(number) else {
        return;
    };
    let of_texts = !matches!(
        event,
        Event::Progress(_)
            | Event::Loaded { .. }
            | Event::Notice { .. }
            | Event::Failed { .. }
            | Event::Died { .. }
    );
    if starting && of_texts {
        other.held.push(event);
        return;
    }
    match event {
        Event::Progress(progress) => other.loading = Some(progress),
        Event::Loaded { model } => {
            (other.model, other.loading) = (Some(model), None);
            effects.push(Effect::RememberModel(other.source.clone()));
            if starting || state.lanes.live {
                begin(state, number, Then::Continue, effects);
            }
        }
        Event::Notice { message } => {
            let name = other.name().to_owned();
            state.tell(format!("{name}: {message}"), false);
        }
        Event::State { state: run } => other.run = run,
        Event::Saved { session } => kept(state, number, session, effects),
        Event::Failed { message } | Event::Died { message } if other.model.is_none() => {
            other.failed = Some(message);
        }
        Event::Died { message } => {
            other.failed = Some(message);
            other.model = None;
            other.end();
            effects.push(Effect::UnloadLanes(number));
        }
        Event::LaneRun {
            batch,
            sample,
            run,
            figures,
            tokens,
            bytes,
        } => super::ran(
            state,
            (Some(number), batch),
            (sample, run),
            figures,
            (&tokens, &bytes),
            effects,
        ),
        Event::Repeated => super::repeated(state, Some(number)),
        Event::Failed { message } => refused(state, number, message),
        event => of_its_texts(state, number, event),
    }
}

/// What is told of an engine's texts, while they are lanes.
fn of_its_texts(state: &mut State, number: usize, event: Event) {
    if !state.lanes.live {
        return;
    }
    let place = |state: &State, sample| state.lanes.place(number, sample);
    match event {
        Event::PromptRead {
            subject: Subject::Text,
            tokens,
            ..
        } => {
            let places: Vec<usize> = state.lanes.places(number).collect();
            for &at in &places {
                state.play.texts[at].replace(tokens.clone());
                state.lanes.lanes[at].asked = false;
                if let Some(finish) = state.play.finishes.get_mut(at) {
                    *finish = None;
                }
            }
            if let Some(other) = state.lanes.other_mut(number) {
                other.live = true;
            }
            state.reflow();
        }
        Event::Lane { sample, .. } => {
            let Some(at) = place(state, sample) else {
                return;
            };
            if std::mem::take(&mut state.lanes.lanes[at].asked) {
                let first = state.lanes.place(number, 0).unwrap_or(at);
                let tokens = state.play.texts[first].tokens();
                let prompt = tokens[..prompt_of(tokens)].to_vec();
                state.play.texts[at].replace(prompt);
                state.reflow();
            }
        }
        Event::LaneRemoved { sample } => {
            if let Some(at) = place(state, sample) {
                taken_away(state, at);
            }
        }
        Event::Token { sample, record } => {
            if let Some(at) = place(state, sample) {
                state.play.texts[at].push(record);
                state.engine.rate.count();
            }
        }
        Event::LaneLook { sample, moment } => {
            if let Some(at) = place(state, sample) {
                state.lanes.seen(at, moment);
            }
        }
        Event::Look { subject, moment } if state.away().is_some_and(|(of, _)| of == number) => {
            engine::look(state, subject, moment);
        }
        Event::LookFailed { .. } => state.play.looking.refuse(),
        Event::Finished {
            sample,
            reason,
            tokens,
            seconds,
        } => {
            if let Some(at) = place(state, sample) {
                let finishes = &mut state.play.finishes;
                finishes.resize(state.play.texts.len().max(at + 1), None);
                finishes[at] = Some(Finish {
                    reason,
                    tokens,
                    seconds,
                });
            }
        }
        _ => {}
    }
}

/// An engine could not do what it was asked for: draw its lanes at all, or one more.
fn refused(state: &mut State, engine: usize, message: String) {
    let Some(other) = state.lanes.other_mut(engine) else {
        return;
    };
    if !other.live {
        other.failed = Some(message);
        return;
    }
    let name = other.name().to_owned();
    let places: Vec<usize> = state.lanes.places(engine).collect();
    for at in places.into_iter().rev() {
        if state.lanes.lanes[at].asked {
            taken_away(state, at);
        }
    }
    state.tell(format!("{name}: {message}"), true);
}

/// Takes the texts of an engine over to Play, with their model.
fn kept(state: &mut State, engine: usize, session: Session, effects: &mut Vec<Effect>) {
    let Some(other) = state.lanes.other(engine) else {
        return;
    };
    let (source, name) = (other.source.clone(), other.name().to_owned());
    let at = state.lane();
    let (lane, seed) = (letter(at), state.lanes.lanes[at].settings.seed);
    state.play.settings.generation.seed = seed;
    while let Some(at) = state.lanes.place(engine, 0) {
        taken_away(state, at);
    }
    state.lanes.others.retain(|it| it.engine != engine);
    effects.push(Effect::UnloadLanes(engine));
    state.saving.restoring = Some(session);
    run::load(state, &source, effects);
    let told = format!("Lane {lane} becomes the text as soon as {name} is loaded here.");
    state.tell_done(told);
    super::show_play(state);
}

/// A lane's settings are told to its engine.
pub fn set(state: &State, at: usize, lane: &Lane) -> Option<Effect> {
    let lane = Box::new(lane.settings.clone());
    match state.lanes.away(at) {
        Some((engine, sample)) => {
            let live = state.lanes.other(engine).is_some_and(|other| other.live);
            live.then_some(Effect::SendLanes(engine, Command::SetLane { sample, lane }))
        }
        None => Some(Effect::Send(Command::SetLane { sample: at, lane })),
    }
}
