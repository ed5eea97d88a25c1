//! Figures of the screen: where the focus is, what lies over the panes, what the engine and the trainer do.

use super::Shown;
use crate::engine::RunState;
use crate::tui::state::State;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::train::{Job, RunInView};
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::marks::Marking;

pub const YES_OR_NO: &[&str] = &["no", "yes"];
/// What can lie over the panes.
pub const OVER: &[&str] = &[
    "nothing", "list", "question", "branches", "funnel", "legend", "help", "game", "tree",
];
pub const SCREENS: &[&str] = &["play", "train", "compare"];
pub const RUNS: &[&str] = &["empty", "loading", "idle", "running", "paused"];
pub const MARKINGS: &[&str] = &["probability", "rank", "surprisal", "entropy", "divergence"];
pub const JOBS: &[&str] = &["idle", "preparing", "training", "paused", "ending"];
/// Where no preset has these settings.
pub const NONE: &str = "none";

fn word(words: &[&'static str], at: usize) -> Option<Shown> {
    words.get(at).map(|word| Shown::text(*word))
}

pub fn focus(state: &State) -> Option<Shown> {
    Some(Shown::text(state.play.focus.word()))
}

pub fn zoomed(state: &State) -> Option<Shown> {
    word(YES_OR_NO, state.play.zoomed.into())
}

pub fn over(state: &State) -> Option<Shown> {
    let at = match (&state.screen.help, &state.screen.overlay) {
        (Some(_), _) => 6,
        (None, None) => 0,
        (None, Some(Overlay::Picker(_))) => 1,
        (None, Some(Overlay::Ask(_))) => 2,
        (None, Some(Overlay::Branches(_))) => 3,
        (None, Some(Overlay::Funnel(_))) => 4,
        (None, Some(Overlay::Legend(_))) => 5,
        (None, Some(Overlay::Game(_))) => 7,
        (None, Some(Overlay::Continuations)) => 8,
    };
    word(OVER, at)
}

pub fn screen(state: &State) -> Option<Shown> {
    let at = match state.screen.page {
        Page::Play => 0,
        Page::Train => 1,
        Page::Compare => 2,
    };
    word(SCREENS, at)
}

pub fn run(state: &State) -> Option<Shown> {
    let at = match state.engine.run {
        RunState::Empty => 0,
        RunState::Loading => 1,
        RunState::Idle => 2,
        RunState::Running => 3,
        RunState::Paused => 4,
    };
    word(RUNS, at)
}

pub fn marking(state: &State) -> Option<Shown> {
    let at = match state.play.marking {
        Marking::Probability => 0,
        Marking::Rank => 1,
        Marking::Surprisal => 2,
        Marking::Entropy => 3,
        Marking::Divergence => 4,
    };
    word(MARKINGS, at)
}

pub fn preset(state: &State) -> Option<Shown> {
    let named = |at: usize| state.play.knobs.presets[at].0.as_str();
    Some(Shown::text(state.play.preset().map_or(NONE, named)))
}

/// The knob in hand.
pub fn knob(state: &State) -> Option<Shown> {
    let rows = state.play.knob_rows();
    Some(Shown::text(rows.get(state.play.knobs.selected)?.name()))
}

/// Whether a knob was turned since the text was begun.
pub fn turned(state: &State) -> Option<Shown> {
    let knobs = &state.play.knobs;
    word(YES_OR_NO, (knobs.turns != knobs.at_run).into())
}

/// The chain: the names of the stages in their order.
pub fn order(state: &State) -> Option<Shown> {
    let order = state.play.settings.sampler.order.iter();
    let names: Vec<&str> = order.map(|stage| stage.name()).collect();
    Some(Shown::text(names.join(" ")))
}

pub fn model(state: &State) -> Option<Shown> {
    Some(Shown::text(state.engine.model.as_ref()?.name.clone()))
}

pub fn training(state: &State) -> Option<Shown> {
    let at = match state.train.job {
        Job::Idle => 0,
        Job::Preparing => 1,
        Job::Training => 2,
        Job::Paused => 3,
        Job::Ending => 4,
    };
    word(JOBS, at)
}

fn of_run(state: &State) -> Option<&RunInView> {
    state.train.run()
}

pub fn train_step(state: &State) -> Option<Shown> {
    Some(Shown::count(of_run(state)?.last_step() as usize))
}

pub fn train_step_in_view(state: &State) -> Option<Shown> {
    Some(Shown::count(of_run(state)?.step_in_view() as usize))
}

pub fn train_epoch(state: &State) -> Option<Shown> {
    let epoch = of_run(state)?.history().newest()?.epoch;
    Some(Shown::number(epoch, format!("{epoch:.2}")))
}

pub fn train_loss(state: &State) -> Option<Shown> {
    let loss = of_run(state)?.history().newest()?.loss;
    Some(Shown::number(loss, format!("{loss:.3}")))
}

pub fn train_validation(state: &State) -> Option<Shown> {
    let loss = of_run(state)?.history().validations().next_back()?.loss;
    Some(Shown::number(loss, format!("{loss:.3}")))
}
