//! Steps of training.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use candle_core::{Device, Result};

use super::subject::{Raw, tokens};
use super::{Bound, Measured, Speed, Work};
use crate::kernels::bf16_is_native;
use crate::model::Precision;
use crate::training::network::{Batch, Compute, DropoutRates, Freeze, Network};
use crate::training::optimizer::{Optimizer, OptimizerSettings};
use crate::training::recipe::Float;

/// Too small to change anything, and of no matter to the time.
const RATE: f64 = 1e-6;

/// Training in `f32` and mixed, where the device does that, in steps of each of some sizes: sequences, and tokens in
/// each.
pub(super) fn works(
    (raw, device): (&Raw, &Device),
    sizes: &[(usize, usize)],
    precisions: &[Precision],
) -> Result<Vec<(Speed, Box<dyn Measured>)>> {
    let mut works: Vec<(Speed, Box<dyn Measured>)> = Vec::new();
    for (float, precision) in [(Float::F32, Precision::F32), (Float::Bf16, Precision::Bf16)] {
        let mixed = float == Float::Bf16;
        if mixed && device.is_cpu() && !bf16_is_native() || !precisions.contains(&precision) {
            continue;
        }
        let compute = Compute::in_precision(device.clone(), float, None);
        let mut trained: Option<Rc<RefCell<Trained>>> = None;
        for &(batch, time) in sizes {
            let time = time.min(raw.config.n_positions);
            let speed = Speed {
                precision,
                batch,
                context: time,
                ..Speed::of(Work::Train, Bound::Products)
            };
            let trained = match &trained {
                Some(trained) => Rc::clone(trained),
                None => {
                    let new = Rc::new(RefCell::new(Trained::new(raw, compute.clone())?));
                    Rc::clone(trained.insert(new))
                }
            };
            let training = Training::new(raw, trained, (batch, time));
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
    fn new(raw: &Raw, compute: Compute) -> Result<Self> {
        let kernels = compute.kernels;
        let network = Network::new(
            &raw.config,
            DropoutRates::default(),
            compute,
            raw.tensors.clone(),
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
    batch: Batch,
    cost: f64,
}

impl Training {
    fn new(raw: &Raw, trained: Rc<RefCell<Trained>>, (batch, time): (usize, usize)) -> Self {
        let tokens = tokens(batch * time + 1, raw.config.vocab_size);
        let attention = 2.0 * raw.cached_numbers() * time as f64 / 2.0;
        let forward = 2.0 * raw.multiplied() + attention;
        Self {
            trained,
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
        let begun = Instant::now();
        let (losses, gradients) = network.gradients(&self.batch, &shares, None)?;
        black_box(losses);
        optimizer.step(network.parameters(), &gradients, RATE)?;
        network.compute().device.synchronize()?;
        Ok(count as f64 / begun.elapsed().as_secs_f64())
    }

    fn cost(&self) -> f64 {
        self.cost
    }
}
