//! The token loop against transformers on the embedded model (values made by `tests/reference/decoding.py`), and
//! what it promises: the same draws after a rewind, exact looks back, a context that slides.

use std::ops::ControlFlow;

use logitscope::decoding::{
    BeamSearch, Chooser, Counterfactual, DecodingError, Generation, GenerationSettings, LookAt,
    Origin, Spread, StopReason, Totals, TreeSettings, batch, encode_prompt, look, read_prompt,
    score, tree,
};
use logitscope::model::{self, LoadRequest, LoadedModel, Precision};
use logitscope::sampling::{Method, Running, SamplerSettings, StageKind};
use logitscope::text::display_token;
use serde_json::Value;

fn embedded() -> LoadedModel {
    let request = LoadRequest {
        precision: Precision::F32,
        ..LoadRequest::default()
    };
    model::load(&request, &mut |_| ControlFlow::Continue(())).expect("the embedded model loads")
}

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/decoding.json")).expect("the reference is JSON")
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).expect("a list of ids")
}

fn neutral(method: Method) -> SamplerSettings {
    SamplerSettings {
        method,
        ..SamplerSettings::neutral()
    }
}

fn tokens(max_tokens: usize) -> GenerationSettings {
    GenerationSettings {
        max_tokens,
        detect_loops: false,
        ..GenerationSettings::default()
    }
}

fn start(
    loaded: &LoadedModel,
    prompt: &str,
    sampler: &SamplerSettings,
    settings: &GenerationSettings,
) -> Generation {
    Generation::new(loaded, prompt, sampler, settings, true, &|| false).expect("the prompt is fit")
}

fn run(loaded: &LoadedModel, generation: &mut Generation) -> StopReason {
    loop {
        let outcome = generation.step(loaded, &|| false).expect("the model runs");
        if let Some(reason) = outcome.stop {
            return reason;
        }
    }
}

fn generated(generation: &Generation) -> Vec<u32> {
    generation.sequence().ids()[generation.prompt_len()..].to_vec()
}

#[test]
fn greedy_says_what_transformers_says() {
    let (loaded, reference) = (embedded(), reference());
    let prompt = reference["prompt"].as_str().unwrap();
    let expected = ids(&reference["greedy"]["ids"]);
    let mut generation = start(
        &loaded,
        prompt,
        &neutral(Method::Greedy),
        &tokens(expected.len()),
    );
    let reason = run(&loaded, &mut generation);
    assert_eq!(generated(&generation), expected);
    assert_eq!(reason, StopReason::MaxTokens);
}

#[test]
fn beam_search_finds_the_beams_of_transformers() {
    let (loaded, reference) = (embedded(), reference());
    let prompt = reference["prompt"].as_str().unwrap();
    for case in reference["beams"].as_array().unwrap() {
        let sampler = SamplerSettings {
            num_beams: case["num_beams"].as_u64().unwrap() as usize,
            length_penalty: case["length_penalty"].as_f64().unwrap() as f32,
            ..neutral(Method::Beam)
        };
        let settings = tokens(case["max_tokens"].as_u64().unwrap() as usize);
        let mut search = BeamSearch::new(start(&loaded, prompt, &sampler, &settings));
        let beams = loop {
            let step = search.step(&loaded, &|| false).expect("the model runs");
            if step.done {
                break step.beams;
            }
        };
        let expected = case["beams"].as_array().unwrap();
        assert_eq!(beams.len(), expected.len());
        for (beam, expected) in beams.iter().zip(expected) {
            assert_eq!(beam.ids, ids(&expected["ids"]));
            let score = expected["score"].as_f64().unwrap();
            assert!(
                (beam.score - score).abs() < 1e-3,
                "{} is not {score}",
                beam.score
            );
        }
        let (best, reason) = search.into_best().expect("there is a beam");
        assert_eq!(generated(&best), beams[0].ids);
        assert_eq!(reason, Some(StopReason::MaxTokens));
    }
}

