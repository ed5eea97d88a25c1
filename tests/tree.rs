//! A tree of continuations is read a level at a time: one pass over the weights for all of a level's tokens. The engine
//! grows it between other work.

#[path = "support/bench.rs"]
mod bench;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use bench::Bench;
use logitscope::decoding::{
    Chooser, GenerationSettings, Growing, Spread, Tree, TreeSettings, read_prompt, tree,
};
use logitscope::engine::{
    self, Command, EngineHandle, Event, GenerateRequest, GrowRequest, LookRequest, RunState,
    Subject, Then,
};
use logitscope::model::{Cache, LoadRequest, LoadedModel, Model, ModelError, ModelInfo, Rows};
use logitscope::sampling::SamplerSettings;

/// The embedded model, with the tokens of each pass.
struct Watched {
    inner: Box<dyn Model>,
    passes: Arc<Mutex<Vec<usize>>>,
}

impl Model for Watched {
    fn info(&self) -> &ModelInfo {
        self.inner.info()
    }
    fn new_cache(&self) -> Result<Cache, ModelError> {
        self.inner.new_cache()
    }
    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
        self.passes.lock().unwrap().push(tokens.len());
        self.inner.read(tokens, cache)
    }
    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
        assert!(
            caches.iter().all(|cache| cache.shared() > 0),
            "the text is held once"
        );
        self.passes.lock().unwrap().push(tokens.len());
        self.inner.step(tokens, caches)
    }
    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
        self.inner.logits(hidden)
    }
}

#[test]
fn a_level_is_one_pass() {
    let request = LoadRequest::default();
    let loaded = engine::load(&request, &mut |_| ControlFlow::Continue(())).unwrap();
    let passes = Arc::new(Mutex::new(Vec::new()));
    let loaded = LoadedModel {
        model: Box::new(Watched {
            inner: loaded.model,
            passes: Arc::clone(&passes),
        }),
        ..loaded
    };
    let chooser = Chooser::new(&loaded, &SamplerSettings::neutral(), 1).unwrap();
    let mut sequence = read_prompt(&loaded, "The king said", &|| false).unwrap();
    passes.lock().unwrap().clear();
    let settings = TreeSettings {
        depth: 4,
        spread: Spread::TopN(3),
        least: 0.0,
        tokens: 1000,
    };
    let mut growing = Growing::new(&loaded, &mut sequence, &chooser, settings).unwrap();
    let mut levels = Vec::new();
    while growing.step(&loaded, &chooser, &|| false).unwrap() {
        levels.push(growing.tree().tokens.len());
    }
    // The text itself was read, and the last level need not be.
    assert_eq!(*passes.lock().unwrap(), [3, 9, 27]);
    assert_eq!(levels, [3, 12, 39]);
    assert_eq!(growing.tree().tokens.len(), 120);

    // What the limit leaves out is not read.
    passes.lock().unwrap().clear();
    let few = TreeSettings {
        tokens: 8,
        ..settings
    };
    let mut growing = Growing::new(&loaded, &mut sequence, &chooser, few).unwrap();
    while growing.step(&loaded, &chooser, &|| false).unwrap() {}
    assert!(growing.tree().is_full && growing.tree().tokens.len() == 8);
    let passes = passes.lock().unwrap();
    assert!(
        passes.len() <= 3 && passes.iter().all(|&tokens| tokens <= 8),
        "{passes:?}"
    );
}

const PROMPT: &str = "The king said";

fn settings(depth: usize, top_n: usize) -> TreeSettings {
    TreeSettings {
        depth,
        spread: Spread::TopN(top_n),
        least: 0.0,
        tokens: 1000,
    }
}

/// An engine whose text is the prompt and so many tokens more, paused.
fn paused_after(tokens: usize) -> Bench {
    let (engine, events) = EngineHandle::spawn();
    let mut bench = Bench { engine, events };
    bench.send(Command::Load(LoadRequest::default()));
    bench.until_state(RunState::Idle);
    bench.send(Command::Generate(Box::new(GenerateRequest {
        prompt: PROMPT.to_owned(),
        sampler: SamplerSettings::neutral(),
        generation: GenerationSettings::default(),
        samples: 1,
        prompt_odds: false,
        then: Then::Pause,
    })));
    bench.until_state(RunState::Paused);
    for _ in 0..tokens {
        bench.send(Command::Step);
        bench.until(|event| matches!(event, Event::Token { .. }));
    }
    bench
}

