//! What is said of models that cannot be loaded: what they need that is not here, and the nearest that loads.

use serde_json::Value;

use super::FAMILIES;
use crate::model::ModelError;
use crate::model::error::visible;

/// Families that are known, and not here.
struct Absent {
    /// As `config.json` and GGUF files name them.
    names: &'static [&'static str],
    /// What they have that cannot be computed, after "it has".
    lacking: &'static str,
    /// The nearest family that loads.
    nearest: &'static str,
}

/// The guest, which is not described.
const GUEST: &str = "mamba";

const ABSENT: &[Absent] = &[
    Absent {
        names: &["qwen3_5", "qwen3_5_text", "qwen35", "olmo_hybrid"],
        lacking: "layers of linear attention by the gated delta rule",
        nearest: "qwen3",
    },
    Absent {
        names: &[
            "qwen3_next",
            "qwen3_5_moe",
            "qwen3_5_moe_text",
            "qwen3next",
            "qwen35moe",
            "kimi_linear",
            "kimi-linear",
        ],
        lacking: "layers of linear attention by the gated delta rule",
        nearest: "qwen3_moe",
    },
    Absent {
        names: &["lfm2", "lfm2_moe", "lfm2moe", "lfm2_vl"],
        lacking: "layers of short convolutions",
        nearest: "qwen3",
    },
    Absent {
        names: &["granitemoehybrid", "granitehybrid"],
        lacking: "state-space layers (Mamba 2) between those of attention",
        nearest: "granite",
    },
    Absent {
        names: &[
            "jamba",
            "zamba",
            "zamba2",
            "bamba",
            "falcon_h1",
            "falcon-h1",
            "nemotron_h",
            "nemotron_h_moe",
            "plamo2",
        ],
        lacking: "state-space layers between those of attention",
        nearest: "llama",
    },
    Absent {
        names: &["mamba2", "falcon_mamba"],
        lacking: "state-space layers that differ from Mamba's",
        nearest: GUEST,
    },
    Absent {
        names: &["rwkv", "rwkv6", "rwkv7", "xlstm", "recurrent_gemma"],
        lacking: "recurrent layers in place of attention",
        nearest: "gemma",
    },
    Absent {
        names: &["gemma4", "gemma4_text", "gemma3n", "gemma3n_text"],
        lacking: "embeddings of each layer, and layers that share keys and values",
        nearest: "gemma3_text",
    },
    Absent {
        names: &[
            "deepseek_v2",
            "deepseek_v3",
            "deepseek_v32",
            "deepseek2",
            "kimi_k2",
            "kimi_k25",
            "glm4_moe_lite",
            "glm_moe_dsa",
            "minicpm3",
        ],
        lacking: "keys and values made of a latent vector (multi-head latent attention)",
        nearest: "qwen3_moe",
    },
    Absent {
        names: &["llama4", "llama4_text"],
        lacking: "attention in chunks",
        nearest: "llama",
    },
    Absent {
        names: &[
            "bert",
            "roberta",
            "xlm-roberta",
            "distilbert",
            "electra",
            "deberta-v2",
            "modernbert",
            "t5",
            "mt5",
            "bart",
            "mbart",
            "whisper",
        ],
        lacking: "an encoder, which reads a text as a whole and does not continue it",
        nearest: "gpt2",
    },
];

/// The names of the families that can be loaded.
fn supported() -> String {
    let names = FAMILIES.iter().flat_map(|family| family.names).copied();
    let mut names: Vec<&str> = names.chain([GUEST]).collect();
    names.retain(|name| !name.starts_with("logitscope") && !name.starts_with("RefinedWeb"));
    names.sort_unstable();
    let last = names.pop().unwrap_or_default();
    format!("{} and {last}", names.join(", "))
}

/// The error for a family that cannot be loaded.
pub(in crate::model::loading) fn unsupported(name: &str, file: &str) -> ModelError {
    let known = ABSENT.iter().find(|absent| absent.names.contains(&name));
    let problem = match known {
        Some(absent) => format!(
            "describes a `{name}` model, which cannot be loaded: it has {}; the nearest family that can is `{}`",
            absent.lacking, absent.nearest
        ),
        None if name == GUEST => format!(
            "describes a `{name}` model, which is loaded from safetensors in transformers' layout alone"
        ),
        None => format!(
            "describes a `{}` model, but only {} can be loaded",
            visible(name),
            supported()
        ),
    };
    ModelError::file(file, problem)
}

/// What is wrong with a configuration of weights that are quantised in a way that has no name among the numbers of
/// safetensors.
pub(super) fn blocks(config: &Value) -> Option<String> {
    let method = config["quantization_config"]["quant_method"].as_str()?;
    Some(format!(
        "has its weights quantised by `{}` (quantization_config), which cannot be read; take a copy in f32, f16 or bf16, or a GGUF file",
        visible(method)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{Described, Family};
    use super::*;

    fn refused(json: &str) -> String {
        match Described::from_json(json.as_bytes(), "dir/config.json") {
            Ok(_) => panic!("{json} is loaded"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_known_and_absent_names_what_it_lacks_and_a_family_that_loads() {
        for absent in ABSENT {
            let nearest = absent.nearest;
            let loads = Family::named(nearest).is_some() || nearest == GUEST;
            assert!(loads, "{nearest}");
            for name in absent.names {
                assert!(Family::named(name).is_none(), "{name} can be loaded");
                assert!(Family::in_gguf(name).is_none(), "{name} can be loaded");
                let error = refused(&format!(r#"{{"model_type": "{name}"}}"#));
                for part in ["dir/config.json: ", name, absent.lacking, absent.nearest] {
                    assert!(error.contains(part), "{error}");
                }
            }
        }
    }

    #[test]
    fn what_is_unknown_names_what_can_be_loaded() {
        let error = refused(r#"{"model_type": "novel\u001b"}"#);
        assert!(
            error.contains("`novel\\u{1b}`") && error.contains("smollm3, stablelm and starcoder2"),
            "{error}"
        );
        let error = refused(r#"{"model_type": "wrapped", "text_config": {"model_type": "lfm2"}}"#);
        assert!(
            error.contains("`lfm2`") && error.contains("short convolutions"),
            "{error}"
        );
    }

    #[test]
    fn weights_in_foreign_blocks_are_named() {
        let error = refused(
            r#"{"model_type": "gpt_oss", "quantization_config": {"quant_method": "mxfp4"}}"#,
        );
        assert!(
            error.contains("`mxfp4`") && error.contains("bf16"),
            "{error}"
        );
    }
}
