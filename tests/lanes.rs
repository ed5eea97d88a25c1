//! Texts side by side in the engine: one pass over the weights for all, the prompt held once, each drawn in its own way.

#[path = "support/bench.rs"]
mod bench;

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use logitscope::decoding::{
    GenerationSettings, LaneFigures, LaneSettings, NoCommonDraws, StopReason, TokenRecord, parted,
};
use logitscope::engine::{
    Command, EngineHandle, Event, GenerateRequest, Given, LanesRequest, LookRequest, RepeatRequest,
    RunState, Subject, Then,
};
use logitscope::model::{
    self, Cache, LoadRequest, LoadedModel, Model, ModelError, ModelInfo, Precision, Rows,
};
use logitscope::sampling::{Method, SamplerSettings};

/// What the model was asked for.
#[derive(Default)]
struct Counts {
    /// Tokens that were read by themselves.
    read: AtomicUsize,
    /// Passes over the weights for a token of each of some texts, and of how many each was.
    steps: Mutex<Vec<usize>>,
    /// The least number of tokens that a text in a step held together with others.
    least_shared: AtomicUsize,
    /// A token on which the model fails, if not 0.
    poison: AtomicU32,
}

/// The embedded model, watched.
struct Watched {
    inner: Box<dyn Model>,
    counts: Arc<Counts>,
}

impl Model for Watched {
    fn info(&self) -> &ModelInfo {
        self.inner.info()
    }
    fn new_cache(&self) -> Result<Cache, ModelError> {
        self.inner.new_cache()
    }
    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
        if tokens.len() == 1 {
            return self.step(tokens, &mut [cache]);
        }
        self.counts.read.fetch_add(tokens.len(), Ordering::Relaxed);
        self.inner.read(tokens, cache)
    }
    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
        let poison = self.counts.poison.load(Ordering::Relaxed);
        if poison > 0 && tokens.contains(&poison) {
            return Err(ModelError::NoMemory("a token was poisoned".to_owned()));
        }
        self.counts.steps.lock().unwrap().push(tokens.len());
        let shared = caches.iter().map(|cache| cache.shared()).min();
        let shared = shared.unwrap_or(usize::MAX);
        self.counts
            .least_shared
            .fetch_min(shared, Ordering::Relaxed);
        self.inner.step(tokens, caches)
    }
    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
        self.inner.logits(hidden)
    }
}

/// An engine with the watched model, and what it was asked for.
struct Bench {
    bench: bench::Bench,
    counts: Arc<Counts>,
}

impl Deref for Bench {
    type Target = bench::Bench;

    fn deref(&self) -> &Self::Target {
        &self.bench
    }
}

impl DerefMut for Bench {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.bench
    }
}

impl Bench {
    fn loaded() -> Self {
        let counts = Arc::new(Counts {
            least_shared: AtomicUsize::new(usize::MAX),
            ..Counts::default()
        });
        let told = Arc::clone(&counts);
        let (engine, events) = EngineHandle::spawn_with(Arc::new(move |request, progress| {
            let loaded = model::load(request, progress)?;
            Ok(LoadedModel {
                model: Box::new(Watched {
                    inner: loaded.model,
                    counts: Arc::clone(&told),
                }),
                ..loaded
            })
        }));
        let bench = bench::Bench { engine, events };
        let mut bench = Self { bench, counts };
        bench.send(Command::Load(LoadRequest {
            precision: Precision::F32,
            ..LoadRequest::default()
        }));
        bench.until_state(RunState::Idle);
        bench
    }

    /// Runs lanes to their end.
    fn run(&mut self, lanes: Vec<LaneSettings>, prompt: &str, max_tokens: usize) -> Vec<Event> {
        self.send(asked(lanes, prompt, max_tokens, Then::Continue));
        self.until_state(RunState::Idle)
    }