#[test]
fn contrastive_search_follows_its_definition() {
    let (loaded, reference) = (embedded(), reference());
    let prompt = reference["prompt"].as_str().unwrap();
    for case in reference["contrastive"].as_array().unwrap() {
        let expected = ids(&case["ids"]);
        let sampler = SamplerSettings {
            contrastive_k: case["k"].as_u64().unwrap() as usize,
            contrastive_alpha: case["alpha"].as_f64().unwrap() as f32,
            ..neutral(Method::Contrastive)
        };
        let mut generation = start(&loaded, prompt, &sampler, &tokens(expected.len()));
        run(&loaded, &mut generation);
        assert_eq!(generated(&generation), expected);
        let records = &generation.sequence().records()[generation.prompt_len()..];
        for (record, penalty) in records.iter().zip(case["penalties"].as_array().unwrap()) {
            let ours = record.draw.as_ref().unwrap().candidates[0].penalty;
            assert!((f64::from(ours) - penalty.as_f64().unwrap()).abs() < 1e-4);
        }
    }
}

#[test]
fn scores_are_those_of_transformers() {
    let (loaded, reference) = (embedded(), reference());
    let case = &reference["score"];
    let ids_of_text = encode_prompt(&loaded, case["text"].as_str().unwrap()).unwrap();
    assert_eq!(ids_of_text, ids(&case["ids"]));
    let mut totals = Totals::default();
    let mut records = Vec::new();
    score(
        &loaded,
        &ids_of_text,
        logitscope::decoding::View::default(),
        |record| {
            totals.add(&record);
            records.push(record);
            Ok::<_, logitscope::decoding::DecodingError>(())
        },
    )
    .unwrap();
    assert!(records[0].odds.is_none());
    let expected = case["log_probabilities"].as_array().unwrap();
    let ranks = case["ranks"].as_array().unwrap();
    assert_eq!(records.len(), expected.len() + 1);
    for ((record, log_probability), rank) in records[1..].iter().zip(expected).zip(ranks) {
        let odds = record.odds.unwrap();
        let nats = f64::from(odds.surprisal) * std::f64::consts::LN_2;
        assert!((nats + log_probability.as_f64().unwrap()).abs() < 1e-4);
        assert_eq!(odds.rank as u64, rank.as_u64().unwrap());
    }
    assert!((totals.loss() - case["loss"].as_f64().unwrap()).abs() < 1e-5);
    assert!((totals.perplexity() - totals.loss().exp()).abs() < 1e-9);
    assert_eq!(
        totals.best,
        records
            .iter()
            .filter(|r| r.odds.is_some_and(|o| o.rank == 1))
            .count()
    );
}

#[test]
fn a_rewound_text_is_continued_with_the_same_draws() {
    let loaded = embedded();
    for method in [
        Method::Sample,
        Method::MirostatV1,
        Method::MirostatV2,
        Method::AdaptiveP,
    ] {
        let sampler = SamplerSettings {
            method,
            ..SamplerSettings::default()
        };
        let mut generation = start(&loaded, "The king said", &sampler, &tokens(40));
        run(&loaded, &mut generation);
        let first = generation.sequence().records().to_vec();
        generation.rewind(first.len() - 25).unwrap();
        assert_eq!(generation.sequence().len(), first.len() - 25);
        run(&loaded, &mut generation);
        assert_eq!(generation.sequence().records(), first, "{method:?}");
    }
}

#[test]
fn what_a_steering_method_knew_is_in_the_record_so_that_counterfactual_draws_are_exact() {
    let loaded = embedded();
    for method in [Method::MirostatV1, Method::MirostatV2, Method::AdaptiveP] {
        let sampler = SamplerSettings {
            method,
            adaptive_target: 0.3,
            mirostat_tau: 3.0,
            min_p: 0.02,
            ..SamplerSettings::neutral()
        };
        let mut generation = start(&loaded, "The king said", &sampler, &tokens(40));
        run(&loaded, &mut generation);
        let mut others = |settings: &SamplerSettings| {
            let chooser = Chooser::new(&loaded, settings, 1).unwrap();
            let mut all = Counterfactual::new(chooser, generation.sequence().len());
            let mut others = 0;
            while !all.is_done() {
                others += all.step(&loaded, &mut generation, 7).unwrap().len();
            }
            others
        };
        assert_eq!(others(&sampler), 0, "{method:?}");
        let otherwise = SamplerSettings {
            adaptive_target: 0.9,
            method: Method::AdaptiveP,
            ..sampler.clone()
        };
        assert!(others(&otherwise) > 0, "{method:?}");
        // Each record begins where the one before led to.
        let mut running = Running::start(&sampler);
        for record in &generation.sequence().records()[generation.prompt_len()..] {
            let draw = record.draw.as_ref().unwrap();
            assert!(draw.is_steered());
            assert_eq!(draw.running(running), running, "token {}", record.position);
            let before = draw.adaptive.map_or(1.0, |adaptive| adaptive.probability);
            running = running.after(&sampler, draw.probability, before);
        }
        assert_eq!(generation.running(), running);
    }
}

