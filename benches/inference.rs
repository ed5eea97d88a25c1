//! The model's kernels beside the same in candle's own operations, at the sizes of GPT-2: `cargo bench --bench inference`.

use std::hint::black_box;

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{DType, Device, Module, Result, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use logitscope::kernels::{
    Append, BlockMatrix, DenseProduct, GeluTanh, LayerNorm, Quantisation, ReadAttention, Scoring,
    Seen, StepAttention,
};

const WIDTH: usize = 768;
const INNER: usize = 4 * WIDTH;
const HEADS: usize = 12;
const HEAD_WIDTH: usize = WIDTH / HEADS;
const CONTEXT: usize = 512;
const SCALE: f32 = 0.125;

fn normal(shape: &[usize]) -> Tensor {
    Tensor::randn(0f32, 1.0, shape, &Device::Cpu).expect("memory for an input")
}

/// Times some ways of doing the same. `work` is what is counted: operations or numbers.
fn compare(criterion: &mut Criterion, name: &str, work: usize, ways: &[(&str, &Way)]) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(work as u64));
    for (label, way) in ways {
        group.bench_function(BenchmarkId::from_parameter(label), |bencher| {
            bencher.iter(|| black_box(way().expect("the operation")));
        });
    }
    group.finish();
}

type Way<'a> = dyn Fn() -> Result<Tensor> + 'a;

fn products(criterion: &mut Criterion) -> Result<()> {
    let weight = normal(&[INNER, WIDTH]);
    let numbers: Vec<f32> = weight.flatten_all()?.to_vec1()?;
    for rows in [1, 8, 512] {
        let (x, operations) = (normal(&[rows, WIDTH]), 2 * rows * WIDTH * INNER);
        for (name, ours, candles) in [
            ("q8_0", Quantisation::Q8_0, GgmlDType::Q8_0),
            ("q4_0", Quantisation::Q4_0, GgmlDType::Q4_0),
        ] {
            let ours = BlockMatrix::quantise(std::iter::once((&numbers).into()), INNER, ours)?;
            let candles = QMatMul::from_qtensor(QTensor::quantize(&weight, candles)?)?;
            let name = format!("{name} product of {rows} rows");
            let ways: [(&str, &Way); 2] = [
                ("ours", &|| ours.product(&x, None)),
                ("candle", &|| candles.forward(&x)),
            ];
            compare(criterion, &name, operations, &ways);
        }
        let transposed = weight.t()?;
        let ways: [(&str, &Way); 2] = [
            ("ours", &|| x.apply_op2_no_bwd(&weight, &DenseProduct)),
            ("candle", &|| x.matmul(&transposed)),
        ];
        let name = format!("f32 product of {rows} rows");
        compare(criterion, &name, operations, &ways);
    }
    Ok(())
}

/// A cache of so many tokens.
fn cached(rows: &Tensor, dtype: DType) -> Result<Tensor> {
    let cache = Tensor::zeros((HEADS, CONTEXT, HEAD_WIDTH), dtype, &Device::Cpu)?;
    cache.inplace_op2(rows, &Append { start: 0 })?;
    Ok(cache)
}

fn attention(criterion: &mut Criterion) -> Result<()> {
    let (keys, values) = (normal(&[CONTEXT, WIDTH]), normal(&[CONTEXT, WIDTH]));
    let seen = |dtype| -> Result<Seen> {
        Ok(Seen {
            before: None,
            keys: cached(&keys, dtype)?,
            values: cached(&values, dtype)?,
        })
    };
    let (exact, brief) = ([seen(DType::F32)?], [seen(DType::BF16)?]);
    let candles = |rows: usize, queries: &Tensor, mask: Option<&Tensor>| -> Result<Tensor> {
        let [text] = &exact;
        let by_head = queries
            .reshape((rows, HEADS, HEAD_WIDTH))?
            .transpose(0, 1)?;
        let scores = by_head.contiguous()?.matmul(&text.keys.t()?)?;
        let scores = (scores * f64::from(SCALE))?;
        let scores = match mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let attended = candle_nn::ops::softmax_last_dim(&scores)?.matmul(&text.values)?;
        attended.transpose(0, 1)?.reshape((rows, WIDTH))
    };
    let step = |texts: &[Seen], query: &Tensor| {
        query.apply_op1_no_bwd(&StepAttention {
            texts,
            heads: HEADS,
            scoring: Scoring::plain(SCALE),
        })
    };
    let query = normal(&[1, WIDTH]);
    let ways: [(&str, &Way); 3] = [
        ("ours, f32", &|| step(&exact, &query)),
        ("ours, bf16", &|| step(&brief, &query)),
        ("candle, f32", &|| candles(1, &query, None)),
    ];
    compare(criterion, "attention of a token", CONTEXT * WIDTH, &ways);

    let read = |[text]: &[Seen; 1], queries: &Tensor| {
        let op = ReadAttention {
            heads: HEADS,
            scoring: Scoring::plain(SCALE),
        };
        queries.apply_op3_no_bwd(&text.keys, &text.values, &op)
    };
    let queries = normal(&[CONTEXT, WIDTH]);
    let hidden = (0..CONTEXT * CONTEXT).map(|at| {
        if at % CONTEXT > at / CONTEXT {
            f32::NEG_INFINITY
        } else {
            0.0
        }
    });
    let mask = Tensor::from_iter(hidden, &Device::Cpu)?.reshape((1, CONTEXT, CONTEXT))?;
    let ways: [(&str, &Way); 3] = [
        ("ours, f32", &|| read(&exact, &queries)),
        ("ours, bf16", &|| read(&brief, &queries)),
        ("candle, f32", &|| candles(CONTEXT, &queries, Some(&mask))),
    ];
    let work = CONTEXT * CONTEXT / 2 * WIDTH;
    compare(criterion, "attention of a prompt", work, &ways);
    Ok(())
}

fn rows(criterion: &mut Criterion) -> Result<()> {
    let x = normal(&[CONTEXT, INNER]);
    let ways: [(&str, &Way); 2] = [
        ("ours", &|| x.apply_op1_no_bwd(&GeluTanh)),
        ("candle", &|| x.gelu()),
    ];
    compare(criterion, "gelu", CONTEXT * INNER, &ways);

    let (x, weight, bias) = (
        normal(&[CONTEXT, WIDTH]),
        normal(&[WIDTH]),
        normal(&[WIDTH]),
    );
    let norm = LayerNorm { epsilon: 1e-5 };
    let ways: [(&str, &Way); 2] = [
        ("ours", &|| x.apply_op3_no_bwd(&weight, &bias, &norm)),
        ("candle", &|| {
            candle_nn::ops::layer_norm(&x, &weight, &bias, 1e-5)
        }),
    ];
    compare(criterion, "layer norm", CONTEXT * WIDTH, &ways);
    Ok(())
}

fn inference(criterion: &mut Criterion) {
    products(criterion).expect("products");
    attention(criterion).expect("attention");
    rows(criterion).expect("rows");
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = inference
}
criterion_main!(benches);
