//! Twenty steps of training on the card and on the CPU: all weights and LoRA, exact and mixed.

use std::collections::HashMap;

use logitscope::model::{DevicePreference, Gpt2Config, choose};
use logitscope::training::network::{
    Batch, Compute, DropoutRates, Freeze, LoraSettings, LoraTarget, Network,
};
use logitscope::training::optimizer::{Method, Optimizer, OptimizerSettings};
use logitscope::training::random::Key;
use logitscope::training::recipe::Float;

use super::held::Held;
use super::models::{CARD, gpt2_config, mini_config, tokens, weights};

const STEPS: usize = 20;

/// How the arithmetic of training is done on a device.
pub fn compute(device: DevicePreference, mixed: bool) -> Compute {
    let (device, _) = choose(device).expect("the device");
    let float = if mixed { Float::Bf16 } else { Float::F32 };
    Compute::in_precision(device, float, None)
}

struct Run {
    losses: Vec<f64>,
    norms: Vec<f64>,
    weights: HashMap<String, Vec<f32>>,
}

/// What a run is to be like besides its shape and its arithmetic.
#[derive(Clone, Copy)]
struct Kind {
    lora: bool,
    method: Method,
    dropout: f64,
    recompute: bool,
}

const FULL: Kind = Kind {
    lora: false,
    method: Method::AdamW,
    dropout: 0.0,
    recompute: false,
};

fn train(config: &Gpt2Config, kind: Kind, compute: Compute, (batch, time): (usize, usize)) -> Run {
    let lora = kind.lora.then(|| {
        let targets = vec![
            LoraTarget::Attention,
            LoraTarget::AttentionOutput,
            LoraTarget::FeedForward,
            LoraTarget::FeedForwardOutput,
        ];
        let settings = LoraSettings {
            rank: 8,
            targets,
            ..LoraSettings::default()
        };
        (settings, 3)
    });
    let dropout = DropoutRates {
        embedding: kind.dropout,
        attention: kind.dropout,
        residual: kind.dropout,
    };
    let compute = Compute {
        recompute: kind.recompute,
        ..compute
    };
    let kernels = compute.kernels;
    let network = Network::new(
        config,
        dropout,
        compute,
        weights(config),
        Freeze::Nothing,
        lora,
    );
    let network = network.expect("a network");
    let settings = OptimizerSettings {
        method: kind.method,
        ..OptimizerSettings::default()
    };
    let mut optimizer =
        Optimizer::new(&settings, network.parameters(), kernels).expect("an optimizer");
    let count = batch * time;
    let ids = tokens(count + 1, config.vocab_size);
    // Some padding, as documents of unequal length have.
    let real: Vec<bool> = (0..count).map(|at| at % time < time - at / time).collect();
    let total = real.iter().filter(|real| **real).count() as f32;
    let shares: Vec<f32> = real
        .iter()
        .map(|real| f32::from(u8::from(*real)) / total)
        .collect();
    let batch = Batch {
        batch,
        time,
        inputs: ids[..count].to_vec(),
        targets: ids[1..].to_vec(),
        real,
    };
    let rate = if kind.method == Method::Sgd {
        0.05
    } else {
        1e-3
    };
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    for step in 0..STEPS {
        let key = (kind.dropout > 0.0).then(|| Key::new(5).with(step as u64));
        let (loss, gradients) = network.gradients(&batch, &shares, key).expect("gradients");
        losses.push(loss.loss);
        norms.push(
            optimizer
                .step(network.parameters(), &gradients, rate)
                .expect("a step"),
        );
    }
    Run {
        losses,
        norms,
        weights: network.weights().expect("weights"),
    }
}

/// The largest difference of two lists, each as a share of the second.
fn relative(ours: &[f64], reference: &[f64]) -> f64 {
    let off = ours
        .iter()
        .zip(reference)
        .map(|(a, b)| (a - b).abs() / b.abs());
    off.fold(0.0, |most, off| if off <= most { most } else { off })
}

/// How far weights are from the reference's, as a share of how far those went from where they began.
fn strayed(run: &Run, reference: &Run, begun: &HashMap<String, Vec<f32>>) -> f64 {
    let square = |a: &[f32], b: &[f32]| -> f64 {
        let off = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
        off.sum()
    };
    let (mut off, mut way) = (0.0, 0.0);
    for (name, reference) in &reference.weights {
        off += square(&run.weights[name], reference);
        way += square(&begun[name], reference);
    }
    (off / way).sqrt()
}

fn compare(held: &mut Held, what: &str, config: &Gpt2Config, kind: Kind, size: (usize, usize)) {
    let reference = train(config, kind, compute(DevicePreference::Cpu, false), size);
    let begun = weights(config);
    let fell = reference.losses[0] - reference.losses[STEPS - 1];
    assert!(
        fell > 0.01,
        "{what}: the reference learns: {:?}",
        reference.losses
    );
    // Muon makes a small gradient as long as a large one, and what brain floats lost of it too.
    let more = if kind.method == Method::Muon {
        2.0
    } else {
        1.0
    };
    for (mixed, name, losses, norms, way) in [
        (false, "f32", 1e-3, 1e-2, 0.05),
        (true, "bf16", more * 1e-2, more * 0.1, 0.6),
    ] {
        let run = train(config, kind, compute(CARD, mixed), size);
        held.report(
            &format!("{what}: losses"),
            name,
            relative(&run.losses, &reference.losses),
            losses,
        );
        held.report(
            &format!("{what}: norms"),
            name,
            relative(&run.norms, &reference.norms),
            norms,
        );
        held.report(
            &format!("{what}: weights"),
            name,
            strayed(&run, &reference, &begun),
            way,
        );
    }
}

#[test]
fn all_weights_of_a_gpt2() {
    compare(
        &mut Held::new("training"),
        "a GPT-2",
        &gpt2_config(),
        FULL,
        (4, 96),
    );
}

#[test]
fn lora_of_a_gpt2() {
    let kind = Kind { lora: true, ..FULL };
    compare(
        &mut Held::new("training"),
        "LoRA",
        &gpt2_config(),
        kind,
        (4, 96),
    );
}

#[test]
fn the_miniature_of_the_tutorial() {
    let kind = Kind {
        method: Method::Adam,
        ..FULL
    };
    compare(
        &mut Held::new("training"),
        "a miniature",
        &mini_config(),
        kind,
        (8, 128),
    );
}

#[test]
fn with_dropout_and_less_memory() {
    let kind = Kind {
        dropout: 0.1,
        recompute: true,
        ..FULL
    };
    compare(
        &mut Held::new("training"),
        "dropout, recomputed",
        &gpt2_config(),
        kind,
        (3, 64),
    );
}

#[test]
fn by_other_rules() {
    for (name, method) in [("SGD", Method::Sgd), ("Muon", Method::Muon)] {
        let kind = Kind { method, ..FULL };
        compare(
            &mut Held::new("training"),
            name,
            &gpt2_config(),
            kind,
            (3, 64),
        );
    }
}
