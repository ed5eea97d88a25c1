//! What a model would rather have said at each place of a text: the tokens that it thought likeliest there.

use serde::Serialize;

use super::shown::bytes_before;
use super::{DecodingError, Generation};
use crate::model::LoadedModel;
use crate::sampling::RawOdds;
use crate::text::display_between;

/// Rows of logits held at once.
const LOGIT_ROWS: usize = 16;

/// A token that could have stood at some place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Likely {
    pub id: u32,
    /// The token made safe and visible for display.
    pub display: String,
    /// Raw probability (0 to 1).
    pub probability: f32,
}

/// The `rows` most probable tokens at each place of a text before the chain, the likeliest first: an entry for each token,
/// empty for the first, which nothing predicts. The head alone is applied, to the hidden states that were kept; only a text
/// that comes from a file is read. Once `cancelled` says so, the entries that are left are empty.
///
/// # Errors
/// When the device fails.
pub fn likeliest(
    loaded: &LoadedModel,
    generation: &mut Generation,
    rows: usize,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Vec<Likely>>, DecodingError> {
    generation.catch_up_before_last(loaded)?;
    let sequence = generation.sequence();
    let width = loaded.model.info().width;
    let mut all = vec![Vec::new(); sequence.len()];
    let places: Vec<usize> = (1..sequence.len()).collect();
    for places in places.chunks(LOGIT_ROWS) {
        if cancelled() {
            break;
        }
        let hidden = sequence.predictors(width, places.iter().copied())?;
        let logits = loaded.model.logits(&hidden)?;
        for (&place, logits) in places.iter().zip(logits.iter()) {
            let raw = RawOdds::new(logits);
            let before = bytes_before(sequence.records(), place);
            let likely = |id: u32| {
                let bytes = loaded.tokenizer.token_bytes(id);
                let display = if bytes.is_empty() {
                    loaded.tokenizer.display(id)
                } else {
                    display_between(&before, bytes, &[])
                };
                Likely {
                    id,
                    display,
                    probability: raw.probability(logits, id),
                }
            };
            all[place] = raw.top(logits, rows).into_iter().map(likely).collect();
        }
    }
    Ok(all)
}
