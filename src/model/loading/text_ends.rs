//! Which tokens end and start texts.

use crate::model::ModelInfo;
use crate::text::Tokenizer;

/// The tokens that end and start texts: those that the model names if it has them, or the tokenizer's. Small models
/// often keep the 50,256 that is GPT-2's default.
pub(super) fn set_tokens(
    info: &mut ModelInfo,
    tokenizer: &Tokenizer,
    end_tokens: &[u32],
    start_token: Option<u32>,
) {
    let known = |id: &u32| (*id as usize) < info.vocabulary;
    let mut end: Vec<u32> = end_tokens.iter().copied().filter(known).collect();
    if end.is_empty() {
        end.extend(tokenizer.end_of_text().filter(known));
    }
    // Not all files name the token that ends an answer.
    end.extend(tokenizer.ends_of_turn().into_iter().filter(known));
    end.sort_unstable();
    end.dedup();
    let start = tokenizer.start_ids().last().copied();
    let start = start.or(start_token).filter(known);
    info.start_token = start.or(end.first().copied());
    info.end_tokens = end;
    info.token_set = tokenizer.token_set();
    info.adds_first_space = tokenizer.adds_first_space();
}
