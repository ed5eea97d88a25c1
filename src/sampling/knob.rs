//! One scalar setting: its range, its slider, its words, and how it is read and written.

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
            read: |settings| $crate::sampling::knob::decimal(settings.$field),
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
pub(super) const FROM_1: &str = "a whole number from 1";
pub(super) const PROBABILITY: &str = "a number from 0 to 1";
