//! Looking at a model in training: its loss on other text, its texts, its odds, and what it knows by heart.

mod memorised;
mod samples;

use super::data::Batches;
use super::network::Network;
use super::{TrainingError, Validation};
use crate::text::Tokenizer;

pub(super) use self::memorised::copied;
pub(super) use self::samples::{Studio, mark, odds, sample};

/// Bytes of text that each token stands for; special tokens stand for none.
pub(super) fn token_bytes(tokenizer: &Tokenizer) -> Vec<u16> {
    let special = tokenizer.special_ids();
    (0..tokenizer.vocabulary_size() as u32)
        .map(|id| {
            if special.contains(&id) {
                0
            } else {
                u16::try_from(tokenizer.token_bytes(id).len()).unwrap_or(u16::MAX)
            }
        })
        .collect()
}

/// The losses of some validation batches; `most` 0 is all. Step, epoch and rank are left to the caller. `cancelled` is
/// looked at between batches and ends with none.
pub(super) fn validate(
    network: &Network,
    batches: &Batches,
    most: u64,
    count_padding: bool,
    bytes: &[u16],
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<Validation>, TrainingError> {
    let (mut loss, mut padded, mut correct, mut length) = (0.0, 0.0, 0, 0u64);
    let (mut real, mut all) = (0u64, 0u64);
    for batch in batches.first(most) {
        if cancelled() {
            return Ok(None);
        }
        let shares = vec![0.0; batch.targets.len()];
        let rows = network.losses(&batch, &shares)?.rows;
        for (at, (row, right)) in rows.losses.iter().zip(rows.correct).enumerate() {
            all += 1;
            padded += f64::from(*row);
            if batch.real[at] {
                real += 1;
                loss += f64::from(*row);
                correct += u64::from(right);
                let target = batch.targets[at] as usize;
                length += u64::from(bytes.get(target).copied().unwrap_or(0));
            }
        }
    }
    let mean = loss / real.max(1) as f64;
    Ok(Some(Validation {
        loss: mean,
        padded_loss: count_padding.then(|| padded / all.max(1) as f64),
        perplexity: mean.exp(),
        accuracy: correct as f64 / real.max(1) as f64,
        bits_per_byte: loss / std::f64::consts::LN_2 / length.max(1) as f64,
        tokens: real,
        ..Validation::default()
    }))
}
