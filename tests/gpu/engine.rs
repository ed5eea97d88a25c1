//! What each pane shows, through the engine: the same commands on the card and on the CPU, and what they tell.

use logitscope::decoding::{
    DecodingError, GenerationSettings, Moment, TokenRecord, Totals, encode_prompt, score,
};
use logitscope::engine::{
    Command, CompareRequest, EngineHandle, Event, GenerateRequest, LookRequest, RunState, Subject,
    Then,
};
use logitscope::model::{DevicePreference, Precision};
use logitscope::sampling::{Method, SamplerSettings};
use tokio::sync::mpsc::Receiver;

use super::held::Held;
use super::models::{CARD, load, random_gpt2, request};

const PROMPT: &str = "Once upon a time there was a little girl who lived in a";

/// An engine and what it told.
pub struct Bench {
    pub engine: EngineHandle,
    pub events: Receiver<Event>,
}

impl Bench {
    pub fn empty() -> Self {
        let (engine, events) = EngineHandle::spawn();
        Self { engine, events }
    }

    pub fn loaded(source: &str, device: DevicePreference, precision: Precision) -> Self {
        let mut bench = Self::empty();
        bench.send(Command::Load(request(source, device, precision)));
        bench.until_state(RunState::Idle);
        bench
    }

    pub fn send(&self, command: Command) {
        self.engine
            .send(command)
            .expect("there is room for a command");
    }

    /// Waits for an event that fits, and returns all up to it.
    pub fn until(&mut self, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        loop {
            let event = self.events.blocking_recv().expect("the engine lives");
            if let Event::Died { message } = &event {
                panic!("the engine died: {message}");
            }
            seen.push(event);
            if fits(&seen[seen.len() - 1]) {
                return seen;
            }
        }
    }

    pub fn until_state(&mut self, wanted: RunState) -> Vec<Event> {
        self.until(|event| matches!(event, Event::State { state } if *state == wanted))
    }

    fn look(&mut self, subject: Subject, position: usize) -> Moment {
        self.engine.look(LookRequest {
            subject,
            position,
            sampler: SamplerSettings::default(),
            seed: 1,
            search: String::new(),
            sample: 0,
            rows: 50,
        });
        let told =
            self.until(|event| matches!(event, Event::Look { .. } | Event::LookFailed { .. }));
        match told.into_iter().next_back() {
            Some(Event::Look { moment, .. }) => moment,
            other => panic!("no look: {other:?}"),
        }
    }
}

pub fn asked(max_tokens: usize, samples: usize, sampler: SamplerSettings) -> GenerateRequest {
    GenerateRequest {
        prompt: PROMPT.to_owned(),
        sampler,
        generation: GenerationSettings {
            max_tokens,
            stop_at_end_token: false,
            detect_loops: false,
            ..GenerationSettings::default()
        },
        samples,
        prompt_odds: true,
        then: Then::Continue,
    }
}

