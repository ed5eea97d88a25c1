//! Gemma 2 (Gemma Team 2024): norms on both sides of each part, scores and logits that are bent, every other layer with a
//! window.

use super::config::Config;
use super::form::{Form, TensorNames, USUAL};
use super::gguf::GgufFields;
use super::{Family, GgufForm, gemma};
use crate::model::network::description::Description;
use crate::model::network::tensors::Part;

/// The names where norms stand on both sides.
pub(super) const SANDWICHED: TensorNames = &[
    (Part::AttentionAfter, "layers.#.post_attention_layernorm"),
    (Part::FeedForwardNorm, "layers.#.pre_feedforward_layernorm"),
    (
        Part::FeedForwardAfter,
        "layers.#.post_feedforward_layernorm",
    ),
];

pub(super) const GEMMA2: Family = Family {
    names: &["gemma2"],
    describe: |config| {
        let config = config.renamed("hidden_activation", "hidden_act");
        let mut model = sandwiched(&config)?;
        model.attention.cap = config.number_or("attn_logit_softcapping", 50.0)?;
        model.head.cap = config.number_or("final_logit_softcapping", 30.0)?;
        let window = config.size_or("sliding_window", 4096)?;
        config.slide(&mut model, window, |layer| layer % 2 == 0)?;
        Ok(model)
    },
    form: Form::with(&[SANDWICHED, USUAL]),
    gguf: Some(GgufForm {
        names: &["gemma2"],
        obeys: &["attn_logit_softcapping", "final_logit_softcapping"],
        // The largest one has another scale, which no key says.
        fields: |fields| scale(fields, 46),
        ..GgufForm::USUAL
    }),
};

/// What the second and third generation share.
pub(super) fn sandwiched(config: &Config) -> Result<Description, String> {
    let mut model = gemma::described(config)?;
    model.places.after_attention = true;
    model.places.after_feed_forward = true;
    let scalar = config.number("query_pre_attn_scalar")?.unwrap_or(256.0);
    for layer in &mut model.layers {
        layer.scale = 1.0 / scalar.sqrt();
    }
    Ok(model)
}

/// What scores are divided by the root of, which GGUF files do not say: the width of a head, but for the model with so
/// many layers that of what each head has of a hidden state.
pub(super) fn scale(fields: &mut GgufFields, layers_of_largest: u64) {
    let number = |name: &str| fields.get(name).and_then(serde_json::Value::as_u64);
    let head = number("head_dim").unwrap_or(256);
    let share = number("hidden_size").zip(number("num_attention_heads"));
    let scalar = match (number("num_hidden_layers"), share) {
        (Some(layers), Some((width, heads))) if layers == layers_of_largest && heads > 0 => {
            width / heads
        }
        _ => head,
    };
    fields.set("query_pre_attn_scalar", scalar);
}
