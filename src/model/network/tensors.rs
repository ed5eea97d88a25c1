//! Where a network takes its weights from.

use super::linear::Matrix;
use crate::model::ModelError;

/// What a tensor is for. Its place tells what it is part of: the model, a layer, or an expert or a head of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::model) enum Part {
    Embedding,
    Positions,
    EmbeddingNorm,
    LastNorm,
    Head,
    AttentionNorm,
    Query,
    Key,
    Value,
    /// Queries, keys and values, one below the other.
    Fused,
    QueryNorm,
    KeyNorm,
    AttentionOut,
    /// Of what attention made.
    AttentionAfter,
    Sinks,
    FeedForwardNorm,
    Gate,
    Up,
    /// Gate and up, one below the other.
    GateUp,
    Down,
    /// Of what the feed-forward part made.
    FeedForwardAfter,
    Router,
    ExpertGate,
    ExpertUp,
    /// Gate and up of an expert, the rows of one and the other taking turns.
    ExpertGateUp,
    ExpertDown,
    SharedGate,
    SharedUp,
    SharedDown,
    /// How much of the shared expert is taken.
    SharedRouter,
}

/// The name of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) struct Name {
    pub(in crate::model) part: Part,
    pub(in crate::model) layer: Option<usize>,
    /// Which of a layer's experts or heads it is of.
    pub(in crate::model) one: Option<usize>,
    pub(in crate::model) bias: bool,
}

impl Part {
    /// The weight of a part of the whole.
    pub(in crate::model) fn weight(self) -> Name {
        Name {
            part: self,
            layer: None,
            one: None,
            bias: false,
        }
    }

    /// The weight of a layer's part.
    pub(in crate::model) fn of(self, layer: usize) -> Name {
        Name {
            layer: Some(layer),
            ..self.weight()
        }
    }
}

impl Name {
    /// The bias beside it.
    pub(in crate::model) fn bias(self) -> Self {
        Self { bias: true, ..self }
    }

    /// The same of one expert.
    pub(in crate::model) fn expert(self, expert: usize) -> Self {
        Self {
            one: Some(expert),
            ..self
        }
    }

    /// The same of one head.
    pub(in crate::model) fn of_head(self, head: usize) -> Self {
        Self {
            one: Some(head),
            ..self
        }
    }
}

/// The tensors of a model by their names. Each is taken once.
pub(in crate::model) trait Tensors {
    /// Whether such files have a name for it.
    fn names(&self, name: Name) -> bool;

    /// Whether there is such a tensor.
    fn has(&self, name: Name) -> bool;

    /// A tensor's values in row-major order.
    ///
    /// # Errors
    /// When it is missing, or has another shape or number type than a model of this description needs.
    fn take(&mut self, name: Name, shape: &[usize]) -> Result<Vec<f32>, ModelError>;

    /// A matrix of `[out, in]`, in the file's own quantisation if it has one that is to be kept.
    ///
    /// # Errors
    /// As [`Tensors::take`].
    fn matrix(&mut self, name: Name, shape: [usize; 2]) -> Result<Matrix, ModelError>;
}

/// Is told how many tensors of how many are read; its error breaks off.
pub(in crate::model) type Report<'a> = dyn FnMut(usize, usize) -> Result<(), ModelError> + 'a;
