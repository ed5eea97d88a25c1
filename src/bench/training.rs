//! Steps of training.

use std::hint::black_box;
use std::time::Instant;

use candle_core::{Device, Result};

use super::{Bound, Measured, Speed, Subject, Work};
use crate::model::cpu::bf16_is_native;
use crate::model::{Factors, Precision};
use crate::training::network::{Batch, Compute, DropoutRates, Freeze, Network};
use crate::training::optimizer::{Optimizer, OptimizerSettings};

/// Too small to change anything, and of no matter to the time.
const RATE: f64 = 1e-6;

/// Training in `f32`, and with products of brain floats where the processor has them.
pub(super) fn works(
    subject: &Subject,
    (batch, time): (usize, usize),
) -> Result<Vec<(Speed, Box<dyn Measured>)>> {
    let time = time.min(subject.config.n_positions);
    let mut works: Vec<(Speed, Box<dyn Measured>)> = Vec::new();
    for (factors, precision) in [
        (Factors::F32, Precision::F32),
        (Factors::Bf16, Precision::Bf16),
    ] {
        if factors == Factors::Bf16 && !bf16_is_native() {
            continue;
        }
        let speed = Speed {
            work: Work::Train,
            precision,
            batch,
            context: time,
            tokens_per_second: 0.0,
            limit: 0.0,
            bound: Bound::Products,
        };
        works.push((
            speed,
            Box::new(Training::new(subject, factors, batch, time)?),
        ));
    }
    Ok(works)
}

struct Training {
    network: Network,
    optimizer: Optimizer,
    batch: Batch,
    cost: f64,
}

impl Training {
    fn new(subject: &Subject, factors: Factors, batch: usize, time: usize) -> Result<Self> {
        let compute = Compute {
            factors,
            ..Compute::on(Device::Cpu)
        };
        let kernels = compute.kernels;
        let network = Network::new(
            &subject.config,
            DropoutRates::default(),
            compute,
            subject.tensors.clone(),
            Freeze::Nothing,
            None,
        )?;
        let optimizer =
            Optimizer::new(&OptimizerSettings::default(), network.parameters(), kernels)?;
        let tokens = subject.tokens(batch * time + 1);
        let attention = 2.0 * subject.cached_numbers() * time as f64 / 2.0;
        let forward = 2.0 * (subject.block_numbers() + subject.head_numbers()) + attention;
        Ok(Self {
            network,
            optimizer,
            batch: Batch {
                batch,
                time,
                inputs: tokens[..batch * time].to_vec(),
                targets: tokens[1..].to_vec(),
                real: vec![true; batch * time],
            },
            // The gradients of both factors of each product are products of the same size.
            cost: 3.0 * forward,
        })
    }
}

impl Measured for Training {
    fn block(&self) -> Option<usize> {
        None
    }

    fn run(&mut self) -> Result<f64> {
        let count = self.batch.targets.len();
        let shares = vec![1.0 / count as f32; count];
        let begun = Instant::now();
        let (losses, gradients) = self.network.gradients(&self.batch, &shares, None)?;
        black_box(losses);
        self.optimizer
            .step(self.network.parameters(), &gradients, RATE)?;
        Ok(count as f64 / begun.elapsed().as_secs_f64())
    }

    fn cost(&self) -> f64 {
        self.cost
    }
}
