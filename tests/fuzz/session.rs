//! Saved sessions: read, and brought back by the engine.

use std::sync::{Mutex, PoisonError};

use logitscope::decoding::{GenerationSettings, LaneSettings};
use logitscope::engine::{
    Command, EngineHandle, Event, GenerateRequest, RestoreRequest, RunState, Session, Then,
};
use logitscope::model::LoadRequest;
use logitscope::sampling::SamplerSettings;
use logitscope::tui::{SavedLane, SessionFile};
use proptest::prelude::*;
use tokio::sync::mpsc::Receiver;

use super::harness::Target;

/// An engine with the embedded model, and what it tells.
struct Bench {
    engine: EngineHandle,
    events: Receiver<Event>,
}

impl Bench {
    fn send(&mut self, command: Command) {
        self.engine.send(command).expect("there is room");
    }

    /// Everything up to an event that fits.
    fn until(&mut self, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        loop {
            let event = self.events.blocking_recv().expect("the engine lives");
            let last = fits(&event);
            seen.push(event);
            if last {
                return seen;
            }
        }
    }

    /// The texts that it holds, or what it died of. It is started again then.
    fn save(&mut self) -> Result<Session, String> {
        self.send(Command::Save);
        let mut seen =
            self.until(|event| matches!(event, Event::Saved { .. } | Event::Died { .. }));
        match seen.pop() {
            Some(Event::Saved { session }) => Ok(session),
            other => {
                self.engine.restart().expect("somebody listens");
                self.load();
                Err(format!("{other:?}"))
            }
        }
    }

    fn load(&mut self) {
        self.send(Command::Load(LoadRequest::default()));
        self.until(is_idle);
    }
}

fn is_idle(event: &Event) -> bool {
    matches!(
        event,
        Event::State {
            state: RunState::Idle
        }
    )
}

#[test]
fn session_file() {
    let (engine, events) = EngineHandle::spawn();
    let mut bench = Bench { engine, events };
    bench.load();
    let generation = GenerationSettings {
        max_tokens: 6,
        ..GenerationSettings::default()
    };
    bench.send(Command::Generate(Box::new(GenerateRequest {
        prompt: "Once".to_owned(),
        sampler: SamplerSettings::default(),
        generation: generation.clone(),
        samples: 1,
        prompt_odds: true,
        then: Then::Continue,
    })));
    bench.until(is_idle);
    for position in [3, 2] {
        bench.send(Command::Replace {
            position,
            tokens: vec![300],
            then: Then::Continue,
        });
        bench.until(is_idle);
    }
    let session = bench.save().expect("it lives");
    assert!(session.branches.len() > 1);
    let whole = SessionFile::new(
        LoadRequest::default(),
        "Once".to_owned(),
        SamplerSettings::default(),
        generation,
        2,
        session,
    )
    .with_lanes(vec![
        SavedLane {
            began: Some(("as set".to_owned(), SamplerSettings::default())),
            said: " a king".to_owned(),
            drawn: true,
            ..SavedLane::new(
                "neutral",
                LaneSettings {
                    sampler: SamplerSettings::neutral(),
                    seed: 3,
                },
            )
        };
        2
    ]);
    let target = Target {
        name: "session-file",
        seeds: vec![serde_json::to_vec(&whole).expect("JSON")],
        reach: usize::MAX,
        words: &[
            "\"parent\":0,",
            "\"parent\":1,",
            "\"id\":0,",
            "\"id\":1,",
            "\"current\":1,",
            "\"tokens\":[],",
            "\"at\":18446744073709551615,",
            "null",
            "-1",
            "1e308",
            "[]",
            "{}",
        ],
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("session.json");
    let bench = Mutex::new(bench);
    target.run(|bytes| {
        std::fs::write(&file, bytes).expect("writable");
        let session = match SessionFile::read(&file) {
            Ok(session) => session,
            Err(error) => {
                prop_assert!(error.to_string().len() < 4000);
                return Ok(());
            }
        };
        let mut bench = bench.lock().unwrap_or_else(PoisonError::into_inner);
        bench.send(Command::Restore(Box::new(RestoreRequest {
            session: session.texts,
            sampler: session.sampler,
            generation: session.generation,
        })));
        // Whatever was brought back can be saved.
        let saved = bench.save();
        prop_assert!(saved.is_ok(), "{:?}", saved.err());
        Ok(())
    });
}
