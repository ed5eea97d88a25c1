//! Guests: networks that no description can say, whose arithmetic is another library's. What one computes of its own is
//! behind [`Guest`]; [`GuestModel`] makes a model of it, over a cache that holds what it remembers in place of keys and
//! values.

mod mamba;
mod memory;

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result as CandleResult, Tensor};

use super::asked::{check_batch, check_hidden};
use super::numbers::{Search, all_finite, possible};
use super::site::{Observer, Site, Watch};
use crate::model::{Cache, Model, ModelError, ModelInfo, Rows};

pub(in crate::model) use mamba::{Mamba, MambaFacts};
pub(in crate::model) use memory::{Memory, Remembered};

/// A network that reads a token at a time and remembers what it needs of those before.
pub(in crate::model) trait Guest: Send {
    /// What it remembers before the first token.
    fn start(&self) -> CandleResult<Remembered>;

    /// Reads a token: its hidden state after the last norm, `(1, width)`. `watch` is shown what it has of the places that
    /// networks name.
    fn read(
        &self,
        token: u32,
        remembered: &mut Remembered,
        watch: &mut Watch,
    ) -> CandleResult<Tensor>;

    /// `(n, width)` to `(n, vocabulary)`.
    fn head(&self, hidden: &Tensor) -> CandleResult<Tensor>;
}

/// A guest with what is known of it.
pub(in crate::model) struct GuestModel<G> {
    info: ModelInfo,
    guest: G,
    device: Device,
}

impl<G: Guest> GuestModel<G> {
    pub(in crate::model) fn new(info: ModelInfo, guest: G, device: Device) -> Self {
        Self {
            info,
            guest,
            device,
        }
    }

    /// Reads a token into `memory`: its hidden state.
    fn advance(
        &self,
        token: u32,
        memory: &mut Memory,
        watch: &mut Watch,
    ) -> Result<Vec<f32>, ModelError> {
        let mut before = memory.now.clone();
        let hidden = self.guest.read(token, &mut memory.now, watch)?;
        let values = numbers(&hidden)?;
        if !all_finite(&values) {
            // Once more, watched, for an error that says where they end.
            let mut search = Search::default();
            self.guest
                .read(token, &mut before, &mut |site, x| search.look(site, x))?;
            return Err(search.error(&[token], self.info.layers));
        }
        memory.note(token);
        Ok(values)
    }

    fn read_watched(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        watch: &mut Watch,
    ) -> Result<Rows, ModelError> {
        let vocabulary = self.info.vocabulary;
        if let Some(&token) = tokens.iter().find(|&&token| token as usize >= vocabulary) {
            return Err(ModelError::UnknownToken { token, vocabulary });
        }
        cache.check_room(tokens.len())?;
        let length = cache.len();
        let memory = cache.memory_mut().filter(|memory| length <= memory.len());
        let memory = memory.ok_or_else(|| {
            ModelError::Foreign("a cache of another model does not belong to this one".to_owned())
        })?;
        // After a rewind it reads again what lies between.
        for token in memory.back_to(length) {
            self.advance(token, memory, &mut |_, _| Ok(()))?;
        }
        let mut hidden = Vec::with_capacity(tokens.len() * self.info.width);
        for token in tokens {
            hidden.extend(self.advance(*token, memory, watch)?);
        }
        cache.advance(tokens.len())?;
        Ok(Rows::new(self.info.width, hidden))
    }
}

fn numbers(rows: &Tensor) -> CandleResult<Vec<f32>> {
    rows.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}

impl<G: Guest> Model for GuestModel<G> {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn new_cache(&self) -> Result<Cache, ModelError> {
        let memory = Memory::new(self.guest.start()?);
        Ok(Cache::of_memory(memory, self.info.context_length))
    }

    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
        self.read_watched(tokens, cache, &mut |_, _| Ok(()))
    }

    fn read_observed(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        observer: &mut dyn Observer,
    ) -> Result<Rows, ModelError> {
        // Token after token, and shown when all are read.
        let mut seen: BTreeMap<Site, Vec<f32>> = BTreeMap::new();
        let hidden = self.read_watched(tokens, cache, &mut |site, x| {
            if observer.wants(site) {
                seen.entry(site).or_default().extend(numbers(x)?);
            }
            Ok(())
        })?;
        for (site, values) in seen {
            observer.see(site, Rows::new(self.info.width, values));
        }
        Ok(hidden)
    }

    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
        check_batch(tokens, caches)?;
        let mut all = Vec::with_capacity(tokens.len() * self.info.width);
        for (token, cache) in tokens.iter().zip(caches) {
            all.extend_from_slice(self.read(&[*token], cache)?.as_slice());
        }
        Ok(Rows::new(self.info.width, all))
    }

    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
        let vocabulary = self.info.vocabulary;
        if hidden.is_empty() {
            return Ok(Rows::new(vocabulary, Vec::new()));
        }
        check_hidden(hidden, self.info.width)?;
        let shape = (hidden.len(), hidden.width());
        let hidden = Tensor::from_slice(hidden.as_slice(), shape, &self.device)?;
        possible(Rows::new(vocabulary, numbers(&self.guest.head(&hidden)?)?))
    }
}
