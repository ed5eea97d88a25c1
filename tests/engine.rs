//! The engine's thread: commands in, events out, on the embedded model.

#[path = "support/bench.rs"]
mod bench;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bench::Bench;
use logitscope::decoding::GenerationSettings;
use logitscope::decoding::{BranchInfo, Origin, StopReason, TokenRecord};
use logitscope::engine::{
    Command, CompareRequest, EngineHandle, Event, GenerateRequest, LookRequest, RestoreRequest,
    RunState, Subject, Then,
};
use logitscope::model::{
    self, Cache, LoadRequest, LoadedModel, Model, ModelError, ModelInfo, Rows,
};
use logitscope::sampling::{Method, SamplerSettings};

impl Bench {
    /// An engine with the embedded model.
    fn loaded() -> Self {
        let (engine, events) = EngineHandle::spawn();
        let mut bench = Self { engine, events };
        bench.send(Command::Load(LoadRequest::default()));
        bench.until_state(RunState::Idle);
        bench
    }
}

fn request(max_tokens: usize, then: Then) -> GenerateRequest {
    GenerateRequest {
        prompt: "Once upon a time".to_owned(),
        sampler: SamplerSettings::default(),
        generation: GenerationSettings {
            max_tokens,
            detect_loops: false,
            ..GenerationSettings::default()
        },
        samples: 1,
        prompt_odds: true,
        then,
    }
}

fn generate(max_tokens: usize, then: Then) -> Command {
    Command::Generate(Box::new(request(max_tokens, then)))
}

fn tokens(events: &[Event]) -> Vec<TokenRecord> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Token { record, .. } => Some(record.clone()),
            _ => None,
        })
        .collect()
}

fn ids(events: &[Event]) -> Vec<u32> {
    tokens(events).iter().map(|record| record.id).collect()
}

fn look(position: usize, sampler: SamplerSettings) -> LookRequest {
    LookRequest {
        subject: Subject::Text,
        position,
        sampler,
        seed: 1,
        search: String::new(),
        sample: 0,
        rows: 10,
    }
}

#[test]
fn a_run_tells_the_prompt_then_its_tokens_then_its_end() {
    let mut bench = Bench::loaded();
    bench.send(generate(12, Then::Continue));
    let events = bench.until_state(RunState::Idle);
    let prompt = events.iter().find_map(|event| match event {
        Event::PromptRead {
            subject: Subject::Text,
            tokens,
            ..
        } => Some(tokens.clone()),
        _ => None,
    });
    let prompt = prompt.expect("the prompt is told");
    assert!(prompt[0].odds.is_none() && prompt[1..].iter().all(|token| token.odds.is_some()));
    let said = tokens(&events);
    assert_eq!(said.len(), 12);
    for (index, record) in said.iter().enumerate() {
        assert_eq!(record.position, prompt.len() + index);
        assert_eq!(record.origin, Origin::Generated);
    }
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Finished {
            sample: 0,
            reason: StopReason::MaxTokens,
            tokens: 12,
            ..
        }
    )));
}

#[test]
fn the_same_seed_says_the_same_and_another_something_else() {
    let mut bench = Bench::loaded();
    let mut said = Vec::new();
    for seed in [5, 5, 6] {
        let mut request = request(20, Then::Continue);
        request.generation.seed = seed;
        bench.send(Command::Generate(Box::new(request)));
        said.push(ids(&bench.until_state(RunState::Idle)));
    }
    assert_eq!(said[0], said[1]);
    assert_ne!(said[0], said[2]);
}

#[test]
fn a_run_is_stepped_resumed_and_paused() {
    let mut bench = Bench::loaded();
    bench.send(generate(100_000, Then::Pause));
    bench.until_state(RunState::Paused);
    bench.send(Command::Step);
    bench.send(Command::Step);
    bench.send(Command::Resume);
    let before = bench.until_state(RunState::Running);
    assert_eq!(tokens(&before).len(), 2);
    bench.until(|event| matches!(event, Event::Token { record, .. } if record.position > 20));
    bench.send(Command::Pause);
    bench.until_state(RunState::Paused);
    bench.send(Command::Cancel);
    let events = bench.until_state(RunState::Idle);
    assert!(tokens(&events).is_empty(), "nothing is said while paused");
}

