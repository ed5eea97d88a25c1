//! Rotary position embedding (Su et al. 2021): pairs of numbers in queries and keys are turned by an angle that grows
//! with the position, each pair at its own speed.

use std::f64::consts::PI;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::rotary_emb::rope_thd;

/// The rotary positions of a kind of layer.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) struct RopeFacts {
    /// How many numbers of each head are turned: all, or the first ones.
    pub(in crate::model) width: usize,
    /// The slowest pair turns once in about so many tokens.
    pub(in crate::model) theta: f64,
    pub(in crate::model) scaling: Scaling,
}

/// How speeds differ from those that the model was first trained with, to reach longer texts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) enum Scaling {
    None,
    /// All speeds are divided by this.
    Linear(f64),
    /// Llama 3's: slow pairs are slowed by `factor`, fast ones stay, and those between are mixed. The formula is that
    /// of transformers' `_compute_llama3_parameters`.
    Llama3 {
        factor: f64,
        low_freq_factor: f64,
        high_freq_factor: f64,
        original_context: f64,
    },
    /// Each speed is divided by a number of its own, as GGUF files give it.
    Each(Vec<f32>),
    /// As Llama 3's, by a ramp over the pairs, with all turned numbers multiplied too (Peng et al. 2023; transformers'
    /// `_compute_yarn_parameters`).
    Yarn(Yarn),
    /// Each speed is divided by a number of its own, which is another one in texts beyond a length (Ding et al. 2024;
    /// transformers' `_compute_longrope_parameters`).
    Long {
        short: Vec<f32>,
        long: Vec<f32>,
        original_context: usize,
        /// What turned numbers are multiplied by.
        magnitude: f64,
    },
}

/// The numbers of YaRN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct Yarn {
    pub(in crate::model) factor: f64,
    pub(in crate::model) original_context: f64,
    /// Pairs that turn more often within the original context keep their speed.
    pub(in crate::model) beta_fast: f64,
    /// Pairs that turn less often are slowed by `factor`.
    pub(in crate::model) beta_slow: f64,
    /// What turned numbers are multiplied by.
    pub(in crate::model) magnitude: f64,
    /// Whether the ends of the ramp are whole pairs.
    pub(in crate::model) truncate: bool,
}

/// The speeds of one kind of layer: radians a token, for half of the turned width of pairs.
pub(super) struct Rope {
    speeds: Vec<f32>,
    /// Those of texts beyond a length.
    beyond: Option<(usize, Vec<f32>)>,
    magnitude: f64,
}

/// Cosines and sines `(n, turned width / 2)` of the angles at `n` positions.
pub(super) struct Turns {
    cos: Tensor,
    sin: Tensor,
    pairs: usize,
}

impl RopeFacts {
    /// What cannot be, for heads of `head_width`, as the rest of a sentence that begins with the file's name.
    pub(super) fn check(&self, head_width: usize) -> std::result::Result<(), String> {
        if self.width == 0 || !self.width.is_multiple_of(2) {
            let whole = if self.width == head_width {
                "has a head width"
            } else {
                "turns a part of each head"
            };
            return Err(format!(
                "{whole} of {}, but rotary positions need an even one",
                self.width
            ));
        }
        if self.width > head_width {
            return Err(format!(
                "turns {} numbers of heads that have {head_width} by their position",
                self.width
            ));
        }
        if !(self.theta.is_finite() && self.theta > 0.0) {
            return Err(format!(
                "has a rope_theta of {}, but it must be a positive number such as 10000",
                self.theta
            ));
        }
        let given: &[&Vec<f32>] = match &self.scaling {
            Scaling::Each(factors) => &[factors],
            Scaling::Long { short, long, .. } => &[short, long],
            _ => &[],
        };
        match given.iter().find(|list| list.len() != self.width / 2) {
            Some(list) => Err(format!(
                "scales rope by {} factors, but {} pairs of each head turn",
                list.len(),
                self.width / 2
            )),
            None => Ok(()),
        }
    }
}

impl Rope {
    /// The speeds `theta^(-2i / width)`, scaled.
    pub(super) fn new(facts: &RopeFacts) -> Self {
        let pairs = facts.width / 2;
        let speed = |pair: usize| facts.theta.powf(-2.0 * pair as f64 / facts.width as f64);
        let divided = |factors: &[f32]| -> Vec<f32> {
            let divided = |pair: usize| (speed(pair) / f64::from(factors[pair])) as f32;
            (0..pairs).map(divided).collect()
        };
        let scaled = |scale: &dyn Fn(usize, f64) -> f64| -> Vec<f32> {
            (0..pairs)
                .map(|pair| scale(pair, speed(pair)) as f32)
                .collect()
        };
        let (speeds, beyond, magnitude) = match &facts.scaling {
            Scaling::None => (scaled(&|_, speed| speed), None, 1.0),
            Scaling::Linear(factor) => (scaled(&|_, speed| speed / factor), None, 1.0),
            Scaling::Each(factors) => (divided(factors), None, 1.0),
            Scaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_context,
            } => {
                let mixed = |_, speed: f64| {
                    // How many turns fit into the original context.
                    let turns = original_context * speed / (2.0 * PI);
                    let mix = (turns - low_freq_factor) / (high_freq_factor - low_freq_factor);
                    let mix = mix.clamp(0.0, 1.0);
                    (1.0 - mix) * speed / factor + mix * speed
                };
                (scaled(&mixed), None, 1.0)
            }
            Scaling::Yarn(yarn) => {
                let ramp = yarn.ramp(facts);
                let mixed = |pair: usize, speed: f64| {
                    let slowed = ramp(pair);
                    slowed * speed / yarn.factor + (1.0 - slowed) * speed
                };
                (scaled(&mixed), None, yarn.magnitude)
            }
            Scaling::Long {
                short,
                long,
                original_context,
                magnitude,
            } => (
                divided(short),
                Some((*original_context, divided(long))),
                *magnitude,
            ),
        };
        Self {
            speeds,
            beyond,
            magnitude,
        }
    }

    /// The turns at some positions of texts that are so long when they are read. Angles are products in `f32`, as
    /// transformers has them.
    pub(super) fn turns(
        &self,
        positions: &[u32],
        lengths: &[u32],
        (dtype, device): (DType, &Device),
    ) -> Result<Turns> {
        let speeds = |length: u32| match &self.beyond {
            Some((original, speeds)) if length as usize > *original => speeds,
            _ => &self.speeds,
        };
        let angles: Vec<f64> = positions
            .iter()
            .zip(lengths)
            .flat_map(|(&at, &length)| speeds(length).iter().map(move |speed| at as f32 * speed))
            .map(f64::from)
            .collect();
        let table = |function: fn(f64) -> f64| {
            let value = |&angle: &f64| (self.magnitude * function(angle)) as f32;
            let values: Vec<f32> = angles.iter().map(value).collect();
            let shape = (positions.len(), self.speeds.len());
            Tensor::from_vec(values, shape, &Device::Cpu)?
                .to_dtype(dtype)?
                .to_device(device)
        };
        Ok(Turns {
            cos: table(f64::cos)?,
            sin: table(f64::sin)?,
            pairs: self.speeds.len(),
        })
    }
}

