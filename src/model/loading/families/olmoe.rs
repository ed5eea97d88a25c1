//! OLMoE (Muennighoff et al. 2024): a mixture in every layer, norms over all queries and all keys.

use super::form::Form;
use super::mixtral::mix;
use super::{Family, GgufForm};
use crate::model::network::description::HeadNorm;

pub(super) const OLMOE: Family = Family {
    names: &["olmoe"],
    describe: |config| {
        let config = config.without("moe_intermediate_size");
        let mut model = config.usual()?;
        config.attention_biases(&mut model)?;
        model.attention.norms = Some(HeadNorm::All);
        model.attention.clamp = config.number("clip_qkv")?;
        mix(&config, &mut model, config.flag("norm_topk_prob", false)?)?;
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["olmoe"],
        obeys: &["attention.clamp_kqv"],
        ..GgufForm::USUAL
    }),
};
