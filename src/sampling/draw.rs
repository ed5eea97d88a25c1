//! The seeded uniform numbers behind every draw.
//!
//! A number depends only on the seed, the token's position and the purpose, so that a text can be cut anywhere and
//! continued with the same draws. The generator is ChaCha with 8 rounds, the same on every platform: the seed is
//! expanded as [`rand_core::SeedableRng::seed_from_u64`] does, the purpose is the stream, and position `p` reads
//! the 64-bit word number `p`; its upper 53 bits, divided by 2^53, are the number.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Uniform numbers in [0, 1), addressed by position.
#[derive(Debug, Clone)]
pub struct Uniforms {
    generator: ChaCha8Rng,
}

impl Uniforms {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            generator: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// The number that draws the token at `position`.
    pub fn token(&self, position: usize) -> f64 {
        self.at(0, position)
    }

    /// The number that decides whether XTC acts at `position`.
    pub fn xtc(&self, position: usize) -> f64 {
        self.at(1, position)
    }

    /// The number that decides whether a proposal for `position` is taken.
    pub fn judge(&self, position: usize) -> f64 {
        self.at(2, position)
    }

    /// The number that draws what comes in the place of a proposal that is not.
    pub fn replace(&self, position: usize) -> f64 {
        self.at(3, position)
    }

    fn at(&self, stream: u64, position: usize) -> f64 {
        let mut generator = self.generator.clone();
        generator.set_stream(stream);
        generator.set_word_pos(position as u128 * 2);
        (generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_place_give_the_same_number_in_any_order() {
        let (uniforms, again) = (Uniforms::new(5), Uniforms::new(5));
        let forwards: Vec<f64> = (0..50).map(|place| uniforms.token(place)).collect();
        let backwards: Vec<f64> = (0..50).rev().map(|place| again.token(place)).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
    }

    #[test]
    fn numbers_are_uniform_and_those_of_other_seeds_and_purposes_are_others() {
        let uniforms = Uniforms::new(1);
        let numbers: Vec<f64> = (0..10_000).map(|place| uniforms.token(place)).collect();
        assert!(numbers.iter().all(|u| (0.0..1.0).contains(u)));
        for tenth in 0..10 {
            let from = f64::from(tenth) / 10.0;
            let count = numbers
                .iter()
                .filter(|&&u| (from..from + 0.1).contains(&u))
                .count();
            assert!(count.abs_diff(1000) < 150, "{count} numbers from {from}");
        }
        let other = Uniforms::new(2);
        let same =
            |other: &dyn Fn(usize) -> f64| (0..10_000).filter(|&p| numbers[p] == other(p)).count();
        assert_eq!(
            (
                same(&|place| other.token(place)),
                same(&|place| uniforms.xtc(place))
            ),
            (0, 0)
        );
    }

    #[test]
    fn the_numbers_never_change() {
        // Texts that were noted with their seed must come again, on any platform and with any later version.
        let uniforms = Uniforms::new(1);
        let numbers = [
            uniforms.token(0),
            uniforms.token(1),
            uniforms.token(1000),
            uniforms.xtc(0),
        ];
        assert_eq!(
            numbers,
            [
                0.40248566366484806,
                0.08038370892978197,
                0.12140767211263681,
                0.8519121608441852
            ]
        );
    }
}
