//! BLOOM (BigScience 2022): scores that fall with distance in place of positions, a norm after the embedding.

use super::form::{Form, Fused, TensorNames};
use super::{Family, GgufForm};
use crate::model::network::tensors::Part;

pub(super) const NAMES: TensorNames = &[
    (Part::Embedding, "word_embeddings"),
    (Part::EmbeddingNorm, "word_embeddings_layernorm"),
    (Part::LastNorm, "ln_f"),
    (Part::Head, "lm_head"),
    (Part::AttentionNorm, "h.#.input_layernorm"),
    (Part::Fused, "h.#.self_attention.query_key_value"),
    (Part::AttentionOut, "h.#.self_attention.dense"),
    (Part::FeedForwardNorm, "h.#.post_attention_layernorm"),
    (Part::Up, "h.#.mlp.dense_h_to_4h"),
    (Part::Down, "h.#.mlp.dense_4h_to_h"),
];

pub(super) const BLOOM: Family = Family {
    names: &["bloom"],
    describe: |config| {
        config.refuse("apply_residual_connection_post_layernorm")?;
        let config = config
            .renamed("n_embed", "hidden_size")
            .renamed("n_layer", "num_hidden_layers")
            .renamed("n_head", "num_attention_heads")
            // No file says it of positions; the models were trained on so many.
            .renamed("seq_length", "max_position_embeddings")
            .otherwise("max_position_embeddings", 2048)
            .otherwise("layer_norm_epsilon", 1e-5)
            .otherwise("hidden_act", "gelu_new")
            .otherwise("tie_word_embeddings", true);
        let width = config.need("hidden_size")?;
        let config = config.otherwise("intermediate_size", 4 * width);
        let mut model = config.usual()?.with_layer_norms().plain();
        model.embedding.norm = true;
        model.attention.bias = true;
        model.attention.out_bias = true;
        model.attention.alibi = Some(1.0);
        model.feed_forward.bias = true;
        model.ropes.clear();
        model.layers.iter_mut().for_each(|layer| layer.rope = None);
        Ok(model)
    },
    form: Form {
        fused: Fused::ByGroup,
        ..Form::with(&[NAMES])
    },
    gguf: Some(GgufForm {
        names: &["bloom"],
        turns: false,
        obeys: &["attention.head_count_kv"],
        ..GgufForm::LAYER_NORM
    }),
};
