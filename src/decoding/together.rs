//! Reads what is unread of several texts together: short ones in one pass over the weights.

use super::DecodingError;
use super::sequence::Sequence;
use super::window::CHUNK;
use crate::model::LoadedModel;

/// How many of texts with so many tokens to read are read in one pass, from the first on: as many as a chunk holds. None
/// where the first one alone is longer.
pub(super) fn packed(lengths: impl IntoIterator<Item = usize>) -> usize {
    let mut all = 0;
    let fitting = lengths.into_iter().take_while(|length| {
        all += length;
        all <= CHUNK
    });
    fitting.count()
}

/// Reads what is unread of each sequence: short ones together, in passes of as many tokens as a chunk has.
///
/// # Errors
/// When the model fails, or with [`DecodingError::Cancelled`].
pub(super) fn read(
    loaded: &LoadedModel,
    sequences: &mut [Sequence],
    cancelled: &dyn Fn() -> bool,
) -> Result<(), DecodingError> {
    let mut left = sequences;
    while !left.is_empty() {
        if cancelled() {
            return Err(DecodingError::Cancelled);
        }
        let fits = |sequence: &&Sequence| sequence.unread() <= sequence.room();
        let count = packed(left.iter().take_while(fits).map(Sequence::unread));
        let (now, later) = left.split_at_mut(count.max(1));
        match now {
            [one] => {
                one.catch_up(loaded, cancelled)?;
            }
            several => read_pass(loaded, several)?,
        }
        left = later;
    }
    Ok(())
}

/// Reads what is unread of all of these, which the model sees all of, in one pass.
fn read_pass(loaded: &LoadedModel, sequences: &mut [Sequence]) -> Result<(), DecodingError> {
    let mut texts = Vec::with_capacity(sequences.len());
    let mut caches = Vec::with_capacity(sequences.len());
    for sequence in sequences.iter_mut() {
        let (text, cache) = sequence.lend_unread(loaded)?;
        texts.push(text);
        caches.push(cache);
    }
    let hidden = loaded.model.read_each(&texts, &mut caches)?;
    for (sequence, rows) in sequences.iter_mut().zip(&hidden) {
        rows.iter().for_each(|row| sequence.keep(row));
    }
    Ok(())
}
