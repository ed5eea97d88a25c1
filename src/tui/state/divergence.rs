//! How far the odds of the model beside lie from those in view, along the text and at the place in view.
//!
//! The first engine hands out its logits of a few places, the second one compares: a number a place is kept, and what rose
//! and fell at one place. One question is out at a time.

use std::ops::Range;

use super::slot::Slot;
use crate::decoding::{Change, TokenRecord};
use crate::engine::{Command, Diverged, HandedLogits, LogitsRequest, Subject};

/// Places that are asked for at once: as many rows of logits are on their way from one engine to the other.
const PLACES: usize = 16;
/// Tokens that rose, and that fell, which are asked for: more than a pane shows.
const ROWS: usize = 30;

/// What is known of it.
#[derive(Debug, Default)]
pub struct Divergence {
    /// The tokens before the last of the places that [`Self::bits`] are of.
    ids: Vec<u32>,
    /// D(beside‖in view) in bits, of the token at 1 and those after it.
    bits: Vec<f32>,
    /// What was asked of the text, and of the place in view.
    along: Slot<Ask>,
    here: Slot<Ask>,
    /// The newest answer of the place in view, and the tokens before that place.
    change: Option<(Vec<u32>, Change)>,
}

/// A question: the places, and all tokens before the last of them.
#[derive(Debug, Clone, PartialEq)]
struct Ask {
    before: Vec<u32>,
    positions: Range<usize>,
    /// The token that stands at the first place: what is told of it depends on that too.
    standing: Option<u32>,
}

/// A text of the first model, and how much of it the model beside has read.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    pub subject: Subject,
    pub sample: usize,
    pub tokens: &'a [TokenRecord],
    pub read: usize,
}

impl Divergence {
    /// Of each of `tokens` as far as it is known, from the token at 1 on.
    pub fn along(&self, tokens: &[TokenRecord]) -> &[f32] {
        &self.bits[..common(&self.ids, tokens).min(self.bits.len())]
    }

    /// What rose and what fell at a place of `tokens`, if that is what was asked for last.
    pub fn at(&self, tokens: &[TokenRecord], position: usize) -> Option<&Change> {
        let (before, change) = self.change.as_ref()?;
        let standing = change.standing.as_ref().map(|token| token.id);
        let same = change.position == position
            && before.len() == position
            && common(before, tokens) == position
            && standing == tokens.get(position).map(|token| token.id);
        same.then_some(change)
    }

    /// What has to be asked now of the first engine: the place in view first (`here`), then the next ones of the text, if
    /// that is coloured (`is_coloured`).
    pub fn request(
        &mut self,
        text: Text<'_>,
        here: Option<usize>,
        is_coloured: bool,
    ) -> Option<LogitsRequest> {
        if self.along.out().is_some() || self.here.out().is_some() {
            return None;
        }
        let tokens = text.tokens;
        let ask = |positions: Range<usize>| Ask {
            before: tokens[..positions.end - 1].iter().map(|it| it.id).collect(),
            standing: tokens.get(positions.start).map(|it| it.id),
            positions,
        };
        let request = |positions: Range<usize>| LogitsRequest {
            subject: text.subject,
            sample: text.sample,
            positions,
        };
        if let Some(position) = here.filter(|at| (1..=text.read).contains(at))
            && self.at(tokens, position).is_none()
        {
            let wanted = ask(position..position + 1);
            if self.here.wants(&wanted) {
                self.here.ask(wanted);
                return Some(request(position..position + 1));
            }
        }
        if !is_coloured {
            return None;
        }
        let known = common(&self.ids, tokens).min(self.bits.len());
        let next = known + 1;
        let end = (text.read + 1).min(tokens.len()).min(next + PLACES);
        if next >= end {
            return None;
        }
        let wanted = ask(next..end);
        if !self.along.wants(&wanted) {
            return None;
        }
        self.along.ask(wanted);
        Some(request(next..end))
    }

    /// Hands the logits on to the second engine, if they are those that were asked for.
    pub fn handed(&mut self, logits: HandedLogits) -> Option<Command> {
        let (slot, rows) = if self.here.out().is_some() {
            (&mut self.here, ROWS)
        } else {
            (&mut self.along, 0)
        };
        let ask = slot.out()?;
        let fits = logits.from == ask.positions.start
            && logits.rows.len() == ask.positions.len()
            && logits.ids.starts_with(&ask.before);
        if fits {
            return Some(Command::Diverge { logits, rows });
        }
        slot.settle();
        None
    }

