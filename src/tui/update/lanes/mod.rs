//! The Compare screen: what its keys do, and what comes from the engine.

mod news;

pub use news::{added, failed, flush, removed, seen, started};

use super::run;
use crate::config::Sweep;
use crate::decoding::{GenerationSettings, LaneSettings};
use crate::engine::{Command, LanesRequest, RunState, Subject, Then};
use crate::sampling::SamplerSettings;
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, letter};
use crate::tui::state::overlay::Overlay;
use crate::tui::state::picker::{Item, Picker};
use crate::tui::vocabulary::action::Concern;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::knob_rows::{self, KnobRow};
use crate::tui::vocabulary::lanes::{LanesAction, MOST_LANES};
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Effect};

/// Lanes of a sweep.
const STEPS: usize = 5;
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
        Action::Step if state.engine.run == RunState::Running => {
            effects.push(Effect::Send(Command::Pause));
        }
        Action::Step => effects.push(Effect::Send(Command::Step)),
        Action::TogglePause if !state.lanes.live => start(state, Then::Continue, effects),
        Action::TogglePause if state.engine.run == RunState::Running => {
            effects.push(Effect::Send(Command::Pause));
        }
        Action::TogglePause => effects.push(Effect::Send(Command::Resume)),
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
        Action::CycleMarking | Action::MarkMore | Action::MarkFewer => return Some(action),
        Action::FocusPrompt => {
            turn_page(state);
            return Some(action);
        }
        Action::Ask(Question::PresetName) => return Some(action),
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
            add(
                state,
                &name.unwrap_or_else(|| "as set".to_owned()),
                sampler,
                effects,
            );
        }
        LanesAction::Copy => {
            let lane = state.lanes.lanes.get(state.lane()).map(Lane::copy);
            if let Some(lane) = lane {
                put(state, lane, effects);
            }
        }
        LanesAction::ListPresets => list_presets(state),
        LanesAction::AddPreset(at) => {
            if let Some((name, sampler)) = state.play.knobs.presets.get(*at).cloned() {
                add(state, &name, sampler, effects);
            }
        }
        LanesAction::Sweep => sweep(state, effects),
        LanesAction::Remove => remove(state, effects),
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
    state.lanes.end();
    state.lanes.starting = true;
    for lane in &mut state.lanes.lanes {
        lane.turned = false;
    }
    let lanes = state.lanes.lanes.iter();
    effects.push(Effect::Send(Command::Lanes(Box::new(LanesRequest {
        prompt,
        generation: state.play.settings.generation.clone(),
        lanes: lanes.map(|lane| lane.settings.clone()).collect(),
        prompt_odds: true,
        then,
    }))));
}

/// Adds a lane with the first one's seed.
fn add(state: &mut State, name: &str, sampler: SamplerSettings, effects: &mut Vec<Effect>) {
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

/// Puts a lane beside the others, which grows if they do.
fn put(state: &mut State, lane: Lane, effects: &mut Vec<Effect>) {
    if state.lanes.lanes.len() >= MOST_LANES {
        let told = format!("{MOST_LANES} lanes are as many as can be told apart: remove one.");
        return state.tell(told, false);
    }
    if state.lanes.live {
        let settings = Box::new(lane.settings.clone());
        effects.push(Effect::Send(Command::AddLane(settings)));
    }
    state.lanes.lanes.push(lane);
    state.reflow();
}

fn list_presets(state: &mut State) {
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
fn sweep(state: &mut State, effects: &mut Vec<Effect>) {
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
    start(state, Then::Continue, effects);
}

fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    let selected = state.lane();
    if state.lanes.lanes.len() <= 1 {
        return state.tell("A lane must be left.", false);
    }
    if state.lanes.live {
        effects.push(Effect::Send(Command::RemoveLane { sample: selected }));
    } else if selected < state.lanes.lanes.len() {
        state.lanes.lanes.remove(selected);
        state.reflow();
    }
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

/// Puts the same position in view in every lane.
fn scrub(state: &mut State, by: isize) {
    let at = state.play.text().in_view().saturating_add_signed(by);
    for text in &mut state.play.texts {
        text.go_to(at);
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
    if let Some(lane) = state.lanes.lanes.get(state.lane()) {
        state.play.settings.generation.seed = lane.settings.seed;
    }
    state.play.knobs.turned = true;
    run::settle(state, effects);
    state.tell(
        format!("Lane {name} is the text now; the others stay as branches."),
        false,
    );
    state.play.subject = Subject::Text;
    state.screen.page = Page::Play;
    state.focus_on(Focus::Text);
}
