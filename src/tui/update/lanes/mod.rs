//! The Compare screen: what its keys do, and what comes from the engine.

mod adding;
mod news;
mod others;
mod repeating;
mod saving;
mod scrubbing;

pub use news::{added, failed, flush, removed, seen, started};
pub use others::{add_model, heard, stop};
pub use repeating::{judged, points, ran, repeated};
pub use saving::{restore, saved};

use self::scrubbing::scrub;
use super::run;
use crate::decoding::GenerationSettings;
use crate::engine::{Command, LanesRequest, RunState, Subject, Then};
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, letter};
use crate::tui::vocabulary::action::Concern;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::knob_rows;
use crate::tui::vocabulary::lanes::LanesAction;
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Effect};

/// Tokens that a page moves along.
const PAGE: isize = 10;

/// Goes to the Compare screen, or back to Play.
pub fn turn_page(state: &mut State) {
    if state.screen.page == Page::Compare {
        state.screen.page = Page::Play;
    } else {
        state.screen.page = Page::Compare;
        state.lanes.begin(&state.play);
    }
}

/// Takes an action of the user in while the Compare screen is shown. Returns what concerns the whole playground.
pub fn apply(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    match action {
        Action::Lanes(action) => act(state, &action, effects),
        Action::Run => act(state, &LanesAction::Run, effects),
        Action::Retry => {
            for lane in &mut state.lanes.lanes {
                lane.settings.seed = lane.settings.seed.wrapping_add(1);
            }
            start(state, Then::Continue, effects);
        }
        Action::Step if !state.lanes.live => start(state, Then::Pause, effects),
        Action::TogglePause if !state.lanes.live => start(state, Then::Continue, effects),
        Action::Step | Action::TogglePause if is_running(state) => {
            others::tell_all(state, &Command::Pause, effects);
        }
        Action::Step => others::tell_all(state, &Command::Step, effects),
        Action::TogglePause => others::tell_all(state, &Command::Resume, effects),
        Action::Stop => run::stop(state, effects),
        Action::Follow => state.play.texts.iter_mut().for_each(|text| text.follow()),
        Action::FocusNext | Action::NextSample => select(state, 1),
        Action::FocusPrevious | Action::PreviousSample => select(state, -1),
        Action::Up => state.lanes.row = state.lanes.row.saturating_sub(1),
        Action::Down => {
            let most = state.lanes.rows(state.lane()).len().saturating_sub(1);
            state.lanes.row = (state.lanes.row + 1).min(most);
        }
        Action::Left => scrub(state, -1),
        Action::Right => scrub(state, 1),
        Action::PageUp => scrub(state, -PAGE),
        Action::PageDown => scrub(state, PAGE),
        Action::First => scrub(state, isize::MIN),
        Action::Last => state.play.texts.iter_mut().for_each(|text| text.follow()),
        Action::Legend | Action::CycleMarking | Action::MarkMore | Action::MarkFewer => {
            return Some(action);
        }
        Action::FocusPrompt => {
            turn_page(state);
            return Some(action);
        }
        Action::Ask(
            Question::PresetName
            | Question::LanePreset
            | Question::LaneModel
            | Question::ChartLanes,
        ) => return Some(action),
        Action::Escape if state.screen.banners.is_empty() && state.screen.help.is_none() => {
            turn_page(state);
        }
        other => match other.concern() {
            Concern::Whole | Concern::Closing | Concern::Playground | Concern::Train => {
                return Some(other);
            }
            _ => {}
        },
    }
    None
}

fn act(state: &mut State, action: &LanesAction, effects: &mut Vec<Effect>) {
    match action {
        LanesAction::Page => turn_page(state),
        LanesAction::Run => start(state, Then::Continue, effects),
        LanesAction::Add => {
            let sampler = state.play.settings.sampler.clone();
            let preset = state.play.preset();
            let name = preset.map(|at| state.play.knobs.presets[at].0.clone());
            adding::add(
                state,
                &name.unwrap_or_else(|| "as set".to_owned()),
                sampler,
                effects,
            );
        }
        LanesAction::Copy => {
            let lane = state.lanes.lanes.get(state.lane()).map(Lane::copy);
            if let Some(lane) = lane {
                adding::put(state, lane, effects);
            }
        }
        LanesAction::ListPresets => adding::list_presets(state),
        LanesAction::AddPreset(at) => {
            if let Some((name, sampler)) = state.play.knobs.presets.get(*at).cloned() {
                adding::add(state, &name, sampler, effects);
            }
        }
        LanesAction::More => repeating::more(state, effects),
        LanesAction::Plane => state.lanes.plane = !state.lanes.plane,
        LanesAction::Sweep => adding::sweep(state, effects),
        LanesAction::Remove => adding::remove(state, effects),
        LanesAction::TurnUp => turn(state, 1),
        LanesAction::TurnDown => turn(state, -1),
        LanesAction::Open => open(state),
        LanesAction::Keep => keep(state, effects),
    }
}

