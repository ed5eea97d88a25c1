//! The form: its rows are edited, and its run is started.

use crate::engine::TrainingCommand;
use crate::training::History;
use crate::tui::Effect;
use crate::tui::ask::{Ask, Question};
use crate::tui::overlay::Overlay;
use crate::tui::state::{Page, State};
use crate::tui::train::{FIELDS, Job, Kind, RunInView, Surroundings};

/// Tells the form what Play has.
pub fn surround(state: &mut State) {
    let prompt = match state.editor.text() {
        text if text.trim().is_empty() => state.last_prompt.clone().unwrap_or_default(),
        text => text,
    };
    state.train.form.surround(Surroundings {
        model: state.load.source.clone(),
        prompt,
        sampler: state.sampler.clone(),
        device: state.load.device,
    });
}

/// Leaves the form for the run, or the run for Play.
pub fn leave(state: &mut State) {
    if state.train.asks && state.train.run().is_some() {
        state.train.asks = false;
    } else if state.train.opened.is_some() {
        state.train.opened = None;
    } else {
        state.page = Page::Play;
    }
}

/// Starts the run, takes the next choice of a row, or asks for its value.
pub fn enter(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(field) = state.train.form.selected() else {
        return start(state, effects);
    };
    if !matches!(FIELDS[field].kind, Kind::Choice(_)) {
        let suggestion = state.train.form.value(field);
        state.overlay = Some(Overlay::Ask(Ask::new(Question::Field(field), &suggestion)));
    } else {
        state.train.form.turn(true);
    }
}

/// Begins to type into the selected row.
pub fn typed(state: &mut State, c: char) {
    if let Some(field) = state
        .train
        .form
        .selected()
        .filter(|_| state.train.is_typed_into())
    {
        let question = Question::Field(field);
        state.overlay = Some(Overlay::Ask(Ask::begun(question, &c.to_string())));
    }
}

/// Puts a pasted text into the selected row.
pub fn paste(state: &mut State, text: &str) {
    if let Some(field) = state.train.form.selected() {
        let clean: String = text
            .trim()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if let Err(message) = state.train.form.set(field, &clean) {
            state.tell(format!("{}: {message}", FIELDS[field].name), true);
        }
    }
}

/// Starts the demonstration.
pub fn demonstrate(state: &mut State, effects: &mut Vec<Effect>) {
    if state.train.job == Job::Idle {
        let form = &mut state.train.form;
        form.demonstrate();
        let taken = state.train.live.as_ref().map(|run| run.name.clone());
        form.pass_name(&taken.unwrap_or_default());
    }
    start(state, effects);
}

fn start(state: &mut State, effects: &mut Vec<Effect>) {
    if state.train.job != Job::Idle {
        return state.tell("A run goes on already: stop it first (S).", true);
    }
    let Ok(start) = state.train.form.start() else {
        return;
    };
    let train = &mut state.train;
    train.live = Some(RunInView {
        name: start.recipe.run.name.clone(),
        directory: start.recipe.run.directory.clone(),
        history: History::new(),
        failure: None,
    });
    train.opened = None;
    train.asks = false;
    train.cursor = None;
    train.job = Job::Preparing;
    effects.push(Effect::Train(Box::new(TrainingCommand::Start {
        recipe: Box::new(start.recipe),
        restore: start.restore,
        overwrite: start.overwrite,
    })));
}
