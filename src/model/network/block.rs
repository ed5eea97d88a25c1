//! One layer: attention and feed-forward, their norms, and how they are added.

use candle_core::{Result as CandleResult, Tensor};

use super::attention::{Heads, Projected};
use super::cost::Held;
use super::description::{AttentionFacts, Description, HeadNorm, LayerFacts, Order};
use super::feed_forward::{FeedForward, Parts, Shape};
use super::inputs::Placed;
use super::linear::{Linear, Storage};
use super::mixture::Mixture;
use super::norm::Norm;
use super::tensors::{Part, Tensors};
use crate::kernels::{Scoring, sum};
use crate::model::ModelError;

/// A layer.
pub(super) struct Block {
    facts: LayerFacts,
    order: Order,
    residual_scale: f64,
    before_attention: Option<Norm>,
    attention: Attention,
    after_attention: Option<Norm>,
    before_feed_forward: Option<Norm>,
    feed_forward: FeedForwardKind,
    after_feed_forward: Option<Norm>,
}

/// The matrices of attention, and what its scores go through.
struct Attention {
    projections: Projections,
    heads: Heads,
    norms: Option<(Norm, Norm)>,
    out: Linear,
    clamp: Option<f64>,
    cap: Option<f64>,
    slopes: Option<Vec<f32>>,
    sinks: Option<Vec<f32>>,
}

enum Projections {
    Fused(Linear),
    Apart {
        query: Linear,
        key: Linear,
        value: Linear,
    },
}

enum FeedForwardKind {
    Plain(FeedForward),
    Mixture(Box<Mixture>),
}

/// What a layer asks of the outside while it runs.
pub(super) struct Outside<'a> {
    /// Turns queries, keys and values, and how they are scored, into what each token attends to.
    pub(super) attend: &'a mut dyn FnMut(&Projected, &Scoring) -> CandleResult<Tensor>,
    /// Is shown what the feed-forward part adds.
    pub(super) fed: &'a mut dyn FnMut(&Tensor) -> CandleResult<()>,
}

impl Block {
    pub(super) fn load(
        layer: usize,
        description: &Description,
        storage: &Storage,
        tensors: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let (facts, places) = (description.layers[layer], description.places);
        let attention = Attention::load(layer, description, storage, tensors)?;
        let feed_forward = match &description.mixture {
            Some(mixture) if facts.mixture => {
                let facts = (description, mixture);
                let mixture = Mixture::load(layer, facts, storage, tensors)?;
                FeedForwardKind::Mixture(Box::new(mixture))
            }
            _ => {
                let facts = &description.feed_forward;
                let shape = Shape {
                    width: description.width,
                    inner: facts.inner,
                    gated: facts.gated,
                    bias: facts.bias,
                    activation: facts.activation,
                    clamped: None,
                };
                let parts = Parts::of_layer(layer);
                FeedForwardKind::Plain(FeedForward::load(parts, shape, storage, tensors)?)
            }
        };
        let mut norm = |there: bool, part: Part| {
            let width = description.width;
            there
                .then(|| Norm::load(part.of(layer), width, description, storage, tensors))
                .transpose()
        };
        Ok(Self {
            facts,
            order: places.order,
            residual_scale: description.residual_scale,
            before_attention: norm(places.before_attention, Part::AttentionNorm)?,
            attention,
            after_attention: norm(places.after_attention, Part::AttentionAfter)?,
            before_feed_forward: norm(places.before_feed_forward, Part::FeedForwardNorm)?,
            feed_forward,
            after_feed_forward: norm(places.after_feed_forward, Part::FeedForwardAfter)?,
        })
    }

    /// What a token reads of its matrices.
    pub(super) fn held(&self) -> Held {
        let fed = match &self.feed_forward {
            FeedForwardKind::Plain(plain) => plain.held(),
            FeedForwardKind::Mixture(mixture) => mixture.held(),
        };
        self.attention.held() + fed
    }

