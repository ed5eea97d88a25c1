//! Models to compare on: those of the references, and random ones large enough that every kernel has work.

use std::collections::HashMap;
use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::PathBuf;

use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use logitscope::model::{
    self, DevicePreference, Gpt2Config, LoadRequest, LoadedModel, ModelError, OWN_MODEL_TYPE,
    Precision, load_tokenizer,
};
use logitscope::training::network::{Initial, initial};
use logitscope::training::random::Key;
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;

pub const CARD: DevicePreference = DevicePreference::Cuda(0);

/// The repository: the test may run elsewhere than where it was built.
fn root() -> PathBuf {
    let here = PathBuf::from("tests/reference");
    if here.is_dir() {
        PathBuf::from(".")
    } else {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }
}

/// A file or folder of `tests/reference`.
pub fn reference(name: &str) -> PathBuf {
    root().join("tests/reference").join(name)
}

/// The folders of a folder of `tests/reference`, in order.
pub fn references(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(reference(folder)).expect("the references");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "{folder}");
    folders
}

pub fn request(source: &str, device: DevicePreference, precision: Precision) -> LoadRequest {
    LoadRequest {
        source: source.to_owned(),
        device,
        precision,
        offline: true,
        ..LoadRequest::default()
    }
}

pub fn try_load(
    source: &str,
    device: DevicePreference,
    precision: Precision,
) -> Result<LoadedModel, ModelError> {
    let request = request(source, device, precision);
    model::load(&request, &mut |_| ControlFlow::Continue(()))
}

/// Loads; on a GPU it must be the GPU that it is on.
pub fn load(source: &str, device: DevicePreference, precision: Precision) -> LoadedModel {
    let loaded = try_load(source, device, precision);
    let loaded = loaded.unwrap_or_else(|error| panic!("{source}: {error}"));
    let place = match device {
        DevicePreference::Cpu => "cpu",
        _ => "cuda:0",
    };
    assert_eq!(loaded.model.info().device, place);
    loaded
}

/// A model in a folder of its own.
pub struct Made {
    folder: TempDir,
    file: Option<&'static str>,
}

impl Made {
    pub fn source(&self) -> String {
        let path = match self.file {
            Some(file) => self.folder.path().join(file),
            None => self.folder.path().to_path_buf(),
        };
        path.to_str().expect("UTF-8").to_owned()
    }
}

fn embedded_tokenizer() -> String {
    let tokenizer = load_tokenizer(&LoadRequest::default()).expect("the embedded tokenizer");
    tokenizer.to_json().expect("JSON")
}

fn write(config: &serde_json::Value, tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
        (name.clone(), view)
    });
    let path = |name: &str| folder.path().join(name);
    safetensors::serialize_to_file(views, None, &path("model.safetensors")).expect("writable");
    fs::write(path("config.json"), config.to_string()).expect("writable");
    fs::write(path("tokenizer.json"), embedded_tokenizer()).expect("writable");
    Made { folder, file: None }
}

/// A GPT-2 in small, of random weights: heads of 64 as in GPT-2, a long context.
pub fn gpt2_config() -> Gpt2Config {
    Gpt2Config {
        vocab_size: 5000,
        n_positions: 1024,
        n_embd: 384,
        n_layer: 4,
        n_head: 6,
        eos_token_id: None,
        ..Gpt2Config::default()
    }
}

/// The shape of the tutorial on miniature GPTs: heads of 85, norms after the sums, a head with a bias.
pub fn mini_config() -> Gpt2Config {
    Gpt2Config {
        model_type: OWN_MODEL_TYPE.to_owned(),
        vocab_size: 5000,
        n_positions: 128,
        n_embd: 256,
        n_layer: 2,
        n_head: 3,
        n_inner: Some(128),
        head_width: Some(85),
        post_norm: true,
        tie_word_embeddings: false,
        head_bias: true,
        activation_function: model::Activation::Relu,
        eos_token_id: None,
        ..Gpt2Config::default()
    }
}

/// Numbers that a network of this shape begins with, larger than usual so that logits differ.
pub fn weights(config: &Gpt2Config) -> HashMap<String, Vec<f32>> {
    let mut tensors = initial(config, Initial::Gpt2, 7);
    for (name, values) in &mut tensors {
        if name.starts_with("h.") && name.ends_with("weight") && !name.contains("ln_") {
            values.iter_mut().for_each(|value| *value *= 3.0);
        }
        if name.ends_with("bias") {
            let key = Key::new(8).named(name);
            for (at, value) in values.iter_mut().enumerate() {
                *value = 0.1 * key.normal(at as u64) as f32;
            }
        }
    }
    tensors
}

/// A GPT-2 in Hugging Face layout.
pub fn random_gpt2() -> Made {
    let config = gpt2_config();
    let json = serde_json::json!({
        "model_type": "gpt2", "vocab_size": config.vocab_size, "n_positions": config.n_positions,
        "n_embd": config.n_embd, "n_layer": config.n_layer, "n_head": config.n_head,
    });
    let mut values = weights(&config);
    let tensors = config.tensors().into_iter().map(|(name, shape)| {
        let values = values.remove(&name).expect("all are made");
        (format!("transformer.{name}"), shape, values)
    });
    write(&json, &tensors.collect::<Vec<_>>())
}

