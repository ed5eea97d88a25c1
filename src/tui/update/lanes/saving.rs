//! Lanes are written to the session, and come back from it.

use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, prompt_of};
use crate::tui::state::session::SavedLane;
use crate::tui::vocabulary::lanes::MOST_LANES;

/// The lanes as they are.
pub fn saved(state: &State) -> Vec<SavedLane> {
    let said = |at: usize| {
        let text = state.play.texts.get(at).filter(|_| state.lanes.live)?;
        let tokens = &text.tokens()[prompt_of(text.tokens())..];
        let bytes: Vec<u8> = tokens
            .iter()
            .flat_map(|token| token.bytes.iter().copied())
            .collect();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let lanes = state.lanes.lanes.iter().enumerate();
    lanes
        .map(|(at, lane)| SavedLane {
            name: lane.name(),
            settings: lane.settings.clone(),
            began: (lane.name() != lane.began_as())
                .then(|| (lane.began_as().to_owned(), lane.base().clone())),
            model: state.lanes.other_of(at).map(|other| other.source.clone()),
            said: said(at).unwrap_or_else(|| lane.said.clone()),
            drawn: state.lanes.live && lane.engine.is_none(),
        })
        .collect()
}

/// Puts saved lanes in place of those that are there. Their models are loaded when they are drawn.
pub fn restore(state: &mut State, lanes: Vec<SavedLane>, effects: &mut Vec<Effect>) {
    if lanes.is_empty() {
        return;
    }
    state.lanes.end();
    for other in std::mem::take(&mut state.lanes.others) {
        effects.push(Effect::UnloadLanes(other.engine));
    }
    state.lanes.lanes.clear();
    state.lanes.selected = 0;
    // Lanes of Play's model stand first, whatever the file says.
    let (own, others): (Vec<_>, Vec<_>) = lanes.into_iter().partition(|lane| lane.model.is_none());
    for saved in own.into_iter().chain(others) {
        let engine = saved.model.map(|source| {
            let mut known = state.lanes.others.iter();
            let known = known.find(|other| other.source == source);
            match known.map(|other| other.engine) {
                Some(engine) => engine,
                None => state.lanes.plan_other(&source),
            }
        });
        let mut lane = match saved.began {
            Some((name, base)) => Lane::of_base(&name, base, saved.settings),
            None => Lane::new(&saved.name, saved.settings),
        };
        (lane.engine, lane.said) = (engine, saved.said);
        state.lanes.lanes.push(lane);
    }
    if state.lanes.own() == 0 {
        // One of Play's model is what the others are compared with.
        let first = &state.lanes.lanes[0];
        let mut lane = first.copy();
        lane.engine = None;
        state.lanes.lanes.insert(0, lane);
        state.lanes.lanes.truncate(MOST_LANES);
    }
    state.lanes.take_temperature();
    state.reflow();
}