#[test]
fn cancelling_ends_a_run_and_the_next_one_is_not_cancelled() {
    let mut bench = Bench::loaded();
    bench.send(generate(100_000, Then::Continue));
    bench.until(|event| matches!(event, Event::Token { .. }));
    bench.engine.cancel();
    let events = bench.until_state(RunState::Idle);
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Finished {
            reason: StopReason::Cancelled,
            ..
        }
    )));
    bench.send(generate(5, Then::Continue));
    assert_eq!(tokens(&bench.until_state(RunState::Idle)).len(), 5);
}

#[test]
fn a_text_is_cut_and_goes_on_the_same_way() {
    let mut bench = Bench::loaded();
    bench.send(generate(30, Then::Continue));
    let first = tokens(&bench.until_state(RunState::Idle));
    let length = first[10].position;
    bench.send(Command::Rewind {
        length,
        then: Then::Continue,
    });
    let events = bench.until_state(RunState::Idle);
    assert!(events.contains(&Event::Rewound { length }));
    let again = tokens(&events);
    assert_eq!(again.len(), 30, "as many as a run makes");
    assert_eq!(again[..20], first[10..]);
}

#[test]
fn another_token_is_taken_and_the_text_goes_on_from_it() {
    let mut bench = Bench::loaded();
    bench.send(generate(10, Then::Continue));
    let first = tokens(&bench.until_state(RunState::Idle));
    let position = first[4].position;
    let token = (first[4].id + 7) % 8192;
    bench.send(Command::Replace {
        position,
        tokens: vec![token],
        then: Then::Pause,
    });
    let events = bench.until_state(RunState::Paused);
    let changed = tokens(&events);
    assert_eq!(changed.len(), 1);
    assert_eq!(
        (changed[0].position, changed[0].id, changed[0].origin),
        (position, token, Origin::Chosen)
    );
}

#[test]
fn going_on_from_a_token_gives_the_full_number_of_new_tokens() {
    let mut bench = Bench::loaded();
    bench.send(generate(12, Then::Continue));
    let first = tokens(&bench.until_state(RunState::Idle));
    let from_the_end = first[7].position;
    bench.send(Command::Replace {
        position: from_the_end,
        tokens: vec![first[8].id],
        then: Then::Continue,
    });
    let taken = tokens(&bench.until_state(RunState::Idle));
    assert_eq!(
        taken.len(),
        1 + 12,
        "the one that was taken, and as many new ones"
    );
    bench.send(Command::Rewind {
        length: from_the_end,
        then: Then::Continue,
    });
    assert_eq!(tokens(&bench.until_state(RunState::Idle)).len(), 12);
    // Another number holds from the next time on.
    let settings = request(5, Then::Continue);
    bench.send(Command::SetSampler {
        sampler: Box::new(settings.sampler),
        generation: settings.generation,
    });
    bench.send(Command::Rewind {
        length: from_the_end,
        then: Then::Continue,
    });
    assert_eq!(tokens(&bench.until_state(RunState::Idle)).len(), 5);
    // Pausing is not going on anew.
    bench.send(Command::Rewind {
        length: from_the_end,
        then: Then::Pause,
    });
    bench.send(Command::Step);
    bench.send(Command::Resume);
    assert_eq!(tokens(&bench.until_state(RunState::Idle)).len(), 5);
}

#[test]
fn a_prompt_beyond_the_context_says_what_the_model_still_sees() {
    let mut bench = Bench::loaded();
    let mut long = request(2, Then::Continue);
    long.prompt = "the king and the queen ".repeat(120);
    bench.send(Command::Generate(Box::new(long)));
    let events = bench.until_state(RunState::Idle);
    let prompt = prompt_of(&events).len();
    let context = 256;
    assert!(prompt > 2 * context);
    let seen = events.iter().find_map(|event| match event {
        Event::Slid { kept, dropped, .. } => Some((*kept, *dropped)),
        _ => None,
    });
    let (kept, dropped) = seen.expect("it is told");
    assert_eq!(kept + dropped, prompt);
    assert!(kept <= context, "{kept}");
}