/// A model of Llama's family whose eight query heads share two key heads.
pub fn random_llama() -> Made {
    let (width, inner, heads, key_heads, layers, vocabulary) = (256, 704, 8, 2, 3, 5000);
    let key_width = width / heads * key_heads;
    let json = serde_json::json!({
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": vocabulary,
        "hidden_size": width, "intermediate_size": inner, "num_attention_heads": heads,
        "num_key_value_heads": key_heads, "num_hidden_layers": layers, "max_position_embeddings": 1024,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": false,
    });
    let mut shapes = vec![
        (
            "model.embed_tokens.weight".to_owned(),
            vec![vocabulary, width],
        ),
        ("model.norm.weight".to_owned(), vec![width]),
        ("lm_head.weight".to_owned(), vec![vocabulary, width]),
    ];
    for layer in 0..layers {
        for (name, shape) in [
            ("self_attn.q_proj", vec![width, width]),
            ("self_attn.k_proj", vec![key_width, width]),
            ("self_attn.v_proj", vec![key_width, width]),
            ("self_attn.o_proj", vec![width, width]),
            ("mlp.gate_proj", vec![inner, width]),
            ("mlp.up_proj", vec![inner, width]),
            ("mlp.down_proj", vec![width, inner]),
            ("input_layernorm", vec![width]),
            ("post_attention_layernorm", vec![width]),
        ] {
            shapes.push((format!("model.layers.{layer}.{name}.weight"), shape));
        }
    }
    let tensors = shapes.into_iter().map(|(name, shape)| {
        let values = numbers(&name, &shape);
        (name, shape, values)
    });
    write(&json, &tensors.collect::<Vec<_>>())
}

/// Random numbers for a tensor: those of a norm near 1, those of a matrix so that activations keep their size.
fn numbers(name: &str, shape: &[usize]) -> Vec<f32> {
    let key = Key::new(9).named(name);
    let count = shape.iter().product::<usize>() as u64;
    let (mean, deviation) = match shape {
        [_] => (1.0, 0.1),
        [_, from] => (0.0, 1.0 / (*from as f64).sqrt()),
        _ => unreachable!("vectors and matrices alone"),
    };
    let values = (0..count).map(|at| (mean + deviation * key.normal(at)) as f32);
    values.collect()
}

/// A model of Llama's family as a GGUF file whose matrices are in such blocks, with the tokenizer of a reference.
pub fn gguf(dtype: GgmlDType) -> Made {
    let (width, inner, heads, key_heads, layers) = (256, 512, 8, 2, 2);
    let mut original = fs::File::open(reference("gguf/llama-f32.gguf")).expect("the reference");
    let content = Content::read(&mut original).expect("a GGUF file");
    let vocabulary = content.tensor_infos["token_embd.weight"].shape.dims()[0];
    let head = (width / heads) as u32;
    let own = [
        ("llama.context_length", 512),
        ("llama.embedding_length", width as u32),
        ("llama.block_count", layers),
        ("llama.feed_forward_length", inner as u32),
        ("llama.attention.head_count", heads as u32),
        ("llama.attention.head_count_kv", key_heads as u32),
        ("llama.rope.dimension_count", head),
        ("llama.attention.key_length", head),
        ("llama.attention.value_length", head),
    ];
    let mut metadata = content.metadata.clone();
    for (key, value) in own {
        metadata.insert(key.to_owned(), Value::U32(value));
    }
    let key_width = width / heads * key_heads;
    let mut tensors = Vec::new();
    for name in content.tensor_infos.keys() {
        let shape = match name.rsplit_once('.').map_or("", |(name, _)| name) {
            "rope_freqs" => continue,
            "token_embd" | "output" => vec![vocabulary, width],
            name if name.ends_with("norm") => vec![width],
            name if name.ends_with("attn_k") || name.ends_with("attn_v") => vec![key_width, width],
            name if name.ends_with("ffn_gate") || name.ends_with("ffn_up") => vec![inner, width],
            name if name.ends_with("ffn_down") => vec![width, inner],
            _ => vec![width, width],
        };
        let dtype = match shape.len() {
            1 => GgmlDType::F32,
            _ => dtype,
        };
        let values = numbers(name, &shape);
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor");
        tensors.push((
            name.clone(),
            QTensor::quantize(&tensor, dtype).expect("blocks"),
        ));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let mut keys: Vec<_> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    keys.sort_by_key(|(key, _)| *key);
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &keys, &tensors).expect("a GGUF file");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("model.gguf"), file.into_inner()).expect("writable");
    Made {
        folder,
        file: Some("model.gguf"),
    }
}

/// Tokens that exist, in no order.
pub fn tokens(count: usize, vocabulary: usize) -> Vec<u32> {
    let token = |at: u32| at.wrapping_mul(2_654_435_761) % vocabulary as u32;
    (0..count as u32).map(token).collect()
}