/// The tokens of each sample.
pub fn said(events: &[Event], sample: usize) -> Vec<TokenRecord> {
    let of = |event: &Event| match event {
        Event::Token {
            sample: from,
            record,
        } if *from == sample => Some(record.clone()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn ids(records: &[TokenRecord]) -> Vec<u32> {
    records.iter().map(|record| record.id).collect()
}

fn prompt(events: &[Event]) -> Vec<TokenRecord> {
    let read = events.iter().find_map(|event| match event {
        Event::PromptRead { tokens, .. } => Some(tokens.clone()),
        _ => None,
    });
    read.expect("the prompt is told")
}

/// All that the panes show of one session.
struct Shown {
    /// Of each prompt token, in bits.
    surprisals: Vec<f32>,
    draft: Vec<f32>,
    /// Raw and final probabilities of the first tokens after the prompt.
    next: Moment,
    /// Looking back at a token of the prompt.
    back: Moment,
    text: Vec<u32>,
    /// Going on from another token than was drawn.
    replaced: Vec<u32>,
    samples: Vec<Vec<u32>>,
    beams: Vec<(Vec<u32>, f64)>,
    contrastive: Vec<u32>,
    otherwise: usize,
}

fn show(source: &str, device: DevicePreference, precision: Precision) -> Shown {
    let mut bench = Bench::loaded(source, device, precision);
    let sampler = SamplerSettings::default();
    let method = |method| SamplerSettings {
        method,
        ..SamplerSettings::neutral()
    };
    let surprisals = |tokens: &[TokenRecord]| -> Vec<f32> {
        let odds = tokens.iter().filter_map(|token| token.odds);
        odds.map(|odds| odds.surprisal).collect()
    };
    bench.send(Command::Generate(Box::new(asked(40, 1, sampler.clone()))));
    let events = bench.until_state(RunState::Idle);
    let (read, text) = (prompt(&events), ids(&said(&events, 0)));
    let length = read.len();
    let next = bench.look(Subject::Text, length);
    let back = bench.look(Subject::Text, length / 2);
    bench.engine.compare(CompareRequest {
        sample: 0,
        sampler: method(Method::Greedy),
        seed: 1,
    });
    let end = length + text.len();
    let compared =
        bench.until(|event| matches!(event, Event::Compared { upto, .. } if *upto == end));
    let otherwise = compared.iter().map(|event| match event {
        Event::Compared { otherwise, .. } => otherwise.len(),
        _ => 0,
    });
    let otherwise = otherwise.sum();
    bench.send(Command::Replace {
        position: length + 10,
        tokens: vec![300],
        then: Then::Continue,
    });
    let replaced = ids(&said(&bench.until_state(RunState::Idle), 0));
    bench.send(Command::Inspect {
        prompt: "The wind blew over the hill and".to_owned(),
    });
    let draft = bench.until(|event| {
        matches!(
            event,
            Event::PromptRead {
                subject: Subject::Draft,
                ..
            }
        )
    });
    let draft = surprisals(&prompt(&draft[draft.len() - 1..]));
    bench.send(Command::Generate(Box::new(asked(30, 8, sampler))));
    let events = bench.until_state(RunState::Idle);
    let samples = (0..8).map(|sample| ids(&said(&events, sample))).collect();
    let beam = SamplerSettings {
        num_beams: 4,
        ..method(Method::Beam)
    };
    bench.send(Command::Generate(Box::new(asked(20, 1, beam))));
    let events = bench.until_state(RunState::Idle);
    let beams = events.iter().rev().find_map(|event| match event {
        Event::Beams { beams, .. } => Some(
            beams
                .iter()
                .map(|beam| (beam.ids.clone(), beam.score))
                .collect(),
        ),
        _ => None,
    });
    let contrastive = SamplerSettings {
        contrastive_k: 4,
        contrastive_alpha: 0.6,
        ..method(Method::Contrastive)
    };
    bench.send(Command::Generate(Box::new(asked(20, 1, contrastive))));
    let contrastive = ids(&said(&bench.until_state(RunState::Idle), 0));
    Shown {
        surprisals: surprisals(&read),
        draft,
        next,
        back,
        text,
        replaced,
        samples,
        beams: beams.expect("beams are told"),
        contrastive,
        otherwise,
    }
}

fn furthest(ours: impl Iterator<Item = f64>, reference: impl Iterator<Item = f64>) -> f64 {
    let off = ours.zip(reference).map(|(a, b)| (a - b).abs());
    off.fold(0.0, |most, off| if off <= most { most } else { off })
}

/// The largest difference of a probability, raw or final.
fn of_moments(ours: &Moment, reference: &Moment) -> f64 {
    let odds = |moment: &Moment, id: u32| {
        let row = moment.rows.iter().find(|row| row.id == id);
        row.map_or(f64::NAN, |row| f64::from(row.raw_probability))
    };
    let first: Vec<u32> = reference.rows.iter().take(10).map(|row| row.id).collect();
    let of = |moment| {
        first
            .iter()
            .map(move |id| odds(moment, *id))
            .collect::<Vec<_>>()
    };
    furthest(of(ours).into_iter(), of(reference).into_iter())
}

#[test]
fn every_pane_shows_the_same() {
    let mut held = Held::new("panes on the embedded model");
    let reference = show("embedded", DevicePreference::Cpu, Precision::F32);
    for (precision, bits, odds) in [(Precision::F32, 1e-3, 1e-4), (Precision::Bf16, 0.5, 0.05)] {
        let ours = show("embedded", CARD, precision);
        let name = precision.name();
        let as_numbers = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let mut hold = |what: &str, ours: &[f32], reference: &[f32]| {
            assert_eq!(ours.len(), reference.len(), "{what}");
            let most = furthest(
                as_numbers(ours).into_iter(),
                as_numbers(reference).into_iter(),
            );
            held.report(what, name, most, bits);
        };
        hold(
            "surprisals of a prompt, bits",
            &ours.surprisals,
            &reference.surprisals,
        );
        hold("surprisals of a draft, bits", &ours.draft, &reference.draft);
        held.report(
            "odds after the prompt",
            name,
            of_moments(&ours.next, &reference.next),
            odds,
        );
        held.report(
            "odds looked back at",
            name,
            of_moments(&ours.back, &reference.back),
            odds,
        );
        held.is_so(
            "40 tokens come",
            name,
            ours.text.len() == 40 && ours.replaced.len() == reference.replaced.len(),
        );
        let full = |texts: &Vec<Vec<u32>>| texts.iter().all(|text| text.len() == 30);
        held.is_so(
            "8 samples come",
            name,
            full(&ours.samples) && ours.contrastive.len() == 20,
        );
        let (best, other) = (&ours.beams[0], &reference.beams[0]);
        held.report(
            "the best beam's score",
            name,
            (best.1 - other.1).abs(),
            bits,
        );
        // In brain floats a draw between two tokens falls otherwise now and then, and all that follows it.
        if precision == Precision::F32 {
            held.is_so("the drawn text", name, ours.text == reference.text);
            held.is_so(
                "going on from another token",
                name,
                ours.replaced == reference.replaced,
            );
            held.is_so(
                "samples of a batch",
                name,
                ours.samples == reference.samples,
            );
            held.is_so("the best beam", name, best.0 == other.0);
            held.is_so(
                "contrastive search",
                name,
                ours.contrastive == reference.contrastive,
            );
            held.is_so(
                "what other knobs would draw",
                name,
                ours.otherwise == reference.otherwise,
            );
        }
    }
}

#[test]
fn a_scored_text_has_the_same_loss() {
    let mut held = Held::new("a scored text");
    let text = "The old man went down to the brook to fetch water for the horses. ".repeat(30);
    let loss = |device, precision| {
        let loaded = load("embedded", device, precision);
        let ids = encode_prompt(&loaded, &text).expect("a text");
        assert!(
            ids.len() > loaded.model.info().context_length,
            "the window slides"
        );
        let mut totals = Totals::default();
        score(
            &loaded,
            &ids,
            logitscope::decoding::View::default(),
            |record| {
                totals.add(&record);
                Ok::<_, DecodingError>(())
            },
        )
        .expect("it is scored");
        totals.loss()
    };
    let reference = loss(DevicePreference::Cpu, Precision::F32);
    for (precision, limit) in [(Precision::F32, 1e-4), (Precision::Bf16, 0.03)] {
        let off = (loss(CARD, precision) - reference).abs();
        held.report("nats a token", precision.name(), off, limit);
    }
}

#[test]
fn two_models_on_one_card_say_what_each_says_alone() {
    let mut held = Held::new("a second model on the card");
    let made = random_gpt2();
    let alone = |source: &str| {
        let mut bench = Bench::loaded(source, CARD, Precision::F32);
        bench.send(Command::Generate(Box::new(asked(
            60,
            1,
            SamplerSettings::default(),
        ))));
        ids(&said(&bench.until_state(RunState::Idle), 0))
    };
    let expected = [alone("embedded"), alone(&made.source())];
    let mut both = [
        Bench::loaded("embedded", CARD, Precision::F32),
        Bench::loaded(&made.source(), CARD, Precision::F32),
    ];
    for bench in &both {
        bench.send(Command::Generate(Box::new(asked(
            60,
            1,
            SamplerSettings::default(),
        ))));
    }
    for (bench, expected) in both.iter_mut().zip(expected) {
        let ours = ids(&said(&bench.until_state(RunState::Idle), 0));
        held.is_so("60 tokens beside another model", "f32", ours == expected);
    }
}
