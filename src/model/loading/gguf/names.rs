//! The names that llama.cpp's converter gives to tensors.

use crate::model::network::tensor_names::HEAD;

/// Pairs of a tensor's name in transformers, without what all names start with, and in a GGUF file.
const OUTER: [(&str, &str); 6] = [
    ("embed_tokens", "token_embd"),
    ("norm", "output_norm"),
    ("wte", "token_embd"),
    ("wpe", "position_embd"),
    ("ln_f", "output_norm"),
    ("lm_head", "output"),
];

/// The same within a block.
const INNER: [(&str, &str); 15] = [
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("ln_1", "attn_norm"),
    ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"),
    ("ln_2", "ffn_norm"),
    ("mlp.c_fc", "ffn_up"),
    ("mlp.c_proj", "ffn_down"),
];

/// The head's tensor, which is absent where the head is tied.
pub(super) const OUTPUT: &str = "output.weight";

/// The name in a GGUF file of a tensor that transformers calls `name`. One that has none keeps its own.
pub(super) fn in_gguf(name: &str) -> String {
    if name == HEAD {
        return OUTPUT.to_owned();
    }
    let translated = || {
        let (module, kind) = name.rsplit_once('.')?;
        let block = module
            .strip_prefix("layers.")
            .or_else(|| module.strip_prefix("h."));
        let (table, place, part): (&[_], _, _) = match block {
            Some(block) => {
                let (layer, part) = block.split_once('.')?;
                (&INNER, format!("blk.{layer}."), part)
            }
            None => (&OUTER, String::new(), module),
        };
        let (_, ours) = table.iter().find(|(theirs, _)| *theirs == part)?;
        Some(format!("{place}{ours}.{kind}"))
    };
    translated().unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_converter() {
        for (theirs, ours) in [
            ("embed_tokens.weight", "token_embd.weight"),
            ("layers.12.self_attn.q_proj.bias", "blk.12.attn_q.bias"),
            (
                "layers.0.post_attention_layernorm.weight",
                "blk.0.ffn_norm.weight",
            ),
            ("h.3.attn.c_attn.weight", "blk.3.attn_qkv.weight"),
            ("h.3.mlp.c_proj.bias", "blk.3.ffn_down.bias"),
            ("ln_f.bias", "output_norm.bias"),
            ("lm_head.weight", "output.weight"),
        ] {
            assert_eq!(in_gguf(theirs), ours);
        }
    }
}
