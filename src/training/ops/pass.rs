//! One pass through a network: in which form its operations are done, and what their gradients need.
//!
//! The plain form leaves that to candle. candle's backward pass adds each gradient to zeros that it makes first, and keeps
//! all activations to its end; so the kernels note on a tape how gradients go back, a gradient is handed on as it is, and
//! what only one operation needed is let go as soon as the tape has passed it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use candle_core::backprop::GradStore;
use candle_core::{DType, Result, Tensor, TensorId};

use super::embedding::AddRows;
use super::{Kernels, Numbers};
use crate::kernels::zeros;
use crate::training::Control;

/// Where the operations of one pass are noted.
pub struct Pass {
    kernels: Kernels,
    gradients: bool,
    tape: RefCell<Vec<Step>>,
    /// What the tape has made of variables.
    varying: RefCell<HashSet<TensorId>>,
    /// What may end it before its time.
    control: Option<Control>,
}

/// One operation on the tape.
struct Step {
    out: TensorId,
    /// None for what needs no gradient.
    inputs: Vec<Option<TensorId>>,
    backward: Backward,
}

/// From the gradient of what a step made to those of its inputs.
enum Backward {
    Whole {
        back: Back,
        /// Whether nothing else holds them.
        own: bool,
    },
    /// Its rows are those of some rows of the only input.
    Rows {
        ids: Vec<u32>,
        shape: (usize, usize),
    },
}

impl Backward {
    fn whole<const INPUTS: usize>(
        backward: impl FnOnce(&Tensor) -> Result<[Option<Tensor>; INPUTS]> + 'static,
        own: bool,
    ) -> Self {
        let back = Box::new(|gradient: &Tensor| Ok(backward(gradient)?.into()));
        Self::Whole { back, own }
    }
}

type Back = Box<dyn FnOnce(&Tensor) -> Result<Vec<Option<Tensor>>>>;

/// The gradient of a tensor, so far.
struct Sum {
    tensor: Tensor,
    /// Whether nothing else holds it, so that it may change in place.
    own: bool,
}

impl Pass {
    /// A pass that begins. `gradients`: whether [`Self::backward`] will follow.
    pub fn new(kernels: Kernels, gradients: bool) -> Self {
        Self {
            kernels,
            gradients,
            tape: RefCell::default(),
            varying: RefCell::default(),
            control: None,
        }
    }

    /// The same pass, which ends with an error as soon as the run is to end.
    pub fn until(self, control: &Control) -> Self {
        Self {
            control: Some(control.clone()),
            ..self
        }
    }

    /// # Errors
    /// When the run is to end.
    pub(in crate::training) fn check(&self) -> Result<()> {
        match &self.control {
            Some(control) if control.is_ending() => candle_core::bail!("the run is to end"),
            _ => Ok(()),
        }
    }

    /// The form of its operations.
    pub fn kernels(&self) -> Kernels {
        self.kernels
    }

    /// Whether a backward pass will ask for the gradient of a tensor.
    pub(super) fn wants(&self, tensor: &Tensor) -> bool {
        self.gradients && (tensor.is_variable() || self.varying.borrow().contains(&tensor.id()))
    }

    /// Notes that a kernel has made `out` of `inputs`, and how the gradient of `out` gives theirs. The same `out`.
    pub(super) fn record<const INPUTS: usize>(
        &self,
        out: Tensor,
        inputs: [&Tensor; INPUTS],
        backward: impl FnOnce(&Tensor) -> Result<[Option<Tensor>; INPUTS]> + 'static,
    ) -> Tensor {
        self.note(out, &inputs, Backward::whole(backward, false))
    }

    /// As [`Self::record`], where the inputs' gradients are new tensors that nothing else holds.
    pub(super) fn record_own<const INPUTS: usize>(
        &self,
        out: Tensor,
        inputs: [&Tensor; INPUTS],
        backward: impl FnOnce(&Tensor) -> Result<[Option<Tensor>; INPUTS]> + 'static,
    ) -> Tensor {
        self.note(out, &inputs, Backward::whole(backward, true))
    }