    /// How many tokens it looks at, if not at all.
    pub(super) fn window(&self) -> Option<usize> {
        self.facts.window
    }

    /// `x (n, width)` to the same shape. `turns` are those of the tokens' positions, for each kind of layer.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        places: &Placed,
        outside: &mut Outside,
    ) -> CandleResult<Tensor> {
        let norm = |norm: &Option<Norm>, x: &Tensor| match norm {
            Some(norm) => norm.forward(x),
            None => Ok(x.clone()),
        };
        match self.order {
            Order::NormsAfterSums => {
                let x = self.with_attended(x, x, places, outside)?;
                let x = norm(&self.before_attention, &x)?;
                let change = self.fed(&x, outside)?;
                norm(&self.before_feed_forward, &sum(&x, &change)?)
            }
            Order::Parallel => {
                let normed = norm(&self.before_attention, x)?;
                let attended = self.with_attended(x, &normed, places, outside)?;
                let change = match &self.before_feed_forward {
                    Some(own) => self.fed(&own.forward(x)?, outside)?,
                    None => self.fed(&normed, outside)?,
                };
                sum(&attended, &change)
            }
            Order::InTurn => {
                let normed = norm(&self.before_attention, x)?;
                let x = self.with_attended(x, &normed, places, outside)?;
                let change = self.fed(&norm(&self.before_feed_forward, &x)?, outside)?;
                sum(&x, &change)
            }
        }
    }

    /// `base`, and what attention to `x` adds.
    fn with_attended(
        &self,
        base: &Tensor,
        x: &Tensor,
        places: &Placed,
        outside: &mut Outside,
    ) -> CandleResult<Tensor> {
        let attended = self.attention.forward(x, &self.facts, places, outside)?;
        let out = &self.attention.out;
        if self.after_attention.is_none() && self.residual_scale == 1.0 {
            return out.forward_onto(base, &attended);
        }
        let change = self.as_change(out.forward(&attended)?, &self.after_attention)?;
        sum(base, &change)
    }

    /// What the feed-forward part adds, which is shown.
    fn fed(&self, x: &Tensor, outside: &mut Outside) -> CandleResult<Tensor> {
        let made = match &self.feed_forward {
            FeedForwardKind::Plain(feed_forward) => feed_forward.forward(x)?,
            FeedForwardKind::Mixture(mixture) => mixture.forward(x)?,
        };
        let change = self.as_change(made, &self.after_feed_forward)?;
        (outside.fed)(&change)?;
        Ok(change)
    }

    fn as_change(&self, made: Tensor, after: &Option<Norm>) -> CandleResult<Tensor> {
        let change = match after {
            Some(norm) => norm.forward(&made)?,
            None => made,
        };
        if self.residual_scale == 1.0 {
            Ok(change)
        } else {
            change * self.residual_scale
        }
    }
}

impl Attention {
    fn held(&self) -> Held {
        let projections = match &self.projections {
            Projections::Fused(fused) => fused.held(),
            Projections::Apart { query, key, value } => query.held() + key.held() + value.held(),
        };
        projections + self.out.held()
    }

