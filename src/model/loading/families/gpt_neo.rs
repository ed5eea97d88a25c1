//! GPT-Neo (Black et al. 2021): TinyStories.

use serde_json::Value;

use super::Family;
use super::form::{Form, TensorNames};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::Embedding, "wte"),
    (Part::Positions, "wpe"),
    (Part::LastNorm, "ln_f"),
    (Part::Head, "lm_head"),
    (Part::AttentionNorm, "h.#.ln_1"),
    (Part::Query, "h.#.attn.attention.q_proj"),
    (Part::Key, "h.#.attn.attention.k_proj"),
    (Part::Value, "h.#.attn.attention.v_proj"),
    (Part::AttentionOut, "h.#.attn.attention.out_proj"),
    (Part::FeedForwardNorm, "h.#.ln_2"),
    (Part::Up, "h.#.mlp.c_fc"),
    (Part::Down, "h.#.mlp.c_proj"),
];

pub(super) const GPT_NEO: Family = Family {
    names: &["gpt_neo"],
    describe: |config| {
        let width = config.need("hidden_size")?;
        let config = config
            .renamed("num_layers", "num_hidden_layers")
            .renamed("num_heads", "num_attention_heads")
            .renamed("activation_function", "hidden_act")
            .otherwise("hidden_act", "gelu_new")
            .otherwise("intermediate_size", 4 * width)
            .otherwise("tie_word_embeddings", true);
        let mut model = config.usual()?.with_layer_norms().plain();
        model.embedding.positions = Some(model.context_length);
        model.attention.out_bias = true;
        model.feed_forward.bias = true;
        model.ropes.clear();
        let window = config.size("window_size")?.unwrap_or(256);
        let local = kinds(config.field("attention_types"))
            .filter(|kinds| kinds.len() == model.layers.len())
            .ok_or_else(|| config.unfit("attention_types", "a kind for each layer"))?;
        for (layer, local) in model.layers.iter_mut().zip(local) {
            layer.rope = None;
            layer.scale = 1.0;
            layer.window = local.then_some(window);
        }
        Ok(model)
    },
    form: Form::with(&[NAMES]),
    gguf: None,
};

/// Whether each layer slides: lists of kinds, each with how often it is repeated, one after the other.
fn kinds(value: Option<&Value>) -> Option<Vec<bool>> {
    let mut all = Vec::new();
    for run in value?.as_array()? {
        let names = run.get(0)?.as_array()?;
        let times = run.get(1)?.as_u64()?.min(1 << 12);
        for _ in 0..times {
            for name in names {
                all.push(match name.as_str()? {
                    "global" => false,
                    "local" => true,
                    _ => return None,
                });
            }
        }
    }
    Some(all)
}