    /// Takes in what the second engine has found.
    pub fn answer(&mut self, diverged: Diverged) {
        if let Some(ask) = self.here.out().cloned() {
            self.here.settle();
            let before = ask.before;
            self.change = diverged.change.map(|change| (before, change));
        } else if let Some(ask) = self.along.out().cloned() {
            self.along.settle();
            if diverged.bits.len() != ask.positions.len() {
                return;
            }
            // What was known of another text goes.
            self.bits.truncate(diverged.from - 1);
            self.bits
                .extend(diverged.bits.iter().map(|bits| *bits as f32));
            self.ids = ask.before;
        }
    }

    /// Forgets what is out: its answer may never come.
    pub fn give_up(&mut self) {
        self.along.give_up();
        self.here.give_up();
    }

    /// Forgets everything: one of the models is another.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// How many of the first tokens are those of `ids`.
fn common(ids: &[u32], tokens: &[TokenRecord]) -> usize {
    let both = ids.iter().zip(tokens);
    both.take_while(|(id, token)| **id == token.id).count()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::decoding::Origin;
    use crate::model::Rows;

    fn tokens(ids: &[u32]) -> Vec<TokenRecord> {
        let token = |(position, &id): (usize, &u32)| TokenRecord {
            position,
            id,
            bytes: vec![b'a'],
            display: "a".to_owned(),
            origin: Origin::Prompt,
            odds: None,
            draw: None,
        };
        ids.iter().enumerate().map(token).collect()
    }

    fn text(tokens: &[TokenRecord]) -> Text<'_> {
        Text {
            subject: Subject::Text,
            sample: 0,
            tokens,
            read: tokens.len(),
        }
    }

    fn handed(tokens: &[TokenRecord], positions: Range<usize>) -> HandedLogits {
        let end = positions.end.min(tokens.len());
        HandedLogits {
            ids: tokens[..end].iter().map(|token| token.id).collect(),
            from: positions.start,
            rows: Arc::new(Rows::new(2, vec![0.0; 2 * positions.len()])),
        }
    }

    /// Goes through one question with its answers.
    fn go(divergence: &mut Divergence, tokens: &[TokenRecord], bits: f64) -> Option<Range<usize>> {
        let request = divergence.request(text(tokens), None, true)?;
        let places = request.positions;
        let command = divergence.handed(handed(tokens, places.clone()));
        assert!(matches!(command, Some(Command::Diverge { rows: 0, .. })));
        divergence.answer(Diverged {
            from: places.start,
            bits: vec![bits; places.len()],
            change: None,
        });
        Some(places)
    }

    #[test]
    fn a_text_is_asked_for_in_pieces_and_only_what_is_new() {
        let long = tokens(&(0..40).collect::<Vec<_>>());
        let mut divergence = Divergence::default();
        assert_eq!(divergence.request(text(&long), None, false), None);
        assert_eq!(go(&mut divergence, &long, 1.0), Some(1..17));
        assert_eq!(go(&mut divergence, &long, 2.0), Some(17..33));
        assert_eq!(go(&mut divergence, &long, 3.0), Some(33..40));
        assert_eq!(go(&mut divergence, &long, 4.0), None, "all is known");
        assert_eq!(divergence.along(&long).len(), 39);
        // Another token at 20: the odds of its place are the same, those after it are not known.
        let mut other = long.clone();
        other[20].id = 99;
        assert_eq!(divergence.along(&other).len(), 20);
        assert_eq!(go(&mut divergence, &other, 5.0), Some(21..37));
        assert_eq!(divergence.along(&other)[19..22], [2.0, 5.0, 5.0]);
        assert_eq!(divergence.along(&long).len(), 20);
    }

    #[test]
    fn what_cannot_be_answered_is_not_asked_again_and_again() {
        let short = tokens(&[1, 2, 3]);
        let mut divergence = Divergence::default();
        let asked = divergence.request(text(&short), Some(3), true);
        assert_eq!(asked.map(|it| it.positions), Some(3..4), "here comes first");
        assert_eq!(divergence.request(text(&short), Some(3), true), None);
        let gone = HandedLogits {
            ids: Vec::new(),
            from: 3,
            rows: Arc::default(),
        };
        assert_eq!(divergence.handed(gone.clone()), None);
        let asked = divergence.request(text(&short), Some(3), true);
        assert_eq!(asked.map(|it| it.positions), Some(1..3));
        assert_eq!(divergence.handed(gone.clone()), None);
        assert_eq!(divergence.request(text(&short), Some(3), true), None);
        let asked = divergence.request(text(&short), Some(2), true);
        assert_eq!(asked.map(|it| it.positions), Some(2..3), "another place");
        divergence.give_up();
        let asked = divergence.request(text(&short), Some(2), true);
        assert_eq!(asked.map(|it| it.positions), Some(2..3), "it was lost");
    }
}
