//! Gradients against finite differences and between the two forms; every parameter receives one; what was trained is
//! what inference loads.

use candle_core::{Device, Result};

use super::*;
use crate::model::{Activation, Precision, RawModel};
use crate::text::Tokenizer;
use crate::training::random::Key;

fn gpt2() -> Gpt2Config {
    Gpt2Config {
        vocab_size: 23,
        n_positions: 9,
        n_embd: 12,
        n_layer: 2,
        n_head: 3,
        n_inner: Some(20),
        ..Gpt2Config::default()
    }
}

/// The shape of the tutorials' models.
fn post_norm() -> Gpt2Config {
    Gpt2Config {
        post_norm: true,
        head_width: Some(5),
        n_head: 2,
        head_bias: true,
        tie_word_embeddings: false,
        activation_function: Activation::Relu,
        ..gpt2()
    }
}

fn compute(kernels: Kernels) -> Compute {
    Compute {
        kernels,
        ..Compute::on(Device::Cpu)
    }
}

fn batch() -> Batch {
    let key = Key::new(7);
    let tokens = |from: u64| {
        (from..from + 14)
            .map(|at| (key.bits(at) % 23) as u32)
            .collect()
    };
    Batch {
        batch: 2,
        time: 7,
        inputs: tokens(0),
        targets: tokens(100),
        real: (0..14).map(|at| at != 6 && at != 13).collect(),
    }
}

fn shares(batch: &Batch) -> Vec<f32> {
    let count = batch.real_targets() as f32;
    let real = batch.real.iter();
    real.map(|real| if *real { 1.0 / count } else { 0.0 })
        .collect()
}

/// Weights in which nothing is 0 or 1, so that no mistake hides.
fn weights(config: &Gpt2Config) -> HashMap<String, Vec<f32>> {
    let mut weights = initial(config, Initial::Gpt2, 3);
    for (name, values) in &mut weights {
        let key = Key::new(11).named(name);
        for (at, value) in values.iter_mut().enumerate() {
            *value += 0.3 * key.normal(at as u64) as f32;
        }
    }
    weights
}

fn network(config: &Gpt2Config, compute: Compute, dropout: f64) -> Result<Network> {
    let rates = DropoutRates {
        embedding: dropout,
        attention: dropout,
        residual: dropout,
    };
    Network::new(
        config,
        rates,
        compute,
        weights(config),
        Freeze::Nothing,
        None,
    )
}

fn run(network: &Network) -> Result<(f64, Vec<Vec<f32>>)> {
    let batch = batch();
    let (losses, gradients) = network.gradients(&batch, &shares(&batch), Some(Key::new(2)))?;
    let names = network.parameters().trainable();
    let numbers = names
        .zip(gradients.list)
        .map(|((name, var), gradient)| match gradient {
            Some(gradient) if gradient.dims() == var.dims() => {
                crate::training::ops::host(&gradient)
            }
            _ => candle_core::bail!("{name} received no gradient"),
        })
        .collect::<Result<_>>()?;
    Ok((losses.loss, numbers))
}

fn assert_near(a: &(f64, Vec<Vec<f32>>), b: &(f64, Vec<Vec<f32>>), tolerance: f32) {
    assert!(
        (a.0 - b.0).abs() < f64::from(tolerance),
        "{} and {}",
        a.0,
        b.0
    );
    for (parameter, (a, b)) in a.1.iter().zip(&b.1).enumerate() {
        for (a, b) in a.iter().zip(b) {
            assert!(
                (a - b).abs() <= tolerance,
                "parameter {parameter}: {a} and {b}"
            );
        }
    }
}

#[test]
fn both_forms_and_recomputation_give_the_same_gradients_for_every_parameter() -> Result<()> {
    for config in [gpt2(), post_norm()] {
        for dropout in [0.0, 0.2] {
            let plain = run(&network(&config, compute(Kernels::Plain), dropout)?)?;
            let fused = run(&network(&config, compute(Kernels::Fused), dropout)?)?;
            assert_near(&plain, &fused, 1e-5);
            let recompute = Compute {
                recompute: true,
                ..compute(Kernels::Fused)
            };
            let recomputed = run(&network(&config, recompute, dropout)?)?;
            assert_near(&fused, &recomputed, 1e-6);
        }
    }
    Ok(())
}

#[test]
fn gradients_are_the_slopes_of_the_loss() -> Result<()> {
    for config in [gpt2(), post_norm()] {
        let network = network(&config, compute(Kernels::Fused), 0.0)?;
        let (batch, key) = (batch(), Key::new(40));
        let (_, gradients) = run(&network)?;
        let names: Vec<String> = network
            .parameters()
            .trainable()
            .map(|(name, _)| name.to_owned())
            .collect();
        let mut compared = 0;
        for (name, gradient) in names.iter().zip(&gradients) {
            let values = crate::training::ops::host(network.parameters().tensor(name)?)?;
            for attempt in 0..3 {
                let at = (key.named(name).bits(attempt) % values.len() as u64) as usize;
                let loss_at = |offset: f32| -> Result<f64> {
                    let mut moved = values.clone();
                    moved[at] += offset;
                    network.parameters().set(name, &moved)?;
                    // Summed here, in full precision.
                    let rows = network.losses(&batch, &shares(&batch))?.rows.losses;
                    let pairs = rows.iter().zip(shares(&batch));
                    Ok(pairs
                        .map(|(loss, share)| f64::from(*loss) * f64::from(share))
                        .sum())
                };
                let step = 4e-3;
                let slope = (loss_at(step)? - loss_at(-step)?) / (2.0 * f64::from(step));
                network.parameters().set(name, &values)?;
                let difference = (slope - f64::from(gradient[at])).abs();
                let bound = 1e-3 + 0.02 * slope.abs();
                // A ReLU may bend between the two places: let one in a hundred be off.
                assert!(
                    difference < bound || config.post_norm && difference < 0.05,
                    "{name}[{at}]: {slope} by differences, {} by backward",
                    gradient[at]
                );
                compared += 1;
            }
        }
        assert!(compared > 60, "{compared}");
    }
    Ok(())
}

