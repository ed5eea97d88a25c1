//! What Play's engine tells of lanes, and what all engines are asked before a frame.

use std::time::Duration;

use super::adding::{prompt_alone, taken_away};
use super::{others, repeating};
use crate::decoding::{LaneSettings, Moment, NoCommonDraws};
use crate::engine::{Command, RunState};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::lanes::Lane;
use crate::tui::state::passage::Passage;
use crate::tui::vocabulary::focus::Page;

/// Shortest time between two looks at lanes that stream, so that the run keeps the processor.
const BETWEEN_LOOKS: Duration = Duration::from_millis(120);

/// Takes in that a prompt was read, which is the one text as yet. Whether lanes were asked for, whose texts follow.
pub fn started(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let lanes = std::mem::take(&mut state.lanes.starting);
    let mut held = Vec::new();
    for other in &mut state.lanes.others {
        let engine = other.engine;
        held.extend(other.held.drain(..).map(|event| (engine, event)));
    }
    state.lanes.end();
    state.lanes.live = lanes;
    if !lanes {
        return false;
    }
    for at in 1..state.lanes.lanes.len() {
        let text = if state.lanes.lanes[at].engine.is_some() {
            Passage::new()
        } else {
            prompt_alone(state)
        };
        state.play.texts.push(text);
    }
    state.play.choose_sample(state.lanes.selected);
    for (engine, event) in held {
        others::heard(state, engine, event, effects);
    }
    true
}

/// Takes in what a text is drawn with; one that is not known yet begins with the prompt.
pub fn added(
    state: &mut State,
    sample: usize,
    settings: LaneSettings,
    apart: Option<NoCommonDraws>,
) {
    if !state.lanes.live {
        return;
    }
    while state.lanes.own() <= sample {
        let at = state.lanes.own();
        let text = prompt_alone(state);
        state.play.texts.insert(at, text);
        let lane = Lane::new("as set", settings.clone());
        state.lanes.lanes.insert(at, lane);
    }
    let lane = &mut state.lanes.lanes[sample];
    (lane.apart, lane.asked) = (apart, false);
    state.reflow();
}

/// Takes in that a text was taken away.
pub fn removed(state: &mut State, sample: usize) {
    taken_away(state, sample);
}

/// Takes in that something failed: lanes that were asked for may not be there.
pub fn failed(state: &mut State) {
    state.lanes.starting = false;
    if state.lanes.live {
        for at in (0..state.lanes.own()).rev() {
            if state.lanes.lanes[at].asked {
                taken_away(state, at);
            }
        }
    }
}

/// Takes in what a lane's odds are.
pub fn seen(state: &mut State, sample: usize, moment: Moment) {
    state.lanes.seen(sample, moment);
}

/// Before a frame: the engines are told of knobs that were turned, asked for odds, and texts are measured.
pub fn flush(state: &mut State, effects: &mut Vec<Effect>) {
    end_what_is_no_lane(state, effects);
    repeating::end_what_is_stale(state, effects);
    if state.screen.page != Page::Compare || !state.lanes.live {
        return;
    }
    for at in 0..state.lanes.lanes.len() {
        let lane = &mut state.lanes.lanes[at];
        if !lane.asked && std::mem::take(&mut lane.turned) {
            let lane = &state.lanes.lanes[at];
            effects.extend(others::set(state, at, lane));
        }
    }
    let now = state.screen.now;
    let running = state.engine.run == RunState::Running || state.lanes.others_run();
    if running && now.saturating_sub(state.lanes.flushed) < BETWEEN_LOOKS {
        return;
    }
    state.lanes.flushed = now;
    for at in 0..state.lanes.lanes.len().min(state.play.texts.len()) {
        let vocabulary = state.model_of(at).map_or(0, |model| model.vocabulary);
        state.lanes.lanes[at].measure(&state.play.texts[at], vocabulary);
        if !running && state.lanes.lanes[at].wants_reference() {
            effects.extend(repeating::shown(state, at).map(Effect::Send));
        }
    }
    let looks = state.lanes.looks(&state.play).into_iter();
    effects.extend(looks.map(|(engine, looks)| Effect::LookAtLanes(engine, looks)));
}

/// Engines of other models whose texts are no lanes any more need not go on.
fn end_what_is_no_lane(state: &mut State, effects: &mut Vec<Effect>) {
    let live = state.lanes.live || state.lanes.starting;
    for other in &mut state.lanes.others {
        if !live && matches!(other.run, RunState::Running | RunState::Paused) {
            other.run = RunState::Idle;
            effects.push(Effect::SendLanes(other.engine, Command::Cancel));
        }
    }
}
