//! What a text would have been, token by token, under other knobs: each token's own context and uniform number, another
//! chain.

use serde::Serialize;

use super::chooser::{Chooser, Logits};
use super::{DecodingError, Generation, Origin};
use crate::model::LoadedModel;

/// Rows of logits held at once.
const LOGIT_ROWS: usize = 16;

/// A token that the chain would have drawn in place of the one that stands there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Otherwise {
    pub position: usize,
    pub id: u32,
    /// The token made safe and visible for display.
    pub display: String,
}

/// Goes through the drawn tokens of a text, a few at a time.
pub struct Counterfactual {
    chooser: Chooser,
    /// Position of the first token that was not compared yet.
    next: usize,
    /// Tokens from here on need no comparing.
    goal: usize,
}

impl Counterfactual {
    /// A comparison of the first `goal` tokens of a text under the settings of `chooser`.
    pub fn new(chooser: Chooser, goal: usize) -> Self {
        Self {
            chooser,
            next: 0,
            goal,
        }
    }

    /// Position of the first token that was not compared yet.
    pub fn next(&self) -> usize {
        self.next
    }

    /// Takes in that the text was cut to `length` tokens.
    pub fn cut(&mut self, length: usize) {
        self.next = self.next.min(length);
        self.goal = self.goal.min(length);
    }

    /// Whether all tokens were compared.
    pub fn is_done(&self) -> bool {
        self.next >= self.goal
    }

    /// Compares the next drawn tokens, at most `most`. Returns those that would have been others.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(
        &mut self,
        loaded: &LoadedModel,
        generation: &mut Generation,
        most: usize,
    ) -> Result<Vec<Otherwise>, DecodingError> {
        let records = generation.sequence().records();
        let drawn: Vec<usize> = (self.next.max(1)..self.goal.min(records.len()))
            .filter(|&position| records[position].origin == Origin::Generated)
            .take(most.min(LOGIT_ROWS))
            .collect();
        let Some(&last) = drawn.last() else {
            self.next = self.goal;
            return Ok(Vec::new());
        };
        let width = loaded.model.info().width;
        let rows = generation
            .sequence()
            .predictors(width, drawn.iter().copied())?;
        let logits = loaded.model.logits(&rows)?;
        let mut others = Vec::new();
        for (&position, logits) in drawn.iter().zip(logits.iter()) {
            let second = generation.second(loaded, &self.chooser, position)?;
            let sequence = generation.sequence();
            let record = &sequence.records()[position];
            let draw = record.draw.as_ref();
            let start = self.chooser.start();
            let running = draw.map_or(start, |draw| draw.running(start));
            let u = draw.and_then(|draw| draw.u);
            let distribution = self.chooser.distribution(
                Logits {
                    own: logits,
                    second: second.as_deref(),
                },
                &sequence.ids()[..position],
                generation.prompt_len().min(position),
                running,
                false,
            )?;
            let u = u.unwrap_or_else(|| self.chooser.uniform(position));
            let id = self.chooser.pick(&distribution, u);
            if id != record.id {
                others.push(Otherwise {
                    position,
                    id,
                    display: loaded.tokenizer.display(id),
                });
            }
        }
        self.next = last + 1;
        Ok(others)
    }
}
