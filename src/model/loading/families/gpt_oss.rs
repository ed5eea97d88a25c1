//! gpt-oss (OpenAI 2025): a mixture of clamped experts in every layer, biases, a score of a key that is not there for each
//! head, every other layer with a window.

use super::form::{Form, TensorNames, USUAL};
use super::{Family, GgufForm};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::Sinks, "layers.#.self_attn.sinks="),
    (Part::Router, "layers.#.mlp.router"),
    (Part::ExpertGateUp, "layers.#.mlp.experts.gate_up_proj="),
    (Part::ExpertDown, "layers.#.mlp.experts.down_proj="),
];

const IN_GGUF: TensorNames = &[(Part::FeedForwardNorm, "blk.#.post_attention_norm")];

pub(super) const GPT_OSS: Family = Family {
    names: &["gpt_oss"],
    describe: |config| {
        let config = config
            .otherwise("head_dim", 64)
            .otherwise("rope_theta", 150_000.0)
            .otherwise("max_position_embeddings", 131_072)
            .otherwise("attention_bias", true);
        let mut model = config.usual()?;
        config.attention_biases(&mut model)?;
        model.attention.sinks = true;
        let window = config.size_or("sliding_window", 128)?;
        config.slide(&mut model, window, |layer| layer % 2 == 0)?;
        super::mixtral::mix(&config, &mut model, true)?;
        let slope = config.number("swiglu_alpha")?.unwrap_or(1.702);
        if slope != 1.702 {
            return Err(format!(
                "has a swiglu_alpha of {slope}, but only 1.702 can be computed here"
            ));
        }
        let limit = config.number("swiglu_limit")?.unwrap_or(7.0);
        if let Some(mixture) = &mut model.mixture {
            mixture.router_bias = true;
            mixture.bias = true;
            mixture.clamped = Some(limit);
        }
        Ok(model)
    },
    form: Form {
        stacked: true,
        ..Form::with(&[NAMES, USUAL])
    },
    gguf: Some(GgufForm {
        names: &["gpt-oss"],
        tensors: IN_GGUF,
        fields: |fields| {
            // As the model was trained, and no key says.
            if let Some(scaling) = fields.0.get_mut("rope_scaling") {
                scaling["truncate"] = false.into();
            }
        },
        ..GgufForm::USUAL
    }),
};