/// Draws all lanes from the prompt.
fn start(state: &mut State, then: Then, effects: &mut Vec<Effect>) {
    if state.engine.model.is_none() {
        state.tell("No model is loaded, so nothing can be drawn.", false);
        return;
    }
    state.lanes.begin(&state.play);
    let prompt = state.play.editor.text();
    if state.play.history.add(&prompt) {
        effects.push(Effect::Remember(prompt.clone()));
    }
    if state.engine.has_run() {
        effects.push(Effect::Send(Command::Cancel));
    }
    state.play.last_prompt = Some(prompt.clone());
    state.play.subject = Subject::Text;
    state.play.finishes.clear();
    state.engine.rate.restart();
    state.lanes.selected = state.lane();
    state.lanes.end();
    state.lanes.starting = true;
    for lane in &mut state.lanes.lanes {
        lane.turned = false;
    }
    let lanes = state.lanes.lanes.iter().take(state.lanes.own());
    effects.push(Effect::Send(Command::Lanes(Box::new(LanesRequest {
        prompt,
        generation: state.play.settings.generation.clone(),
        lanes: lanes.map(|lane| lane.settings.clone()).collect(),
        prompt_odds: true,
        then,
    }))));
    others::start(state, then, effects);
}

/// Whether any lane goes on.
fn is_running(state: &State) -> bool {
    state.engine.run == RunState::Running || state.lanes.others_run()
}

/// Turns the knob in hand in the selected lane. The engine is told at the next frame.
fn turn(state: &mut State, steps: i32) {
    let selected = state.lane();
    let row = state.lanes.knob(selected);
    let (Some(row), Some(lane)) = (row, state.lanes.lanes.get_mut(selected)) else {
        return;
    };
    let mut other = GenerationSettings {
        seed: lane.settings.seed,
        ..GenerationSettings::default()
    };
    knob_rows::turn(
        row,
        steps,
        false,
        &mut lane.settings.sampler,
        &mut other,
        &mut 1,
    );
    lane.settings.seed = other.seed;
    lane.turned = true;
    lane.forget_runs();
    state.lanes.changed();
    let rows = state.lanes.rows(selected);
    if let Some(at) = rows.iter().position(|other| *other == row) {
        state.lanes.row = at;
    }
}

fn select(state: &mut State, by: isize) {
    let count = state.lanes.lanes.len().max(1) as isize;
    let next = (state.lane() as isize + by).rem_euclid(count) as usize;
    state.lanes.selected = next;
    if state.lanes.live {
        state.play.choose_sample(next);
    }
}

/// The knobs of Play stand as the selected lane's from now on.
fn set_knobs(state: &mut State) {
    if let Some(lane) = state.lanes.lanes.get(state.lane()) {
        state.play.settings.sampler = lane.settings.sampler.clone();
        state.play.knobs.turns += 1;
    }
}

fn open(state: &mut State) {
    if !state.lanes.live {
        return state.tell("There is no text yet: draw the lanes first.", false);
    }
    set_knobs(state);
    show_play(state);
}

/// Goes to the text on Play.
fn show_play(state: &mut State) {
    state.play.subject = Subject::Text;
    state.screen.page = Page::Play;
    state.focus_on(Focus::Text);
}

fn keep(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.lanes.live {
        return state.tell("There is no text yet: draw the lanes first.", false);
    }
    let name = letter(state.lane());
    set_knobs(state);
    if let Some((engine, sample)) = state.away() {
        return others::keep(state, engine, sample, effects);
    }
    if let Some(lane) = state.lanes.lanes.get(state.lane()) {
        state.play.settings.generation.seed = lane.settings.seed;
    }
    state.play.knobs.turned = true;
    run::settle(state, effects);
    state.tell_done(format!(
        "Lane {name} is the text now; the others stay as branches."
    ));
    show_play(state);
}
