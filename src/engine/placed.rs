//! Texts of several engines in one row: what each engine tells of its own, told of their places there.

use super::Event;

impl Event {
    /// The same of texts that are others in a row of several engines' texts: `places` has the place of each of this
    /// engine's. A text without a place keeps its number.
    #[must_use]
    pub fn placed(mut self, places: &[usize]) -> Self {
        match &mut self {
            Self::Lane { sample, .. }
            | Self::LaneRemoved { sample }
            | Self::LaneRun { sample, .. }
            | Self::LaneLook { sample, .. }
            | Self::Prompted { sample, .. }
            | Self::Slid { sample, .. }
            | Self::Token { sample, .. }
            | Self::Compared { sample, .. }
            | Self::Beams { sample, .. }
            | Self::Finished { sample, .. } => {
                *sample = places.get(*sample).copied().unwrap_or(*sample);
            }
            _ => {}
        }
        self
    }
}
