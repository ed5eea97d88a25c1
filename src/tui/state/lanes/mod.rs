//! The Compare screen: what is drawn side by side, each lane with its settings, figures and the odds in view.

mod lane;
mod looks;
mod others;
mod places;
mod repeating;

pub use self::lane::{Lane, letter};
pub use self::looks::LooksOf;
pub use self::others::Other;
pub use self::places::{Place, prompt_of};
pub use self::repeating::{Repeating, Ticket};

use std::time::Duration;

use self::looks::Looks;
use super::play::Play;
use crate::decoding::{LaneSettings, Moment};
use crate::engine::RunState;
use crate::tui::vocabulary::knob_rows::{self, KnobRow};

/// The Compare screen.
#[derive(Debug, Default)]
pub struct Lanes {
    /// Each lane, those of Play's model first; where they are [live](Self::live), as many as Play has texts.
    pub lanes: Vec<Lane>,
    /// The other models that lanes have.
    pub others: Vec<Other>,
    /// Engines that were started so far, to number them.
    engines: usize,
    /// Whether the engine's texts are these lanes.
    pub live: bool,
    /// Whether the engine was asked to start them and has not answered yet.
    pub starting: bool,
    /// The selected lane while they are not [live](Self::live); then it is Play's sample.
    pub selected: usize,
    /// The row of the knob in hand.
    pub row: usize,
    /// Whether quality against diversity is shown in place of the lanes.
    pub plane: bool,
    /// The other runs that were asked for.
    pub repeating: Repeating,
    /// Counts the changes of what the lanes are, so that what was asked of them before is known to be stale.
    pub edition: u64,
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
        self.take_temperature();
    }

    /// Takes the knob in hand that most people turn first.
    pub fn take_temperature(&mut self) {
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
        self.changed();
        self.looks = Looks::default();
        for lane in &mut self.lanes {
            lane.forget();
        }
        for other in &mut self.others {
            other.end();
        }
    }

    /// They are others from now on, or drawn otherwise.
    pub fn changed(&mut self) {
        self.edition += 1;
        for lane in &mut self.lanes {
            lane.ask_again();
        }
    }

    /// How many are of Play's model. Those stand first, so that each has the place that the engine knows it by.
    pub fn own(&self) -> usize {
        let own = self.lanes.iter().take_while(|lane| lane.engine.is_none());
        own.count()
    }

    /// The engine of a lane of another model, and which of that engine's texts it is.
    pub fn away(&self, at: usize) -> Option<(usize, usize)> {
        let engine = self.lanes.get(at)?.engine?;
        let before = self.lanes[..at].iter();
        Some((
            engine,
            before.filter(|it| it.engine == Some(engine)).count(),
        ))
    }

    /// The place of one of an engine's texts among all lanes.
    pub fn place(&self, engine: usize, sample: usize) -> Option<usize> {
        let mut places = self.places(engine);
        places.nth(sample)
    }

    /// The places of all of an engine's texts.
    pub fn places(&self, engine: usize) -> impl Iterator<Item = usize> {
        let lanes = self.lanes.iter().enumerate();
        lanes.filter_map(move |(at, lane)| (lane.engine == Some(engine)).then_some(at))
    }

    /// The other model of an engine.
    pub fn other(&self, engine: usize) -> Option<&Other> {
        self.others.iter().find(|other| other.engine == engine)
    }

    /// As [`Self::other`].
    pub fn other_mut(&mut self, engine: usize) -> Option<&mut Other> {
        self.others.iter_mut().find(|other| other.engine == engine)
    }

    /// The other model of a lane.
    pub fn other_of(&self, at: usize) -> Option<&Other> {
        self.other(self.lanes.get(at)?.engine?)
    }

    /// Another model, about to be loaded by an engine of its own.
    pub fn begin_other(&mut self, source: &str) -> usize {
        self.engines += 1;
        self.others.push(Other::new(self.engines, source));
        self.engines
    }

    /// Another model, to be loaded when its lanes are drawn.
    pub fn plan_other(&mut self, source: &str) -> usize {
        let engine = self.begin_other(source);
        if let Some(other) = self.other_mut(engine) {
            other.run = RunState::Empty;
        }
        engine
    }

    /// Whether lanes of other models go on.
    pub fn others_run(&self) -> bool {
        let mut runs = self.others.iter();
        runs.any(|other| other.live && other.run == RunState::Running)
    }

    /// Takes a look at a lane in. One that nobody asked for any more is dropped.
    pub fn seen(&mut self, at: usize, moment: Moment) {
        let stand = self.looks.answered(at, moment.position);
        if let (Some(stand), Some(lane)) = (stand, self.lanes.get_mut(at)) {
            lane.looked = Some(stand);
            lane.moment = Some(moment);
        }
    }

    /// The looks that the lanes need now, if any of them needs one.
    pub fn looks(&mut self, play: &Play) -> Vec<LooksOf> {
        self.looks.requests(&self.lanes, play)
    }
}
