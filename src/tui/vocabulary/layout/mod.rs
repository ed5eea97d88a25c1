//! Where each pane lies, from the size of the terminal alone.
//!
//! Large, from 170×40:
//!
//! ```text
//! ┌──────────────────────── status ────────────────────────┐
//! │ prompt             │ next token       │ sampler        │
//! ├────────────────────┤                  │                │
//! │ text               ├──────────────────┼────────────────┤
//! │                    │ tokens           │ why            │
//! └──────────────────────── footer ────────────────────────┘
//! ```
//!
//! Medium, from 100×30; below 36 lines why and tokens are tabs of one place:
//!
//! ```text
//! ┌──────────────── status ────────────────┐
//! │ prompt                │ sampler        │
//! ├───────────────────────┤                │
//! │ text                  ├────────────────┤
//! ├───────────────────────┤ why            │
//! │ next token            ├────────────────┤
//! │                       │ tokens         │
//! └──────────────── footer ────────────────┘
//! ```
//!
//! Wide and low, Small, and Tall and narrow; `tabs` shows one of the panes that have no place of their own:
//!
//! ```text
//! ┌──────── status ────────┐   ┌──── status ────┐   ┌──── status ────┐
//! │ prompt    │ tabs       │   │ prompt         │   │ prompt         │
//! ├───────────┤            │   ├────────────────┤   ├────────────────┤
//! │ text      │            │   │ text           │   │ text           │
//! └──────── footer ────────┘   ├────────────────┤   ├────────────────┤
//!                              │ tabs           │   │ next token     │
//!                              └──── footer ────┘   ├────────────────┤
//!                                                   │ tabs           │
//!                                                   └──── footer ────┘
//! ```
//!
//! Where next token and sampler are both behind tabs, either of them shows both, so that a knob and the odds that it
//! moves are seen together: the table above the one knob in hand, or above a part of the sampler.
//!
//! ```text
//! ╭ [next token] tokens sampler why ──╮   ╭ next token tokens [sampler] why ──╮
//! │ rank token   raw   final          │   │ rank token   raw   final          │
//! │    1 ·little                      │   │    1 ·little                      │
//! │    2 ·small                       │   ╭ sampler ──────────────────────────╮
//! │ ● temperature  0.80  ───●──────── │   │ ● temperature  0.80  ───●──────── │
//! ╰───────────────────────────────────╯   ╰───────────────────────────────────╯
//! ```

use ratatui::layout::{Constraint, Layout, Position, Rect, Size};
use ratatui::widgets::{Block, Borders};

use super::focus::Focus;

/// The smallest terminal that the panes fit in.
pub const SMALLEST: Size = Size {
    width: 60,
    height: 18,
};

/// A border between panes that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// At the right of the left column.
    Left,
    /// At the left of the right column, where there are three.
    Right,
    /// Below the text, or below the next-token table where that has a column of its own.
    Text,
    /// Below the sampler.
    Knobs,
}

/// Where the user put the borders, in thousandths of what they divide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shares([Option<u16>; 4]);

impl Shares {
    /// Moves a border. It stays off the ends.
    pub fn set(&mut self, split: Split, share: u16) {
        self.0[split as usize] = Some(share.clamp(200, 800));
    }

    fn get(&self, split: Split, default: u16) -> u16 {
        self.0[split as usize].unwrap_or(default)
    }
}

/// A border that can be moved, and what it divides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Border {
    split: Split,
    /// Its cells.
    cells: Rect,
    /// What it divides.
    whole: Rect,
}

/// What is seen of the sampler below the next-token table where the two share a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The knob in hand, on one line.
    Knob,
    /// A part of the list, with a border above.
    List,
}

/// The places of the panes. A pane behind another tab has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panes {
    pub status: Rect,
    pub banner: Rect,
    /// All between banner and footer.
    pub body: Rect,
    /// A lesson's strip.
    pub lesson: Rect,
    pub footer: Rect,
    places: [Option<Rect>; Focus::ALL.len()],
    /// The panes that share one place.
    pub tabs: &'static [Focus],
    /// The one of them that was chosen.
    pub tab: Option<Focus>,
    /// The pane on whose upper border their names stand.
    pub tabbed: Option<Focus>,
    /// Next token and sampler share a place and are both seen.
    joined: Option<Joined>,
    borders: Vec<Border>,
}

impl Panes {
    /// Where a pane lies, if it can be seen.
    pub fn place(&self, pane: Focus) -> Option<Rect> {
        self.places[pane as usize]
    }

    /// The sides of a pane that have a border: those within a joined place have none of their own.
    pub fn borders(&self, pane: Focus) -> Borders {
        match (self.joined, pane) {
            (Some(_), Focus::Next) => Borders::ALL - Borders::BOTTOM,
            (Some(Joined::Knob), Focus::Knobs) => Borders::ALL - Borders::TOP,
            _ => Borders::ALL,
        }
    }

