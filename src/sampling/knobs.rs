//! Every scalar setting described once: for sliders, flags, help and validation.

use KnobOwner::Method as By;

use super::stages::DESCRIPTORS;
use super::{Method, SamplerSettings, StageKind};

/// What a knob belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnobOwner {
    /// A stage of the chain.
    Stage(StageKind),
    /// A method that works beside the chain.
    Method(Method),
}

/// A scalar field of [`SamplerSettings`].
#[derive(Debug, Clone, Copy)]
pub struct Knob {
    /// The field's name, as in the configuration file.
    pub field: &'static str,
    pub owner: KnobOwner,
    /// The smallest valid value.
    pub min: f64,
    /// The largest valid value.
    pub max: f64,
    /// The smallest value that a slider needs to show.
    pub slider_min: f64,
    /// The largest value that a slider needs to show.
    pub slider_max: f64,
    /// What one press of a key changes.
    pub step: f64,
    /// The value in [`SamplerSettings::neutral`]: it switches the stage off, or else is the sensible one.
    pub neutral: f64,
    /// Whether only whole numbers are meant.
    pub whole: bool,
    /// What would be accepted, as a sentence fragment.
    pub accepts: &'static str,
    /// What it is good for, in one sentence.
    pub why: &'static str,
    pub(super) read: fn(&SamplerSettings) -> f64,
    pub(super) write: fn(&mut SamplerSettings, f64),
}

impl Knob {
    /// The value in these settings.
    pub fn get(&self, settings: &SamplerSettings) -> f64 {
        (self.read)(settings)
    }

    /// Sets the value, rounded if only whole numbers are meant. It is not checked: see [`SamplerSettings::validate`].
    pub fn set(&self, settings: &mut SamplerSettings, value: f64) {
        (self.write)(settings, value);
    }

    /// Whether a value is valid.
    pub fn admits(&self, value: f64) -> bool {
        (self.min..=self.max).contains(&value)
    }

    /// The value some steps up (or down, if negative), on the grid of steps and within the slider.
    pub fn moved(&self, value: f64, steps: i32) -> f64 {
        let place = (value - self.slider_min) / self.step;
        // From between two grid points the first step leads to the next one.
        let place = if steps < 0 {
            (place - 1e-6).ceil()
        } else {
            (place + 1e-6).floor()
        };
        let moved = self.slider_min + (place + f64::from(steps)) * self.step;
        let digits = 1e6;
        ((moved * digits).round() / digits).clamp(self.slider_min, self.slider_max)
    }
}

/// The knob of a field, if it has one.
pub fn knob(field: &str) -> Option<&'static Knob> {
    KNOBS.iter().find(|knob| knob.field == field)
}

/// An `f32` as the decimal number that a person wrote: 0.1, not 0.10000000149.
pub(super) fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

macro_rules! real {
    ($field:ident, $owner:expr, $min:literal ..= $max:literal, slider $low:literal ..= $high:literal step $step:literal,
     neutral $neutral:literal, $accepts:expr, $why:literal) => {
        $crate::sampling::Knob {
            field: stringify!($field),
            owner: $owner,
            min: $min,
            max: $max,
            slider_min: $low,
            slider_max: $high,
            step: $step,
            neutral: $neutral,
            whole: false,
            accepts: $accepts,
            why: $why,
            read: |settings| $crate::sampling::knobs::decimal(settings.$field),
            write: |settings, value| settings.$field = value as f32,
        }
    };
}

macro_rules! whole {
    ($field:ident, $owner:expr, from $min:literal, slider to $high:literal step $step:literal,
     neutral $neutral:literal, $accepts:expr, $why:literal) => {
        $crate::sampling::Knob {
            field: stringify!($field),
            owner: $owner,
            min: $min as f64,
            max: u32::MAX as f64,
            slider_min: $min as f64,
            slider_max: $high as f64,
            step: $step as f64,
            neutral: $neutral as f64,
            whole: true,
            accepts: $accepts,
            why: $why,
            read: |settings| settings.$field as f64,
            write: |settings, value| settings.$field = value.round() as usize,
        }
    };
}

pub(super) use {real, whole};

pub(super) const FROM_0: &str = "a whole number from 0";
const FROM_1: &str = "a whole number from 1";
pub(super) const PROBABILITY: &str = "a number from 0 to 1";