#[test]
fn looks_are_served_while_idle_and_while_running() {
    let mut bench = Bench::loaded();
    bench.send(generate(10, Then::Continue));
    let said = tokens(&bench.until_state(RunState::Idle));
    bench
        .engine
        .look(look(said[3].position, SamplerSettings::default()));
    let events = bench.until(|event| matches!(event, Event::Look { .. }));
    let Some(Event::Look { moment, .. }) = events.last() else {
        unreachable!()
    };
    assert_eq!(moment.chosen, Some(said[3].id));
    assert_eq!(moment.pick, Some(said[3].id));

    bench.send(generate(100_000, Then::Continue));
    bench.until(|event| matches!(event, Event::Token { .. }));
    bench.engine.look(look(2, SamplerSettings::default()));
    bench.until(|event| matches!(event, Event::Look { moment, .. } if moment.position == 2));
    bench
        .engine
        .look(look(1_000_000, SamplerSettings::default()));
    bench.until(|event| matches!(event, Event::LookFailed { .. }));
    bench.engine.cancel();
    bench.until_state(RunState::Idle);
}

#[test]
fn the_newest_look_is_the_one_that_is_served_last() {
    let mut bench = Bench::loaded();
    bench.send(generate(10, Then::Continue));
    bench.until_state(RunState::Idle);
    for position in 1..=8 {
        bench
            .engine
            .look(look(position, SamplerSettings::default()));
    }
    bench.until(|event| matches!(event, Event::Look { moment, .. } if moment.position == 8));
}

#[test]
fn a_draft_is_read_beside_the_text() {
    let mut bench = Bench::loaded();
    bench.send(generate(5, Then::Continue));
    let said = tokens(&bench.until_state(RunState::Idle));
    for prompt in ["The", "The old", "The old man"] {
        bench.send(Command::Inspect {
            prompt: prompt.to_owned(),
        });
    }
    let is_last = |event: &Event| {
        matches!(event, Event::PromptRead { subject: Subject::Draft, tokens, .. }
            if tokens.iter().flat_map(|t| t.bytes.clone()).collect::<Vec<_>>() == b"The old man")
    };
    bench.until(is_last);
    bench.engine.look(LookRequest {
        subject: Subject::Draft,
        ..look(3, SamplerSettings::default())
    });
    let events =
        bench.until(|event| matches!(event, Event::Look { .. } | Event::LookFailed { .. }));
    assert!(matches!(
        &events[events.len() - 1],
        Event::Look {
            subject: Subject::Draft,
            ..
        }
    ));
    // The text is still there.
    bench
        .engine
        .look(look(said[0].position, SamplerSettings::default()));
    bench.until(|event| matches!(event, Event::Look { subject: Subject::Text, moment } if moment.chosen == Some(said[0].id)));
}

#[test]
fn a_draft_may_be_given_as_tokens_and_the_odds_are_those_of_the_text() {
    let mut bench = Bench::loaded();
    let read = |bench: &mut Bench, command: Command| {
        bench.send(command);
        let events =
            bench.until(|event| matches!(event, Event::PromptRead { .. } | Event::Failed { .. }));
        events.into_iter().last().expect("an event")
    };
    let prompt = "The old man went".to_owned();
    let Event::PromptRead { tokens, .. } = read(&mut bench, Command::Inspect { prompt }) else {
        panic!("it is read");
    };
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    // Read anew after another text, not only kept from before.
    read(
        &mut bench,
        Command::InspectTokens {
            ids: ids[1..].to_vec(),
        },
    );
    let Event::PromptRead {
        subject: Subject::Draft,
        tokens: again,
        ..
    } = read(&mut bench, Command::InspectTokens { ids })
    else {
        panic!("it is read");
    };
    let odds = |tokens: &[TokenRecord]| -> Vec<Option<u32>> {
        let rank = |token: &TokenRecord| token.odds.map(|odds| odds.rank as u32);
        tokens.iter().map(rank).collect()
    };
    assert_eq!(odds(&again), odds(&tokens));
    let Event::Failed { message } = read(
        &mut bench,
        Command::InspectTokens {
            ids: vec![u32::MAX],
        },
    ) else {
        panic!("there is no such token");
    };
    assert!(
        message.contains("outside the model's vocabulary"),
        "{message}"
    );
}

