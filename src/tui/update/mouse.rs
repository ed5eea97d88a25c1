//! What the mouse does: focus, tokens, rows, knobs, tabs, the wheel, the borders between panes.

use ratatui::layout::Position;

use super::{knobs, movement};
use crate::decoding::Row;
use crate::engine::Subject;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::seen::{Hit, share_across};
use crate::tui::state::train::TrainPane;
use crate::tui::state::{Held, State};
use crate::tui::vocabulary::continuations::TreeAction;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::layout::Split;
use crate::tui::{Action, LearnAction, Mouse, MouseKind, TrainAction};

/// Rows that a notch of the wheel moves.
const NOTCH: usize = 3;

/// Takes one thing in that the mouse did. Returns an action that it stands for, if it stands for one.
pub fn moved(state: &mut State, mouse: Mouse) -> Option<Action> {
    let at = Position::new(mouse.column, mouse.row);
    if state.screen.help.is_some() || state.screen.overlay.is_some() {
        return over(state, mouse.kind, at);
    }
    // What lies where is the panes' alone.
    if state.screen.presenting && state.screen.page == Page::Play {
        return None;
    }
    if mouse.kind == MouseKind::Press && matches!(state.screen.seen.at(at), Some((_, Hit::Lesson)))
    {
        return Some(Action::Learn(LearnAction::On));
    }
    if state.screen.page == Page::Train {
        return train(state, mouse.kind, at);
    }
    if state.screen.page == Page::Compare {
        return lanes(state, mouse.kind, at);
    }
    match mouse.kind {
        MouseKind::Release => state.screen.held = None,
        MouseKind::Drag => match state.screen.held {
            Some(Held::Border(split)) => drag(state, split, at),
            Some(Held::Knob) => slide(state, at),
            None => touch(state, at),
        },
        MouseKind::Press => {
            state.screen.held = state
                .panes(state.screen.size)
                .split_at(at)
                .map(Held::Border);
            if state.screen.held.is_none() {
                touch(state, at);
            }
        }
        MouseKind::WheelUp => wheel(state, at, &Action::Up),
        MouseKind::WheelDown => wheel(state, at, &Action::Down),
    }
    None
}

/// On the Compare screen: a press selects a lane, and on its text puts that place in view in all of them.
fn lanes(state: &mut State, kind: MouseKind, at: Position) -> Option<Action> {
    match kind {
        MouseKind::WheelUp => return Some(Action::Left),
        MouseKind::WheelDown => return Some(Action::Right),
        MouseKind::Release => return None,
        MouseKind::Press | MouseKind::Drag => {}
    }
    let (area, hit) = state.screen.seen.at(at)?;
    match *hit {
        Hit::Sample(sample) => {
            state.lanes.selected = sample;
            if state.lanes.live {
                state.play.choose_sample(sample);
            }
        }
        Hit::Lines { sample, first } => {
            let line = first + usize::from(at.y - area.y);
            let text = state.play.texts.get(sample)?;
            let place = text.token_at(line, at.x - area.x)?;
            state.play.sample = sample;
            for text in &mut state.play.texts {
                text.go_to(place);
            }
        }
        _ => {}
    }
    None
}

/// On the Train screen: a press on a row of the form edits it once it is selected, one on the chart looks at its step.
fn train(state: &mut State, kind: MouseKind, at: Position) -> Option<Action> {
    let over_plot = matches!(state.screen.seen.at(at), Some((_, Hit::Plot)));
    match kind {
        MouseKind::WheelUp | MouseKind::WheelDown if over_plot => {
            zoom(state, kind == MouseKind::WheelUp, at);
            return None;
        }
        MouseKind::WheelUp => return Some(Action::Up),
        MouseKind::WheelDown => return Some(Action::Down),
        MouseKind::Release => return None,
        MouseKind::Press | MouseKind::Drag => {}
    }
    let (area, hit) = state.screen.seen.at(at)?;
    match *hit {
        Hit::Field(row) if row == state.train.form.row => {
            return (kind == MouseKind::Press).then_some(Action::Train(TrainAction::Enter));
        }
        Hit::Field(row) => state.train.form.row = row,
        Hit::Plot => {
            let step = state.train.step_at(share_across(area, at.x)?);
            // Zoomed, it may be the axis of another pane.
            if !state.train.zoomed {
                state.train.pane = TrainPane::Loss;
            }
            state.train.look_at(step);
        }
        Hit::Run(row) => {
            let table = state.train.table.as_mut()?;
            if table.row() == row {
                return (kind == MouseKind::Press).then_some(Action::Train(TrainAction::Enter));
            }
            table.select(row);
        }
        Hit::TrainPane(pane) => state.train.pane = pane,
        _ => {}
    }
    None
}

/// Shows fewer steps around the one under the pointer, or more.
fn zoom(state: &mut State, narrower: bool, at: Position) {
    let place = state.screen.seen.at(at);
    let share = place.and_then(|(area, _)| share_across(area, at.x));
    let around = share.map_or(0, |share| state.train.step_at(share));
    if let Some(run) = state.train.run_mut() {
        let last = run.last_step();
        run.window.zoom(narrower, around.min(last), last);
    }
}

