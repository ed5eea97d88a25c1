//! Optimizers: AdamW, Adam as Keras has it, SGD with momentum, and Muon; all but Muon in place on the CPU and on NVIDIA
//! cards.

mod device;
mod kernels;
mod muon;

use std::borrow::Cow;

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::network::{Gradients, Parameters};
use super::ops::Kernels;

/// How gradients become updates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Adam with weight decay apart from the gradient (Loshchilov, Hutter 2019), as PyTorch has it.
    #[default]
    AdamW,
    /// Keras' `Adam`: no decay, and epsilon added before the bias correction.
    Adam,
    /// Stochastic gradient descent with momentum, as PyTorch has it: `v = momentum v + g`, `p = p - rate v`.
    Sgd,
    /// Muon (<https://kellerjordan.github.io/posts/muon/>) for the matrices of the blocks, AdamW for embeddings, head
    /// and vectors.
    Muon,
}

impl Method {
    /// What updates the parameter of this name.
    pub(super) fn of(self, name: &str, rank: usize) -> Self {
        match self {
            Self::Muon if rank != 2 || !name.starts_with("h.") => Self::AdamW,
            method => method,
        }
    }

    /// Running means that are kept for each number.
    pub(super) fn slots(self) -> usize {
        match self {
            Self::AdamW | Self::Adam => 2,
            Self::Sgd | Self::Muon => 1,
        }
    }
}

/// What an optimizer needs to know besides the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerSettings {
    pub method: Method,
    /// Share of the mean gradient that a step keeps (Adam).
    pub beta1: f64,
    /// Share of the mean square that a step keeps (Adam).
    pub beta2: f64,
    /// Added to the root of the mean square (Adam).
    pub epsilon: f64,
    /// What a step takes off matrices, as a share of them times the learning rate; biases, norms and other vectors
    /// do not decay, as in GPT-2's training (AdamW, Muon).
    pub weight_decay: f64,
    /// Share of the last update that a step keeps (SGD, Muon).
    pub momentum: f64,
    /// Gradients whose norm together is above this are scaled down to it; 0 is off.
    pub clip: f64,
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self {
            method: Method::AdamW,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
            momentum: 0.9,
            clip: 1.0,
        }
    }
}

impl OptimizerSettings {
    /// A clause on the first value that is out of its range.
    pub fn problem(&self) -> Option<String> {
        let share = |value: f64| (0.0..1.0).contains(&value);
        let checks = [
            (
                "beta1",
                self.beta1,
                share(self.beta1),
                "must be from 0 to below 1",
            ),
            (
                "beta2",
                self.beta2,
                share(self.beta2),
                "must be from 0 to below 1",
            ),
            (
                "momentum",
                self.momentum,
                share(self.momentum),
                "must be from 0 to below 1",
            ),
            (
                "epsilon",
                self.epsilon,
                self.epsilon > 0.0,
                "must be above 0",
            ),
            (
                "weight_decay",
                self.weight_decay,
                self.weight_decay >= 0.0,
                "must not be negative",
            ),
            ("clip", self.clip, self.clip >= 0.0, "must not be negative"),
        ];
        let wrong = checks.into_iter().find(|(_, _, good, _)| !good);
        wrong.map(|(name, value, _, rule)| format!("{name} is {value}, but {rule}"))
    }
}

/// The numbers of one step that are the same for every parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// `p = p * keep - size * m / (sqrt(v) + epsilon)`.
    pub size: f32,
    pub epsilon: f32,
    pub keep: f32,
    pub beta1: f32,
    pub beta2: f32,
    /// What gradients are multiplied by first: the clipping.
    pub scale: f32,
}

/// Running means of one parameter, one slot after the other.
enum State {
    /// For updates in place.
    Numbers(Vec<Vec<f32>>),
    /// On the parameter's device.
    Tensors(Vec<Tensor>),
}

/// An optimizer with its running means.
pub struct Optimizer {
    settings: OptimizerSettings,
    kernels: Kernels,
    states: Vec<State>,
    /// Updates so far.
    updates: u64,
}

