//! Mamba (Gu and Dao 2023), its mixers by candle-transformers: layers that carry a state along the text in place of looking
//! back at keys and values.

use std::collections::HashMap;

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use candle_nn::VarBuilder;
use candle_nn::ops::rms_norm;
use candle_transformers::models::mamba::{Config, MambaBlock, State};

use super::{Guest, Remembered};
use crate::model::ModelError;
use crate::model::network::site::{Site, Watch};

/// Gives the numbers of a tensor by its name in files and its shape.
pub(in crate::model) type Take<'a> = dyn FnMut(&str, &[usize]) -> Result<Vec<f32>, ModelError> + 'a;

/// What one Mamba differs from another by; the rest is fixed in candle-transformers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct MambaFacts {
    pub(in crate::model) vocabulary: usize,
    pub(in crate::model) width: usize,
    pub(in crate::model) layers: usize,
    pub(in crate::model) epsilon: f64,
    /// Whether the head is the token embedding.
    pub(in crate::model) tied: bool,
}

/// A loaded Mamba.
pub(in crate::model) struct Mamba {
    config: Config,
    device: Device,
    epsilon: f32,
    /// `(vocabulary, width)`.
    embedding: Tensor,
    layers: Vec<Layer>,
    last_norm: Tensor,
    /// `(width, vocabulary)`.
    head: Tensor,
}

struct Layer {
    norm: Tensor,
    mixer: MambaBlock,
}

/// Inputs of a mixer that its convolution sees, the present one among them.
const SEEN: usize = 4;
/// Numbers that a mixer carries along for each of its channels.
const STATE: usize = 16;

impl MambaFacts {
    /// Channels of a mixer.
    fn channels(&self) -> usize {
        2 * self.width
    }

    /// Width of what the steps of time are made of.
    pub(in crate::model) fn rank(&self) -> usize {
        self.width.div_ceil(16)
    }

    /// The tensors of a mixer, with their shapes, by the names that files and candle-transformers have for them.
    fn mixer(&self) -> [(&'static str, Vec<usize>); 9] {
        let (width, channels, rank) = (self.width, self.channels(), self.rank());
        [
            ("in_proj.weight", vec![2 * channels, width]),
            ("conv1d.weight", vec![channels, 1, SEEN]),
            ("conv1d.bias", vec![channels]),
            ("x_proj.weight", vec![rank + 2 * STATE, channels]),
            ("dt_proj.weight", vec![channels, rank]),
            ("dt_proj.bias", vec![channels]),
            ("A_log", vec![channels, STATE]),
            ("D", vec![channels]),
            ("out_proj.weight", vec![width, channels]),
        ]
    }

    /// Trainable numbers, a tied head counted once.
    pub(in crate::model) fn parameters(&self) -> usize {
        let mixer = self.mixer();
        let mixer = mixer
            .iter()
            .map(|(_, shape)| shape.iter().product::<usize>());
        let tables = if self.tied { 1 } else { 2 };
        tables * self.vocabulary * self.width
            + self.layers * (mixer.sum::<usize>() + self.width)
            + self.width
    }

    fn config(&self) -> Config {
        Config {
            d_model: self.width,
            n_layer: self.layers,
            vocab_size: self.vocabulary,
            pad_vocab_size_multiple: 1,
        }
    }
}

impl Mamba {
    /// Takes its tensors by their names in files, without what all start with.
    ///
    /// # Errors
    /// When `take` fails, or the device has no room.
    pub(in crate::model) fn load(
        facts: &MambaFacts,
        device: &Device,
        take: &mut Take,
    ) -> Result<Self, ModelError> {
        let mut tensor = |name: &str, shape: &[usize]| {
            let values = take(name, shape)?;
            Ok::<_, ModelError>(Tensor::from_vec(values, shape, device)?)
        };
        let (vocabulary, width) = (facts.vocabulary, facts.width);
        let embedding = tensor("embeddings.weight", &[vocabulary, width])?;
        let head = if facts.tied {
            embedding.clone()
        } else {
            tensor("lm_head.weight", &[vocabulary, width])?
        };
        let config = facts.config();
        let mut layers = Vec::with_capacity(facts.layers);
        for layer in 0..facts.layers {
            let mut parts = HashMap::new();
            for (name, shape) in facts.mixer() {
                let full = format!("layers.{layer}.mixer.{name}");
                parts.insert(name.to_owned(), tensor(&full, &shape)?);
            }
            let parts = VarBuilder::from_tensors(parts, DType::F32, device);
            layers.push(Layer {
                norm: tensor(&format!("layers.{layer}.norm.weight"), &[width])?,
                mixer: MambaBlock::new(layer, &config, parts)?,
            });
        }
        Ok(Self {
            last_norm: tensor("norm_f.weight", &[width])?,
            config,
            device: device.clone(),
            epsilon: facts.epsilon as f32,
            embedding,
            layers,
            head: head.t()?,
        })
    }
}

impl Guest for Mamba {
    fn start(&self) -> CandleResult<Remembered> {
        let state = State::new(1, &self.config, DType::F32, &self.device)?;
        Ok(remembered(state))
    }

    fn read(
        &self,
        token: u32,
        remembered_of: &mut Remembered,
        watch: &mut Watch,
    ) -> CandleResult<Tensor> {
        let mut state = state(remembered_of, self.layers.len());
        let token = Tensor::new(&[token], &self.device)?;
        let mut x = self.embedding.index_select(&token, 0)?;
        watch(Site::Embedding, &x)?;
        for (at, layer) in self.layers.iter().enumerate() {
            let normed = rms_norm(&x, &layer.norm, self.epsilon)?;
            x = (x + layer.mixer.forward(&normed, &mut state)?)?;
            watch(Site::Residual(at), &x)?;
        }
        state.pos += 1;
        *remembered_of = remembered(state);
        let hidden = rms_norm(&x, &self.last_norm, self.epsilon)?;
        watch(Site::FinalNorm, &hidden)?;
        Ok(hidden)
    }

    fn head(&self, hidden: &Tensor) -> CandleResult<Tensor> {
        hidden.matmul(&self.head)
    }
}

/// The states of all layers, then the last inputs of each one's convolution.
fn remembered(state: State) -> Remembered {
    let inputs = state.prev_xs.into_iter().flatten();
    Remembered {
        tensors: state.hs.into_iter().chain(inputs).collect(),
        tokens: state.pos,
    }
}

fn state(of: &Remembered, layers: usize) -> State {
    let (states, inputs) = of.tensors.split_at(layers);
    let of_layer = |inputs: &[Tensor]| std::array::from_fn(|at| inputs[at].clone());
    State {
        hs: states.to_vec(),
        prev_xs: inputs.chunks_exact(SEEN).map(of_layer).collect(),
        pos: of.tokens,
    }
}
