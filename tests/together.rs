//! Texts of prompts of their own, read and continued together: in one pass over the weights, and each as it is alone.

#[path = "support/bench.rs"]
mod bench;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use bench::Bench;
use logitscope::decoding::{
    GenerationSettings, TokenRecord, View, encode_prompt, read_prompt, read_prompts, score,
    score_each,
};
use logitscope::engine::{
    Command, EngineHandle, Event, GenerateRequest, Prompted, PromptsRequest, RunState, Then,
};
use logitscope::model::{
    self, Cache, LoadRequest, LoadedModel, Model, ModelError, ModelInfo, Precision, Rows,
};
use logitscope::sampling::SamplerSettings;

const PROMPTS: [&str; 4] = [
    "Once upon a time there was a king",
    "The",
    "The fox and the hen said to each other that it was late",
    "A dog ran",
];

/// The tokens of each text of each pass over the weights.
type Passes = Arc<Mutex<Vec<Vec<usize>>>>;

/// A model whose passes are counted.
struct Watched {
    inner: Box<dyn Model>,
    passes: Passes,
}

impl Watched {
    fn pass(&self, texts: Vec<usize>) {
        self.passes.lock().expect("no panic").push(texts);
    }
}

impl Model for Watched {
    fn info(&self) -> &ModelInfo {
        self.inner.info()
    }
    fn new_cache(&self) -> Result<Cache, ModelError> {
        self.inner.new_cache()
    }
    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
        self.pass(vec![tokens.len()]);
        self.inner.read(tokens, cache)
    }
    fn read_each(
        &self,
        texts: &[&[u32]],
        caches: &mut [&mut Cache],
    ) -> Result<Vec<Rows>, ModelError> {
        self.pass(texts.iter().map(|text| text.len()).collect());
        self.inner.read_each(texts, caches)
    }
    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
        self.pass(vec![1; tokens.len()]);
        self.inner.step(tokens, caches)
    }
    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
        self.inner.logits(hidden)
    }
}

fn watched(loaded: LoadedModel, passes: &Passes) -> LoadedModel {
    LoadedModel {
        model: Box::new(Watched {
            inner: loaded.model,
            passes: Arc::clone(passes),
        }),
        ..loaded
    }
}

fn load(source: &str) -> (LoadedModel, Passes) {
    let request = LoadRequest {
        source: source.to_owned(),
        precision: Precision::F32,
        ..LoadRequest::default()
    };
    let loaded = model::load(&request, &mut |_| ControlFlow::Continue(())).expect("a model");
    let passes = Passes::default();
    (watched(loaded, &passes), passes)
}

fn taken(passes: &Passes) -> Vec<Vec<usize>> {
    std::mem::take(&mut *passes.lock().expect("no panic"))
}

fn close(one: f32, other: f32) -> bool {
    (one - other).abs() <= 1e-4 * one.abs().max(1.0)
}

#[test]
fn texts_read_in_one_pass_are_each_what_they_are_alone() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/");
    let families = ["llama/grouped", "llama/rope-llama3", "gpt2/plain"];
    let mut sources = vec![LoadRequest::default().source];
    sources.extend(families.map(|family| format!("{root}{family}")));
    for source in sources {
        let (loaded, passes) = load(&source);
        let vocabulary = loaded.model.info().vocabulary as u32;
        // Some begin where another text is already.
        let texts: Vec<Vec<u32>> = [5u32, 1, 0, 17, 3]
            .iter()
            .map(|&length| {
                (0..length)
                    .map(|at| (at * 7 + length) % vocabulary)
                    .collect()
            })
            .collect();
        let before = [2u32, 0, 1, 0, 0];
        let cache = |index: usize| {
            let mut cache = loaded.model.new_cache().expect("room");
            let before: Vec<u32> = (1..=before[index]).collect();
            loaded.model.read(&before, &mut cache).expect("read");
            cache
        };
        let mut caches: Vec<Cache> = (0..texts.len()).map(cache).collect();
        taken(&passes);
        let given: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let mut lent: Vec<&mut Cache> = caches.iter_mut().collect();
        let together = loaded.model.read_each(&given, &mut lent).expect("read");
        assert_eq!(taken(&passes), [[5, 1, 0, 17, 3]], "{source}");
        for (index, text) in given.iter().enumerate() {
            let mut own = cache(index);
            let alone = loaded.model.read(text, &mut own).expect("read");
            assert_eq!(caches[index].len(), own.len(), "{source}");
            let rows = together[index].as_slice().iter().zip(alone.as_slice());
            assert_eq!(together[index].len(), text.len(), "{source}");
            assert!(
                rows.into_iter().all(|(a, b)| close(*a, *b)),
                "{source} {index}"
            );
            // What was put into the cache is right too: the next token sees it.
            let next = |cache: &mut Cache| loaded.model.read(&[3], cache).expect("read");
            let (one, other) = (next(&mut caches[index]), next(&mut own));
            let mut both = one.as_slice().iter().zip(other.as_slice());
            assert!(both.all(|(a, b)| close(*a, *b)), "{source} {index}");
        }
    }
}