impl Optimizer {
    /// An optimizer for the parameters that train.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn new(
        settings: &OptimizerSettings,
        parameters: &Parameters,
        kernels: Kernels,
    ) -> Result<Self> {
        let states = parameters
            .trainable()
            .map(|(name, var)| {
                let method = settings.method.of(name, var.rank());
                let in_main = var.device().is_cpu();
                if kernels == Kernels::Fused && method != Method::Muon && in_main {
                    let slots = vec![vec![0.0; var.elem_count()]; method.slots()];
                    return Ok(State::Numbers(slots));
                }
                let slots = (0..method.slots()).map(|_| var.as_tensor().zeros_like());
                Ok(State::Tensors(slots.collect::<Result<_>>()?))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            settings: settings.clone(),
            kernels,
            states,
            updates: 0,
        })
    }

    /// Updates every parameter by its gradient; one without a gradient stays. Returns the gradients' norm before
    /// clipping. Nothing is changed when that is no finite number.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(
        &mut self,
        parameters: &Parameters,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<f64> {
        let norm = gradients.norm(self.kernels)?;
        if !norm.is_finite() {
            return Ok(norm);
        }
        self.updates += 1;
        // As PyTorch's `clip_grad_norm_`.
        let scale = match self.settings.clip {
            clip if clip > 0.0 => (clip / (norm + 1e-6)).min(1.0),
            _ => 1.0,
        };
        let all = parameters
            .trainable()
            .zip(&gradients.list)
            .zip(&mut self.states);
        for (((name, var), gradient), state) in all {
            let Some(gradient) = gradient else { continue };
            let method = self.settings.method.of(name, var.rank());
            let decays = var.rank() > 1;
            let step = step(method, &self.settings, self.updates, rate, scale, decays);
            match (method, state) {
                (Method::Muon, State::Tensors(slots)) => {
                    // Query, key and value are three matrices beside each other.
                    let parts = if name.ends_with("c_attn.weight") {
                        3
                    } else {
                        1
                    };
                    let kernels = if var.device().is_cpu() {
                        self.kernels
                    } else {
                        Kernels::Plain
                    };
                    muon::update(step, var, gradient, &mut slots[0], parts, kernels)?;
                }
                (_, State::Numbers(slots)) => kernels::update(method, step, var, gradient, slots)?,
                (_, State::Tensors(slots)) => device::update(method, step, var, gradient, slots)?,
            }
        }
        Ok(norm)
    }

    /// Updates so far.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// The running means of each parameter that trains, in order, slot by slot; borrowed from main memory.
    ///
    /// # Errors
    /// When the device fails.
    pub fn state(&self) -> Result<Vec<Vec<Cow<'_, [f32]>>>> {
        let states = self.states.iter();
        states
            .map(|state| match state {
                State::Numbers(slots) => Ok(slots.iter().map(Cow::from).collect()),
                State::Tensors(slots) => {
                    let slots = slots.iter();
                    slots
                        .map(|slot| super::ops::host(slot).map(Cow::from))
                        .collect()
                }
            })
            .collect()
    }

    /// Goes on from a state that [`Self::state`] gave after `updates`.
    ///
    /// # Errors
    /// When it is of other parameters, or the device fails.
    pub fn restore(&mut self, updates: u64, state: Vec<Vec<Vec<f32>>>) -> Result<()> {
        if state.len() != self.states.len() {
            candle_core::bail!("the optimizer's state is of {} parameters", state.len());
        }
        for (own, saved) in self.states.iter_mut().zip(state) {
            let sizes: Vec<usize> = match own {
                State::Numbers(slots) => slots.iter().map(Vec::len).collect(),
                State::Tensors(slots) => slots.iter().map(Tensor::elem_count).collect(),
            };
            if !sizes.into_iter().eq(saved.iter().map(Vec::len)) {
                candle_core::bail!("the optimizer's state is of another size");
            }
            match own {
                State::Numbers(slots) => *slots = saved,
                State::Tensors(slots) => {
                    for (slot, values) in slots.iter_mut().zip(saved) {
                        *slot = Tensor::from_vec(values, slot.shape(), &candle_core::Device::Cpu)?
                            .to_device(slot.device())?;
                    }
                }
            }
        }
        self.updates = updates;
        Ok(())
    }
}

fn step(
    method: Method,
    settings: &OptimizerSettings,
    updates: u64,
    rate: f64,
    scale: f64,
    matrix: bool,
) -> Step {
    let (beta1, beta2) = (settings.beta1, settings.beta2);
    let exponent = i32::try_from(updates).unwrap_or(i32::MAX);
    let first = 1.0 - beta1.powi(exponent);
    let second = (1.0 - beta2.powi(exponent)).sqrt();
    let (size, epsilon) = match method {
        // rate * (m / first) / (sqrt(v) / second + epsilon), with `second` brought under the rate.
        Method::AdamW => (rate * second / first, settings.epsilon * second),
        Method::Adam => (rate * second / first, settings.epsilon),
        Method::Sgd | Method::Muon => (rate, 0.0),
    };
    let keep = match method {
        Method::AdamW | Method::Muon if matrix => 1.0 - rate * settings.weight_decay,
        _ => 1.0,
    };
    let beta1 = match method {
        Method::Sgd | Method::Muon => settings.momentum,
        Method::AdamW | Method::Adam => beta1,
    };
    Step {
        size: size as f32,
        epsilon: epsilon as f32,
        keep: keep as f32,
        beta1: beta1 as f32,
        beta2: beta2 as f32,
        scale: scale as f32,
    }
}

#[cfg(test)]
mod tests;
