//! Lessons: opening one, going on and back, and noticing that what a step asks for was done.

mod list;
mod set_up;
mod undo;

pub use list::list;
pub use undo::returned;

use std::time::Duration;

use crate::handout::StepEnd;
use crate::tui::state::State;
use crate::tui::state::learn::figures::figure;
use crate::tui::state::learn::{Going, Stage};
use crate::tui::{Effect, LearnAction};

/// Carries out what is asked of lessons. The list is opened as all lists are.
pub fn act(state: &mut State, action: LearnAction, effects: &mut Vec<Effect>) {
    match action {
        LearnAction::List => {}
        LearnAction::Open(at) => open(state, at, effects),
        LearnAction::On => on(state, effects),
        LearnAction::Skip => forward(state, effects),
        LearnAction::Back => undo::back(state, effects),
        LearnAction::Again => {
            if let Some(at) = state.learn.going.as_ref().map(|going| going.lesson) {
                undo::leave(state, effects);
                begin(state, Going::new(at, 0), effects);
            }
        }
        LearnAction::Leave => undo::leave(state, effects),
    }
}

/// Opens a lesson where it was left. The one that goes on stays where it is.
fn open(state: &mut State, at: usize, effects: &mut Vec<Effect>) {
    if state
        .learn
        .going
        .as_ref()
        .is_some_and(|going| going.lesson == at)
    {
        return;
    }
    undo::leave(state, effects);
    state.learn.begin(at);
    if let Some(going) = state.learn.going.take() {
        begin(state, going, effects);
    }
}

fn begin(state: &mut State, going: Going, effects: &mut Vec<Effect>) {
    state.learn.going = Some(going);
    state.screen.overlay = None;
    state.reflow();
    heed(state, effects);
}

/// Goes on: to the next step, from the last one to the end, from there to the next lesson.
fn on(state: &mut State, effects: &mut Vec<Effect>) {
    if state.lesson_goes_over_the_page() {
        if let Some(going) = &mut state.learn.going {
            going.pages += 1;
        }
        state.reflow();
    } else if state.learn.is_done() {
        forward(state, effects);
    }
}

fn forward(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(going) = &state.learn.going else {
        return;
    };
    let (lesson, step) = (going.lesson, going.step);
    if state.learn.step().is_none() {
        undo::leave(state, effects);
        if state.learn.lesson_at(lesson + 1).is_some() {
            open(state, lesson + 1, effects);
        }
        return;
    }
    let told = state.step_told();
    if let Some(going) = &mut state.learn.going {
        if let Some(mut told) = told {
            if told.end == StepEnd::Open {
                told.end = StepEnd::Skipped;
            }
            going.tell(told);
        }
        let reached = going.leave();
        going.left = Some(reached);
        going.go_to(step + 1);
    }
    heed(state, effects);
}

/// Notices how far the step is: sets it up once the model is there, and looks whether what it asks for is done.
pub fn heed(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(going) = &state.learn.going else {
        return;
    };
    if state.learn.step().is_none() {
        return;
    }
    match &going.stage {
        Stage::Waiting => set_up::begin(state, effects),
        Stage::SettingUp { .. } => set_up::settle(state, effects),
        Stage::Asked => {
            if state.typing_rests().is_none() && is_true(state) {
                done(state, effects);
            }
        }
        Stage::Done if is_true(state) => set_up::remember(state),
        Stage::Done => {}
    }
}

/// Whether all that the step waits for is so.
fn is_true(state: &State) -> bool {
    let (Some(step), Some(going)) = (state.learn.step(), &state.learn.going) else {
        return false;
    };
    step.setup.wait.iter().all(|condition| {
        let condition = &condition.value;
        let now = figure(state, &condition.figure).map(|shown| shown.value);
        let start = going.start.get(&condition.figure);
        condition.holds(now.as_ref(), start.map(|shown| &shown.value))
    })
}

fn done(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(going) = &mut state.learn.going else {
        return;
    };
    going.stage = Stage::Done;
    let step = going.step;
    let Some(lesson) = state.learn.lesson() else {
        return;
    };
    let (key, is_last) = (state.learn.key(lesson), step + 1 == lesson.steps.len());
    if state.learn.progress.reach(key, step, is_last) {
        effects.push(Effect::KeepProgress(state.learn.progress.clone()));
    }
}

/// Says the hint when its time has come.
pub fn hint(state: &mut State, now: Duration) {
    if state.hint_comes().is_some_and(|at| now >= at)
        && let Some(going) = &mut state.learn.going
    {
        going.hinted = true;
    }
}
