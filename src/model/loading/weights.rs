//! The tensors of a model: from safetensors files, or from a GGUF file.

use super::families::{Described, Form};
use super::gguf::GgufWeights;
use super::row_order::RowOrder;
use super::shards::Shards;
use crate::model::ModelError;
use crate::model::memory::check_room;
use crate::model::network::dense::in_order;
use crate::model::network::linear::Matrix;
use crate::model::network::tensors::{Name, Tensors};

/// The tensors of a model.
pub(super) enum Weights {
    Safetensors(Safetensors),
    Gguf(GgufWeights),
}

/// Those of files in Hugging Face layout.
pub(super) struct Safetensors {
    pub(super) shards: Shards,
    pub(super) form: &'static Form,
    pub(super) order: RowOrder,
}

impl Tensors for Weights {
    fn names(&self, name: Name) -> bool {
        match self {
            Self::Safetensors(files) => files.form.name(name).is_some(),
            Self::Gguf(_) => true,
        }
    }

    fn has(&self, name: Name) -> bool {
        match self {
            Self::Safetensors(files) => {
                let mut names = files.form.all_names(name);
                names.any(|name| files.shards.has(&name))
            }
            Self::Gguf(weights) => weights.has(name),
        }
    }

    fn take(&mut self, name: Name, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        match self {
            Self::Safetensors(files) => files.take(name, shape),
            Self::Gguf(weights) => weights.take(name, shape),
        }
    }

    fn matrix(&mut self, name: Name, shape: [usize; 2]) -> Result<Matrix, ModelError> {
        match self {
            Self::Safetensors(files) => files.matrix(name, shape),
            Self::Gguf(weights) => weights.matrix(name, shape),
        }
    }
}

impl Weights {
    /// Those of files in Hugging Face layout, for a model of this description.
    pub(super) fn of_files(shards: Shards, described: &Described) -> Self {
        let form = &described.family.form;
        let order = RowOrder::new(&described.description, form.pairs, form.fused);
        Self::Safetensors(Safetensors {
            shards,
            form,
            order,
        })
    }

    /// Bytes of all tensors in memory, where they stay as a GGUF file has them.
    pub(super) fn bytes_as_stored(&self) -> Option<u64> {
        match self {
            Self::Safetensors(_) => None,
            Self::Gguf(weights) => Some(weights.bytes_as_stored()),
        }
    }

    /// Tensors that were not taken, in order, but for those that files carry without need.
    pub(super) fn left_over(&self) -> Vec<&str> {
        match self {
            Self::Safetensors(files) => files.shards.left_over(),
            Self::Gguf(weights) => weights.left_over(),
        }
    }
}

impl Safetensors {
    fn take(&mut self, name: Name, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let written = self.written(name)?;
        let values = match name.one.filter(|_| self.form.stacked) {
            Some(expert) => self.shards.take_one(&written, expert, shape)?,
            None => self.shards.take(&written, shape)?,
        };
        match self.order.of(name.part, shape[0]) {
            Some(order) => Ok(in_order(&values, &order)),
            None => Ok(values),
        }
    }

    fn matrix(&mut self, name: Name, shape: [usize; 2]) -> Result<Matrix, ModelError> {
        let written = self.written(name)?;
        if self.form.in_out && name.layer.is_some() {
            let [to, from] = shape;
            let values = self.shards.take_as_stored(&written, &[from, to])?;
            check_room(2 * values.bytes(), &written)?;
            return Ok(Matrix::Values(values.transposed(to)));
        }
        if self.form.stacked
            && let Some(expert) = name.one
        {
            let [to, from] = shape;
            let values = self
                .shards
                .take_one_as_stored(&written, expert, &[from, to])?;
            check_room(3 * values.bytes(), &written)?;
            let values = values.transposed(to);
            return Ok(Matrix::Values(match self.order.of(name.part, to) {
                Some(order) => values.in_order(&order),
                None => values,
            }));
        }
        let mut values = self.shards.take_as_stored(&written, &shape)?;
        if let Some(order) = self.order.of(name.part, shape[0]) {
            values = values.in_order(&order);
        }
        // For blocks made of them.
        check_room(values.bytes(), &written)?;
        Ok(Matrix::Values(values))
    }

    fn written(&self, name: Name) -> Result<String, ModelError> {
        let found = self.form.all_names(name).find(|name| self.shards.has(name));
        found.or_else(|| self.form.name(name)).ok_or_else(|| {
            ModelError::Foreign(format!("{name:?} has no name in files of this family"))
        })
    }
}