#[test]
fn a_tree_holds_the_most_probable_continuations() {
    let loaded = embedded();
    let sampler = SamplerSettings::neutral();
    let chooser = Chooser::new(&loaded, &sampler, 1).unwrap();
    let mut sequence = read_prompt(&loaded, "The king said", &|| false).unwrap();
    let before = sequence.ids().to_vec();
    let settings = TreeSettings {
        depth: 3,
        spread: Spread::TopN(4),
        least: 0.0,
        tokens: 1000,
    };
    let whole = tree(&loaded, &mut sequence, &chooser, settings, &|| false).unwrap();
    assert_eq!(sequence.ids(), before, "the text stays as it is");
    assert!(!whole.is_full && whole.tokens.len() == 4 + 16 + 64);
    for (index, token) in whole.tokens.iter().enumerate() {
        // The same by reading the whole text anew.
        let path = whole.path(index);
        let mut totals = Totals::default();
        score(
            &loaded,
            &[&before[..], &path].concat(),
            logitscope::decoding::View::default(),
            |record| {
                if record.position >= before.len() {
                    totals.add(&record);
                }
                Ok::<_, DecodingError>(())
            },
        )
        .unwrap();
        let expected = totals.log_probability.exp();
        assert!(
            (token.cumulated - expected).abs() < 1e-4 * expected.max(1e-3),
            "{path:?}"
        );
        assert_eq!(path.len(), token.depth);
        let siblings: Vec<f32> = whole
            .children(token.parent)
            .map(|at| whole.tokens[at].probability)
            .collect();
        assert!(siblings.len() == 4 && siblings.is_sorted_by(|a, b| a >= b));
    }
    // A limit leaves out the least probable.
    let few = TreeSettings {
        tokens: 24,
        ..settings
    };
    let part = tree(&loaded, &mut sequence, &chooser, few, &|| false).unwrap();
    assert!(part.is_full && part.tokens.len() == 24);
    let mut by_probability: Vec<usize> = (0..whole.tokens.len()).collect();
    by_probability.sort_by(|&a, &b| {
        whole.tokens[b]
            .cumulated
            .total_cmp(&whole.tokens[a].cumulated)
    });
    let mut expected: Vec<Vec<u32>> = by_probability[..24]
        .iter()
        .map(|&at| whole.path(at))
        .collect();
    let mut kept: Vec<Vec<u32>> = (0..24).map(|at| part.path(at)).collect();
    expected.sort_unstable();
    kept.sort_unstable();
    assert_eq!(kept, expected);
    let likely = TreeSettings {
        least: 0.01,
        ..settings
    };
    let likely = tree(&loaded, &mut sequence, &chooser, likely, &|| false).unwrap();
    let expected = whole
        .tokens
        .iter()
        .filter(|token| token.cumulated >= 0.01)
        .count();
    assert_eq!(likely.tokens.len(), expected);
    let stopped = tree(&loaded, &mut sequence, &chooser, settings, &|| true);
    assert!(matches!(stopped, Err(DecodingError::Cancelled)));
    assert_eq!(sequence.ids(), before);
}

