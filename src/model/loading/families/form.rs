//! How files in Hugging Face layout hold the tensors of a family.

use crate::model::network::tensors::{Name, Part};

/// Parts and what their tensors are called, without what all names start with and without `.weight` or `.bias`. `#` stands
/// for the layer, `*` for the expert or the head. A name that ends with `=` is whole without `.weight`. A part that stands
/// there twice has the name that a file has.
pub(in crate::model::loading) type TensorNames = &'static [(Part, &'static str)];

/// How tensors are held.
pub(in crate::model::loading) struct Form {
    /// In the first of these that has a part, it has its names.
    pub(in crate::model::loading) names: &'static [TensorNames],
    /// Whether the matrices of layers are `[in, out]`.
    pub(in crate::model::loading) in_out: bool,
    /// The order of rows where queries, keys and values are one matrix.
    pub(in crate::model::loading) fused: Fused,
    /// Whether the two numbers that rotary positions turn together stand next to each other.
    pub(in crate::model::loading) pairs: bool,
    /// Whether a layer's experts are one tensor, `[experts, in, out]`.
    pub(in crate::model::loading) stacked: bool,
}

/// The order of rows of queries, keys and values in one matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model::loading) enum Fused {
    /// All queries, all keys, all values.
    InTurn,
    /// The queries of each run of heads that share keys, those keys, and their values.
    ByGroup,
}

/// The names that most families have.
pub(super) const USUAL: TensorNames = &[
    (Part::Embedding, "embed_tokens"),
    (Part::LastNorm, "norm"),
    (Part::Head, "lm_head"),
    (Part::AttentionNorm, "layers.#.input_layernorm"),
    (Part::Query, "layers.#.self_attn.q_proj"),
    (Part::Key, "layers.#.self_attn.k_proj"),
    (Part::Value, "layers.#.self_attn.v_proj"),
    (Part::Fused, "layers.#.self_attn.qkv_proj"),
    (Part::QueryNorm, "layers.#.self_attn.q_norm"),
    (Part::KeyNorm, "layers.#.self_attn.k_norm"),
    (Part::AttentionOut, "layers.#.self_attn.o_proj"),
    (Part::FeedForwardNorm, "layers.#.post_attention_layernorm"),
    (Part::Gate, "layers.#.mlp.gate_proj"),
    (Part::Up, "layers.#.mlp.up_proj"),
    (Part::GateUp, "layers.#.mlp.gate_up_proj"),
    (Part::Down, "layers.#.mlp.down_proj"),
    (Part::Router, "layers.#.mlp.gate"),
    (Part::ExpertGate, "layers.#.mlp.experts.*.gate_proj"),
    (Part::ExpertUp, "layers.#.mlp.experts.*.up_proj"),
    (Part::ExpertDown, "layers.#.mlp.experts.*.down_proj"),
    (Part::SharedGate, "layers.#.mlp.shared_expert.gate_proj"),
    (Part::SharedUp, "layers.#.mlp.shared_expert.up_proj"),
    (Part::SharedDown, "layers.#.mlp.shared_expert.down_proj"),
    (Part::SharedRouter, "layers.#.mlp.shared_expert_gate"),
];

impl Form {
    /// The form of most families.
    pub(super) const USUAL: Self = Self::with(&[USUAL]);

    /// What Mamba's files call the parts that all models have, which tells what all names start with.
    pub(in crate::model::loading) const MAMBA: Self = Self::with(&[&[
        (Part::Embedding, "embeddings"),
        (Part::LastNorm, "norm_f"),
        (Part::Head, "lm_head"),
    ]]);

    /// That form with other names.
    pub(super) const fn with(names: &'static [TensorNames]) -> Self {
        Self {
            names,
            in_out: false,
            fused: Fused::InTurn,
            pairs: false,
            stacked: false,
        }
    }

    /// The name of a tensor, without what all names start with.
    pub(in crate::model::loading) fn name(&self, name: Name) -> Option<String> {
        self.all_names(name).next()
    }

    /// The names that it may have.
    pub(in crate::model::loading) fn all_names(&self, name: Name) -> impl Iterator<Item = String> {
        let tables = self.names.iter();
        let mut found = tables.map(move |table| all_written(table, name).peekable());
        let found = found.find_map(|mut names| names.peek().is_some().then_some(names));
        found.into_iter().flatten()
    }
}

/// What a table may call a tensor.
pub(super) fn all_written(names: TensorNames, name: Name) -> impl Iterator<Item = String> {
    let of_part = names.iter().filter(move |(part, _)| *part == name.part);
    of_part.filter_map(move |(_, written)| filled(written, name))
}

/// A name of a table with the layer and the expert in their places.
fn filled(written: &str, name: Name) -> Option<String> {
    let mut text = String::with_capacity(written.len() + 12);
    let mut whole = false;
    for letter in written.chars() {
        match letter {
            '#' => text += &name.layer?.to_string(),
            '*' => text += &name.one?.to_string(),
            '=' => whole = true,
            other => text.push(other),
        }
    }
    text += match (whole, name.bias) {
        (false, false) => ".weight",
        (false, true) => ".bias",
        (true, false) => "",
        (true, true) => "_bias",
    };
    Some(text)
}