    /// What one of them says when it is alone.
    fn alone(&mut self, lane: &LaneSettings, prompt: &str, max_tokens: usize) -> Vec<u32> {
        self.send(Command::Generate(Box::new(GenerateRequest {
            prompt: prompt.to_owned(),
            sampler: lane.sampler.clone(),
            generation: GenerationSettings {
                seed: lane.seed,
                ..ending(max_tokens)
            },
            samples: 1,
            prompt_odds: false,
            then: Then::Continue,
        })));
        ids(&of(&self.until_state(RunState::Idle), 0))
    }
}

fn ending(max_tokens: usize) -> GenerationSettings {
    GenerationSettings {
        max_tokens,
        detect_loops: false,
        stop_at_end_token: false,
        ..GenerationSettings::default()
    }
}

fn asked(lanes: Vec<LaneSettings>, prompt: &str, max_tokens: usize, then: Then) -> Command {
    Command::Lanes(Box::new(LanesRequest {
        prompt: prompt.to_owned(),
        generation: ending(max_tokens),
        lanes,
        prompt_odds: false,
        then,
    }))
}

fn lane(change: impl FnOnce(&mut SamplerSettings)) -> LaneSettings {
    let mut sampler = SamplerSettings::neutral();
    change(&mut sampler);
    LaneSettings { sampler, seed: 3 }
}

fn four() -> Vec<LaneSettings> {
    vec![
        lane(|_| {}),
        lane(|it| it.temperature = 0.5),
        lane(|it| it.top_k = 5),
        lane(|it| it.method = Method::MirostatV2),
    ]
}

/// The tokens of a lane.
fn of(events: &[Event], lane: usize) -> Vec<TokenRecord> {
    let token = |event: &Event| match event {
        Event::Token { sample, record } if *sample == lane => Some(record.clone()),
        _ => None,
    };
    events.iter().filter_map(token).collect()
}

fn ids(tokens: &[TokenRecord]) -> Vec<u32> {
    tokens.iter().map(|token| token.id).collect()
}

const PROMPT: &str = "Once upon a time there was a king who";

#[test]
fn lanes_are_one_step_a_token_and_hold_their_prompt_once() {
    let mut bench = Bench::loaded();
    let events = bench.run(four(), PROMPT, 24);
    let prompt = events.iter().find_map(|event| match event {
        Event::PromptRead { tokens, .. } => Some(tokens.len()),
        _ => None,
    });
    let prompt = prompt.expect("the prompt is told");
    let counts = &bench.counts;
    assert_eq!(counts.read.load(Ordering::Relaxed), prompt, "read once");
    // The first token of each follows from the prompt; each pass is one of all four.
    assert_eq!(*counts.steps.lock().unwrap(), [4; 23]);
    assert_eq!(counts.least_shared.load(Ordering::Relaxed), prompt);
    let said: Vec<_> = (0..4).map(|lane| ids(&of(&events, lane))).collect();
    for (lane, said) in four().iter().zip(&said) {
        assert_eq!(*said, bench.alone(lane, PROMPT, 24), "{lane:?}");
    }
    assert_ne!(said[0], said[1]);
}

#[test]
fn each_position_has_one_number_in_all_lanes_after_they_part_too() {
    let mut bench = Bench::loaded();
    let events = bench.run(four(), PROMPT, 24);
    let first = of(&events, 0);
    let draws = |tokens: &[TokenRecord]| -> Vec<_> {
        let u = |token: &TokenRecord| token.draw.as_ref().and_then(|draw| draw.u);
        tokens.iter().map(u).collect()
    };
    assert!(draws(&first).iter().all(Option::is_some));
    for other in 1..4 {
        let other = of(&events, other);
        let place = parted(&first, &other).expect("they part");
        assert!(place < 20, "numbers are compared after the parting");
        assert_eq!(draws(&other), draws(&first));
    }
    let apart = events.iter().filter_map(|event| match event {
        Event::Lane { apart, .. } => Some(*apart),
        _ => None,
    });
    assert_eq!(apart.collect::<Vec<_>>(), [None; 4]);
}

