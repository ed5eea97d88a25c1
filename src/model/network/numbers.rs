//! Whether what a model computes are numbers, and where they end if not: one weight that is none, or one sum that is
//! too large for its type, spreads over all that follows, and odds made of it would be made up.

use candle_core::{DType, Result as CandleResult, Tensor};

use super::site::Site;
use crate::model::{ModelError, Rows};

/// Values looked at together: a loop that may end at any of them is many times slower.
const AT_ONCE: usize = 256;

/// Whether all values are finite.
pub(in crate::model) fn all_finite(values: &[f32]) -> bool {
    let mut pieces = values.chunks(AT_ONCE);
    pieces.all(|piece| {
        piece
            .iter()
            .fold(true, |finite, value| finite & value.is_finite())
    })
}

/// The token whose logit makes odds of a row impossible: one that is NaN or plus infinity, or any if no logit is
/// larger than minus infinity. Minus infinity alone is how some heads forbid a token.
fn bad_logit(row: &[f32]) -> Option<usize> {
    if all_finite(row) {
        return None;
    }
    let bad = row
        .iter()
        .position(|logit| logit.is_nan() || *logit == f32::INFINITY);
    let none = || (!row.iter().any(|logit| logit.is_finite())).then_some(0);
    bad.or_else(none)
}

/// Finds the place at which values are no numbers for the first time, while a network runs.
#[derive(Debug, Default)]
pub(in crate::model) struct Search {
    found: Option<(Site, usize)>,
}

impl Search {
    /// Looks at the rows `(n, width)` of a place.
    ///
    /// # Errors
    /// When the device fails.
    pub(in crate::model) fn look(&mut self, site: Site, rows: &Tensor) -> CandleResult<()> {
        if self.found.is_none() {
            let width = rows.dim(1)?;
            let values = rows.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
            let bad = values.chunks(width).position(|row| !all_finite(row));
            self.found = bad.map(|row| (site, row));
        }
        Ok(())
    }

    /// The error that names what was found, for a network that read `tokens` through so many `layers`. Where all
    /// others had numbers, the last norm has none.
    pub(in crate::model) fn error(&self, tokens: &[u32], layers: usize) -> ModelError {
        let place = match self.found {
            Some((Site::Embedding, row)) => match tokens.get(row) {
                Some(token) => format!("the embedding of token {token}"),
                None => "the embedding".to_owned(),
            },
            Some((
                Site::AttentionPattern(layer) | Site::FeedForward(layer) | Site::Residual(layer),
                _,
            )) => format!("layer {} of {layers}", layer + 1),
            Some((Site::FinalNorm, _)) | None => "the norm after the last layer".to_owned(),
        };
        ModelError::NotNumbers { place }
    }
}

/// Logits `(n, vocabulary)` of which odds can be made.
///
/// # Errors
/// When a row has one that makes them impossible, which is named.
pub(in crate::model) fn possible(logits: Rows) -> Result<Rows, ModelError> {
    let bad = logits.iter().find_map(bad_logit);
    match bad {
        Some(token) => Err(ModelError::NotNumbers {
            place: format!("the head, at token {token}"),
        }),
        None => Ok(logits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_are_bad_where_no_odds_can_be_made_of_them() {
        let infinite = f32::INFINITY;
        for (row, expected) in [
            (&[0.0, -3.5, f32::MAX][..], None),
            (&[0.0, f32::NAN, 1.0], Some(1)),
            (&[infinite, 0.0], Some(0)),
            (&[0.0, -infinite], None),
            (&[-infinite, -infinite], Some(0)),
            (&[-infinite, f32::NAN], Some(1)),
        ] {
            assert_eq!(bad_logit(row), expected, "{row:?}");
        }
        let mut long = vec![0.0; 3 * AT_ONCE + 1];
        assert!(all_finite(&long));
        long[3 * AT_ONCE] = f32::NAN;
        assert_eq!(bad_logit(&long), Some(3 * AT_ONCE));
    }
}
