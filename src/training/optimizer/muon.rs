//! Muon: momentum whose matrices are made orthogonal, so that every direction of a matrix moves by as much.
//!
//! Jordan et al. 2024, <https://kellerjordan.github.io/posts/muon/>, with Liu et al. 2025, arXiv:2502.16982, for the
//! size of the update, as `torch.optim.Muon` has both with `adjust_lr_fn="match_rms_adamw"`.

use candle_core::{DType, Result, Tensor, Var};

use super::Step;
use crate::kernels::{Factors, Matrix, multiply, product};
use crate::training::ops::{Kernels, Numbers};

/// Coefficients of the odd polynomial that draws singular values to around 1 (Jordan et al.).
const POLYNOMIAL: (f64, f64, f64) = (3.4445, -4.7750, 2.0315);
const ITERATIONS: usize = 5;
/// The update of an orthogonal matrix of `n` rows or columns, whichever are more, is this times the root of `n`: as
/// large as AdamW's, so that one learning rate serves both (Liu et al.).
const LIKE_ADAM: f64 = 0.2;

/// Updates a matrix and its running mean: `v = momentum v + g`, `p = p keep - size orthogonal(g + momentum v)`. The
/// matrix is `parts` matrices beside each other, each made orthogonal by itself.
pub(super) fn update(
    step: Step,
    var: &Var,
    gradient: &Tensor,
    velocity: &mut Tensor,
    parts: usize,
    kernels: Kernels,
) -> Result<()> {
    let momentum = f64::from(step.beta1);
    let gradient = (gradient.to_dtype(var.dtype())? * f64::from(step.scale))?;
    *velocity = ((&*velocity * momentum)? + &gradient)?;
    // Nesterov's: from where the momentum leads.
    let ahead = (gradient + (&*velocity * momentum)?)?;
    let (rows, columns) = var.dims2()?;
    let columns = columns / parts;
    let updates: Vec<Tensor> = (0..parts)
        .map(|part| {
            orthogonal(
                &ahead.narrow(1, part * columns, columns)?.contiguous()?,
                kernels,
            )
        })
        .collect::<Result<_>>()?;
    let size = f64::from(step.size) * LIKE_ADAM * (rows.max(columns) as f64).sqrt();
    let change = (Tensor::cat(&updates, 1)? * size)?;
    var.set(&((var.as_tensor() * f64::from(step.keep))? - change)?)
}

/// A matrix with the singular vectors of `x` and singular values between about 0.7 and 1.2.
fn orthogonal(x: &Tensor, kernels: Kernels) -> Result<Tensor> {
    let (rows, columns) = x.dims2()?;
    // The products are of the smaller side's square.
    if rows > columns {
        return orthogonal(&x.t()?.contiguous()?, kernels)?
            .t()?
            .contiguous();
    }
    let x = x.to_dtype(DType::F32)?;
    let norm = f64::from(x.sqr()?.sum_all()?.to_scalar::<f32>()?).sqrt();
    let x = (x / (norm + 1e-7))?;
    match kernels {
        Kernels::Plain => iterate(x),
        Kernels::Fused => iterate_in_place(&x),
    }
}

/// `x = a x + b (x x') x + c (x x')^2 x`, several times.
fn iterate(mut x: Tensor) -> Result<Tensor> {
    let (a, b, c) = POLYNOMIAL;
    for _ in 0..ITERATIONS {
        let square = x.matmul(&x.t()?)?;
        let factor = ((&square * b)? + (square.matmul(&square)? * c)?)?;
        x = ((&x * a)? + factor.matmul(&x)?)?;
    }
    Ok(x)
}