#[test]
fn lanes_that_do_not_draw_alike_say_so() {
    let mut bench = Bench::loaded();
    let lanes = vec![
        lane(|_| {}),
        LaneSettings {
            seed: 4,
            ..lane(|_| {})
        },
        lane(|it| {
            it.method = Method::Beam;
            it.num_beams = 3;
        }),
        lane(|it| it.method = Method::Contrastive),
        lane(|it| it.method = Method::Greedy),
    ];
    let alone = bench.alone(&lanes[2], PROMPT, 6);
    let events = bench.run(lanes, PROMPT, 6);
    let apart: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Lane { apart, .. } => Some(*apart),
            _ => None,
        })
        .collect();
    let expected = [
        None,
        Some(NoCommonDraws::OtherSeed),
        Some(NoCommonDraws::Beams),
        Some(NoCommonDraws::Contrastive),
        Some(NoCommonDraws::Greedy),
    ];
    assert_eq!(apart, expected);
    let mut beams = events.iter().filter_map(|event| match event {
        Event::Beams { sample, beams } => Some((*sample, beams.len())),
        _ => None,
    });
    assert_eq!(beams.next_back(), Some((2, 3)));
    assert_eq!(ids(&of(&events, 2)), alone, "a search is what it is alone");
    for lane in 0..5 {
        assert_eq!(of(&events, lane).len(), 6, "lane {lane}");
    }
}

#[test]
fn a_lane_that_fails_leaves_the_others() {
    let mut bench = Bench::loaded();
    let poison = 300;
    bench.counts.poison.store(poison, Ordering::Relaxed);
    let mut lanes = vec![
        lane(|it| {
            _ = it
                .logit_bias
                .insert(format!("#{poison}"), f32::NEG_INFINITY)
        }),
        lane(|it| _ = it.logit_bias.insert(format!("#{poison}"), 1e4)),
        lane(|it| {
            it.top_k = 2;
            it.logit_bias
                .insert(format!("#{poison}"), f32::NEG_INFINITY);
        }),
    ];
    let events = bench.run(lanes.clone(), PROMPT, 12);
    let ends: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Finished { sample, reason, .. } => Some((*sample, reason.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 3);
    assert!(matches!(&ends[0], (1, StopReason::Failed(why)) if why.contains("poisoned")));
    assert_eq!(of(&events, 1).len(), 1, "the token that it fails on");
    bench.counts.poison.store(0, Ordering::Relaxed);
    lanes.remove(1);
    for (sample, lane) in [0, 2].into_iter().zip(&lanes) {
        assert_eq!(ids(&of(&events, sample)), bench.alone(lane, PROMPT, 12));
    }
}

#[test]
fn lanes_are_changed_added_and_taken_away_while_they_stream() {
    let mut bench = Bench::loaded();
    let [first, second] = [lane(|_| {}), lane(|it| it.top_k = 5)];
    bench.send(asked(vec![first.clone(), second], PROMPT, 40, Then::Pause));
    bench.until_state(RunState::Paused);
    let step = |bench: &mut Bench, lanes: usize| {
        bench.send(Command::Step);
        bench.next_tokens(lanes)
    };
    let mut said = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        for (sample, record) in step(&mut bench, 2) {
            said[sample].push(record.id);
        }
    }
    let greedy = lane(|it| it.method = Method::Greedy);
    bench.send(Command::SetLane {
        sample: 1,
        lane: Box::new(greedy.clone()),
    });
    let wrong = lane(|it| it.top_p = 7.0);
    bench.send(Command::SetLane {
        sample: 0,
        lane: Box::new(wrong),
    });
    let told = bench.until(|event| matches!(event, Event::Failed { .. }));
    assert!(told.iter().any(|event| matches!(event,
        Event::Lane { sample: 1, lane, apart: Some(NoCommonDraws::Greedy) } if **lane == greedy)));
    let next = step(&mut bench, 2);
    let samples = |next: &[(usize, TokenRecord)]| -> Vec<_> {
        next.iter().map(|(sample, _)| *sample).collect()
    };
    assert_eq!(samples(&next), [0, 1], "one with a wrong setting goes on");
    let best = next[1].1.odds.expect("odds").best;
    assert_eq!(next[1].1.id, best, "from the next token on");

    // A lane that comes later begins at the prompt.
    bench.send(Command::AddLane(Box::new(first.clone())));
    bench.until(|event| matches!(event, Event::Lane { sample: 2, .. }));
    let next = step(&mut bench, 3);
    assert_eq!(samples(&next), [0, 1, 2]);
    assert_eq!(next[2].1.id, said[0][0], "the draws are those of the place");
    bench.send(Command::RemoveLane { sample: 0 });
    bench.until(|event| matches!(event, Event::LaneRemoved { sample: 0 }));
    let next = step(&mut bench, 2);
    assert_eq!(samples(&next), [0, 1]);
    assert_eq!(next[1].1.id, said[0][1], "the later one moved up");
    bench.send(Command::RemoveLane { sample: 1 });
    bench.send(Command::RemoveLane { sample: 0 });
    bench.until(|event| matches!(event, Event::Failed { message } if message.contains("only one")));
}

