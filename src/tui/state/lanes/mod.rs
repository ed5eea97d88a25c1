//! The Compare screen: what is drawn side by side, each lane with its settings, figures and the odds in view.

mod lane;
mod looks;

pub use self::lane::{Lane, letter};

use std::time::Duration;

use self::looks::Looks;
use super::play::Play;
use crate::decoding::{LaneSettings, Moment};
use crate::engine::LookRequest;
use crate::tui::vocabulary::knob_rows::{self, KnobRow};

/// The Compare screen.
#[derive(Debug, Default)]
pub struct Lanes {
    /// Each lane; where they are [live](Self::live), as many as Play has texts.
    pub lanes: Vec<Lane>,
    /// Whether the engine's texts are these lanes.
    pub live: bool,
    /// Whether the engine was asked to start them and has not answered yet.
    pub starting: bool,
    /// The selected lane while they are not [live](Self::live); then it is Play's sample.
    pub selected: usize,
    /// The row of the knob in hand.
    pub row: usize,
    looks: Looks,
    /// When odds were asked for and texts measured last.
    pub flushed: Duration,
}

impl Lanes {
    /// Two lanes to begin with: the settings as they stand, and the first preset that is another.
    pub fn begin(&mut self, play: &Play) {
        if !self.lanes.is_empty() {
            return;
        }
        let seed = play.settings.generation.seed;
        let settings = |sampler| LaneSettings { sampler, seed };
        let own = play.settings.sampler.clone();
        let presets = &play.knobs.presets;
        let other = presets
            .iter()
            .find(|(name, sampler)| *sampler != own && name != "greedy");
        let name = play.preset().map_or("as set", |at| presets[at].0.as_str());
        self.lanes.push(Lane::new(name, settings(own)));
        if let Some((name, sampler)) = other {
            self.lanes.push(Lane::new(name, settings(sampler.clone())));
        }
        let temperature = crate::sampling::knob("temperature").map(KnobRow::Knob);
        let rows = self.rows(0);
        self.row = rows
            .iter()
            .position(|row| Some(*row) == temperature)
            .unwrap_or(0);
    }

    /// The knobs of a lane.
    pub fn rows(&self, lane: usize) -> Vec<KnobRow> {
        let Some(lane) = self.lanes.get(lane) else {
            return Vec::new();
        };
        let rows = knob_rows::rows(&lane.settings.sampler).into_iter();
        rows.filter(|row| matches!(row, KnobRow::Method | KnobRow::Knob(_) | KnobRow::Seed))
            .collect()
    }

    /// The knob in hand, as the lane has it.
    pub fn knob(&self, lane: usize) -> Option<KnobRow> {
        let rows = self.rows(lane);
        rows.get(self.row.min(rows.len().saturating_sub(1)))
            .copied()
    }

    /// The engine's texts are others from now on.
    pub fn end(&mut self) {
        self.live = false;
        self.looks = Looks::default();
        for lane in &mut self.lanes {
            lane.forget();
        }
    }

    /// Takes a look at a lane in. One that nobody asked for any more is dropped.
    pub fn seen(&mut self, sample: usize, moment: Moment) {
        let stand = self.looks.answered(sample, moment.position);
        if let (Some(stand), Some(lane)) = (stand, self.lanes.get_mut(sample)) {
            lane.looked = Some(stand);
            lane.moment = Some(moment);
        }
    }

    /// The looks that the lanes need now, if any of them needs one.
    pub fn looks(&mut self, play: &Play) -> Vec<LookRequest> {
        self.looks.requests(&mut self.lanes, play)
    }
}
