//! The second model: it reads the text in view with its own eyes, and says what it would expect at the same place.
//!
//! A model with the same tokens reads the same ids. Another one reads the same text, cut in its own way; a place in the
//! text is then found by its bytes.

use std::time::Duration;

use super::divergence::{Divergence, Text};
use super::looking::{Aim, Looking};
use super::slot::Slot;
use crate::decoding::{Moment, TokenRecord};
use crate::engine::{Command, LogitsRequest, LookRequest, Subject};
use crate::model::{LoadProgress, ModelInfo};
use crate::sampling::SamplerSettings;

/// Shortest time between two readings while a run goes on, so that the run keeps the processor.
const BETWEEN_READINGS: Duration = Duration::from_millis(250);

/// The second model, and what it made of the text.
#[derive(Debug)]
pub struct SecondModel {
    /// What was asked to be loaded.
    pub source: String,
    /// None until it is loaded.
    pub model: Option<ModelInfo>,
    pub loading: Option<LoadProgress>,
    /// The text in its own tokens.
    tokens: Vec<TokenRecord>,
    /// The first model's tokens: those that it was asked to read, and those that [`Self::tokens`] are of.
    reading: Slot<Vec<u32>>,
    /// Counts the texts that it read.
    readings: u64,
    last_asked: Duration,
    looking: Looking,
    /// The token of its own that was selected in its table.
    pub selected: Option<u32>,
    /// Whether its table says what rose and what fell, in place of its odds.
    pub shows_change: bool,
    /// How far its odds lie from those in view, where it has the same tokens.
    pub divergence: Divergence,
}

/// Where the second model's odds stand for those in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Index of its token that the odds are over.
    pub position: usize,
    /// Bytes between where that token begins and the place in view: not 0 where the two cut the text differently.
    pub behind: usize,
}

