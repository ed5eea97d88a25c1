//! What a network computes on its way from tokens to hidden states, by name: for whoever looks inside.

use candle_core::{Result as CandleResult, Tensor};

use crate::model::Rows;

/// A place in a network. Layers are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// What the tokens are turned into: a row of `width` for each.
    Embedding,
    /// How much each token of a layer looks at each before it and itself, 0 to 1: for each head, one after the other, a
    /// row for each new token, of as many numbers as the cache then holds tokens.
    AttentionPattern(usize),
    /// What a layer's feed-forward part adds: a row of `width` for each token.
    FeedForward(usize),
    /// The sum after a layer: a row of `width` for each token.
    Residual(usize),
    /// The hidden states after the last norm: a row of `width` for each token.
    FinalNorm,
}

/// Someone who looks inside of a network while it reads.
pub trait Observer {
    /// Whether a place is to be shown. What nobody wants is not computed for it, nor copied from the device.
    fn wants(&self, site: Site) -> bool;

    /// Is shown a place.
    fn see(&mut self, site: Site, values: Rows);
}

/// Is shown tensors of the places that networks name by themselves, in the order in which they are computed.
pub(in crate::model) type Watch<'a> = dyn FnMut(Site, &Tensor) -> CandleResult<()> + 'a;
