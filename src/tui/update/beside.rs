//! The second model: loading it, letting it read what is in view, and what it tells.

use crate::engine::{Event, RunState, Subject};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::beside::Beside;

/// Loads a model beside the present one, in place of one that is there.
pub fn load(state: &mut State, source: &str, effects: &mut Vec<Effect>) {
    if state.engine.model.is_none() {
        state.tell("Load a model first, then another beside it.", false);
        return;
    }
    // It only reads: the text as it is, not as a message to it.
    let request = crate::model::LoadRequest {
        source: source.to_owned(),
        chat: false,
        ..state.engine.load.clone()
    };
    state.engine.beside = Some(Beside::new(source));
    effects.push(Effect::LoadBeside(Box::new(request)));
}

/// Takes it away, loaded or not.
pub fn unload(state: &mut State, effects: &mut Vec<Effect>) {
    if state.engine.beside.take().is_none() {
        state.tell("There is no model beside this one.", false);
    }
    effects.push(Effect::UnloadBeside);
}

/// Lets it read and look where the user looks.
pub fn flush(state: &mut State, effects: &mut Vec<Effect>) {
    let passage = match state.play.subject {
        Subject::Draft => &state.play.draft,
        Subject::Text => &state.play.texts[state.play.sample.min(state.play.texts.len() - 1)],
    };
    let (Some(beside), Some(first)) = (&mut state.engine.beside, &state.engine.model) else {
        return;
    };
    let running = state.engine.run == RunState::Running;
    let tokens = passage.tokens();
    let reading = beside.reading(tokens, first, running, state.screen.now);
    effects.extend(reading.map(Effect::SendBeside));
    if let Some(spot) = beside.spot(tokens, passage.in_view(), first) {
        let look = beside.look(spot);
        effects.extend(look.map(|request| Effect::LookBeside(Box::new(request))));
    }
}

/// Takes in what its engine tells.
pub fn heard(state: &mut State, event: Event, effects: &mut Vec<Effect>) {
    let Some(beside) = &mut state.engine.beside else {
        return;
    };
    match event {
        Event::Progress(progress) => beside.loading = Some(progress),
        Event::Loaded { model } => {
            beside.model = Some(model);
            beside.loading = None;
            effects.push(Effect::RememberModel(beside.source.clone()));
        }
        Event::Notice { message } => {
            state.tell(format!("The model beside: {message}"), false);
        }
        Event::PromptRead { tokens, .. } => beside.answer(tokens),
        Event::Look { moment, .. } => beside.seen(moment),
        Event::LookFailed { .. } => beside.unseen(),
        Event::Failed { message } if beside.model.is_some() => {
            beside.refuse();
            beside.unseen();
            state.tell(format!("The model beside: {message}"), true);
        }
        Event::Failed { message } | Event::Died { message } => {
            state.engine.beside = None;
            effects.push(Effect::UnloadBeside);
            state.tell(
                format!("The model beside is gone, this one stays: {message}"),
                true,
            );
        }
        _ => {}
    }
}
