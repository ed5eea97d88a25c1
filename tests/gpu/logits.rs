//! Logits of prompts, of steps and of several texts at once, and greedy texts, of every kind of model.

use candle_core::quantized::GgmlDType;
use logitscope::model::{DevicePreference, LoadedModel, Model, Precision, Rows};

use super::held::Held;
use super::models::{CARD, Made, gguf, load, random_gpt2, random_llama, references, tokens};

/// How far logits of a precision may be from those of the CPU in `f32`.
#[derive(Clone, Copy)]
pub struct Limits {
    /// The largest difference of a logit, in standard deviations of the logits.
    pub logit: f64,
    /// Of the distributions, in nats, the largest of any position.
    pub divergence: f64,
}

pub fn limits(precision: Precision) -> Limits {
    match precision {
        Precision::F32 => Limits {
            logit: 1e-3,
            divergence: 1e-6,
        },
        // Eight bits of a number: a few thousandths at each operation.
        Precision::Bf16 => Limits {
            logit: 0.2,
            divergence: 0.02,
        },
        // What blocks lose they lose on the CPU as well; 4 bits are some 6 % of a number.
        _ => Limits {
            logit: 0.6,
            divergence: 0.1,
        },
    }
}

/// The largest difference in standard deviations of the reference, and the largest divergence of a row.
pub fn differences(ours: &Rows, reference: &Rows) -> (f64, f64) {
    assert_eq!(
        (ours.len(), ours.width()),
        (reference.len(), reference.width())
    );
    let (mut most, mut divergence) = (0f64, 0f64);
    let larger = |most: f64, new: f64| if new <= most { most } else { new };
    for (ours, reference) in ours.iter().zip(reference.iter()) {
        let deviation = deviation(reference);
        let off = ours
            .iter()
            .zip(reference)
            .map(|(a, b)| f64::from((a - b).abs()));
        most = larger(most, off.fold(0.0, larger) / deviation);
        let (ours, reference) = (log_odds(ours), log_odds(reference));
        let terms = reference.iter().zip(&ours).map(|(r, o)| r.exp() * (r - o));
        divergence = larger(divergence, terms.sum::<f64>().abs());
    }
    (most, divergence)
}

pub fn deviation(row: &[f32]) -> f64 {
    let count = row.len() as f64;
    let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
    let squares = row.iter().map(|x| (f64::from(*x) - mean).powi(2));
    (squares.sum::<f64>() / count).sqrt()
}

fn log_odds(row: &[f32]) -> Vec<f64> {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|x| f64::from(x - most).exp()).sum();
    row.iter().map(|x| f64::from(x - most) - sum.ln()).collect()
}

/// The logits of all positions, read in pieces of so many tokens.
fn read(model: &dyn Model, ids: &[u32], piece: usize) -> Rows {
    let mut cache = model.new_cache().expect("room");
    let mut logits = Vec::new();
    for piece in ids.chunks(piece) {
        let hidden = model.read(piece, &mut cache).expect("read");
        logits.extend_from_slice(model.logits(&hidden).expect("logits").as_slice());
    }
    Rows::new(model.info().vocabulary, logits)
}

/// The last logits of texts of unequal length, stepped together.
fn stepped(model: &dyn Model, ids: &[u32], texts: usize) -> Rows {
    let mut caches = Vec::new();
    let mut last = Vec::new();
    for text in 0..texts {
        let length = ids.len() * (text + 1) / (texts + 1);
        let mut cache = model.new_cache().expect("room");
        model.read(&ids[..length], &mut cache).expect("read");
        caches.push(cache);
        last.push(ids[length]);
    }
    let mut caches: Vec<_> = caches.iter_mut().collect();
    let first = model.step(&last, &mut caches).expect("a step");
    let second = model.step(&last, &mut caches).expect("another");
    let hidden = [first.as_slice(), second.as_slice()].concat();
    model
        .logits(&Rows::new(first.width(), hidden))
        .expect("logits")
}

/// A greedy text after `ids`, and the logits that each of its tokens was taken from.
fn greedy(model: &dyn Model, ids: &[u32], count: usize) -> (Vec<u32>, Vec<Vec<f32>>) {
    let mut cache = model.new_cache().expect("room");
    let hidden = model.read(ids, &mut cache).expect("read");
    let width = hidden.width();
    let mut last = Rows::new(width, hidden.last().expect("a row").to_vec());
    let (mut said, mut rows) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let logits = model.logits(&last).expect("logits");
        let row = logits.row(0);
        let best = (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
        let best = best.expect("a vocabulary") as u32;
        said.push(best);
        rows.push(row.to_vec());
        last = model.step(&[best], &mut [&mut cache]).expect("a step");
    }
    (said, rows)
}

