//! Falcon (Almazrouei et al. 2023): parts side by side after one norm or two, keys and values that all heads or groups of
//! them share; the smallest has its parts in turn, and scores that fall with distance.

use super::form::{Form, Fused, TensorNames};
use super::{Family, GgufForm, bloom};
use crate::model::network::description::Order;
use crate::model::network::tensors::Part;

/// Where each part has a norm of its own, and where they share one.
const NAMES: TensorNames = &[
    (Part::AttentionNorm, "h.#.ln_attn"),
    (Part::AttentionNorm, "h.#.input_layernorm"),
    (Part::FeedForwardNorm, "h.#.ln_mlp"),
    (Part::FeedForwardNorm, "h.#.post_attention_layernorm"),
];

/// The same in GGUF files.
const IN_GGUF: TensorNames = &[
    (Part::AttentionNorm, "blk.#.attn_norm_2"),
    (Part::AttentionNorm, "blk.#.attn_norm"),
    (Part::FeedForwardNorm, "blk.#.attn_norm"),
];

pub(super) const FALCON: Family = Family {
    names: &["falcon", "RefinedWeb", "RefinedWebModel"],
    describe: |config| {
        let new = config.flag("new_decoder_architecture", false)?;
        let heads = config.one_of(&["num_attention_heads", "n_head"]);
        let heads = heads.and_then(serde_json::Value::as_u64).unwrap_or(0);
        // One head of keys for all, unless said otherwise.
        let keys = match (new, config.flag("multi_query", true)?) {
            (true, _) => config.one_of(&["num_kv_heads", "n_head_kv"]).cloned(),
            (false, true) => Some(1.into()),
            (false, false) => None,
        };
        let config = config
            .without("num_key_value_heads")
            .without("head_dim")
            .renamed("n_embed", "hidden_size")
            .renamed("n_layer", "num_hidden_layers")
            .renamed("n_head", "num_attention_heads")
            .renamed("ffn_hidden_size", "intermediate_size")
            .renamed("activation", "hidden_act")
            .otherwise("num_key_value_heads", keys.unwrap_or(heads.into()))
            .otherwise("max_position_embeddings", 2048)
            .otherwise("layer_norm_epsilon", 1e-5)
            .otherwise("hidden_act", "gelu")
            .otherwise("tie_word_embeddings", true);
        let width = config.need("hidden_size")?;
        let config = config.otherwise("intermediate_size", 4 * width);
        let mut model = config.usual()?.with_layer_norms().plain();
        let parallel = new || config.flag("parallel_attn", true)?;
        if parallel {
            let norms = config.size("num_ln_in_parallel_attn")?;
            model.places.order = Order::Parallel;
            model.places.before_feed_forward = new && norms != Some(1);
        }
        let bias = config.flag("bias", false)?;
        model.attention.bias = bias;
        model.attention.out_bias = bias;
        model.feed_forward.bias = bias;
        if config.flag("alibi", false)? {
            // What falls with distance is scaled with the scores here.
            model.attention.alibi = Some(1.0 / (model.heads.width as f64).sqrt());
            model.ropes.clear();
            model.layers.iter_mut().for_each(|layer| layer.rope = None);
        }
        Ok(model)
    },
    form: Form {
        fused: Fused::ByGroup,
        ..Form::with(&[NAMES, bloom::NAMES])
    },
    gguf: Some(GgufForm {
        names: &["falcon"],
        tensors: IN_GGUF,
        fields: |fields| {
            fields.set("new_decoder_architecture", true);
            fields.rename("num_key_value_heads", "num_kv_heads");
            fields.rename("norms_side_by_side", "num_ln_in_parallel_attn");
        },
        ..GgufForm::LAYER_NORM
    }),
};
