//! The Train screen: what its keys do, and what comes from the trainer.

mod form;
mod news;
mod runs;
mod table;

pub use form::{go_on, going_on, names_listed, room_found, survey, surveyed};
pub use news::{ended_outside, heard};
pub use runs::{abandon, draw, grew, listed, read, set_learning_rate};
pub use table::{delete, export, fill, watched};

use crate::engine::TrainingCommand;
use crate::training::presets::{NOTHING, STYLE};
use crate::tui::state::State;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::train::{Job, Window};
use crate::tui::vocabulary::action::Concern;
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Effect, TrainAction};

/// Goes to the Train screen, or back to Play.
pub fn turn_page(state: &mut State, effects: &mut Vec<Effect>) {
    state.screen.page = match state.screen.page {
        Page::Play | Page::Compare => Page::Train,
        Page::Train => Page::Play,
    };
    if state.screen.page == Page::Train {
        form::surround(state);
        form::list_names(state, effects);
    }
}

/// Takes an action of the user in while the Train screen is shown. Returns what concerns the whole playground.
pub fn apply(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    let action = table::apply(state, action, effects)?;
    match action {
        Action::Train(action) => act(state, action, effects),
        _ if action.concern() == Concern::Movement => moved(state, &action),
        Action::FocusNext | Action::FocusPrevious if !state.train.asks => {
            let places = if action == Action::FocusNext { 1 } else { -1 };
            state.train.pane = state.train.pane.moved(places);
        }
        Action::FocusNext => state.train.form.step(1),
        Action::FocusPrevious => state.train.form.step(-1),
        Action::Zoom => state.train.zoomed = !state.train.zoomed,
        Action::Insert(c) if state.train.asks => form::typed(state, c),
        Action::Paste(text) if state.train.asks => form::paste(state, &text),
        Action::Escape if state.screen.banners.is_empty() && state.screen.help.is_none() => {
            form::leave(state)
        }
        other => match other.concern() {
            Concern::Whole | Concern::Closing | Concern::Playground => return Some(other),
            Concern::Movement
            | Concern::Panes
            | Concern::Train
            | Concern::Lanes
            | Concern::Play => {}
        },
    }
    None
}

/// Carries out what is asked of the screen.
pub fn act(state: &mut State, action: TrainAction, effects: &mut Vec<Effect>) {
    match action {
        TrainAction::Page => turn_page(state, effects),
        TrainAction::Enter if state.train.asks => form::enter(state, effects),
        TrainAction::Enter => runs::open_checkpoint(state, effects),
        TrainAction::Start if state.train.asks && state.train.table.is_none() => {
            form::start(state, effects);
        }
        TrainAction::Start => state.tell("The form starts a run: n shows it.", false),
        TrainAction::OpenBest => {
            if let Some(step) = state.train.best_checkpoint().map(|note| note.step) {
                state.train.look_at(step);
            }
            runs::open_checkpoint(state, effects);
        }
        TrainAction::New => {
            table::close(state, effects);
            state.train.asks = true;
            form::surround(state);
            if let Some(taken) = state.train.live.as_ref().map(|run| run.name.clone()) {
                state.train.form.pass_name(&taken);
            }
            form::list_names(state, effects);
        }
        TrainAction::Demos => form::offer_demonstrations(state),
        TrainAction::Demo => form::demonstrate(state, STYLE, effects),
        TrainAction::DemoNothing => form::demonstrate(state, NOTHING, effects),
        TrainAction::Runs => table::turn(state, effects),
        TrainAction::Resume
        | TrainAction::Fill
        | TrainAction::Export
        | TrainAction::ExportHalf
        | TrainAction::Delete => table::act(state, &action, effects),
        // In the table alone.
        TrainAction::Show | TrainAction::Sort | TrainAction::SortBackwards => {}
        TrainAction::ListBeside => runs::list(state, true, effects),
        TrainAction::OpenRun(path) => runs::open(&path, false, effects),
        TrainAction::DrawBeside(path) => runs::open(&path, true, effects),
        TrainAction::DrawAlone => state.train.beside.clear(),
        TrainAction::Logarithm
        | TrainAction::Curve
        | TrainAction::CurveBefore
        | TrainAction::Across
        | TrainAction::Smoothing
        | TrainAction::Project
        | TrainAction::Window
        | TrainAction::ZoomIn
        | TrainAction::ZoomOut => chart(state, &action),
        TrainAction::PreviousSamples | TrainAction::NextSamples => {
            let now = state.train.step_in_view();
            let steps = state.train.sampled_steps();
            let found = if action == TrainAction::NextSamples {
                steps.into_iter().find(|&step| step > now)
            } else {
                steps.into_iter().rev().find(|&step| step < now)
            };
            if let Some(step) = found {
                state.train.look_at(step);
            }
        }
        TrainAction::TogglePause
        | TrainAction::ToEpochEnd
        | TrainAction::Checkpoint
        | TrainAction::Stop
        | TrainAction::Abandon
        | TrainAction::LearningRate => steer(state, &action, effects),
    }
}

