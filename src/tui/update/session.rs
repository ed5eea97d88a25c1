//! Saving the session and bringing one back.

use std::time::Duration;

use crate::engine::{Command, RestoreRequest, RunState, Session};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::session::SessionFile;

/// Longest time that something new stays unsaved while a run goes on.
const AUTOSAVE: Duration = Duration::from_secs(5);

/// Asks the engine for the texts; [`saved`] writes them.
pub fn save(state: &mut State, effects: &mut Vec<Effect>) {
    state.saving.asked_for = true;
    request(state, effects);
}

fn request(state: &mut State, effects: &mut Vec<Effect>) {
    state.saving.due = false;
    state.saving.sent |= std::mem::take(&mut state.saving.texts);
    state.saving.failed = false;
    state.saving.last = state.screen.now;
    effects.push(Effect::Send(Command::Save));
}

/// Saves what is new at the end of a run, and from time to time while one goes on.
pub fn autosave(state: &mut State, effects: &mut Vec<Effect>) {
    let resting = state.engine.run != RunState::Running;
    let waited = state.screen.now.saturating_sub(state.saving.last) >= AUTOSAVE;
    if state.saving.due && state.saving.autosave_file.is_some() && (resting || waited) {
        request(state, effects);
    }
}

/// Writes the texts that the engine told, with everything around them.
pub fn saved(state: &mut State, texts: Session, effects: &mut Vec<Effect>) {
    let by_name = std::mem::take(&mut state.saving.asked_for);
    let file = if by_name {
        &state.saving.session_file
    } else {
        &state.saving.autosave_file
    };
    let Some(path) = file.clone() else {
        return;
    };
    let session = SessionFile::new(
        state.engine.load.clone(),
        state.own_prompt(),
        state.play.settings.sampler.clone(),
        state.play.settings.generation.clone(),
        state.play.settings.samples,
        texts,
    )
    .with_lanes(super::lanes::saved(state));
    effects.push(Effect::WriteSession {
        path,
        session: Box::new(session),
        tell: by_name,
    });
}

/// Brings a session back: the knobs at once, the texts as soon as their model is there.
pub fn open(state: &mut State, session: SessionFile, effects: &mut Vec<Effect>) {
    state.play.editor.replace(&session.prompt);
    state.play.settings.sampler = session.sampler;
    state.play.settings.generation = session.generation;
    state.play.settings.samples = session
        .samples
        .clamp(1, crate::tui::vocabulary::knob_rows::MOST_SAMPLES);
    state.play.knobs.turns += 1;
    state.play.inspecting.changed();
    state.saving.restoring = Some(session.texts);
    super::lanes::restore(state, session.lanes, effects);
    if state.engine.model.is_none() || state.engine.load != session.model {
        state.engine.load = session.model;
        effects.push(Effect::Send(Command::Load(state.engine.load.clone())));
    } else {
        restore(state, effects);
    }
}

/// Hands the texts to the engine that wait for their model.
pub fn restore(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(session) = state.saving.restoring.take() {
        effects.push(Effect::Send(Command::Restore(Box::new(RestoreRequest {
            session,
            sampler: state.play.settings.sampler.clone(),
            generation: state.play.settings.generation.clone(),
        }))));
    }
}

/// After a failure: if it was that the last session's texts cannot be brought back, their file is kept.
pub fn keep_what_was_refused(state: &mut State, effects: &mut Vec<Effect>) {
    let handed_over = state.engine.model.is_some() && state.saving.restoring.is_none();
    if handed_over && std::mem::take(&mut state.saving.resumed) {
        let file = state.saving.autosave_file.clone();
        effects.extend(file.map(Effect::SetSessionAside));
    }
}
