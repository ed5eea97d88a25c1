//! Runs on the disk: listed, opened, drawn beside each other, and their checkpoints opened in Play.

use std::path::{Path, PathBuf};

use crate::chart::What;
use crate::engine::TrainingCommand;
use crate::tui::state::State;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::picker::{DRAW_RUN, Item, OPEN_RUN, Picker};
use crate::tui::state::train::runs::ReadRun;
use crate::tui::state::train::{Job, RunInView};
use crate::tui::update::caption;
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::focus::Page;
use crate::tui::{Chart, Effect};

/// Asks for the runs that there are.
pub fn list(state: &mut State, beside: bool, effects: &mut Vec<Effect>) {
    let title = if beside { DRAW_RUN } else { OPEN_RUN };
    state.screen.overlay = Some(Overlay::Picker(Box::new(Picker::new(title, Vec::new()))));
    effects.push(Effect::ListRuns {
        directory: state.train.directory(),
        beside,
    });
}

/// Shows the runs that were listed, if they are still wanted.
pub fn listed(state: &mut State, items: Vec<Item>) {
    if let Some(Overlay::Picker(picker)) = &mut state.screen.overlay
        && [OPEN_RUN, DRAW_RUN].contains(&picker.title)
    {
        picker.set_items(items);
    }
}

/// Asks for what a run kept.
pub fn open(path: &Path, beside: bool, effects: &mut Vec<Effect>) {
    effects.push(Effect::ReadRun {
        path: path.to_owned(),
        beside,
    });
}

/// Shows a run that was read.
pub fn read(state: &mut State, path: &Path, beside: bool, read: Result<Box<ReadRun>, String>) {
    let read = match read {
        Ok(read) => *read,
        Err(message) => return state.tell(message, true),
    };
    let (name, directory) = place(path);
    let mut run = RunInView::new(name, directory, read.history);
    run.elsewhere = read.running;
    let train = &mut state.train;
    if beside {
        train.beside.retain(|other| !is_same(other, &run));
        train.beside.push(run);
        return;
    }
    let is_live = |live: &RunInView| live.name == run.name && live.directory == run.directory;
    // The trainer's own picture of a run that goes on is the newer one.
    let live = train.job != Job::Idle && train.live.as_ref().is_some_and(is_live);
    train.opened = (!live).then_some(run);
    train.show_run();
    state.screen.page = Page::Train;
}

fn is_same(one: &RunInView, other: &RunInView) -> bool {
    (&one.name, &one.directory) == (&other.name, &other.directory)
}

/// Takes in how a run went on that another process works on, wherever it is shown.
pub fn grew(state: &mut State, path: &Path, read: ReadRun) {
    let (name, directory) = place(path);
    let train = &mut state.train;
    let shown = train.opened.iter_mut().chain(&mut train.beside);
    for run in shown.filter(|run| run.name == name && run.directory == directory) {
        run.replace(read.history.clone());
        run.elsewhere = read.running;
    }
}

/// A run's name and directory.
fn place(path: &Path) -> (String, PathBuf) {
    let name = path.file_name().unwrap_or_default();
    let directory = path.parent().unwrap_or(Path::new(""));
    (name.to_string_lossy().into_owned(), directory.to_owned())
}

/// Opens the last checkpoint at or before the step in view in Play.
pub fn open_checkpoint(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(note) = state.train.checkpoint_to_open() else {
        let key = state
            .keymap
            .hint(Bound::TrainSave, false)
            .unwrap_or_default();
        let advice = if state.train.is_live() {
            format!("{key} writes one now, and `keep` in the form says how many stay")
        } else {
            let form = state.keymap.hint(Bound::TrainNew, false);
            format!(
                "the run is over, and `keep` and `checkpoint every` in the form ({}) say how many the next one has",
                form.unwrap_or_default()
            )
        };
        let message = format!("There is no checkpoint at or before this step: {advice}.");
        return state.tell(message, false);
    };
    let path = note.path.clone();
    state.screen.page = Page::Play;
    super::super::run::load(state, &path, effects);
}

/// Takes the rate that was typed.
///
/// # Errors
/// When it is none.
pub fn set_learning_rate(typed: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    match typed.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate.is_finite() => {
            let command = TrainingCommand::SetLearningRate(rate);
            effects.push(Effect::Train(Box::new(command)));
            Ok(())
        }
        _ => Err(format!(
            "`{typed}` is no rate: give a number above 0, such as 1e-4"
        )),
    }
}

/// Ends the run without saving, if the answer says so.
///
/// # Errors
/// When the answer is neither yes nor no.
pub fn abandon(state: &mut State, typed: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    match typed {
        "yes" => {
            state.train.job = Job::Ending;
            effects.push(Effect::Train(Box::new(TrainingCommand::Abandon)));
            Ok(())
        }
        "" | "no" => Ok(()),
        _ => {
            Err("type yes to abandon what was learned since the last checkpoint, or no".to_owned())
        }
    }
}

/// Draws the run in view, and those beside it, into a file.
///
/// # Errors
/// When there is no run.
pub fn draw(
    state: &State,
    path: PathBuf,
    what: What,
    effects: &mut Vec<Effect>,
) -> Result<(), String> {
    let run = state.train.run().ok_or("there is no run in view")?;
    let runs: Vec<_> = std::iter::once(run)
        .chain(&state.train.beside)
        .map(|run| (run.name.clone(), run.history().clone()))
        .collect();
    let caption = Some(caption::of_runs(&runs));
    let chart = Chart::Run {
        runs,
        what,
        log: state.train.shown.log,
    };
    effects.push(Effect::DrawChart {
        path,
        chart: Box::new(chart),
        caption,
    });
    Ok(())
}