/// While something lies over the panes: the wheel scrolls it, a press beside it closes it, one on a row chooses.
fn over(state: &mut State, kind: MouseKind, at: Position) -> Option<Action> {
    match kind {
        MouseKind::WheelUp => return Some(Action::Up),
        MouseKind::WheelDown => return Some(Action::Down),
        MouseKind::Press => {}
        MouseKind::Drag | MouseKind::Release => return None,
    }
    let row = match state.screen.seen.at(at) {
        Some((_, Hit::Item(row))) => *row,
        Some((_, Hit::Over)) => return None,
        _ => return Some(Action::Escape),
    };
    match &mut state.screen.overlay {
        Some(Overlay::Picker(picker)) => {
            picker.row = row;
            Some(Action::Run)
        }
        Some(Overlay::Branches(view)) => {
            view.row = row;
            None
        }
        Some(Overlay::Continuations) => {
            let tree = &mut state.play.continuations;
            // A press on what is selected opens it.
            if tree.selected_row(&tree.rows()) == row {
                return Some(Action::Tree(TreeAction::Fold));
            }
            tree.select(row);
            None
        }
        _ => None,
    }
}

/// The pane under the pointer gets the focus; what is under it is selected.
fn touch(state: &mut State, at: Position) {
    let panes = state.panes(state.screen.size);
    let Some(pane) = Focus::ALL
        .into_iter()
        .find(|pane| panes.place(*pane).is_some_and(|place| place.contains(at)))
    else {
        return;
    };
    let inside = panes.inner(pane);
    let hit = state
        .screen
        .seen
        .at(at)
        .map(|(area, hit)| (area, hit.clone()));
    if let Some((_, Hit::Tab(tab))) = hit {
        return state.focus_on(tab);
    }
    state.focus_on(pane);
    if !inside.contains(at) {
        return;
    }
    if pane == Focus::Prompt {
        let (column, row) = (at.x - inside.x, at.y - inside.y);
        return state
            .play
            .editor
            .click(column, row.into(), inside.height.into());
    }
    let Some((area, hit)) = hit else {
        return;
    };
    match hit {
        Hit::Sample(sample) => choose_sample(state, sample),
        Hit::Lines { sample, first } => {
            choose_sample(state, sample);
            let line = first + usize::from(at.y - area.y);
            if let Some(token) = state.play.passage().token_at(line, at.x - area.x) {
                state.play.passage_mut().go_to(token);
            }
        }
        Hit::Token(position) => state.play.passage_mut().go_to(position),
        Hit::NextRow(row) => state.choose_row(row),
        Hit::Second(id, display) => choose_second(state, id, &display),
        Hit::Knob(chosen) => {
            state.play.knobs.selected = chosen;
            state.screen.held = Some(Held::Knob);
            slide(state, at);
        }
        _ => {}
    }
}

fn choose_sample(state: &mut State, sample: usize) {
    state.play.choose_sample(sample);
    state.play.subject = state.play.text_subject();
}

/// Selects a token in the table of the model beside, and the same token in the first one's, if it is listed there.
fn choose_second(state: &mut State, id: u32, display: &str) {
    let (Some(second), Some(first)) = (&state.engine.second, &state.engine.model) else {
        return;
    };
    let same_tokens = second.has_tokens_of(first);
    let is_same = |row: &Row| {
        if same_tokens {
            row.id == id
        } else {
            row.display == display
        }
    };
    let found = state
        .play
        .moment()
        .and_then(|moment| moment.rows.iter().position(is_same));
    if let Some(row) = found {
        state.play.row = row;
    }
    if let Some(second) = &mut state.engine.second {
        second.selected = Some(id);
    }
}

fn wheel(state: &mut State, at: Position, way: &Action) {
    let panes = state.panes(state.screen.size);
    let under = Focus::ALL
        .into_iter()
        .find(|pane| panes.place(*pane).is_some_and(|place| place.contains(at)));
    let Some(pane) = under else {
        return;
    };
    match pane {
        Focus::Text => return scroll(state, at, way),
        // The cursor moves as far as there are lines; what lies beyond, the history, is for keys.
        Focus::Prompt if state.play.editor.flow().len() > 1 => {
            for _ in 0..NOTCH {
                state.play.editor.across(*way == Action::Down);
            }
            return;
        }
        Focus::Prompt => return,
        _ => {}
    }
    let focus = std::mem::replace(&mut state.play.focus, pane);
    for _ in 0..NOTCH {
        movement::moved(state, way);
    }
    state.play.focus = focus;
}

/// Scrolls the text under the pointer; the token in view stays.
fn scroll(state: &mut State, at: Position, way: &Action) {
    let by = if *way == Action::Up { -1 } else { 1 } * NOTCH as isize;
    let Some((sample, height)) = state.screen.seen.text_in(at.x) else {
        return;
    };
    let passage = match state.play.text_subject() {
        Subject::Draft => Some(&mut state.play.draft),
        Subject::Text => state.play.texts.get_mut(sample),
    };
    if let Some(passage) = passage {
        passage.scroll(by, height.into());
    }
}

/// Moves the knob that is held, wherever its row is by now.
fn slide(state: &mut State, at: Position) {
    let fraction = state.screen.seen.along_track(at.x);
    if let Some(fraction) = fraction {
        knobs::slide(state, fraction);
    }
}

fn drag(state: &mut State, split: Split, at: Position) {
    let panes = state.panes(state.screen.size);
    if let Some(share) = panes.share_at(split, at) {
        state.play.shares.set(split, share);
        state.reflow();
    }
}