/// How much less likely than its own choice the reference finds the first other choice, in standard deviations: two that
/// are as good as equal may change places.
fn first_other(said: &[u32], (reference, rows): &(Vec<u32>, Vec<Vec<f32>>)) -> f64 {
    let other = said.iter().zip(reference).position(|(a, b)| a != b);
    other.map_or(0.0, |at| {
        let row = &rows[at];
        let logit = |id: u32| f64::from(row[id as usize]);
        (logit(reference[at]) - logit(said[at])) / deviation(row)
    })
}

/// Holds a model on the card in some precisions against the CPU in `f32`.
fn compare(held: &mut Held, source: &str, precisions: &[Precision], length: usize, texts: usize) {
    let cpu = load(source, DevicePreference::Cpu, Precision::F32);
    let info = cpu.model.info().clone();
    let length = length.min(info.context_length * 2 / 3);
    let ids = tokens(length + 1, info.vocabulary);
    let (prompt, count) = (
        &ids[..length / 3 + 1],
        100.min(info.context_length - length / 3 - 1),
    );
    let whole = read(cpu.model.as_ref(), &ids[..length], length);
    let together = stepped(cpu.model.as_ref(), &ids, texts);
    let said = greedy(cpu.model.as_ref(), prompt, count);
    for &precision in precisions {
        let LoadedModel { model, .. } = load(source, CARD, precision);
        let name = model.info().precision.name();
        let limits = limits(model.info().precision);
        let mut hold = |what: &str, ours: &Rows, reference: &Rows| {
            let (logit, divergence) = differences(ours, reference);
            held.report(&format!("logits of {what}"), name, logit, limits.logit);
            held.report(
                &format!("odds of {what}"),
                name,
                divergence,
                limits.divergence,
            );
        };
        hold(
            "a prompt",
            &read(model.as_ref(), &ids[..length], length),
            &whole,
        );
        hold(
            "a prompt in pieces of 7",
            &read(model.as_ref(), &ids[..length], 7),
            &whole,
        );
        let few = 16.min(length);
        let first = Rows::new(
            whole.width(),
            whole.as_slice()[..few * whole.width()].to_vec(),
        );
        hold(
            "single tokens",
            &read(model.as_ref(), &ids[..few], 1),
            &first,
        );
        hold(
            &format!("{texts} texts together"),
            &stepped(model.as_ref(), &ids, texts),
            &together,
        );
        let (ours, _) = greedy(model.as_ref(), prompt, count);
        let other = first_other(&ours, &said);
        held.report(
            &format!("{count} greedy tokens"),
            name,
            other,
            2.0 * limits.logit,
        );
    }
}

const DENSE: [Precision; 2] = [Precision::F32, Precision::Bf16];

#[test]
fn the_embedded_model() {
    compare(
        &mut Held::new("the embedded model"),
        "embedded",
        &DENSE,
        240,
        3,
    );
}

fn compare_made(subject: &str, made: &Made, precisions: &[Precision]) {
    compare(&mut Held::new(subject), &made.source(), precisions, 400, 9);
}

#[test]
fn a_random_gpt2() {
    compare_made("a random GPT-2", &random_gpt2(), &DENSE);
}

#[test]
fn a_random_llama_with_shared_keys() {
    compare_made("a random Llama", &random_llama(), &DENSE);
}

#[test]
fn every_shape_of_the_references() {
    for folder in ["gpt2", "llama"] {
        for path in references(folder) {
            let name = path.file_name().expect("a name").to_string_lossy();
            let mut held = Held::new(format!("{folder}/{name}"));
            compare(&mut held, path.to_str().expect("UTF-8"), &DENSE, 24, 2);
        }
    }
}

#[test]
fn weights_in_blocks() {
    for dtype in [
        GgmlDType::Q8_0,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ] {
        let made = gguf(dtype);
        let subject = format!("a GGUF file in {dtype:?}");
        // As the file has them, and as plain numbers.
        compare_made(&subject, &made, &[Precision::Auto, Precision::F32]);
        let loaded = load(&made.source(), CARD, Precision::Auto);
        assert_eq!(
            loaded.model.info().precision.name(),
            format!("{dtype:?}").to_lowercase().replace('k', "_k"),
            "blocks stay blocks on the card"
        );
    }
}
