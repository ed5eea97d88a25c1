//! What a movement does in each pane.

use super::{editing, knobs};
use crate::tui::Action;
use crate::tui::state::State;
use crate::tui::vocabulary::focus::Focus;

/// A movement, as a distance in lines or rows; the ends of things are as far as can be.
enum Way {
    Across(isize),
    Along(isize),
}

/// Moves in the focused pane, or in the help page while it is open.
pub fn moved(state: &mut State, action: &Action) {
    let page = page(state);
    let way = match action {
        Action::Up => Way::Across(-1),
        Action::Down => Way::Across(1),
        Action::PageUp => Way::Across(-page),
        Action::PageDown => Way::Across(page),
        Action::Left => Way::Along(-1),
        Action::Right => Way::Along(1),
        Action::First => Way::Along(isize::MIN),
        Action::Last => Way::Along(isize::MAX),
        _ => return,
    };
    if let Some(scroll) = state.screen.help {
        let (Way::Across(by) | Way::Along(by)) = way;
        state.screen.help = Some(scrolled(scroll, by, state.screen.seen.help));
        return;
    }
    match (state.play.focus, way) {
        (Focus::Prompt, Way::Across(by)) => editing::across(state, by),
        (Focus::Prompt, Way::Along(by)) => editing::along(state, by),
        (Focus::Text, Way::Across(by)) => {
            let at = state.play.passage().in_view();
            let to = state.play.passage().flow().token_across(at, by);
            state.play.passage_mut().go_to(to);
        }
        (Focus::Next, Way::Across(by)) => {
            let most = state
                .play
                .moment()
                .map_or(0, |moment| moment.rows.len().saturating_sub(1));
            let row = state.play.row.saturating_add_signed(by).min(most);
            state.choose_row(row);
        }
        (Focus::Why, Way::Across(by)) => {
            state.play.why = scrolled(state.play.why, by, state.screen.seen.why);
        }
        (Focus::Knobs, Way::Across(by)) => knobs::select(state, by),
        (Focus::Knobs, Way::Along(by)) if by.unsigned_abs() == 1 => {
            knobs::turn(state, by.signum() as i32, false)
        }
        (Focus::Knobs, Way::Along(by)) => knobs::select(state, by),
        // Where there is nothing else to move, one moves along the text.
        (_, Way::Across(by) | Way::Along(by)) => scrub(state, by),
    }
}

/// A place among lines after a movement. Before they were drawn their number is not known, and the drawing ends them.
fn scrolled(at: usize, by: isize, lines: Option<usize>) -> usize {
    let most = lines.map_or(usize::MAX, |lines| lines.saturating_sub(1));
    at.min(most).saturating_add_signed(by).min(most)
}

/// Puts another token in view; past the last one, the newest is followed.
fn scrub(state: &mut State, by: isize) {
    let passage = state.play.passage_mut();
    if by == isize::MAX {
        passage.follow();
    } else {
        passage.go_to(passage.in_view().saturating_add_signed(by));
    }
}

fn page(state: &State) -> isize {
    let pane = if state.screen.help.is_some() {
        Focus::Text
    } else {
        state.play.focus
    };
    let height = if state.screen.help.is_some() {
        state.screen.size.height.saturating_sub(6)
    } else {
        state.panes(state.screen.size).inside(pane).height
    };
    (height as isize - 1).max(1)
}

/// Goes to the next token that contains what was searched for, from the start again after the end. Returns whether
/// there is one.
pub fn find_next(state: &mut State) -> bool {
    let wanted = state.play.search_text.to_lowercase();
    if wanted.is_empty() {
        return false;
    }
    let passage = state.play.passage();
    let count = passage.tokens().len();
    let from = passage.in_view() + 1;
    let holds = |position: &usize| {
        let token = &passage.tokens()[*position];
        let said = String::from_utf8_lossy(&token.bytes).to_lowercase();
        said.contains(&wanted) || token.display.to_lowercase().contains(&wanted)
    };
    let found = (from..count).chain(0..count.min(from)).find(holds);
    if let Some(position) = found {
        state.play.passage_mut().go_to(position);
    }
    found.is_some()
}