#[test]
fn several_samples_come_together_and_beams_end_as_a_text() {
    let mut bench = Bench::loaded();
    let mut several = request(6, Then::Continue);
    several.samples = 3;
    bench.send(Command::Generate(Box::new(several)));
    let events = bench.until_state(RunState::Idle);
    assert_eq!(tokens(&events).len(), 18);
    bench.send(Command::Rewind {
        length: 2,
        then: Then::Pause,
    });
    bench.until(|event| matches!(event, Event::Failed { .. }));

    let mut beams = request(6, Then::Continue);
    beams.sampler = SamplerSettings {
        method: Method::Beam,
        num_beams: 3,
        ..SamplerSettings::neutral()
    };
    bench.send(Command::Generate(Box::new(beams)));
    let events = bench.until_state(RunState::Idle);
    let last = events.iter().rev().find_map(|event| match event {
        Event::Beams { beams, .. } => Some(beams.clone()),
        _ => None,
    });
    let last = last.expect("beams are told");
    assert_eq!(last.len(), 3);
    assert_eq!(ids(&events), last[0].ids, "the best beam becomes the text");
}

#[test]
fn commands_that_cannot_be_served_say_so_and_lose_nothing() {
    let (engine, events) = EngineHandle::spawn();
    let mut bench = Bench { engine, events };
    bench.send(generate(3, Then::Continue));
    bench.until(|event| matches!(event, Event::Failed { message } if message.contains("no model")));
    bench.send(Command::Load(LoadRequest::default()));
    bench.until_state(RunState::Idle);
    bench.send(Command::Step);
    bench.until(|event| matches!(event, Event::Failed { message } if message.contains("no text")));
    let mut wrong = request(3, Then::Continue);
    wrong.sampler.top_p = 7.0;
    bench.send(Command::Generate(Box::new(wrong)));
    bench.until(|event| matches!(event, Event::Failed { message } if message.contains("top_p")));
    // A model that cannot be loaded leaves the one that is there.
    let absent = LoadRequest {
        source: "/no/such/directory".to_owned(),
        ..LoadRequest::default()
    };
    bench.send(Command::Load(absent));
    bench.until(|event| matches!(event, Event::Failed { message } if message.contains("/no/such/directory")));
    bench.until_state(RunState::Idle);
    bench.send(generate(3, Then::Continue));
    assert_eq!(tokens(&bench.until_state(RunState::Idle)).len(), 3);
}

/// A model that panics at the third token it is asked for.
struct Fragile {
    inner: Box<dyn Model>,
    heads: AtomicUsize,
}

impl Model for Fragile {
    fn info(&self) -> &ModelInfo {
        self.inner.info()
    }
    fn new_cache(&self) -> Result<Cache, ModelError> {
        self.inner.new_cache()
    }
    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
        self.inner.read(tokens, cache)
    }
    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
        self.inner.step(tokens, caches)
    }
    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
        assert!(
            self.heads.fetch_add(1, Ordering::Relaxed) < 3,
            "the head fell off"
        );
        self.inner.logits(hidden)
    }
}

#[test]
fn a_thread_that_panics_reports_and_can_be_restarted() {
    let times = AtomicUsize::new(0);
    let (engine, events) = EngineHandle::spawn_with(Arc::new(move |request, progress| {
        let loaded = model::load(request, progress)?;
        if times.fetch_add(1, Ordering::Relaxed) > 0 {
            return Ok(loaded);
        }
        let heads = AtomicUsize::new(0);
        Ok(LoadedModel {
            base: None,
            model: Box::new(Fragile {
                inner: loaded.model,
                heads,
            }),
            ..loaded
        })
    }));
    let mut bench = Bench { engine, events };
    bench.send(Command::Load(LoadRequest::default()));
    bench.send(generate(20, Then::Continue));
    bench.until(
        |event| matches!(event, Event::Died { message } if message.contains("the head fell off")),
    );
    bench.engine.restart().expect("somebody listens");
    bench.send(Command::Load(LoadRequest::default()));
    bench.send(generate(4, Then::Continue));
    let events = bench.until(|event| matches!(event, Event::Finished { .. }));
    assert_eq!(tokens(&events).len(), 4);
}

