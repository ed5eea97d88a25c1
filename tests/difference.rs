//! Two models along a text against transformers (values made by `tests/reference/difference.py`).

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use logitscope::decoding::{
    DecodingError, DifferenceTotals, LlamaCppFigures, Pair, TokenDifference, encode_prompt,
};
use logitscope::model::{self, LoadRequest, LoadedModel, Precision};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tempfile::TempDir;

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model");

fn load(source: &str, precision: Precision) -> LoadedModel {
    let request = LoadRequest {
        source: source.to_owned(),
        precision,
        ..LoadRequest::default()
    };
    model::load(&request, &mut |_| ControlFlow::Continue(())).expect("the model loads")
}

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/difference.json")).expect("the reference is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("numbers")
}

/// The embedded model with one matrix scaled, as the script has it.
fn tuned(reference: &Value) -> (TempDir, LoadedModel) {
    let matrix = reference["matrix"].as_str().expect("a name");
    let factor = reference["factor"].as_f64().expect("a number") as f32;
    let bytes = std::fs::read(format!("{ASSETS}/model.safetensors")).expect("the weights");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut scaled = HashMap::new();
    for (name, view) in tensors.tensors() {
        assert_eq!(view.dtype(), Dtype::F16);
        let is_it = name == matrix || format!("transformer.{name}") == matrix;
        let values = view.data().as_chunks::<2>().0.iter();
        let values = values.map(|&pair| half::f16::from_le_bytes(pair).to_f32());
        let scale = if is_it { factor } else { 1.0 };
        let bytes: Vec<u8> = values
            .flat_map(|value| (value * scale).to_le_bytes())
            .collect();
        scaled.insert(name, (view.shape().to_vec(), bytes));
    }
    let views = scaled.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
        (name.as_str(), view)
    });
    let directory = tempfile::tempdir().expect("a directory");
    let to = |name: &str| directory.path().join(name);
    safetensors::serialize_to_file(views, None, &to("model.safetensors")).expect("written");
    for name in ["config.json", "tokenizer.json"] {
        std::fs::copy(Path::new(ASSETS).join(name), to(name)).expect("copied");
    }
    let loaded = load(&directory.path().display().to_string(), Precision::F32);
    (directory, loaded)
}

fn along(pair: &Pair<'_>, ids: &[u32]) -> Vec<TokenDifference> {
    let mut tokens = Vec::new();
    pair.along(ids, |token| {
        tokens.push(token);
        Ok::<_, DecodingError>(())
    })
    .expect("both models run");
    tokens
}

fn close(found: f64, expected: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error < 2e-6 + 2e-4 * expected.abs(),
        "{what}: {found}, and transformers says {expected}"
    );
}

#[test]
fn divergences_along_a_text_are_those_of_transformers() {
    let reference = reference();
    let base = load("embedded", Precision::F32);
    let (_directory, tuned) = tuned(&reference);
    let ids = encode_prompt(&base, reference["text"].as_str().unwrap()).unwrap();
    assert_eq!(Value::from(ids.clone()), reference["ids"]);
    let pair = Pair::new(&base, &tuned).unwrap();
    let tokens = along(&pair, &ids);
    assert_eq!(tokens[0].odds, None);
    let expected = numbers(&reference["kl_bits"]);
    let reversed = numbers(&reference["kl_reverse_bits"]);
    let mut totals = DifferenceTotals::default();
    totals.add(&tokens[0]);
    assert_eq!(tokens.len(), expected.len() + 1);
    for ((token, kl), reverse) in tokens[1..].iter().zip(&expected).zip(&reversed) {
        let odds = token.odds.expect("it was predicted");
        close(odds.kl, *kl, "KL");
        close(odds.kl_reverse, *reverse, "reverse KL");
        totals.add(token);
    }
    let mean = expected.iter().sum::<f64>() / expected.len() as f64;
    close(totals.mean_kl(), mean, "mean KL");
    let same = reference["same_best"].as_f64().unwrap() / expected.len() as f64;
    close(totals.top_agreement(), same, "agreement");
}

