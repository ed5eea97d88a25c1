//! One setting in several values: `temperature=0.2..1.6/5`, `top_k=10,40,100`, `order=before,after`.

use super::lane::{LaneError, LaneSpec};
use crate::sampling::{Knob, knob};

/// One setting in several values.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// The setting's name.
    pub field: String,
    /// The values as one would write them, at least two.
    pub values: Vec<String>,
}

impl Sweep {
    /// Reads `FIELD=FROM..TO/STEPS`, both ends among the steps, or `FIELD=VALUE,VALUE`.
    ///
    /// # Errors
    /// What is wrong, and what would do.
    pub fn parse(text: &str) -> Result<Self, LaneError> {
        Self::read(text, None)
    }

    /// As [`Self::parse`], where `FIELD=FROM..TO` is a range in so many steps, or in fewer of a knob that has not as many
    /// values.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_in(text: &str, steps: usize) -> Result<Self, LaneError> {
        Self::read(text, Some(steps))
    }

    fn read(text: &str, otherwise: Option<usize>) -> Result<Self, LaneError> {
        let wrong = |problem: &str| LaneError::new(text, problem);
        let Some((field, values)) = text.split_once('=') else {
            return Err(wrong("write it as FIELD=FROM..TO/STEPS"));
        };
        let field = field.trim().replace('-', "_");
        let values = match values.split_once("..") {
            Some((from, rest)) => {
                let (to, written) = match (rest.split_once('/'), otherwise) {
                    (Some((to, steps)), _) => (to, Some(steps)),
                    (None, Some(_)) => (rest, None),
                    (None, None) => {
                        return Err(wrong("say in how many steps: FROM..TO/STEPS"));
                    }
                };
                let Some(knob) = knob(&field) else {
                    return Err(wrong("only a knob has a range: list the values instead"));
                };
                let number = |text: &str| text.trim().parse::<f64>().ok();
                let (Some(from), Some(to)) = (number(from), number(to)) else {
                    return Err(wrong("a range goes from a number to a number"));
                };
                let steps = match written {
                    Some(steps) => steps.trim().parse().ok().filter(|steps| *steps >= 2),
                    None => otherwise,
                };
                let steps = steps.ok_or_else(|| wrong("a range has at least 2 steps"))?;
                let mut values = spread(knob, from, to, steps);
                if written.is_none() {
                    values.dedup();
                }
                values
            }
            None => values
                .split(',')
                .map(|value| value.trim().to_owned())
                .collect(),
        };
        let sweep = Self { field, values };
        if sweep.values.len() < 2 {
            return Err(wrong("give at least two values"));
        }
        for lane in sweep.lanes() {
            LaneSpec::parse(&lane).map_err(|error| wrong(&error.to_string()))?;
        }
        if let Some(twice) = sweep.twice() {
            return Err(wrong(&format!("two of the steps are {twice}: take fewer")));
        }
        Ok(sweep)
    }

    /// A knob over the range that a slider shows.
    pub fn of_slider(knob: &Knob, steps: usize) -> Self {
        let mut values = spread(knob, knob.slider_min, knob.slider_max, steps.max(2));
        values.dedup();
        Self {
            field: knob.field.to_owned(),
            values,
        }
    }

    /// A lane of each value, as one would write it.
    pub fn lanes(&self) -> impl Iterator<Item = String> {
        let lane = |value| format!("{}={value}", self.field);
        self.values.iter().map(lane)
    }

    /// A value that is there twice.
    fn twice(&self) -> Option<&String> {
        let values = self.values.iter().enumerate();
        let mut twice = values.filter(|(at, value)| self.values[..*at].contains(value));
        twice.next().map(|(_, value)| value)
    }
}

/// So many values from one to another, whole where the knob wants that.
fn spread(knob: &Knob, from: f64, to: f64, steps: usize) -> Vec<String> {
    let value = |step: usize| {
        let value = from + (to - from) * step as f64 / (steps - 1) as f64;
        if knob.whole {
            value.round().to_string()
        } else {
            // As a person would write it.
            ((value * 1e6).round() / 1e6).to_string()
        }
    };
    (0..steps).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(text: &str) -> Result<Vec<String>, String> {
        let sweep = Sweep::parse(text).map_err(|error| error.to_string())?;
        Ok(sweep.lanes().collect())
    }

    #[test]
    fn a_range_is_cut_into_steps_and_a_list_taken_as_it_is() {
        let expected = ["0.2", "0.55", "0.9", "1.25", "1.6"];
        let expected = expected.map(|value| format!("temperature={value}"));
        assert_eq!(lanes("temperature=0.2..1.6/5").unwrap(), expected);
        assert_eq!(
            lanes("top-k=10..100/3").unwrap(),
            ["top_k=10", "top_k=55", "top_k=100"]
        );
        assert_eq!(
            lanes("order=before,after").unwrap(),
            ["order=before", "order=after"]
        );
        let own = |text| Sweep::parse_in(text, 5).map(|sweep| sweep.values);
        assert_eq!(
            own("top_p=0..1").unwrap(),
            ["0", "0.25", "0.5", "0.75", "1"]
        );
        assert_eq!(own("top_k=1..3").unwrap(), ["1", "2", "3"]);
        assert_eq!(own("top_k=1..3/2").unwrap(), ["1", "3"]);
        let slider = Sweep::of_slider(knob("top_p").unwrap(), 3);
        assert_eq!(slider.values, ["0", "0.5", "1"]);
    }

    #[test]
    fn each_mistake_is_told_in_one_sentence() {
        for (text, said) in [
            ("temperature", "write it as FIELD=FROM..TO/STEPS"),
            ("temperature=0..1", "say in how many steps: FROM..TO/STEPS"),
            (
                "temperature=0..x/3",
                "a range goes from a number to a number",
            ),
            ("temperature=0..1/1", "a range has at least 2 steps"),
            (
                "order=0..1/3",
                "only a knob has a range: list the values instead",
            ),
            ("top_k=5", "give at least two values"),
            ("top_k=1..2/4", "two of the steps are 1: take fewer"),
            ("top_p=0.5,7", "top_p=7: a number from 0 to 1"),
        ] {
            assert_eq!(lanes(text).expect_err(text), format!("{text}: {said}"));
        }
        assert!(
            lanes("tempo=1,2")
                .unwrap_err()
                .contains("a lane has no tempo")
        );
    }
}
