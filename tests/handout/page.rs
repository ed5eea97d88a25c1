//! Sessions to write, made by the engine as the playground makes them.

use std::path::{Path, PathBuf};
use std::process::Output;

use logitscope::decoding::{GenerationSettings, LaneSettings};
use logitscope::engine::{
    Command, EngineHandle, Event, GenerateRequest, LanesRequest, RunState, Session, Then,
};
use logitscope::model::LoadRequest;
use logitscope::sampling::SamplerSettings;
use logitscope::tui::{SavedLane, SessionFile};
use tokio::sync::mpsc::Receiver;

use crate::support::logitscope;

pub const PROMPT: &str = "Once upon a time";

fn until(events: &mut Receiver<Event>, fits: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = events.blocking_recv().expect("the engine lives");
        if fits(&event) {
            return event;
        }
    }
}

fn until_idle(events: &mut Receiver<Event>) {
    let idle = |event: &Event| matches!(event, Event::State { state } if *state == RunState::Idle);
    until(events, idle);
}

fn generation(max_tokens: usize) -> GenerationSettings {
    GenerationSettings {
        max_tokens,
        detect_loops: false,
        // A text of a length that is known.
        stop_at_end_token: false,
        ..GenerationSettings::default()
    }
}

/// What the engine saves after some commands, each served to its end.
fn saved(commands: Vec<Command>) -> Session {
    let (engine, mut events) = EngineHandle::spawn();
    let load = Command::Load(LoadRequest::default());
    for command in [load].into_iter().chain(commands) {
        engine.send(command).expect("there is room");
        until_idle(&mut events);
    }
    engine.send(Command::Save).expect("there is room");
    match until(&mut events, |event| matches!(event, Event::Saved { .. })) {
        Event::Saved { session } => session,
        other => panic!("{other:?}"),
    }
}

/// A run of a prompt.
pub fn run(max_tokens: usize, samples: usize) -> Command {
    Command::Generate(Box::new(GenerateRequest {
        prompt: PROMPT.to_owned(),
        sampler: SamplerSettings::default(),
        generation: generation(max_tokens),
        samples,
        prompt_odds: true,
        then: Then::Continue,
    }))
}

/// A session of one text of so many tokens.
pub fn of_text(max_tokens: usize) -> SessionFile {
    file(saved(vec![run(max_tokens, 1)]))
}

/// One with a branch: its text was cut, and went on otherwise.
pub fn with_branch() -> SessionFile {
    let sampler = SamplerSettings {
        temperature: 1.5,
        ..SamplerSettings::default()
    };
    let (engine, mut events) = EngineHandle::spawn();
    for command in [Command::Load(LoadRequest::default()), run(20, 1)] {
        engine.send(command).expect("there is room");
        until_idle(&mut events);
    }
    let mut generation = generation(20);
    generation.seed = 9;
    let change = Command::SetSampler {
        sampler: Box::new(sampler),
        generation,
    };
    let cut = Command::Rewind {
        length: 10,
        then: Then::Continue,
    };
    for command in [change, cut] {
        engine.send(command).expect("there is room");
    }
    until_idle(&mut events);
    engine.send(Command::Save).expect("there is room");
    match until(&mut events, |event| matches!(event, Event::Saved { .. })) {
        Event::Saved { session } => file(session),
        other => panic!("{other:?}"),
    }
}

/// Three samples.
pub fn of_samples() -> SessionFile {
    file(saved(vec![run(12, 3)]))
}

/// Two lanes, as the Compare screen saves them.
pub fn of_lanes() -> SessionFile {
    let greedy = SamplerSettings {
        temperature: 0.0,
        ..SamplerSettings::neutral()
    };
    let lanes = [("balanced", SamplerSettings::default()), ("greedy", greedy)];
    let lane = |(name, sampler): (&str, SamplerSettings)| SavedLane {
        drawn: true,
        ..SavedLane::new(name, LaneSettings { sampler, seed: 1 })
    };
    let lanes = lanes.map(lane).to_vec();
    let request = LanesRequest {
        prompt: PROMPT.to_owned(),
        generation: generation(12),
        lanes: lanes.iter().map(|lane| lane.settings.clone()).collect(),
        prompt_odds: true,
        then: Then::Continue,
    };
    let session = saved(vec![Command::Lanes(Box::new(request))]);
    SessionFile {
        lanes,
        ..file(session)
    }
}

fn file(texts: Session) -> SessionFile {
    SessionFile::new(
        LoadRequest::default(),
        PROMPT.to_owned(),
        SamplerSettings::default(),
        generation(20),
        1,
        texts,
    )
}

/// Makes a model of it that wrote something else: the bytes of the token at a place.
pub fn wrote(session: &mut SessionFile, at: usize, text: &str) {
    let token = &mut session.texts.branches[0].tokens[at];
    token.bytes = text.as_bytes().to_vec();
    token.display = text.to_owned();
}

/// The binary's `session export`.
pub fn export(home: &Path, session: &SessionFile, args: &[&str]) -> Output {
    let file = home.join("session.json");
    session.write(&file).expect("written");
    let mut command = logitscope(home);
    command.current_dir(home).args(["session", "export"]);
    command.arg(&file).args(args);
    command.output().expect("the binary runs")
}

/// The page of a session.
pub fn page(home: &Path, session: &SessionFile) -> PathBuf {
    let output = export(home, session, &["--html", "page.html"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    home.join("page.html")
}
