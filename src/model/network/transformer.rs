//! A network of any description: embeddings, layers, a last norm, and a head.

use candle_core::{Device, Result as CandleResult, Tensor};

use super::attention::{Heads, Projected};
use super::block::{Block, Outside};
use super::cost::Cost;
use super::dense;
use super::description::{Description, HeadFacts};
use super::embedding::{Embedding, HeadKind, rows_of};
use super::inputs::{Inputs, Placed};
use super::linear::{Linear, Storage};
use super::norm::Norm;
use super::rope::Rope;
use super::site::{Site, Watch};
use super::tensors::{Part, Report, Tensors};
use crate::kernels::{Scoring, sum};
use crate::model::ModelError;

/// Lets the tokens of one layer look at each other and back: the layer's number, what its tokens ask for and offer, and
/// how that is scored, to what each token attends to, `(n, query heads * head width)`.
pub(super) type Attend<'a> = dyn FnMut(usize, &Projected, &Scoring) -> CandleResult<Tensor> + 'a;

/// Where tokens stand in their texts.
#[derive(Default)]
pub(super) struct Places {
    pub(super) positions: Vec<u32>,
    /// How long each one's text is when all that is read now is read.
    pub(super) lengths: Vec<u32>,
}

impl Places {
    /// Adds so many tokens of a text, after `past` others.
    pub(super) fn add(&mut self, past: usize, tokens: usize) {
        let length = past + tokens;
        self.positions.extend((past..length).map(|at| at as u32));
        self.lengths
            .extend(std::iter::repeat_n(length as u32, tokens));
    }
}

/// A loaded network.
pub(in crate::model) struct Transformer {
    heads: Heads,
    storage: Storage,
    embedding: Embedding,
    embedding_scale: f64,
    embedding_norm: Option<Norm>,
    /// `(positions, width)`, and the row of the first position.
    positions: Option<(Tensor, usize)>,
    ropes: Vec<Rope>,
    growth: Option<(f64, f64)>,
    blocks: Vec<Block>,
    last_norm: Option<Norm>,
    head: Linear,
    head_facts: HeadFacts,
}

impl Transformer {
    /// Takes the tensors that `description` calls for out of `tensors`.
    ///
    /// # Errors
    /// When one is missing or wrong, the device has no room, or `report` breaks off.
    pub(in crate::model) fn load(
        description: &Description,
        storage: Storage,
        tensors: &mut dyn Tensors,
        report: &mut Report,
    ) -> Result<Self, ModelError> {
        let (width, layers) = (description.width, description.layers.len());
        let total = layers + 2;
        report(0, total)?;
        let positions = description.embedding.positions.map(|rows| {
            let table = tensors.take(Part::Positions.weight(), &[rows, width])?;
            let table = dense::table(table, rows, &storage)?;
            Ok::<_, ModelError>((table, description.embedding.offset))
        });
        let positions = positions.transpose()?;
        let (embedding, head) = Embedding::with_head(
            [description.vocabulary, width],
            HeadKind {
                tied: description.head.tied,
                bias: description.head.bias,
            },
            &storage,
            tensors,
        )?;
        report(1, total)?;
        let mut blocks = Vec::with_capacity(layers);
        for layer in 0..layers {
            blocks.push(Block::load(layer, description, &storage, tensors)?);
            report(layer + 2, total)?;
        }
        let mut norm = |there: bool, part: Part| {
            there
                .then(|| Norm::load(part.weight(), width, description, &storage, tensors))
                .transpose()
        };
        let embedding_norm = norm(description.embedding.norm, Part::EmbeddingNorm)?;
        let last_norm = norm(description.places.last, Part::LastNorm)?;
        report(total, total)?;
        Ok(Self {
            heads: description.heads,
            ropes: description.ropes.iter().map(Rope::new).collect(),
            growth: description.attention.growth,
            embedding,
            embedding_scale: description.embedding.scale,
            embedding_norm,
            positions,
            blocks,
            last_norm,
            head,
            head_facts: description.head,
            storage,
        })
    }

