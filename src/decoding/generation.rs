//! The token loop of one text: choose, stop or go on, and go back.

use std::sync::Arc;
use std::time::Duration;

use super::chooser::{Choice, Chooser, Logits};
use super::contrastive;
use super::prompt::read_prompt;
use super::second::Second;
use super::sequence::{Sequence, token_odds};
use super::stop::{LoopDetector, StopTexts};
use super::tail::Tail;
use super::window::Slide;
use super::{DecodingError, GenerationSettings, Origin, StopReason, TokenRecord};
use crate::model::LoadedModel;
use crate::sampling::{Method, Running, SamplerSettings};

/// What one step of a generation brought.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutcome {
    /// The new token.
    pub record: TokenRecord,
    /// Whether the context slid before it was chosen.
    pub slide: Option<Slide>,
    /// Set when the generation ended with this token.
    pub stop: Option<StopReason>,
}

/// A text that grows token by token.
pub struct Generation {
    sequence: Sequence,
    chooser: Arc<Chooser>,
    settings: GenerationSettings,
    prompt_len: usize,
    /// Tokens that the text had when it began to grow, or to go on: `max_tokens` counts from here.
    since: usize,
    running: Running,
    stop_texts: StopTexts,
    loops: LoopDetector,
    second: Second,
}

impl Generation {
    /// Reads `prompt`. An empty prompt starts from the model's end-of-text token. Without `odds`, the odds of the
    /// prompt's tokens are left out, which saves a product with the head for each.
    ///
    /// # Errors
    /// When the prompt or a setting is unfit, the model fails, or with [`DecodingError::Cancelled`].
    pub fn new(
        loaded: &LoadedModel,
        prompt: &str,
        sampler: &SamplerSettings,
        settings: &GenerationSettings,
        odds: bool,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, DecodingError> {
        let sequence = read_prompt(loaded, prompt, cancelled)?;
        Self::after(loaded, sequence, sampler, settings, odds, cancelled)
    }

    /// As [`Self::new`], after a prompt that was read.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn after(
        loaded: &LoadedModel,
        mut sequence: Sequence,
        sampler: &SamplerSettings,
        settings: &GenerationSettings,
        odds: bool,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, DecodingError> {
        if odds {
            sequence.fill_odds(loaded, 0, cancelled)?;
        }
        let chooser = Arc::new(Chooser::new(loaded, sampler, settings.seed)?);
        let mut generation = Self::start(sequence, Arc::clone(&chooser), settings);
        // Read here, copies need not read it each.
        generation.second(loaded, &chooser, generation.prompt_len)?;
        generation.second.start_clock();
        Ok(generation)
    }

    /// Takes up a text that came from elsewhere. The model reads it when it is needed.
    ///
    /// # Errors
    /// When a setting is unfit, or the device has no room for a cache.
    pub fn resume(
        loaded: &LoadedModel,
        text: Tail,
        sampler: &SamplerSettings,
        settings: &GenerationSettings,
    ) -> Result<Self, DecodingError> {
        let mut sequence = Sequence::new(loaded)?;
        sequence.adopt(text);
        let chooser = Chooser::new(loaded, sampler, settings.seed)?;
        Ok(Self::start(sequence, Arc::new(chooser), settings))
    }

    /// Starts a generation from a sequence that was read.
    fn start(sequence: Sequence, chooser: Arc<Chooser>, settings: &GenerationSettings) -> Self {
        let prompt_len = sequence.len();
        Self {
            running: chooser.start(),
            since: prompt_len,
            stop_texts: StopTexts::new(&settings.stop),
            loops: LoopDetector::default(),
            second: Second::default(),
            settings: settings.clone(),
            sequence,
            chooser,
            prompt_len,
        }
    }

    /// A copy with a cache of its own.
    ///
    /// # Errors
    /// When the device has no room for it.
    pub fn try_clone(&self) -> Result<Self, DecodingError> {
        Ok(Self {
            sequence: self.sequence.try_clone()?,
            chooser: Arc::clone(&self.chooser),
            settings: self.settings.clone(),
            stop_texts: self.stop_texts.clone(),
            loops: self.loops.clone(),
            second: self.second.try_clone()?,
            ..*self
        })
    }

    /// Another text of the same prompt, with settings and draws of its own. The prompt is not read again, and its keys and
    /// values are held once where the model can: see [`Sequence::beginning`].
    ///
    /// # Errors
    /// When a setting is out of range, or the device has no room for its cache.
    pub fn beside(
        &mut self,
        loaded: &LoadedModel,
        sampler: &SamplerSettings,
        seed: u64,
    ) -> Result<Self, DecodingError> {
        let chooser = if self.chooser.settings() == sampler && self.chooser.seed() == seed {
            Arc::clone(&self.chooser)
        } else {
            Arc::new(Chooser::new(loaded, sampler, seed)?)
        };
        let settings = GenerationSettings {
            seed,
            ..self.settings.clone()
        };
        let sequence = self.sequence.beginning(loaded, self.prompt_len)?;
        Ok(Self::start(sequence, chooser, &settings))
    }

    /// The text so far.
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    pub(super) fn sequence_mut(&mut self) -> &mut Sequence {
        &mut self.sequence
    }

    /// Number of tokens of the prompt that are still there.
    pub fn prompt_len(&self) -> usize {
        self.prompt_len
    }

    /// Number of tokens after the prompt.
    pub fn generated(&self) -> usize {
        self.sequence.len() - self.prompt_len
    }

    /// What a method that steers knows before the next token.
    pub fn running(&self) -> Running {
        self.running
    }

    /// The sampler's settings.
    pub fn sampler(&self) -> &SamplerSettings {
        self.chooser.settings()
    }

    /// The settings other than the sampler's.
    pub fn settings(&self) -> &GenerationSettings {
        &self.settings
    }

    /// From the next token on, samples with `sampler` and the draws of `seed`.
    ///
    /// # Errors
    /// When a setting is out of range; the old ones stay.
    pub fn set_sampler(
        &mut self,
        loaded: &LoadedModel,
        sampler: &SamplerSettings,
        seed: u64,
    ) -> Result<(), DecodingError> {
        if self.chooser.settings() == sampler && self.settings.seed == seed {
            return Ok(());
        }
        let before = self.chooser.settings().method;
        self.chooser = Arc::new(Chooser::new(loaded, sampler, seed)?);
        self.settings.seed = seed;
        let start = self.chooser.start();
        if !before.is_mirostat() {
            self.running.mu = start.mu;
        }
        if before != Method::AdaptiveP {
            self.running.mean = start.mean;
        }
        Ok(())
    }

    /// Reads what is unread, so that one can look at the next token.
    ///
    /// # Errors
    /// When the model fails.
    pub fn catch_up(&mut self, loaded: &LoadedModel) -> Result<Option<Slide>, DecodingError> {
        self.sequence.catch_up(loaded, &|| false)
    }

    /// Reads all but the last token, if they are unread: what looking back at every token needs.
    ///
    /// # Errors
    /// When the model fails.
    pub fn catch_up_before_last(&mut self, loaded: &LoadedModel) -> Result<(), DecodingError> {
        if self.sequence.unread() > 1 {
            self.sequence.catch_up(loaded, &|| false)?;
        }
        Ok(())
    }

    /// From the next token on, ends by these settings. Their seed is that of [`Self::set_sampler`].
    pub fn set_ending(&mut self, settings: &GenerationSettings) {
        let seed = self.settings.seed;
        let stops_change = self.settings.stop != settings.stop;
        self.settings = GenerationSettings {
            seed,
            ..settings.clone()
        };
        if stops_change {
            self.watch_again();
        }
    }

    /// Lets a generation that reached its limit go on for as many tokens again.
    pub fn extend(&mut self) {
        if self.is_full() {
            self.renew();
        }
    }

    /// Lets it go on for the full number of tokens from where it ends now.
    pub fn renew(&mut self) {
        self.since = self.sequence.len();
    }

    /// Whether as many tokens came as the settings allow.
    fn is_full(&self) -> bool {
        self.is_full_with(self.sequence.len())
    }

    fn is_full_with(&self, length: usize) -> bool {
        length.saturating_sub(self.since) >= self.settings.max_tokens
    }

    /// Chooses the next token, reading the text first as far as it is unread.
    ///
    /// # Errors
    /// When the model fails, or with [`DecodingError::Cancelled`].
    pub fn step(
        &mut self,
        loaded: &LoadedModel,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<StepOutcome, DecodingError> {
        let slide = self.sequence.catch_up(loaded, cancelled)?;
        let logits = loaded
            .model
            .logits(&self.sequence.predictor(self.sequence.len())?)?;
        self.step_from(loaded, logits.row(0), slide)
    }

    /// What `chooser`'s chain asks for besides the logits of the text, for the token at `position`: see [`Second`].
    ///
    /// # Errors
    /// When the model fails.
    pub fn second(
        &mut self,
        loaded: &LoadedModel,
        chooser: &Chooser,
        position: usize,
    ) -> Result<Option<Vec<f32>>, DecodingError> {
        let position = position.min(self.sequence.len());
        let history = &self.sequence.ids()[..position];
        self.second
            .logits(loaded, chooser, history, self.prompt_len.min(position))
    }

    /// How long reading the second context took in all; none where the chain has none.
    pub fn second_spent(&self) -> Option<Duration> {
        self.chooser.needs_second().then(|| self.second.spent())
    }

    /// Chooses the next token from the logits that predict it.
    pub(super) fn step_from(
        &mut self,
        loaded: &LoadedModel,
        logits: &[f32],
        slide: Option<Slide>,
    ) -> Result<StepOutcome, DecodingError> {
        let choice = if self.chooser.settings().method == Method::Contrastive {
            let state = (self.prompt_len, self.running);
            contrastive::choose(loaded, &mut self.sequence, &self.chooser, state, logits)?
        } else {
            let chooser = Arc::clone(&self.chooser);
            let second = self.second(loaded, &chooser, self.sequence.len())?;
            let logits = Logits {
                own: logits,
                second: second.as_deref(),
            };
            chooser.choose(logits, self.sequence.ids(), self.prompt_len, self.running)?
        };
        Ok(self.accept(loaded, choice, slide))
    }

    pub(super) fn chooser(&self) -> &Chooser {
        &self.chooser
    }

    /// Appends a chosen token and decides whether the text ends with it.
    pub(super) fn accept(
        &mut self,
        loaded: &LoadedModel,
        choice: Choice,
        slide: Option<Slide>,
    ) -> StepOutcome {
        self.running = self.chooser.after(self.running, &choice.draw);
        let id = choice.id;
        let record = self
            .sequence
            .push(
                loaded,
                id,
                Origin::Generated,
                Some(choice.odds),
                Some(choice.draw),
            )
            .clone();
        let stop = self.stop_after(loaded, &record);
        StepOutcome {
            record,
            slide,
            stop,
        }
    }

    /// Fills in how a token was chosen that stands there already.
    pub(super) fn settle(&mut self, position: usize, choice: Choice) -> TokenRecord {
        self.running = self.chooser.after(self.running, &choice.draw);
        self.sequence
            .settle(position, choice.odds, choice.draw)
            .clone()
    }

    /// How many tokens are still to come by the settings.
    pub(super) fn left(&self) -> usize {
        let come = self.sequence.len().saturating_sub(self.since);
        self.settings.max_tokens.saturating_sub(come)
    }

    pub(super) fn stop_after(
        &mut self,
        loaded: &LoadedModel,
        record: &TokenRecord,
    ) -> Option<StopReason> {
        let looping = self.loops.push(record.id);
        let stopped = self
            .stop_texts
            .push(&record.bytes)
            .map(|(text, _)| text.to_owned());
        if self.settings.stop_at_end_token && loaded.model.info().end_tokens.contains(&record.id) {
            Some(StopReason::EndToken)
        } else if let Some(text) = stopped {
            Some(StopReason::StopText(text))
        } else if let (Some(period), true) = (looping, self.settings.detect_loops) {
            Some(StopReason::Loop { period })
        } else if self.is_over(loaded, record.position + 1) {
            Some(StopReason::GrammarEnd)
        } else {
            let length = record.position + 1;
            self.is_full_with(length).then_some(StopReason::MaxTokens)
        }
    }

    /// Whether nothing can follow the first `length` tokens by the chain, where the model has no token to say so with.
    fn is_over(&self, loaded: &LoadedModel, length: usize) -> bool {
        let ids = &self.sequence.ids()[..length.min(self.sequence.len())];
        loaded.model.info().end_tokens.is_empty() && self.chooser.is_over(ids, self.prompt_len)
    }

    /// Whether [`Self::rewind`] can cut there.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn check_cut(&self, length: usize) -> Result<(), DecodingError> {
        if length == 0 || length > self.sequence.len() {
            return Err(DecodingError::NoSuchToken {
                position: length,
                length: self.sequence.len(),
            });
        }
        Ok(())
    }

    /// Whether [`Self::replace`] can put a token there.
    ///
    /// # Errors
    /// When there is no such place or token.
    pub fn check_replacement(
        &self,
        loaded: &LoadedModel,
        position: usize,
        id: u32,
    ) -> Result<(), DecodingError> {
        let vocabulary = loaded.model.info().vocabulary;
        if id as usize >= vocabulary {
            return Err(DecodingError::NoSuchId { id, vocabulary });
        }
        self.check_cut(position)
    }

    /// Cuts the text to its first `length` tokens. The draws that follow are those of the same positions.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn rewind(&mut self, length: usize) -> Result<(), DecodingError> {
        self.check_cut(length)?;
        let steered = self.sequence.records()[length..]
            .iter()
            .filter_map(|record| record.draw.as_ref())
            .find(|draw| draw.is_steered());
        if let Some(draw) = steered {
            self.running = draw.running(self.running);
        }
        self.sequence.rewind(length);
        self.prompt_len = self.prompt_len.min(length);
        self.since = self.since.min(length);
        self.watch_again();
        Ok(())
    }

