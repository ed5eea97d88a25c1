//! Where a network takes its weights from.

use super::linear::Matrix;
use crate::model::ModelError;

/// The tensors of a model by the names that transformers has for them, without what all names start with. Each is taken
/// once.
pub(in crate::model) trait Tensors {
    /// A tensor's values in row-major order.
    ///
    /// # Errors
    /// When it is missing, or has another shape or number type than a model of this configuration needs.
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError>;

    /// A matrix of `[out, in]`, in the file's own quantisation if it has one that is to be kept.
    ///
    /// # Errors
    /// As [`Tensors::take`].
    fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Matrix, ModelError>;

    /// As [`Tensors::matrix`], for one that safetensors files of GPT-2 hold as `[in, out]`.
    ///
    /// # Errors
    /// As [`Tensors::take`].
    fn matrix_in_out(&mut self, name: &str, from: usize, to: usize) -> Result<Matrix, ModelError>;
}

/// Is told how many tensors of how many are read; its error breaks off.
pub(in crate::model) type Report<'a> = dyn FnMut(usize, usize) -> Result<(), ModelError> + 'a;