#[test]
fn a_panic_while_loading_is_a_failed_load_and_the_model_stays() {
    let (engine, events) = EngineHandle::spawn_with(Arc::new(|request, progress| {
        if request.source == "evil" {
            panic!("no Location");
        }
        model::load(request, progress)
    }));
    let mut bench = Bench { engine, events };
    let evil = || LoadRequest {
        source: "evil".to_owned(),
        ..LoadRequest::default()
    };
    let failed = |event: &Event| matches!(event, Event::Failed { message } if message.contains("(no Location); load another model"));
    bench.send(Command::Load(evil()));
    bench.until(failed);
    bench.until_state(RunState::Empty);
    bench.send(Command::Load(LoadRequest::default()));
    bench.until_state(RunState::Idle);
    bench.send(Command::Load(evil()));
    bench.until(failed);
    bench.until_state(RunState::Idle);
    bench.send(generate(4, Then::Continue));
    let events = bench.until(|event| matches!(event, Event::Finished { .. }));
    assert_eq!(tokens(&events).len(), 4);
}

#[test]
fn loading_can_be_cancelled() {
    let (engine, events) = EngineHandle::spawn_with(Arc::new(|_, progress| {
        loop {
            let report = model::LoadProgress::Weights { done: 1, total: 2 };
            if let ControlFlow::Break(()) = progress(report) {
                return Err(ModelError::Cancelled);
            }
            std::thread::yield_now();
        }
    }));
    let mut bench = Bench { engine, events };
    bench.send(Command::Load(LoadRequest::default()));
    bench.until(|event| matches!(event, Event::Progress(_)));
    bench.engine.cancel();
    bench.until_state(RunState::Empty);
}

/// The newest list of branches among events.
fn branches(events: &[Event]) -> Vec<BranchInfo> {
    let mut lists = events.iter().filter_map(|event| match event {
        Event::Branches { branches } => Some(branches.clone()),
        _ => None,
    });
    lists.next_back().unwrap_or_default()
}

fn switched(events: &[Event]) -> Vec<TokenRecord> {
    let mut texts = events.iter().filter_map(|event| match event {
        Event::Switched { tokens, .. } => Some(tokens.clone()),
        _ => None,
    });
    texts.next_back().expect("a branch became the text")
}

fn is_list(event: &Event) -> bool {
    matches!(event, Event::Branches { .. })
}

/// A text of 12 tokens cut at the seventh of them, where token 300 was put and the text went on.
fn with_two_branches(bench: &mut Bench) -> (Vec<TokenRecord>, Vec<TokenRecord>, Vec<BranchInfo>) {
    bench.send(generate(12, Then::Continue));
    let first = bench.until_state(RunState::Idle);
    let prompt_len = tokens(&first)[0].position;
    let mut said = prompt_of(&first);
    said.extend(tokens(&first));
    bench.send(Command::Replace {
        position: prompt_len + 6,
        tokens: vec![300],
        then: Then::Continue,
    });
    let second = bench.until_state(RunState::Idle);
    let mut other = said[..prompt_len + 6].to_vec();
    other.extend(tokens(&second));
    (said, other, branches(&second))
}

fn prompt_of(events: &[Event]) -> Vec<TokenRecord> {
    let mut prompts = events.iter().filter_map(|event| match event {
        Event::PromptRead {
            subject: Subject::Text,
            tokens,
            ..
        } => Some(tokens.clone()),
        _ => None,
    });
    prompts.next_back().expect("the prompt is told")
}

#[test]
fn a_cut_text_stays_as_a_branch_and_can_be_taken_up_again() {
    let mut bench = Bench::loaded();
    let (said, other, listed) = with_two_branches(&mut bench);
    let [old, new] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert!(!old.current && new.current);
    assert_eq!(old.length, said.len());
    assert_eq!(new.lineage.parent, Some(old.lineage.id));
    assert_eq!(new.lineage.fork, said.len() - 6);

    bench.send(Command::Switch(old.lineage.id));
    let events = bench.until(is_list);
    assert_eq!(switched(&events), said, "every record is what it was");
    // Looking back at the branch needs its hidden states, which were kept.
    bench
        .engine
        .look(look(said.len() - 2, SamplerSettings::default()));
    let looked =
        bench.until(|event| matches!(event, Event::Look { .. } | Event::LookFailed { .. }));
    let Some(Event::Look { moment, .. }) = looked.last() else {
        panic!("{looked:?}");
    };
    assert_eq!(moment.chosen, Some(said[said.len() - 2].id));
    assert_eq!(
        moment.pick,
        Some(said[said.len() - 2].id),
        "the same u picks the same token"
    );

    // And it goes on as one text would have: the same as twice as many tokens at once.
    bench.send(Command::Resume);
    let went_on = ids(&bench.until_state(RunState::Idle));
    let mut whole = Bench::loaded();
    whole.send(generate(24, Then::Continue));
    assert_eq!(ids(&whole.until_state(RunState::Idle))[12..], went_on);

    bench.send(Command::Switch(new.lineage.id));
    assert_eq!(switched(&bench.until(is_list)), other);
}