/// The knobs of methods that work beside the chain.
const OF_METHODS: &[Knob] = &[
    whole!(num_beams, By(Method::Beam), from 1, slider to 16 step 1,
        neutral 5, FROM_1,
        "How many continuations beam search follows at once."),
    real!(length_penalty, By(Method::Beam), -10.0 ..= 10.0, slider -2.0 ..= 2.0 step 0.1,
        neutral 1.0, "a number from -10 to 10",
        "Above 0 favours long beams, below 0 short ones."),
    whole!(contrastive_k, By(Method::Contrastive), from 1, slider to 50 step 1,
        neutral 5, FROM_1,
        "How many of the most probable tokens contrastive search compares."),
    real!(contrastive_alpha, By(Method::Contrastive), 0.0 ..= 1.0, slider 0.0 ..= 1.0 step 0.05,
        neutral 0.6, PROBABILITY,
        "How much being unlike what was said weighs against being probable."),
];

/// All knobs: those of the stages, as their files describe them, and those of the methods.
pub const KNOBS: &[Knob] = &ALL;

const ALL: [Knob; COUNT] = {
    // The first stands where the others are still to be put.
    let mut all = [DESCRIPTORS[0].knobs[0]; COUNT];
    let (mut filled, mut stage) = (0, 0);
    while stage < DESCRIPTORS.len() {
        filled = put(&mut all, filled, DESCRIPTORS[stage].knobs);
        stage += 1;
    }
    put(&mut all, filled, OF_METHODS);
    all
};

const COUNT: usize = {
    let (mut count, mut stage) = (OF_METHODS.len(), 0);
    while stage < DESCRIPTORS.len() {
        count += DESCRIPTORS[stage].knobs.len();
        stage += 1;
    }
    count
};

/// Puts `knobs` into `all` from `start` on: where the next would stand.
const fn put(all: &mut [Knob; COUNT], start: usize, knobs: &[Knob]) -> usize {
    let mut at = 0;
    while at < knobs.len() {
        all[start + at] = knobs[at];
        at += 1;
    }
    start + at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings as JSON, to look at fields by name.
    fn fields(settings: &SamplerSettings) -> serde_json::Map<String, serde_json::Value> {
        match serde_json::to_value(settings).unwrap() {
            serde_json::Value::Object(fields) => fields,
            other => panic!("settings are no table: {other}"),
        }
    }

    #[test]
    fn every_scalar_setting_has_a_knob_and_no_other_has() {
        let all = fields(&SamplerSettings::neutral());
        let scalars: Vec<&str> = all
            .iter()
            .filter(|(_, value)| value.is_number())
            .map(|(field, _)| field.as_str())
            .collect();
        let mut knobs: Vec<&str> = KNOBS.iter().map(|knob| knob.field).collect();
        let mut expected = scalars;
        knobs.sort_unstable();
        expected.sort_unstable();
        assert_eq!(knobs, expected);
    }

    #[test]
    fn a_knob_reads_and_writes_its_field_alone() {
        for knob in KNOBS {
            let before = SamplerSettings::default();
            let mut after = before.clone();
            let value = knob.moved(
                knob.get(&before),
                if knob.get(&before) == knob.slider_max {
                    -1
                } else {
                    1
                },
            );
            knob.set(&mut after, value);
            assert_eq!(knob.get(&after), value, "{}", knob.field);
            let (before, after) = (fields(&before), fields(&after));
            let changed: Vec<_> = before
                .keys()
                .filter(|&key| before[key] != after[key])
                .collect();
            assert_eq!(changed, [knob.field]);
        }
    }

    #[test]
    fn ranges_hold_each_other_and_the_neutral_value() {
        let (neutral, default) = (SamplerSettings::neutral(), SamplerSettings::default());
        for knob in KNOBS {
            assert_eq!(knob.get(&neutral), knob.neutral, "{}", knob.field);
            assert!(
                knob.admits(knob.slider_min) && knob.admits(knob.slider_max),
                "{}",
                knob.field
            );
            for value in [knob.neutral, knob.get(&default)] {
                assert!(
                    (knob.slider_min..=knob.slider_max).contains(&value),
                    "{}",
                    knob.field
                );
            }
            assert!(knob.step > 0.0 && !knob.admits(f64::NAN) && knob.why.ends_with('.'));
        }
    }

    #[test]
    fn moving_stays_on_the_grid_and_within_the_slider() {
        let temperature = knob("temperature").unwrap();
        assert_eq!(temperature.moved(0.8, 1), 0.85);
        assert_eq!(temperature.moved(0.8, -1), 0.75);
        assert_eq!(temperature.moved(0.83, 1), 0.85);
        assert_eq!(temperature.moved(0.83, -1), 0.8);
        assert_eq!(temperature.moved(1.95, 3), 2.0);
        assert_eq!(temperature.moved(0.0, -1), 0.0);
        assert_eq!(temperature.moved(50.0, -1), 2.0);
        assert_eq!(knob("top_k").unwrap().moved(40.0, -3), 37.0);
        assert!(knob("order").is_none());
    }
}
