//! What a step of the chain is.

use super::Context;
use super::candidates::Candidates;

/// One step of the chain, with its settings.
pub trait Stage: std::fmt::Debug + Send + Sync {
    /// Changes logits, or cuts tokens, but never all.
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>);

    /// Why it could not do its work when it was last applied to this text; none where it could.
    fn failure(&self, _: &Context<'_>) -> Option<String> {
        None
    }

    /// Whether the text is whole, so that nothing but its end may follow.
    fn is_over(&self, _: &Context<'_>) -> bool {
        false
    }
}