impl Yarn {
    /// How far each pair is slowed, from 0 to 1.
    fn ramp(&self, facts: &RopeFacts) -> impl Fn(usize) -> f64 + use<> {
        let width = facts.width as f64;
        // The pair that turns so many times within the original context.
        let pair = |turns: f64| {
            width * (self.original_context / (turns * 2.0 * PI)).ln() / (2.0 * facts.theta.ln())
        };
        let (mut low, mut high) = (pair(self.beta_fast), pair(self.beta_slow));
        if self.truncate {
            (low, high) = (low.floor(), high.ceil());
        }
        let (low, mut high) = (low.max(0.0), high.min(width - 1.0));
        if low == high {
            high += 0.001;
        }
        move |pair| ((pair as f64 - low) / (high - low)).clamp(0.0, 1.0)
    }
}

impl Turns {
    /// The tables.
    #[cfg(feature = "cuda")]
    pub(super) fn tensors(&self) -> [&Tensor; 2] {
        [&self.cos, &self.sin]
    }

    /// Queries or keys `(n, heads * head width)`, turned. A pair is a number of the first half of what is turned of a head
    /// and its counterpart in the second.
    pub(super) fn apply(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let (n, all) = x.dims2()?;
        let (width, turned) = (all / heads, 2 * self.pairs);
        let x = x.reshape((1, n, heads, width))?;
        if turned == width {
            return rope_thd(&x.contiguous()?, &self.cos, &self.sin)?.reshape((n, all));
        }
        let first = x.narrow(3, 0, turned)?.contiguous()?;
        let first = rope_thd(&first, &self.cos, &self.sin)?;
        let rest = x.narrow(3, turned, width - turned)?;
        Tensor::cat(&[first, rest], 3)?.reshape((n, all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rope(width: usize, theta: f64, scaling: Scaling) -> Rope {
        Rope::new(&RopeFacts {
            width,
            theta,
            scaling,
        })
    }

    #[test]
    fn llama3_slows_only_what_turns_slowly() {
        let scaling = Scaling::Llama3 {
            factor: 32.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context: 8192.0,
        };
        let plain = rope(64, 500_000.0, Scaling::None);
        let slowed = rope(64, 500_000.0, scaling);
        let ratio = |pair: usize| plain.speeds[pair] / slowed.speeds[pair];
        assert_eq!(ratio(0), 1.0);
        assert!((ratio(31) - 32.0).abs() < 1e-3);
        // 8192 * 500000^(-1/2) / 2 pi is 1.84 turns, between the two limits: mixed. The numbers are tested by parity.
        assert!(ratio(16) > 1.0 && ratio(16) < 32.0);
    }

    #[test]
    fn linear_is_each_with_one_number() {
        let linear = rope(8, 10_000.0, Scaling::Linear(4.0));
        let each = rope(8, 10_000.0, Scaling::Each(vec![4.0; 4]));
        assert_eq!(linear.speeds, each.speeds);
        assert_eq!(linear.speeds[0], 0.25);
    }

    #[test]
    fn long_factors_count_beyond_the_original_context() -> Result<()> {
        let long = rope(
            4,
            100.0,
            Scaling::Long {
                short: vec![1.0, 2.0],
                long: vec![3.0, 4.0],
                original_context: 8,
                magnitude: 1.5,
            },
        );
        let held = (DType::F32, &Device::Cpu);
        let sines = |length: u32| -> Result<Vec<f32>> {
            long.turns(&[5], &[length], held)?
                .sin
                .flatten_all()?
                .to_vec1()
        };
        let expected = |speeds: [f32; 2]| speeds.map(|speed| 1.5 * (5.0 * speed).sin());
        for (length, speeds) in [(8, [1.0, 0.05]), (9, [1.0 / 3.0, 0.025])] {
            for (ours, expected) in sines(length)?.iter().zip(expected(speeds)) {
                assert!(
                    (ours - expected).abs() < 1e-6,
                    "{length}: {ours} {expected}"
                );
            }
        }
        Ok(())
    }
}
