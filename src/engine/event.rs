//! What the engine tells: the one truth that the playground draws and that `generate` writes.

use serde::Serialize;

use super::{Diverged, HandedLogits, Session, Subject};
use crate::decoding::{
    Beam, BranchId, BranchInfo, LaneFigures, LaneSettings, Likely, Moment, NoCommonDraws,
    Otherwise, StopReason, TokenRecord, Tree,
};
use crate::model::{LoadProgress, ModelInfo};

/// What the engine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// No model yet.
    Empty,
    Loading,
    /// A model is there, no run goes on.
    Idle,
    Running,
    Paused,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// What the engine does from now on.
    State {
        state: RunState,
    },
    /// How far loading has come.
    Progress(LoadProgress),
    Loaded {
        model: ModelInfo,
    },
    /// Something worth a line: a fallback, a slid context.
    Notice {
        message: String,
    },
    /// A prompt was read: all its tokens. Replaces what was known of `subject`, in every sample.
    PromptRead {
        subject: Subject,
        tokens: Vec<TokenRecord>,
        /// Time to read them.
        seconds: f64,
    },
    /// The prompt of a [`super::Command::Prompts`] was read, with which this sample and those after it go on, up to the next
    /// that this is told of.
    Prompted {
        sample: usize,
        tokens: Vec<TokenRecord>,
        /// Time to read it and those that were read with it.
        seconds: f64,
    },
    /// What one of several texts beside each other is drawn with, from its next token on. One that is not known yet begins
    /// with the prompt.
    Lane {
        sample: usize,
        #[serde(flatten)]
        lane: Box<LaneSettings>,
        /// Why it has no draws in common with the first, if it has none.
        apart: Option<NoCommonDraws>,
    },
    /// One of the texts of a [`super::Command::Repeat`] has ended.
    LaneRun {
        batch: u64,
        sample: usize,
        run: u64,
        figures: LaneFigures,
        /// What it says after the prompt.
        tokens: Vec<u32>,
        bytes: Vec<u8>,
    },
    /// No more of them come: all have ended, or something else was begun.
    Repeated,
    /// How surprising the text of a [`super::Command::Judge`] is: mean bits a token behind the prompt; none where it cannot be
    /// read.
    Judged {
        lane: u64,
        surprisal: Option<f32>,
    },
    /// One of several texts was taken away. Those after it moved up.
    LaneRemoved {
        sample: usize,
    },
    /// A token was added to the text.
    Token {
        /// Which sample of the run, from 0.
        sample: usize,
        #[serde(flatten)]
        record: TokenRecord,
    },
    /// The text was cut to its first `length` tokens.
    Rewound {
        length: usize,
    },
    /// The context was full: the model re-read the last `kept` tokens and no longer sees those before.
    Slid {
        /// Which sample of the run, from 0.
        sample: usize,
        kept: usize,
        dropped: usize,
    },
    /// The newest look.
    Look {
        subject: Subject,
        moment: Moment,
    },
    /// A look at one of several texts beside each other, as the newest [`super::EngineHandle::look_at_lanes`] asked for it.
    LaneLook {
        sample: usize,
        moment: Moment,
    },
    /// The newest look could not be served, for example because the text was cut meanwhile.
    LookFailed {
        subject: Subject,
        position: usize,
        message: String,
    },
    /// The drawn tokens of a sample were compared up to the position `upto`, under the settings of the newest
    /// [`super::CompareRequest`]: these would have been others.
    Compared {
        sample: usize,
        from: usize,
        upto: usize,
        otherwise: Vec<Otherwise>,
    },
    /// The tree of the newest [`super::GrowRequest`] has grown by a level.
    Grown {
        /// The asker's own number for it.
        number: u64,
        tree: Tree,
        /// Whether it grows no more.
        done: bool,
    },
    /// It cannot grow, or not any further.
    GrowFailed {
        number: u64,
        message: String,
    },
    /// The logits that were asked for.
    Logits(HandedLogits),
    /// How far the odds of a text lie from those of another model.
    Diverged(Diverged),
    /// All branches, when there are several.
    Branches {
        branches: Vec<BranchInfo>,
    },
    /// A branch became the text.
    Switched {
        branch: BranchId,
        /// Seeds its draws.
        seed: u64,
        tokens: Vec<TokenRecord>,
    },
    /// The tokens of a branch that was asked for.
    Branch {
        branch: BranchId,
        tokens: Vec<TokenRecord>,
    },
    /// What was asked to be saved.
    Saved {
        session: Session,
    },
    /// What was asked to be examined: the texts, and of each text of the run the likeliest tokens at each of its places.
    Examined {
        session: Session,
        likeliest: Vec<Vec<Vec<Likely>>>,
    },
    /// Beam search took a step: its beams, best first.
    Beams {
        /// Which sample of the run, from 0.
        sample: usize,
        beams: Vec<Beam>,
    },
    /// A run, or one sample of it, ended.
    Finished {
        sample: usize,
        reason: StopReason,
        /// Tokens generated.
        tokens: usize,
        /// Time to generate them.
        seconds: f64,
    },
    /// A command could not be carried out. The engine goes on.
    Failed {
        message: String,
    },
    /// The engine's thread died. It can be restarted.
    Died {
        message: String,
    },
}

impl Event {
    /// What a channel says by closing.
    pub(crate) fn closed() -> Self {
        Self::Died {
            message: "its channel closed".to_owned(),
        }
    }
}
