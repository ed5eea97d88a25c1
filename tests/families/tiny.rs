//! The tiny models: read from what the script wrote, drawn, written as files, loaded and read.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use logitscope::model::{
    self, Cache, DevicePreference, LoadRequest, LoadedModel, Model, Precision, Rows,
};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;

/// The largest difference of log-probabilities that f32 arithmetic in another order may make.
pub const TOLERANCE: f32 = 1e-4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/families")
}

/// What is written of one model.
pub struct Reference {
    pub name: String,
    pub told: Value,
    pub tokens: Vec<u32>,
    /// Row-major `(tokens, vocabulary)`.
    pub expected: Vec<f32>,
}

pub fn references() -> Vec<Reference> {
    let entries = std::fs::read_dir(folder()).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort_unstable();
    names.into_iter().map(reference).collect()
}

pub fn reference(name: String) -> Reference {
    reference_in("families", name)
}

/// One of a folder of `tests/reference`.
pub fn reference_in(folder_of: &str, name: String) -> Reference {
    let folder = || folder().with_file_name(folder_of);
    let told = std::fs::read(folder().join(format!("{name}.json"))).expect("a description");
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    let bytes = std::fs::read(folder().join(format!("{name}.f32"))).expect("numbers");
    let words = bytes.chunks_exact(4);
    Reference {
        name,
        tokens: serde_json::from_value(told["tokens"].clone()).expect("tokens"),
        told,
        expected: words
            .map(|word| f32::from_le_bytes(word.try_into().expect("4 bytes")))
            .collect(),
    }
}

impl Reference {
    /// Its tensors by name: shapes and numbers.
    pub fn tensors(&self) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let tensors = self.told["tensors"].as_object().expect("tensors");
        let numbers = tensors.iter().map(|(name, how)| {
            let shape: Vec<usize> = serde_json::from_value(how[0].clone()).expect("a shape");
            let (centre, spread) = (how[1].as_f64(), how[2].as_f64());
            let (centre, spread) = (centre.expect("a number"), spread.expect("a number"));
            // One that has another name here has the numbers of its own.
            let own = how[3].as_str().unwrap_or(name);
            let numbers = drawn(own, shape.iter().product(), centre, spread);
            (name.clone(), (shape, numbers))
        });
        numbers.collect()
    }
}

/// The numbers of a tensor, by the formula of the script: splitmix64 from a hash (FNV-1a) of its name.
fn drawn(name: &str, count: usize, centre: f64, spread: f64) -> Vec<f32> {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let number = |at: u64| {
        let mut x = seed.wrapping_add(at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        let unit = (x >> 40) as f64 / f64::from(1 << 24);
        (centre + spread * (2.0 * unit - 1.0)) as f32
    };
    (1..=count as u64).map(number).collect()
}

/// Writes the model's files.
pub fn write(reference: &Reference, directory: &Path) {
    let tensors = reference.tensors().into_iter();
    let bytes = tensors.map(|(name, (shape, numbers))| {
        let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
        (name, shape, bytes)
    });
    let bytes: Vec<_> = bytes.collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
        (name.as_str(), view)
    });
    let file = directory.join("model.safetensors");
    safetensors::serialize_to_file(views, None, &file).expect("writable");
    let config = reference.told["config"].to_string();
    std::fs::write(directory.join("config.json"), config).expect("writable");
    let tokenizer = folder().join("../gpt2/plain/tokenizer.json");
    std::fs::copy(tokenizer, directory.join("tokenizer.json")).expect("a tokenizer");
}

/// A model that nothing is to be said of.
pub fn load(reference: &Reference, precision: Precision) -> LoadedModel {
    let loaded = load_any(reference, precision);
    assert_eq!(loaded.notices, Vec::<String>::new(), "{}", reference.name);
    loaded
}

pub fn load_any(reference: &Reference, precision: Precision) -> LoadedModel {
    let directory = tempfile::tempdir().expect("a folder");
    write(reference, directory.path());
    load_from(directory.path(), &reference.name, precision)
}

/// The model of a directory or file, without what is said of its tokenizer.
pub fn load_from(path: &Path, name: &str, precision: Precision) -> LoadedModel {
    let request = LoadRequest {
        source: path.display().to_string(),
        device: DevicePreference::Cpu,
        precision,
        offline: true,
        ..LoadRequest::default()
    };
    let mut loaded = model::load(&request, &mut |_| ControlFlow::Continue(()))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let notices = &mut loaded.notices;
    notices.retain(|notice| !notice.contains("tokens are unknown to its tokenizer"));
    loaded
}

/// The log-probabilities of rows of logits.
pub fn log_probabilities(logits: &Rows) -> Vec<f32> {
    let row = |row: &[f32]| {
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|x| f64::from(x - highest).exp()).sum();
        let whole = f64::from(highest) + sum.ln();
        row.iter()
            .map(|x| (f64::from(*x) - whole) as f32)
            .collect::<Vec<_>>()
    };
    logits.iter().flat_map(row).collect()
}

pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    // Not `max`, which would hide a NaN.
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |most, next| if next <= most { most } else { next })
}

/// The mean difference of log-probabilities from those of a reference, its text read at once.
pub fn mean_difference(model: &dyn Model, reference: &Reference) -> f32 {
    let mut cache = model.new_cache().expect("room");
    let n = reference.tokens.len();
    let ours = in_pieces(model, &reference.tokens, &[n], &mut cache);
    let pairs = ours.iter().zip(&reference.expected);
    let sum: f32 = pairs.map(|(a, b)| (a - b).abs()).sum();
    sum / ours.len() as f32
}

/// The log-probabilities of a text, read in pieces of these sizes over and over.
pub fn in_pieces(
    model: &dyn Model,
    tokens: &[u32],
    sizes: &[usize],
    cache: &mut Cache,
) -> Vec<f32> {
    let mut all = Vec::new();
    let mut rest = tokens;
    for size in sizes.iter().cycle() {
        let (piece, later) = rest.split_at((*size).min(rest.len()));
        let hidden = model.read(piece, cache).expect("room");
        all.extend(log_probabilities(&model.logits(&hidden).expect("logits")));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    all
}