fn request(number: u64, position: usize, settings: TreeSettings) -> GrowRequest {
    GrowRequest {
        tree: number,
        subject: Subject::Text,
        sample: 0,
        position,
        path: Vec::new(),
        sampler: SamplerSettings::neutral(),
        seed: 1,
        settings,
    }
}

/// The trees that are told until one is done.
fn grown(bench: &mut Bench) -> Vec<(u64, Tree)> {
    let events = bench.until(|event| matches!(event, Event::Grown { done: true, .. }));
    let trees = events.into_iter().filter_map(|event| match event {
        Event::Grown { number, tree, .. } => Some((number, tree)),
        _ => None,
    });
    trees.collect()
}

fn length_of(prompt: &str) -> usize {
    let loaded = engine::load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    read_prompt(&loaded, prompt, &|| false).unwrap().len()
}

#[test]
fn the_engine_tells_each_level_and_the_tree_is_that_of_the_command_line() {
    let mut bench = paused_after(0);
    let loaded = engine::load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let mut sequence = read_prompt(&loaded, PROMPT, &|| false).unwrap();
    let chooser = Chooser::new(&loaded, &SamplerSettings::neutral(), 1).unwrap();
    for limits in [
        settings(3, 3),
        TreeSettings {
            spread: Spread::Mass(0.5),
            tokens: 40,
            ..settings(3, 0)
        },
    ] {
        bench.engine.grow(Some(request(7, sequence.len(), limits)));
        let told = grown(&mut bench);
        let depths: Vec<usize> = told
            .iter()
            .map(|(_, tree)| tree.tokens.iter().map(|token| token.depth).max().unwrap())
            .collect();
        assert_eq!(depths, [1, 2, 3], "a level an event");
        assert!(told.iter().all(|(number, _)| *number == 7));
        let expected = tree(&loaded, &mut sequence, &chooser, limits, &|| false).unwrap();
        assert_eq!(told[2].1, expected);
    }
}

#[test]
fn a_tree_in_the_middle_of_a_text_has_the_odds_that_the_sampler_had_there() {
    let mut bench = paused_after(4);
    let at = length_of(PROMPT) + 1;
    let sampler = SamplerSettings::default();
    bench.engine.look(LookRequest {
        subject: Subject::Text,
        sample: 0,
        position: at,
        sampler: sampler.clone(),
        seed: 1,
        rows: 5,
        search: String::new(),
    });
    let seen = bench.until(|event| matches!(event, Event::Look { .. }));
    let Some(Event::Look { moment, .. }) = seen.last() else {
        unreachable!()
    };
    bench.engine.grow(Some(GrowRequest {
        sampler,
        ..request(1, at, settings(1, 5))
    }));
    let (_, grown) = grown(&mut bench).remove(0);
    let rows = moment.rows.iter().filter(|row| row.final_probability > 0.0);
    for (row, token) in rows.zip(&grown.tokens) {
        assert_eq!((row.id, &row.display), (token.id, &token.display));
        assert_eq!(row.final_probability, token.probability);
        assert_eq!(row.raw_probability, token.raw_probability);
    }
    assert!(!grown.tokens.is_empty());
    // Its text goes on as if nothing had been.
    bench.send(Command::Step);
    let said = bench.until(|event| matches!(event, Event::Token { .. }));
    assert!(matches!(said.last(), Some(Event::Token { record, .. }) if record.position == at + 3));
}

#[test]
fn a_leaf_grows_on_as_the_whole_tree_would_have() {
    let mut bench = paused_after(0);
    let at = length_of(PROMPT);
    bench.engine.grow(Some(request(1, at, settings(3, 3))));
    let (_, whole) = grown(&mut bench).pop().unwrap();
    let leaf = (0..whole.tokens.len())
        .find(|&index| whole.tokens[index].depth == 2)
        .unwrap();
    bench.engine.grow(Some(GrowRequest {
        path: whole.path(leaf),
        ..request(2, at, settings(1, 3))
    }));
    let (number, on) = grown(&mut bench).pop().unwrap();
    assert_eq!(number, 2);
    let children: Vec<_> = whole.children(Some(leaf)).collect();
    assert_eq!(children.len(), on.tokens.len());
    for (index, token) in children.into_iter().zip(&on.tokens) {
        let expected = &whole.tokens[index];
        assert_eq!((expected.id, &expected.display), (token.id, &token.display));
        assert!((expected.probability - token.probability).abs() < 1e-5);
    }
}