#[test]
fn bf16_stays_near_f32() -> Result<()> {
    let config = gpt2();
    let exact = run(&network(&config, compute(Kernels::Plain), 0.0)?)?;
    let all = Compute {
        dtype: candle_core::DType::BF16,
        ..compute(Kernels::Plain)
    };
    let products = Compute {
        factors: crate::kernels::Factors::Bf16,
        ..compute(Kernels::Fused)
    };
    // A processor without such products multiplies `f32`.
    let rounds = crate::kernels::bf16_is_native();
    for (form, rounds) in [(all, true), (products, rounds)] {
        let near = run(&network(&config, form, 0.0)?)?;
        let off = (near.0 - exact.0).abs() / exact.0;
        assert!((near.0 != exact.0) >= rounds && off < 0.02, "{off}");
        for (near, exact) in near.1.iter().zip(&exact.1) {
            let norm = |numbers: &mut dyn Iterator<Item = f32>| {
                numbers.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt()
            };
            let off = norm(&mut near.iter().zip(exact).map(|(a, b)| a - b));
            let whole = norm(&mut exact.iter().copied());
            assert!(off < 0.1 * whole + 1e-4, "{off} of {whole}");
        }
    }
    Ok(())
}

fn tokenizer() -> Tokenizer {
    let json =
        br#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
        "model":{"type":"WordLevel","vocab":{"[UNK]":0,"a":1},"unk_token":"[UNK]"}}"#;
    Tokenizer::from_bytes(json, "test").expect("a tokenizer")
}

#[test]
fn inference_gives_what_training_saw() -> Result<()> {
    for config in [gpt2(), post_norm()] {
        for rank in [0, 3] {
            let settings = LoraSettings {
                rank,
                targets: vec![LoraTarget::Attention, LoraTarget::FeedForwardOutput],
                ..LoraSettings::default()
            };
            let lora = (rank > 0).then_some((settings, 5));
            let network = Network::new(
                &config,
                DropoutRates::default(),
                compute(Kernels::Fused),
                weights(&config),
                Freeze::Nothing,
                lora,
            )?;
            if rank > 0 {
                // B starts at zero: give it numbers, or the merge would not be seen.
                let b = network.parameters().tensor("h.0.attn.c_attn.lora_b")?;
                network
                    .parameters()
                    .set("h.0.attn.c_attn.lora_b", &vec![0.2; b.elem_count()])?;
            }
            let batch = batch();
            let losses = network.losses(&batch, &shares(&batch))?.rows.losses;
            let model = RawModel::build(
                "test",
                &config,
                network.weights()?,
                &tokenizer(),
                (&Device::Cpu, Precision::F32),
            )
            .map_err(candle_core::Error::wrap)?;
            for (sequence, losses) in losses.chunks(7).enumerate() {
                let mut cache = model.new_cache().map_err(candle_core::Error::wrap)?;
                let tokens = &batch.inputs[sequence * 7..][..7];
                let hidden = model
                    .read(tokens, &mut cache)
                    .map_err(candle_core::Error::wrap)?;
                let logits = model.logits(&hidden).map_err(candle_core::Error::wrap)?;
                for (at, (row, loss)) in logits.iter().zip(losses).enumerate() {
                    let sum: f64 = row.iter().map(|logit| f64::from(*logit).exp()).sum();
                    let target = batch.targets[sequence * 7 + at] as usize;
                    let expected = sum.ln() - f64::from(row[target]);
                    let difference = (expected - f64::from(*loss)).abs();
                    assert!(difference < 1e-4, "position {at}: {difference}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn only_what_trains_receives_gradients() -> Result<()> {
    let config = gpt2();
    for (freeze, lora, expected) in [
        (Freeze::First(1), None, 12 + 2),
        (Freeze::AllButLayers, None, 24),
        (Freeze::Nothing, Some(2), 4),
    ] {
        let lora = lora.map(|rank| {
            let settings = LoraSettings {
                rank,
                ..LoraSettings::default()
            };
            (settings, 1)
        });
        for recompute in [false, true] {
            let compute = Compute {
                recompute,
                ..compute(Kernels::Fused)
            };
            let rates = DropoutRates::default();
            let network = Network::new(
                &config,
                rates,
                compute,
                weights(&config),
                freeze,
                lora.clone(),
            )?;
            let (_, gradients) = run(&network)?;
            assert_eq!(gradients.len(), expected, "{freeze:?}");
        }
    }
    Ok(())
}
