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
        Action::DefaultKnobs => {
            let configured = state.play.knobs.configured.clone();
            altered(state, |settings| *settings = configured);
        }
        Action::Neutral => {
            if let Some(row) = selected(state) {
                altered(state, |settings| {
                    knob_rows::neutral(row, &mut settings.sampler, &mut settings.generation);
                });
            }
        }
        _ => {}
    }
}

/// Turns the selected knob.
pub fn turn(state: &mut State, steps: i32, big: bool) {
    if let Some(row) = selected(state) {
        altered(state, |settings| {
            knob_rows::turn(
                row,
                steps,
                big,
                &mut settings.sampler,
                &mut settings.generation,
                &mut settings.samples,
            )
        });
    }
}

/// Sets a knob to a value as it is typed, and selects it.
///
/// # Errors
/// With a sentence that says what would do; nothing is changed then.
pub fn set(state: &mut State, row: KnobRow, typed: &str) -> Result<(), String> {
    let mut new = state.play.settings.clone();
    knob_values::read(row, typed, &mut new)?;
    altered(state, |settings| *settings = new);
    select_row(state, row);
    Ok(())
}

/// Selects another row.
pub fn select(state: &mut State, by: isize) {
    let most = state.play.knob_rows().len().saturating_sub(1);
    let selected = &mut state.play.knobs.selected;
    *selected = selected.saturating_add_signed(by).min(most);
}

pub fn selected(state: &State) -> Option<KnobRow> {
    let play = &state.play;
    play.knob_rows().get(play.knobs.selected).copied()
}

fn on_stage(
    state: &mut State,
    change: impl FnOnce(crate::sampling::StageKind, &mut SamplerSettings),
) {
    if let Some(stage) = selected(state).and_then(KnobRow::stage) {
        altered(state, |settings| change(stage, &mut settings.sampler));
    }
}

fn preset(state: &mut State, by: isize) {
    let count = state.play.knobs.presets.len() as isize;
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
    if let Some((_, sampler)) = state.play.knobs.presets.get(preset) {
        let sampler = sampler.clone();
        altered(state, |settings| settings.sampler = sampler);
    }
}

/// Chooses the preset of a name.
pub fn choose_named(state: &mut State, name: &str) {
    let mut presets = state.play.knobs.presets.iter();
    match presets.position(|(known, _)| known == name) {
        Some(at) => choose(state, at),
        None => state.tell(format!("There is no preset {name}."), true),
    }
}

/// Puts all knobs to what they were.
pub fn put(state: &mut State, then: Settings) {
    altered(state, |settings| *settings = then);
}

/// Selects a knob, if it has a row.
pub fn select_row(state: &mut State, row: KnobRow) {
    let rows = state.play.knob_rows();
    if let Some(at) = rows.iter().position(|one| *one == row) {
        state.play.knobs.selected = at;
    }
}

/// Takes in that a preset was saved.
pub fn keep_preset(state: &mut State, name: String, sampler: SamplerSettings) {
    state.tell_done(format!("The preset {name} was saved."));
    state.play.knobs.presets.retain(|(known, _)| *known != name);
    state.play.knobs.presets.push((name, sampler));
}

/// Puts the selected knob to a place on its track (0 to 1).
pub fn slide(state: &mut State, fraction: f64) {
    if let Some(KnobRow::Knob(knob)) = selected(state) {
        let value = knob.slider_min + fraction * (knob.slider_max - knob.slider_min);
        let steps = (value / knob.step).round() * knob.step;
        altered(state, |settings| {
            knob.set(&mut settings.sampler, steps.clamp(knob.min, knob.max));
        });
    }
}

/// Lets `change` change the settings; if it did, the engine is told and the token in view looked at again. The same
/// row stays selected wherever it moved to.
fn altered(state: &mut State, change: impl FnOnce(&mut Settings)) {
    let row = selected(state);
    let play = &mut state.play;
    let before = play.settings.clone();
    change(&mut play.settings);
    let rows = play.knob_rows();
    let found = row.and_then(|row| rows.iter().position(|other| *other == row));
    let selected = found.unwrap_or(play.knobs.selected);
    play.knobs.selected = selected.min(rows.len().saturating_sub(1));
    let now = &play.settings;
    let chain_changed =
        now.sampler != before.sampler || now.generation.seed != before.generation.seed;
    if chain_changed {
        play.knobs.turns += 1;
    }
    play.knobs.turned |= chain_changed || now.generation != before.generation;
}

/// Tells the engine of knobs that were turned since it was told last.
pub fn tell(state: &mut State, effects: &mut Vec<Effect>) {
    if std::mem::take(&mut state.play.knobs.turned) {
        let Settings {
            sampler,
            generation,
            ..
        } = state.play.settings.clone();
        effects.push(Effect::Send(Command::SetSampler {
            sampler: Box::new(sampler),
            generation,
        }));
    }
}
