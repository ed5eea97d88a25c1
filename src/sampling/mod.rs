//! The sampler: an ordered chain of stages from logits to a distribution, its trace, and the seeded draw.
//!
//! Nothing here knows of models, tokenizers or terminals: logits and token ids in, a distribution out.
//!
//! [`SamplerSettings`] say what is wanted; a [`Chain`] is those settings compiled for a [`Vocabulary`]; running it on
//! logits gives a [`Distribution`], from which [`Uniforms`] draw. [`RawOdds`] are the odds before the chain.

mod buffers;
mod candidates;
mod chain;
mod context;
mod defaults;
mod descriptor;
mod distribution;
mod draw;
mod explanation;
mod kinds;
mod knob;
mod knobs;
mod numeric;
mod raw_odds;
mod running;
mod select;
mod settings;
mod stage;
mod stages;
mod texts;
mod trace;
mod validate;

pub use candidates::{Candidate, Candidates, Softmax};
pub use chain::Chain;
pub use context::{Context, Vocabulary};
pub use descriptor::{Descriptor, Effect};
pub use distribution::Distribution;
pub use draw::Uniforms;
pub use explanation::LogitChange;
pub use knob::{Knob, KnobOwner};
pub use knobs::{KNOBS, knob};
pub use raw_odds::RawOdds;
pub use running::Running;
pub use settings::{Method, OwnName, SamplerSettings, SettingsError, StageKind};
pub use stage::Stage;
pub use texts::{TEXT_KNOBS, TextKnob, text_knob};
pub use trace::StageTrace;
