//! Steps of a card that are recorded and then started as a whole: of most models a card computes a step faster than the
//! processor starts its kernels one by one.
//!
//! A recording is of certain caches, in which it finds out on the card how far they are filled. So the first step on new
//! caches is done as usual, the second is recorded, and from there on they are replayed.

use candle_core::{DType, Device, Result, Tensor};

use super::attention::Projected;
use super::cache::LayerCache;
use super::inputs::Inputs;
use super::on_card;
use super::transformer::{Places, Transformer};
use crate::kernels::{Scoring, cuda};

/// What is known of the steps of one model.
pub(super) enum Replay {
    /// The caches of the last step, which was done as usual.
    Usual(Vec<u64>),
    Recorded(Box<Recorded>),
    /// Not to be tried.
    Never,
}

/// What becomes of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Usual,
    /// As usual, and the next one is recorded if it is on the same caches.
    Rehearsal,
    Recording,
    Replay,
}

/// A recorded step, and where it finds its tokens and leaves its results.
pub(super) struct Recorded {
    caches: Vec<u64>,
    inputs: Inputs,
    /// How many tokens each text holds before the step, `(n)`.
    past: Tensor,
    /// `(n, width)` and `(n, vocabulary)`, in `f32`.
    pub(super) hidden: Tensor,
    pub(super) logits: Tensor,
    recording: cuda::Recording,
}

impl Default for Replay {
    fn default() -> Self {
        Self::Usual(Vec::new())
    }
}

impl Replay {
    /// What becomes of the next step, on these caches.
    pub(super) fn turn(&mut self, caches: Vec<u64>) -> Turn {
        let (known, turn) = match self {
            Self::Never => return Turn::Usual,
            Self::Usual(known) => (known, Turn::Recording),
            Self::Recorded(recorded) => (&mut recorded.caches, Turn::Replay),
        };
        if *known == caches {
            return turn;
        }
        *self = Self::Usual(caches);
        Turn::Rehearsal
    }
}

impl Recorded {
    /// Records a step of `network` for texts with these `caches` (of each text, the layers').
    ///
    /// # Errors
    /// When the network cannot be recorded, or the device fails.
    pub(super) fn new(
        network: &Transformer,
        caches: &[&[LayerCache]],
        (tokens, places): (&[u32], &Places),
        (width, vocabulary): (usize, usize),
    ) -> Result<Self> {
        let device = &network.storage().device;
        let inputs = network.inputs(tokens, places, device)?;
        let past = Tensor::new(places.positions.as_slice(), device)?;
        let results = |width| Tensor::zeros((tokens.len(), width), DType::F32, device);
        let (hidden, logits) = (results(width)?, results(vocabulary)?);
        let heads = network.heads();
        let recording = cuda::record(&past, || {
            let mut attend = |layer: usize, new: &Projected, scoring: &Scoring| {
                let layers = caches.iter().map(|layers| &layers[layer]);
                on_card::attend_recorded(new, layers, &past, heads, scoring)
            };
            let out = network.run(&inputs, &mut attend, &mut |_, _| Ok(()))?;
            cuda::put(&out.to_dtype(DType::F32)?, &hidden)?;
            cuda::put(&network.head(&out)?.to_dtype(DType::F32)?, &logits)
        })?;
        Ok(Self {
            caches: on_card::addresses(caches)?,
            inputs,
            past,
            hidden,
            logits,
            recording,
        })
    }

    /// Starts the step for other tokens of the same texts.
    ///
    /// # Errors
    /// When the device fails.
    pub(super) fn start(
        &mut self,
        network: &Transformer,
        tokens: &[u32],
        places: &Places,
    ) -> Result<()> {
        let inputs = network.inputs(tokens, places, &Device::Cpu)?;
        for (from, to) in inputs.tensors().into_iter().zip(self.inputs.tensors()) {
            cuda::put(from, to)?;
        }
        cuda::put(
            &Tensor::new(places.positions.as_slice(), &Device::Cpu)?,
            &self.past,
        )?;
        self.recording.start()
    }
}
