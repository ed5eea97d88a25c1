//! An engine that answers by hand, to be driven through the real loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use logitscope::decoding::{Origin, StopReason};
use logitscope::engine::{
    Command, CompareRequest, Event, GrowRequest, LookRequest, RunState, Subject,
};
use logitscope::engine::{SendError, Unsent};
use logitscope::tui::EngineLink;

use crate::fixtures::{NEXT_WORDS, model, moment, read, token};

/// Its sending side. The mode says how it behaves: `calm` ends runs after 20 tokens, `flood` never does, `panic`
/// breaks here, `engine panic` breaks there.
pub struct Link {
    mode: String,
    commands: mpsc::Sender<Command>,
    looks: mpsc::Sender<LookRequest>,
    cancelled: Arc<AtomicBool>,
    events: tokio::sync::mpsc::Sender<Event>,
}

impl Link {
    pub fn new(mode: &str, events: tokio::sync::mpsc::Sender<Event>) -> Self {
        let cancelled = Arc::new(AtomicBool::new(false));
        let (commands, looks) = start_engine(mode, events.clone(), Arc::clone(&cancelled));
        Self {
            mode: mode.to_owned(),
            commands,
            looks,
            cancelled,
            events,
        }
    }
}

impl EngineLink for Link {
    fn send(&self, command: Command) -> Result<(), Unsent> {
        assert!(
            self.mode != "panic" || !matches!(command, Command::Generate(_)),
            "the link broke"
        );
        let ended = |mpsc::SendError(command)| Unsent {
            command: Box::new(command),
            error: SendError::Ended,
        };
        self.commands.send(command).map_err(ended)
    }

    fn look(&self, request: LookRequest) {
        // A dead engine looks at nothing.
        let _ = self.looks.send(request);
    }

    /// This engine compares nothing.
    fn compare(&self, _: CompareRequest) {}

    /// This engine grows nothing.
    fn grow(&self, _: Option<GrowRequest>) {}

    /// This engine has no lanes.
    fn look_at_lanes(&self, _: Vec<LookRequest>) {}

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    fn restart(&mut self) -> Result<(), SendError> {
        (self.commands, self.looks) =
            start_engine(&self.mode, self.events.clone(), Arc::clone(&self.cancelled));
        Ok(())
    }
}

type Channels = (mpsc::Sender<Command>, mpsc::Sender<LookRequest>);

fn start_engine(
    mode: &str,
    events: tokio::sync::mpsc::Sender<Event>,
    cancelled: Arc<AtomicBool>,
) -> Channels {
    let (send_command, commands) = mpsc::channel();
    let (send_look, looks) = mpsc::channel::<LookRequest>();
    let said = events.clone();
    std::thread::spawn(move || {
        for request in looks {
            let moment = moment(request.position, None, &NEXT_WORDS);
            let _ = said.blocking_send(Event::Look {
                subject: request.subject,
                moment,
            });
        }
    });
    let mode = mode.to_owned();
    std::thread::spawn(move || {
        let tell = |event| events.blocking_send(event).is_ok();
        for command in commands {
            match command {
                Command::Load(_) => {
                    tell(Event::Loaded { model: model() });
                    tell(Event::State {
                        state: RunState::Idle,
                    });
                }
                Command::Inspect { prompt } => {
                    tell(Event::PromptRead {
                        subject: Subject::Draft,
                        tokens: read(&prompt),
                        seconds: 0.0,
                    });
                }
                Command::Generate(request) => {
                    let result = std::panic::catch_unwind(|| {
                        assert!(mode != "engine panic", "the model broke");
                    });
                    if result.is_err() {
                        tell(Event::Died {
                            message: "the model broke".to_owned(),
                        });
                        return;
                    }
                    cancelled.store(false, Ordering::SeqCst);
                    let tokens = read(&request.prompt);
                    let start = tokens.len();
                    tell(Event::State {
                        state: RunState::Running,
                    });
                    tell(Event::PromptRead {
                        subject: Subject::Text,
                        tokens,
                        seconds: 0.0,
                    });
                    let most = if mode == "flood" { usize::MAX } else { 20 };
                    let mut count = 0;
                    while count < most && !cancelled.load(Ordering::SeqCst) {
                        let record = token(start + count, b" word", Origin::Generated);
                        if !tell(Event::Token { sample: 0, record }) {
                            return;
                        }
                        count += 1;
                    }
                    let reason = if count == most {
                        StopReason::MaxTokens
                    } else {
                        StopReason::Cancelled
                    };
                    tell(Event::Finished {
                        sample: 0,
                        reason,
                        tokens: count,
                        seconds: 1.0,
                    });
                    tell(Event::State {
                        state: RunState::Idle,
                    });
                }
                Command::Shutdown => return,
                _ => {}
            }
        }
    });
    (send_command, send_look)
}