    /// What is inside a pane's border; empty if it cannot be seen.
    pub fn inner(&self, pane: Focus) -> Rect {
        let place = self.place(pane).unwrap_or_default();
        Block::new().borders(self.borders(pane)).inner(place)
    }

    /// How next token and sampler share a place, if they do.
    pub fn joined(&self) -> Option<Joined> {
        self.joined
    }

    /// Columns and rows inside a pane's border; one each if it cannot be seen.
    pub fn inside(&self, pane: Focus) -> Size {
        let inner = self.inner(pane);
        Size::new(inner.width.max(1), inner.height.max(1))
    }

    /// The movable border at a cell.
    pub fn split_at(&self, at: Position) -> Option<Split> {
        let hit = self.borders.iter().find(|border| border.cells.contains(at));
        hit.map(|border| border.split)
    }

    /// The share that a border has when it is moved to a cell.
    pub fn share_at(&self, split: Split, at: Position) -> Option<u16> {
        let border = self.borders.iter().find(|border| border.split == split)?;
        let whole = border.whole;
        let upright = border.cells.width < border.cells.height;
        let (place, length) = if upright {
            (at.x.saturating_sub(whole.x), whole.width)
        } else {
            (at.y.saturating_sub(whole.y), whole.height)
        };
        let thousandths = u32::from(place) * 1000 / u32::from(length.max(1));
        Some(thousandths.min(1000) as u16)
    }
}

/// Whether the panes fit.
pub fn fits(size: Size) -> bool {
    size.width >= SMALLEST.width && size.height >= SMALLEST.height
}

/// What the places depend on besides the size.
#[derive(Debug, Clone, Copy)]
pub struct Arrangement {
    /// The pane to show where several share a place.
    pub tab: Focus,
    /// Height of the banner.
    pub banner: u16,
    /// Height of a lesson's strip.
    pub lesson: u16,
    /// A pane that has the whole screen.
    pub zoomed: Option<Focus>,
    pub shares: Shares,
}

const ALL: &[Focus] = &[Focus::Next, Focus::Tokens, Focus::Knobs, Focus::Why];
const WITHOUT_NEXT: &[Focus] = &[Focus::Tokens, Focus::Knobs, Focus::Why];
const WHY_AND_TOKENS: &[Focus] = &[Focus::Why, Focus::Tokens];
/// From this height on, why and tokens have a place each beside the text.
const APART: u16 = 36;

/// Rows that a lesson's strip counts for.
const STRIP: u16 = 6;

/// Places the panes.
pub fn panes(size: Size, arrangement: &Arrangement) -> Panes {
    use Constraint::{Fill, Length};

    let whole = Rect::new(0, 0, size.width, size.height);
    let [status, banner, body, lesson, footer] = Layout::vertical([
        Length(1),
        Length(arrangement.banner),
        Fill(1),
        Length(arrangement.lesson),
        Length(1),
    ])
    .areas(whole);
    // The strip's height comes and goes with what is said; where the panes lie does not depend on that.
    let size = Size {
        height: size.height
            - if arrangement.lesson > 0 {
                STRIP.min(size.height)
            } else {
                0
            },
        ..size
    };
    let mut panes = Panes {
        status,
        banner,
        body,
        lesson,
        footer,
        places: [None; Focus::ALL.len()],
        tabs: &[],
        tab: None,
        tabbed: None,
        joined: None,
        borders: Vec::new(),
    };
    if let Some(pane) = arrangement.zoomed {
        panes.places[pane as usize] = Some(body);
        return panes;
    }
    let shares = arrangement.shares;
    let prompt_height = if size.height >= 30 {
        6
    } else if size.height >= 22 {
        4
    } else {
        3
    };
    let (wide, tall) = (size.width >= 100, size.height >= 30);
    let tabs = if size.width >= 170 && size.height >= 40 {
        let left_share = shares.get(Split::Left, 380);
        let right_share = shares.get(Split::Right, 730).max(left_share + 150);
        let [left, middle, right] = Layout::horizontal([
            Fill(left_share),
            Fill(right_share - left_share),
            Fill(1000 - right_share.min(900)),
        ])
        .areas(body);
        panes.upright(Split::Left, left, body);
        panes.upright(Split::Right, middle, body);
        let [prompt, text] = Layout::vertical([Length(prompt_height + 2), Fill(1)]).areas(left);
        let [next, tokens] = panes.stacked(middle, Split::Text, 600, shares);
        let [knobs, why] = panes.stacked(right, Split::Knobs, 600, shares);
        panes.put(Focus::Prompt, prompt);
        panes.put(Focus::Text, text);
        panes.put(Focus::Next, next);
        panes.put(Focus::Tokens, tokens);
        panes.put(Focus::Knobs, knobs);
        panes.put(Focus::Why, why);
        None
    } else if wide && tall {
        let [left, right] = panes.columns(body, 600, shares);
        let [prompt, rest] = Layout::vertical([Length(prompt_height), Fill(1)]).areas(left);
        let [text, next] = panes.stacked(rest, Split::Text, 400, shares);
        let [knobs, rest] = panes.stacked(right, Split::Knobs, 400, shares);
        panes.put(Focus::Prompt, prompt);
        panes.put(Focus::Text, text);
        panes.put(Focus::Next, next);
        panes.put(Focus::Knobs, knobs);
        if size.height >= APART {
            let [why, tokens] = Layout::vertical([Fill(3), Fill(2)]).areas(rest);
            panes.put(Focus::Why, why);
            panes.put(Focus::Tokens, tokens);
            None
        } else {
            Some((WHY_AND_TOKENS, rest))
        }
    } else if wide {
        let [left, right] = panes.columns(body, 500, shares);
        let [prompt, text] = Layout::vertical([Length(prompt_height), Fill(1)]).areas(left);
        panes.put(Focus::Prompt, prompt);
        panes.put(Focus::Text, text);
        Some((ALL, right))
    } else if size.height >= 40 {
        let [prompt, text, rest] =
            Layout::vertical([Length(prompt_height), Fill(3), Fill(7)]).areas(body);
        let [next, lower] = panes.stacked(rest, Split::Text, 570, shares);
        panes.put(Focus::Prompt, prompt);
        panes.put(Focus::Text, text);
        panes.put(Focus::Next, next);
        Some((WITHOUT_NEXT, lower))
    } else {
        let [prompt, rest] = Layout::vertical([Length(prompt_height), Fill(1)]).areas(body);
        let [text, lower] = panes.stacked(rest, Split::Text, 400, shares);
        panes.put(Focus::Prompt, prompt);
        panes.put(Focus::Text, text);
        Some((ALL, lower))
    };
    if let Some((tabs, place)) = tabs {
        let tab = arrangement.tab;
        let shown = if tabs.contains(&tab) { tab } else { tabs[0] };
        panes.tabs = tabs;
        panes.tab = Some(shown);
        panes.tabbed = Some(shown);
        if !(tabs == ALL && panes.join(shown, place)) {
            panes.put(shown, place);
        }
    }
    panes
}

