//! What a network is told of tokens before it computes: copied to its device beforehand, so that all after is done there.

use candle_core::Tensor;

use super::rope::Turns;

/// Of `n` tokens.
pub(super) struct Inputs {
    pub(super) tokens: Vec<u32>,
    /// The tokens again, `(n)`.
    pub(super) ids: Tensor,
    /// Their rows of the table of positions, `(n)`, if there is one.
    pub(super) rows: Option<Tensor>,
    pub(super) placed: Placed,
}

/// What follows of the places of tokens, for all layers.
pub(super) struct Placed {
    /// For each kind of layer.
    pub(super) turns: Vec<Turns>,
    /// What queries are multiplied by, `(n, 1)`.
    pub(super) growth: Option<Tensor>,
}

impl Inputs {
    /// All that is on the device, in one order for one network.
    #[cfg(feature = "cuda")]
    pub(super) fn tensors(&self) -> Vec<&Tensor> {
        let Placed { turns, growth } = &self.placed;
        let turns = turns.iter().flat_map(Turns::tensors);
        let single = [&self.ids].into_iter().chain(&self.rows).chain(growth);
        single.chain(turns).collect()
    }
}