#[test]
fn looking_back_shows_what_was_drawn() {
    let loaded = embedded();
    let sampler = SamplerSettings::default();
    let mut generation = start(&loaded, "The king said", &sampler, &tokens(30));
    run(&loaded, &mut generation);
    let chooser = Chooser::new(&loaded, &sampler, 1).unwrap();
    let place = |position| LookAt {
        position,
        second: None,
        prompt_len: generation.prompt_len(),
        running: Running { mu: 0.0, mean: 0.5 },
        search: "",
        rows: 20,
    };
    for record in &generation.sequence().records()[generation.prompt_len()..] {
        let moment = look(
            &loaded,
            generation.sequence(),
            &chooser,
            place(record.position),
        )
        .unwrap();
        let (odds, draw) = (record.odds.unwrap(), record.draw.as_ref().unwrap());
        assert_eq!(moment.chosen, Some(record.id));
        assert_eq!(
            moment.pick,
            Some(record.id),
            "the same u picks the same token"
        );
        assert_eq!(moment.trace, draw.trace);
        assert_eq!(Some(moment.u), draw.u);
        let row = moment.rows.iter().find(|row| row.id == record.id).unwrap();
        assert_eq!(row.raw_probability, odds.probability);
        assert_eq!(row.final_probability, draw.probability);
        assert_eq!(row.rank, odds.rank);
        assert_eq!(moment.final_entropy, draw.entropy);
    }
    // The prompt's own tokens can be looked at too, the first one alone not.
    assert!(look(&loaded, generation.sequence(), &chooser, place(1)).is_ok());
    assert!(look(&loaded, generation.sequence(), &chooser, place(0)).is_err());
}

#[test]
fn other_knobs_change_the_pick_but_not_the_raw_odds() {
    let loaded = embedded();
    let mut generation = start(
        &loaded,
        "The king said",
        &SamplerSettings::default(),
        &tokens(20),
    );
    run(&loaded, &mut generation);
    let greedy = Chooser::new(&loaded, &neutral(Method::Greedy), 1).unwrap();
    let place = LookAt {
        position: 8,
        second: None,
        prompt_len: generation.prompt_len(),
        running: Running { mu: 0.0, mean: 0.5 },
        search: "",
        rows: 5,
    };
    let moment = look(&loaded, generation.sequence(), &greedy, place).unwrap();
    assert_eq!(moment.pick, Some(moment.rows[0].id));
    let record = &generation.sequence().records()[8];
    let row = moment.rows.iter().find(|row| row.id == record.id).unwrap();
    assert_eq!(row.raw_probability, record.odds.unwrap().probability);
}

#[test]
fn a_look_names_what_the_method_takes_or_nothing() {
    let loaded = embedded();
    let sampler = SamplerSettings {
        contrastive_k: 4,
        contrastive_alpha: 0.6,
        ..neutral(Method::Contrastive)
    };
    let mut generation = start(&loaded, "The king said", &sampler, &tokens(16));
    run(&loaded, &mut generation);
    generation.catch_up(&loaded).expect("the model reads");
    let sequence = generation.sequence();
    let place = |position| LookAt {
        position,
        second: None,
        prompt_len: generation.prompt_len(),
        running: Running { mu: 0.0, mean: 0.5 },
        search: "",
        rows: 20,
    };
    let looked = |sampler: &SamplerSettings, position| {
        let chooser = Chooser::new(&loaded, sampler, 1).unwrap();
        look(&loaded, sequence, &chooser, place(position)).unwrap()
    };
    let probable = neutral(Method::Greedy);
    let mut differs = 0;
    for record in &sequence.records()[generation.prompt_len()..] {
        let moment = looked(&sampler, record.position);
        assert_eq!(moment.pick, Some(record.id), "the search's own choice");
        assert_eq!(
            moment.candidates,
            record.draw.as_ref().unwrap().candidates,
            "the same weighing"
        );
        let best = looked(&probable, record.position).pick;
        differs += usize::from(best != Some(record.id));
        // Where likeness counts for nothing, the most probable token is taken.
        let indifferent = SamplerSettings {
            contrastive_alpha: 0.0,
            ..sampler.clone()
        };
        assert_eq!(looked(&indifferent, record.position).pick, best);
        // Likenesses of tokens that were not measured are not made up.
        let wider = SamplerSettings {
            contrastive_k: 9,
            ..sampler.clone()
        };
        let unknown = looked(&wider, record.position);
        assert_eq!((unknown.pick, unknown.candidates.len()), (None, 0));
        assert_eq!(looked(&neutral(Method::Beam), record.position).pick, None);
    }
    assert!(differs > 0, "the search never took another than the best");
    assert_eq!(looked(&sampler, sequence.len()).pick, None, "not measured");
}

