//! For a room: the view with one thing at a time, and a step forward or back in it.

use crate::tui::state::State;
use crate::tui::update::{learn, run};
use crate::tui::{Effect, LearnAction};

/// Shows one thing at a time in big letters, or the panes again.
pub fn toggle(state: &mut State) {
    state.screen.presenting = !state.screen.presenting;
    state.reflow();
}

/// A page of the lesson's sentence, where that has pages of its own, and then a step of the lesson; else a step of the
/// text: the next token, behind the last one a new one, or the one before.
pub fn step(state: &mut State, forward: bool, effects: &mut Vec<Effect>) {
    if state.learn.going.is_some() {
        let pages = state.sentence_pages().len();
        let page = match (state.screen.sentence, forward) {
            (None, true) if pages > 0 => Some(Some(0)),
            (Some(at), true) if at + 1 < pages => Some(Some(at + 1)),
            (Some(at), false) => Some(at.checked_sub(1)),
            _ => None,
        };
        state.screen.sentence = page.flatten();
        if page.is_some() {
            return;
        }
        let action = if forward {
            LearnAction::Skip
        } else {
            LearnAction::Back
        };
        return learn::act(state, action, effects);
    }
    let passage = state.play.passage_mut();
    let (at, count) = (passage.in_view(), passage.tokens().len());
    match (forward, at + 1 < count) {
        (false, _) => passage.go_to(at.saturating_sub(1)),
        (true, true) => passage.go_to(at + 1),
        (true, false) => {
            passage.follow();
            run::step(state, effects);
        }
    }
}
