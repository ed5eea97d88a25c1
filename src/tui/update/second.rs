//! The second model: loading it, letting it read what is in view, and what it tells.

use crate::engine::{Command, Event, HandedLogits, RunState, Subject};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::second::SecondModel;
use crate::tui::vocabulary::marks::Marking;

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
    state.engine.second = Some(SecondModel::new(source));
    effects.push(Effect::LoadSecond(Box::new(request)));
}

/// Takes it away, loaded or not.
pub fn unload(state: &mut State, effects: &mut Vec<Effect>) {
    if state.engine.second.take().is_none() {
        state.tell("There is no model beside this one.", false);
    }
    effects.push(Effect::UnloadSecond);
}

/// Lets it read and look where the user looks.
pub fn flush(state: &mut State, effects: &mut Vec<Effect>) {
    // What a third model has said is not the first one's text.
    if state.away().is_some() {
        return;
    }
    let passage = match state.play.subject {
        Subject::Draft => &state.play.draft,
        Subject::Text => &state.play.texts[state.play.sample.min(state.play.texts.len() - 1)],
    };
    let (Some(second), Some(first)) = (&mut state.engine.second, &state.engine.model) else {
        return;
    };
    let running = state.engine.run == RunState::Running;
    let tokens = passage.tokens();
    let reading = second.reading(tokens, first, running, state.screen.now);
    effects.extend(reading.map(Effect::SendSecond));
    if let Some(spot) = second.spot(tokens, passage.in_view(), first) {
        let look = second.look(spot);
        effects.extend(look.map(|request| Effect::LookSecond(Box::new(request))));
    }
    // A draft that is being typed is another by the time that it could be asked about.
    if state.play.subject == Subject::Draft && !state.play.inspecting.is_settled() {
        return;
    }
    let text = (state.play.subject, state.play.sample);
    let is_coloured = state.play.marking == Marking::Divergence;
    let compare = second.compare(text, (tokens, passage.in_view()), first, is_coloured);
    effects.extend(compare.map(|request| Effect::Send(Command::Logits(request))));
}

/// Shows what rose and what fell, or its odds again.
pub fn toggle_change(state: &mut State) {
    match &mut state.engine.second {
        Some(second) => second.shows_change = !second.shows_change,
        None => state.tell(
            "Load a model beside this one first: then this says what rises and falls between the two.",
            false,
        ),
    }
}

/// Hands on what the first engine has handed out.
pub fn handed(state: &mut State, logits: HandedLogits, effects: &mut Vec<Effect>) {
    let second = state.engine.second.as_mut();
    let command = second.and_then(|second| second.divergence.handed(logits));
    effects.extend(command.map(Effect::SendSecond));
}

/// Forgets what the first engine was asked: it may not answer, or is of another model.
pub fn first_changed(state: &mut State, is_other: bool) {
    if let Some(second) = &mut state.engine.second {
        if is_other {
            second.divergence.clear();
        } else {
            second.divergence.give_up();
        }
    }
}

/// Takes in what its engine tells.
pub fn heard(state: &mut State, event: Event, effects: &mut Vec<Effect>) {
    let Some(second) = &mut state.engine.second else {
        return;
    };
    match event {
        Event::Progress(progress) => second.loading = Some(progress),
        Event::Loaded { model } => {
            second.model = Some(model);
            second.loading = None;
            effects.push(Effect::RememberModel(second.source.clone()));
        }
        Event::Notice { message } => {
            state.tell(format!("The model beside: {message}"), false);
        }
        Event::PromptRead { tokens, .. } => second.answer(tokens),
        Event::Look { moment, .. } => second.seen(moment),
        Event::LookFailed { .. } => second.unseen(),
        Event::Diverged(diverged) => second.divergence.answer(diverged),
        Event::Failed { message } if second.model.is_some() => {
            second.refuse();
            second.unseen();
            second.divergence.give_up();
            state.tell(format!("The model beside: {message}"), true);
        }
        Event::Failed { message } | Event::Died { message } => {
            state.engine.second = None;
            effects.push(Effect::UnloadSecond);
            state.tell(
                format!("The model beside is gone, this one stays: {message}"),
                true,
            );
        }
        _ => {}
    }
}