impl Bench {
    /// The next tokens, so many.
    fn next_tokens(&mut self, count: usize) -> Vec<(usize, TokenRecord)> {
        let mut tokens = Vec::new();
        while tokens.len() < count {
            match self.events.blocking_recv().expect("the engine lives") {
                Event::Token { sample, record } => tokens.push((sample, record)),
                Event::Failed { message } => panic!("{message}"),
                _ => {}
            }
        }
        tokens
    }
}

#[test]
fn lanes_go_on_past_the_context_as_they_would_alone() {
    let mut bench = Bench::loaded();
    let prompt = "The king said to the queen that it was late. ".repeat(46);
    let lanes = vec![lane(|_| {}), lane(|it| it.temperature = 0.6)];
    let events = bench.run(lanes.clone(), &prompt, 60);
    let slides = events
        .iter()
        .filter(|event| matches!(event, Event::Slid { .. }));
    assert!(slides.count() >= 2, "the prompt is long enough to slide");
    for (sample, lane) in lanes.iter().enumerate() {
        assert_eq!(ids(&of(&events, sample)), bench.alone(lane, &prompt, 60));
    }
}

#[test]
fn the_best_lane_becomes_the_text_and_any_can_be_looked_at() {
    let mut bench = Bench::loaded();
    let events = bench.run(four(), PROMPT, 10);
    let place = of(&events, 0)[4].position;
    let look = |sample: usize| LookRequest {
        subject: Subject::Text,
        sample,
        position: place,
        sampler: four()[sample].sampler.clone(),
        seed: 3,
        rows: 5,
        search: String::new(),
    };
    bench.engine.look_at_lanes((0..4).map(look).collect());
    for lane in 0..4 {
        let seen = bench.until(|event| matches!(event, Event::LaneLook { .. }));
        let Some(Event::LaneLook { sample, moment }) = seen.last() else {
            panic!("a look at a lane")
        };
        assert_eq!(*sample, lane);
        let stands = &of(&events, lane)[4];
        assert_eq!(moment.chosen, Some(stands.id));
        assert_eq!(moment.pick, Some(stands.id), "its own settings drew it");
    }
    bench.send(Command::Select { sample: 2 });
    let told = bench.until(|event| matches!(event, Event::Branches { .. }));
    let Some(Event::Branches { branches }) = told.last() else {
        panic!("branches")
    };
    assert_eq!(branches.len(), 4, "the others stay");
    bench.send(Command::Rewind {
        length: place,
        then: Then::Pause,
    });
    bench.until_state(RunState::Paused);
    bench.send(Command::Step);
    let next = bench.next_tokens(1);
    assert_eq!(next[0].1.id, of(&events, 2)[4].id, "drawn as the lane was");
}

