//! Phi-3, 3.5 and 4 (Abdin et al. 2024): a Llama with its matrices fused, and with numbers of its own for long texts.

use super::form::{Form, TensorNames};
use super::{Family, GgufForm};
use crate::model::network::tensors::Part;

/// Gate and up are one matrix, which has the name of up.
pub(super) const FUSED: TensorNames = &[(Part::GateUp, "blk.#.ffn_up")];

pub(super) const PHI3: Family = Family {
    names: &["phi3"],
    describe: |config| {
        let mut model = config.usual()?;
        config.slide(&mut model, config.size("sliding_window")?, |_| true)?;
        Ok(model)
    },
    form: Form::USUAL,
    gguf: Some(GgufForm {
        names: &["phi3"],
        tensors: FUSED,
        obeys: &["rope.scaling.attn_factor"],
        ..GgufForm::USUAL
    }),
};
