//! What a token costs a network: the numbers it is multiplied by, and the bytes in which they lie.

use std::iter::Sum;
use std::ops::Add;

use candle_core::quantized::QMatMul;

/// Matrices, as they are held.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Held {
    /// Their numbers. Of experts that a token is chosen for, not of all.
    pub numbers: f64,
    pub bytes: f64,
}

impl Held {
    /// A share of them: so many of all experts.
    pub(super) fn share(self, share: f64) -> Self {
        Self {
            numbers: self.numbers * share,
            bytes: self.bytes * share,
        }
    }

    /// A quantised matrix of candle's.
    pub(super) fn of_candle(matrix: &QMatMul) -> Self {
        match matrix {
            QMatMul::QTensor(matrix) => Self {
                numbers: matrix.shape().elem_count() as f64,
                bytes: matrix.storage_size_in_bytes() as f64,
            },
            QMatMul::Tensor(matrix) | QMatMul::TensorF16(matrix) => Self::dense(matrix),
        }
    }

    pub(super) fn dense(matrix: &candle_core::Tensor) -> Self {
        let numbers = matrix.elem_count();
        Self {
            numbers: numbers as f64,
            bytes: (numbers * matrix.dtype().size_in_bytes()) as f64,
        }
    }
}

impl Add for Held {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            numbers: self.numbers + other.numbers,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Sum for Held {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// What a token costs a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The matrices of the layers.
    pub layers: Held,
    /// That of the head.
    pub head: Held,
    /// Numbers in the queries of all heads of a layer, and in its keys, or its values.
    queries: usize,
    keys: usize,
    /// Bytes of a number among keys and values.
    in_cache: usize,
    /// How many tokens each layer looks at, if not at all.
    windows: Vec<Option<usize>>,
}

impl Cost {
    /// Of layers that look at `windows` tokens each, a head, `heads` with the widths of their queries and of their keys
    /// together, and the bytes of a number among keys and values.
    pub(super) fn new(
        [layers, head]: [Held; 2],
        [queries, keys]: [usize; 2],
        in_cache: usize,
        windows: Vec<Option<usize>>,
    ) -> Self {
        Self {
            layers,
            head,
            queries,
            keys,
            in_cache,
            windows,
        }
    }

    /// Bytes of the keys and values that a token looks at which has so many before it.
    pub fn cached_bytes(&self, before: usize) -> f64 {
        (2 * self.keys * self.in_cache) as f64 * self.looked_at(before)
    }

    /// Operations of attention in a text of so many tokens: of each token with each that it looks at a product with the
    /// key, and one with the value.
    pub fn attention_operations(&self, tokens: usize) -> f64 {
        let looked_at: f64 = (0..tokens).map(|before| self.looked_at(before)).sum();
        4.0 * self.queries as f64 * looked_at
    }

    /// Tokens that all layers together look at.
    fn looked_at(&self, before: usize) -> f64 {
        let each = |window: &Option<usize>| window.map_or(before, |window| before.min(window));
        self.windows.iter().map(each).sum::<usize>() as f64
    }
}
