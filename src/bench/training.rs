//! Steps of training.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use candle_core::{Device, Result};

use super::{Bound, Measured, Speed, Subject, Work};
use crate::kernels::{Factors, bf16_is_native};
use crate::model::Precision;
use crate::training::network::{Batch, Compute, DropoutRates, Freeze, Network};
use crate::training::optimizer::{Optimizer, OptimizerSettings};

/// Too small to change anything, and of no matter to the time.
const RATE: f64 = 1e-6;

/// Training in `f32`, and with products of brain floats where the processor has them, in steps of each of some sizes:
/// sequences, and tokens in each.
pub(super) fn works(
    subject: &Subject,
    sizes: &[(usize, usize)],
) -> Result<Vec<(Speed, Box<dyn Measured>)>> {
    let mut works: Vec<(Speed, Box<dyn Measured>)> = Vec::new();
    if sizes.is_empty() {
        return Ok(works);
    }
    let trained = Rc::new(RefCell::new(Trained::new(subject)?));
    for &(batch, time) in sizes {
        let time = time.min(subject.config.n_positions);
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
            let trained = Rc::clone(&trained);
            let training = Training::new(subject, trained, factors, (batch, time));
            works.push((speed, Box::new(training)));
        }
    }
    Ok(works)
}

/// What all sizes of steps change: it is four times as large as the weights.
struct Trained {
    network: Network,
    optimizer: Optimizer,
}

impl Trained {
    fn new(subject: &Subject) -> Result<Self> {
        let compute = Compute::on(Device::Cpu);
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
        Ok(Self { network, optimizer })
    }
}

struct Training {
    trained: Rc<RefCell<Trained>>,
    factors: Factors,
    batch: Batch,
    cost: f64,
}

impl Training {
    fn new(
        subject: &Subject,
        trained: Rc<RefCell<Trained>>,
        factors: Factors,
        (batch, time): (usize, usize),
    ) -> Self {
        let tokens = subject.tokens(batch * time + 1);
        let attention = 2.0 * subject.cached_numbers() * time as f64 / 2.0;
        let forward = 2.0 * (subject.block_numbers() + subject.head_numbers()) + attention;
        Self {
            trained,
            factors,
            batch: Batch {
                batch,
                time,
                inputs: tokens[..batch * time].to_vec(),
                targets: tokens[1..].to_vec(),
                real: vec![true; batch * time],
            },
            // The gradients of both factors of each product are products of the same size.
            cost: 3.0 * forward,
        }
    }
}

impl Measured for Training {
    fn block(&self) -> Option<usize> {
        None
    }

    fn run(&mut self) -> Result<f64> {
        let count = self.batch.targets.len();
        let shares = vec![1.0 / count as f32; count];
        let mut trained = self.trained.borrow_mut();
        let Trained { network, optimizer } = &mut *trained;
        network.set_factors(self.factors);
        let begun = Instant::now();
        let (losses, gradients) = network.gradients(&self.batch, &shares, None)?;
        black_box(losses);
        optimizer.step(network.parameters(), &gradients, RATE)?;
        Ok(count as f64 / begun.elapsed().as_secs_f64())
    }

    fn cost(&self) -> f64 {
        self.cost
    }
}