#[test]
fn what_rose_and_fell_is_what_transformers_has() {
    let reference = reference();
    let base = load("embedded", Precision::F32);
    let (_directory, tuned) = tuned(&reference);
    let ids = encode_prompt(&base, reference["text"].as_str().unwrap()).unwrap();
    let at = reference["at"].as_u64().unwrap() as usize;
    let pair = Pair::new(&base, &tuned).unwrap();
    let shift = pair.shift(&ids, at, 5).unwrap();
    for (rows, which, by) in [(&shift.rose, "rose", "rise"), (&shift.fell, "fell", "fall")] {
        let ids: Vec<u32> = rows.iter().map(|row| row.id).collect();
        assert_eq!(Value::from(ids), reference[which]);
        for (row, expected) in rows.iter().zip(numbers(&reference[by])) {
            close(f64::from(row.tuned) - f64::from(row.base), expected, which);
            let log_ratio = f64::from(row.tuned / row.base).log2();
            close(f64::from(row.log_ratio), log_ratio, "log ratio");
        }
    }
    let there = along(&pair, &ids)[at].odds.expect("it was predicted");
    close(shift.odds.kl, there.kl, "the place alone");
    for nowhere in [0, ids.len()] {
        assert!(pair.shift(&ids, nowhere, 5).is_err(), "{nowhere}");
    }
}

#[test]
fn the_figures_of_llama_cpp_are_its_formulas() {
    let reference = reference();
    let base = load("embedded", Precision::F32);
    let (_directory, tuned) = tuned(&reference);
    let ids = encode_prompt(&base, reference["text"].as_str().unwrap()).unwrap();
    let window = reference["window"].as_u64().unwrap() as usize;
    let pair = Pair::new(&base, &tuned).unwrap();
    let mut read = Vec::new();
    let figures: LlamaCppFigures = pair
        .llama_cpp(&ids, window, |done, all| {
            read.push((done, all));
            Ok::<_, DecodingError>(())
        })
        .unwrap();
    let found = serde_json::to_value(&figures).unwrap();
    for (name, expected) in reference["llama_cpp"].as_object().unwrap() {
        match expected {
            Value::Object(parts) => {
                for (part, expected) in parts {
                    let found = found[name][part].as_f64().unwrap();
                    close(found, expected.as_f64().unwrap(), name);
                }
            }
            expected => close(
                found[name].as_f64().unwrap(),
                expected.as_f64().unwrap(),
                name,
            ),
        }
    }
    assert_eq!(read.last(), Some(&(figures.windows, figures.windows)));
    for window in [3, ids.len() / 2 + 1, 257] {
        assert!(pair.check_windows(ids.len(), window).is_err(), "{window}");
    }
}

#[test]
fn a_model_does_not_differ_from_itself_and_a_quantised_one_does_a_little() {
    let base = load("embedded", Precision::F32);
    let quantised = load("embedded", Precision::Q4_0);
    // Longer than the context, so that both slide, and at the same tokens.
    let text = "The king said to the queen that it was late, and she went to bed.\n".repeat(24);
    let ids = encode_prompt(&base, &text).unwrap();
    assert!(ids.len() > 256);
    let pair = Pair::new(&base, &base).unwrap();
    for token in along(&pair, &ids) {
        assert!(token.odds.is_none_or(|odds| odds.kl == 0.0));
    }
    let pair = Pair::new(&base, &quantised).unwrap();
    let mut totals = DifferenceTotals::default();
    let tokens = along(&pair, &ids);
    tokens.iter().for_each(|token| totals.add(token));
    assert_eq!(totals.predicted(), ids.len() - 1);
    assert!(totals.mean_kl() > 1e-4 && totals.mean_kl() < 0.5);
    let (alone, there) = (pair.shift(&ids, 300, 1).unwrap().odds, tokens[300].odds);
    let there = there.expect("it was predicted");
    close(
        alone.kl,
        there.kl,
        "the place alone, after the context slid",
    );
}

#[test]
fn other_tokens_are_refused_by_name() {
    const OTHER: &str = "/tests/reference/gguf/llama-q8_0.gguf";
    let base = load("embedded", Precision::F32);
    let other = load(
        &format!("{}{OTHER}", env!("CARGO_MANIFEST_DIR")),
        Precision::Auto,
    );
    let error = Pair::new(&base, &other).err().expect("they differ");
    assert!(matches!(error, DecodingError::OtherTokens { .. }));
    let said = error.to_string();
    assert!(said.contains("different tokens"), "{said}");
}
