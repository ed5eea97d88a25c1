//! The token embedding and the head, which are one matrix in many models.

use std::sync::Arc;

#[cfg(feature = "cuda")]
use candle_core::DType;
use candle_core::quantized::QTensor;
use candle_core::{Result as CandleResult, Tensor};

use super::dense;
use super::inputs::Inputs;
use super::linear::{Linear, Matrix, Storage, on_device};
use super::tensors::{Part, Tensors};
use crate::model::ModelError;

use crate::kernels::{BlockMatrix, Quantisation};

/// What the head is like.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) struct HeadKind {
    /// Whether it is the embedding; it then has no bias.
    pub(in crate::model) tied: bool,
    pub(in crate::model) bias: bool,
}

fn take_bias(
    has_one: bool,
    vocabulary: usize,
    weights: &mut dyn Tensors,
) -> Result<Option<Vec<f32>>, ModelError> {
    has_one
        .then(|| weights.take(Part::Head.weight().bias(), &[vocabulary]))
        .transpose()
}

/// How the head is held: in eight bits where the layers' matrices have fewer. What four lose in it is in every logit: of
/// the price of q4_0 in perplexity (the embedded model, `score`), it was half.
fn for_head(storage: &Storage) -> Storage {
    Storage {
        quantised: storage.quantised.map(|_| Quantisation::Q8_0),
        ..storage.clone()
    }
}

/// A matrix in blocks that have kernels here: as a file has them, or made of its numbers.
fn blocks(matrix: &Matrix, rows: usize, storage: &Storage) -> CandleResult<Option<BlockMatrix>> {
    let blocks = match matrix {
        Matrix::Values(values) => match storage.quantised {
            Some(to) => BlockMatrix::quantise(values.widened(), rows, to)?,
            None => return Ok(None),
        },
        Matrix::Quantised(matrix)
            if storage.device.is_cpu() && BlockMatrix::knows(matrix.dtype()) =>
        {
            BlockMatrix::new(matrix, rows)?
        }
        Matrix::Quantised(_) => return Ok(None),
    };
    Ok(Some(blocks))
}

/// Looks up a row for each token.
pub(in crate::model) struct Embedding {
    table: Table,
    storage: Storage,
}

enum Table {
    /// `(vocabulary, width)`, on the CPU perhaps in 16 bits.
    Dense(Tensor),
    /// In memory once when the head is the same.
    Blocks(Arc<BlockMatrix>),
    /// As the file has it, as well.
    Quantised(Arc<QTensor>),
}

impl Embedding {
    /// Takes the embedding and the head. `shape` is `(vocabulary, width)`.
    ///
    /// # Errors
    /// When a tensor is missing or wrong, or the device has no room.
    pub(in crate::model) fn with_head(
        shape: [usize; 2],
        kind: HeadKind,
        storage: &Storage,
        weights: &mut dyn Tensors,
    ) -> Result<(Self, Linear), ModelError> {
        let HeadKind { tied, bias } = kind;
        let [vocabulary, _] = shape;
        let tokens = weights.matrix(Part::Embedding.weight(), shape)?;
        let storage = &for_head(storage);
        if tied && let Some(blocks) = blocks(&tokens, vocabulary, storage)? {
            let blocks = Arc::new(blocks);
            let head = Linear::of_blocks(Arc::clone(&blocks));
            return Ok((Self::new(Table::Blocks(blocks), storage), head));
        }
        let values = match tokens {
            Matrix::Quantised(quantised) => {
                let quantised = on_device(quantised, &storage.device)?;
                let head = if tied {
                    Matrix::Quantised(Arc::clone(&quantised))
                } else {
                    weights.matrix(Part::Head.weight(), shape)?
                };
                let embedding = Self::new(Table::Quantised(quantised), storage);
                let bias = take_bias(bias, vocabulary, weights)?;
                return Ok((embedding, Linear::new(head, vocabulary, bias, storage)?));
            }
            Matrix::Values(values) => values,
        };
        if tied {
            let table = dense::matrix(values, vocabulary, storage)?;
            let head = Linear::shared(table.clone());
            return Ok((Self::new(Table::Dense(table), storage), head));
        }
        // Rows are only looked up here: 16 bits lose less than the 8 of the matrices, and halve the memory.
        let table = match storage.quantised {
            Some(_) => {
                let as_it_is = Storage {
                    matrices: None,
                    ..storage.clone()
                };
                dense::matrix(values.halved(), vocabulary, &as_it_is)?
            }
            None => dense::matrix(values, vocabulary, storage)?,
        };
        let head = weights.matrix(Part::Head.weight(), shape)?;
        let bias = take_bias(bias, vocabulary, weights)?;
        Ok((
            Self::new(Table::Dense(table), storage),
            Linear::new(head, vocabulary, bias, storage)?,
        ))
    }

    fn new(table: Table, storage: &Storage) -> Self {
        Self {
            table,
            storage: storage.clone(),
        }
    }

    /// `(n, width)` for `n` tokens, which are those of the vocabulary.
    pub(super) fn rows(&self, inputs: &Inputs) -> CandleResult<Tensor> {
        let rows = match &self.table {
            Table::Dense(table) => rows_of(table, &inputs.ids)?,
            Table::Blocks(table) => table.rows(&inputs.tokens)?,
            Table::Quantised(table) => table.embedding(&inputs.ids)?,
        };
        rows.to_dtype(self.storage.dtype)
    }
}

/// The rows of a dense table with these ids, which it has.
pub(super) fn rows_of(table: &Tensor, ids: &Tensor) -> CandleResult<Tensor> {
    #[cfg(feature = "cuda")]
    if table.device().is_cuda() && table.dtype() != DType::F16 {
        // SAFETY: the decoder checks tokens, and a cache has no room beyond the table of positions.
        return unsafe { crate::kernels::cuda::look_up(table, ids) };
    }
    table.index_select(ids, 0)
}
