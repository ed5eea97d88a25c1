//! Qwen2 and 2.5 (Yang et al. 2024): a Llama with biases on queries, keys and values, whose upper layers may slide over a
//! window.

use super::form::Form;
use super::{Family, GgufForm};

pub(super) const QWEN2: Family = Family {
    names: &["qwen2"],
    describe: |config| {
        let mut model = config.usual()?;
        model.attention.bias = true;
        config.slide_above(&mut model)?;
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["qwen2"],
        ..GgufForm::USUAL
    }),
};