    /// How attention is cut into heads.
    pub(super) fn cost(&self) -> Cost {
        let layers = self.blocks.iter().map(Block::held).sum();
        let heads = [self.heads.queries, self.heads.keys].map(|count| count * self.heads.width);
        let windows = self.blocks.iter().map(Block::window).collect();
        let in_cache = self.storage.cache.size_in_bytes();
        Cost::new([layers, self.head.held()], heads, in_cache, windows)
    }

    pub(super) fn heads(&self) -> Heads {
        self.heads
    }

    /// How numbers are held, and where.
    pub(super) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// What it is told of tokens and their places, on `device`: its own, or the CPU to be copied there later.
    pub(super) fn inputs(
        &self,
        tokens: &[u32],
        places: &Places,
        device: &Device,
    ) -> CandleResult<Inputs> {
        let Places { positions, lengths } = places;
        let held = (self.storage.dtype, device);
        let turns = self
            .ropes
            .iter()
            .map(|rope| rope.turns(positions, lengths, held));
        let rows = self.positions.as_ref().map(|(_, offset)| {
            let rows: Vec<u32> = positions.iter().map(|at| at + *offset as u32).collect();
            Tensor::new(rows, device)
        });
        Ok(Inputs {
            tokens: tokens.to_vec(),
            ids: Tensor::new(tokens, device)?,
            rows: rows.transpose()?,
            placed: Placed {
                turns: turns.collect::<CandleResult<_>>()?,
                growth: self.growth(positions, device)?,
            },
        })
    }

    /// Tokens through all layers and the last norm: `(n, width)`.
    pub(super) fn run(
        &self,
        inputs: &Inputs,
        attend: &mut Attend,
        watch: &mut Watch,
    ) -> CandleResult<Tensor> {
        let mut x = self.embed(inputs)?;
        watch(Site::Embedding, &x)?;
        for (layer, block) in self.blocks.iter().enumerate() {
            let mut outside = Outside {
                attend: &mut |new, scoring| attend(layer, new, scoring),
                fed: &mut |fed| watch(Site::FeedForward(layer), fed),
            };
            x = block.forward(&x, &inputs.placed, &mut outside)?;
            watch(Site::Residual(layer), &x)?;
        }
        if let Some(norm) = &self.last_norm {
            x = norm.forward(&x)?;
        }
        watch(Site::FinalNorm, &x)?;
        Ok(x)
    }

    /// What queries at some positions are multiplied by, `(n, 1)`.
    fn growth(&self, positions: &[u32], device: &Device) -> CandleResult<Option<Tensor>> {
        let Some((beta, context)) = self.growth else {
            return Ok(None);
        };
        let of = |&at: &u32| (1.0 + beta * (1.0 + (f64::from(at) / context).floor()).ln()) as f32;
        let factors: Vec<f32> = positions.iter().map(of).collect();
        Tensor::from_vec(factors, (positions.len(), 1), &Device::Cpu)?
            .to_dtype(self.storage.dtype)?
            .to_device(device)
            .map(Some)
    }

    fn embed(&self, inputs: &Inputs) -> CandleResult<Tensor> {
        let mut x = self.embedding.rows(inputs)?;
        if self.embedding_scale != 1.0 {
            x = (x * self.embedding_scale)?;
        }
        if let (Some((table, _)), Some(rows)) = (&self.positions, &inputs.rows) {
            x = sum(&x, &rows_of(table, rows)?)?;
        }
        match &self.embedding_norm {
            Some(norm) => norm.forward(&x),
            None => Ok(x),
        }
    }

    /// `(n, width)` to `(n, vocabulary)`.
    pub(super) fn head(&self, hidden: &Tensor) -> CandleResult<Tensor> {
        let mut logits = self.head.forward(hidden)?;
        if self.head_facts.scale != 1.0 {
            logits = (logits * self.head_facts.scale)?;
        }
        match self.head_facts.cap {
            Some(cap) => (logits / cap)?.tanh()? * cap,
            None => Ok(logits),
        }
    }
}
