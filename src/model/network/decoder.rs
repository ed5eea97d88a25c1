//! A network that reads texts: into caches, alone and together, and what follows of each.

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use candle_core::{DType, Result as CandleResult, Tensor};

use super::asked::{check_batch, check_hidden};
use super::attention::{
    Causal, Projected, attend, attend_each, attend_several, has_kernel, pattern,
};
use super::cost::Cost;
use super::inputs::Inputs;
use super::numbers::{Search, all_finite, possible};
#[cfg(feature = "cuda")]
use super::on_card;
#[cfg(feature = "cuda")]
use super::replay::{Recorded, Replay, Turn};
use super::site::{Observer, Site, Watch};
use super::transformer::{Places, Transformer};
use crate::kernels::Scoring;
use crate::model::{Cache, Model, ModelError, ModelInfo, Rows};

/// Rows of which a GPU makes the logits with the hidden states; of more, only the last one's.
const ROWS_AHEAD: usize = 64;

/// A network with what is known of it.
pub(in crate::model) struct Decoder {
    info: ModelInfo,
    network: Transformer,
    /// What a GPU was last asked for.
    ahead: Mutex<Option<Ahead>>,
    #[cfg(feature = "cuda")]
    readback: Mutex<crate::kernels::cuda::Readback>,
    #[cfg(feature = "cuda")]
    replay: Mutex<Replay>,
}

/// Hidden states and the logits made of them.
struct Ahead {
    hidden: Rows,
    logits: Rows,
}

impl Decoder {
    pub(in crate::model) fn new(info: ModelInfo, network: Transformer) -> Self {
        Self {
            info,
            network,
            ahead: Mutex::new(None),
            #[cfg(feature = "cuda")]
            readback: Mutex::default(),
            #[cfg(feature = "cuda")]
            replay: Mutex::default(),
        }
    }

    /// Hidden states as numbers in main memory. What a GPU has to do for the logits is asked for beside, and kept for
    /// [`Model::logits`]: so a token is waited for once.
    fn fetch(&self, hidden: &Tensor) -> Result<Rows, ModelError> {
        if hidden.device().is_cpu() {
            return self.to_rows(hidden);
        }
        let n = hidden.dim(0)?;
        let first = if n <= ROWS_AHEAD { 0 } else { n - 1 };
        let logits = self.network.head(&hidden.narrow(0, first, n - first)?)?;
        self.keep(hidden, &logits, first)
    }

    /// Reads hidden states back, and the logits of those from the `first` on, which it keeps.
    fn keep(&self, hidden: &Tensor, logits: &Tensor, first: usize) -> Result<Rows, ModelError> {
        let width = self.info.width;
        let [hidden, logits] = self.read_both(hidden, logits)?;
        let ahead = Ahead {
            hidden: Rows::new(width, hidden[first * width..].to_vec()),
            logits: Rows::new(self.info.vocabulary, logits),
        };
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        Ok(Rows::new(width, hidden))
    }

    /// The numbers of two matrices on a GPU, which is waited for once.
    fn read_both(&self, first: &Tensor, second: &Tensor) -> CandleResult<[Vec<f32>; 2]> {
        #[cfg(feature = "cuda")]
        if first.device().is_cuda() {
            let mut readback = self.readback.lock().unwrap_or_else(PoisonError::into_inner);
            return readback.fetch([first, second]);
        }
        let flat = |tensor: &Tensor| tensor.to_dtype(DType::F32)?.flatten_all();
        let mut both = Tensor::cat(&[flat(first)?, flat(second)?], 0)?.to_vec1()?;
        let second = both.split_off(first.elem_count());
        Ok([both, second])
    }

