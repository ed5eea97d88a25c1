//! What a decoder-only transformer is: the facts by which one differs from another.

use super::Activation;
use super::attention::Heads;
use super::rope::RopeFacts;

/// A model's facts, whatever family it is of. Names of facts are the field's; what each changes is in the file named
/// after its part.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::model) struct Description {
    /// The family's name, as transformers has it.
    pub(in crate::model) family: &'static str,
    pub(in crate::model) vocabulary: usize,
    /// Length of a hidden state.
    pub(in crate::model) width: usize,
    /// Most tokens that the model can look at.
    pub(in crate::model) context_length: usize,
    pub(in crate::model) heads: Heads,
    pub(in crate::model) norm: NormFacts,
    pub(in crate::model) places: NormPlaces,
    pub(in crate::model) embedding: EmbeddingFacts,
    pub(in crate::model) attention: AttentionFacts,
    pub(in crate::model) feed_forward: FeedForwardFacts,
    /// Of the layers that have one.
    pub(in crate::model) mixture: Option<MixtureFacts>,
    /// What each part's change is multiplied by before it is added.
    pub(in crate::model) residual_scale: f64,
    pub(in crate::model) head: HeadFacts,
    /// The kinds of rotary positions that layers have.
    pub(in crate::model) ropes: Vec<RopeFacts>,
    pub(in crate::model) layers: Vec<LayerFacts>,
    pub(in crate::model) start_token: Option<u32>,
    pub(in crate::model) end_tokens: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum NormKind {
    /// `(x - mean) / sqrt(variance + epsilon)` (Ba, Kiros, Hinton 2016).
    Layer,
    /// `x / sqrt(mean(x^2) + epsilon)` (Zhang and Sennrich 2019).
    Rms,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct NormFacts {
    pub(in crate::model) kind: NormKind,
    pub(in crate::model) epsilon: f64,
    /// Whether it is multiplied by a weight.
    pub(in crate::model) weight: bool,
    /// Whether the file holds that weight less one.
    pub(in crate::model) plus_one: bool,
    /// Whether a layer norm adds one.
    pub(in crate::model) bias: bool,
}

/// Where a layer has norms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) struct NormPlaces {
    pub(in crate::model) before_attention: bool,
    /// Of what attention made, before it is added.
    pub(in crate::model) after_attention: bool,
    /// Where parts are side by side and this is not, they share the one before attention.
    pub(in crate::model) before_feed_forward: bool,
    pub(in crate::model) after_feed_forward: bool,
    /// How the parts of a layer follow each other.
    pub(in crate::model) order: Order,
    /// After the last layer.
    pub(in crate::model) last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Order {
    /// Feed-forward reads what attention was added to.
    InTurn,
    /// Both read what comes into the layer.
    Parallel,
    /// In turn, with the norms named "before" after the sums, as in the first transformer.
    NormsAfterSums,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct EmbeddingFacts {
    /// What the rows are multiplied by.
    pub(in crate::model) scale: f64,
    /// Whether a norm follows.
    pub(in crate::model) norm: bool,
    /// Learned positions: how many rows the table has.
    pub(in crate::model) positions: Option<usize>,
    /// The row of the first position.
    pub(in crate::model) offset: usize,
}

/// By default there is nothing but queries, keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::model) struct AttentionFacts {
    pub(in crate::model) bias: bool,
    pub(in crate::model) out_bias: bool,
    pub(in crate::model) norms: Option<HeadNorm>,
    /// Queries, keys and values are kept within so much of 0.
    pub(in crate::model) clamp: Option<f64>,
    /// Queries grow by `1 + beta * ln(1 + floor(position / context))`: beta and the context.
    pub(in crate::model) growth: Option<(f64, f64)>,
    /// Scores are bent to less than this: `cap * tanh(score / cap)`.
    pub(in crate::model) cap: Option<f64>,
    /// Scores fall with distance, by a slope a head (ALiBi), times this.
    pub(in crate::model) alibi: Option<f64>,
    /// Whether each head has the score of a key that is not there.
    pub(in crate::model) sinks: bool,
}

/// What the norms of queries and keys, before their rotation, are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum HeadNorm {
    Each,
    /// Each head, by a weight of its own.
    Own,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct FeedForwardFacts {
    /// Its inner width.
    pub(in crate::model) inner: usize,
    pub(in crate::model) activation: Activation,
    /// Whether one half, through the activation, multiplies the other.
    pub(in crate::model) gated: bool,
    pub(in crate::model) bias: bool,
}

/// A feed-forward part of experts, of which each token is sent to a few (Shazeer et al. 2017).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct MixtureFacts {
    pub(in crate::model) experts: usize,
    /// How many a token is sent to.
    pub(in crate::model) chosen: usize,
    /// The inner width of each.
    pub(in crate::model) inner: usize,
    /// Whether the shares of the chosen ones are made to sum to 1.
    pub(in crate::model) normalised: bool,
    pub(in crate::model) router_bias: bool,
    pub(in crate::model) bias: bool,
    /// Inputs are clamped and the gate is `x * sigmoid(1.702 x)` times the other half plus 1.
    pub(in crate::model) clamped: Option<f64>,
    /// The inner width of the expert that every token is sent to.
    pub(in crate::model) shared: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct HeadFacts {
    /// Whether it is the token embedding.
    pub(in crate::model) tied: bool,
    pub(in crate::model) bias: bool,
    /// What logits are multiplied by.
    pub(in crate::model) scale: f64,
    /// Logits are bent to less than this.
    pub(in crate::model) cap: Option<f64>,
}

/// What differs from layer to layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct LayerFacts {
    /// What scores of attention are multiplied by.
    pub(in crate::model) scale: f64,
    /// The most tokens that one sees, itself included.
    pub(in crate::model) window: Option<usize>,
    /// Its kind of rotary positions, a place among [`Description::ropes`].
    pub(in crate::model) rope: Option<usize>,
    /// Whether its feed-forward part is a mixture.
    pub(in crate::model) mixture: bool,
}
