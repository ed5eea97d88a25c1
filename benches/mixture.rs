//! A mixture beside a plain model of the weights that a token of it meets, and one of all its weights: a token more of a
//! text, in random weights. `cargo bench --bench mixture`.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use logitscope::model::{self, DevicePreference, LoadRequest, LoadedModel, Precision};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::json;

const WIDTH: usize = 1024;
const LAYERS: usize = 4;
const HEADS: usize = 16;
const VOCABULARY: usize = 4096;
const EXPERTS: usize = 32;
const CHOSEN: usize = 4;
/// The inner width of an expert.
const INNER: usize = 512;
/// Tokens before the one that is measured.
const PAST: usize = 32;

/// Numbers of a tensor, by an xorshift: small ones, or around 1 for a norm.
fn numbers(shape: &[usize], seed: &mut u64) -> Vec<u8> {
    let centre = if shape.len() == 1 { 1.0 } else { 0.0 };
    let draw = |_| {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        let unit = (*seed >> 40) as f32 / (1 << 24) as f32 - 0.5;
        (centre + 0.08 * unit).to_le_bytes()
    };
    (0..shape.iter().product::<usize>())
        .flat_map(draw)
        .collect()
}

/// Writes a model of random weights: a mixture, or a plain one of this inner width.
fn write(directory: &Path, plain: Option<usize>) {
    let mut names: Vec<(String, Vec<usize>)> = vec![
        (
            "model.embed_tokens.weight".to_owned(),
            vec![VOCABULARY, WIDTH],
        ),
        ("model.norm.weight".to_owned(), vec![WIDTH]),
    ];
    let head = WIDTH / HEADS;
    for layer in 0..LAYERS {
        let mut add = |name: &str, shape: &[usize]| {
            names.push((
                format!("model.layers.{layer}.{name}.weight"),
                shape.to_vec(),
            ));
        };
        for part in ["q_proj", "k_proj", "v_proj", "o_proj"] {
            add(&format!("self_attn.{part}"), &[WIDTH, WIDTH]);
        }
        for part in ["self_attn.q_norm", "self_attn.k_norm"] {
            add(part, &[head]);
        }
        for part in ["input_layernorm", "post_attention_layernorm"] {
            add(part, &[WIDTH]);
        }
        let mut feed_forward = |place: &str, inner: usize| {
            add(&format!("{place}.gate_proj"), &[inner, WIDTH]);
            add(&format!("{place}.up_proj"), &[inner, WIDTH]);
            add(&format!("{place}.down_proj"), &[WIDTH, inner]);
        };
        match plain {
            Some(inner) => feed_forward("mlp", inner),
            None => {
                (0..EXPERTS).for_each(|at| feed_forward(&format!("mlp.experts.{at}"), INNER));
                add("mlp.gate", &[EXPERTS, WIDTH]);
            }
        }
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let tensors: Vec<_> = names
        .into_iter()
        .map(|(name, shape)| {
            let bytes = numbers(&shape, &mut seed);
            (name, shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
        (name.as_str(), view)
    });
    let file = directory.join("model.safetensors");
    safetensors::serialize_to_file(views, None, &file).expect("writable");
    let config = json!({
        "model_type": if plain.is_some() { "qwen3" } else { "qwen3_moe" },
        "vocab_size": VOCABULARY, "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS, "head_dim": head, "max_position_embeddings": 512, "rms_norm_eps": 1e-6,
        "intermediate_size": plain.unwrap_or(INNER), "moe_intermediate_size": INNER, "num_experts": EXPERTS,
        "num_experts_per_tok": CHOSEN, "norm_topk_prob": true, "tie_word_embeddings": true,
    });
    std::fs::write(directory.join("config.json"), config.to_string()).expect("writable");
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/gpt2/plain");
    let tokenizer = reference.join("tokenizer.json");
    std::fs::copy(tokenizer, directory.join("tokenizer.json")).expect("a tokenizer");
}

fn load(directory: &Path, precision: Precision) -> LoadedModel {
    let request = LoadRequest {
        source: directory.display().to_string(),
        device: DevicePreference::Cpu,
        precision,
        offline: true,
        ..LoadRequest::default()
    };
    model::load(&request, &mut |_| ControlFlow::Continue(())).expect("a model")
}

fn decode(criterion: &mut Criterion) {
    for precision in [Precision::F32, Precision::Q8_0] {
        let mut group = criterion.benchmark_group(format!("a token in {}", precision.name()));
        for (name, plain) in [
            ("4 of 32 experts", None),
            ("plain, as wide as 4", Some(CHOSEN * INNER)),
            ("plain, as wide as 32", Some(EXPERTS * INNER)),
        ] {
            let directory = tempfile::tempdir().expect("a folder");
            write(directory.path(), plain);
            let loaded = load(directory.path(), precision);
            let model = loaded.model.as_ref();
            let mut cache = model.new_cache().expect("room");
            let past: Vec<u32> = (0..PAST as u32).collect();
            model.read(&past, &mut cache).expect("room");
            let mut token = 0;
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| {
                    // Other tokens are sent to other experts.
                    token = (token + 1009) % VOCABULARY as u32;
                    cache.rewind(PAST);
                    black_box(model.read(&[token], &mut cache).expect("room"));
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = decode
}
criterion_main!(benches);
