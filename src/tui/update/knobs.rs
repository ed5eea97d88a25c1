//! Turning the sampler's knobs.

use crate::engine::Command;
use crate::sampling::SamplerSettings;
use crate::tui::state::State;
use crate::tui::state::knob_values::{self, Settings};
use crate::tui::vocabulary::knob_rows::{self, KnobRow};
use crate::tui::{Action, Effect};

/// Carries out what the sampler pane's own keys ask.
pub fn change(state: &mut State, action: &Action) {
    match action {
        Action::BigLeft => turn(state, -1, true),
        Action::BigRight => turn(state, 1, true),
        Action::NextPreset => preset(state, 1),
        Action::PreviousPreset => preset(state, -1),
        Action::ToggleStage => on_stage(state, |stage, sampler| {
            knob_rows::toggle(stage, sampler);
        }),
        Action::StageEarlier => on_stage(state, |stage, sampler| {
            knob_rows::reorder(stage, false, sampler);
        }),
        Action::StageLater => on_stage(state, |stage, sampler| {
            knob_rows::reorder(stage, true, sampler);
        }),
        Action::Preset(at) => choose(state, *at),
        Action::DefaultKnobs => altered(state, |state| {
            let Settings {
                sampler,
                generation,
                samples,
            } = state.play.configured.clone();
            state.play.sampler = sampler;
            state.play.generation = generation;
            state.play.samples = samples;
        }),
        Action::Neutral => {
            if let Some(row) = selected(state) {
                altered(state, |state| {
                    knob_rows::neutral(row, &mut state.play.sampler, &mut state.play.generation);
                });
            }
        }
        _ => {}
    }
}

/// Turns the selected knob.
pub fn turn(state: &mut State, steps: i32, big: bool) {
    if let Some(row) = selected(state) {
        altered(state, |state| {
            knob_rows::turn(
                row,
                steps,
                big,
                &mut state.play.sampler,
                &mut state.play.generation,
                &mut state.play.samples,
            )
        });
    }
}

/// Sets a knob to a value as it is typed, and selects it.
///
/// # Errors
/// With a sentence that says what would do; nothing is changed then.
pub fn set(state: &mut State, row: KnobRow, typed: &str) -> Result<(), String> {
    let mut new = settings(state);
    knob_values::read(row, typed, &mut new)?;
    altered(state, |state| {
        state.play.sampler = new.sampler;
        state.play.generation = new.generation;
        state.play.samples = new.samples;
    });
    let rows = state.play.knob_rows();
    if let Some(at) = rows.iter().position(|one| *one == row) {
        state.play.knob = at;
    }
    Ok(())
}

/// The values of all knobs.
pub fn settings(state: &State) -> Settings {
    Settings {
        sampler: state.play.sampler.clone(),
        generation: state.play.generation.clone(),
        samples: state.play.samples,
    }
}

/// Selects another row.
pub fn select(state: &mut State, by: isize) {
    let most = state.play.knob_rows().len().saturating_sub(1);
    state.play.knob = state.play.knob.saturating_add_signed(by).min(most);
}

pub fn selected(state: &State) -> Option<KnobRow> {
    state.play.knob_rows().get(state.play.knob).copied()
}

fn on_stage(
    state: &mut State,
    change: impl FnOnce(crate::sampling::StageKind, &mut SamplerSettings),
) {
    if let Some(stage) = selected(state).and_then(KnobRow::stage) {
        altered(state, |state| change(stage, &mut state.play.sampler));
    }
}

fn preset(state: &mut State, by: isize) {
    let count = state.play.presets.len() as isize;
    if count == 0 {
        return state.tell("There are no presets: the configuration names none.", false);
    }
    let to = match state.play.preset() {
        Some(at) => (at as isize + by).rem_euclid(count),
        None if by > 0 => 0,
        None => count - 1,
    };
    choose(state, to as usize);
}

fn choose(state: &mut State, preset: usize) {
    if let Some((_, settings)) = state.play.presets.get(preset) {
        let settings = settings.clone();
        altered(state, |state| state.play.sampler = settings);
    }
}

/// Takes in that a preset was saved.
pub fn keep_preset(state: &mut State, name: String, sampler: SamplerSettings) {
    state.tell(format!("The preset {name} was saved."), false);
    state.play.presets.retain(|(known, _)| *known != name);
    state.play.presets.push((name, sampler));
}

/// Puts the selected knob to a place on its track (0 to 1).
pub fn slide(state: &mut State, fraction: f64) {
    if let Some(KnobRow::Knob(knob)) = selected(state) {
        let value = knob.slider_min + fraction * (knob.slider_max - knob.slider_min);
        let steps = (value / knob.step).round() * knob.step;
        altered(state, |state| {
            knob.set(&mut state.play.sampler, steps.clamp(knob.min, knob.max));
        });
    }
}

/// Lets `change` change the settings; if it did, the engine is told and the token in view looked at again. The same
/// row stays selected wherever it moved to.
pub fn altered(state: &mut State, change: impl FnOnce(&mut State)) {
    let row = selected(state);
    let before = (state.play.sampler.clone(), state.play.generation.clone());
    change(state);
    let rows = state.play.knob_rows();
    let found = row.and_then(|row| rows.iter().position(|other| *other == row));
    state.play.knob = found
        .unwrap_or(state.play.knob)
        .min(rows.len().saturating_sub(1));
    let chain_changed =
        state.play.sampler != before.0 || state.play.generation.seed != before.1.seed;
    if chain_changed {
        state.play.turns += 1;
    }
    state.play.knobs_turned |= chain_changed || state.play.generation != before.1;
}

/// Tells the engine of knobs that were turned since it was told last.
pub fn tell(state: &mut State, effects: &mut Vec<Effect>) {
    if std::mem::take(&mut state.play.knobs_turned) {
        effects.push(Effect::Send(Command::SetSampler {
            sampler: Box::new(state.play.sampler.clone()),
            generation: state.play.generation.clone(),
        }));
    }
}
