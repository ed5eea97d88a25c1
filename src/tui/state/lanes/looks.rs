//! Looks at the place in view in every lane: asked for together, and only when they would tell something new.

use super::Lane;
use crate::decoding::LaneSettings;
use crate::engine::{LookRequest, Subject};
use crate::tui::state::play::Play;

/// Rows asked for of each lane: more than it shows.
const ROWS: usize = 40;

/// What makes one look at a lane differ from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand {
    pub position: usize,
    /// The token that stands there.
    chosen: Option<u32>,
    /// Of the text, see [`crate::tui::state::passage::Passage::edition`].
    edition: u64,
    settings: LaneSettings,
}

/// What was asked last.
#[derive(Debug, Default)]
pub struct Looks {
    asked: Vec<(usize, Stand)>,
}

impl Looks {
    /// The requests for the lanes whose odds are not known; none if those are what was asked last.
    pub(super) fn requests(&mut self, lanes: &mut [Lane], play: &Play) -> Vec<LookRequest> {
        let mut wanted = Vec::new();
        for (sample, (lane, text)) in lanes.iter_mut().zip(&play.texts).enumerate() {
            let position = text.in_view();
            let stand = Stand {
                position,
                chosen: text.tokens().get(position).map(|token| token.id),
                edition: text.edition(),
                settings: lane.settings.clone(),
            };
            if position > 0 && lane.looked.as_ref() != Some(&stand) {
                wanted.push((sample, stand));
            }
        }
        if wanted == self.asked {
            return Vec::new();
        }
        self.asked = wanted;
        let request = |(sample, stand): &(usize, Stand)| LookRequest {
            subject: Subject::Text,
            sample: *sample,
            position: stand.position,
            sampler: stand.settings.sampler.clone(),
            seed: stand.settings.seed,
            rows: ROWS,
            search: String::new(),
        };
        self.asked.iter().map(request).collect()
    }

    /// What was asked of a lane at a position, which is answered by that.
    pub(super) fn answered(&mut self, sample: usize, position: usize) -> Option<Stand> {
        let asked = self.asked.iter();
        let mut found = asked.filter(|(of, stand)| *of == sample && stand.position == position);
        found.next().map(|(_, stand)| stand.clone())
    }
}