#[test]
fn what_another_model_has_said_is_judged_as_if_this_one_had_said_it() {
    let mut bench = Bench::loaded();
    let prompt = "Once upon a time there was";
    let told = bench.run(vec![lane(|_| {})], prompt, 12);
    let read = told.iter().find_map(|event| match event {
        Event::PromptRead { tokens, .. } => Some(tokens.clone()),
        _ => None,
    });
    let (read, said) = (read.expect("the prompt"), of(&told, 0));
    let bits = said.iter().filter_map(|token| Some(token.odds?.surprisal));
    let mean = bits.sum::<f32>() / said.len() as f32;
    let all = read.iter().chain(&said).map(|token| token.id).collect();
    let mut judge = |given| {
        let prompt = read.len();
        bench.send(Command::Judge {
            lane: 5,
            given,
            prompt,
        });
        let told = bench.until(|event| matches!(event, Event::Judged { .. }));
        match told.last() {
            Some(Event::Judged { lane: 5, surprisal }) => *surprisal,
            other => panic!("{other:?}"),
        }
    };
    let judged = judge(Given::Tokens(all)).expect("bits");
    assert!((judged - mean).abs() < 1e-4, "{judged} {mean}");
    let longer = judge(Given::Text(format!("{prompt} xylophone zebra")));
    assert!(longer > Some(mean), "{longer:?} {mean}");
    assert_eq!(judge(Given::Tokens(vec![u32::MAX])), None);
}

#[test]
fn lanes_are_drawn_again_with_the_seeds_that_follow_and_leave_the_texts_alone() {
    let mut bench = Bench::loaded();
    let prompt = "Once upon a time there was";
    let lanes = vec![lane(|_| {}), lane(|it| it.temperature = 0.5)];
    let first = bench.run(lanes.clone(), prompt, 10);
    let request = RepeatRequest {
        batch: 4,
        lanes: LanesRequest {
            prompt: prompt.to_owned(),
            generation: ending(10),
            lanes: lanes.clone(),
            prompt_odds: false,
            then: Then::Continue,
        },
        runs: 1..3,
    };
    let steps = bench.counts.steps.lock().unwrap().len();
    bench.send(Command::Repeat(Box::new(request.clone())));
    let told = bench.until(|event| matches!(event, Event::Repeated));
    assert!(
        told.iter()
            .all(|event| !matches!(event, Event::Token { .. } | Event::Branches { .. })),
        "{told:?}"
    );
    let batches = bench.counts.steps.lock().unwrap()[steps..].to_vec();
    assert!(
        batches.iter().filter(|batch| **batch == 2).count() >= 2 * 9,
        "one step for both"
    );
    let runs: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::LaneRun {
                batch: 4,
                sample,
                run,
                figures,
                tokens,
                ..
            } => Some((*run, *sample, *figures, tokens.clone())),
            _ => None,
        })
        .collect();
    let places: Vec<_> = runs
        .iter()
        .map(|(run, sample, ..)| (*run, *sample))
        .collect();
    assert_eq!(places, [(1, 0), (1, 1), (2, 0), (2, 1)]);

    // The text that is there goes on as it was.
    bench.send(Command::Resume);
    let on = bench.until_state(RunState::Idle);
    assert!(!of(&on, 0).is_empty());
    assert_eq!(of(&on, 0)[0].position, of(&first, 0)[9].position + 1);

    for (run, sample, figures, tokens) in runs {
        let seeded = lanes.iter().map(|lane| LaneSettings {
            seed: lane.seed + run,
            ..lane.clone()
        });
        let told = bench.run(seeded.collect(), prompt, 10);
        let said = of(&told, sample);
        assert_eq!(ids(&said), tokens);
        assert_eq!(LaneFigures::of(&said, 8192, true), figures);
    }

    // Asked for again it ends those before, and a cancel ends all.
    bench.send(Command::Repeat(Box::new(RepeatRequest {
        runs: 1..100_000,
        ..request
    })));
    bench.until(|event| matches!(event, Event::LaneRun { .. }));
    bench.engine.cancel();
    bench.until(|event| matches!(event, Event::Repeated));
}
