//! A lane as it runs: its tokens, and the figures of each of its runs.

use super::plan::Planned;
use crate::decoding::{LaneFigures, LaneMeans, StopReason, TokenRecord, parted, parted_in_text};
use crate::model::ModelInfo;

/// A lane as it runs.
pub struct Lane {
    pub planned: Planned,
    /// The tokens of the run under way.
    pub tokens: Vec<TokenRecord>,
    /// Those of the first run.
    pub first: Vec<TokenRecord>,
    /// Why it ended; none while it runs.
    pub ended: Option<StopReason>,
    /// What keeps it from the first lane's draws.
    pub apart: Option<String>,
    /// The position at which its first run left the first lane's.
    pub parted: Option<usize>,
    /// Figures of the runs that ended.
    pub runs: Vec<LaneFigures>,
    /// Why it failed.
    pub failed: Option<String>,
}

impl Lane {
    pub fn new(planned: Planned) -> Self {
        Self {
            planned,
            tokens: Vec::new(),
            first: Vec::new(),
            ended: None,
            apart: None,
            parted: None,
            runs: Vec::new(),
            failed: None,
        }
    }

    /// Begins another run, unless an earlier one failed.
    pub fn begin(&mut self) {
        self.tokens.clear();
        self.ended = None;
    }

    /// Ends a run that failed.
    pub fn fail(&mut self, why: &str) {
        self.failed.get_or_insert_with(|| why.to_owned());
        self.ended = Some(StopReason::Failed(why.to_owned()));
    }

    /// Closes a run that ended well: its figures count. `first` are the first lane's tokens, of the same model or of
    /// another one; `reference` is the mean surprisal under the first lane's model.
    pub fn close(&mut self, first: &[TokenRecord], model: &ModelInfo, reference: Option<f32>) {
        let own = self.planned.model == 0;
        let mut figures = LaneFigures::of(&self.tokens, model.vocabulary, own);
        figures.reference = figures.reference.or(reference);
        if self.runs.is_empty() {
            self.first.clone_from(&self.tokens);
            let place = if own {
                parted(first, &self.tokens)
            } else {
                parted_in_text(first, &self.tokens)
            };
            self.parted = place.map(|place| self.tokens[place].position);
        }
        self.runs.push(figures);
    }

    /// The text of its first run.
    pub fn text(&self) -> String {
        let tokens = if self.first.is_empty() {
            &self.tokens
        } else {
            &self.first
        };
        said(tokens)
    }

    /// Means over its runs.
    pub fn means(&self) -> LaneMeans {
        LaneMeans::of(&self.runs)
    }
}

/// A lane's name by its place.
pub fn letter(place: usize) -> char {
    char::from(b'A' + (place % 26) as u8)
}

/// What tokens say.
pub fn said(tokens: &[TokenRecord]) -> String {
    let bytes = tokens.iter().flat_map(|token| token.bytes.iter().copied());
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}
