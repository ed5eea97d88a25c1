//! Every scalar setting described once: for sliders, flags, help and validation.

use super::KnobOwner::Method as By;
use super::Method;
use super::knob::{FROM_1, Knob, PROBABILITY, real, whole};
use super::stages::DESCRIPTORS;

/// The knob of a field, if it has one.
pub fn knob(field: &str) -> Option<&'static Knob> {
    KNOBS.iter().find(|knob| knob.field == field)
}

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
    use super::super::SamplerSettings;
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
