//! GGUF files of families that `tests/gguf` has none of: the tiny models as llama.cpp's converter would write them, against
//! their odds. That llama.cpp reads such files as here is held by `tests/reference/families_gguf.py`.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use logitscope::model::Precision;

use super::tiny::{Reference, TOLERANCE, in_pieces, largest_difference, load_from, reference};

/// What the converter calls tensors, by what they are called in files here, without the layer.
type Names = &'static [(&'static str, &'static str)];

const USUAL: Names = &[
    ("embed_tokens", "token_embd"),
    ("norm", "output_norm"),
    ("lm_head", "output"),
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("self_attn.q_layernorm.norms", "attn_q_norm"),
    ("self_attn.k_layernorm.norms", "attn_k_norm"),
    ("self_attn.sinks", "attn_sinks"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("mlp.gate", "ffn_gate_inp"),
    ("mlp.router", "ffn_gate_inp"),
    ("mlp.experts.gate_proj", "ffn_gate_exps"),
    ("mlp.experts.up_proj", "ffn_up_exps"),
    ("mlp.experts.down_proj", "ffn_down_exps"),
    ("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
    ("mlp.shared_expert.up_proj", "ffn_up_shexp"),
    ("mlp.shared_expert.down_proj", "ffn_down_shexp"),
    ("mlp.shared_expert_gate", "ffn_gate_inp_shexp"),
];
const OLMO: Names = &[
    ("post_attention_layernorm", "post_attention_norm"),
    ("post_feedforward_layernorm", "post_ffw_norm"),
];
const OSS: Names = &[("post_attention_layernorm", "post_attention_norm")];
const NEOX: Names = &[
    ("embed_in", "token_embd"),
    ("final_layer_norm", "output_norm"),
    ("embed_out", "output"),
    ("attention.query_key_value", "attn_qkv"),
    ("attention.dense", "attn_output"),
    ("mlp.dense_h_to_4h", "ffn_up"),
    ("mlp.dense_4h_to_h", "ffn_down"),
];
const BLOOM: Names = &[
    ("word_embeddings", "token_embd"),
    ("word_embeddings_layernorm", "token_embd_norm"),
    ("ln_f", "output_norm"),
    ("self_attention.query_key_value", "attn_qkv"),
    ("self_attention.dense", "attn_output"),
    ("mlp.dense_h_to_4h", "ffn_up"),
    ("mlp.dense_4h_to_h", "ffn_down"),
    ("ln_attn", "attn_norm_2"),
    ("ln_mlp", "attn_norm"),
];

/// Model, architecture, names that differ from the usual, and how many tokens are the same: in files of some, windows are
/// not said.
const CASES: [(&str, &str, Names, usize); 9] = [
    ("bloom", "bloom", BLOOM, 44),
    ("falcon-new", "falcon", BLOOM, 44),
    ("gemma", "gemma", &[], 44),
    ("gpt_neox", "gptneox", NEOX, 44),
    ("gpt_oss", "gpt-oss", OSS, 44),
    ("granite", "granite", &[], 44),
    ("olmo2", "olmo2", OLMO, 44),
    ("qwen2_moe", "qwen2moe", &[], 6),
    ("stablelm-norms", "stablelm", &[], 44),
];

/// The sizes that say how matrices lie.
struct Sizes {
    queries: usize,
    keys: usize,
    head: usize,
}

impl Sizes {
    fn of(reference: &Reference) -> Self {
        let size = |names: &[&str]| {
            let mut found = names.iter().map(|name| &reference.told["config"][*name]);
            found
                .find_map(serde_json::Value::as_u64)
                .map(|size| size as usize)
        };
        let queries = size(&["num_attention_heads", "n_head"]).expect("heads");
        let width = size(&["hidden_size"]).expect("a width");
        Self {
            queries,
            keys: match reference.told["config"]["model_type"].as_str() {
                Some("gpt_neox") => queries,
                _ => size(&["num_kv_heads", "num_key_value_heads"]).unwrap_or(queries),
            },
            head: size(&["head_dim"]).unwrap_or(width / queries),
        }
    }
}

fn metadata(reference: &Reference, architecture: &str) -> Vec<(String, Value)> {
    let config = &reference.told["config"];
    let sizes = Sizes::of(reference);
    let number = |names: &[&str]| names.iter().find_map(|name| config[*name].as_f64());
    let mut all: Vec<(String, Value)> = vec![(
        "general.architecture".to_owned(),
        Value::String(architecture.to_owned()),
    )];
    let mut set = |key: &str, value: Value| all.push((format!("{architecture}.{key}"), value));
    let mut whole = |key: &str, value: Option<f64>| {
        if let Some(value) = value {
            set(key, Value::U32(value as u32));
        }
    };
    let width = number(&["hidden_size"]).expect("a width");
    let inner = number(&["intermediate_size", "ffn_hidden_size"]).unwrap_or(4.0 * width);
    whole("embedding_length", Some(width));
    whole("block_count", number(&["num_hidden_layers", "n_layer"]));
    whole(
        "context_length",
        number(&["max_position_embeddings"]).or(Some(2048.0)),
    );
    whole("feed_forward_length", Some(inner));
    whole("attention.head_count", Some(sizes.queries as f64));
    whole("attention.head_count_kv", Some(sizes.keys as f64));
    if architecture != "bloom" {
        whole("attention.key_length", Some(sizes.head as f64));
        whole("attention.value_length", Some(sizes.head as f64));
        let rope = &config["rope_parameters"];
        let part = rope["partial_rotary_factor"]
            .as_f64()
            .or(number(&["partial_rotary_factor"]));
        whole(
            "rope.dimension_count",
            Some(sizes.head as f64 * part.unwrap_or(1.0)),
        );
        let base = rope["rope_theta"].as_f64().unwrap_or(10_000.0);
        set("rope.freq_base", Value::F32(base as f32));
        if let (Some("yarn"), Some(factor)) = (rope["rope_type"].as_str(), rope["factor"].as_f64())
        {
            set("rope.scaling.type", Value::String("yarn".to_owned()));
            set("rope.scaling.factor", Value::F32(factor as f32));
            set("rope.scaling.original_context_length", Value::U32(16));
        }
    }
    let experts = number(&["num_experts", "num_local_experts"]);
    if let Some(experts) = experts {
        set("expert_count", Value::U32(experts as u32));
        set("expert_used_count", Value::U32(2));
        let inner = number(&["moe_intermediate_size"]).unwrap_or(inner);
        set("expert_feed_forward_length", Value::U32(inner as u32));
        if let Some(shared) = number(&["shared_expert_intermediate_size"]) {
            set(
                "expert_shared_feed_forward_length",
                Value::U32(shared as u32),
            );
        }
    }
    if architecture == "gpt-oss" {
        set("attention.sliding_window", Value::U32(6));
    }
    for (field, key) in [
        ("attention_multiplier", "attention.scale"),
        ("embedding_multiplier", "embedding_scale"),
        ("residual_multiplier", "residual_scale"),
        ("logits_scaling", "logit_scale"),
    ] {
        if let Some(value) = number(&[field]) {
            set(key, Value::F32(value as f32));
        }
    }
    if let Some(parallel) = config["use_parallel_residual"].as_bool() {
        set("use_parallel_residual", Value::Bool(parallel));
    }
    let layer_norm = ["layer_norm_eps", "layer_norm_epsilon"];
    let (key, epsilon) = match architecture {
        "bloom" | "falcon" | "gptneox" | "stablelm" => ("layer_norm_epsilon", number(&layer_norm)),
        _ => ("layer_norm_rms_epsilon", number(&["rms_norm_eps"])),
    };
    set(
        &format!("attention.{key}"),
        Value::F32(epsilon.expect("an epsilon") as f32),
    );
    // Tokens that no text here is made of.
    let texts = |texts: Vec<String>| Value::Array(texts.into_iter().map(Value::String).collect());
    let letters = (0..31).map(|at| char::from(b'A' + at).to_string());
    let tokens: Vec<String> = letters.chain(["AB".to_owned()]).collect();
    let kinds = tokens.iter().map(|_| Value::I32(1)).collect();
    all.extend([
        (
            "tokenizer.ggml.model".to_owned(),
            Value::String("gpt2".to_owned()),
        ),
        (
            "tokenizer.ggml.pre".to_owned(),
            Value::String("gpt-2".to_owned()),
        ),
        ("tokenizer.ggml.tokens".to_owned(), texts(tokens)),
        ("tokenizer.ggml.token_type".to_owned(), Value::Array(kinds)),
        (
            "tokenizer.ggml.merges".to_owned(),
            texts(vec!["A B".to_owned()]),
        ),
        ("tokenizer.ggml.eos_token_id".to_owned(), Value::U32(0)),
    ]);
    all
}

/// Rows in another order.
fn rows(tensor: &Tensor, order: Vec<u32>) -> Tensor {
    let order = Tensor::new(order, &Device::Cpu).expect("a list");
    tensor.index_select(&order, 0).expect("rows")
}

/// The rows of a matrix of queries, keys and values, which stand together by group, in turn.
fn in_turn(sizes: &Sizes) -> Vec<u32> {
    let shared = sizes.queries / sizes.keys;
    let of = |part: std::ops::Range<usize>| {
        let part = &part;
        let heads = (0..sizes.keys)
            .flat_map(|group| part.clone().map(move |head| group * (shared + 2) + head));
        let rows =
            heads.flat_map(|head| (head * sizes.head) as u32..((head + 1) * sizes.head) as u32);
        rows.collect::<Vec<u32>>()
    };
    [
        of(0..shared),
        of(shared..shared + 1),
        of(shared + 1..shared + 2),
    ]
    .concat()
}

/// The rows of a head's halves taking turns, as Llama's files have them.
fn in_pairs(sizes: &Sizes, heads: usize) -> Vec<u32> {
    let half = sizes.head / 2;
    let rows = (0..heads).flat_map(|head| {
        (0..half).flat_map(move |at| [head * 2 * half + at, head * 2 * half + half + at])
    });
    rows.map(|row| row as u32).collect()
}

fn tensors(reference: &Reference, architecture: &str, own: Names) -> BTreeMap<String, Tensor> {
    let sizes = Sizes::of(reference);
    let mut all = BTreeMap::new();
    let mut stacks: BTreeMap<String, BTreeMap<usize, Tensor>> = BTreeMap::new();
    for (name, (shape, values)) in reference.tensors() {
        let mut tensor = Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor");
        let inner = ["gpt_neox.", "transformer.", "model."];
        let inner = inner.iter().find_map(|prefix| name.strip_prefix(prefix));
        let inner = inner.unwrap_or(&name);
        let (stem, kind) = match inner.rsplit_once('.') {
            Some((stem, kind @ ("weight" | "bias"))) => (stem.to_owned(), kind),
            _ if inner.ends_with("_bias") => (inner.trim_end_matches("_bias").to_owned(), "bias"),
            _ => (inner.to_owned(), "weight"),
        };
        let layer = ["layers.", "h."]
            .iter()
            .find_map(|start| stem.strip_prefix(start));
        let (place, stem) = match layer.and_then(|rest| rest.split_once('.')) {
            Some((layer, stem)) => (format!("blk.{layer}."), stem.to_owned()),
            None => (String::new(), stem),
        };
        // One of several has its number among the steps of its name, or at their end.
        let steps: Vec<&str> = stem.split('.').collect();
        let number = steps.iter().find_map(|step| step.parse::<usize>().ok());
        let stem = steps
            .into_iter()
            .filter(|step| step.parse::<usize>().is_err());
        let stem = stem.collect::<Vec<_>>().join(".");
        if stem == "mlp.experts.gate_up_proj" || stem == "mlp.experts.down_proj" && number.is_none()
        {
            let parts: &[(&str, u32)] = if stem.contains("gate") {
                &[("gate", 0), ("up", 1)]
            } else {
                &[("down", 0)]
            };
            let last = tensor.rank() - 1;
            for (part, first) in parts {
                let width = tensor.dim(last).expect("a width") as u32;
                let order: Vec<u32> = (*first..width).step_by(parts.len()).collect();
                let order = Tensor::new(order, &Device::Cpu).expect("a list");
                let mut part_of = tensor.index_select(&order, last).expect("columns");
                if kind == "weight" {
                    part_of = part_of
                        .transpose(1, 2)
                        .expect("matrices")
                        .contiguous()
                        .expect("a copy");
                }
                all.insert(format!("{place}ffn_{part}_exps.{kind}"), part_of);
            }
            continue;
        }
        let mut tables = own.iter().chain(USUAL).chain(NEOX);
        let found = tables.find(|(ours, _)| *ours == stem);
        let (_, theirs) = found.unwrap_or_else(|| panic!("no name for {stem}"));
        let written = format!("{place}{theirs}.{kind}");
        if let Some(number) = number {
            stacks.entry(written).or_default().insert(number, tensor);
            continue;
        }
        if architecture == "gemma" && stem.ends_with("norm") {
            tensor = (tensor + 1.0).expect("a sum");
        }
        if stem.ends_with("query_key_value") {
            tensor = rows(&tensor, in_turn(&sizes));
        }
        if architecture == "granite" && (stem.ends_with("q_proj") || stem.ends_with("k_proj")) {
            let heads = if stem.ends_with("q_proj") {
                sizes.queries
            } else {
                sizes.keys
            };
            tensor = rows(&tensor, in_pairs(&sizes, heads));
        }
        if stem == "mlp.shared_expert_gate" {
            tensor = tensor.squeeze(0).expect("one row");
        }
        all.insert(written, tensor);
    }
    for (name, stack) in stacks {
        let stack: Vec<Tensor> = stack.into_values().collect();
        all.insert(name, Tensor::stack(&stack, 0).expect("of one shape"));
    }
    all
}

/// Writes a file whose matrices are in a form, and whose vectors, as the converter has it, are in f32.
fn write(reference: &Reference, (architecture, own): (&str, Names), form: GgmlDType, path: &Path) {
    let metadata = metadata(reference, architecture);
    let metadata: Vec<_> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let tensors: Vec<(String, QTensor)> = tensors(reference, architecture, own)
        .into_iter()
        .map(|(name, tensor)| {
            let form = if tensor.rank() > 1 {
                form
            } else {
                GgmlDType::F32
            };
            let tensor = QTensor::quantize(&tensor, form).expect("a form for all");
            (name, tensor)
        })
        .collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let mut file = std::fs::File::create(path).expect("writable");
    gguf_file::write(&mut file, &metadata, &tensors).expect("writable");
}

#[test]
fn files_of_gguf_give_the_same_odds() {
    for (name, architecture, own, same) in CASES {
        let directory = tempfile::tempdir().expect("a folder");
        let path = directory.path().join("tiny.gguf");
        let reference = reference(name.to_owned());
        write(&reference, (architecture, own), GgmlDType::F32, &path);
        let loaded = load_from(&path, name, Precision::F32);
        assert_eq!(loaded.notices, Vec::<String>::new(), "{name}");
        let model = loaded.model.as_ref();
        let mut cache = model.new_cache().expect("room");
        let tokens = &reference.tokens[..same];
        let ours = in_pieces(model, tokens, &[7, 1, 12], &mut cache);
        let difference = largest_difference(&ours, &reference.expected[..ours.len()]);
        println!("{name:20} {architecture:10} {difference:.2e}");
        assert!(difference < TOLERANCE, "{name}: {difference}");
    }
}

#[test]
fn matrices_of_sixteen_bits_are_used_as_they_lie_with_the_odds_of_f32_to_the_bit() {
    for (name, architecture, own, _) in CASES {
        for (form, precision) in [
            (GgmlDType::BF16, Precision::Bf16),
            (GgmlDType::F16, Precision::F16),
        ] {
            let directory = tempfile::tempdir().expect("a folder");
            let path = directory.path().join("tiny.gguf");
            let reference = reference(name.to_owned());
            write(&reference, (architecture, own), form, &path);
            let odds = |precision| {
                let loaded = load_from(&path, name, precision);
                let model = loaded.model.as_ref();
                let mut cache = model.new_cache().expect("room");
                let odds = in_pieces(model, &reference.tokens, &[7, 1, 12], &mut cache);
                (model.info().precision, odds)
            };
            let (as_they_lie, wide) = (odds(Precision::Auto), odds(Precision::F32));
            assert_eq!((as_they_lie.0, wide.0), (precision, Precision::F32));
            assert!(as_they_lie.1 == wide.1, "{name} in {form:?}");
        }
    }
}
