//! OLMo 2 (OLMo Team 2024): norms after each part, and over all queries and all keys.

use super::config::Config;
use super::form::{Form, USUAL};
use super::gemma2::SANDWICHED;
use super::{Family, GgufForm};
use crate::model::network::description::{Description, HeadNorm};

pub(super) const OLMO2: Family = Family {
    names: &["olmo2"],
    describe,
    form: Form::with(&[SANDWICHED, USUAL]),
    gguf: Some(GgufForm {
        names: &["olmo2"],
        ..GgufForm::USUAL
    }),
};

/// What OLMo 3 has too.
pub(super) fn describe(config: &Config) -> Result<Description, String> {
    let mut model = config.usual()?;
    config.attention_biases(&mut model)?;
    model.attention.norms = Some(HeadNorm::All);
    model.places.before_attention = false;
    model.places.after_attention = true;
    model.places.before_feed_forward = false;
    model.places.after_feed_forward = true;
    Ok(model)
}
