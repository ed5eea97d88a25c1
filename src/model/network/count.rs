//! What follows from a description: counts of numbers, and what contradicts itself.

use candle_core::Device;

use super::description::{Description, HeadNorm, NormKind};
use crate::model::gpu::{card, device_name};
use crate::model::{ModelInfo, Precision};

/// Counts of numbers in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) struct Sizes {
    /// Trainable ones, a tied head counted once.
    pub(in crate::model) parameters: u64,
    /// In the token embedding.
    pub(in crate::model) embedding: u64,
    /// In the embedding of positions.
    pub(in crate::model) positions: u64,
    /// Whether the head is the token embedding.
    pub(in crate::model) tied: bool,
    /// In the largest matrix of a layer.
    pub(in crate::model) widest: u64,
    /// Keys and values of one token.
    pub(in crate::model) cached: u64,
}

impl Description {
    /// Numbers in the queries of all heads.
    pub(in crate::model) fn query_width(&self) -> usize {
        self.heads.queries * self.heads.width
    }

    /// Numbers in the keys, or the values, of all heads.
    pub(in crate::model) fn key_width(&self) -> usize {
        self.heads.keys * self.heads.width
    }

    /// What contradicts itself, as the rest of a sentence that begins with the file's name.
    pub(in crate::model) fn check(&self) -> Result<(), String> {
        // The limits lie beyond any model, and low enough that no count of parameters overflows.
        let mixture = self.mixture.map_or((1, 1, 1), |mixture| {
            let inner = mixture.inner.min((1 << 22) + 1);
            (mixture.experts.min((1 << 12) + 1), mixture.chosen, inner)
        });
        let heads = self.heads;
        let whole = heads.queries.saturating_mul(heads.width);
        let sizes = [
            ("vocabulary", self.vocabulary, 1 << 24),
            ("width", self.width, 1 << 20),
            ("feed-forward width", self.feed_forward.inner, 1 << 22),
            ("number of layers", self.layers.len(), MOST_LAYERS),
            ("number of attention heads", self.heads.queries, 1 << 12),
            ("number of key/value heads", self.heads.keys, 1 << 12),
            ("head width", self.heads.width, 1 << 20),
            ("width of all heads", whole, 1 << 22),
            ("context length", self.context_length, 1 << 28),
            ("number of experts", mixture.0, 1 << 12),
            ("width of all experts", mixture.0 * mixture.2, 1 << 26),
            ("number of experts for each token", mixture.1, mixture.0),
            ("width of an expert", mixture.2, 1 << 22),
        ];
        for (name, size, most) in sizes {
            if size == 0 {
                return Err(format!("has a {name} of 0, but it must be at least 1"));
            }
            if size > most {
                return Err(format!("has a {name} of {size}, which no model can have"));
            }
        }
        if !self.heads.queries.is_multiple_of(self.heads.keys) {
            return Err(format!(
                "has {} attention heads that cannot share {} key/value heads evenly",
                self.heads.queries, self.heads.keys
            ));
        }
        if !(self.norm.epsilon > 0.0 && self.norm.epsilon < 1.0) {
            return Err(format!(
                "has a norm epsilon of {}, but it must be a small positive number such as 1e-5",
                self.norm.epsilon
            ));
        }
        if self.head.bias && self.head.tied {
            return Err("gives a bias to a head that is tied to the embedding; set tie_word_embeddings to false".to_owned());
        }
        for (name, factor) in [
            ("embedding scale", self.embedding.scale),
            ("residual multiplier", self.residual_scale),
            ("logit scale", self.head.scale),
        ] {
            if !factor.is_finite() {
                return Err(format!("has a {name} of {factor}, which is no number"));
            }
        }
        self.ropes
            .iter()
            .try_for_each(|rope| rope.check(self.heads.width))
    }

