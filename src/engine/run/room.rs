//! Whether there is memory for all texts of a run at their full length.

use crate::decoding::{DecodingError, Generation};
use crate::model::{ModelError, bytes_text};
use crate::sampling::{Method, SamplerSettings};

/// Checks it for so many texts that are drawn so, beside the one of `first` that is there, which has read the prompt.
///
/// # Errors
/// When they do not fit, with what would.
pub(super) fn check<'a>(
    first: &Generation,
    drawn: impl IntoIterator<Item = (&'a SamplerSettings, usize)>,
) -> Result<(), DecodingError> {
    let (mut lanes, mut texts) = (0usize, 0usize);
    let mut searched = false;
    for (sampler, count) in drawn {
        lanes = lanes.saturating_add(count);
        // While they are extended, beams are there twice.
        texts = texts.saturating_add(match sampler.method {
            Method::Beam => sampler.num_beams.saturating_mul(2).saturating_mul(count),
            _ => count,
        });
        searched |= sampler.method == Method::Beam;
    }
    let sequence = first.sequence();
    let start = first.prompt_len();
    let length = start.saturating_add(first.settings().max_tokens);
    let contexts = 1 + u64::from(first.second_spent().is_some());
    let each = contexts
        * if searched {
            sequence.bytes_at(length)
        } else {
            sequence.bytes_beside(start, length)
        };
    let (Some(left), 2..) = (sequence.memory_left(), texts) else {
        return Ok(());
    };
    let needed = each.saturating_mul(texts as u64 - 1);
    if needed <= left {
        return Ok(());
    }
    let fitting = left / each.max(1) + 1;
    let way_out = if searched && lanes == 1 {
        format!("{} beams would fit", fitting / 2)
    } else {
        format!("{fitting} would fit")
    };
    Err(DecodingError::Model(ModelError::NoMemory(format!(
        "{texts} texts at once take about {} of memory, {} each, but {} are left: {way_out}",
        bytes_text(needed),
        bytes_text(each),
        bytes_text(left),
    ))))
}
