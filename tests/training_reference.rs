//! Training against PyTorch, by the numbers that `tests/reference/training.py` wrote.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Device;
use logitscope::model::{Activation, Gpt2Config};
use logitscope::training::network::{Batch, Compute, DropoutRates, Freeze, Network};
use logitscope::training::ops::Kernels;
use logitscope::training::optimizer::{Optimizer, OptimizerSettings};
use logitscope::training::schedule::{Course, Schedule};
use safetensors::{Dtype, SafeTensors};

/// Largest difference of a loss or a gradient.
const TOLERANCE: f32 = 1e-4;

struct Fixture {
    floats: HashMap<String, Vec<f32>>,
    ids: HashMap<String, Vec<u32>>,
}

impl Fixture {
    fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference/training")
            .join(format!("{name}.safetensors"));
        let bytes = std::fs::read(path).expect("a fixture");
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
        let (mut floats, mut ids) = (HashMap::new(), HashMap::new());
        for (name, view) in tensors.iter() {
            let (words, _) = view.data().as_chunks::<4>();
            match view.dtype() {
                Dtype::F32 => {
                    let values = words.iter().map(|word| f32::from_le_bytes(*word));
                    floats.insert(name.to_owned(), values.collect());
                }
                Dtype::I32 => {
                    let values = words.iter().map(|word| u32::from_le_bytes(*word));
                    ids.insert(name.to_owned(), values.collect());
                }
                Dtype::U8 => {
                    let values = view.data().iter().map(|byte| u32::from(*byte));
                    ids.insert(name.to_owned(), values.collect());
                }
                other => panic!("{name} is of {other}"),
            }
        }
        Self { floats, ids }
    }

    fn under(&self, prefix: &str) -> HashMap<String, Vec<f32>> {
        let named = self.floats.iter();
        named
            .filter_map(|(name, values)| {
                Some((name.strip_prefix(prefix)?.to_owned(), values.clone()))
            })
            .collect()
    }
}

fn gpt2() -> Gpt2Config {
    Gpt2Config {
        vocab_size: 61,
        n_positions: 16,
        n_embd: 24,
        n_layer: 2,
        n_head: 3,
        n_inner: Some(40),
        ..Gpt2Config::default()
    }
}

fn post_norm() -> Gpt2Config {
    Gpt2Config {
        n_head: 2,
        head_width: Some(7),
        post_norm: true,
        head_bias: true,
        tie_word_embeddings: false,
        activation_function: Activation::Relu,
        ..gpt2()
    }
}

fn network(config: &Gpt2Config, fixture: &Fixture, kernels: Kernels) -> Network {
    let compute = Compute {
        kernels,
        ..Compute::on(Device::Cpu)
    };
    let weights = fixture.under("weights.");
    let rates = DropoutRates::default();
    Network::new(config, rates, compute, weights, Freeze::Nothing, None).expect("a network")
}

#[test]
fn the_loss_and_every_gradient_are_those_of_pytorch() {
    println!("largest absolute difference from PyTorch, loss and gradients of all parameters");
    for (name, config) in [("gpt2", gpt2()), ("post-norm", post_norm())] {
        let fixture = Fixture::read(name);
        let batch = Batch {
            batch: 3,
            time: 13,
            inputs: fixture.ids["inputs"].clone(),
            targets: fixture.ids["targets"].clone(),
            real: vec![true; 39],
        };
        let expected = fixture.under("gradients.");
        for kernels in [Kernels::Plain, Kernels::Fused] {
            let network = network(&config, &fixture, kernels);
            let shares = &fixture.floats["shares"];
            let (losses, gradients) = network.gradients(&batch, shares, None).expect("gradients");
            let loss = (losses.loss as f32 - fixture.floats["loss"][0]).abs();
            let mut most = 0f32;
            let mut compared = 0;
            for ((name, _), gradient) in network.parameters().trainable().zip(gradients.list) {
                let gradient = gradient.expect("every parameter has a gradient");
                let found = gradient
                    .flatten_all()
                    .and_then(|g| g.to_vec1::<f32>())
                    .expect("numbers");
                assert_eq!(found.len(), expected[name].len(), "{name}");
                for (found, expected) in found.iter().zip(&expected[name]) {
                    let difference = (found - expected).abs();
                    assert!(difference < TOLERANCE, "{name}: {found} and {expected}");
                    most = most.max(difference);
                }
                compared += 1;
            }
            println!("{name:10} {kernels:?}: loss {loss:.2e}, gradients {most:.2e}");
            assert!(loss < TOLERANCE);
            assert_eq!(compared, expected.len());
        }
    }
}

/// The losses of a run over the fixture's batches.
fn run(
    fixture: &Fixture,
    kernels: Kernels,
    settings: &OptimizerSettings,
    schedule: &Schedule,
) -> Vec<f32> {
    let network = network(&gpt2(), fixture, kernels);
    let mut optimizer =
        Optimizer::new(settings, network.parameters(), kernels).expect("an optimizer");
    let (sequences, time) = (8, 16);
    let steps = fixture.ids["tokens"].chunks_exact(sequences * (time + 1));
    let total = steps.len() as u64;
    let losses = (0..).zip(steps).map(|(step, tokens)| {
        let rows = || tokens.chunks_exact(time + 1);
        let batch = Batch {
            batch: sequences,
            time,
            inputs: rows().flat_map(|row| row[..time].to_vec()).collect(),
            targets: rows().flat_map(|row| row[1..].to_vec()).collect(),
            real: vec![true; sequences * time],
        };
        let shares = vec![1.0 / (sequences * time) as f32; sequences * time];
        let (losses, gradients) = network.gradients(&batch, &shares, None).expect("gradients");
        let rate = schedule.rate(step, total);
        let norm = optimizer.step(network.parameters(), &gradients, rate);
        assert!(norm.expect("an update").is_finite());
        losses.loss as f32
    });
    losses.collect()
}

fn largest_ratio(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let ratios = found.iter().zip(expected).map(|(a, b)| (a / b - 1.0).abs());
    ratios.fold(0.0, |most, next| if next <= most { most } else { next })
}

#[test]
fn two_hundred_steps_of_adamw_track_pytorch() {
    let fixture = Fixture::read("run");
    let settings = OptimizerSettings {
        beta2: 0.95,
        weight_decay: 0.1,
        ..OptimizerSettings::default()
    };
    let schedule = Schedule {
        learning_rate: 6e-3,
        course: Course::Cosine,
        warmup: 20,
        hold: 0,
        end: 0.1,
        decay_steps: 0,
        begin: 0,
    };
    for kernels in [Kernels::Plain, Kernels::Fused] {
        let losses = run(&fixture, kernels, &settings, &schedule);
        let expected = &fixture.floats["losses"];
        assert_eq!(expected.len(), 200);
        let ratio = largest_ratio(&losses, expected);
        println!(
            "{kernels:?}: loss {:.4} to {:.4}, at most {:.4} % from PyTorch's",
            losses[0],
            losses[199],
            100.0 * ratio
        );
        assert!(ratio < 0.01, "{kernels:?}: {ratio}");
    }
}

#[test]
fn adam_tracks_pytorch() {
    let fixture = Fixture::read("adam");
    let settings = OptimizerSettings {
        epsilon: 1e-7,
        weight_decay: 0.0,
        clip: 0.0,
        ..OptimizerSettings::default()
    };
    let losses = run(&fixture, Kernels::Fused, &settings, &Schedule::default());
    let ratio = largest_ratio(&losses, &fixture.floats["losses"]);
    assert!(losses.len() == 20 && ratio < 1e-4, "{ratio}");
}