    /// Notes that `out` are the rows `ids` of `table (rows, width)`. Its gradient is added to them alone: for a whole
    /// table, mostly zeros, there may be little room.
    pub(super) fn record_rows(
        &self,
        out: Tensor,
        table: &Tensor,
        shape: (usize, usize),
        ids: &[u32],
    ) -> Tensor {
        let ids = ids.to_vec();
        self.note(out, &[table], Backward::Rows { ids, shape })
    }

    fn note(&self, out: Tensor, inputs: &[&Tensor], backward: Backward) -> Tensor {
        let wanted = |input: &&Tensor| self.wants(input).then(|| input.id());
        let inputs: Vec<_> = inputs.iter().map(wanted).collect();
        if inputs.iter().any(Option::is_some) {
            self.varying.borrow_mut().insert(out.id());
            self.tape.borrow_mut().push(Step {
                out: out.id(),
                inputs,
                backward,
            });
        }
        out
    }

    /// The gradients of the variables that `out` was made of, where `gradient` is that of `out`: ones, if it is none.
    ///
    /// # Errors
    /// When the device fails, or the run is to end.
    pub fn backward(self, out: &Tensor, gradient: Option<&Tensor>) -> Result<GradStore> {
        if self.kernels == Kernels::Plain {
            return match gradient {
                Some(gradient) => (out * gradient.detach())?.sum_all()?.backward(),
                None => out.backward(),
            };
        }
        let first = match gradient {
            Some(gradient) => gradient.clone(),
            None => out.ones_like()?,
        };
        let mut gradients = Gradients::default();
        gradients.add(out.id(), first, false)?;
        let mut tape = self.tape.take();
        while let Some(step) = tape.pop() {
            self.check()?;
            let Some(Sum { tensor, .. }) = gradients.0.remove(&step.out) else {
                continue;
            };
            match step.backward {
                Backward::Whole { back, own } => {
                    for (input, part) in step.inputs.into_iter().zip(back(&tensor)?) {
                        if let (Some(input), Some(part)) = (input, part) {
                            gradients.add(input, part, own)?;
                        }
                    }
                }
                Backward::Rows { ids, shape } => {
                    for table in step.inputs.into_iter().flatten() {
                        gradients.add_rows(table, shape, &ids, &tensor)?;
                    }
                }
            }
        }
        let mut store = GradStore::default();
        for (variable, sum) in gradients.0 {
            store.insert_id(variable, sum.tensor);
        }
        Ok(store)
    }
}

#[derive(Default)]
struct Gradients(HashMap<TensorId, Sum>);

impl Gradients {
    fn add(&mut self, to: TensorId, part: Tensor, own: bool) -> Result<()> {
        let sum = match self.0.remove(&to) {
            Some(before) => Sum {
                tensor: (before.tensor + part)?,
                own: true,
            },
            None => Sum { tensor: part, own },
        };
        self.0.insert(to, sum);
        Ok(())
    }

    fn add_rows(
        &mut self,
        table: TensorId,
        shape: (usize, usize),
        ids: &[u32],
        rows: &Tensor,
    ) -> Result<()> {
        let tensor = match self.0.remove(&table) {
            Some(Sum { tensor, own: true }) => tensor,
            Some(Sum { tensor, .. }) => tensor.copy()?,
            None if rows.device().is_cpu() => {
                Tensor::from_vec(zeros(shape.0 * shape.1), shape, rows.device())?
            }
            // Those of main memory would have to be sent there.
            None => Tensor::zeros(shape, DType::F32, rows.device())?,
        };
        #[cfg(feature = "cuda")]
        if tensor.device().is_cuda() {
            crate::kernels::cuda::add_rows(&tensor, ids, rows)?;
            self.0.insert(table, Sum { tensor, own: true });
            return Ok(());
        }
        let rows = &Numbers::of(rows)?;
        tensor.inplace_op1(&AddRows { ids, rows })?;
        self.0.insert(table, Sum { tensor, own: true });
        Ok(())
    }
}
