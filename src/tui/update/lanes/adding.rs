//! Lanes are added and taken away.

use super::start;
use crate::config::Sweep;
use crate::decoding::LaneSettings;
use crate::engine::{Command, Then};
use crate::sampling::SamplerSettings;
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, prompt_of};
use crate::tui::state::overlay::Overlay;
use crate::tui::state::passage::Passage;
use crate::tui::state::picker::{Item, Picker};
use crate::tui::vocabulary::knob_rows::KnobRow;
use crate::tui::vocabulary::lanes::{LanesAction, MOST_LANES};
use crate::tui::{Action, Effect};

/// Lanes of a sweep.
const STEPS: usize = 5;

/// Adds a lane with the first one's seed.
pub fn add(state: &mut State, name: &str, sampler: SamplerSettings, effects: &mut Vec<Effect>) {
    let first = state.lanes.lanes.first();
    let seed = first.map_or(state.play.settings.generation.seed, |lane| {
        lane.settings.seed
    });
    put(
        state,
        Lane::new(name, LaneSettings { sampler, seed }),
        effects,
    );
}

/// Puts a lane beside the others, which grows if they do: one of Play's model behind the last of those, one of another
/// model at the end.
pub fn put(state: &mut State, mut lane: Lane, effects: &mut Vec<Effect>) {
    if state.lanes.lanes.len() >= MOST_LANES {
        let told = format!("{MOST_LANES} lanes are as many as can be told apart: remove one.");
        return state.tell(told, false);
    }
    let (engine, at) = match lane.engine {
        Some(engine) => (Some(engine), state.lanes.lanes.len()),
        None => (None, state.lanes.own()),
    };
    if state.lanes.live {
        let text = match engine {
            None => prompt_alone(state),
            Some(_) => Passage::new(),
        };
        state.play.texts.insert(at, text);
        if at < state.play.finishes.len() {
            state.play.finishes.insert(at, None);
        }
        if at <= state.play.sample {
            state.play.sample += 1;
        }
        lane.asked = true;
        let added = Command::AddLane(Box::new(lane.settings.clone()));
        match engine {
            None => effects.push(Effect::Send(added)),
            Some(engine) if state.lanes.other(engine).is_some_and(|other| other.live) => {
                effects.push(Effect::SendLanes(engine, added));
            }
            // It is drawn as soon as its model is there.
            Some(_) => {}
        }
    }
    state.lanes.lanes.insert(at, lane);
    state.lanes.changed();
    state.reflow();
}

/// The text that a lane of Play's model begins with.
pub fn prompt_alone(state: &State) -> Passage {
    let first = state.play.texts[0].tokens();
    let mut text = Passage::new();
    text.replace(first[..prompt_of(first)].to_vec());
    text
}

pub fn list_presets(state: &mut State) {
    let presets = state.play.knobs.presets.iter().enumerate();
    let items = presets.map(|(at, (name, _))| Item {
        label: name.clone(),
        detail: String::new(),
        action: Action::Lanes(LanesAction::AddPreset(at)),
    });
    let picker = Picker::new("Add a lane of a preset", items.collect());
    state.screen.overlay = Some(Overlay::Picker(Box::new(picker)));
}

/// Puts lanes over the range of the knob in hand in place of all others.
pub fn sweep(state: &mut State, effects: &mut Vec<Effect>) {
    let selected = state.lane();
    let (Some(KnobRow::Knob(knob)), Some(lane)) =
        (state.lanes.knob(selected), state.lanes.lanes.get(selected))
    else {
        return state.tell(
            "A sweep goes over a knob's range: choose a knob first.",
            false,
        );
    };
    let settings = lane.settings.clone();
    let lanes = Sweep::of_slider(knob, STEPS)
        .values
        .into_iter()
        .map(|value| {
            let mut swept = settings.clone();
            if let Ok(number) = value.parse() {
                knob.set(&mut swept.sampler, number);
            }
            let field = knob.field.replace('_', "-");
            Lane::new(&format!("{field} {value}"), swept)
        });
    state.lanes.lanes = lanes.collect();
    state.lanes.selected = 0;
    for other in std::mem::take(&mut state.lanes.others) {
        effects.push(Effect::UnloadLanes(other.engine));
    }
    start(state, Then::Continue, effects);
}

/// Takes the selected lane away; with the last one of another model, that.
pub fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    let selected = state.lane();
    if let Some((engine, sample)) = state.lanes.away(selected) {
        let (last, live) = (
            state.lanes.places(engine).count() == 1,
            state.lanes.other(engine).is_some_and(|other| other.live),
        );
        if live && !last {
            effects.push(Effect::SendLanes(engine, Command::RemoveLane { sample }));
        } else {
            if last {
                state.lanes.others.retain(|other| other.engine != engine);
                effects.push(Effect::UnloadLanes(engine));
            }
            taken_away(state, selected);
        }
    } else if state.lanes.own() <= 1 {
        state.tell("A lane of this model must be left.", false);
    } else if state.lanes.live {
        effects.push(Effect::Send(Command::RemoveLane { sample: selected }));
    } else {
        taken_away(state, selected);
    }
}

/// A lane is gone, with its text if it had one.
pub fn taken_away(state: &mut State, at: usize) {
    if at < state.lanes.lanes.len() {
        state.lanes.lanes.remove(at);
    }
    state.lanes.changed();
    if state.lanes.live {
        if at < state.play.texts.len() && state.play.texts.len() > 1 {
            state.play.texts.remove(at);
        }
        if at < state.play.finishes.len() {
            state.play.finishes.remove(at);
        }
        let before = usize::from(at < state.play.sample);
        state.play.choose_sample(state.play.sample - before);
    }
    state.reflow();
}