#[test]
fn branches_are_named_and_pruned_and_nothing_that_grew_from_them_is_lost() {
    let mut bench = Bench::loaded();
    let (_, other, listed) = with_two_branches(&mut bench);
    let (old, new) = (listed[0].lineage.id, listed[1].lineage.id);
    bench.send(Command::Name {
        branch: old,
        name: Some("the first".to_owned()),
    });
    let named = branches(&bench.until(is_list));
    assert_eq!(named[0].lineage.name.as_deref(), Some("the first"));
    bench.send(Command::Prune(new));
    let refused = bench.until(|event| matches!(event, Event::Failed { .. }));
    assert!(format!("{refused:?}").contains("switch to another one first"));
    bench.send(Command::Prune(old));
    let left = branches(&bench.until(is_list));
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].lineage.parent, left[0].lineage.fork), (None, 0));
    bench.send(Command::Show(new));
    let shown = bench.until(|event| matches!(event, Event::Branch { .. }));
    assert!(matches!(shown.last(), Some(Event::Branch { tokens, .. }) if *tokens == other));
}

#[test]
fn a_text_that_begins_another_as_it_stands_is_not_kept_twice() {
    let mut bench = Bench::loaded();
    bench.send(generate(12, Then::Continue));
    let said = tokens(&bench.until_state(RunState::Idle));
    // The same knobs and the same draws say the same again, the first time for longer than it was said before.
    for _ in 0..4 {
        bench.send(Command::Rewind {
            length: said[4].position,
            then: Then::Continue,
        });
        bench.until_state(RunState::Idle);
    }
    bench.send(Command::Rewind {
        length: said[4].position,
        then: Then::Pause,
    });
    let listed = branches(&bench.until(is_list));
    assert_eq!(listed.len(), 3, "{listed:?}");
}

#[test]
fn one_of_several_samples_is_taken_and_the_others_stay_as_branches() {
    let mut bench = Bench::loaded();
    let mut asked = request(8, Then::Continue);
    asked.samples = 3;
    bench.send(Command::Generate(Box::new(asked)));
    let events = bench.until_state(RunState::Idle);
    let sample = |wanted: usize| -> Vec<u32> {
        let of = events.iter().filter_map(|event| match event {
            Event::Token { sample, record } if *sample == wanted => Some(record.id),
            _ => None,
        });
        of.collect()
    };
    bench.engine.look(LookRequest {
        sample: 2,
        ..look(prompt_of(&events).len(), SamplerSettings::default())
    });
    let looked = bench.until(|event| matches!(event, Event::Look { .. }));
    let Some(Event::Look { moment, .. }) = looked.last() else {
        panic!("{looked:?}");
    };
    assert_eq!(moment.chosen, Some(sample(2)[0]));
    assert_eq!(
        moment.pick,
        Some(sample(2)[0]),
        "each sample has its own draws"
    );
    bench.send(Command::Select { sample: 1 });
    let listed = branches(&bench.until(is_list));
    assert_eq!(listed.len(), 3);
    let current = listed
        .iter()
        .find(|branch| branch.current)
        .expect("one is current");
    for (branch, wanted) in listed.iter().map(|one| one.lineage.id).zip([1, 0, 2]) {
        bench.send(Command::Show(branch));
        let shown = bench.until(|event| matches!(event, Event::Branch { .. }));
        let Some(Event::Branch { tokens, .. }) = shown.last() else {
            panic!("{shown:?}");
        };
        let generated = tokens
            .iter()
            .filter(|token| token.origin == Origin::Generated);
        assert_eq!(
            generated.map(|token| token.id).collect::<Vec<_>>(),
            sample(wanted)
        );
    }
    assert_eq!(current.stats.tokens, 8);
}

