//! The prompt editor: edits, cursor, history.

use crate::engine::{RunState, Subject};
use crate::tui::state::State;
use crate::tui::vocabulary::action::Edit;
use crate::tui::vocabulary::focus::Focus;

/// Types or pastes a text. Outside the editor, pasting goes there.
pub fn insert(state: &mut State, text: &str) {
    state.focus_on(Focus::Prompt);
    if state.play.editor.insert(text) {
        changed(state);
    } else {
        state.tell(
            "That is too long for a prompt: it may have a megabyte.",
            true,
        );
    }
}

/// Gives the focus to a pane by a key. A prompt that was run is kept there to be edited; one that is only suggested is
/// still replaced by what is typed.
pub fn go_to(state: &mut State, pane: Focus) {
    state.focus_on(pane);
    if pane == Focus::Prompt && state.play.last_prompt.is_some() {
        state.play.editor.deselect();
    }
}

/// Puts another prompt into the editor.
pub fn put(state: &mut State, prompt: &str) {
    state.play.editor.replace(prompt);
    changed(state);
}

/// Carries out an edit. In the prompt that waits for what is typed next, it goes back there.
pub fn edit(state: &mut State, edit: Edit) {
    if state.play.ready {
        state.focus_on(Focus::Prompt);
    }
    let done = match edit {
        Edit::HistoryPrevious => return recall(state, false),
        Edit::HistoryNext => return recall(state, true),
        edit => state.play.editor.edit(edit),
    };
    if done {
        changed(state);
    }
}

/// Moves by lines; past the first and the last one lies the history.
pub fn across(state: &mut State, by: isize) {
    for step in 0..by.unsigned_abs() {
        if !state.play.editor.across(by > 0) {
            if step == 0 {
                recall(state, by > 0);
            }
            return;
        }
    }
}

/// Moves by a character, or to an end of the line.
pub fn along(state: &mut State, by: isize) {
    match by {
        -1 | 1 => state.play.editor.step(by > 0),
        _ => state.play.editor.line_border(by > 0),
    }
}

/// Leaves the editor, so that what opens over it takes the keys.
pub fn leave(state: &mut State) {
    if state
        .screen
        .overlay
        .as_ref()
        .is_some_and(|one| !one.takes_text())
    {
        enter_text(state);
    }
}

/// Enters the text from the editor, or from the text with the editor waiting.
pub fn enter_text(state: &mut State) {
    if state.play.focus == Focus::Prompt || state.play.ready {
        state.focus_on(Focus::Text);
    }
}

fn recall(state: &mut State, next: bool) {
    let recalled = if next {
        state.play.history.next()
    } else {
        state.play.history.previous(&state.play.editor.text())
    };
    if let Some(prompt) = recalled.map(str::to_owned) {
        state.play.editor.replace(&prompt);
        changed(state);
    }
}

/// The draft is another one now. Its odds are what the tables show, unless a run needs them.
fn changed(state: &mut State) {
    state.play.inspecting.changed();
    if let Some(going) = &mut state.learn.going {
        going.typed = Some(state.screen.now);
    }
    if state.engine.run != RunState::Running {
        state.play.subject = Subject::Draft;
        state.play.draft.follow();
    }
}
