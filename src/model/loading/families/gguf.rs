//! How GGUF files say what a family is.

use serde_json::{Map, Value};

use super::form::{TensorNames, all_written};
use crate::model::network::tensors::{Name, Part};

/// A family's GGUF files. llama.cpp names most keys and tensors alike for all families: only what differs stands here.
pub(in crate::model::loading) struct GgufForm {
    /// Their `general.architecture`.
    pub(in crate::model::loading) names: &'static [&'static str],
    /// Tensors that are called otherwise than in [`TENSORS`].
    pub(in crate::model::loading) tensors: TensorNames,
    /// Whether the two numbers that rotary positions turn together stand next to each other.
    pub(in crate::model::loading) pairs: bool,
    /// Whether it has rotary positions.
    pub(in crate::model::loading) turns: bool,
    /// Keys beyond those of the usual ones that are obeyed, without what stands before them.
    pub(in crate::model::loading) obeys: &'static [&'static str],
    /// Whether its norms are layer norms, and their key.
    pub(in crate::model::loading) layer_norm: bool,
    /// What else the fields of a `config.json` would say.
    pub(in crate::model::loading) fields: fn(&mut GgufFields),
}

/// The fields that a `config.json` would have, made of a GGUF file's keys and of which tensors it has.
pub(in crate::model::loading) struct GgufFields(pub(in crate::model::loading) Map<String, Value>);

impl GgufForm {
    /// That of families like Llama.
    pub(super) const USUAL: Self = Self {
        names: &[],
        tensors: &[],
        pairs: false,
        turns: true,
        obeys: &[],
        layer_norm: false,
        fields: |_| (),
    };

    /// That of families like GPT-2.
    pub(super) const LAYER_NORM: Self = Self {
        layer_norm: true,
        ..Self::USUAL
    };
}

impl GgufFields {
    pub(in crate::model::loading) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(in crate::model::loading) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Gives a field another name, if it is there.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if let Some(value) = self.0.remove(from) {
            self.set(to, value);
        }
    }
}

/// What llama.cpp's converter calls the tensors of most families.
pub(in crate::model::loading) const TENSORS: TensorNames = &[
    (Part::Embedding, "token_embd"),
    (Part::Positions, "position_embd"),
    (Part::EmbeddingNorm, "token_embd_norm"),
    (Part::LastNorm, "output_norm"),
    (Part::Head, "output"),
    (Part::AttentionNorm, "blk.#.attn_norm"),
    (Part::Query, "blk.#.attn_q"),
    (Part::Key, "blk.#.attn_k"),
    (Part::Value, "blk.#.attn_v"),
    (Part::Fused, "blk.#.attn_qkv"),
    (Part::QueryNorm, "blk.#.attn_q_norm"),
    (Part::KeyNorm, "blk.#.attn_k_norm"),
    (Part::AttentionOut, "blk.#.attn_output"),
    (Part::AttentionAfter, "blk.#.post_attention_norm"),
    (Part::Sinks, "blk.#.attn_sinks"),
    (Part::FeedForwardNorm, "blk.#.ffn_norm"),
    (Part::Gate, "blk.#.ffn_gate"),
    (Part::Up, "blk.#.ffn_up"),
    (Part::Down, "blk.#.ffn_down"),
    (Part::FeedForwardAfter, "blk.#.post_ffw_norm"),
    (Part::Router, "blk.#.ffn_gate_inp"),
    (Part::ExpertGate, "blk.#.ffn_gate_exps"),
    (Part::ExpertUp, "blk.#.ffn_up_exps"),
    (Part::ExpertDown, "blk.#.ffn_down_exps"),
    (Part::SharedGate, "blk.#.ffn_gate_shexp"),
    (Part::SharedUp, "blk.#.ffn_up_shexp"),
    (Part::SharedDown, "blk.#.ffn_down_shexp"),
    (Part::SharedRouter, "blk.#.ffn_gate_inp_shexp"),
];

impl GgufForm {
    /// The name of a tensor that a file has, or would have. That of all experts together for one of them.
    pub(in crate::model::loading) fn name(&self, name: Name, has: impl Fn(&str) -> bool) -> String {
        let mut own = all_written(self.tensors, name).peekable();
        let usual = own.peek().is_none().then(|| all_written(TENSORS, name));
        let mut names: Vec<String> = own.chain(usual.into_iter().flatten()).collect();
        match names.iter().position(|name| has(name)) {
            Some(found) => names.swap_remove(found),
            None => names
                .into_iter()
                .next()
                .unwrap_or_else(|| format!("{name:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_converter() {
        for (name, expected) in [
            (Part::Embedding.weight(), "token_embd.weight"),
            (Part::Query.of(12).bias(), "blk.12.attn_q.bias"),
            (Part::FeedForwardNorm.of(0), "blk.0.ffn_norm.weight"),
            (Part::Fused.of(3), "blk.3.attn_qkv.weight"),
            (Part::Down.of(3).bias(), "blk.3.ffn_down.bias"),
            (Part::LastNorm.weight().bias(), "output_norm.bias"),
            (Part::Head.weight(), "output.weight"),
            (Part::ExpertUp.of(1).expert(7), "blk.1.ffn_up_exps.weight"),
        ] {
            assert_eq!(GgufForm::USUAL.name(name, |_| false), expected);
        }
    }
}
