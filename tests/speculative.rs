//! Speculative decoding: with shared numbers the text is that of the target alone, token for token; with acceptance sampling
//! it is drawn from the target's distribution.

use std::borrow::Cow;
use std::ops::ControlFlow;

use logitscope::decoding::{
    DecodingError, Gain, Generation, GenerationSettings, Judging, Speculation, StopReason, judge,
};
use logitscope::model::{self, LoadRequest, LoadedModel, Precision};
use logitscope::sampling::{
    Chain, Context, Distribution, Method, Running, SamplerSettings, Uniforms, Vocabulary,
};

fn embedded(precision: Precision) -> LoadedModel {
    let request = LoadRequest {
        precision,
        ..LoadRequest::default()
    };
    model::load(&request, &mut |_| ControlFlow::Continue(())).expect("the embedded model loads")
}

fn start(loaded: &LoadedModel, sampler: &SamplerSettings, tokens: usize, seed: u64) -> Generation {
    let settings = GenerationSettings {
        max_tokens: tokens,
        seed,
        // Short texts end where a paragraph does, long ones go on past the context.
        stop: if tokens < 100 {
            vec!["\n\n".to_owned()]
        } else {
            Vec::new()
        },
        stop_at_end_token: tokens < 100,
        detect_loops: false,
    };
    let prompt = "Once upon a time there was a little";
    Generation::new(loaded, prompt, sampler, &settings, false, &|| false).expect("it starts")
}

fn alone(loaded: &LoadedModel, mut text: Generation) -> (Generation, StopReason) {
    loop {
        let outcome = text.step(loaded, &|| false).expect("the model runs");
        if let Some(reason) = outcome.stop {
            return (text, reason);
        }
    }
}

fn ahead(
    target: &LoadedModel,
    draft: &LoadedModel,
    mut text: Generation,
    tokens: usize,
    judging: Judging,
) -> (Generation, StopReason, Gain) {
    let mut speculation = Speculation::new(target, draft, &text, tokens, judging).expect("it fits");
    loop {
        let round = speculation
            .step(target, &mut text, &|| false)
            .expect("both models run");
        assert!(round.proposals.len() <= tokens);
        let taken = round.proposals.iter().filter(|it| it.accepted).count();
        assert!(round.outcomes.len() == taken || round.outcomes.len() == taken + 1);
        if let Some(reason) = round.outcomes.iter().find_map(|it| it.stop.clone()) {
            return (text, reason, speculation.gain());
        }
    }
}

#[test]
fn with_shared_numbers_the_text_is_that_of_the_target_alone() {
    let (target, draft) = (embedded(Precision::F32), embedded(Precision::Q4_0));
    let with = |method| SamplerSettings {
        method,
        repetition_penalty: 1.1,
        ..SamplerSettings::neutral()
    };
    let mut accepted = 0;
    for (sampler, tokens, seed, many) in [
        (with(Method::Sample), 60, 1, 4),
        (with(Method::Sample), 60, 2, 1),
        (with(Method::Greedy), 40, 3, 7),
        (with(Method::MirostatV2), 40, 4, 4),
        (with(Method::MirostatV1), 40, 5, 3),
        // Longer than the context of 256.
        (with(Method::Sample), 300, 8, 5),
    ] {
        let (expected, why) = alone(&target, start(&target, &sampler, tokens, seed));
        let text = start(&target, &sampler, tokens, seed);
        let (text, reason, gain) = ahead(&target, &draft, text, many, Judging::Shared);
        let (own, others) = (text.sequence(), expected.sequence());
        assert_eq!(own.ids(), others.ids(), "{sampler:?}");
        assert_eq!(reason, why);
        for (record, other) in own.records().iter().zip(others.records()) {
            let probability = |draw: &Option<_>| {
                let draw: &Option<logitscope::decoding::TokenDraw> = draw;
                draw.as_ref().map(|draw| (draw.u, draw.probability))
            };
            let (own, other) = (probability(&record.draw), probability(&other.draw));
            assert_eq!(own.map(|draw| draw.0), other.map(|draw| draw.0));
            let apart = own.zip(other).map_or(0.0, |(a, b)| (a.1 - b.1).abs());
            assert!(apart < 1e-3, "{apart}");
        }
        assert_eq!(gain.tokens, text.generated());
        assert!(gain.passes < gain.tokens || gain.accepted == 0);
        accepted += gain.accepted;
    }
    assert!(accepted > 100, "{accepted}: the draft is nearly the target");
}

