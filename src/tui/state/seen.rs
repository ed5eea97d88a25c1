//! What the newest drawing laid out: what lies where, and how long the things are that scroll. The drawing itself says it,
//! so that a press finds what the hand saw.

use ratatui::layout::{Position, Rect};

use super::train::TrainPane;
use crate::tui::vocabulary::focus::Focus;

/// What lies in an area of the screen, for the mouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hit {
    /// The name of a pane that shares its place with others.
    Tab(Focus),
    /// The column of a sample.
    Sample(usize),
    /// Lines of a sample's text, or of the draft, from this one on.
    Lines { sample: usize, first: usize },
    /// A token, by its position.
    Token(usize),
    /// A row of the next-token table, by its index.
    NextRow(usize),
    /// A token of the model beside: its id, and its display.
    Second(u32, String),
    /// A row of the sampler.
    Knob(usize),
    /// The lesson's strip.
    Lesson,
    /// What covers the panes.
    Over,
    /// A row of a list that covers the panes.
    Item(usize),
    /// A row of the form of a run, 0 for the one that starts it.
    Field(usize),
    /// The chart of the losses: its columns are steps.
    Plot,
    /// A row of the table of runs.
    Run(usize),
    /// A pane of the Train screen.
    TrainPane(TrainPane),
}

/// What the newest drawing laid out.
#[derive(Debug, Default)]
pub struct Seen {
    /// Areas from the lowest to the topmost.
    hits: Vec<(Rect, Hit)>,
    /// The columns of the sampler's tracks.
    pub track: Option<Rect>,
    /// Lines of the help page, while it is open.
    pub help: Option<usize>,
    /// Lines to scroll through in the why pane, if it can be seen.
    pub why: Option<usize>,
    /// Lines of the legend that there is no room for, while it is open.
    pub legend: Option<usize>,
}

impl Seen {
    /// Notes what lies in an area, above all that was noted before.
    pub fn put(&mut self, area: Rect, hit: Hit) {
        self.hits.push((area, hit));
    }

    /// What lies at a cell, and its area: the topmost.
    pub fn at(&self, at: Position) -> Option<(Rect, &Hit)> {
        let mut from_above = self.hits.iter().rev();
        let found = from_above.find(|(area, _)| area.contains(at));
        found.map(|(area, hit)| (*area, hit))
    }

    /// The sample whose text is shown in a column of the screen, and the rows that it has: any where there is only one.
    pub fn text_in(&self, column: u16) -> Option<(usize, u16)> {
        let texts = self.hits.iter().filter_map(|(area, hit)| match hit {
            Hit::Lines { sample, .. } => Some((*area, *sample)),
            _ => None,
        });
        let texts: Vec<(Rect, usize)> = texts.collect();
        let found = match texts.as_slice() {
            [only] => Some(only),
            several => several
                .iter()
                .find(|(area, _)| (area.left()..area.right()).contains(&column)),
        };
        found.map(|(area, sample)| (*sample, area.height))
    }

    /// How far a column is along the sampler's tracks (0 to 1), if it is on them.
    pub fn along_track(&self, column: u16) -> Option<f64> {
        let track = self.track.filter(|track| track.width > 1)?;
        share_across(track, column)
    }
}

/// How far a column is from the first to the last one of an area (0 to 1), if it is in it.
pub fn share_across(area: Rect, column: u16) -> Option<f64> {
    let at = column.checked_sub(area.x).filter(|at| *at < area.width)?;
    Some(f64::from(at) / f64::from(area.width.max(2) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topmost_is_found() {
        let mut seen = Seen::default();
        let place = Rect::new(2, 2, 10, 5);
        seen.put(place, Hit::TrainPane(TrainPane::Loss));
        seen.put(Rect::new(4, 3, 3, 1), Hit::Plot);
        let at = |x, y| seen.at(Position::new(x, y)).map(|(_, hit)| hit.clone());
        assert_eq!(at(4, 3), Some(Hit::Plot));
        assert_eq!(at(4, 4), Some(Hit::TrainPane(TrainPane::Loss)));
        assert_eq!(at(1, 3), None);
    }

    #[test]
    fn a_track_goes_from_its_first_column_to_its_last() {
        let seen = Seen {
            track: Some(Rect::new(10, 0, 5, 8)),
            ..Seen::default()
        };
        assert_eq!(seen.along_track(9), None);
        assert_eq!(seen.along_track(10), Some(0.0));
        assert_eq!(seen.along_track(14), Some(1.0));
        assert_eq!(seen.along_track(15), None);
    }
}
