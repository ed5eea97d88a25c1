//! A feed-forward part of experts, of which each token is sent to a few (Shazeer et al. 2017): only those that some token
//! was sent to are read.

use candle_core::{D, DType, Device, Result as CandleResult, Tensor};
use candle_nn::ops::{sigmoid, softmax_last_dim};

use super::cost::Held;
use super::description::{Description, MixtureFacts};
use super::feed_forward::{FeedForward, Parts, Shape};
use super::linear::{Linear, Storage};
use super::tensors::{Part, Tensors};
use crate::model::ModelError;

/// Experts, and what decides between them.
pub(super) struct Mixture {
    facts: MixtureFacts,
    router: Linear,
    experts: Vec<FeedForward>,
    /// The expert that all tokens are sent to, and how much of it is taken.
    shared: Option<(FeedForward, Linear)>,
}

/// The tokens that are sent to one expert, and with which shares.
#[derive(Default)]
struct Sent {
    rows: Vec<u32>,
    shares: Vec<f32>,
}

impl Mixture {
    pub(super) fn load(
        layer: usize,
        (description, facts): (&Description, &MixtureFacts),
        storage: &Storage,
        tensors: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let width = description.width;
        // A token's experts hang on small differences: the router is as exact as it can be, on the CPU as the file has it.
        let exact = Storage {
            quantised: None,
            matrices: storage.matrices.filter(|_| !storage.device.is_cpu()),
            ..storage.clone()
        };
        let router = Linear::load(
            Part::Router.of(layer),
            [facts.experts, width],
            facts.router_bias,
            &exact,
            tensors,
        )?;
        let shape = Shape {
            width,
            inner: facts.inner,
            gated: description.feed_forward.gated,
            bias: facts.bias,
            activation: description.feed_forward.activation,
            clamped: facts.clamped,
        };
        let experts = (0..facts.experts).map(|expert| {
            let parts = Parts {
                gate: Part::ExpertGate.of(layer).expert(expert),
                up: Part::ExpertUp.of(layer).expert(expert),
                down: Part::ExpertDown.of(layer).expert(expert),
                fused: Some(Part::ExpertGateUp.of(layer).expert(expert)),
            };
            FeedForward::load(parts, shape, storage, tensors)
        });
        let experts = experts.collect::<Result<_, _>>()?;
        let shared = facts.shared.map(|inner| {
            let parts = Parts {
                gate: Part::SharedGate.of(layer),
                up: Part::SharedUp.of(layer),
                down: Part::SharedDown.of(layer),
                fused: None,
            };
            let shape = Shape { inner, ..shape };
            let shared = FeedForward::load(parts, shape, storage, tensors)?;
            let router = Part::SharedRouter.of(layer);
            let router = Linear::load(router, [1, width], false, &exact, tensors)?;
            Ok::<_, ModelError>((shared, router))
        });
        Ok(Self {
            facts: *facts,
            router,
            experts,
            shared: shared.transpose()?,
        })
    }

    /// What a token reads of its matrices: of the experts those that it is sent to.
    pub(super) fn held(&self) -> Held {
        let chosen = self.facts.chosen as f64 / self.experts.len() as f64;
        let experts: Held = self.experts.iter().map(FeedForward::held).sum();
        let shared = self.shared.as_ref();
        let shared = shared.map(|(shared, router)| shared.held() + router.held());
        self.router.held() + experts.share(chosen) + shared.unwrap_or_default()
    }

    /// `(n, width)` to the same shape.
    pub(super) fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        let mut out = x.zeros_like()?;
        for (expert, sent) in self.experts.iter().zip(self.send(x)?) {
            if sent.rows.is_empty() {
                continue;
            }
            let count = sent.rows.len();
            let rows = Tensor::from_vec(sent.rows, count, &Device::Cpu)?.to_device(x.device())?;
            let shares = Tensor::from_vec(sent.shares, (count, 1), &Device::Cpu)?
                .to_dtype(x.dtype())?
                .to_device(x.device())?;
            let made = expert.forward(&x.index_select(&rows, 0)?)?;
            out = out.index_add(&rows, &made.broadcast_mul(&shares)?, 0)?;
        }
        if let Some((shared, router)) = &self.shared {
            let share = sigmoid(&router.forward(x)?)?;
            out = (out + shared.forward(x)?.broadcast_mul(&share)?)?;
        }
        Ok(out)
    }

    /// Which tokens are sent to each expert. The router's choice leaves the device: which experts are read hangs on it.
    fn send(&self, x: &Tensor) -> CandleResult<Vec<Sent>> {
        let logits = self.router.forward(x)?.to_dtype(DType::F32)?;
        let shares = softmax_last_dim(&logits.contiguous()?)?;
        debug_assert_eq!(shares.dim(D::Minus1)?, self.experts.len());
        let mut sent: Vec<Sent> = Vec::new();
        sent.resize_with(self.experts.len(), Sent::default);
        for (row, shares) in shares.to_vec2::<f32>()?.iter().enumerate() {
            let mut order: Vec<usize> = (0..shares.len()).collect();
            // Equal ones in their own order.
            order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
            order.truncate(self.facts.chosen);
            let sum: f32 = order.iter().map(|expert| shares[*expert]).sum();
            let whole = if self.facts.normalised { sum } else { 1.0 };
            for expert in order {
                sent[expert].rows.push(row as u32);
                sent[expert].shares.push(shares[expert] / whole);
            }
        }
        Ok(sent)
    }
}