#[test]
fn a_model_that_reads_one_text_at_a_time_reads_each() {
    let (loaded, _) = load("embedded");
    struct Alone(Box<dyn Model>);
    impl Model for Alone {
        fn info(&self) -> &ModelInfo {
            self.0.info()
        }
        fn new_cache(&self) -> Result<Cache, ModelError> {
            self.0.new_cache()
        }
        fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
            self.0.read(tokens, cache)
        }
        fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
            self.0.step(tokens, caches)
        }
        fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
            self.0.logits(hidden)
        }
    }
    let alone = LoadedModel {
        model: Box::new(Alone(loaded.model)),
        ..loaded
    };
    let read = read_prompts(&alone, PROMPTS, &|| false).expect("read");
    for (sequence, prompt) in read.iter().zip(PROMPTS) {
        let own = read_prompt(&alone, prompt, &|| false).expect("read");
        assert!(sequence.hidden_states().eq(own.hidden_states()));
    }
    let mut cache = alone.model.new_cache().expect("room");
    let unequal = alone.model.read_each(&[&[1], &[2]], &mut [&mut cache]);
    assert!(matches!(unequal, Err(ModelError::UnequalBatch { .. })));
}

#[test]
fn long_prompts_are_read_by_themselves() {
    let (loaded, passes) = load("embedded");
    let long = "The king said to the queen that it was late. ".repeat(20);
    let prompts = ["Once upon a", "The", &long, "A dog", "A cat", "A hen"];
    let read = read_prompts(&loaded, prompts, &|| false).expect("read");
    let passes = taken(&passes);
    assert_eq!(passes[0].len(), 2, "{passes:?}");
    assert_eq!(passes[passes.len() - 1].len(), 3, "{passes:?}");
    assert!(passes.len() > 3 && passes[1].len() == 1, "{passes:?}");
    assert!(read.iter().all(|sequence| sequence.unread() == 0));
}

#[test]
fn short_texts_are_scored_in_one_pass() {
    let (loaded, passes) = load("embedded");
    let ids = PROMPTS.map(|prompt| encode_prompt(&loaded, prompt).expect("tokens"));
    let view = View::default();
    let mut together: BTreeMap<usize, Vec<TokenRecord>> = BTreeMap::new();
    score_each(&loaded, &ids, view, |text, record| {
        together.entry(text).or_default().push(record);
        Ok::<_, logitscope::decoding::DecodingError>(())
    })
    .expect("scored");
    assert_eq!(taken(&passes).len(), 1);
    for (text, ids) in ids.iter().enumerate() {
        let mut alone = Vec::new();
        score(&loaded, ids, view, |record| {
            alone.push(record);
            Ok::<_, logitscope::decoding::DecodingError>(())
        })
        .expect("scored");
        assert_eq!(alone.len(), together[&text].len());
        for (one, other) in alone.iter().zip(&together[&text]) {
            assert_eq!((one.position, one.id), (other.position, other.id));
            let bits = |record: &TokenRecord| record.odds.map_or(0.0, |odds| odds.surprisal);
            assert!(close(bits(one), bits(other)), "{one:?} {other:?}");
        }
    }
    // A view that is narrower than a text moves over it alone.
    taken(&passes);
    let narrow = View {
        context: Some(4),
        stride: None,
    };
    score_each(&loaded, &ids, narrow, |_, _| {
        Ok::<_, logitscope::decoding::DecodingError>(())
    })
    .expect("scored");
    assert!(taken(&passes).iter().all(|pass| pass.len() == 1));
}

