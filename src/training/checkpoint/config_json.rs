//! The configuration as Hugging Face has it.

use serde_json::{Value, json};

use crate::model::{Gpt2Config, OWN_MODEL_TYPE};

/// Tokens with a part to play, and the dropout, which `config.json` tells others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpecialTokens {
    pub begin: Option<(u32, String)>,
    pub end: Option<(u32, String)>,
    pub pad: Option<(u32, String)>,
    pub dropout: crate::training::network::DropoutRates,
}

impl SpecialTokens {
    /// What makes transformers' `AutoTokenizer` take `tokenizer.json` as it is.
    pub(super) fn tokenizer_config(&self, positions: usize) -> Value {
        let text = |token: &Option<(u32, String)>| token.as_ref().map(|(_, text)| text.clone());
        json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": positions,
            "clean_up_tokenization_spaces": false,
            "bos_token": text(&self.begin),
            "eos_token": text(&self.end),
            "pad_token": text(&self.pad),
        })
    }
}

/// `config.json`. A shape that transformers has is a GPT-2; another has a `model_type` of our own, so that nothing else
/// loads it as what it is not, and up to three keys more: `post_norm`, `head_width`, `head_bias`.
pub(in crate::training) fn config_json(config: &Gpt2Config, special: &SpecialTokens) -> Value {
    let id = |token: &Option<(u32, String)>| token.as_ref().map(|(id, _)| *id);
    let mut value = json!({
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": config.activation_function,
        "attn_pdrop": special.dropout.attention,
        "embd_pdrop": special.dropout.embedding,
        "resid_pdrop": special.dropout.residual,
        "bos_token_id": id(&special.begin),
        "eos_token_id": id(&special.end),
        "pad_token_id": id(&special.pad),
        "initializer_range": 0.02,
        "layer_norm_epsilon": config.layer_norm_epsilon,
        "n_embd": config.n_embd,
        "n_head": config.n_head,
        "n_inner": config.n_inner,
        "n_layer": config.n_layer,
        "n_positions": config.n_positions,
        "n_ctx": config.n_positions,
        "scale_attn_weights": config.scale_attn_weights,
        "scale_attn_by_inverse_layer_idx": config.scale_attn_by_inverse_layer_idx,
        "reorder_and_upcast_attn": false,
        "tie_word_embeddings": config.tie_word_embeddings,
        "add_cross_attention": false,
        "torch_dtype": "float32",
        "use_cache": true,
        "vocab_size": config.vocab_size,
    });
    if !config.is_plain() {
        value["model_type"] = json!(OWN_MODEL_TYPE);
        value["architectures"] = json!([OWN_MODEL_TYPE]);
        value["post_norm"] = json!(config.post_norm);
        value["head_width"] = json!(config.head_width());
        value["head_bias"] = json!(config.head_bias);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::presets::preset;

    #[test]
    fn what_is_written_reads_back() {
        for name in ["gpt2", "mini-imdb", "mini-books"] {
            let recipe = preset(name).expect("a preset");
            let config = recipe.model.shape(100).expect("a shape");
            let json = config_json(&config, &SpecialTokens::default());
            let own = json["model_type"] != "gpt2";
            assert_eq!(own, name != "gpt2");
            let back = Gpt2Config::from_json(json.to_string().as_bytes(), "test")
                .expect("a configuration");
            let like = Gpt2Config {
                model_type: back.model_type.clone(),
                ..config
            };
            assert_eq!(back, like);
        }
    }
}
