//! The Compare screen: what is asked on it, and where its lanes lie.

use std::ops::Range;

use ratatui::layout::Rect;

use super::window::window;

/// Most lanes that are told apart.
pub const MOST_LANES: usize = 8;
/// Least cells of a lane, its border included: two at 80 columns, four at 120, six at 200.
const NARROWEST: u16 = 30;

/// What is done on the Compare screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LanesAction {
    /// Go to the Compare screen, or back to Play.
    Page,
    /// Draw all lanes from the prompt.
    Run,
    /// Add a lane of the sampler's settings as they stand on Play.
    Add,
    /// Add a lane like the selected one.
    Copy,
    /// Choose a preset for another lane.
    ListPresets,
    /// Add a lane of the preset at a place in the list.
    AddPreset(usize),
    /// Sweep the knob in hand over its range, from the selected lane's settings, in place of all lanes.
    Sweep,
    /// Draw all lanes again with other seeds, for their figures.
    More,
    /// Show quality against diversity, or the lanes again.
    Plane,
    /// Take the selected lane away.
    Remove,
    /// Turn the knob in hand in the selected lane.
    TurnUp,
    TurnDown,
    /// Look at the selected lane's token in view in Play's panes.
    Open,
    /// Make the selected lane Play's text; the others stay as branches.
    Keep,
}

/// The lanes that are in view, the selected one among them, and where they lie.
pub fn places(area: Rect, count: usize, selected: usize) -> (Range<usize>, Vec<Rect>) {
    let fitting = usize::from((area.width / NARROWEST).max(1)).min(count.max(1));
    let shown = window(selected, count, fitting);
    let columns = shown.len().max(1) as u16;
    let place = |at: u16| {
        let start = area.width * at / columns;
        let end = area.width * (at + 1) / columns;
        Rect {
            x: area.x + start,
            width: end - start,
            ..area
        }
    };
    (shown, (0..columns).map(place).collect())
}

/// Cells that a lane's text is wrapped to.
pub fn text_width(width: u16, count: usize) -> u16 {
    let area = Rect::new(0, 0, width, 1);
    let (_, places) = places(area, count, 0);
    let narrowest = places.iter().map(|place| place.width).min();
    narrowest.unwrap_or(width).saturating_sub(2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_lanes_are_in_view_as_can_be_read() {
        for (width, count, shown) in [
            (80, 5, 2),
            (120, 8, 4),
            (200, 8, 6),
            (200, 3, 3),
            (60, 2, 2),
        ] {
            let (range, places) = places(Rect::new(0, 2, width, 20), count, count - 1);
            assert_eq!((range.len(), places.len()), (shown, shown), "{width}");
            assert!(range.contains(&(count - 1)), "the selected one is in view");
            let cells: u16 = places.iter().map(|place| place.width).sum();
            assert_eq!(cells, width);
            assert!(places.iter().all(|place| place.width >= 30));
        }
        assert_eq!(text_width(80, 2), 38);
    }
}
