//! Both forms of every method against its definition, written out in double precision.

use std::collections::HashMap;

use candle_core::{Device, Result, Tensor};

use super::*;
use crate::model::Gpt2Config;
use crate::training::network::{Compute, DropoutRates, Freeze, Network};
use crate::training::ops::host;
use crate::training::random::Key;

const RATE: f64 = 0.01;

fn network(kernels: Kernels) -> Result<Network> {
    let config = Gpt2Config {
        vocab_size: 5,
        n_positions: 3,
        n_embd: 4,
        n_layer: 1,
        n_head: 2,
        ..Gpt2Config::default()
    };
    let weights: HashMap<_, _> = config
        .tensors()
        .into_iter()
        .map(|(name, shape)| (name, numbers(1, shape.iter().product())))
        .collect();
    let compute = Compute {
        kernels,
        ..Compute::on(Device::Cpu)
    };
    Network::new(
        &config,
        DropoutRates::default(),
        compute,
        weights,
        Freeze::Nothing,
        None,
    )
}

fn numbers(seed: u64, length: usize) -> Vec<f32> {
    (0..length as u64)
        .map(|at| Key::new(seed).normal(at) as f32)
        .collect()
}

fn gradients(network: &Network, seed: u64) -> Result<Gradients> {
    let vars = network.parameters().trainable();
    let list = vars
        .map(|(_, var)| {
            let values = numbers(seed, var.elem_count());
            Tensor::from_vec(values, var.shape(), &Device::Cpu).map(Some)
        })
        .collect::<Result<_>>()?;
    Ok(Gradients { list })
}

/// One number's course over three steps whose gradients are `g`.
fn by_definition(settings: &OptimizerSettings, mut p: f64, g: [f64; 3], matrix: bool) -> f64 {
    let (mut m, mut v) = (0.0, 0.0);
    for (step, g) in (1..).zip(g) {
        let (b1, b2) = (settings.beta1, settings.beta2);
        if settings.method == Method::Sgd {
            m = settings.momentum * m + g;
            p -= RATE * m;
            continue;
        }
        m = b1 * m + (1.0 - b1) * g;
        v = b2 * v + (1.0 - b2) * g * g;
        let (first, second) = (1.0 - b1.powi(step), 1.0 - b2.powi(step));
        if settings.method == Method::AdamW {
            if matrix {
                p -= RATE * settings.weight_decay * p;
            }
            p -= RATE * (m / first) / ((v / second).sqrt() + settings.epsilon);
        } else {
            // keras/src/optimizers/adam.py: alpha = rate sqrt(1 - b2^t) / (1 - b1^t); p -= m alpha / (sqrt(v) + e)
            p -= m * (RATE * second.sqrt() / first) / (v.sqrt() + settings.epsilon);
        }
    }
    p
}

#[test]
fn every_method_is_its_definition_in_both_forms() -> Result<()> {
    for method in [Method::AdamW, Method::Adam, Method::Sgd] {
        let settings = OptimizerSettings {
            method,
            weight_decay: 0.3,
            epsilon: 1e-3,
            clip: 0.0,
            ..OptimizerSettings::default()
        };
        for kernels in [Kernels::Plain, Kernels::Fused] {
            let network = network(kernels)?;
            let mut optimizer = Optimizer::new(&settings, network.parameters(), kernels)?;
            for seed in 2..5 {
                optimizer.step(network.parameters(), &gradients(&network, seed)?, RATE)?;
            }
            for (name, var) in network.parameters().trainable() {
                let found = host(var)?;
                let length = found.len();
                let start = numbers(1, length);
                let g = [2, 3, 4].map(|seed| numbers(seed, length));
                for at in 0..length {
                    let g = [0, 1, 2].map(|step| f64::from(g[step][at]));
                    let expected =
                        by_definition(&settings, f64::from(start[at]), g, var.rank() > 1);
                    let difference = (f64::from(found[at]) - expected).abs();
                    assert!(
                        difference < 1e-5,
                        "{method:?} {kernels:?} {name}: {difference}"
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_norm_above_the_limit_is_scaled_to_it() -> Result<()> {
    let settings = OptimizerSettings {
        method: Method::Sgd,
        momentum: 0.0,
        clip: 0.5,
        ..OptimizerSettings::default()
    };
    for kernels in [Kernels::Plain, Kernels::Fused] {
        let network = network(kernels)?;
        let before = network.weights()?;
        let gradients = gradients(&network, 2)?;
        let mut optimizer = Optimizer::new(&settings, network.parameters(), kernels)?;
        let norm = optimizer.step(network.parameters(), &gradients, 1.0)?;
        let squares = gradients
            .list
            .iter()
            .flatten()
            .map(|g| host(g).unwrap_or_default());
        let exact: f64 = squares.flatten().map(|g| f64::from(g).powi(2)).sum();
        assert!(
            (norm - exact.sqrt()).abs() < 1e-3,
            "{norm} and {}",
            exact.sqrt()
        );
        let after = network.weights()?;
        let moved: f64 = before
            .iter()
            .flat_map(|(name, before)| before.iter().zip(&after[name]))
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum();
        assert!((moved.sqrt() - 0.5).abs() < 1e-3, "{}", moved.sqrt());
    }
    Ok(())
}

#[test]
fn gradients_that_are_no_numbers_change_nothing() -> Result<()> {
    let network = network(Kernels::Fused)?;
    let before = network.weights()?;
    let mut gradients = gradients(&network, 2)?;
    gradients.list[1] = gradients.list[1]
        .as_ref()
        .map(|g| g * f64::NAN)
        .transpose()?;
    let mut optimizer = Optimizer::new(
        &OptimizerSettings::default(),
        network.parameters(),
        Kernels::Fused,
    )?;
    let norm = optimizer.step(network.parameters(), &gradients, 1.0)?;
    assert!(norm.is_nan());
    assert_eq!((before, optimizer.updates()), (network.weights()?, 0));
    Ok(())
}