/// As [`iterate`], on the CPU: `a`, `b` and `c` are put into the small square matrices, so that nothing but products
/// touches the large ones.
fn iterate_in_place(x: &Tensor) -> Result<Tensor> {
    let (rows, columns) = x.dims2()?;
    let (a, b, c) = POLYNOMIAL;
    let (a, b, c) = (a as f32, b as f32, c as f32);
    let mut numbers = Numbers::of(x)?.to_vec();
    for _ in 0..ITERATIONS {
        let x = Matrix::new(&numbers, rows, columns);
        let square = product(x, x.transposed(), &[], Factors::F32);
        let scaled: Vec<f32> = square.iter().map(|number| number * c).collect();
        let mut factor: Vec<f32> = square.iter().map(|number| number * b).collect();
        for diagonal in factor.iter_mut().step_by(rows + 1) {
            *diagonal += a;
        }
        multiply(
            Matrix::new(&scaled, rows, rows),
            Matrix::new(&square, rows, rows),
            &mut factor,
            true,
            Factors::F32,
        );
        numbers = product(Matrix::new(&factor, rows, rows), x, &[], Factors::F32);
    }
    Tensor::from_vec(numbers, x.shape(), x.device())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::training::random::Key;

    fn normal(rows: usize, columns: usize) -> Result<Tensor> {
        let numbers = (0..(rows * columns) as u64).map(|at| Key::new(9).normal(at) as f32);
        Tensor::from_iter(numbers, &Device::Cpu)?.reshape((rows, columns))
    }

    #[test]
    fn every_direction_becomes_as_large_and_stays_where_it_was() -> Result<()> {
        let shapes = [(4, 24), (24, 4), (1, 7)];
        let both = [Kernels::Plain, Kernels::Fused];
        for ((rows, columns), kernels) in shapes.into_iter().flat_map(|s| both.map(|k| (s, k))) {
            let x = normal(rows, columns)?;
            let found = orthogonal(&x, kernels)?;
            assert_eq!(found.dims2()?, (rows, columns));
            let (x, found) = if rows > columns {
                (x.t()?, found.t()?)
            } else {
                (x, found)
            };
            // Singular values of 0.7 to 1.2 leave no vector much longer or shorter.
            let side = rows.min(columns);
            for seed in 0..20 {
                let vector: Vec<f32> = (0..side as u64)
                    .map(|at| Key::new(seed).normal(at) as f32)
                    .collect();
                let vector = Tensor::from_vec(vector, (1, side), &Device::Cpu)?;
                let square = |x: &Tensor| x.sqr()?.sum_all()?.to_scalar::<f32>();
                let grown = square(&vector.matmul(&found)?)? / square(&vector)?;
                assert!((0.45..1.5).contains(&grown), "{rows}x{columns}: {grown}");
            }
            // With x = U S V', this is U f(S) S U' if and only if the vectors are the same.
            let product = found.matmul(&x.t()?)?;
            let skew = (&product - product.t()?)?.abs()?.max_all()?;
            assert!(skew.to_scalar::<f32>()? < 1e-4, "{rows}x{columns}");
        }
        Ok(())
    }

    #[test]
    fn parts_do_not_see_each_other() -> Result<()> {
        let step = Step {
            size: 0.1,
            epsilon: 0.0,
            keep: 1.0,
            beta1: 0.9,
            beta2: 0.0,
            scale: 1.0,
        };
        let run = |gradient: &Tensor, parts: usize| -> Result<Vec<Vec<f32>>> {
            let var = Var::zeros(gradient.dims2()?, DType::F32, &Device::Cpu)?;
            let mut velocity = gradient.zeros_like()?;
            update(step, &var, gradient, &mut velocity, parts, Kernels::Fused)?;
            var.to_vec2()
        };
        let gradient = normal(3, 8)?;
        let both = run(&gradient, 2)?;
        for part in 0..2 {
            let alone = run(&gradient.narrow(1, part * 4, 4)?.contiguous()?, 1)?;
            for (both, alone) in both.iter().zip(alone) {
                assert_eq!(both[part * 4..part * 4 + 4], alone[..]);
            }
        }
        Ok(())
    }
}