    /// The logits of `hidden`, if they were made with it: once.
    fn made_ahead(&self, hidden: &Rows) -> Option<Rows> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let made = ahead.take_if(|ahead| ahead.hidden == *hidden)?;
        Some(made.logits)
    }

    /// A matrix on the device as numbers in main memory.
    fn to_rows(&self, matrix: &Tensor) -> Result<Rows, ModelError> {
        let width = matrix.dim(1)?;
        let values = matrix.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        Ok(Rows::new(width, values))
    }

    /// The rows that `run` gives. Should they not all be numbers, it runs once more, watched, for an error that says where
    /// they end: what it wrote to caches it writes again.
    fn numbers_of(
        &self,
        tokens: &[u32],
        mut run: impl FnMut(&mut Watch) -> CandleResult<Tensor>,
    ) -> Result<Rows, ModelError> {
        let rows = self.fetch(&run(&mut |_, _| Ok(()))?)?;
        if all_finite(rows.as_slice()) {
            return Ok(rows);
        }
        let mut search = Search::default();
        run(&mut |stage, x| search.look(stage, x))?;
        Err(search.error(tokens, self.info.layers))
    }

    /// A step of texts with these caches: replayed where a card has it recorded, or as
    /// `usual`, which is told whether it may be recorded next.
    #[cfg(feature = "cuda")]
    fn stepped(
        &self,
        tokens: &[u32],
        places: &Places,
        caches: &[&mut Cache],
        usual: impl FnOnce(bool) -> Result<Rows, ModelError>,
    ) -> Result<Rows, ModelError> {
        let device = &self.network.storage().device;
        if !device.is_cuda() || tokens.len() > ROWS_AHEAD {
            return usual(false);
        }
        let mut replay = self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        let caches: Vec<_> = caches.iter().map(|cache| cache.layers()).collect();
        let turn = replay.turn(on_card::addresses(&caches)?);
        if turn == Turn::Recording {
            let widths = (self.info.width, self.info.vocabulary);
            *replay = match Recorded::new(&self.network, &caches, (tokens, places), widths) {
                Ok(recorded) => Replay::Recorded(Box::new(recorded)),
                Err(error) => {
                    tracing::info!("steps of this model are not recorded: {error}");
                    Replay::Never
                }
            };
        }
        if let Replay::Recorded(recorded) = &mut *replay {
            recorded.start(&self.network, tokens, places)?;
            let hidden = self.keep(&recorded.hidden, &recorded.logits, 0)?;
            if all_finite(hidden.as_slice()) {
                return Ok(hidden);
            }
            // As usual it ends in an error that says where they end.
        }
        usual(turn == Turn::Rehearsal)
    }

    fn check_tokens(&self, tokens: &[u32]) -> Result<(), ModelError> {
        let vocabulary = self.info.vocabulary;
        match tokens.iter().find(|&&token| token as usize >= vocabulary) {
            Some(&token) => Err(ModelError::UnknownToken { token, vocabulary }),
            None => Ok(()),
        }
    }

    /// What reading `tokens` at the end of `cache` needs, which then has room for them: what the network is told, and what
    /// each token sees.
    fn prepare(&self, tokens: &[u32], cache: &mut Cache) -> Result<(Inputs, Causal), ModelError> {
        self.check_tokens(tokens)?;
        self.make_room(cache, tokens.len())?;
        let past = cache.len();
        let mut places = Places::default();
        places.add(past, tokens.len());
        let storage = self.network.storage();
        let inputs = self.network.inputs(tokens, &places, &storage.device)?;
        Ok((inputs, Causal::new(past, storage)))
    }

    /// Whether `cache` is of this model and has room for `tokens` more, which it then has.
    fn make_room(&self, cache: &mut Cache, tokens: usize) -> Result<(), ModelError> {
        if cache.layers().len() != self.info.layers {
            return Err(ModelError::Foreign(format!(
                "a cache of {} layers does not belong to this model of {}",
                cache.layers().len(),
                self.info.layers
            )));
        }
        // One token is read past a shared beginning, where there is a kernel that does; more want it in one piece.
        let storage = self.network.storage();
        if tokens != 1 || !has_kernel(&storage.device, storage.dtype) {
            cache.unshare()?;
        }
        cache.reserve(tokens)
    }
}

