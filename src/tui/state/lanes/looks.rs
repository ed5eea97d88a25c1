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

/// What was asked last: of which lane, in which engine (none for Play's), as which of its texts.
#[derive(Debug, Default)]
pub struct Looks {
    asked: Vec<Asked>,
}

/// Looks for an engine; none is Play's.
pub type LooksOf = (Option<usize>, Vec<LookRequest>);

#[derive(Debug, Clone, PartialEq)]
struct Asked {
    lane: usize,
    engine: Option<usize>,
    sample: usize,
    stand: Stand,
}

impl Looks {
    /// The requests for the lanes whose odds are not known, by engine; none of an engine that was asked for the same last.
    pub(super) fn requests(&mut self, lanes: &[Lane], play: &Play) -> Vec<LooksOf> {
        let mut wanted: Vec<Asked> = Vec::new();
        for (at, (lane, text)) in lanes.iter().zip(&play.texts).enumerate() {
            let position = text.in_view();
            let stand = Stand {
                position,
                chosen: text.tokens().get(position).map(|token| token.id),
                edition: text.edition(),
                settings: lane.settings.clone(),
            };
            if position > 0 && !lane.asked && lane.looked.as_ref() != Some(&stand) {
                let before = lanes[..at].iter();
                wanted.push(Asked {
                    lane: at,
                    engine: lane.engine,
                    sample: before.filter(|it| it.engine == lane.engine).count(),
                    stand,
                });
            }
        }
        let mut requests: Vec<LooksOf> = Vec::new();
        for asked in &wanted {
            let engine = asked.engine;
            if requests.iter().any(|(of, _)| *of == engine) {
                continue;
            }
            let of = |all: &[Asked]| -> Vec<Asked> {
                let own = all.iter().filter(|it| it.engine == engine);
                own.cloned().collect()
            };
            let now = of(&wanted);
            if now != of(&self.asked) {
                requests.push((engine, now.iter().map(Asked::request).collect()));
            }
        }
        self.asked = wanted;
        requests
    }

    /// What was asked of a lane at a position, which is answered by that.
    pub(super) fn answered(&mut self, lane: usize, position: usize) -> Option<Stand> {
        let mut asked = self.asked.iter();
        let found = asked.find(|it| it.lane == lane && it.stand.position == position);
        found.map(|it| it.stand.clone())
    }
}

impl Asked {
    fn request(&self) -> LookRequest {
        LookRequest {
            subject: Subject::Text,
            sample: self.sample,
            position: self.stand.position,
            sampler: self.stand.settings.sampler.clone(),
            seed: self.stand.settings.seed,
            rows: ROWS,
            search: String::new(),
        }
    }
}
