//! Stages that go by a second context: classifier-free guidance against transformers (values made by
//! `tests/reference/guidance.py`), the difference from a base model, and that rewinds, batches and looks back stay exact.

use std::ops::ControlFlow;

use logitscope::decoding::{
    Chooser, Counterfactual, DecodingError, Generation, GenerationSettings, LookAt, Moment, Spread,
    TreeSettings, batch, look, read_prompt, tree,
};
use logitscope::engine;
use logitscope::model::{LoadRequest, LoadedModel, ModelError, Precision};
use logitscope::sampling::{Method, SamplerSettings, StageKind};
use serde_json::Value;

fn load(request: LoadRequest) -> Result<LoadedModel, ModelError> {
    engine::load(&request, &mut |_| ControlFlow::Continue(()))
}

fn embedded() -> LoadedModel {
    let request = LoadRequest {
        precision: Precision::F32,
        ..LoadRequest::default()
    };
    load(request).expect("the embedded model loads")
}

/// The embedded model in 4 bits, made of itself in full: two models that differ a little.
fn with_base() -> LoadedModel {
    let request = LoadRequest {
        precision: Precision::Q4_0,
        ..LoadRequest::default()
    };
    let mut loaded = load(request).expect("the embedded model loads");
    loaded.base = Some(Box::new(embedded()));
    loaded
}

fn settings(max_tokens: usize, seed: u64) -> GenerationSettings {
    GenerationSettings {
        max_tokens,
        seed,
        detect_loops: false,
        stop_at_end_token: false,
        ..GenerationSettings::default()
    }
}

fn start(loaded: &LoadedModel, sampler: &SamplerSettings, max: usize, seed: u64) -> Generation {
    let settings = settings(max, seed);
    let prompt = "The king was very glad, and said to the queen";
    Generation::new(loaded, prompt, sampler, &settings, false, &|| false).expect("it starts")
}

fn go_on(loaded: &LoadedModel, generation: &mut Generation, tokens: usize) {
    for _ in 0..tokens {
        generation.step(loaded, &|| false).expect("the model runs");
    }
}

fn generated(generation: &Generation) -> Vec<u32> {
    generation.sequence().ids()[generation.prompt_len()..].to_vec()
}

fn guided(scale: f32, negative: &str) -> SamplerSettings {
    SamplerSettings {
        guidance_scale: scale,
        negative_prompt: negative.to_owned(),
        ..SamplerSettings::neutral()
    }
}

fn differing(weight: f32) -> SamplerSettings {
    SamplerSettings {
        difference_weight: weight,
        ..SamplerSettings::neutral()
    }
}

/// What is seen at a place of a text under the settings of `chooser`.
fn moment(
    loaded: &LoadedModel,
    generation: &mut Generation,
    chooser: &Chooser,
    at: usize,
) -> Moment {
    generation.catch_up(loaded).expect("the model runs");
    let second = generation.second(loaded, chooser, at).expect("it is read");
    let place = LookAt {
        position: at,
        prompt_len: generation.prompt_len(),
        running: generation.running(),
        second: second.as_deref(),
        rows: loaded.model.info().vocabulary,
        search: "",
    };
    look(loaded, generation.sequence(), chooser, place).expect("it can be looked at")
}

#[test]
fn guidance_is_that_of_transformers() {
    let loaded = embedded();
    let reference: Value = serde_json::from_str(include_str!("reference/guidance.json")).unwrap();
    for case in reference["cases"].as_array().unwrap() {
        let scale = case["scale"].as_f64().unwrap() as f32;
        let negative = case["negative"].as_str().unwrap();
        let sampler = SamplerSettings {
            method: Method::Greedy,
            ..guided(scale, negative)
        };
        let expected: Vec<u32> = serde_json::from_value(case["ids"].clone()).unwrap();
        let mut generation = start(&loaded, &sampler, expected.len(), 1);
        let chooser = Chooser::new(&loaded, &sampler, 1).unwrap();
        let at = generation.prompt_len();
        let seen = moment(&loaded, &mut generation, &chooser, at);
        let odds = |id: u64| {
            let row = seen.rows.iter().find(|row| u64::from(row.id) == id);
            row.map_or(0.0, |row| f64::from(row.final_probability))
        };
        let top = case["top"].as_array().unwrap().iter();
        for (id, expected) in top.zip(case["odds"].as_array().unwrap()) {
            let (found, expected) = (odds(id.as_u64().unwrap()), expected.as_f64().unwrap());
            assert!(
                (found - expected).abs() < 1e-4 * expected + 1e-6,
                "{scale} {negative:?}: {found}, and transformers says {expected}"
            );
        }
        go_on(&loaded, &mut generation, expected.len());
        assert_eq!(generated(&generation), expected, "{scale} {negative:?}");
        assert_eq!(seen.trace[0].stage, StageKind::Guidance);
        assert!(generation.second_spent().is_some());
    }
}

