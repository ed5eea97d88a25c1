//! Llama (Touvron et al. 2023), and the many that are Llamas by their tensors: SmolLM, TinyLlama, Yi, older DeepSeeks.

use super::form::Form;
use super::mixtral::mix;
use super::{Family, GgufForm};

pub(super) const LLAMA: Family = Family {
    names: &["llama"],
    describe: |config| {
        let mut model = config.usual()?;
        config.attention_biases(&mut model)?;
        model.feed_forward.bias = config.flag("mlp_bias", false)?;
        config.slide(&mut model, config.size("gguf_window")?, |_| true)?;
        // A Mixtral's file does so too.
        if config
            .size("num_experts")?
            .is_some_and(|experts| experts > 0)
        {
            mix(config, &mut model, true)?;
        }
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["llama"],
        pairs: true,
        // A Mistral's file calls itself a Llama; a Llama's own configuration has no window.
        fields: |fields| fields.rename("sliding_window", "gguf_window"),
        ..GgufForm::USUAL
    }),
};