#[test]
fn a_look_tells_what_each_stage_did_to_each_token() {
    let loaded = embedded();
    let prompt = "the king and the queen and the king and the";
    let sampler = SamplerSettings {
        repetition_penalty: 1.2,
        dry_multiplier: 0.8,
        temperature: 0.7,
        ..SamplerSettings::neutral()
    };
    let mut generation = start(&loaded, prompt, &sampler, &tokens(1));
    run(&loaded, &mut generation);
    let chooser = Chooser::new(&loaded, &sampler, 1).unwrap();
    let place = LookAt {
        position: generation.prompt_len(),
        second: None,
        prompt_len: generation.prompt_len(),
        running: Running { mu: 0.0, mean: 0.5 },
        search: "",
        rows: 50,
    };
    let moment = look(&loaded, generation.sequence(), &chooser, place).unwrap();
    let stages = |row: &logitscope::decoding::Row| -> Vec<StageKind> {
        row.own_changes().map(|change| change.stage).collect()
    };
    let queen = loaded.tokenizer.encode(" queen").unwrap()[0];
    let queen = moment.rows.iter().find(|row| row.id == queen).unwrap();
    assert_eq!(stages(queen), [StageKind::Repetition, StageKind::Dry]);
    for row in &moment.rows {
        let first = row.changes.first().expect("the temperature changes all");
        assert_eq!(first.before, row.logit);
        let last = row.changes.last().unwrap();
        assert_eq!(last.stage, StageKind::Temperature);
        assert!((last.probability_after - row.final_probability).abs() < 1e-6);
        let seen = generation.sequence().ids()[..place.position].contains(&row.id);
        assert_eq!(stages(row).contains(&StageKind::Repetition), seen);
    }
}

#[test]
fn a_look_shows_the_character_that_a_token_completes() {
    let loaded = embedded();
    let prompt = "The 🦊";
    let generation = start(&loaded, prompt, &SamplerSettings::neutral(), &tokens(1));
    let records = generation.sequence().records();
    let position = records.len() - 1;
    let last = &records[position];
    assert!(
        last.bytes.len() < 4,
        "the tokenizer has no fox: {:?}",
        last.bytes
    );
    let chooser = Chooser::new(&loaded, &SamplerSettings::neutral(), 1).unwrap();
    let place = LookAt {
        position,
        second: None,
        prompt_len: position,
        running: Running { mu: 0.0, mean: 0.5 },
        search: "",
        rows: 5,
    };
    let moment = look(&loaded, generation.sequence(), &chooser, place).unwrap();
    let standing = moment.rows.iter().find(|row| row.id == last.id).unwrap();
    assert!(standing.display.starts_with("🦊⟨…"), "{}", standing.display);
    assert_eq!(
        last.display,
        display_token(&last.bytes),
        "by itself it is what it is"
    );
}

#[test]
fn a_replaced_token_stands_and_the_text_goes_on_from_it() {
    let loaded = embedded();
    let mut generation = start(
        &loaded,
        "The king said",
        &SamplerSettings::default(),
        &tokens(12),
    );
    run(&loaded, &mut generation);
    let place = generation.prompt_len() + 4;
    let other = (generation.sequence().ids()[place] + 1) % 8192;
    let record = generation.replace(&loaded, place, other).unwrap();
    assert_eq!(
        (record.id, record.origin, record.position),
        (other, Origin::Chosen, place)
    );
    assert!(record.odds.unwrap().probability > 0.0 && record.draw.unwrap().u.is_none());
    assert_eq!(generation.sequence().len(), place + 1);
    generation.step(&loaded, &|| false).unwrap();
    assert_eq!(generation.sequence().ids()[place], other);
    assert_eq!(generation.sequence().len(), place + 2);
    assert!(generation.replace(&loaded, place, 8192).is_err());
    assert!(generation.replace(&loaded, 0, 1).is_err());
    assert_eq!(
        generation.sequence().len(),
        place + 2,
        "a refused change loses nothing"
    );
}

