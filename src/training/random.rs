//! Random numbers by address: each is computed from a key and an index, none from the one before.
//!
//! So a run that is resumed needs no state but its seed and step, and the numbers do not depend on the platform or on
//! how work is shared out to threads. The hash is the finalizer of SplitMix64 (Steele, Lea, Flood 2014).

/// The golden ratio in 64 bits: SplitMix64's step.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a stream of random numbers is addressed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The key of a seed.
    pub fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(STEP)))
    }

    /// A key for one of many purposes under this one.
    pub fn with(self, purpose: u64) -> Self {
        Self(mix(self.0 ^ mix(purpose.wrapping_add(STEP))))
    }

    /// A key for a purpose that has a name.
    pub fn named(self, purpose: &str) -> Self {
        purpose
            .bytes()
            .fold(self, |key, byte| key.with(u64::from(byte)))
    }

    /// What it is made of, for kernels that hash it themselves.
    #[cfg(feature = "cuda")]
    pub(super) fn word(self) -> u64 {
        self.0
    }

    /// 64 random bits.
    #[inline(always)]
    pub fn bits(self, index: u64) -> u64 {
        mix(self.0.wrapping_add(index.wrapping_mul(STEP)))
    }

    /// A number in [0, 1).
    pub fn unit(self, index: u64) -> f64 {
        (self.bits(index) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number of the standard normal distribution, by Marsaglia's polar method.
    pub fn normal(self, index: u64) -> f64 {
        let own = self.with(index);
        let mut attempt = 0;
        loop {
            let x = 2.0 * own.unit(attempt) - 1.0;
            let y = 2.0 * own.unit(attempt + 1) - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * ln(square) / square).sqrt();
            }
            attempt += 2;
        }
    }

    /// Where `index` lies in a random order of the numbers below `length`, which must be above it. Needs no memory:
    /// a Feistel network of eight rounds over the next even power of two, walked until the result is below `length`.
    pub fn permute(self, index: u64, length: u64) -> u64 {
        debug_assert!(index < length);
        let bits = u64::BITS - length.saturating_sub(1).leading_zeros();
        let half = bits.div_ceil(2).max(1);
        let mask = (1u64 << half) - 1;
        let mut at = index;
        loop {
            let (mut left, mut right) = (at >> half, at & mask);
            for round in 0..8 {
                let next = left ^ (self.with(round).bits(right) & mask);
                (left, right) = (right, next);
            }
            at = (left << half) | right;
            if at < length {
                return at;
            }
        }
    }
}

/// SplitMix64's finalizer.
#[inline(always)]
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// The natural logarithm of a positive normal number. The system's own differs between platforms in the last place;
/// this uses nothing but additions, products and quotients, which do not.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7FF) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    // ln m = 2 atanh((m - 1) / (m + 1)), whose series ends quickly for m near 1.
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let square = z * z;
    let mut sum = 0.0;
    for odd in (0..12).rev() {
        sum = sum * square + 1.0 / f64::from(2 * odd + 1);
    }
    2.0 * z * sum + exponent as f64 * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_the_logarithm() {
        for step in 1..5000 {
            let x = f64::from(step) / 1000.0;
            assert!((ln(x) - x.ln()).abs() < 1e-14, "ln {x}");
        }
        assert!((ln(1e-300) - 1e-300f64.ln()).abs() < 1e-10);
    }

    #[test]
    fn normal_numbers_have_their_moments() {
        let key = Key::new(3).named("test");
        let numbers: Vec<f64> = (0..40_000).map(|index| key.normal(index)).collect();
        let moment = |power: i32| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / 40_000.0;
        assert!(moment(1).abs() < 0.02, "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.03, "variance {}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.2, "kurtosis {}", moment(4));
    }

    #[test]
    fn an_order_has_every_number_once_and_is_no_other_s() {
        for length in [1, 2, 3, 17, 64, 1000] {
            let order = |seed| -> Vec<u64> {
                (0..length)
                    .map(|index| Key::new(seed).permute(index, length))
                    .collect()
            };
            let mut sorted = order(1);
            sorted.sort_unstable();
            assert_eq!(sorted, (0..length).collect::<Vec<_>>());
            if length > 16 {
                assert_ne!(order(1), order(2));
            }
        }
        // No number prefers a place: each of 8 visits each place in about an eighth of the orders.
        let mut counts = [[0; 8]; 8];
        for seed in 0..8000 {
            for (index, counts) in counts.iter_mut().enumerate() {
                counts[Key::new(seed).permute(index as u64, 8) as usize] += 1;
            }
        }
        let counts = counts.as_flattened();
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn the_numbers_never_change() {
        // A run that is resumed with a later version must go on as it would have.
        let key = Key::new(1).named("shuffle").with(2);
        assert_eq!(
            (key.bits(0), key.permute(5, 1000)),
            (EXPECTED_BITS, EXPECTED_PLACE)
        );
        assert!((key.normal(9) - EXPECTED_NORMAL).abs() < 1e-14);
    }

    const EXPECTED_BITS: u64 = 13_331_320_305_193_562_508;
    const EXPECTED_PLACE: u64 = 907;
    const EXPECTED_NORMAL: f64 = -1.5704108337413456;
}
