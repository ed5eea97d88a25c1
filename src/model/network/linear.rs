//! A matrix that multiplies rows of activations, dense or quantised.

use std::sync::Arc;

use candle_core::quantized::{QMatMul, QStorage, QTensor};
use candle_core::{DType, Device, Module, Result, Tensor};

use super::cost::Held;
use super::dense::{self, Numbers, vector};
use super::tensors::{Name, Tensors};
#[cfg(feature = "cuda")]
use crate::kernels::cuda;
use crate::kernels::{AddBias, BlockMatrix, DenseProduct, Quantisation, sum};
use crate::model::Activation;
use crate::model::ModelError;

/// What the numbers of all layers are held as, and where.
#[derive(Debug, Clone)]
pub(in crate::model) struct Storage {
    pub(in crate::model) device: Device,
    /// Of activations, and of weights that are no matrices.
    pub(in crate::model) dtype: DType,
    /// Of matrices that are not quantised: `f32`, or on the CPU also one with 16 bits; none to keep each as its file has
    /// it.
    pub(in crate::model) matrices: Option<DType>,
    /// Of keys and values.
    pub(in crate::model) cache: DType,
    /// What large matrices are quantised to, on the CPU. Those that a file has quantised stay as they are, whatever this
    /// says.
    pub(in crate::model) quantised: Option<Quantisation>,
}

/// A matrix `(out, in)` from a file.
pub(in crate::model) enum Matrix {
    /// Row after row.
    Values(Numbers),
    /// In blocks along its rows, perhaps with rows of zeros at the end (see [`QUANTISED_ROWS`]).
    Quantised(Arc<QTensor>),
}

/// `x W^T + b`.
pub(in crate::model) struct Linear {
    weight: Weight,
    bias: Option<Tensor>,
}

enum Weight {
    /// `(out, in)`, on the CPU perhaps in 16 bits.
    Dense(Tensor),
    /// `(out rounded up, in)` with the number of rows that count.
    Quantised(QMatMul, usize),
    Blocks(Arc<BlockMatrix>),
}

impl Weight {
    fn quantised(weight: Arc<QTensor>, out: usize, device: &Device) -> Result<Self> {
        Ok(if device.is_cpu() && BlockMatrix::knows(weight.dtype()) {
            Self::Blocks(Arc::new(BlockMatrix::new(&weight, out)?))
        } else {
            Self::Quantised(QMatMul::from_arc(on_device(weight, device)?)?, out)
        })
    }
}

/// A matrix in blocks where it is to be multiplied: files are read into main memory.
pub(in crate::model) fn on_device(weight: Arc<QTensor>, device: &Device) -> Result<Arc<QTensor>> {
    if weight.device().same_device(device) {
        return Ok(weight);
    }
    let storage = QStorage::from_data(weight.data()?, device, weight.dtype())?;
    Ok(Arc::new(QTensor::new(storage, weight.shape().clone())?))
}

/// candle's fast kernels take rows of a quantised matrix by so many.
pub(in crate::model) const QUANTISED_ROWS: usize = 16;

impl Linear {
    /// The one whose weight is called `name`, of `[out, in]`.
    ///
    /// # Errors
    /// When a tensor is missing or wrong, or the device has no room.
    pub(super) fn load(
        name: Name,
        shape: [usize; 2],
        bias: bool,
        storage: &Storage,
        tensors: &mut dyn Tensors,
    ) -> std::result::Result<Self, ModelError> {
        let weight = tensors.matrix(name, shape)?;
        let bias = bias.then(|| tensors.take(name.bias(), &shape[..1]));
        Ok(Self::new(weight, shape[0], bias.transpose()?, storage)?)
    }

    /// From a weight of `(out, in)`.
    pub(in crate::model) fn new(
        weight: Matrix,
        out: usize,
        bias: Option<Vec<f32>>,
        storage: &Storage,
    ) -> Result<Self> {
        let weight = match weight {
            Matrix::Quantised(weight) => Weight::quantised(weight, out, &storage.device)?,
            Matrix::Values(weight) => match storage.quantised {
                None => Weight::Dense(dense::matrix(weight, out, storage)?),
                Some(to) => {
                    let blocks = BlockMatrix::quantise(weight.widened(), out, to)?;
                    Weight::Blocks(Arc::new(blocks))
                }
            },
        };
        let bias = bias.map(|bias| vector(bias, storage)).transpose()?;
        Ok(Self { weight, bias })
    }

    /// From a dense matrix of `(out, in)` that is also used elsewhere.
    pub(in crate::model) fn shared(weight: Tensor) -> Self {
        Self {
            weight: Weight::Dense(weight),
            bias: None,
        }
    }

    /// From a matrix in blocks that is also used elsewhere.
    pub(in crate::model) fn of_blocks(weight: Arc<BlockMatrix>) -> Self {
        Self {
            weight: Weight::Blocks(weight),
            bias: None,
        }
    }

