//! Decode and prefill speed beside the memory-bandwidth limit of the same run: `cargo bench --bench decode`.
//!
//! Decoding reads every weight once a token, so `bandwidth / bytes of weights` is the most tokens a second that a
//! machine allows. Bandwidth and speeds are measured in turn, several times, and medians are printed. The models are
//! the embedded one and a GPT-2 of 124 million random weights, which is made in a temporary directory.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use logitscope::decoding::{Generation, GenerationSettings};
use logitscope::model::{self, DevicePreference, LoadRequest, LoadedModel, Precision};
use logitscope::sampling::SamplerSettings;

const ROUNDS: usize = 5;
const CONTEXT: usize = 128;
const STEPS: usize = 32;
const PREFILL: usize = 512;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    write_random_gpt2(directory.path())?;
    let random = directory.path().display().to_string();
    for (source, precision) in [
        ("embedded", Precision::F32),
        ("embedded", Precision::Q8_0),
        (&random, Precision::F32),
        (&random, Precision::Q8_0),
    ] {
        let begun = Instant::now();
        let loaded = load(source, precision)?;
        let seconds = begun.elapsed().as_secs_f64();
        let name = if source == "embedded" {
            source
        } else {
            "GPT-2 124M"
        };
        println!("{name} {precision:?}: loaded in {seconds:.2} s");
        measure(&loaded, precision)?;
    }
    println!("peak memory {} MiB", peak_memory_kib()? / 1024);
    Ok(())
}

fn load(source: &str, precision: Precision) -> Result<LoadedModel, Box<dyn Error>> {
    let request = LoadRequest {
        source: source.to_owned(),
        device: DevicePreference::Cpu,
        precision,
        offline: true,
        ..LoadRequest::default()
    };
    Ok(model::load(&request, &mut |_| ControlFlow::Continue(()))?)
}

fn measure(loaded: &LoadedModel, precision: Precision) -> Result<(), Box<dyn Error>> {
    let info = loaded.model.info();
    let context = CONTEXT.min(info.context_length / 2);
    let tokens: Vec<u32> = (0..info.context_length)
        .map(|i| i as u32 * 31 % 4096)
        .collect();
    let (mut bandwidths, mut decodes, mut generations, mut prefills) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let block = vec![1u64; 64 << 20];
    for _ in 0..ROUNDS {
        bandwidths.push(bandwidth(&block));

        let mut cache = loaded.model.new_cache()?;
        loaded.model.read(&tokens[..context], &mut cache)?;
        let begun = Instant::now();
        for step in 0..STEPS {
            let hidden = loaded.model.step(&tokens[step..=step], &mut [&mut cache])?;
            black_box(loaded.model.logits(&hidden)?);
        }
        decodes.push(STEPS as f64 / begun.elapsed().as_secs_f64());

        let settings = GenerationSettings {
            max_tokens: STEPS,
            stop_at_end_token: false,
            ..GenerationSettings::default()
        };
        let prompt = "the ".repeat(context);
        let sampler = SamplerSettings::default();
        let never = || false;
        let mut generation = Generation::new(loaded, &prompt, &sampler, &settings, false, &never)?;
        let begun = Instant::now();
        for _ in 0..STEPS {
            black_box(generation.step(loaded, &never)?);
        }
        generations.push(STEPS as f64 / begun.elapsed().as_secs_f64());

        let length = PREFILL.min(info.context_length);
        let mut cache = loaded.model.new_cache()?;
        let begun = Instant::now();
        black_box(loaded.model.read(&tokens[..length], &mut cache)?);
        prefills.push(length as f64 / begun.elapsed().as_secs_f64());
    }
    let bandwidth = median(bandwidths);
    let weights = info.parameters as f64
        * match precision {
            // 32 weights of a byte and a scale of two.
            Precision::Q8_0 => 34.0 / 32.0,
            _ => 4.0,
        };
    let (decode, limit) = (median(decodes), bandwidth / weights);
    println!(
        "  bandwidth {:.1} GB/s, limit {limit:.0} tokens/s",
        bandwidth / 1e9
    );
    println!(
        "  decode at {context}: {decode:.1} tokens/s, {:.0} % of the limit",
        100.0 * decode / limit
    );
    println!(
        "  with sampler and records: {:.1} tokens/s",
        median(generations)
    );
    println!("  prefill: {:.0} tokens/s", median(prefills));
    Ok(())
}

/// Bytes a second that all threads together read from main memory, in the fastest of some passes.
fn bandwidth(block: &[u64]) -> f64 {
    let threads = thread::available_parallelism().map_or(1, |count| count.get());
    let pass = || {
        let begun = Instant::now();
        thread::scope(|scope| {
            for part in block.chunks(block.len().div_ceil(threads)) {
                scope.spawn(|| black_box(sum(part)));
            }
        });
        size_of_val(block) as f64 / begun.elapsed().as_secs_f64()
    };
    (0..4).map(|_| pass()).fold(0.0, f64::max)
}

/// Several sums, so that additions do not wait for each other, but no more than registers hold.
fn sum(part: &[u64]) -> [u64; 16] {
    let mut sums = [0u64; 16];
    for line in part.as_chunks::<16>().0 {
        for (sum, value) in sums.iter_mut().zip(line) {
            *sum = sum.wrapping_add(*value);
        }
    }
    sums
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn peak_memory_kib() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.unwrap_or("0").parse()?)
}

/// A GPT-2 of 124 million random weights in Hugging Face layout, with the embedded model's tokenizer.
fn write_random_gpt2(directory: &Path) -> Result<(), Box<dyn Error>> {
    let (layers, width, vocabulary, positions) = (12, 768, 50257, 1024);
    let mut tensors = HashMap::new();
    let mut random = |name: String, shape: &[usize]| -> candle_core::Result<()> {
        tensors.insert(name, Tensor::randn(0f32, 0.02, shape, &Device::Cpu)?);
        Ok(())
    };
    random("wte.weight".to_owned(), &[vocabulary, width])?;
    random("wpe.weight".to_owned(), &[positions, width])?;
    for layer in 0..layers {
        for (name, from, to) in [
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, 4 * width),
            ("mlp.c_proj", 4 * width, width),
        ] {
            random(format!("h.{layer}.{name}.weight"), &[from, to])?;
            random(format!("h.{layer}.{name}.bias"), &[to])?;
        }
    }
    let norms =
        (0..layers).flat_map(|layer| [format!("h.{layer}.ln_1"), format!("h.{layer}.ln_2")]);
    for norm in norms.chain(["ln_f".to_owned()]) {
        let ones = Tensor::ones(width, DType::F32, &Device::Cpu)?;
        tensors.insert(format!("{norm}.bias"), ones.zeros_like()?);
        tensors.insert(format!("{norm}.weight"), ones);
    }
    candle_core::safetensors::save(&tensors, directory.join("model.safetensors"))?;
    let config = serde_json::json!({
        "model_type": "gpt2", "n_layer": layers, "n_head": 12, "n_embd": width, "n_positions": positions,
        "vocab_size": vocabulary, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new",
    });
    fs::write(directory.join("config.json"), config.to_string())?;
    let tokenizer = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/model/tokenizer.json");
    fs::copy(tokenizer, directory.join("tokenizer.json"))?;
    Ok(())
}