#[test]
fn other_knobs_are_compared_along_the_whole_text() {
    let mut bench = Bench::loaded();
    bench.send(generate(40, Then::Continue));
    let events = bench.until_state(RunState::Idle);
    let said = tokens(&events);
    let mut compared = |sampler: SamplerSettings| {
        bench.engine.compare(CompareRequest {
            sample: 0,
            sampler,
            seed: 1,
        });
        let end = said[said.len() - 1].position + 1;
        let events =
            bench.until(|event| matches!(event, Event::Compared { upto, .. } if *upto == end));
        let pieces = events.into_iter().filter_map(|event| match event {
            Event::Compared { otherwise, .. } => Some(otherwise),
            _ => None,
        });
        pieces.flatten().collect::<Vec<_>>()
    };
    assert_eq!(
        compared(SamplerSettings::default()),
        [],
        "the same knobs draw the same"
    );
    let greedy = SamplerSettings {
        method: Method::Greedy,
        ..SamplerSettings::neutral()
    };
    let others = compared(greedy);
    let best = |record: &&TokenRecord| record.odds.is_some_and(|odds| odds.best != record.id);
    let expected: Vec<(usize, u32)> = said
        .iter()
        .filter(best)
        .map(|record| (record.position, record.odds.expect("odds").best))
        .collect();
    assert!(!expected.is_empty());
    let others: Vec<_> = others
        .iter()
        .map(|other| (other.position, other.id))
        .collect();
    assert_eq!(others, expected);
}

#[test]
fn saved_texts_come_back_and_go_on_the_same_way() {
    let mut bench = Bench::loaded();
    let (_, other, listed) = with_two_branches(&mut bench);
    bench.send(Command::Save);
    let saved = bench.until(|event| matches!(event, Event::Saved { .. }));
    let Some(Event::Saved { session }) = saved.last() else {
        panic!("{saved:?}");
    };
    let written = serde_json::to_string(session).expect("JSON");
    bench.send(Command::Resume);
    let went_on = ids(&bench.until_state(RunState::Idle));

    let mut again = Bench::loaded();
    let restored = |session: &str| {
        let asked = request(12, Then::Continue);
        Command::Restore(Box::new(RestoreRequest {
            session: serde_json::from_str(session).expect("JSON"),
            sampler: asked.sampler,
            generation: asked.generation,
        }))
    };
    again.send(restored(&written));
    let events = again.until(is_list);
    assert_eq!(switched(&events), other);
    assert_eq!(branches(&events), listed);
    again
        .engine
        .look(look(other.len() - 3, SamplerSettings::default()));
    let looked =
        again.until(|event| matches!(event, Event::Look { .. } | Event::LookFailed { .. }));
    assert!(
        matches!(looked.last(), Some(Event::Look { moment, .. }) if moment.pick == Some(other[other.len() - 3].id)),
        "{looked:?}"
    );
    again.send(Command::Resume);
    assert_eq!(ids(&again.until_state(RunState::Idle)), went_on);

    // What another model cannot know is refused, and what is there stays.
    again.send(restored(&written.replace("\"id\":300", "\"id\":99999999")));
    let refused = again.until(|event| matches!(event, Event::Failed { .. }));
    assert!(format!("{refused:?}").contains("load the model that they were made with"));
}

#[test]
fn a_search_finds_tokens_far_down_the_table() {
    let mut bench = Bench::loaded();
    bench.send(generate(1, Then::Continue));
    let end = prompt_of(&bench.until_state(RunState::Idle)).len();
    bench.engine.look(LookRequest {
        search: "QU".to_owned(),
        ..look(end, SamplerSettings::default())
    });
    let looked = bench.until(|event| matches!(event, Event::Look { .. }));
    let Some(Event::Look { moment, .. }) = looked.last() else {
        panic!("{looked:?}");
    };
    let found: Vec<_> = moment
        .rows
        .iter()
        .filter(|row| row.display.to_lowercase().contains("qu"))
        .collect();
    assert!(found.len() > 3, "{:?}", moment.rows);
    assert!(
        moment.rows.len() - found.len() <= 2,
        "beside them only what was chosen and picked"
    );
    assert!(found.windows(2).all(|pair| pair[0].rank < pair[1].rank));
}