impl SecondModel {
    /// One that is about to be loaded.
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            model: None,
            loading: None,
            tokens: Vec::new(),
            reading: Slot::default(),
            readings: 0,
            last_asked: Duration::ZERO,
            looking: Looking::default(),
            selected: None,
            shows_change: false,
            divergence: Divergence::default(),
        }
    }

    /// The text in its own tokens, as far as it has read.
    pub fn tokens(&self) -> &[TokenRecord] {
        &self.tokens
    }

    /// What it expects at the newest place that was looked at.
    pub fn moment(&self) -> Option<&Moment> {
        self.looking.moment(Subject::Draft)
    }

    /// The first model's tokens that it has read.
    fn read(&self) -> &[u32] {
        self.reading.settled().map_or(&[], Vec::as_slice)
    }

    /// Whether its tokens are those of `model`.
    pub fn has_tokens_of(&self, model: &ModelInfo) -> bool {
        let own = self.model.as_ref();
        own.is_some_and(|own| own.token_set == model.token_set)
    }

    /// What has to be asked of the first engine, so that it can be told how far both lie apart; `is_coloured` says whether
    /// the text is coloured by that.
    pub fn compare(
        &mut self,
        (subject, sample): (Subject, usize),
        (tokens, in_view): (&[TokenRecord], usize),
        first: &ModelInfo,
        is_coloured: bool,
    ) -> Option<LogitsRequest> {
        if self.tokens.is_empty() || !self.is_comparable(first) {
            return None;
        }
        let both = self.read().iter().zip(tokens);
        let text = Text {
            subject,
            sample,
            tokens,
            read: both.take_while(|(id, token)| **id == token.id).count(),
        };
        let here = self.shows_change.then_some(in_view);
        self.divergence.request(text, here, is_coloured)
    }

    /// Whether its distributions are over the tokens of `first`.
    pub fn is_comparable(&self, first: &ModelInfo) -> bool {
        let own = self.model.as_ref();
        self.has_tokens_of(first) && own.is_some_and(|own| own.vocabulary == first.vocabulary)
    }

    /// Whether it has read all of `tokens`, and nothing else.
    pub fn has_read(&self, tokens: &[TokenRecord]) -> bool {
        tokens.len() == self.read().len() && self.agrees(tokens, tokens.len())
    }

    /// Whether `tokens` begin with all that it has read.
    pub fn has_read_beginning_of(&self, tokens: &[TokenRecord]) -> bool {
        !self.tokens.is_empty() && self.agrees(tokens, self.read().len())
    }

    /// Whether what it has read begins with the first `length` of `tokens`.
    fn agrees(&self, tokens: &[TokenRecord], length: usize) -> bool {
        length <= self.read().len()
            && length <= tokens.len()
            && tokens[..length]
                .iter()
                .zip(self.read())
                .all(|(token, id)| token.id == *id)
    }

    /// The command that lets it read `tokens` of `first`, if it does not know them yet and has the time.
    pub fn reading(
        &mut self,
        tokens: &[TokenRecord],
        first: &ModelInfo,
        running: bool,
        now: Duration,
    ) -> Option<Command> {
        let soon = running && now.saturating_sub(self.last_asked) < BETWEEN_READINGS;
        if self.model.is_none() || self.reading.out().is_some() || soon || self.has_read(tokens) {
            return None;
        }
        let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
        let command = if self.has_tokens_of(first) {
            (!ids.is_empty()).then(|| Command::InspectTokens { ids: ids.clone() })
        } else {
            let prompt = text(&said(tokens, first));
            (!prompt.is_empty()).then_some(Command::Inspect { prompt })
        };
        self.last_asked = now;
        match command {
            Some(_) => self.reading.ask(ids),
            None => {
                self.reading.settle_as(ids);
                self.take(Vec::new());
            }
        }
        command
    }

    /// Takes in the text that it has read.
    pub fn answer(&mut self, tokens: Vec<TokenRecord>) {
        if self.reading.settle() {
            self.take(tokens);
        }
    }

    /// Takes in that it cannot read what it was asked to. It is asked again when that changes.
    pub fn refuse(&mut self) {
        self.answer(Vec::new());
    }

    fn take(&mut self, tokens: Vec<TokenRecord>) {
        self.tokens = tokens;
        self.readings += 1;
        self.looking.give_up();
    }

    /// Its place for the token at `position` of `tokens`, if it has read so far and something predicts that token.
    pub fn spot(&self, tokens: &[TokenRecord], position: usize, first: &ModelInfo) -> Option<Spot> {
        let own = self.model.as_ref()?;
        if position == 0 || !self.agrees(tokens, position) || self.tokens.is_empty() {
            return None;
        }
        if self.has_tokens_of(first) {
            return Some(Spot {
                position,
                behind: 0,
            });
        }
        let wanted = said(&tokens[..position], first).len();
        let mut end = 0;
        let mut found = None;
        for (at, token) in self.tokens.iter().enumerate() {
            end += token.bytes.len();
            if at == 0 && own.adds_first_space && token.bytes.starts_with(b" ") {
                end -= 1;
            }
            if end <= wanted {
                found = Some(Spot {
                    position: at + 1,
                    behind: wanted - end,
                });
            }
        }
        found
    }

    /// The look that it needs now for a spot, if it needs one.
    pub fn look(&mut self, spot: Spot) -> Option<LookRequest> {
        let aim = Aim {
            subject: Subject::Draft,
            sample: 0,
            position: spot.position,
            chosen: self.tokens.get(spot.position).map(|token| token.id),
            edition: self.readings,
            turns: 0,
            seed: 0,
            search: String::new(),
        };
        self.looking.request(aim, &SamplerSettings::neutral())
    }

    /// Takes in what it expects somewhere.
    pub fn seen(&mut self, moment: Moment) {
        self.looking.answer(Subject::Draft, moment);
    }

    /// Takes in that it cannot be looked at there.
    pub fn unseen(&mut self) {
        self.looking.refuse();
    }

    /// Whether it is behind the text, or not loaded yet.
    pub fn is_busy(&self) -> bool {
        self.model.is_none() || self.reading.out().is_some()
    }
}

/// The bytes of tokens, without a space that their tokenizer put in front.
fn said(tokens: &[TokenRecord], model: &ModelInfo) -> Vec<u8> {
    let mut bytes: Vec<u8> = tokens
        .iter()
        .flat_map(|token| token.bytes.iter().copied())
        .collect();
    if model.adds_first_space && bytes.first() == Some(&b' ') {
        bytes.remove(0);
    }
    bytes
}

