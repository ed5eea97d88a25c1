//! OLMo 2 (OLMo Team 2024): norms after each part, and over all queries and all keys.

use super::form::{Form, USUAL};
use super::gemma2::SANDWICHED;
use super::{Family, GgufForm};
use crate::model::network::description::HeadNorm;

pub(super) const OLMO2: Family = Family {
    names: &["olmo2"],
    describe: |config| {
        let mut model = config.usual()?;
        config.attention_biases(&mut model)?;
        model.attention.norms = Some(HeadNorm::All);
        model.places.before_attention = false;
        model.places.after_attention = true;
        model.places.before_feed_forward = false;
        model.places.after_feed_forward = true;
        Ok(model)
    },
    form: Form::with(&[SANDWICHED, USUAL]),
    gguf: Some(GgufForm {
        names: &["olmo2"],
        ..GgufForm::USUAL
    }),
};
