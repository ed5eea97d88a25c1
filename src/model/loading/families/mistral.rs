//! Mistral (Jiang et al. 2023): a Llama whose attention slides over a window.

use super::Family;
use super::form::Form;

pub(super) const MISTRAL: Family = Family {
    names: &["mistral"],
    describe: |config| {
        let mut model = config.usual()?;
        let window = config.size_or("sliding_window", 4096)?;
        config.slide(&mut model, window, |_| true)?;
        Ok(model)
    },
    form: Form::USUAL,
    // Its GGUF files call it a Llama.
    gguf: None,
};
