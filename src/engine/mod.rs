//! The worker that owns the model: commands in, events out, over bounded channels.
//!
//! ```text
//!  UI or CLI                                   engine thread
//!  EngineHandle ── Command (bounded) ────────▶ Worker ─ LoadedModel
//!               ── newest LookRequest (slot) ▶        ├ Texts  the Run (Generations or a BeamSearch), Branches
//!               ── newest CompareRequest ────▶        ├ Counterfactual of the text
//!               ── newest GrowRequest ───────▶        ├ Growing tree of what could follow
//!               ── newest looks at lanes ────▶        │
//!               ── cancel flag ──────────────▶        └ draft  the prompt being typed
//!  Receiver ◀── Event (bounded) ──────────────
//! ```
//!
//! Training has a thread of its own beside it, one for each run: [`TrainingHandle`].

mod command;
mod divergence;
mod draft;
mod error;
mod event;
mod handle;
mod load;
mod placed;
mod run;
mod shared;
mod texts;
mod training;
mod worker;

pub use command::{
    Command, CompareRequest, GenerateRequest, GrowRequest, LanesRequest, LookRequest, Prompted,
    PromptsRequest, RepeatRequest, RestoreRequest, Session, Subject, Then,
};
pub use divergence::{Diverged, HandedLogits, LogitsRequest};
pub use draft::Given;
pub use error::StartError;
pub use event::{Event, RunState};
pub use handle::{EngineHandle, SendError, Unsent};
pub use load::load;
pub use shared::Loader;
pub use training::{TrainingCommand, TrainingHandle, TrainingNews};
