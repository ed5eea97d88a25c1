//! Gemma (Gemma Team 2024): norms with one added to the weight, embeddings multiplied by the root of their width.

use super::config::Config;
use super::form::Form;
use super::{Family, GgufForm};
use crate::model::network::Activation;
use crate::model::network::description::Description;

pub(super) const GEMMA: Family = Family {
    names: &["gemma"],
    describe: |config| {
        let mut model = described(config)?;
        // Older files say the exact function and mean the one by tanh, as transformers knows.
        if model.feed_forward.activation == Activation::GeluErf {
            model.feed_forward.activation = Activation::GeluTanh;
        }
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["gemma"],
        ..GgufForm::USUAL
    }),
};

/// What all Gemmas share.
pub(super) fn described(config: &Config) -> Result<Description, String> {
    let config = config
        .otherwise("head_dim", 256)
        .otherwise("hidden_act", "gelu_pytorch_tanh")
        .otherwise("tie_word_embeddings", true);
    let mut model = config.usual()?;
    config.attention_biases(&mut model)?;
    if config.flag("use_bidirectional_attention", false)? {
        return Err(
            "asks for attention to what comes later, which no text is generated with".to_owned(),
        );
    }
    model.norm.plus_one = true;
    model.embedding.scale = f64::from((model.width as f32).sqrt());
    Ok(model)
}
