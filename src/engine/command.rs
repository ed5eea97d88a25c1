//! What can be asked of the engine.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Given, HandedLogits, LogitsRequest};

use crate::decoding::{BranchId, GenerationSettings, LaneSettings, SavedBranch, TreeSettings};
use crate::model::LoadRequest;
use crate::sampling::SamplerSettings;

/// Which of the engine's two texts is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The prompt as it is being typed, which [`Command::Inspect`] reads.
    Draft,
    /// The text of the run, which [`Command::Generate`] starts.
    Text,
}

/// What happens after the text was cut or changed at a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Go on generating.
    Continue,
    /// Wait, paused.
    Pause,
}

/// A request to the engine, served in order, between tokens.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Load a model. The one before is kept until the new one is ready, and stays if that fails.
    Load(LoadRequest),
    /// Start a new text from a prompt. With [`Then::Pause`] the prompt is read and the run waits, paused.
    Generate(Box<GenerateRequest>),
    /// Start texts that go on with prompts of their own, side by side. What they begin with is told by
    /// [`super::Event::Prompted`]. Neither they nor what was there before them are kept as branches.
    Prompts(Box<PromptsRequest>),
    /// Start texts from a prompt that are drawn each in its own way, side by side. What they are is told by
    /// [`super::Event::Lane`], their tokens as those of samples.
    Lanes(Box<LanesRequest>),
    /// Put another text of the same prompt beside those of the run.
    AddLane(Box<LaneSettings>),
    /// From the next token on, draw one of the texts in another way.
    SetLane {
        sample: usize,
        lane: Box<LaneSettings>,
    },
    /// Take one of several texts away; it stays as a branch. Those after it move up.
    RemoveLane {
        sample: usize,
    },
    /// Read a prompt that is being typed: the odds of each of its tokens and of the next one. Only the newest
    /// waiting one counts.
    Inspect {
        prompt: String,
    },
    /// As [`Command::Inspect`], with the prompt as tokens of the model's own.
    InspectTokens {
        ids: Vec<u32>,
    },
    /// Draw lanes again with other seeds, besides the texts that are there and while nothing else goes on. Each text is told
    /// by an [`super::Event::LaneRun`].
    Repeat(Box<RepeatRequest>),
    /// Tell how surprising a text that another model has said is, after so many tokens of prompt. It is put beside nothing:
    /// `lane` is the asker's own number for it.
    Judge {
        lane: u64,
        given: Given,
        prompt: usize,
    },
    /// Hand out the logits of some places, for another engine to compare with its own.
    Logits(LogitsRequest),
    /// Compare what another engine has handed out with the odds of the same places of the draft: how far they lie apart, and
    /// of the first place at most `rows` tokens that rose and that fell. With 0 rows, none are looked for.
    Diverge {
        logits: HandedLogits,
        rows: usize,
    },
    /// Generate one token and wait, paused.
    Step,
    Pause,
    /// Go on with a paused run, or with a finished one past its end.
    Resume,
    /// End the run. (The handle also raises a flag, so that this holds within one token.)
    Cancel,
    /// From the next token on, sample with these settings and the draws of this seed, and end by these settings.
    SetSampler {
        sampler: Box<SamplerSettings>,
        generation: GenerationSettings,
    },
    /// Make one of several samples the text; the others stay as branches.
    Select {
        sample: usize,
    },
    /// Cut the text to its first `length` tokens. What stood there stays as a branch.
    Rewind {
        length: usize,
        then: Then,
    },
    /// Cut the text to its first `position` tokens and put `tokens` there.
    Replace {
        position: usize,
        tokens: Vec<u32>,
        then: Then,
    },
    /// Make a branch the text; what was the text stays as a branch.
    Switch(BranchId),
    /// Give a branch a name, or take it away.
    Name {
        branch: BranchId,
        name: Option<String>,
    },
    /// Remove a branch; what grew from it stays.
    Prune(BranchId),
    /// Tell the tokens of a branch, to compare them.
    Show(BranchId),
    /// Tell everything that a file needs to bring the texts back.
    Save,
    /// Tell the same, and for each token of the run's texts the `rows` tokens that were likeliest there.
    Examine {
        rows: usize,
    },
    /// Bring saved texts back.
    Restore(Box<RestoreRequest>),
    /// End the thread.
    Shutdown,
}

