//! The form: its rows are edited, and its run is started.

use std::collections::BTreeSet;

use crate::engine::TrainingCommand;
use crate::training::{History, Recipe, Restore, Survey};
use crate::tui::state::State;
use crate::tui::state::ask::Ask;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::picker::{Item, Picker};
use crate::tui::state::train::room::Room;
use crate::tui::state::train::runs::GoingOn;
use crate::tui::state::train::{FIELDS, Job, RunInView, Start, Surroundings};
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Effect, TrainAction};

/// Tells the form what Play has.
pub fn surround(state: &mut State) {
    let prompt = match state.play.editor.text() {
        text if text.trim().is_empty() => state.play.last_prompt.clone().unwrap_or_default(),
        text => text,
    };
    state.train.form.surround(Surroundings {
        model: state.engine.load.source.clone(),
        prompt,
        sampler: state.play.settings.sampler.clone(),
        device: state.engine.load.device,
    });
}

/// Leaves the form for the run, or the run for Play.
pub fn leave(state: &mut State) {
    if state.train.asks && state.train.run().is_some() {
        state.train.asks = false;
    } else if state.train.projected && !state.train.asks {
        state.train.projected = false;
    } else if state.train.opened.is_some() {
        state.train.opened = None;
        // Something is always shown.
        state.train.asks = state.train.live.is_none();
    } else {
        state.screen.page = Page::Play;
    }
}

