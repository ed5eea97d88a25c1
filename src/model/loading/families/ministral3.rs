//! Ministral 3 (Mistral AI 2025): a Mistral whose queries grow beyond the first context.

use super::Family;
use super::form::Form;

pub(super) const MINISTRAL3: Family = Family {
    names: &["ministral3"],
    describe: |config| {
        let mut model = config.otherwise("head_dim", 128).usual()?;
        config.slide(&mut model, config.size("sliding_window")?, |_| true)?;
        let parameters = config.field("rope_parameters");
        let number = |name: &str| parameters.and_then(|value| value.get(name)?.as_f64());
        let grown = number("llama_4_scaling_beta").zip(number("original_max_position_embeddings"));
        model.attention.growth = grown.filter(|(beta, context)| *beta != 0.0 && *context >= 1.0);
        Ok(model)
    },
    form: Form::USUAL,
    gguf: None,
};
