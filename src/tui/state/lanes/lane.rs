//! One lane: its settings, and what is known of its text.

use std::collections::BTreeMap;

use super::looks::Stand;
use super::places::prompt_of;
use crate::decoding::{LaneFigures, LaneMeans, LaneSettings, Moment, NoCommonDraws};
use crate::sampling::{KNOBS, SamplerSettings};
use crate::tui::state::passage::Passage;

/// A lane's name by its place.
pub fn letter(place: usize) -> char {
    char::from(b'A' + (place % 26) as u8)
}

/// One lane.
#[derive(Debug)]
pub struct Lane {
    /// What it began as: a preset, a value of a sweep, the settings as they stood.
    name: String,
    /// The settings that it began with.
    base: SamplerSettings,
    pub settings: LaneSettings,
    /// The engine of its model, where that is another than Play's.
    pub engine: Option<usize>,
    /// What it said when the session that it came from was saved.
    pub said: String,
    /// Whether an engine was asked for it and has not told of it yet.
    pub asked: bool,
    /// Whether the engine is still to be told of the settings.
    pub turned: bool,
    /// What keeps it from the first lane's draws.
    pub apart: Option<NoCommonDraws>,
    /// The odds at the place that was looked at last.
    pub moment: Option<Moment>,
    /// What that look was at.
    pub(super) looked: Option<Stand>,
    figures: LaneFigures,
    /// Tokens and edition of the text that the figures are of.
    measured: (usize, u64),
    /// The figures of its other runs, by their number.
    runs: BTreeMap<u64, LaneFigures>,
    /// Of another model's lane: mean surprisal in bits under Play's model, and of which text.
    reference: Option<((usize, u64), Option<f32>)>,
}

impl Lane {
    /// A lane that has said nothing yet.
    pub fn new(name: &str, settings: LaneSettings) -> Self {
        Self {
            name: name.to_owned(),
            base: settings.sampler.clone(),
            settings,
            engine: None,
            said: String::new(),
            asked: false,
            turned: false,
            apart: None,
            moment: None,
            looked: None,
            figures: LaneFigures::default(),
            measured: (0, 0),
            runs: BTreeMap::new(),
            reference: None,
        }
    }

    /// One whose knobs were turned since it began.
    pub fn of_base(name: &str, base: SamplerSettings, settings: LaneSettings) -> Self {
        Self {
            base,
            ..Self::new(name, settings)
        }
    }

    /// What it began as.
    pub fn began_as(&self) -> &str {
        &self.name
    }

    /// The settings that it began with.
    pub fn base(&self) -> &SamplerSettings {
        &self.base
    }

    /// Forgets what is known of its text.
    pub fn forget(&mut self) {
        (self.apart, self.moment, self.looked) = (None, None, None);
        self.asked = false;
        self.runs.clear();
        self.reference = None;
        (self.figures, self.measured) = (LaneFigures::default(), (0, 0));
    }

    /// A lane like this one.
    pub fn copy(&self) -> Self {
        Self {
            name: self.name.clone(),
            base: self.base.clone(),
            engine: self.engine,
            ..Self::new("", self.settings.clone())
        }
    }

    /// Which knobs were turned since it began, and what it began as.
    pub fn name(&self) -> String {
        let (base, now) = (&self.base, &self.settings.sampler);
        let mut parts = Vec::new();
        if now.method != base.method {
            parts.push(now.method.name().to_owned());
        }
        let turned = KNOBS.iter().filter(|knob| knob.get(base) != knob.get(now));
        parts.extend(turned.map(|knob| {
            let field = knob.field.replace('_', "-");
            format!("{field} {}", knob.get(now))
        }));
        parts.push(self.name.clone());
        parts.join(", ")
    }

    /// The figures of its text, as they were measured last.
    pub fn figures(&self) -> &LaneFigures {
        &self.figures
    }

    /// Measures its text, if that has grown or changed.
    pub fn measure(&mut self, text: &Passage, vocabulary: usize) {
        let now = (text.tokens().len(), text.edition());
        if self.measured != now {
            let generated = &text.tokens()[prompt_of(text.tokens())..];
            self.figures = LaneFigures::of(generated, vocabulary, self.engine.is_none());
            self.measured = now;
        }
        let told = self.reference.filter(|(of, _)| *of == now);
        if self.engine.is_some() {
            self.figures.reference = told.and_then(|(_, bits)| bits);
        }
    }

    /// Whether Play's model is to be asked how surprising it finds the text as it stands. It is asked once.
    pub fn wants_reference(&mut self) -> bool {
        let known = self.reference.map(|(of, _)| of);
        let (tokens, _) = self.measured;
        let wants = self.engine.is_some() && tokens > 0 && known != Some(self.measured);
        if wants {
            self.reference = Some((self.measured, None));
        }
        wants
    }

    /// Asks it again: the answer that was on its way is of no use.
    pub fn ask_again(&mut self) {
        self.reference = self.reference.filter(|(_, bits)| bits.is_some());
    }

    /// Its runs besides the text that is shown.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Takes in the figures of another run. How surprising Play's model finds that text may be told later.
    pub fn ran(&mut self, run: u64, mut figures: LaneFigures) {
        if self.engine.is_some() {
            figures.reference = None;
        }
        self.runs.insert(run, figures);
    }

    /// It is drawn otherwise from now on: the runs were of other settings.
    pub fn forget_runs(&mut self) {
        self.runs.clear();
    }

    /// Takes in how surprising Play's model finds what another run has said.
    pub fn refer_run(&mut self, run: u64, bits: Option<f32>) {
        if let Some(figures) = self.runs.get_mut(&run) {
            figures.reference = bits;
        }
    }

    /// The means over all runs, that which is shown among them; none before it has said anything.
    pub fn means(&self) -> Option<LaneMeans> {
        let (shown, _) = self.measured;
        let shown = (shown > 0 && self.figures.text.tokens > 0).then_some(self.figures);
        let runs: Vec<LaneFigures> = shown
            .into_iter()
            .chain(self.runs.values().copied())
            .collect();
        (!runs.is_empty()).then(|| LaneMeans::of(&runs))
    }

    /// Takes in what Play's model said to that.
    pub fn refer(&mut self, bits: Option<f32>) {
        if let Some((of, known)) = &mut self.reference {
            *known = bits;
            if *of == self.measured {
                self.figures.reference = bits;
            }
        }
    }
}
