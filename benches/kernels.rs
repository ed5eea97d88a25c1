//! The trainer's kernels beside the same in candle's own operations, forward and backward, at the size of a small model:
//! `cargo bench --bench kernels`.

use std::hint::black_box;

use candle_core::{Device, Result, Tensor, Var};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use logitscope::kernels::Factors;
use logitscope::model::Activation;
use logitscope::training::ops::{
    AttentionShape, Kernels, Pass, attention, bias_activation, head_loss, layer_norm, product,
};

const BATCH: usize = 8;
const TIME: usize = 256;
const HEADS: usize = 8;
const WIDTH: usize = 256;
const INNER: usize = 4 * WIDTH;
const VOCABULARY: usize = 8192;
const ROWS: usize = BATCH * TIME;

fn normal(shape: &[usize]) -> Result<Var> {
    Var::from_tensor(&Tensor::randn(0f32, 1.0, shape, &Device::Cpu)?)
}

/// Times `op` and the backward pass of its sum, in both forms. `work` is what is counted: operations or numbers.
fn compare(
    criterion: &mut Criterion,
    name: &str,
    work: usize,
    inputs: &[&[usize]],
    op: impl Fn(&Pass, &[Var]) -> Result<Tensor>,
) {
    let inputs: Vec<Var> = inputs
        .iter()
        .map(|shape| normal(shape).expect("memory for an input"))
        .collect();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(work as u64));
    for (label, kernels) in [("fused", Kernels::Fused), ("plain", Kernels::Plain)] {
        group.bench_function(BenchmarkId::from_parameter(label), |bencher| {
            bencher.iter(|| {
                let pass = Pass::new(kernels, true);
                let value = op(&pass, &inputs).expect("the operation");
                black_box(pass.backward(&value, None).expect("the gradients"));
            });
        });
    }
    group.finish();
}

fn kernels(criterion: &mut Criterion) {
    let shapes: [&[usize]; 3] = [&[ROWS, WIDTH], &[WIDTH, INNER], &[INNER]];
    // Multiplications and additions of the product and of its two gradients.
    let operations = 6 * ROWS * WIDTH * INNER;
    compare(criterion, "product", operations, &shapes, |pass, x| {
        product(pass, &x[0], &x[1], Some(&x[2]), Factors::F32)
    });
    let shapes: [&[usize]; 2] = [&[ROWS, INNER], &[INNER]];
    compare(criterion, "gelu", ROWS * INNER, &shapes, |pass, x| {
        bias_activation(pass, &x[0], &x[1], Activation::GeluTanh)
    });
    let shapes: [&[usize]; 3] = [&[ROWS, WIDTH], &[WIDTH], &[WIDTH]];
    compare(criterion, "layer norm", ROWS * WIDTH, &shapes, |pass, x| {
        layer_norm(pass, &x[0], &x[1], &x[2], 1e-5)
    });
    let shape = AttentionShape {
        batch: BATCH,
        time: TIME,
        heads: HEADS,
        head_width: WIDTH / HEADS,
        scale: (WIDTH as f64 / HEADS as f64).powf(-0.5),
        dropout: None,
    };
    let shapes: [&[usize]; 1] = [&[ROWS, 3 * WIDTH]];
    compare(criterion, "attention", ROWS * WIDTH, &shapes, |pass, x| {
        attention(pass, &x[0], shape)
    });
    let targets: Vec<u32> = (0..ROWS)
        .map(|row| (row * 31 % VOCABULARY) as u32)
        .collect();
    let shares = vec![1.0 / ROWS as f32; ROWS];
    let shapes: [&[usize]; 2] = [&[ROWS, WIDTH], &[VOCABULARY, WIDTH]];
    let operations = 6 * ROWS * WIDTH * VOCABULARY;
    compare(criterion, "head loss", operations, &shapes, |pass, x| {
        let pair = (&targets[..], &shares[..]);
        Ok(head_loss(pass, &x[0], &x[1], None, pair, Factors::F32)?.0)
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = kernels
}
criterion_main!(benches);