/// Starts the run, takes the next choice of a row, or asks for its value.
pub fn enter(state: &mut State, effects: &mut Vec<Effect>) {
    if state.train.form.fold(|open| !open) {
        return;
    }
    let Some(field) = state.train.form.selected() else {
        return start(state, effects);
    };
    if FIELDS[field].takes.choices().is_empty() {
        let suggestion = state.train.form.value(field);
        state.screen.overlay = Some(Overlay::Ask(Box::new(Ask::new(
            Question::Field(field),
            &suggestion,
        ))));
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
        state.screen.overlay = Some(Overlay::Ask(Box::new(Ask::begun(question, &c.to_string()))));
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

/// Has looked at what the form's run would learn from, as soon as that is another than before, while the form is shown.
pub fn survey(state: &mut State, effects: &mut Vec<Effect>) {
    let train = &mut state.train;
    let shown = state.screen.page == Page::Train && train.asks && train.table.is_none();
    // A demonstration that is about to start has no time to be looked at.
    let shown = shown && !train.demo_waits;
    if !shown {
        if train.form.found.looking {
            effects.push(Effect::EndSurvey);
        }
        return train.form.ask_no_more();
    }
    let recipe = train.form.to_survey();
    // A step is slower beside another run, and would slow that one down.
    let measure = train.job == Job::Idle;
    if train.form.ask(recipe.as_ref(), measure) {
        effects.push(match recipe {
            Some(recipe) => Effect::Survey {
                recipe: Box::new(recipe),
                measure,
            },
            None => Effect::EndSurvey,
        });
    }
}

/// Takes in what was found.
pub fn surveyed(
    state: &mut State,
    recipe: &Recipe,
    found: Result<Box<Survey>, String>,
    last: bool,
) {
    let found = found.map(|survey| *survey);
    state.train.form.surveyed(recipe, found, last);
}

/// Lists the demonstrations.
pub fn offer_demonstrations(state: &mut State) {
    let item = |label: &str, detail: &str, action| Item {
        label: label.to_owned(),
        detail: detail.to_owned(),
        action: Action::Train(action),
    };
    let items = vec![
        item(
            "style in seconds",
            "the model here learns weather reports",
            TrainAction::Demo,
        ),
        item(
            "language from nothing in seconds",
            "random weights: from noise to sentences",
            TrainAction::DemoNothing,
        ),
    ];
    let picker = Picker::new("A demonstration", items);
    state.screen.overlay = Some(Overlay::Picker(Box::new(picker)));
}

/// Starts a demonstration.
pub fn demonstrate(state: &mut State, demo: &'static str, effects: &mut Vec<Effect>) {
    if state.train.job != Job::Idle {
        return state.tell("A run goes on already: stop it first (S).", true);
    }
    super::table::close(state, effects);
    state.train.form.demonstrate(demo);
    state.train.demo_waits = true;
    effects.push(Effect::FindRoom(state.train.form.directory()));
}

/// Starts the demonstration that was asked for where there is room for it, under a name that is free there.
pub fn room_found(state: &mut State, room: Result<Room, String>, effects: &mut Vec<Effect>) {
    state.train.demo_waits = false;
    let room = match room {
        Ok(room) => room,
        Err(message) => return state.tell(message, true),
    };
    state.train.form.know_names(room.names);
    state.train.demo_directory = room.elsewhere;
    start(state, effects);
    if let Some(elsewhere) = &state.train.demo_directory {
        let elsewhere = elsewhere.display();
        state.tell(
            format!("Nothing can be written here: the demonstration is kept in {elsewhere}."),
            false,
        );
    }
    state.train.demo_directory = None;
}

/// Asks which names of runs are taken.
pub fn list_names(state: &State, effects: &mut Vec<Effect>) {
    effects.push(Effect::ListRunNames(state.train.form.directory()));
}

/// Takes in which names are taken.
pub fn names_listed(state: &mut State, names: BTreeSet<String>) {
    state.train.form.know_names(names);
}

/// Starts the run that the form describes.
pub fn start(state: &mut State, effects: &mut Vec<Effect>) {
    let Ok(mut start) = state.train.form.start() else {
        return;
    };
    if let Some(elsewhere) = &state.train.demo_directory {
        start.recipe.run.directory.clone_from(elsewhere);
    }
    match start.restore {
        Restore::Latest => effects.push(Effect::ReadGoingOn(Box::new(start))),
        _ => launch(state, start, History::new(), effects),
    }
}

/// Goes on with a run, or asks first where its recipe was another one.
pub fn going_on(state: &mut State, read: Result<Box<GoingOn>, String>, effects: &mut Vec<Effect>) {
    match read {
        Ok(found) if found.changes.is_empty() => launch(state, found.start, found.history, effects),
        Ok(found) => {
            let differs = format!("What differs: {}", found.changes.join("; "));
            ask_to_go_on(state, found, differs);
        }
        // Where no form is in sight, it was asked of a run.
        Err(message) if !state.train.asks || state.train.table.is_some() => {
            state.tell(message, true);
        }
        Err(message) => {
            let problem = state.train.form.problem_of(&message);
            state.train.form.show(problem);
        }
    }
}

/// Asks whether the newest run goes on although what it learns from has changed.
pub fn ask_in_spite_of(state: &mut State, changed: &str) {
    let Some(start) = state.train.started.clone() else {
        return;
    };
    let history = state.train.live.take();
    let history = history.map(|run| run.history().clone());
    let found = GoingOn {
        start,
        history: history.unwrap_or_default(),
        changes: vec![changed.to_owned()],
    };
    ask_to_go_on(state, Box::new(found), changed.to_owned());
}

fn ask_to_go_on(state: &mut State, found: Box<GoingOn>, differs: String) {
    let mut ask = Ask::new(Question::GoOn, "");
    ask.problem = Some(differs);
    state.screen.overlay = Some(Overlay::Ask(Box::new(ask)));
    state.train.going_on = Some(found);
}

/// Goes on all the same, if the answer says so.
///
/// # Errors
/// When the answer is neither yes nor no.
pub fn go_on(state: &mut State, typed: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    match typed {
        "yes" => {
            if let Some(mut found) = state.train.going_on.take() {
                found.start.allowed.changes = true;
                launch(state, found.start, found.history, effects);
            }
            Ok(())
        }
        "" | "no" => Ok(()),
        _ => Err("type yes to go on with what has changed, or no".to_owned()),
    }
}

/// Starts the run that has waited longest, once the one before is over.
pub fn launch_next(state: &mut State, effects: &mut Vec<Effect>) {
    let waits = state.train.job == Job::Idle;
    if let Some((start, history)) = state.train.queue.pop_front_if(|_| waits) {
        launch(state, start, history, effects);
    }
}

fn launch(state: &mut State, start: Start, history: History, effects: &mut Vec<Effect>) {
    let train = &mut state.train;
    if train.job != Job::Idle {
        let name = start.recipe.run.name.clone();
        train.form.pass_name(&name);
        train.queue.push_back((start, history));
        return state.tell(
            format!("A run goes on already: {name} begins when it is over."),
            false,
        );
    }
    train.started = Some(start.clone());
    let run = &start.recipe.run;
    let run = RunInView::new(run.name.clone(), run.directory.clone(), history);
    let is_it = |other: &RunInView| other.name == run.name && other.directory == run.directory;
    train.beside.retain(|other| !is_it(other));
    train.live = Some(run);
    train.opened = None;
    train.show_run();
    train.job = Job::Preparing;
    effects.push(Effect::Train(Box::new(TrainingCommand::Start {
        recipe: Box::new(start.recipe),
        restore: start.restore,
        allowed: start.allowed,
    })));
}
