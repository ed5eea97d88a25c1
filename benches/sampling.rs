//! What the chain costs per token at GPT-2's vocabulary size: `cargo bench --bench sampling`.

use std::borrow::Cow;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use logitscope::sampling::{
    Chain, Context, Method, RawOdds, Running, SamplerSettings, Uniforms, Vocabulary,
};

const SIZE: usize = 50_257;

/// Token `i` is the number i and a space.
struct Numbers;

impl Vocabulary for Numbers {
    fn size(&self) -> usize {
        SIZE
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        text.split(' ')
            .filter_map(|number| number.parse().ok())
            .collect()
    }

    fn text(&self, id: u32) -> Cow<'_, str> {
        format!("{id} ").into()
    }
}

/// Bell-shaped logits with an entropy of about 6 bits, as a language model's often is.
fn logits() -> Vec<f32> {
    let uniforms = Uniforms::new(7);
    let bell = |id: usize| {
        (0..12)
            .map(|part| uniforms.token(12 * id + part))
            .sum::<f64>()
            - 6.0
    };
    (0..SIZE).map(|id| (3.6 * bell(id) - 30.0) as f32).collect()
}

fn all_stages() -> SamplerSettings {
    SamplerSettings {
        logit_bias: [("#17".to_owned(), 2.0), ("5 6".to_owned(), -1.0)].into(),
        banned: vec!["100".to_owned(), "7 8".to_owned()],
        min_new_tokens: 100_000,
        no_repeat_ngram: 3,
        frequency_penalty: 0.1,
        presence_penalty: 0.1,
        dry_multiplier: 0.8,
        top_n_sigma: 4.0,
        typical_p: 0.98,
        min_p: 0.01,
        epsilon_cutoff: 0.0003,
        eta_cutoff: 0.0003,
        xtc_probability: 0.5,
        ..SamplerSettings::default()
    }
}

fn sampling(criterion: &mut Criterion) {
    let logits = logits();
    let history: Vec<u32> = (0..600_u32).map(|place| place * place % 331 * 97).collect();
    let context = Context {
        history: &history,
        second: None,
        prompt_len: 10,
        end_tokens: &[50_256],
        xtc_u: 0.3,
        running: Running { mu: 8.0, mean: 0.5 },
    };
    let neutral = SamplerSettings::neutral;

    criterion.bench_function("raw odds, rank of one token", |bencher| {
        bencher.iter(|| {
            let odds = RawOdds::new(black_box(&logits));
            (odds.surprisal_bits(&logits, 4321), odds.rank(&logits, 4321))
        })
    });
    for (name, settings) in [
        ("neutral", neutral()),
        ("default", SamplerSettings::default()),
        ("all stages", all_stages()),
        (
            "temperature",
            SamplerSettings {
                temperature: 0.8,
                ..neutral()
            },
        ),
        (
            "top-k 40",
            SamplerSettings {
                top_k: 40,
                ..neutral()
            },
        ),
        (
            "top-p 0.95",
            SamplerSettings {
                top_p: 0.95,
                ..neutral()
            },
        ),
        (
            "typical-p 0.95",
            SamplerSettings {
                typical_p: 0.95,
                ..neutral()
            },
        ),
        (
            "min-p 0.05",
            SamplerSettings {
                min_p: 0.05,
                ..neutral()
            },
        ),
        (
            "mirostat",
            SamplerSettings {
                method: Method::MirostatV2,
                ..neutral()
            },
        ),
    ] {
        let chain = Chain::new(&settings, &Numbers).expect("the settings are valid");
        criterion.bench_function(&format!("{name}, run and draw"), |bencher| {
            bencher.iter(|| chain.run(black_box(&logits), &context).draw(0.6))
        });
    }
    let default =
        Chain::new(&SamplerSettings::default(), &Numbers).expect("the settings are valid");
    criterion.bench_function("default, explained, top 50", |bencher| {
        bencher.iter(|| default.run_explained(black_box(&logits), &context).top(50))
    });
    let flat = Chain::new(&neutral(), &Numbers)
        .expect("the settings are valid")
        .run(&logits, &context);
    criterion.bench_function("neutral, draw at the far end", |bencher| {
        bencher.iter(|| flat.draw(black_box(0.999_999)))
    });
    let all = all_stages();
    criterion.bench_function("compiling all stages", |bencher| {
        bencher.iter(|| Chain::new(&all, &Numbers))
    });
}

criterion_group!(benches, sampling);
criterion_main!(benches);