/// A run to start.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    pub prompt: String,
    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
    /// Texts to sample together, from seeds that follow the first one's. Beam search makes one.
    pub samples: usize,
    /// Whether to compute the odds of the prompt's tokens too.
    pub prompt_odds: bool,
    pub then: Then,
}

/// Texts of several prompts to start side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptsRequest {
    pub prompts: Vec<Prompted>,
    pub sampler: SamplerSettings,
    /// How all of them end; each has its own seed.
    pub generation: GenerationSettings,
    /// Whether to compute the odds of the prompts' tokens too.
    pub prompt_odds: bool,
}

/// A prompt, and the texts that go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompted {
    pub prompt: String,
    /// The seed of the first text; each further one has the next.
    pub seed: u64,
    /// How many texts; 0 counts as 1.
    pub samples: usize,
}

/// Texts to start side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct LanesRequest {
    pub prompt: String,
    /// How all of them end; each has its own seed.
    pub generation: GenerationSettings,
    pub lanes: Vec<LaneSettings>,
    /// Whether to compute the odds of the prompt's tokens too.
    pub prompt_odds: bool,
    pub then: Then,
}

/// Lanes to draw again and again: the seeds of the run `n` are those of the lanes and `n` more.
#[derive(Debug, Clone, PartialEq)]
pub struct RepeatRequest {
    /// The asker's own number for it, which comes back with each text. None are wanted any more where `runs` is empty.
    pub batch: u64,
    pub lanes: LanesRequest,
    pub runs: Range<u64>,
}

/// The texts of a session, as written to a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub branches: Vec<SavedBranch>,
    /// The branch whose text goes on.
    pub current: Option<BranchId>,
    /// The texts that went on beside it, in their order. One that said nothing yet is none of the branches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<BranchId>,
}

/// Texts to bring back.
#[derive(Debug, Clone, PartialEq)]
pub struct RestoreRequest {
    pub session: Session,
    /// To go on with.
    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
}

/// A request to compare the drawn tokens of a text with what other settings would have drawn. Only the newest one counts.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareRequest {
    /// Which sample of the run.
    pub sample: usize,
    pub sampler: SamplerSettings,
    pub seed: u64,
}

/// A request to look at the distribution over one token. Only the newest one counts.
#[derive(Debug, Clone, PartialEq)]
pub struct LookRequest {
    pub subject: Subject,
    /// Which sample of the run; of a draft there is one.
    pub sample: usize,
    /// The token to look at; the text's length means the token that would come next.
    pub position: usize,
    /// The settings to run the chain with; they need not be those that the token was drawn with.
    pub sampler: SamplerSettings,
    /// Seeds the draw over the token that would come next in a draft; a text has its own.
    pub seed: u64,
    /// How many tokens to return.
    pub rows: usize,
    /// Return tokens whose text contains this, upper and lower case alike; empty for all.
    pub search: String,
}

/// A request to grow the tree of what could follow a place of a text. Only the newest one counts.
#[derive(Debug, Clone, PartialEq)]
pub struct GrowRequest {
    /// The asker's own number for the tree, which comes back with what grew.
    pub tree: u64,
    pub subject: Subject,
    /// Which sample of the run; of a draft there is one.
    pub sample: usize,
    /// The token in whose place its first level stands; the text's length means what would come next.
    pub position: usize,
    /// Tokens after those before that place, which the tree follows too. They stand in no text.
    pub path: Vec<u32>,
    /// The settings of the chain whose odds it has.
    pub sampler: SamplerSettings,
    /// Seeds the draws in a draft, which some stages go by; a text has its own.
    pub seed: u64,
    pub settings: TreeSettings,
}
