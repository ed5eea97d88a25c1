//! What lies at a cell of the screen, for the mouse.

use ratatui::layout::{Position, Rect};

use super::{beside, branches, draw, funnel, help, knobs, legend, next, picker};
use crate::tui::layout::Panes;
use crate::tui::overlay::Overlay;
use crate::tui::state::{Focus, State};

/// Where what covers the panes lies.
pub fn overlay_area(state: &State) -> Rect {
    let screen = Rect::from(((0, 0).into(), state.size));
    if state.help.is_some() {
        return help::area(screen);
    }
    match &state.overlay {
        Some(Overlay::Picker(list)) => picker::area(state.size, list),
        Some(Overlay::Ask(ask)) => picker::ask_area(state.size, ask),
        Some(Overlay::Branches(_)) => branches::area(screen),
        Some(Overlay::Funnel(_)) => funnel::area(screen),
        Some(Overlay::Legend(about)) => legend::area(about, screen),
        None => screen,
    }
}

/// The row of a list that covers the panes.
pub fn overlay_row(state: &State, at: Position) -> Option<usize> {
    match &state.overlay {
        Some(Overlay::Picker(list)) => picker::row_at(state.size, list, at),
        Some(Overlay::Branches(view)) => {
            let screen = Rect::from(((0, 0).into(), state.size));
            branches::row_at(state, view, screen, at)
        }
        _ => None,
    }
}

/// The tab whose name stands in a column of a pane's upper border.
pub fn tab_at(panes: &Panes, pane: Focus, place: Rect, column: u16) -> Option<Focus> {
    if panes.tabbed != Some(pane) {
        return None;
    }
    // The corner and a space come first, then each name with a space; the chosen one stands in brackets.
    let mut end = place.x + 2;
    panes.tabs.iter().copied().find(|tab| {
        let brackets = if panes.tab == Some(*tab) { 2 } else { 0 };
        end += draw::name(*tab).len() as u16 + 1 + brackets;
        column < end
    })
}

/// The position of the token on a row of the table of tokens.
pub fn token_row_at(state: &State, inside: Rect, row: u16) -> Option<usize> {
    let count = state.passage().tokens().len();
    let height = usize::from(inside.height).saturating_sub(1);
    let shown = draw::window(state.passage().in_view(), count + 1, height);
    let position = shown.start + usize::from(row.checked_sub(1)?);
    shown.contains(&position).then_some(position)
}

/// What lies at a cell of the next-token pane.
pub enum NextHit {
    /// A row of the table, by its index.
    Row(usize),
    /// A token of the model beside: its id, and its display.
    Beside(u32, String),
}

/// What lies at a cell of the next-token pane, counted from its inside.
pub fn next_hit_at(state: &State, inside: Rect, column: u16, row: u16) -> Option<NextHit> {
    let (first, second) = beside::parts(state, inside);
    if second.is_some_and(|second| inside.x + column >= second.x) {
        let row = beside::token_at(state, inside, row)?;
        return Some(NextHit::Beside(row.id, row.display.clone()));
    }
    next_row_at(state, first, row).map(NextHit::Row)
}

/// The row of the next-token table on a row of its pane.
fn next_row_at(state: &State, inside: Rect, row: u16) -> Option<usize> {
    let moment = state.moment()?;
    let (header, height) = next::heights(inside.height);
    let shown = next::shown(moment, state.search.is_empty(), state.row, height);
    match shown.get(usize::from(row.checked_sub(header)?))? {
        next::Shown::Row(index) => Some(*index),
        next::Shown::Gap => None,
    }
}

/// The knob on a row of the sampler, and where on its track the column is (0 to 1), if it is on the track.
pub fn knob_at(state: &State, inside: Rect, column: u16, row: u16) -> Option<(usize, Option<f64>)> {
    let count = state.knob_rows().len();
    let list = knobs::parts(state, inside).list;
    let shown = draw::window(state.knob, count, list.height.into());
    let row = row.checked_sub(list.y - inside.y)?;
    let index = shown.start + usize::from(row);
    if row >= list.height || !shown.contains(&index) {
        return None;
    }
    Some((index, track_at(inside.width, column)))
}

/// Where on the tracks of the sampler a column is (0 to 1), if it is on them.
pub fn track_at(width: u16, column: u16) -> Option<f64> {
    let (start, cells) = knobs::track_place(width.into());
    let at = usize::from(column).checked_sub(start)?;
    (at < cells && cells > 1).then(|| at as f64 / (cells - 1) as f64)
}