#[test]
fn samples_in_a_batch_are_those_of_their_seeds() {
    let loaded = embedded();
    let sampler = SamplerSettings::default();
    let mut first = start(&loaded, "The king said", &sampler, &tokens(16));
    let mut together: Vec<Generation> = (1..=3)
        .map(|seed| first.beside(&loaded, &sampler, seed).unwrap())
        .collect();
    for _ in 0..16 {
        let mut several: Vec<&mut Generation> = together.iter_mut().collect();
        for outcome in batch::step(&loaded, &mut several, &|| false).unwrap() {
            outcome.unwrap();
        }
    }
    for (sample, seed) in together.iter().zip(1..) {
        let settings = GenerationSettings { seed, ..tokens(16) };
        let mut alone = start(&loaded, "The king said", &sampler, &settings);
        run(&loaded, &mut alone);
        assert_eq!(generated(sample), generated(&alone), "seed {seed}");
    }
    assert_ne!(generated(&together[0]), generated(&together[1]));
}

#[test]
fn a_full_context_slides_and_a_rewind_behind_the_slide_sees_the_same() {
    let loaded = embedded();
    let context = loaded.model.info().context_length;
    let mut generation = start(
        &loaded,
        "The king said",
        &SamplerSettings::default(),
        &tokens(context + 40),
    );
    let mut slides = Vec::new();
    loop {
        let outcome = generation.step(&loaded, &|| false).unwrap();
        slides.extend(outcome.slide);
        if outcome.stop.is_some() {
            break;
        }
    }
    assert_eq!(slides.len(), 1);
    assert_eq!(
        (slides[0].kept, slides[0].dropped),
        (context / 2, context / 2)
    );
    assert!(generation.sequence().seen() < context);
    let first = generation.sequence().records().to_vec();
    generation.rewind(context - 10).unwrap();
    run(&loaded, &mut generation);
    assert_eq!(generation.sequence().records().len(), first.len());
    assert_eq!(
        generation.sequence().ids()[..context],
        first.iter().map(|r| r.id).collect::<Vec<_>>()[..context]
    );
}

#[test]
fn a_prompt_longer_than_the_context_is_read_and_continued() {
    let loaded = embedded();
    let prompt = "The king said to the queen that it was late. ".repeat(60);
    let mut generation = start(&loaded, &prompt, &SamplerSettings::default(), &tokens(3));
    assert!(generation.prompt_len() > 2 * loaded.model.info().context_length);
    run(&loaded, &mut generation);
    assert_eq!(generation.generated(), 3);
    assert!(
        generation.sequence().records()[1..]
            .iter()
            .all(|record| record.odds.is_some())
    );
}

#[test]
fn stop_texts_the_end_token_and_loops_end_a_text() {
    let loaded = embedded();
    let settings = GenerationSettings {
        stop: vec!["the fire".into()],
        ..tokens(300)
    };
    let mut generation = start(
        &loaded,
        "Once upon a time",
        &neutral(Method::Greedy),
        &settings,
    );
    let reason = run(&loaded, &mut generation);
    let text = loaded.tokenizer.decode(&generated(&generation));
    match reason {
        StopReason::StopText(stop) => {
            assert!(stop == "the fire" && text.ends_with("the fire"), "{text}")
        }
        other => assert!(!text.contains("the fire"), "{other:?} after {text}"),
    }

    let settings = GenerationSettings {
        detect_loops: true,
        ..tokens(2000)
    };
    let mut generation = start(
        &loaded,
        "Once upon a time",
        &neutral(Method::Greedy),
        &settings,
    );
    assert!(matches!(
        run(&loaded, &mut generation),
        StopReason::Loop { .. }
    ));

    let end = loaded.model.info().end_tokens[0];
    let sampler = SamplerSettings {
        logit_bias: [(format!("#{end}"), 1000.0)].into(),
        ..neutral(Method::Sample)
    };
    let mut generation = start(&loaded, "Once upon a time", &sampler, &tokens(5));
    assert_eq!(run(&loaded, &mut generation), StopReason::EndToken);
    assert_eq!(generation.generated(), 1);
    let settings = GenerationSettings {
        stop_at_end_token: false,
        ..tokens(5)
    };
    let mut generation = start(&loaded, "Once upon a time", &sampler, &settings);
    assert_eq!(run(&loaded, &mut generation), StopReason::MaxTokens);
}

#[test]
fn an_empty_prompt_starts_from_the_end_token() {
    let loaded = embedded();
    let generation = start(&loaded, "", &SamplerSettings::default(), &tokens(1));
    assert_eq!(
        generation.sequence().ids(),
        [loaded.model.info().end_tokens[0]]
    );
}