impl Model for Decoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn cost(&self) -> Option<Cost> {
        Some(self.network.cost())
    }

    fn new_cache(&self) -> Result<Cache, ModelError> {
        let (heads, storage) = (self.network.heads(), self.network.storage());
        Cache::new(
            self.info.layers,
            heads.keys,
            self.info.context_length,
            heads.width,
            storage.cache,
            &storage.device,
        )
    }

    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
        if tokens.is_empty() {
            self.make_room(cache, 0)?;
            return Ok(Rows::new(self.info.width, Vec::new()));
        }
        // A step of one text, which a card may have recorded.
        #[cfg(feature = "cuda")]
        if tokens.len() == 1 && self.network.storage().device.is_cuda() {
            return self.step(tokens, &mut [cache]);
        }
        let (inputs, causal) = self.prepare(tokens, cache)?;
        let (heads, layers) = (self.network.heads(), cache.layers());
        let hidden = self.numbers_of(tokens, |watch| {
            let mut attend = |layer: usize, new: &Projected, scoring: &Scoring| {
                attend(new, &layers[layer], heads, scoring, &causal)
            };
            self.network.run(&inputs, &mut attend, watch)
        })?;
        cache.advance(tokens.len())?;
        Ok(hidden)
    }

    fn read_observed(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        observer: &mut dyn Observer,
    ) -> Result<Rows, ModelError> {
        if tokens.is_empty() {
            return self.read(tokens, cache);
        }
        cache.unshare()?;
        let (inputs, causal) = self.prepare(tokens, cache)?;
        let (past, heads, layers) = (cache.len(), self.network.heads(), cache.layers());
        // Attention and the rest of the network take turns in showing what they made.
        let observer = RefCell::new(observer);
        let show = |site: Site, x: &Tensor| {
            let rows = self.to_rows(x).map_err(candle_core::Error::wrap)?;
            observer.borrow_mut().see(site, rows);
            Ok(())
        };
        let mut attend = |layer: usize, new: &Projected, scoring: &Scoring| {
            let attended = attend(new, &layers[layer], heads, scoring, &causal)?;
            let site = Site::AttentionPattern(layer);
            let wanted = observer.borrow().wants(site);
            if wanted {
                show(site, &pattern(new, &layers[layer], heads, scoring, past)?)?;
            }
            Ok(attended)
        };
        let mut watch = |site, x: &Tensor| {
            let wanted = observer.borrow().wants(site);
            if wanted { show(site, x) } else { Ok(()) }
        };
        let hidden = self.network.run(&inputs, &mut attend, &mut watch)?;
        let hidden = self.to_rows(&hidden)?;
        if !all_finite(hidden.as_slice()) {
            // It ends in the error that says where they end.
            return self.read(tokens, cache);
        }
        cache.advance(tokens.len())?;
        Ok(hidden)
    }

    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
        check_batch(tokens, caches)?;
        self.check_tokens(tokens)?;
        for cache in caches.iter_mut() {
            self.make_room(cache, 1)?;
        }
        if tokens.is_empty() {
            return Ok(Rows::new(self.info.width, Vec::new()));
        }
        let heads = self.network.heads();
        let past = caches.iter().map(|cache| cache.len() as u32);
        let places = Places {
            positions: past.clone().collect(),
            lengths: past.map(|past| past + 1).collect(),
        };
        let storage = self.network.storage();
        let causal = caches.iter().map(|cache| Causal::new(cache.len(), storage));
        let causal: Vec<_> = causal.collect();
        let usual = |_rehearsal: bool| {
            let inputs = self.network.inputs(tokens, &places, &storage.device)?;
            #[cfg(feature = "cuda")]
            let _kept = _rehearsal.then(|| crate::kernels::cuda::keep_copies(&storage.device));
            self.numbers_of(tokens, |watch| {
                let mut attend = |layer: usize, new: &Projected, scoring: &Scoring| {
                    let layers = caches.iter().map(|cache| &cache.layers()[layer]);
                    attend_each(new, layers, heads, scoring, &causal)
                };
                self.network.run(&inputs, &mut attend, watch)
            })
        };
        #[cfg(feature = "cuda")]
        let hidden = self.stepped(tokens, &places, caches, usual)?;
        #[cfg(not(feature = "cuda"))]
        let hidden = usual(false)?;
        for cache in caches {
            cache.advance(1)?;
        }
        Ok(hidden)
    }

    fn read_each(
        &self,
        texts: &[&[u32]],
        caches: &mut [&mut Cache],
    ) -> Result<Vec<Rows>, ModelError> {
        check_batch(texts, caches)?;
        if let ([tokens], [cache]) = (texts, &mut *caches) {
            return Ok(vec![self.read(tokens, cache)?]);
        }
        let tokens = texts.concat();
        self.check_tokens(&tokens)?;
        let (mut places, mut causal, mut counts) = (Places::default(), Vec::new(), Vec::new());
        let storage = self.network.storage();
        for (text, cache) in texts.iter().zip(caches.iter_mut()) {
            self.make_room(cache, text.len())?;
            if !text.is_empty() {
                places.add(cache.len(), text.len());
                causal.push(Causal::new(cache.len(), storage));
                counts.push(text.len());
            }
        }
        let width = self.info.width;
        if tokens.is_empty() {
            return Ok(vec![Rows::new(width, Vec::new()); texts.len()]);
        }
        let heads = self.network.heads();
        let inputs = self.network.inputs(&tokens, &places, &storage.device)?;
        let hidden = self.numbers_of(&tokens, |watch| {
            let mut attend = |layer: usize, new: &Projected, scoring: &Scoring| {
                let read = texts.iter().zip(caches.iter());
                let read = read.filter(|(text, _)| !text.is_empty());
                let layers = read.map(|(_, cache)| &cache.layers()[layer]);
                attend_several(new, layers, &counts, heads, scoring, &causal)
            };
            self.network.run(&inputs, &mut attend, watch)
        })?;
        let mut left = hidden.as_slice();
        let mut rows = Vec::with_capacity(texts.len());
        for (text, cache) in texts.iter().zip(caches) {
            let (own, others) = left.split_at(text.len() * width);
            rows.push(Rows::new(width, own.to_vec()));
            cache.advance(text.len())?;
            left = others;
        }
        Ok(rows)
    }

    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
        if hidden.is_empty() {
            return Ok(Rows::new(self.info.vocabulary, Vec::new()));
        }
        check_hidden(hidden, self.info.width)?;
        let logits = match self.made_ahead(hidden) {
            Some(logits) => logits,
            None => {
                let shape = (hidden.len(), hidden.width());
                let storage = self.network.storage();
                let hidden = Tensor::from_slice(hidden.as_slice(), shape, &storage.device)?;
                self.to_rows(&self.network.head(&hidden.to_dtype(storage.dtype)?)?)?
            }
        };
        possible(logits)
    }
}
