//! Which keys of a GGUF file's metadata say something of the arithmetic that is obeyed here, which say nothing, and which
//! must not be passed over.

use super::{Gguf, Value};
use crate::model::ModelError;
use crate::model::loading::families::GgufForm;

/// What is done about a key.
enum Use {
    /// What it says is computed, or held against what is computed.
    Obeyed,
    /// It changes nothing, whatever it says: llama.cpp does not read it for these architectures either.
    NoEffect,
    /// It changes nothing as long as it says this; 0 stands for "none" in most.
    Only(&'static [f64]),
}

/// Keys of families with rotary positions, without what stands before them. All others of `rope.` and `attention.` are
/// refused, but for those that a family obeys.
const TURNED: [(&str, Use); 24] = [
    ("rope.dimension_count", Use::Obeyed),
    ("rope.freq_base", Use::Obeyed),
    ("rope.scaling.type", Use::Obeyed),
    ("rope.scaling.factor", Use::Obeyed),
    ("rope.scale_linear", Use::Obeyed),
    // Of the training.
    ("rope.scaling.finetuned", Use::NoEffect),
    ("rope.scaling.original_context_length", Use::Obeyed),
    ("rope.scaling.attn_factor", Use::Only(&[1.0])),
    ("rope.scaling.yarn_beta_fast", Use::Obeyed),
    ("rope.scaling.yarn_beta_slow", Use::Obeyed),
    ("rope.scaling.yarn_ext_factor", Use::Only(&[0.0, -1.0])),
    ("rope.scaling.yarn_attn_factor", Use::Only(&[1.0, -1.0])),
    ("rope.scaling.yarn_log_multiplier", Use::Only(&[0.0])),
    ("attention.head_count", Use::Obeyed),
    ("attention.head_count_kv", Use::Obeyed),
    ("attention.key_length", Use::Obeyed),
    ("attention.value_length", Use::Obeyed),
    ("attention.layer_norm_rms_epsilon", Use::Obeyed),
    ("attention.sliding_window", Use::Obeyed),
    ("attention.layer_norm_epsilon", Use::NoEffect),
    ("attention.causal", Use::Only(&[1.0])),
    ("attention.scale", Use::Only(&[0.0])),
    ("attention.max_alibi_bias", Use::Only(&[0.0])),
    ("attention.clamp_kqv", Use::Only(&[0.0])),
];

/// The same for families without.
const UNTURNED: [(&str, Use); 6] = [
    ("attention.head_count", Use::Obeyed),
    ("attention.layer_norm_epsilon", Use::Obeyed),
    ("attention.layer_norm_rms_epsilon", Use::NoEffect),
    ("attention.causal", Use::Only(&[1.0])),
    ("attention.max_alibi_bias", Use::Only(&[0.0])),
    ("attention.clamp_kqv", Use::Only(&[0.0])),
];

/// Keys of either beyond those groups that change the odds in other architectures.
const ELSEWHERE: [(&str, Use); 8] = [
    ("logit_scale", Use::Only(&[0.0, 1.0])),
    ("embedding_scale", Use::Only(&[0.0, 1.0])),
    ("residual_scale", Use::Only(&[0.0, 1.0])),
    ("attn_logit_softcapping", Use::Only(&[0.0])),
    ("final_logit_softcapping", Use::Only(&[0.0])),
    ("use_parallel_residual", Use::Only(&[0.0])),
    ("swin_norm", Use::Only(&[0.0])),
    ("interleave_moe_layer_step", Use::Only(&[0.0])),
];

impl Gguf {
    /// Holds the keys of an architecture's metadata against what can be computed.
    ///
    /// # Errors
    /// When one of them, which is named, changes the odds and cannot be obeyed.
    pub(super) fn check_keys(&self, architecture: &str, form: &GgufForm) -> Result<(), ModelError> {
        let own: &[_] = if form.turns { &TURNED } else { &UNTURNED };
        let mut keys: Vec<(&str, &Value)> = self
            .header
            .metadata
            .iter()
            .filter_map(|(key, value)| {
                let key = key.strip_prefix(architecture)?.strip_prefix('.')?;
                Some((key, value))
            })
            .collect();
        keys.sort_unstable_by_key(|(key, _)| *key);
        for (key, value) in keys {
            let mut known = own.iter().chain(&ELSEWHERE);
            let found = known.find(|(name, _)| *name == key).map(|(_, found)| found);
            let fine = match found {
                _ if form.obeys.contains(&key) => true,
                Some(Use::Obeyed | Use::NoEffect) => true,
                Some(Use::Only(neutral)) => value
                    .number()
                    .is_some_and(|number| neutral.contains(&number)),
                None => !["rope.", "attention."]
                    .iter()
                    .any(|group| key.starts_with(group)),
            };
            if !fine {
                return Err(ModelError::file(
                    &self.name,
                    format!(
                        "has the key `{architecture}.{key}`{}, which changes the odds and cannot be obeyed here; choose another model",
                        said(value)
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// What a value says, where that is short.
fn said(value: &Value) -> String {
    match value {
        Value::Bool(value) => format!(" ({value})"),
        Value::Text(text) => format!(" ({})", text.chars().take(40).collect::<String>()),
        other => other
            .number()
            .map_or_else(String::new, |number| format!(" ({number})")),
    }
}
