//! One pass through a network: in which form its operations are done, and what their gradients need.
//!
//! The plain form leaves that to candle. candle's backward pass adds each gradient to zeros that it makes first, and keeps
//! all activations to its end; so the kernels note on a tape how gradients go back, a gradient is handed on as it is, and
//! what only one operation needed is let go as soon as the tape has passed it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, TensorId};

use super::Kernels;

/// Where the operations of one pass are noted.
pub struct Pass {
    kernels: Kernels,
    gradients: bool,
    tape: RefCell<Vec<Step>>,
    /// What the tape has made of variables.
    varying: RefCell<HashSet<TensorId>>,
}

/// One operation on the tape.
struct Step {
    out: TensorId,
    /// None for what needs no gradient.
    inputs: Vec<Option<TensorId>>,
    /// From the gradient of `out` to those of the inputs.
    backward: Backward,
}

type Backward = Box<dyn FnOnce(&Tensor) -> Result<Vec<Option<Tensor>>>>;

impl Pass {
    /// A pass that begins. `gradients`: whether [`Self::backward`] will follow.
    pub fn new(kernels: Kernels, gradients: bool) -> Self {
        Self {
            kernels,
            gradients,
            tape: RefCell::default(),
            varying: RefCell::default(),
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
        let inputs = inputs.map(|input| self.wants(input).then(|| input.id()));
        if inputs.iter().any(Option::is_some) {
            self.varying.borrow_mut().insert(out.id());
            self.tape.borrow_mut().push(Step {
                out: out.id(),
                inputs: inputs.into(),
                backward: Box::new(|gradient| Ok(backward(gradient)?.into())),
            });
        }
        out
    }

    /// The gradients of the variables that `out` was made of, where `gradient` is that of `out`: ones, if it is none.
    ///
    /// # Errors
    /// When the device fails.
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
        let mut gradients = HashMap::from([(out.id(), first)]);
        let mut tape = self.tape.into_inner();
        while let Some(step) = tape.pop() {
            let Some(gradient) = gradients.remove(&step.out) else {
                continue;
            };
            let parts = (step.backward)(&gradient)?;
            for (input, part) in step.inputs.into_iter().zip(parts) {
                let (Some(input), Some(part)) = (input, part) else {
                    continue;
                };
                let sum = match gradients.remove(&input) {
                    Some(before) => (before + part)?,
                    None => part,
                };
                gradients.insert(input, sum);
            }
        }
        let mut store = GradStore::default();
        for (variable, gradient) in gradients {
            store.insert_id(variable, gradient);
        }
        Ok(store)
    }
}
