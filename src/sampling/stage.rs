//! What a step of the chain is.

use super::Context;
use super::candidates::Candidates;

/// One step of the chain, with its settings.
pub trait Stage: std::fmt::Debug + Send + Sync {
    /// Changes logits, or cuts tokens, but never all.
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>);

    /// Whether the text is whole, so that nothing but its end may follow.
    fn is_over(&self, _: &Context<'_>) -> bool {
        false
    }
}
