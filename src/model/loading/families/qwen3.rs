//! Qwen3 (Yang et al. 2025): Qwen2 without its biases, and with norms of queries and keys.

use super::form::Form;
use super::{Family, GgufForm};
use crate::model::network::description::HeadNorm;

pub(super) const QWEN3: Family = Family {
    names: &["qwen3"],
    describe: |config| {
        let mut model = config.otherwise("head_dim", 128).usual()?;
        config.attention_biases(&mut model)?;
        model.attention.norms = Some(HeadNorm::Each);
        config.slide_above(&mut model)?;
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["qwen3"],
        ..GgufForm::USUAL
    }),
};
