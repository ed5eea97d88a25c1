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
//! Medium, from 100×30:
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

use ratatui::layout::{Constraint, Layout, Position, Rect, Size};

use super::state::Focus;

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

/// The places of the panes. A pane behind another tab has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panes {
    pub status: Rect,
    pub banner: Rect,
    /// All between banner and footer.
    pub body: Rect,
    pub footer: Rect,
    places: [Option<Rect>; 6],
    /// The panes that share one place.
    pub tabs: &'static [Focus],
    borders: Vec<Border>,
}

impl Panes {
    /// Where a pane lies, if it can be seen.
    pub fn place(&self, pane: Focus) -> Option<Rect> {
        self.places[pane as usize]
    }

    /// Columns and rows inside a pane's border; one each if it cannot be seen.
    pub fn inside(&self, pane: Focus) -> Size {
        let place = self.place(pane).unwrap_or_default();
        Size::new(
            place.width.saturating_sub(2).max(1),
            place.height.saturating_sub(2).max(1),
        )
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
    /// A pane that has the whole screen.
    pub zoomed: Option<Focus>,
    pub shares: Shares,
}

const ALL: &[Focus] = &[Focus::Next, Focus::Tokens, Focus::Knobs, Focus::Why];
const WITHOUT_NEXT: &[Focus] = &[Focus::Tokens, Focus::Knobs, Focus::Why];

/// Places the panes.
pub fn panes(size: Size, arrangement: &Arrangement) -> Panes {
    use Constraint::{Fill, Length};

    let whole = Rect::new(0, 0, size.width, size.height);
    let [status, banner, body, footer] =
        Layout::vertical([Length(1), Length(arrangement.banner), Fill(1), Length(1)]).areas(whole);
    let mut panes = Panes {
        status,
        banner,
        body,
        footer,
        places: [None; 6],
        tabs: &[],
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
        let [why, tokens] = Layout::vertical([Fill(1), Fill(1)]).areas(rest);
        panes.put(Focus::Prompt, prompt);
        panes.put(Focus::Text, text);
        panes.put(Focus::Next, next);
        panes.put(Focus::Knobs, knobs);
        panes.put(Focus::Why, why);
        panes.put(Focus::Tokens, tokens);
        None
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
        panes.put(shown, place);
        panes.tabs = tabs;
    }
    panes
}

impl Panes {
    fn put(&mut self, pane: Focus, place: Rect) {
        self.places[pane as usize] = Some(place);
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
mod tests {
    use super::*;

    fn arrangement(tab: Focus, banner: u16) -> Arrangement {
        Arrangement {
            tab,
            banner,
            zoomed: None,
            shares: Shares::default(),
        }
    }

    #[test]
    fn borders_follow_the_pointer() {
        let size = Size::new(120, 40);
        let mut arranged = arrangement(Focus::Next, 0);
        let before = panes(size, &arranged);
        let text = before.place(Focus::Text).expect("text is seen");
        let edge = Position::new(text.right() - 1, text.y + 1);
        assert_eq!(before.split_at(edge), Some(Split::Left));
        let share = before.share_at(Split::Left, Position::new(48, 20));
        arranged.shares.set(Split::Left, share.expect("a border"));
        let after = panes(size, &arranged);
        assert_eq!(
            after.place(Focus::Text).map(|place| place.right()),
            Some(48)
        );
        let below = Position::new(text.x + 5, text.bottom() - 1);
        assert_eq!(before.split_at(below), Some(Split::Text));
        assert_eq!(before.split_at(Position::new(text.x + 5, text.y + 1)), None);
    }

    #[test]
    fn wherever_the_borders_are_all_panes_keep_room() {
        for share in [0, 200, 500, 800, 1000] {
            for split in [Split::Left, Split::Right, Split::Text, Split::Knobs] {
                let mut arranged = arrangement(Focus::Next, 0);
                arranged.shares.set(split, share);
                for size in [(60, 18), (80, 24), (120, 40), (200, 60), (90, 45)] {
                    let panes = panes(Size::new(size.0, size.1), &arranged);
                    for pane in Focus::ALL {
                        if let Some(place) = panes.place(pane) {
                            assert!(place.width >= 12 && place.height >= 3, "{pane:?} {place:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn at_any_size_that_fits_the_focused_pane_is_seen_and_nothing_overlaps() {
        for width in SMALLEST.width..=220 {
            for height in SMALLEST.height..=70 {
                for focus in Focus::ALL {
                    let panes = panes(Size::new(width, height), &arrangement(focus, 0));
                    let place = panes
                        .place(focus)
                        .unwrap_or_else(|| panic!("{focus:?} at {width}×{height}"));
                    assert!(
                        place.width >= 30 && place.height >= 3,
                        "{focus:?} {place:?} at {width}×{height}"
                    );
                }
                let panes = panes(Size::new(width, height), &arrangement(Focus::Next, 2));
                let mut places: Vec<Rect> = Focus::ALL
                    .into_iter()
                    .filter_map(|pane| panes.place(pane))
                    .collect();
                places.extend([panes.status, panes.banner, panes.footer]);
                let area: u32 = places.iter().map(|place| place.area()).sum();
                assert_eq!(
                    area,
                    u32::from(width) * u32::from(height),
                    "{width}×{height} is covered"
                );
                for (at, place) in places.iter().enumerate() {
                    assert!(
                        places[..at].iter().all(|other| !other.intersects(*place)),
                        "{width}×{height}"
                    );
                }
            }
        }
    }
}