    /// Its matrix, as it is held.
    pub(super) fn held(&self) -> Held {
        match &self.weight {
            Weight::Dense(weight) => Held::dense(weight),
            Weight::Quantised(weight, _) => Held::of_candle(weight),
            Weight::Blocks(weight) => Held {
                numbers: weight.numbers() as f64,
                bytes: weight.bytes() as f64,
            },
        }
    }

    /// `(m, in)` to `(m, out)`.
    pub(in crate::model) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if let Weight::Blocks(weight) = &self.weight {
            return weight.product(x, self.bias.as_ref());
        }
        let product = self.product(x)?;
        let Some(bias) = &self.bias else {
            return Ok(product);
        };
        #[cfg(feature = "cuda")]
        if product.device().is_cuda() {
            return cuda::finish(product, Some(bias), cuda::Code::Identity, None);
        }
        let own = product.device().is_cpu() && product.dtype() == DType::F32;
        if own && product.is_contiguous() {
            product.inplace_op2(bias, &AddBias)?;
            return Ok(product);
        }
        product.broadcast_add(bias)
    }

    /// As [`Self::forward`], with a non-linearity after it.
    pub(in crate::model) fn forward_to(
        &self,
        x: &Tensor,
        activation: Activation,
    ) -> Result<Tensor> {
        #[cfg(feature = "cuda")]
        if let (true, Some(bias)) = (x.device().is_cuda(), &self.bias) {
            return cuda::finish(self.product(x)?, Some(bias), activation.code(), None);
        }
        activation.apply(&self.forward(x)?)
    }

    /// `base` of the shape of the result, with [`Self::forward`] added.
    pub(in crate::model) fn forward_onto(&self, base: &Tensor, x: &Tensor) -> Result<Tensor> {
        #[cfg(feature = "cuda")]
        if x.device().is_cuda() {
            let (bias, code) = (self.bias.as_ref(), cuda::Code::Identity);
            return cuda::finish(self.product(x)?, bias, code, Some(&base.contiguous()?));
        }
        sum(base, &self.forward(x)?)
    }

    /// `x W^T`.
    fn product(&self, x: &Tensor) -> Result<Tensor> {
        match &self.weight {
            Weight::Dense(weight) if x.device().is_cpu() && x.dtype() == DType::F32 => {
                x.apply_op2_no_bwd(weight, &DenseProduct)
            }
            // candle's own product of `f32` may round the factors.
            #[cfg(feature = "cuda")]
            Weight::Dense(weight) if x.device().is_cuda() => {
                let (rows, matrix) = (cuda::Factor::new(x), cuda::Factor::transposed(weight));
                cuda::products(rows, matrix, 1.0, x.dtype())
            }
            Weight::Dense(weight) => x.matmul(&weight.t()?),
            Weight::Blocks(weight) => weight.product(x, None),
            Weight::Quantised(weight, out) => {
                // candle's product takes whole rows alone.
                let product = weight.forward(&x.contiguous()?)?;
                if product.dim(1)? == *out {
                    Ok(product)
                } else {
                    product.narrow(1, 0, *out)?.contiguous()
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::MOST_ROWS;

    fn storage(dtype: DType, quantised: Option<Quantisation>) -> Storage {
        Storage {
            device: Device::Cpu,
            dtype,
            matrices: None,
            cache: dtype,
            quantised,
        }
    }

    #[test]
    fn few_rows_and_many_rows_agree() -> Result<()> {
        let weight: Vec<f32> = (0..5 * 7).map(|i| (i as f32).sin()).collect();
        let bias = vec![1.0, 2.0, 3.0, 4.0, 5.0];
        let linear = Linear::new(
            Matrix::Values(Numbers::F32(weight)),
            5,
            Some(bias),
            &storage(DType::F32, None),
        )?;
        let x = Tensor::randn(0f32, 1.0, (MOST_ROWS + 3, 7), &Device::Cpu)?;
        let many = linear.forward(&x)?.narrow(0, 0, 2)?;
        let few = linear.forward(&x.narrow(0, 0, 2)?)?;
        let difference = (many - few)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(difference < 1e-5, "{difference}");
        Ok(())
    }

    #[test]
    fn quantised_rows_are_padded_and_cut_off_again() -> Result<()> {
        let weight: Vec<f32> = (0..19 * 64).map(|i| (i as f32 * 0.7).sin()).collect();
        let linear = |quantised| {
            let weight = Matrix::Values(Numbers::F32(weight.clone()));
            Linear::new(weight, 19, None, &storage(DType::F32, quantised))
        };
        let (dense, quantised) = (linear(None)?, linear(Some(Quantisation::Q8_0))?);
        assert!(matches!(dense.weight, Weight::Dense(_)));
        assert!(matches!(quantised.weight, Weight::Blocks(_)));
        for rows in [1, 12] {
            let x = Tensor::randn(0f32, 1.0, (rows, 64), &Device::Cpu)?;
            let (exact, close) = (dense.forward(&x)?, quantised.forward(&x)?);
            assert_eq!(close.dims(), [rows, 19]);
            let difference = (exact - close)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert!(difference < 0.3, "{difference}");
        }
        Ok(())
    }
}
