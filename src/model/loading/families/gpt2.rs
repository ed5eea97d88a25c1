//! GPT-2 (Radford et al. 2019), and the shapes of this program's own that differ from it.

use super::form::{Form, Fused, TensorNames};
use super::{Family, GgufForm};
use crate::model::network::MOST_LAYERS;
use crate::model::network::attention::Heads;
use crate::model::network::config::{Gpt2Config, OWN_MODEL_TYPE, TokenIds};
use crate::model::network::description::{
    AttentionFacts, Description, EmbeddingFacts, FeedForwardFacts, HeadFacts, LayerFacts,
    NormFacts, NormKind, NormPlaces, Order,
};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::Embedding, "wte"),
    (Part::Positions, "wpe"),
    (Part::LastNorm, "ln_f"),
    (Part::Head, "lm_head"),
    (Part::AttentionNorm, "h.#.ln_1"),
    (Part::Fused, "h.#.attn.c_attn"),
    (Part::AttentionOut, "h.#.attn.c_proj"),
    (Part::FeedForwardNorm, "h.#.ln_2"),
    (Part::Up, "h.#.mlp.c_fc"),
    (Part::Down, "h.#.mlp.c_proj"),
];

pub(super) const GPT2: Family = Family {
    names: &["gpt2", OWN_MODEL_TYPE],
    describe: |config| {
        let json = config.as_json();
        let config = Gpt2Config::from_value(json)?;
        Ok(description(&config))
    },
    form: Form {
        in_out: true,
        fused: Fused::InTurn,
        ..Form::with(&[NAMES])
    },
    gguf: Some(GgufForm {
        names: &["gpt2"],
        turns: false,
        fields: |fields| {
            fields.rename("intermediate_size", "n_inner");
            fields.rename("layer_norm_eps", "layer_norm_epsilon");
        },
        ..GgufForm::LAYER_NORM
    }),
};

/// The facts of a GPT-2.
pub(in crate::model::loading) fn description(config: &Gpt2Config) -> Description {
    let layers = config.n_layer.min(MOST_LAYERS + 1);
    Description {
        family: GPT2.names[0],
        vocabulary: config.vocab_size,
        width: config.n_embd,
        context_length: config.n_positions,
        heads: Heads {
            queries: config.n_head,
            keys: config.n_head,
            width: config.head_width(),
        },
        norm: NormFacts {
            kind: NormKind::Layer,
            epsilon: config.layer_norm_epsilon,
            weight: true,
            plus_one: false,
            bias: true,
        },
        places: NormPlaces {
            before_attention: true,
            after_attention: false,
            before_feed_forward: true,
            after_feed_forward: false,
            order: if config.post_norm {
                Order::NormsAfterSums
            } else {
                Order::InTurn
            },
            last: !config.post_norm,
        },
        embedding: EmbeddingFacts {
            scale: 1.0,
            norm: false,
            positions: Some(config.n_positions),
            offset: 0,
        },
        attention: AttentionFacts {
            bias: true,
            out_bias: true,
            ..AttentionFacts::default()
        },
        feed_forward: FeedForwardFacts {
            inner: config.inner_width(),
            activation: config.activation_function,
            gated: false,
            bias: true,
        },
        mixture: None,
        residual_scale: 1.0,
        head: HeadFacts {
            tied: config.tie_word_embeddings,
            bias: config.head_bias,
            scale: 1.0,
            cap: None,
        },
        ropes: Vec::new(),
        layers: (0..layers)
            .map(|layer| LayerFacts {
                scale: config.attention_scale(layer),
                window: None,
                rope: None,
                mixture: false,
            })
            .collect(),
        start_token: None,
        end_tokens: config
            .eos_token_id
            .clone()
            .map_or(Vec::new(), TokenIds::into_vec),
    }
}
