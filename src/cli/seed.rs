//! The seed of draws as an argument.

use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use super::warn;

/// A seed: a whole number, or `random`, which is another at each run (`-1` too, as llama.cpp writes it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    number: u64,
    drawn: bool,
}

impl Seed {
    /// The number. One that was drawn is told, so that the run can be repeated.
    pub fn number(self) -> u64 {
        if self.drawn {
            warn(&format!("--seed {} draws the same again", self.number));
        }
        self.number
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if matches!(text, "random" | "-1") {
            // The keys of the standard library's hash tables come from the system's source of random numbers. Half of
            // the bits are enough, and can be typed.
            let number = RandomState::new().hash_one(text) >> 32;
            return Ok(Self {
                number,
                drawn: true,
            });
        }
        let number = text
            .parse()
            .map_err(|_| "give a whole number from 0 on, or random".to_owned())?;
        Ok(Self {
            number,
            drawn: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_number_or_drawn() {
        let seed: Seed = "7".parse().expect("a number");
        assert_eq!(seed.number(), 7);
        let drawn: Vec<Seed> = ["random", "-1", "random"]
            .iter()
            .map(|text| text.parse().expect("it is drawn"))
            .collect();
        assert!(drawn[0] != drawn[1] || drawn[1] != drawn[2], "{drawn:?}");
        assert!("-2".parse::<Seed>().is_err());
        assert!("1.5".parse::<Seed>().is_err());
    }
}
