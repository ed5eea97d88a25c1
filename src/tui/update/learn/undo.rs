//! A step back, and leaving a lesson: what was set up is undone.

use crate::engine::{Command, TrainingCommand};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::learn::{Before, Reached, Returning, Stage, TextBefore};
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
        let left = going.left.take().unwrap_or_default();
        going.take_up(Reached {
            stage: Stage::Done,
            ..left
        });
        return;
    }
    let is_set_up = going.stage != Stage::Waiting;
    let before = if is_set_up { going.before.pop() } else { None };
    let step = going.step.saturating_sub(1);
    let was_walked = going.step > 0 && !going.before.is_empty();
    going.go_to(step);
    if let Some(before) = before {
        let reached = before.reached.clone();
        restore(state, before, effects);
        if let Some(going) = state.learn.going.as_mut().filter(|_| was_walked) {
            going.take_up(reached);
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
    let returning = Returning {
        subject: before.subject,
        position: before.position,
        seed: state.play.settings.generation.seed,
        draft_alone: before.draft_alone,
    };
    if state.engine.load.source == before.model {
        if bring_back(state, before.text, effects) {
            state.learn.returning = Some(returning);
        }
    } else {
        run::load(state, &before.model, effects);
    }
    look(state, returning);
    state.focus_on(before.focus);
    state.play.subject = before.subject;
    state.play.tab = before.tab;
    state.play.zoomed = before.zoomed;
    state.play.knobs.selected = before.knob;
    state.reflow();
}

/// The text is back, or cannot be brought back: what was in view then is in view.
pub fn returned(state: &mut State) {
    if let Some(returning) = state.learn.returning.take() {
        state.play.settings.generation.seed = returning.seed;
        look(state, returning);
    }
}

/// Looks where one looked.
fn look(state: &mut State, returning: Returning) {
    state.play.draft_alone = returning.draft_alone;
    state.play.subject = returning.subject;
    match returning.position {
        Some(position) => state.play.passage_mut().go_to(position),
        None => state.play.passage_mut().follow(),
    }
}

/// Makes the text of then the text again; it stayed as a branch. Returns whether the engine has to.
fn bring_back(state: &mut State, text: TextBefore, effects: &mut Vec<Effect>) -> bool {
    let branches = &state.play.branches;
    let wanted = match text {
        TextBefore::None => return false,
        TextBefore::Only => branches.first(),
        TextBefore::Branch(id) => branches.iter().find(|branch| branch.lineage.id == id),
    };
    let wanted = wanted.filter(|branch| !branch.current);
    let Some(id) = wanted.map(|branch| branch.lineage.id) else {
        return false;
    };
    if state.engine.has_run() {
        effects.push(Effect::Send(Command::Cancel));
    }
    run::settle(state, effects);
    effects.push(Effect::Send(Command::Switch(id)));
    true
}