    /// Trainable numbers, a tied head counted once.
    pub(in crate::model) fn parameters(&self) -> usize {
        let (width, query, key) = (self.width, self.query_width(), self.key_width());
        let if_there = |there: bool, size: usize| if there { size } else { 0 };
        let norm = |there: bool, width: usize| {
            let bias = self.norm.bias && self.norm.kind == NormKind::Layer;
            if_there(there && self.norm.weight, width) + if_there(there && bias, width)
        };
        let attention = 2 * width * (query + key)
            + if_there(self.attention.bias, query + 2 * key)
            + if_there(self.attention.out_bias, width)
            + if_there(self.attention.sinks, self.heads.queries)
            + match self.attention.norms {
                Some(HeadNorm::Each) => norm(true, 2 * self.heads.width),
                Some(HeadNorm::Own) => query + key,
                Some(HeadNorm::All) => norm(true, query + key),
                None => 0,
            };
        let fed = |inner: usize, bias: bool| {
            let ups = if self.feed_forward.gated { 2 } else { 1 };
            (ups + 1) * width * inner + if_there(bias, ups * inner + width)
        };
        let feed_forward = fed(self.feed_forward.inner, self.feed_forward.bias);
        let mixture = self.mixture.map_or(0, |mixture| {
            let shared = mixture.shared.map_or(0, |inner| fed(inner, false) + width);
            mixture.experts * (fed(mixture.inner, mixture.bias) + width)
                + if_there(mixture.router_bias, mixture.experts)
                + shared
        });
        let places = self.places;
        let norms = [
            places.before_attention,
            places.after_attention,
            places.before_feed_forward,
            places.after_feed_forward,
        ];
        let norms: usize = norms.into_iter().map(|there| norm(there, width)).sum();
        let of_layers: usize = self
            .layers
            .iter()
            .map(|layer| attention + norms + if layer.mixture { mixture } else { feed_forward })
            .sum();
        let embeddings = if self.head.tied { 1 } else { 2 };
        embeddings * self.vocabulary * width
            + if_there(self.head.bias, self.vocabulary)
            + self.embedding.positions.unwrap_or(0) * width
            + norm(self.embedding.norm, width)
            + norm(places.last, width)
            + of_layers
    }

    /// How many numbers are where.
    pub(in crate::model) fn sizes(&self) -> Sizes {
        let inner = self.mixture.map_or(0, |mixture| mixture.inner);
        Sizes {
            parameters: self.parameters() as u64,
            embedding: (self.vocabulary * self.width) as u64,
            positions: (self.embedding.positions.unwrap_or(0) * self.width) as u64,
            tied: self.head.tied,
            widest: (self.width * self.feed_forward.inner.max(inner)) as u64,
            cached: (2 * self.layers.len() * self.key_width()) as u64,
        }
    }

    /// The widths along which large matrices would be cut into blocks, with their names for people.
    pub(in crate::model) fn row_widths(&self) -> Vec<(&'static str, usize)> {
        let mut widths = vec![
            ("width", self.width),
            ("width of all heads", self.query_width()),
        ];
        if self.layers.iter().any(|layer| !layer.mixture) {
            widths.push(("feed-forward width", self.feed_forward.inner));
        }
        widths.extend(
            self.mixture
                .map(|mixture| ("width of an expert", mixture.inner)),
        );
        widths
    }

    /// The window that most layers with one have, if any has.
    pub(in crate::model) fn window(&self) -> Option<usize> {
        let windows = self.layers.iter().filter_map(|layer| layer.window);
        windows.filter(|window| *window < self.context_length).max()
    }

    /// What is known of a model, but for its tokens.
    pub(in crate::model) fn info(
        &self,
        name: String,
        device: &Device,
        precision: Precision,
    ) -> ModelInfo {
        ModelInfo {
            name,
            architecture: self.family.to_owned(),
            parameters: self.parameters(),
            layers: self.layers.len(),
            heads: self.heads.queries,
            width: self.width,
            vocabulary: self.vocabulary,
            context_length: self.context_length,
            sliding_window: self.window(),
            start_token: None,
            end_tokens: Vec::new(),
            device: device_name(device),
            card: card(device),
            precision,
            token_set: 0,
            adds_first_space: false,
        }
    }
}

/// More than any model has.
pub(in crate::model) const MOST_LAYERS: usize = 1 << 12;
