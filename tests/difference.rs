//! Two models along a text against transformers (values made by `tests/reference/difference.py`).

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use logitscope::decoding::{
    DecodingError, DifferenceTotals, LlamaCppFigures, Pair, TokenDifference, encode_prompt,
};
use logitscope::engine::{Command, EngineHandle, Event, LogitsRequest, Subject};
use logitscope::model::{self, LoadRequest, LoadedModel, Precision};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;

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

/// The next event that `wanted` makes something of.
fn until<T>(events: &mut Receiver<Event>, wanted: impl Fn(Event) -> Option<T>) -> T {
    loop {
        let event = events.blocking_recv().expect("the engine lives");
        assert!(!matches!(event, Event::Failed { .. }), "{event:?}");
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

/// An engine with the embedded model, which has read some tokens.
fn reader(precision: Precision, ids: &[u32]) -> (EngineHandle, Receiver<Event>) {
    let (engine, mut events) = EngineHandle::spawn();
    let request = LoadRequest {
        precision,
        ..LoadRequest::default()
    };
    let ids = ids.to_vec();
    for command in [Command::Load(request), Command::InspectTokens { ids }] {
        engine.send(command).expect("there is room");
    }
    until(&mut events, |event| {
        matches!(event, Event::PromptRead { .. }).then_some(())
    });
    (engine, events)
}

#[test]
fn two_engines_that_hand_logits_over_find_what_one_walk_finds() {
    let (base, tuned) = (
        load("embedded", Precision::F32),
        load("embedded", Precision::Q4_0),
    );
    let text = "Once upon a time there was a king who had a daughter as fair as the day.";
    let ids = encode_prompt(&base, text).expect("it encodes");
    let pair = Pair::new(&base, &tuned).expect("the same tokens");
    let expected: Vec<f64> = along(&pair, &ids)
        .iter()
        .filter_map(|token| Some(token.odds?.kl))
        .collect();
    assert!(expected.iter().any(|kl| *kl > 0.01), "{expected:?}");

    let (first, mut of_first) = reader(Precision::Q4_0, &ids);
    let (second, mut of_second) = reader(Precision::F32, &ids);
    let mut ask = |positions: std::ops::Range<usize>, rows: usize| {
        let request = LogitsRequest {
            subject: Subject::Draft,
            sample: 0,
            positions,
        };
        first.send(Command::Logits(request)).expect("there is room");
        let logits = until(&mut of_first, |event| match event {
            Event::Logits(logits) => Some(logits),
            _ => None,
        });
        let diverge = Command::Diverge { logits, rows };
        second.send(diverge).expect("there is room");
        until(&mut of_second, |event| match event {
            Event::Diverged(diverged) => Some(diverged),
            _ => None,
        })
    };
    let found = ask(1..ids.len(), 0).bits;
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() < 1e-6, "{at}: {found} {expected}");
    }

    let shift = pair.shift(&ids, 5, 4).expect("a place");
    let change = ask(5..6, 4).change.expect("it was asked for");
    assert!((change.kl - shift.odds.kl).abs() < 1e-6);
    assert!((change.kl_reverse - shift.odds.kl_reverse).abs() < 1e-6);
    assert_eq!(change.standing.map(|token| token.id), Some(ids[5]));
    for (found, expected) in [(&change.rose, &shift.rose), (&change.fell, &shift.fell)] {
        assert_eq!(found.len(), 4);
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!((found.id, &found.display), (expected.id, &expected.display));
            assert!((found.base - expected.base).abs() < 1e-6);
            assert!((found.tuned - expected.tuned).abs() < 1e-6);
        }
    }
    // What comes after the text can be compared too; another text cannot.
    assert_eq!(
        ask(ids.len()..ids.len() + 1, 2)
            .change
            .map(|it| it.standing),
        Some(None)
    );
    assert!(ask(ids.len() + 1..ids.len() + 2, 2).bits.is_empty());
    let ids = vec![ids[0], ids[0], ids[0]];
    second
        .send(Command::InspectTokens { ids })
        .expect("there is room");
    assert!(ask(3..4, 2).bits.is_empty());
    assert_eq!(ask(1..2, 0).bits.len(), 1, "the first token is the same");
}
