//! Mixtral (Jiang et al. 2024): a Mistral with a mixture in every layer.

use super::Family;
use super::config::Config;
use super::form::{Form, TensorNames, USUAL};
use crate::model::network::description::{Description, MixtureFacts};
use crate::model::network::tensors::Part;

const NAMES: TensorNames = &[
    (Part::Router, "layers.#.block_sparse_moe.gate"),
    (Part::ExpertGate, "layers.#.block_sparse_moe.experts.*.w1"),
    (Part::ExpertUp, "layers.#.block_sparse_moe.experts.*.w3"),
    (Part::ExpertDown, "layers.#.block_sparse_moe.experts.*.w2"),
];

pub(super) const MIXTRAL: Family = Family {
    names: &["mixtral"],
    describe: |config| {
        let config = config.otherwise("rope_theta", 1_000_000.0);
        let mut model = config.usual()?;
        config.slide(&mut model, config.size("sliding_window")?, |_| true)?;
        mix(&config, &mut model, true)?;
        Ok(model)
    },
    form: Form::with(&[NAMES, USUAL]),
    // Its GGUF files call it a Llama.
    gguf: None,
};

/// Gives every layer a mixture, by the usual fields.
pub(super) fn mix(
    config: &Config,
    model: &mut Description,
    normalised: bool,
) -> Result<(), String> {
    let config = config.renamed("num_local_experts", "num_experts");
    let inner = config.size("moe_intermediate_size")?;
    model.mixture = Some(MixtureFacts {
        experts: config.need("num_experts")?,
        chosen: config.need("num_experts_per_tok")?,
        inner: inner.unwrap_or(model.feed_forward.inner),
        normalised,
        router_bias: false,
        bias: false,
        clamped: None,
        shared: None,
    });
    model
        .layers
        .iter_mut()
        .for_each(|layer| layer.mixture = true);
    Ok(())
}