impl Panes {
    fn put(&mut self, pane: Focus, place: Rect) {
        self.places[pane as usize] = Some(place);
    }

    /// Puts next token and sampler into one place, if one of them is to be shown and there is room.
    fn join(&mut self, shown: Focus, place: Rect) -> bool {
        let inside = place.height.saturating_sub(2);
        let (joined, rows) = match shown {
            Focus::Next => (Joined::Knob, inside.saturating_sub(1)),
            // The three likeliest tokens and the chosen one first, then as many knobs as rows of the table.
            Focus::Knobs => (
                Joined::List,
                (inside / 2 + 1).max(4).min(inside.saturating_sub(2)),
            ),
            _ => return false,
        };
        if inside < 4 {
            return false;
        }
        let [next, knobs] =
            Layout::vertical([Constraint::Length(rows + 1), Constraint::Fill(1)]).areas(place);
        self.put(Focus::Next, next);
        self.put(Focus::Knobs, knobs);
        self.tabbed = Some(Focus::Next);
        self.joined = Some(joined);
        true
    }

    /// Two columns with a movable border.
    fn columns(&mut self, whole: Rect, default: u16, shares: Shares) -> [Rect; 2] {
        let share = shares.get(Split::Left, default);
        let columns = [Constraint::Fill(share), Constraint::Fill(1000 - share)];
        let [left, right] = Layout::horizontal(columns).areas(whole);
        self.upright(Split::Left, left, whole);
        [left, right]
    }

    /// One above the other, with a movable border.
    fn stacked(&mut self, whole: Rect, split: Split, default: u16, shares: Shares) -> [Rect; 2] {
        let share = shares.get(split, default);
        let rows = [Constraint::Fill(share), Constraint::Fill(1000 - share)];
        // Both keep room for a border and a line.
        let [above, below] = Layout::vertical(rows).areas(whole);
        let least = 3.min(whole.height / 2);
        let height = above.height.clamp(least, whole.height - least);
        let above = Rect { height, ..above };
        let below = Rect {
            y: whole.y + height,
            height: whole.height - height,
            ..below
        };
        let cells = Rect {
            y: above.bottom().saturating_sub(1),
            height: 1,
            ..above
        };
        self.borders.push(Border {
            split,
            cells,
            whole,
        });
        [above, below]
    }

    /// The movable border at the right of a column: its last cells, and the first ones of the next.
    fn upright(&mut self, split: Split, column: Rect, whole: Rect) {
        let cells = Rect {
            x: column.right().saturating_sub(1),
            // The first row is the title's, which a tab may stand in.
            y: column.y + 1,
            width: 2,
            height: column.height.saturating_sub(2),
        };
        self.borders.push(Border {
            split,
            cells,
            whole,
        });
    }
}

#[cfg(test)]
mod tests;
