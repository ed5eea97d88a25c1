//! The trainer's operations, by the card's kernels and in their plain form on the CPU: values, and gradients of all inputs.

use candle_core::{DType, Device, Result, Tensor, Var};
use logitscope::kernels::{Factors, cuda};
use logitscope::model::Activation;
use logitscope::training::ops::{self, AttentionShape, Dropout, Kernels, Pass};
use logitscope::training::random::Key;

use super::held::Held;

/// Normal numbers that a brain float holds, so that both sides start from the same.
fn normal(seed: u64, shape: &[usize]) -> Result<Tensor> {
    let key = Key::new(seed);
    let length = shape.iter().product::<usize>() as u64;
    let numbers: Vec<f32> = (0..length).map(|at| key.normal(at) as f32).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu)?
        .to_dtype(DType::BF16)?
        .to_dtype(DType::F32)
}

/// The first of `inputs` are activations, as many as `activations` says; the others are parameters.
struct Case<'a> {
    what: String,
    inputs: &'a [Tensor],
    activations: usize,
}

type Operation<'a> = dyn Fn(&Pass, &[Tensor]) -> Result<Tensor> + 'a;

/// The value of an operation and the gradients of its inputs.
fn run(
    case: &Case<'_>,
    (device, kernels, dtype): (&Device, Kernels, DType),
    operation: &Operation<'_>,
) -> Result<Vec<Tensor>> {
    let inputs = case
        .inputs
        .iter()
        .map(|input| Var::from_tensor(&input.to_device(device)?))
        .collect::<Result<Vec<_>>>()?;
    let pass = Pass::new(kernels, true);
    let tensors = inputs
        .iter()
        .enumerate()
        .map(|(at, var)| {
            if at < case.activations {
                ops::cast(&pass, var, dtype)
            } else {
                Ok(var.as_tensor().clone())
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let value = ops::cast(&pass, &operation(&pass, &tensors)?, DType::F32)?;
    let weighting = normal(99, value.dims())?.to_device(device)?;
    let gradients = pass.backward(&value, Some(&weighting))?;
    let mut all = vec![value.detach().to_device(&Device::Cpu)?];
    for input in &inputs {
        match gradients.get(input) {
            Some(gradient) => all.push(gradient.to_device(&Device::Cpu)?),
            None => candle_core::bail!("{}: an input received no gradient", case.what),
        }
    }
    Ok(all)
}

/// The largest difference, as a share of the largest number.
fn difference(ours: &Tensor, expected: &Tensor) -> Result<f64> {
    let largest = expected.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
    let off = (ours - expected)?.abs()?.flatten_all()?.to_vec1::<f32>()?;
    // Not `max`, which would hide a NaN.
    let most = off
        .into_iter()
        .fold(0f32, |most, new| if new <= most { most } else { new });
    Ok(f64::from(most) / f64::from(largest).max(1e-6))
}

fn compare(held: &mut Held, case: &Case<'_>, operation: &Operation<'_>) -> Result<()> {
    let expected = run(case, (&Device::Cpu, Kernels::Plain, DType::F32), operation)?;
    let card = cuda::open(0)?;
    for (dtype, name, limit) in [(DType::F32, "f32", 2e-5), (DType::BF16, "bf16", 0.02)] {
        let ours = run(case, (&card, Kernels::Fused, dtype), operation)?;
        let mut most = 0f64;
        for (ours, expected) in ours.iter().zip(&expected) {
            let new = difference(ours, expected)?;
            most = if new <= most { most } else { new };
        }
        held.report(&case.what, name, most, limit);
    }
    Ok(())
}

#[test]
fn norms() -> Result<()> {
    let mut held = Held::new("kernels: layer norm");
    // Not of two numbers: what is left of their gradient is less than the rounding of its parts.
    for (n, width) in [(1, 5), (3, 7), (65, 33), (700, 768), (5, 4100)] {
        let inputs = [
            normal(1, &[n, width])?,
            normal(2, &[width])?,
            normal(3, &[width])?,
        ];
        let case = Case {
            what: format!("{n} x {width}"),
            inputs: &inputs,
            activations: 1,
        };
        compare(&mut held, &case, &|pass, x| {
            ops::layer_norm(pass, &x[0], &x[1], &x[2], 1e-5)
        })?;
    }
    Ok(())
}

#[test]
fn products() -> Result<()> {
    let mut held = Held::new("kernels: product");
    for (n, from, to) in [(1, 1, 1), (3, 17, 5), (65, 33, 129), (300, 768, 2304)] {
        let inputs = [
            normal(1, &[n, from])?,
            normal(2, &[from, to])?,
            normal(3, &[to])?,
        ];
        for sides in [2, 3] {
            let case = Case {
                what: format!("{n} x {from} x {to}, {sides} inputs"),
                inputs: &inputs[..sides],
                activations: 1,
            };
            compare(&mut held, &case, &|pass, x| {
                ops::product(pass, &x[0], &x[1], x.get(2), Factors::F32)
            })?;
        }
    }
    Ok(())
}

#[test]
fn activations() -> Result<()> {
    let mut held = Held::new("kernels: bias and activation");
    let activations = [
        Activation::GeluTanh,
        Activation::GeluErf,
        Activation::QuickGelu,
        Activation::Silu,
        Activation::Tanh,
    ];
    for activation in activations {
        for (n, width) in [(67, 19), (130, 64)] {
            let inputs = [(normal(1, &[n, width])? * 2.0)?, normal(2, &[width])?];
            let case = Case {
                what: format!("{activation:?} {n} x {width}"),
                inputs: &inputs,
                activations: 1,
            };
            compare(&mut held, &case, &|pass, x| {
                ops::bias_activation(pass, &x[0], &x[1], activation)
            })?;
        }
    }
    Ok(())
}

#[test]
fn attention() -> Result<()> {
    let mut held = Held::new("kernels: attention");
    let dropout = Dropout {
        key: Key::new(8),
        rate: 0.3,
    };
    for (batch, time, heads, head_width) in
        [(1, 2, 1, 1), (2, 7, 3, 5), (3, 65, 2, 8), (2, 300, 4, 64)]
    {
        for dropout in [None, Some(dropout)] {
            let shape = AttentionShape {
                batch,
                time,
                heads,
                head_width,
                scale: 0.125,
                dropout,
            };
            let inputs = [normal(1, &[batch * time, 3 * heads * head_width])?];
            let case = Case {
                what: format!(
                    "{batch} x {time}, {heads} heads of {head_width}, dropout {}",
                    dropout.is_some()
                ),
                inputs: &inputs,
                activations: 1,
            };
            compare(&mut held, &case, &|pass, x| {
                ops::attention(pass, &x[0], shape)
            })?;
        }
    }
    Ok(())
}

#[test]
fn head_losses() -> Result<()> {
    let mut held = Held::new("kernels: head and loss");
    for (n, width, vocabulary) in [(1, 1, 2), (5, 7, 19), (70, 12, 130), (3000, 8, 50_257)] {
        let key = Key::new(5);
        let targets: Vec<u32> = (0..n as u64)
            .map(|row| (key.bits(row) % vocabulary as u64) as u32)
            .collect();
        let shares: Vec<f32> = (0..n)
            .map(|row| if row % 4 == 1 { 0.0 } else { 0.5 })
            .collect();
        let inputs = [
            normal(1, &[n, width])?,
            normal(2, &[vocabulary, width])?,
            normal(3, &[vocabulary])?,
        ];
        for sides in [2, 3] {
            let case = Case {
                what: format!("{n} x {width} x {vocabulary}, {sides} inputs"),
                inputs: &inputs[..sides],
                activations: 1,
            };
            compare(&mut held, &case, &|pass, x| {
                let marks = (&targets[..], &shares[..]);
                Ok(ops::head_loss(pass, &x[0], &x[1], x.get(2), marks, Factors::F32)?.0)
            })?;
        }
    }
    Ok(())
}

#[test]
fn rows_of_tables_sums_and_dropout() -> Result<()> {
    let mut held = Held::new("kernels: rows");
    let table = [normal(1, &[70, 33])?];
    let ids: Vec<u32> = (0..500u64)
        .map(|at| (Key::new(2).bits(at) % 70) as u32)
        .collect();
    let case = Case {
        what: "embedding added to itself".to_owned(),
        inputs: &table,
        activations: 0,
    };
    compare(&mut held, &case, &|pass, x| {
        let some = ops::embedding(pass, &x[0], &ids)?;
        let others = ops::embedding(pass, &x[0], &ids[..1].repeat(500))?;
        ops::sum(pass, &some, &others, 0.5)
    })?;
    let rule = Dropout {
        key: Key::new(4),
        rate: 0.1,
    };
    let case = Case {
        what: "dropout".to_owned(),
        inputs: &table,
        activations: 1,
    };
    compare(&mut held, &case, &|pass, x| {
        ops::dropout(pass, &x[0], Some(rule))
    })
}

#[test]
fn no_number_is_hidden() -> Result<()> {
    let card = cuda::open(0)?;
    let hidden = (normal(1, &[2, 3])? * f64::NAN)?.to_device(&card)?;
    let weight = normal(2, &[4, 3])?.to_device(&card)?;
    let pass = Pass::new(Kernels::Fused, false);
    let marks = (&[1, 2][..], &[0.5, 0.5][..]);
    let (loss, _) = ops::head_loss(&pass, &hidden, &weight, None, marks, Factors::F32)?;
    assert!(loss.to_scalar::<f32>()?.is_nan());
    Ok(())
}
