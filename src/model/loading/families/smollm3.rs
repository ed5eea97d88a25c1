//! SmolLM3 (Hugging Face 2025): a Llama in which every fourth layer has no positions.

use super::form::Form;
use super::{Family, GgufForm};

pub(super) const SMOLLM3: Family = Family {
    names: &["smollm3"],
    describe: |config| {
        let config = config
            .otherwise("rope_theta", 2_000_000.0)
            .otherwise("tie_word_embeddings", true);
        let mut model = config.usual()?;
        config.attention_biases(&mut model)?;
        model.feed_forward.bias = config.flag("mlp_bias", false)?;
        let interval = config.size("no_rope_layer_interval")?.unwrap_or(4).max(1);
        let turned = config
            .field("no_rope_layers")
            .and_then(|list| list.as_array());
        for (at, layer) in model.layers.iter_mut().enumerate() {
            let turned = match turned.and_then(|turned| turned.get(at)) {
                Some(turned) => turned.as_u64() != Some(0),
                None => (at + 1) % interval != 0,
            };
            layer.rope = turned.then_some(0);
        }
        let window = if config.flag("use_sliding_window", false)? {
            config.size("sliding_window")?
        } else {
            None
        };
        let turned: Vec<bool> = model
            .layers
            .iter()
            .map(|layer| layer.rope.is_some())
            .collect();
        config.slide(&mut model, window, |layer| !turned[layer])?;
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["smollm3"],
        pairs: true,
        ..GgufForm::USUAL
    }),
};
