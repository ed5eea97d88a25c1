//! The table of runs, and what can be done with a run whether it stands in the table or in view.

use std::path::PathBuf;

use crate::tui::state::State;
use crate::tui::state::ask::Ask;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::train::table::{RunRow, RunTable};
use crate::tui::state::train::{ReadRecipe, RunInView};
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Effect, TrainAction};

/// Shows the table, or takes it away.
pub fn turn(state: &mut State, effects: &mut Vec<Effect>) {
    match state.train.table.take() {
        Some(_) => effects.push(Effect::ForgetRuns),
        None => {
            state.train.table = Some(RunTable::default());
            effects.push(Effect::WatchRuns(state.train.directory()));
        }
    }
}

/// Takes the table away, if it is there.
pub fn close(state: &mut State, effects: &mut Vec<Effect>) {
    if state.train.table.take().is_some() {
        effects.push(Effect::ForgetRuns);
    }
}

/// Takes in what the runs are now.
pub fn watched(state: &mut State, rows: Vec<RunRow>) {
    if let Some(table) = &mut state.train.table {
        table.take_in(rows);
    }
}

/// Takes an action in that means something of its own while the table is shown. Returns the others.
pub fn apply(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    let Some(table) = &mut state.train.table else {
        return Some(action);
    };
    match action {
        Action::Up => table.step(-1),
        Action::Down => table.step(1),
        Action::PageUp => table.step(-10),
        Action::PageDown => table.step(10),
        Action::First => table.step(isize::MIN),
        Action::Last => table.step(isize::MAX),
        Action::Train(TrainAction::Sort) => table.sort_next(),
        Action::Train(TrainAction::SortBackwards) => table.reverse(),
        Action::Train(TrainAction::Show) => show(state, effects),
        Action::Train(TrainAction::Enter) => {
            if let Some(path) = target(state) {
                close(state, effects);
                super::runs::open(&path, false, effects);
            }
        }
        Action::Escape if state.screen.banners.is_empty() => close(state, effects),
        other => return Some(other),
    }
    None
}

/// Draws the selected run in the chart, or takes it out.
fn show(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(path) = target(state) else { return };
    let train = &mut state.train;
    let is_it = |run: &RunInView| run.directory.join(&run.name) == path;
    if train.opened.as_ref().is_some_and(is_it) {
        train.opened = None;
    } else if train.beside.iter().any(is_it) {
        train.beside.retain(|run| !is_it(run));
    } else if !train.live.as_ref().is_some_and(is_it) {
        // The first is the one in view.
        super::runs::open(&path, train.run().is_some(), effects);
    }
}

/// The run that is meant: the selected one of the table, or else the one in view.
fn target(state: &State) -> Option<PathBuf> {
    let train = &state.train;
    match &train.table {
        Some(table) => table.selected().map(|row| row.path.clone()),
        None => train.run().map(|run| run.directory.join(&run.name)),
    }
}

/// Does something with the run that is meant.
pub fn act(state: &mut State, action: &TrainAction, effects: &mut Vec<Effect>) {
    let Some(path) = target(state) else {
        return state.tell("There is no run here: choose one in the table (o).", false);
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match action {
        TrainAction::Resume => effects.push(Effect::ReadResume(path)),
        TrainAction::Fill => {
            let run = state.train.run();
            let in_view = run.filter(|run| run.directory.join(&run.name) == path);
            let step = in_view.and_then(|run| run.cursor);
            effects.push(Effect::ReadRecipe { path, step });
        }
        TrainAction::Export | TrainAction::ExportHalf => {
            let half = *action == TrainAction::ExportHalf;
            let suggestion = format!("{name}-model");
            ask(state, path, Question::Export { half }, &suggestion);
        }
        TrainAction::Delete => ask(state, path, Question::DeleteRun, ""),
        _ => {}
    }
}

fn ask(state: &mut State, path: PathBuf, question: Question, suggestion: &str) {
    state.screen.overlay = Some(Overlay::Ask(Box::new(Ask::new(question, suggestion))));
    state.train.meant = Some(path);
}

/// Writes the best checkpoint's model to a directory.
///
/// # Errors
/// When none was named.
pub fn export(
    state: &mut State,
    typed: &str,
    half: bool,
    effects: &mut Vec<Effect>,
) -> Result<(), String> {
    if typed.is_empty() {
        return Err("give a directory that is new or empty".to_owned());
    }
    if let Some(run) = state.train.meant.take() {
        let target = PathBuf::from(typed);
        effects.push(Effect::ExportRun { run, target, half });
    }
    Ok(())
}

/// Deletes a run, if the answer says so.
///
/// # Errors
/// When the answer is neither yes nor no.
pub fn delete(state: &mut State, typed: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    match typed {
        "yes" => {
            if let Some(path) = state.train.meant.take() {
                state.train.forget(&path);
                effects.push(Effect::DeleteRun(path));
            }
            Ok(())
        }
        "" | "no" => Ok(()),
        _ => Err("type yes to delete the run with its checkpoints, or no".to_owned()),
    }
}

/// Fills the form from a run that was read.
pub fn fill(state: &mut State, read: Result<Box<ReadRecipe>, String>, effects: &mut Vec<Effect>) {
    match read {
        Ok(read) => {
            close(state, effects);
            super::form::surround(state);
            state.train.form.fill(&read);
            state.train.asks = true;
            super::form::list_names(state, effects);
        }
        Err(message) => state.tell(message, true),
    }
}
