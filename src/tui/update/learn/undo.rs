//! A step back, and leaving a lesson: what was set up is undone.

use crate::engine::{Command, TrainingCommand};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::learn::{Before, Stage, TextBefore};
use crate::tui::update::{editing, knobs, run};

/// A step back.
pub fn back(state: &mut State, effects: &mut Vec<Effect>) {
    let is_over = state.learn.step().is_none();
    let Some(going) = &mut state.learn.going else {
        return;
    };
    if is_over {
        // The end has set nothing up.
        going.go_to(going.step - 1);
        going.stage = Stage::Done;
        if let Some((_, start)) = going.left.take() {
            going.start = start;
        }
        return;
    }
    let is_set_up = going.stage != Stage::Waiting;
    let before = if is_set_up { going.before.pop() } else { None };
    let step = going.step.saturating_sub(1);
    let was_walked = going.step > 0 && !going.before.is_empty();
    going.go_to(step);
    if let Some(before) = before {
        let (stage, start) = (before.stage.clone(), before.start.clone());
        restore(state, before, effects);
        if let Some(going) = state.learn.going.as_mut().filter(|_| was_walked) {
            (going.stage, going.start) = (stage, start);
        }
    }
    super::heed(state, effects);
}

/// Leaves the lesson; the screen is as it was before it.
pub fn leave(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(going) = state.learn.going.take() else {
        return;
    };
    state.screen.overlay = None;
    if let Some(before) = going.before.into_iter().next() {
        restore(state, before, effects);
    }
    state.reflow();
}

fn restore(state: &mut State, before: Before, effects: &mut Vec<Effect>) {
    (state.screen.overlay, state.screen.help) = (None, None);
    if state.train.is_live() && !before.trained {
        effects.push(Effect::Train(Box::new(TrainingCommand::Abandon)));
    }
    state.screen.page = before.page;
    knobs::put(state, before.settings);
    if state.play.editor.text() != before.prompt {
        editing::put(state, &before.prompt);
    }
    if state.engine.load.source == before.model {
        bring_back(state, before.text, effects);
    } else {
        run::load(state, &before.model, effects);
    }
    state.play.subject = before.subject;
    match before.position {
        Some(position) => state.play.passage_mut().go_to(position),
        None => state.play.passage_mut().follow(),
    }
    state.focus_on(before.focus);
    state.play.subject = before.subject;
    state.play.tab = before.tab;
    state.play.zoomed = before.zoomed;
    state.play.knobs.selected = before.knob;
    state.reflow();
}

/// Makes the text of then the text again; it stayed as a branch.
fn bring_back(state: &mut State, text: TextBefore, effects: &mut Vec<Effect>) {
    let branches = &state.play.branches;
    let wanted = match text {
        TextBefore::None => return,
        TextBefore::Only => branches.first(),
        TextBefore::Branch(id) => branches.iter().find(|branch| branch.lineage.id == id),
    };
    if let Some(id) = wanted
        .filter(|branch| !branch.current)
        .map(|branch| branch.lineage.id)
    {
        if state.engine.has_run() {
            effects.push(Effect::Send(Command::Cancel));
        }
        run::settle(state, effects);
        effects.push(Effect::Send(Command::Switch(id)));
    }
}