    fn load(
        layer: usize,
        description: &Description,
        storage: &Storage,
        tensors: &mut dyn Tensors,
    ) -> Result<Self, ModelError> {
        let (facts, width) = (&description.attention, description.width);
        let (query, key) = (description.query_width(), description.key_width());
        let projections =
            if tensors.has(Part::Fused.of(layer)) || !tensors.names(Part::Query.of(layer)) {
                let shape = [query + 2 * key, width];
                let fused = Part::Fused.of(layer);
                Projections::Fused(Linear::load(fused, shape, facts.bias, storage, tensors)?)
            } else {
                let mut linear = |part: Part, to: usize| {
                    Linear::load(part.of(layer), [to, width], facts.bias, storage, tensors)
                };
                Projections::Apart {
                    query: linear(Part::Query, query)?,
                    key: linear(Part::Key, key)?,
                    value: linear(Part::Value, key)?,
                }
            };
        let out = Part::AttentionOut.of(layer);
        let out = Linear::load(out, [width, query], facts.out_bias, storage, tensors)?;
        let Heads { queries, keys, .. } = description.heads;
        let mut norm = |part: Part, of: HeadNorm, heads: usize| {
            Norm::of_heads(part.of(layer), (of, heads), description, storage, tensors)
        };
        let norms = match facts.norms {
            None => None,
            Some(of) => Some((
                norm(Part::QueryNorm, of, queries)?,
                norm(Part::KeyNorm, of, keys)?,
            )),
        };
        let sinks = facts
            .sinks
            .then(|| tensors.take(Part::Sinks.of(layer), &[queries]));
        let AttentionFacts { clamp, cap, .. } = *facts;
        Ok(Self {
            projections,
            heads: description.heads,
            norms,
            out,
            clamp,
            cap,
            slopes: facts.alibi.map(|scale| slopes(queries, scale)),
            sinks: sinks.transpose()?,
        })
    }

    /// What each token attends to, `(n, query heads * head width)`: what [`Self::out`] is to be applied to.
    fn forward(
        &self,
        x: &Tensor,
        facts: &LayerFacts,
        places: &Placed,
        outside: &mut Outside,
    ) -> CandleResult<Tensor> {
        let mut new = self.projected(x)?;
        if let Some((of_queries, of_keys)) = &self.norms {
            new.queries = of_queries.forward_heads(&new.queries)?;
            new.keys = of_keys.forward_heads(&new.keys)?;
        }
        if let Some(clamp) = self.clamp {
            for part in [&mut new.queries, &mut new.keys, &mut new.values] {
                *part = part.contiguous()?.clamp(-clamp, clamp)?;
            }
        }
        if let Some(rope) = facts.rope {
            let turns = &places.turns[rope];
            new.queries = turns.apply(&new.queries, self.heads.queries)?;
            new.keys = turns.apply(&new.keys, self.heads.keys)?;
        }
        if let Some(growth) = &places.growth {
            new.queries = new.queries.broadcast_mul(growth)?;
        }
        let scoring = Scoring {
            scale: facts.scale as f32,
            window: facts.window,
            cap: self.cap.map(|cap| cap as f32),
            slopes: self.slopes.as_deref(),
            sinks: self.sinks.as_deref(),
        };
        (outside.attend)(&new, &scoring)
    }

    fn projected(&self, x: &Tensor) -> CandleResult<Projected> {
        match &self.projections {
            Projections::Fused(fused) => {
                let all = fused.forward(x)?;
                let query = self.heads.queries * self.heads.width;
                let key = self.heads.keys * self.heads.width;
                Ok(Projected {
                    queries: all.narrow(1, 0, query)?,
                    keys: all.narrow(1, query, key)?,
                    values: all.narrow(1, query + key, key)?,
                })
            }
            Projections::Apart { query, key, value } => Ok(Projected {
                queries: query.forward(x)?,
                keys: key.forward(x)?,
                values: value.forward(x)?,
            }),
        }
    }
}

/// The slopes of ALiBi for so many heads, times `scale`: powers of one number for a power of two of heads, and every other
/// one of twice as many for the rest (Press et al. 2022).
fn slopes(heads: usize, scale: f64) -> Vec<f32> {
    let whole = 1 << heads.ilog2();
    let power = |of: usize, step: usize| {
        let slope = 2f64.powf(-8.0 * step as f64 / of as f64);
        (scale * slope) as f32
    };
    let first = (1..=whole).map(|step| power(whole, step));
    let rest = (0..heads - whole).map(|at| power(2 * whole, 2 * at + 1));
    first.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_paper() {
        assert_eq!(slopes(8, 1.0)[..3], [0.5, 0.25, 0.125]);
        assert_eq!(slopes(3, 2.0), [1.0 / 8.0, 1.0 / 128.0, 0.5]);
    }
}
