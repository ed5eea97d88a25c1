//! What the engine tells of lanes, and what it is asked before a frame.

use std::time::Duration;

use crate::decoding::{LaneSettings, Moment, NoCommonDraws, Origin};
use crate::engine::{Command, RunState};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::lanes::Lane;
use crate::tui::state::passage::Passage;
use crate::tui::vocabulary::focus::Page;

/// Shortest time between two looks at lanes that stream, so that the run keeps the processor.
const BETWEEN_LOOKS: Duration = Duration::from_millis(120);

/// Takes in that a prompt was read. Whether lanes were asked for, whose texts follow.
pub fn started(state: &mut State) -> bool {
    let lanes = std::mem::take(&mut state.lanes.starting);
    state.lanes.end();
    state.lanes.live = lanes;
    lanes
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
    while state.play.texts.len() <= sample {
        let prompt = state.play.texts[0].tokens().iter();
        let prompt = prompt.take_while(|token| token.origin == Origin::Prompt);
        let mut text = Passage::new();
        text.replace(prompt.cloned().collect());
        state.play.texts.push(text);
    }
    while state.lanes.lanes.len() <= sample {
        state
            .lanes
            .lanes
            .push(Lane::new("as set", settings.clone()));
    }
    state.lanes.lanes[sample].apart = apart;
    state.reflow();
}

/// Takes in that a text was taken away.
pub fn removed(state: &mut State, sample: usize) {
    if sample < state.play.texts.len() && state.play.texts.len() > 1 {
        state.play.texts.remove(sample);
    }
    if sample < state.play.finishes.len() {
        state.play.finishes.remove(sample);
    }
    if sample < state.lanes.lanes.len() {
        state.lanes.lanes.remove(sample);
    }
    let last = state.play.texts.len() - 1;
    state.play.sample = state.play.sample.min(last);
    state.reflow();
}

/// Takes in that something failed: lanes that were asked for may not be there.
pub fn failed(state: &mut State) {
    state.lanes.starting = false;
    if state.lanes.live {
        state.lanes.lanes.truncate(state.play.texts.len());
        state.reflow();
    }
}

/// Takes in what a lane's odds are.
pub fn seen(state: &mut State, sample: usize, moment: Moment) {
    state.lanes.seen(sample, moment);
}

/// Before a frame: the engine is told of knobs that were turned, asked for odds, and texts are measured.
pub fn flush(state: &mut State, effects: &mut Vec<Effect>) {
    if state.screen.page != Page::Compare || !state.lanes.live {
        return;
    }
    for (sample, lane) in state.lanes.lanes.iter_mut().enumerate() {
        if std::mem::take(&mut lane.turned) {
            effects.push(Effect::Send(Command::SetLane {
                sample,
                lane: Box::new(lane.settings.clone()),
            }));
        }
    }
    let now = state.screen.now;
    let running = state.engine.run == RunState::Running;
    if running && now.saturating_sub(state.lanes.flushed) < BETWEEN_LOOKS {
        return;
    }
    state.lanes.flushed = now;
    let vocabulary = state
        .engine
        .model
        .as_ref()
        .map_or(0, |model| model.vocabulary);
    let first = state.play.texts[0].tokens().iter();
    let prompt = first
        .take_while(|token| token.origin == Origin::Prompt)
        .count();
    for (lane, text) in state.lanes.lanes.iter_mut().zip(&state.play.texts) {
        lane.measure(text, prompt, vocabulary);
    }
    let looks = state.lanes.looks(&state.play);
    if !looks.is_empty() {
        effects.push(Effect::LookAtLanes(looks));
    }
}