/// What changes the chart.
fn chart(state: &mut State, action: &TrainAction) {
    let train = &mut state.train;
    let shown = &mut train.shown;
    match action {
        TrainAction::Logarithm => shown.log = !shown.log,
        TrainAction::Curve | TrainAction::CurveBefore => {
            shown.turn(*action == TrainAction::Curve);
        }
        TrainAction::Across => shown.turn_across(),
        TrainAction::Project => train.projected = !train.projected,
        TrainAction::Smoothing => shown.smoothing = shown.smoothing.next(),
        _ => {}
    }
    let Some(run) = train.run_mut() else { return };
    match action {
        TrainAction::Window => {
            run.window = match run.window {
                Window::Whole => Window::Recent,
                Window::Recent | Window::Part(_) => Window::Whole,
            };
        }
        TrainAction::ZoomIn | TrainAction::ZoomOut => {
            let narrower = *action == TrainAction::ZoomIn;
            let (around, last) = (run.step_in_view(), run.last_step());
            run.window.zoom(narrower, around, last);
        }
        _ => {}
    }
}

/// What steers the trainer; a sentence where there is nothing to steer.
fn steer(state: &mut State, action: &TrainAction, effects: &mut Vec<Effect>) {
    let command = match (action, state.train.job) {
        (_, Job::Idle) => {
            return state.tell("No run goes on: start one from the form (n).", false);
        }
        (_, Job::Ending) => return state.tell("The run is ending already.", false),
        (TrainAction::TogglePause, Job::Paused) => TrainingCommand::Resume,
        (TrainAction::TogglePause, _) => TrainingCommand::Pause,
        (TrainAction::ToEpochEnd, _) => TrainingCommand::ToEpochEnd,
        (TrainAction::Checkpoint, _) => TrainingCommand::Checkpoint,
        (TrainAction::Stop, _) => {
            state.train.job = Job::Ending;
            TrainingCommand::Stop
        }
        (TrainAction::Abandon, _) => return ask(state, Question::AbandonRun),
        (TrainAction::LearningRate, _) => return ask(state, Question::LearningRate),
        _ => return,
    };
    effects.push(Effect::Train(Box::new(command)));
}

fn ask(state: &mut State, question: Question) {
    state.screen.overlay = Some(Overlay::Ask(Box::new(super::questions::ask(
        state, question,
    ))));
}

fn moved(state: &mut State, action: &Action) {
    let train = &mut state.train;
    if train.asks {
        return match action {
            Action::Up => train.form.step(-1),
            Action::Down => train.form.step(1),
            Action::PageUp => train.form.step(-10),
            Action::PageDown => train.form.step(10),
            Action::First => train.form.row = 0,
            Action::Last => train.form.step(isize::MAX),
            Action::Left | Action::Right => {
                let right = *action == Action::Right;
                if !train.form.fold(|_| right) {
                    train.form.turn(right);
                }
            }
            _ => {}
        };
    }
    /// Movements from one end of the view to the other.
    const STRIDES: u64 = 60;
    let stride = (train.span().len() / STRIDES).max(1);
    let now = train.step_in_view();
    match action {
        Action::Left => train.look_at(now.saturating_sub(stride)),
        Action::Right => train.look_at(now + stride),
        Action::PageUp => train.look_at(now.saturating_sub(stride * 10)),
        Action::PageDown => train.look_at(now + stride * 10),
        Action::First => train.look_at(1),
        Action::Last => train.look_at(u64::MAX),
        Action::Up => train.prompt = train.prompt.saturating_sub(1),
        Action::Down => train.prompt += 1,
        _ => {}
    }
    let prompts = train
        .run()
        .and_then(|run| run.history().samples().next_back());
    let most = prompts.map_or(0, |samples| samples.texts.len().saturating_sub(1));
    train.prompt = train.prompt.min(most);
}