    /// Puts another text in place of this one, keeping what the model has read of both.
    ///
    /// # Errors
    /// When the sampler cannot be compiled for its seed.
    pub fn adopt(
        &mut self,
        loaded: &LoadedModel,
        text: Tail,
        prompt_len: usize,
        seed: u64,
    ) -> Result<(), DecodingError> {
        self.set_sampler(loaded, &self.chooser.settings().clone(), seed)?;
        let both = self.sequence.ids().iter().zip(&text.ids);
        let common = both.take_while(|(here, there)| here == there).count();
        self.sequence.adopt(text.since(common));
        self.prompt_len = prompt_len.min(self.sequence.len());
        self.since = self.sequence.len();
        let last = self.sequence.records().last();
        let start = self.chooser.start();
        self.running = match last.and_then(|record| Some((record.origin, record.draw.as_ref()?))) {
            Some((Origin::Generated, draw)) if draw.is_steered() => {
                self.chooser.after(draw.running(start), draw)
            }
            // What a user put there moves nothing.
            Some((_, draw)) => draw.running(start),
            None => start,
        };
        self.watch_again();
        Ok(())
    }

    /// Cuts the text to its first `position` tokens and puts `id` there, with its odds.
    ///
    /// # Errors
    /// When there is no such place or token, or the model fails.
    pub fn replace(
        &mut self,
        loaded: &LoadedModel,
        position: usize,
        id: u32,
    ) -> Result<TokenRecord, DecodingError> {
        self.check_replacement(loaded, position, id)?;
        self.sequence.catch_up(loaded, &|| false)?;
        self.rewind(position)?;
        let logits = loaded.model.logits(&self.sequence.predictor(position)?)?;
        let odds = token_odds(logits.row(0), id);
        let chooser = Arc::clone(&self.chooser);
        let second = self.second(loaded, &chooser, position)?;
        let distribution = chooser.distribution(
            Logits {
                own: logits.row(0),
                second: second.as_deref(),
            },
            self.sequence.ids(),
            self.prompt_len,
            self.running,
            false,
        )?;
        let draw = self.chooser.draw_of(&distribution, id, None, self.running);
        let record = self
            .sequence
            .push(loaded, id, Origin::Chosen, Some(odds), Some(draw))
            .clone();
        self.watch_again();
        Ok(record)
    }

    /// Starts the stop conditions over on the text as it now stands.
    fn watch_again(&mut self) {
        self.stop_texts = StopTexts::new(&self.settings.stop);
        self.loops = LoopDetector::default();
        for record in &self.sequence.records()[self.prompt_len..] {
            self.stop_texts.push(&record.bytes);
            self.loops.push(record.id);
        }
    }
}
