//! Each family against transformers: the tiny models that `tests/reference/families.py` describes, read in every way.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use logitscope::model::{
    self, Cache, DevicePreference, LoadRequest, LoadedModel, Model, Observer, Precision, Rows, Site,
};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;

/// The largest difference of log-probabilities that f32 arithmetic in another order may make.
const TOLERANCE: f32 = 1e-4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/families")
}

/// What is written of one model.
struct Reference {
    name: String,
    told: Value,
    tokens: Vec<u32>,
    /// Row-major `(tokens, vocabulary)`.
    expected: Vec<f32>,
}

fn references() -> Vec<Reference> {
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

fn reference(name: String) -> Reference {
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

/// The numbers of a tensor, by the formula of the script: splitmix64 from a hash (FNV-1a) of its name.
fn drawn(name: &str, count: usize, centre: f64, spread: f64) -> Vec<u8> {
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
    (1..=count as u64)
        .flat_map(|at| number(at).to_le_bytes())
        .collect()
}

/// Writes the model's files.
fn write(reference: &Reference, directory: &Path) {
    let tensors = reference.told["tensors"].as_object().expect("tensors");
    let bytes: BTreeMap<&String, (Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, how)| {
            let shape: Vec<usize> = serde_json::from_value(how[0].clone()).expect("a shape");
            let (centre, spread) = (how[1].as_f64(), how[2].as_f64());
            let count = shape.iter().product();
            let (centre, spread) = (centre.expect("a number"), spread.expect("a number"));
            (name, (shape, drawn(name, count, centre, spread)))
        })
        .collect();
    let views = bytes.iter().map(|(name, (shape, bytes))| {
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

fn load(reference: &Reference, precision: Precision) -> LoadedModel {
    let directory = tempfile::tempdir().expect("a folder");
    write(reference, directory.path());
    let request = LoadRequest {
        source: directory.path().display().to_string(),
        device: DevicePreference::Cpu,
        precision,
        offline: true,
        ..LoadRequest::default()
    };
    let loaded = model::load(&request, &mut |_| ControlFlow::Continue(()))
        .unwrap_or_else(|error| panic!("{}: {error}", reference.name));
    let mut notices = loaded.notices.clone();
    notices.retain(|notice| !notice.contains("tokens are unknown to its tokenizer"));
    assert_eq!(notices, Vec::<String>::new(), "{}", reference.name);
    loaded
}

/// The log-probabilities of rows of logits.
fn log_probabilities(logits: &Rows) -> Vec<f32> {
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

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    // Not `max`, which would hide a NaN.
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |most, next| if next <= most { most } else { next })
}

/// The log-probabilities of a text, read in pieces of these sizes over and over.
fn in_pieces(model: &dyn Model, tokens: &[u32], sizes: &[usize], cache: &mut Cache) -> Vec<f32> {
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

/// Where rotary positions are others in long texts, a text that grows token by token is not the text read at once, in
/// transformers neither.
fn depends_on_length(reference: &Reference) -> bool {
    let kind = &reference.told["config"]["rope_parameters"]["rope_type"];
    kind.as_str() == Some("longrope")
}

#[test]
fn odds_are_those_of_transformers() {
    println!("largest difference of log-probabilities from transformers 5.24.0");
    for reference in references() {
        let loaded = load(&reference, Precision::F32);
        let model = loaded.model.as_ref();
        let (tokens, vocabulary) = (&reference.tokens, model.info().vocabulary);
        let n = tokens.len();
        for (way, sizes) in [
            ("in one read", &[n][..]),
            ("in pieces of 7, 1, 12", &[7, 1, 12]),
            ("token by token", &[1]),
        ] {
            if depends_on_length(&reference) && sizes != [n] {
                continue;
            }
            let mut cache = model.new_cache().expect("room");
            let ours = in_pieces(model, tokens, sizes, &mut cache);
            let difference = largest_difference(&ours, &reference.expected);
            println!("{:20} {way:22} {difference:.2e}", reference.name);
            assert!(
                difference < TOLERANCE,
                "{} {way}: {difference}",
                reference.name
            );
        }
        // Three texts together that are the same text, each at another place of it.
        let starts = [1, n / 2, n - 5];
        let mut caches: Vec<Cache> = starts.map(|_| model.new_cache().expect("room")).into();
        for (cache, start) in caches.iter_mut().zip(starts) {
            model.read(&tokens[..start], cache).expect("room");
        }
        for step in 0..5 {
            let next = starts.map(|start| tokens[start + step]);
            let mut together: Vec<&mut Cache> = caches.iter_mut().collect();
            let hidden = model.step(&next, &mut together).expect("room");
            let ours = log_probabilities(&model.logits(&hidden).expect("logits"));
            for (row, start) in ours.chunks(vocabulary).zip(starts) {
                if depends_on_length(&reference) {
                    continue;
                }
                let expected = &reference.expected[(start + step) * vocabulary..][..vocabulary];
                let difference = largest_difference(row, expected);
                assert!(
                    difference < TOLERANCE,
                    "{} in a batch: {difference}",
                    reference.name
                );
            }
        }
    }
}

#[test]
fn blocks_of_eight_and_of_four_bits_serve_every_family() {
    for reference in references() {
        // Where rounding sends a token to another expert, the odds move further than elsewhere.
        for (precision, most) in [(Precision::Q8_0, 0.25), (Precision::Q4_0, 1.5)] {
            let loaded = load(&reference, precision);
            let model = loaded.model.as_ref();
            let mut cache = model.new_cache().expect("room");
            let n = reference.tokens.len();
            let ours = in_pieces(model, &reference.tokens, &[n], &mut cache);
            let pairs = ours.iter().zip(&reference.expected);
            let sum: f32 = pairs.map(|(a, b)| (a - b).abs()).sum();
            let mean = sum / ours.len() as f32;
            println!("{:20} {precision:?} {mean:.3}", reference.name);
            assert!(mean < most, "{} {precision:?}: {mean}", reference.name);
        }
    }
}

/// Notes what it is shown.
#[derive(Default)]
struct Witness(BTreeMap<Site, Rows>);

impl Observer for Witness {
    fn wants(&self, _: Site) -> bool {
        true
    }

    fn see(&mut self, site: Site, values: Rows) {
        assert!(self.0.insert(site, values).is_none(), "{site:?} twice");
    }
}

#[test]
fn every_family_can_be_looked_into() {
    for reference in references() {
        let loaded = load(&reference, Precision::F32);
        let model = loaded.model.as_ref();
        let (mut plain, mut watched) = (model.new_cache(), model.new_cache());
        let (plain, watched) = (
            plain.as_mut().expect("room"),
            watched.as_mut().expect("room"),
        );
        let mut witness = Witness::default();
        let expected = model.read(&reference.tokens, plain).expect("room");
        let hidden = model.read_observed(&reference.tokens, watched, &mut witness);
        assert!(hidden.expect("room") == expected, "{}", reference.name);
        let layers = model.info().layers;
        assert_eq!(witness.0.len(), 2 + 3 * layers, "{}", reference.name);
        let n = reference.tokens.len();
        let window = model.info().sliding_window;
        let mut narrow = 0;
        for layer in 0..layers {
            let pattern = &witness.0[&Site::AttentionPattern(layer)];
            let last = pattern.row(n - 1);
            let sum: f32 = last.iter().sum();
            assert!(
                (sum - 1.0).abs() < 1e-4,
                "{} {layer}: {sum}",
                reference.name
            );
            let seen = last.iter().filter(|weight| **weight > 0.0).count();
            if let Some(window) = window {
                narrow += usize::from(seen <= window);
            }
        }
        assert!(window.is_none() || narrow > 0, "{}", reference.name);
        assert!(
            witness.0[&Site::FinalNorm] == expected,
            "{}",
            reference.name
        );
    }
}