/// The text up to the first byte that is no character: a tokenizer cannot be given the rest.
fn text(bytes: &[u8]) -> String {
    bytes
        .utf8_chunks()
        .next()
        .map_or_else(String::new, |chunk| chunk.valid().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::Origin;

    fn model(token_set: u64) -> ModelInfo {
        ModelInfo {
            token_set,
            ..ModelInfo::small()
        }
    }

    fn tokens(texts: &[&str]) -> Vec<TokenRecord> {
        let token = |(position, text): (usize, &&str)| TokenRecord {
            position,
            id: 100 + position as u32,
            bytes: text.as_bytes().to_vec(),
            display: (*text).to_owned(),
            origin: Origin::Prompt,
            odds: None,
            draw: None,
        };
        texts.iter().enumerate().map(token).collect()
    }

    fn loaded(token_set: u64) -> SecondModel {
        let mut second = SecondModel::new("b");
        second.model = Some(model(token_set));
        second
    }

    #[test]
    fn it_reads_each_text_once_and_one_at_a_time() {
        let (first, mut second) = (model(1), loaded(1));
        let text = tokens(&["Once", " upon"]);
        let ask = |second: &mut SecondModel, count: usize, now: u64, running: bool| {
            let now = Duration::from_millis(now);
            second.reading(&text[..count], &first, running, now)
        };
        let ids = vec![100];
        assert_eq!(
            ask(&mut second, 1, 0, false),
            Some(Command::InspectTokens { ids })
        );
        assert_eq!(ask(&mut second, 2, 500, false), None, "the first is out");
        second.answer(text[..1].to_vec());
        assert_eq!(ask(&mut second, 1, 500, false), None, "known");
        assert!(ask(&mut second, 2, 500, false).is_some());
        second.answer(text.clone());
        assert_eq!(ask(&mut second, 1, 600, true), None, "too soon in a run");
        assert!(ask(&mut second, 1, 800, true).is_some());
        second.refuse();
        assert_eq!(ask(&mut second, 1, 2000, false), None, "not asked again");
        assert_eq!(ask(&mut second, 0, 3000, false), None, "nothing to read");
        assert!(second.tokens().is_empty());
    }

    #[test]
    fn other_tokens_are_found_by_their_place_in_the_text() {
        let first = model(1);
        let ours = tokens(&["Once", " up", "on", " a"]);
        let theirs = tokens(&["", "On", "ce", " upon", " a"]);
        let mut second = loaded(2);
        let asked = second.reading(&ours, &first, false, Duration::ZERO);
        let prompt = "Once upon a".to_owned();
        assert_eq!(asked, Some(Command::Inspect { prompt }));
        assert_eq!(second.spot(&ours, 1, &first), None, "nothing was read yet");
        second.answer(theirs);
        let spot = |position: usize| {
            let spot = second.spot(&ours, position, &first);
            spot.map(|spot| (spot.position, spot.behind))
        };
        assert_eq!(spot(0), None, "nothing predicts the first token");
        assert_eq!(spot(1), Some((3, 0)));
        assert_eq!(spot(2), Some((3, 3)), "inside of ·upon");
        assert_eq!(spot(3), Some((4, 0)));
        assert_eq!(spot(4), Some((5, 0)), "the next token");
    }

    #[test]
    fn with_the_same_tokens_places_are_the_same_as_far_as_it_has_read() {
        let first = model(1);
        let ours = tokens(&["Once", " upon", " a"]);
        let mut second = loaded(1);
        second.reading(&ours[..2], &first, false, Duration::ZERO);
        second.answer(ours[..2].to_vec());
        assert_eq!(
            second.spot(&ours, 2, &first).map(|spot| spot.position),
            Some(2)
        );
        assert_eq!(second.spot(&ours, 3, &first), None);
        let other = tokens(&["x", "y", "z"]);
        assert!(!second.has_read(&other) && second.has_read(&ours[..2]));
    }

    #[test]
    fn a_space_that_a_tokenizer_adds_is_no_part_of_the_text() {
        let mut first = model(1);
        first.adds_first_space = true;
        let mut second = loaded(2);
        let ours = tokens(&[" Once", " upon"]);
        let asked = second.reading(&ours, &first, false, Duration::ZERO);
        let prompt = "Once upon".to_owned();
        assert_eq!(asked, Some(Command::Inspect { prompt }));
        second.answer(tokens(&["Once", " upon"]));
        let spot = second.spot(&ours, 1, &first).expect("it was read");
        assert_eq!((spot.position, spot.behind), (1, 0));
    }

    #[test]
    fn half_a_character_at_the_end_is_left_out() {
        assert_eq!(text("Zo\u{eb}".as_bytes()), "Zo\u{eb}");
        assert_eq!(text(&[b'a', 0xe2, 0x80]), "a");
        assert_eq!(text(&[]), "");
    }
}
