//! Reads one token of each of several texts together: one pass over the weights for all of them.

use super::DecodingError;
use super::generation::{Generation, StepOutcome};
use super::sequence::Sequence;
use super::window::Slide;
use crate::model::{LoadedModel, Rows};

/// Reads what is unread of each sequence, the last token of all of them in one batch, and returns a row of logits
/// for each, along with the slides that were needed.
///
/// # Errors
/// When the model fails, or with [`DecodingError::Cancelled`].
pub(super) fn next_logits(
    loaded: &LoadedModel,
    sequences: &mut [&mut Sequence],
    cancelled: &dyn Fn() -> bool,
) -> Result<(Rows, Vec<Option<Slide>>), DecodingError> {
    let mut slides = vec![None; sequences.len()];
    let mut tokens = Vec::new();
    let mut caches = Vec::new();
    let mut batched = Vec::new();
    for (index, sequence) in sequences.iter_mut().enumerate() {
        if sequence.unread() == 1 {
            let (id, cache, slide) = sequence.lend_for_one(loaded)?;
            slides[index] = slide;
            tokens.push(id);
            caches.push(cache);
            batched.push(index);
        } else {
            slides[index] = sequence.catch_up(loaded, cancelled)?;
        }
    }
    if !tokens.is_empty() {
        let hidden = loaded.model.step(&tokens, &mut caches)?;
        for (row, &index) in hidden.iter().zip(&batched) {
            sequences[index].keep(row);
        }
    }
    let mut last = Vec::new();
    for sequence in sequences.iter() {
        last.extend_from_slice(sequence.predictor(sequence.len())?.as_slice());
    }
    let logits = loaded
        .model
        .logits(&Rows::new(loaded.model.info().width, last))?;
    Ok((logits, slides))
}

/// Steps several generations together. Returns an outcome for each: one whose method fails fails alone.
///
/// # Errors
/// When the model fails, or with [`DecodingError::Cancelled`].
pub fn step(
    loaded: &LoadedModel,
    generations: &mut [&mut Generation],
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Result<StepOutcome, DecodingError>>, DecodingError> {
    let mut sequences: Vec<_> = generations
        .iter_mut()
        .map(|generation| generation.sequence_mut())
        .collect();
    let (logits, slides) = next_logits(loaded, &mut sequences, cancelled)?;
    Ok(generations
        .iter_mut()
        .zip(logits.iter())
        .zip(slides)
        .map(|((generation, logits), slide)| generation.step_from(loaded, logits, slide))
        .collect())
}