fn engine() -> (Bench, Passes) {
    let passes = Passes::default();
    let told = Arc::clone(&passes);
    let (engine, events) = EngineHandle::spawn_with(Arc::new(move |request, progress| {
        Ok(watched(model::load(request, progress)?, &told))
    }));
    let mut bench = Bench { engine, events };
    bench.send(Command::Load(LoadRequest {
        precision: Precision::F32,
        ..LoadRequest::default()
    }));
    bench.until_state(RunState::Idle);
    (bench, passes)
}

fn ending(seed: u64, max_tokens: usize) -> GenerationSettings {
    GenerationSettings {
        seed,
        max_tokens,
        stop_at_end_token: false,
        detect_loops: false,
        ..GenerationSettings::default()
    }
}

/// The tokens of each sample.
fn by_sample(events: &[Event]) -> BTreeMap<usize, Vec<u32>> {
    let mut texts: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for event in events {
        if let Event::Token { sample, record } = event {
            texts.entry(*sample).or_default().push(record.id);
        }
    }
    texts
}

#[test]
fn texts_of_several_prompts_are_the_same_as_one_by_one() {
    const TOKENS: usize = 24;
    let (mut bench, passes) = engine();
    let sampler = SamplerSettings::default();
    let seeds = [3u64, 4];
    taken(&passes);
    bench.send(Command::Prompts(Box::new(PromptsRequest {
        prompts: PROMPTS
            .map(|prompt| Prompted {
                prompt: prompt.to_owned(),
                seed: seeds[0],
                samples: seeds.len(),
            })
            .to_vec(),
        sampler: sampler.clone(),
        generation: ending(0, TOKENS),
        prompt_odds: false,
    })));
    let events = bench.until_state(RunState::Idle);
    let together = by_sample(&events);
    let begun: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            Event::Prompted { sample, .. } => Some(*sample),
            _ => None,
        })
        .collect();
    assert_eq!(begun, [0, 2, 4, 6]);
    // The prompts in one pass, and then one for a token of each of the eight texts; the last is not read.
    let passes_made = taken(&passes);
    assert_eq!(passes_made.len(), 1 + (TOKENS - 1), "{passes_made:?}");
    assert_eq!(passes_made[0].len(), PROMPTS.len());
    assert!(passes_made[1..].iter().all(|pass| *pass == [1; 8]));

    let mut one_by_one = 0;
    for (index, prompt) in PROMPTS.iter().enumerate() {
        for (nth, &seed) in seeds.iter().enumerate() {
            bench.send(Command::Generate(Box::new(GenerateRequest {
                prompt: (*prompt).to_owned(),
                sampler: sampler.clone(),
                generation: ending(seed, TOKENS),
                samples: 1,
                prompt_odds: false,
                then: Then::Continue,
            })));
            let alone = by_sample(&bench.until_state(RunState::Idle));
            let place = index * seeds.len() + nth;
            assert_eq!(together[&place], alone[&0], "{prompt} {seed}");
            one_by_one += taken(&passes).len();
        }
    }
    assert_eq!(one_by_one, 8 * TOKENS);
}

#[test]
fn texts_that_are_through_are_kept_no_longer() {
    let (mut bench, _) = engine();
    let ask = |prompt: &str| PromptsRequest {
        prompts: vec![Prompted {
            prompt: prompt.to_owned(),
            seed: 1,
            samples: 2,
        }],
        sampler: SamplerSettings::default(),
        generation: ending(0, 3),
        prompt_odds: false,
    };
    for prompt in PROMPTS {
        bench.send(Command::Prompts(Box::new(ask(prompt))));
        let events = bench.until_state(RunState::Idle);
        let listed = |event: &Event| matches!(event, Event::Branches { .. });
        assert!(!events.iter().any(listed));
    }
    // A text of the usual kind begins anew.
    bench.send(Command::Generate(Box::new(GenerateRequest {
        prompt: "The king".to_owned(),
        sampler: SamplerSettings::default(),
        generation: ending(1, 3),
        samples: 1,
        prompt_odds: false,
        then: Then::Continue,
    })));
    bench.until_state(RunState::Idle);
    bench.send(Command::Save);
    let events = bench.until(|event| matches!(event, Event::Saved { .. }));
    let Some(Event::Saved { session }) = events.last() else {
        panic!("a session")
    };
    assert_eq!(session.branches.len(), 1, "{session:?}");
}