#[test]
fn the_difference_leads_from_the_base_over_the_model_and_on() {
    let loaded = with_base();
    let base = loaded.base.as_deref().unwrap();
    let plain = |loaded: &LoadedModel| {
        let mut generation = start(loaded, &SamplerSettings::neutral(), 1, 1);
        let at = generation.prompt_len();
        let chooser = Chooser::new(loaded, &SamplerSettings::neutral(), 1).unwrap();
        let mut rows = moment(loaded, &mut generation, &chooser, at).rows;
        rows.sort_by_key(|row| row.id);
        rows.iter()
            .map(|row| f64::from(row.logit))
            .collect::<Vec<_>>()
    };
    let (own, other) = (plain(&loaded), plain(base));
    for weight in [-1.0_f32, 0.0, 0.5, 3.0] {
        let mut generation = start(&loaded, &differing(weight), 1, 1);
        let at = generation.prompt_len();
        let chooser = Chooser::new(&loaded, &differing(weight), 1).unwrap();
        let seen = moment(&loaded, &mut generation, &chooser, at);
        let mixed = own.iter().zip(&other);
        let mixed: Vec<f64> = mixed
            .map(|(own, other)| other + f64::from(weight) * (own - other))
            .collect();
        let max = mixed.iter().copied().fold(f64::MIN, f64::max);
        let mass: f64 = mixed.iter().map(|logit| (logit - max).exp()).sum();
        for row in seen.rows.iter().take(200) {
            let expected = (mixed[row.id as usize] - max).exp() / mass;
            let found = f64::from(row.final_probability);
            assert!(
                (found - expected).abs() < 1e-5 + 1e-3 * expected,
                "{weight}"
            );
            assert_eq!(row.own_changes().count(), 1, "the trace tells it");
        }
    }
    let none = Chooser::new(base, &differing(2.0), 1).err();
    assert!(matches!(none, Some(DecodingError::NoBase)));
}

#[test]
fn rewinds_batches_and_looks_back_are_exact() {
    let loaded = with_base();
    for sampler in [guided(2.0, "It was dark."), guided(1.5, ""), differing(2.5)] {
        let mut straight = start(&loaded, &sampler, 24, 5);
        go_on(&loaded, &mut straight, 16);
        let text = generated(&straight);

        // Back and on again: the same draws.
        let cut = straight.prompt_len() + 6;
        straight.rewind(cut).unwrap();
        go_on(&loaded, &mut straight, 10);
        assert_eq!(generated(&straight), text);

        // Another token and back.
        let mut other = straight.try_clone().unwrap();
        let id = text[6] + 1;
        other.replace(&loaded, cut, id).unwrap();
        go_on(&loaded, &mut other, 3);
        other.rewind(cut).unwrap();
        go_on(&loaded, &mut other, 10);
        assert_eq!(generated(&other), text);

        // Looking back sees the draw.
        let chooser = Chooser::new(&loaded, &sampler, 5).unwrap();
        let seen = moment(&loaded, &mut straight, &chooser, cut);
        assert_eq!(seen.pick, Some(text[6]));
        let drawn = straight.sequence().records()[cut].draw.clone().unwrap();
        let row = seen.rows.iter().find(|row| row.id == text[6]).unwrap();
        assert!((row.final_probability - drawn.probability).abs() < 1e-4);

        // What these knobs would have drawn is what was drawn; without the stage it is something else.
        let end = straight.sequence().len();
        let otherwise = |sampler: &SamplerSettings, text: &mut Generation| {
            let chooser = Chooser::new(&loaded, sampler, 5).unwrap();
            let mut comparison = Counterfactual::new(chooser, end);
            let mut found = Vec::new();
            while !comparison.is_done() {
                found.extend(comparison.step(&loaded, text, 16).unwrap());
            }
            found
        };
        assert_eq!(otherwise(&sampler, &mut straight), []);
        let strong = guided(4.0, "Numbers: 1 2 3 4 5 6 7");
        assert!(!otherwise(&strong, &mut straight).is_empty());

        // Together or each alone.
        let mut single: Vec<_> = (5..8)
            .map(|seed| start(&loaded, &sampler, 24, seed))
            .collect();
        let mut batched: Vec<_> = single.iter().map(|one| one.try_clone().unwrap()).collect();
        for generation in &mut single {
            go_on(&loaded, generation, 8);
        }
        let mut together: Vec<_> = batched.iter_mut().collect();
        for _ in 0..8 {
            batch::step(&loaded, &mut together, &|| false).unwrap();
        }
        for (single, batched) in single.iter().zip(&batched) {
            assert_eq!(generated(single), generated(batched));
        }
    }
}

#[test]
fn what_reads_no_second_context_refuses_in_a_sentence() {
    let loaded = embedded();
    let mut sequence = read_prompt(&loaded, "Once", &|| false).unwrap();
    let chooser = Chooser::new(&loaded, &guided(2.0, ""), 1).unwrap();
    let settings = TreeSettings {
        depth: 1,
        spread: Spread::TopN(1),
        least: 0.0,
        tokens: 1,
    };
    let grown = tree(&loaded, &mut sequence, &chooser, settings, &|| false);
    assert!(matches!(grown, Err(DecodingError::NoSecond)));
    let base = LoadRequest {
        base: concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/reference/gguf/llama-q8_0.gguf"
        )
        .to_owned(),
        ..LoadRequest::default()
    };
    let error = load(base).err().expect("other tokens").to_string();
    assert!(error.contains("different tokens"), "{error}");
}
