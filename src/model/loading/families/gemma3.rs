//! Gemma 3 (Gemma Team 2025): Gemma 2 with norms of queries and keys in place of bent scores, five layers of six with a
//! window and with faster rotary positions.

use super::form::{Form, USUAL};
use super::gemma2::{SANDWICHED, sandwiched, scale};
use super::rope::{Kinds, by_kind};
use super::{Family, GgufForm};
use crate::model::network::description::HeadNorm;

pub(super) const GEMMA3: Family = Family {
    names: &["gemma3_text"],
    describe: |config| {
        let config = config
            .renamed("hidden_activation", "hidden_act")
            // Where a model sees images as well, its files leave these out.
            .otherwise("vocab_size", 262_208)
            .otherwise("num_attention_heads", 8)
            .otherwise("num_key_value_heads", 4)
            .otherwise("max_position_embeddings", 131_072)
            .otherwise("rms_norm_eps", 1e-6);
        let mut model = sandwiched(&config)?;
        model.attention.norms = Some(HeadNorm::Each);
        model.head.cap = config.number("final_logit_softcapping")?;
        let window = config.size_or("sliding_window", 4096)?;
        let pattern = config.size("sliding_window_pattern")?.unwrap_or(6).max(1);
        config.slide(&mut model, window, |layer| (layer + 1) % pattern != 0)?;
        let kinds = Kinds {
            whole: 1_000_000.0,
            sliding: 10_000.0,
            sliding_field: Some("rope_local_base_freq"),
        };
        by_kind(&config, &mut model, kinds)?;
        Ok(model)
    },
    form: Form::with(&[SANDWICHED, USUAL]),
    gguf: Some(GgufForm {
        names: &["gemma3"],
        obeys: &["rope.freq_base_swa", "final_logit_softcapping"],
        fields: |fields| scale(fields, 62),
        ..GgufForm::USUAL
    }),
};