#[test]
fn a_newer_wish_ends_a_tree_that_grows_and_commands_are_served_between_passes() {
    let mut bench = paused_after(0);
    let at = length_of(PROMPT);
    // A tree that nobody waits for the end of.
    let endless = TreeSettings {
        tokens: 100_000,
        ..settings(64, 6)
    };
    bench.engine.grow(Some(request(1, at, endless)));
    bench.until(|event| matches!(event, Event::Grown { number: 1, .. }));
    bench.send(Command::Step);
    let events = bench.until(|event| matches!(event, Event::Token { .. }));
    let done = |event: &Event| matches!(event, Event::Grown { done: true, .. });
    assert!(!events.iter().any(done), "the run steps while it grows");
    bench.engine.grow(Some(request(2, at, settings(1, 2))));
    let events = bench.until(done);
    assert!(matches!(
        events.last(),
        Some(Event::Grown { number: 2, .. })
    ));
    // None is wanted any more: the engine waits for commands again.
    bench.engine.grow(Some(request(3, at, endless)));
    bench.until(|event| matches!(event, Event::Grown { number: 3, .. }));
    bench.engine.grow(None);
    bench.send(Command::Save);
    bench.until(|event| matches!(event, Event::Saved { .. }));
    bench.send(Command::Save);
    let after = bench.until(|event| matches!(event, Event::Saved { .. }));
    assert_eq!(after.len(), 1, "{after:?}");
}

#[test]
fn what_cannot_grow_says_so_in_a_sentence_and_the_engine_goes_on() {
    let mut bench = paused_after(0);
    let at = length_of(PROMPT);
    let guided = SamplerSettings {
        guidance_scale: 2.0,
        ..SamplerSettings::neutral()
    };
    for (wrong, said) in [
        (
            GrowRequest {
                sampler: guided,
                ..request(1, at, settings(2, 2))
            },
            "a second context",
        ),
        (request(2, at + 1, settings(2, 2)), "there is no token"),
        (
            GrowRequest {
                path: vec![u32::MAX],
                ..request(3, at, settings(2, 2))
            },
            "outside the model's vocabulary",
        ),
    ] {
        let expected = wrong.tree;
        bench.engine.grow(Some(wrong));
        let events = bench.until(|event| matches!(event, Event::GrowFailed { .. }));
        let Some(Event::GrowFailed { number, message }) = events.last() else {
            unreachable!()
        };
        assert_eq!(*number, expected);
        assert!(message.contains(said), "{message}");
    }
    bench.send(Command::Step);
    bench.until(|event| matches!(event, Event::Token { .. }));
}

#[test]
fn a_path_of_the_tree_is_put_into_the_text_as_a_branch() {
    let mut bench = paused_after(4);
    let at = length_of(PROMPT) + 2;
    bench.engine.grow(Some(request(1, at, settings(3, 2))));
    let (_, grown) = grown(&mut bench).pop().unwrap();
    let leaf = grown.tokens.len() - 1;
    let path = grown.path(leaf);
    bench.send(Command::Replace {
        position: at,
        tokens: path.clone(),
        then: Then::Continue,
    });
    let events = bench.until(|event| matches!(event, Event::Branches { .. }));
    let put: Vec<(usize, u32)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Token { record, .. } => Some((record.position, record.id)),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (at..).zip(path).collect();
    assert_eq!(put, expected);
    let Some(Event::Branches { branches }) = events.last() else {
        unreachable!()
    };
    assert_eq!(branches.len(), 2, "what stood there stays");
    let on = bench.until(|event| matches!(event, Event::Token { .. }));
    assert!(matches!(on.last(), Some(Event::Token { record, .. }) if record.position == at + 3));
}
