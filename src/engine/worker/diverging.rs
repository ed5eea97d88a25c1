//! Two models' odds along one text: handing out logits, and comparing those of another engine.

use std::sync::Arc;

use super::{Ended, Worker};
use crate::decoding::{Change, DecodingError, Sequence, divergence_bits};
use crate::engine::error::TextsError;
use crate::engine::{Diverged, Event, HandedLogits, LogitsRequest, Subject};
use crate::model::{LoadedModel, Rows};

impl Worker {
    /// Serves [`super::super::Command::Logits`]. Where the text is another by now, no rows come back.
    pub(super) fn hand_out(&mut self, request: &LogitsRequest) -> Result<(), Ended> {
        let handed = self.logits(request).unwrap_or_else(|error| {
            tracing::debug!("no logits of {request:?}: {error}");
            HandedLogits {
                ids: Vec::new(),
                from: request.positions.start,
                rows: Arc::default(),
            }
        });
        self.emit(Event::Logits(handed))
    }

    fn logits(&mut self, request: &LogitsRequest) -> Result<HandedLogits, TextsError> {
        let loaded = self.loaded.as_ref().ok_or(TextsError::NoModel)?;
        let sequence = match request.subject {
            Subject::Draft => self.draft.as_ref().ok_or(TextsError::NoText)?.sequence(),
            Subject::Text => {
                let run = self.texts.run.as_mut();
                let text = run.and_then(|run| run.shown_mut(request.sample));
                let text = text.ok_or(TextsError::NoText)?;
                let last = request.positions.end.saturating_sub(1);
                if text.sequence().predictor(last).is_err() {
                    text.catch_up(loaded)?;
                }
                text.sequence()
            }
        };
        let end = request.positions.end.min(sequence.len());
        Ok(HandedLogits {
            ids: sequence.ids()[..end].to_vec(),
            from: request.positions.start,
            rows: Arc::new(logits(loaded, sequence, request.positions.clone())?),
        })
    }

    /// Serves [`super::super::Command::Diverge`].
    pub(super) fn diverge(&self, handed: &HandedLogits, rows: usize) -> Result<(), Ended> {
        let diverged = self.compared(handed, rows).unwrap_or_else(|error| {
            tracing::debug!("nothing to hold {handed:?} against: {error}");
            Diverged {
                from: handed.from,
                bits: Vec::new(),
                change: None,
            }
        });
        self.emit(Event::Diverged(diverged))
    }

    fn compared(&self, handed: &HandedLogits, rows: usize) -> Result<Diverged, TextsError> {
        let loaded = self.loaded.as_ref().ok_or(TextsError::NoModel)?;
        let sequence = self.draft.as_ref().ok_or(TextsError::NoText)?.sequence();
        let end = handed.from + handed.rows.len();
        // The last place is predicted by the token before it.
        let before = end.saturating_sub(1);
        let same = handed.ids.len() >= before
            && sequence.len() >= before
            && handed.ids[..before] == sequence.ids()[..before];
        if !same || handed.rows.is_empty() {
            return Err(DecodingError::NotRead { position: before }.into());
        }
        let base = logits(loaded, sequence, handed.from..end)?;
        if base.width() != handed.rows.width() {
            return Err(DecodingError::NotRead { position: before }.into());
        }
        let pairs = base.iter().zip(handed.rows.iter());
        let bits = pairs.map(|(base, tuned)| divergence_bits(base, tuned));
        let change = (rows > 0).then(|| {
            let standing = handed.ids.get(handed.from).copied();
            let pair = (base.row(0), handed.rows.row(0));
            Change::between(loaded, pair, (handed.from, standing), rows)
        });
        Ok(Diverged {
            from: handed.from,
            bits: bits.collect(),
            change,
        })
    }
}

/// The logits of some places of a text that was read.
fn logits(
    loaded: &LoadedModel,
    sequence: &Sequence,
    places: std::ops::Range<usize>,
) -> Result<Rows, DecodingError> {
    let mut hidden = Vec::new();
    let mut width = 1;
    for place in places {
        let row = sequence.predictor(place)?;
        width = row.width();
        hidden.extend_from_slice(row.as_slice());
    }
    Ok(loaded.model.logits(&Rows::new(width, hidden))?)
}
