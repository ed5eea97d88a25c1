//! OLMo 3 (OLMo Team 2025): OLMo 2 with a window in three layers of four.

use super::form::{Form, USUAL};
use super::gemma2::SANDWICHED;
use super::rope::{Kinds, by_kind};
use super::{Family, olmo2};

pub(super) const OLMO3: Family = Family {
    names: &["olmo3"],
    describe: |config| {
        let mut model = olmo2::describe(config)?;
        let window = config.size_or("sliding_window", 4096)?;
        config.slide(&mut model, window, |layer| (layer + 1) % 4 != 0)?;
        let kinds = Kinds {
            whole: 500_000.0,
            sliding: 500_000.0,
            sliding_field: None,
        };
        by_kind(config, &mut model, kinds)?;
        Ok(model)
    },
    form: Form::with(&[SANDWICHED, USUAL]),
    // Its GGUF files call it an OLMo 2.
    gguf: None,
};