#[test]
fn acceptance_takes_more_and_ends_alike() {
    let (target, draft) = (embedded(Precision::F32), embedded(Precision::Q4_0));
    let sampler = SamplerSettings::neutral();
    let text = || start(&target, &sampler, 80, 6);
    let (text, reason, gain) = ahead(&target, &draft, text(), 4, Judging::Acceptance);
    assert!(text.generated() <= 80);
    assert!(matches!(
        reason,
        StopReason::MaxTokens | StopReason::StopText(_) | StopReason::EndToken
    ));
    // Two models that are nearly the same refuse each other little.
    assert!(gain.accepted * 10 > gain.proposed * 6, "{gain:?}");
    // Counterfactual draws need each record.
    let records = &text.sequence().records()[text.prompt_len()..];
    assert!(records.iter().all(|record| record.draw.is_some()));
}

#[test]
fn searches_and_other_tokens_have_no_draft() {
    let target = embedded(Precision::F32);
    let beam = SamplerSettings {
        method: Method::Beam,
        ..SamplerSettings::neutral()
    };
    let text = start(&target, &beam, 4, 1);
    let none = Speculation::new(&target, &target, &text, 4, Judging::Shared).err();
    assert!(matches!(none, Some(DecodingError::NoDraft)));
    let request = LoadRequest {
        source: concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/reference/gguf/llama-q8_0.gguf"
        )
        .to_owned(),
        ..LoadRequest::default()
    };
    let other = model::load(&request, &mut |_| ControlFlow::Continue(())).expect("it loads");
    let text = start(&target, &SamplerSettings::neutral(), 4, 1);
    let none = Speculation::new(&target, &other, &text, 4, Judging::Shared).err();
    assert!(matches!(none, Some(DecodingError::OtherTokens { .. })));
}

/// A vocabulary without words.
struct Numbers;

impl Vocabulary for Numbers {
    fn size(&self) -> usize {
        8
    }

    fn encode(&self, _: &str) -> Vec<u32> {
        Vec::new()
    }

    fn text(&self, _: u32) -> Cow<'_, str> {
        "".into()
    }
}

fn distribution(odds: [f32; 8], top_k: usize) -> Distribution {
    let settings = SamplerSettings {
        top_k,
        ..SamplerSettings::neutral()
    };
    let chain = Chain::new(&settings, &Numbers).expect("fit settings");
    let context = Context {
        history: &[],
        prompt_len: 0,
        end_tokens: &[],
        xtc_u: 0.5,
        running: Running::start(&settings),
        second: None,
    };
    chain.run(&odds.map(f32::ln), &context)
}

#[test]
fn what_is_accepted_or_replaced_is_drawn_from_the_target() {
    const DRAWS: usize = 100_000;
    // One in a thousand fair samples lies above, with 5 degrees of freedom.
    const CRITICAL: f64 = 20.515;
    // Six tokens are left of the target, seven of the draft, and not the same.
    let p = distribution([0.30, 0.05, 0.20, 0.10, 0.15, 0.20, 0.01, 0.01], 6);
    let q = distribution([0.10, 0.30, 0.20, 0.02, 0.05, 0.10, 0.20, 0.01], 7);
    let uniforms = Uniforms::new(11);
    let (mut judged, mut proposed) = ([0_usize; 8], [0_usize; 8]);
    let mut accepted = 0;
    for draw in 0..DRAWS {
        let id = q.draw(uniforms.token(draw));
        let verdict = judge(&p, &q, id, 8, uniforms.judge(draw), uniforms.replace(draw));
        accepted += usize::from(verdict.accepted);
        judged[verdict.id as usize] += 1;
        proposed[id as usize] += 1;
    }
    let chi_square = |counts: &[usize; 8]| -> f64 {
        let odds = (0..8).map(|id| f64::from(p.probability(id)) * DRAWS as f64);
        let both = counts.iter().zip(odds);
        both.filter(|(_, expected)| *expected > 0.0)
            .map(|(&count, expected)| (count as f64 - expected).powi(2) / expected)
            .sum()
    };
    assert_eq!(judged[6] + judged[7], 0, "what the target cuts never comes");
    let found = chi_square(&judged);
    assert!(found < CRITICAL, "chi-square {found}: {judged:?}");
    assert!(chi_square(&proposed) > 1000.0, "the test sees another one");
    // Σ min(p, q), as the paper has it.
    let overlap: f64 = (0..8)
        .map(|id| f64::from(p.probability(id).min(q.probability(id))))
        .sum();
    let share = accepted as f64 / DRAWS as f64;
    assert!((share - overlap).abs() < 0.006, "{share}, and {overlap}");
}
