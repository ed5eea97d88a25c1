//! From logits to text: the token loop, beam and contrastive search, stop conditions, scoring.

pub mod batch;
mod beam;
mod branches;
mod chooser;
mod contrastive;
mod counterfactual;
mod difference;
mod error;
mod generation;
mod interval;
mod lanes;
mod levels;
mod likeliest;
mod look;
mod prompt;
mod record;
mod score;
mod second;
mod sequence;
mod settings;
mod shown;
mod speculative;
mod stats;
mod stop;
mod tail;
mod together;
mod tree;
mod vocabulary;
mod window;

pub use beam::{Beam, BeamSearch, BeamStep};
pub use branches::{
    BranchError, BranchId, BranchInfo, Branches, Lineage, RestoreError, SavedBranch,
};
pub use chooser::{Choice, Chooser, Logits};
pub use counterfactual::{Counterfactual, Otherwise};
pub use difference::{
    Change, DifferenceTotals, LlamaCppFigures, Pair, Percentiles, Shift, ShiftedToken,
    TokenDifference, TwoOdds, Uncertain, divergence_bits,
};
pub use error::DecodingError;
pub use generation::{Generation, StepOutcome};
pub use interval::Interval;
pub use lanes::{LaneFigures, LaneMeans, LaneSettings, NoCommonDraws, parted, parted_in_text};
pub use levels::{Level, levels};
pub use likeliest::{Likely, likeliest};
pub use look::{LookAt, look, look_ahead};
pub use prompt::{encode_prompt, read_prompt, read_prompts};
pub use record::{Adaptive, Candidate, Moment, Origin, Row, TokenDraw, TokenOdds, TokenRecord};
pub use score::{Totals, View, score, score_each};
pub use second::Second;
pub use sequence::{Sequence, token_odds};
pub use settings::{GenerationSettings, StopReason};
pub use shown::{display_end, display_in_text};
pub use speculative::{Gain, Judging, Proposal, Round, Speculation, Verdict, judge};
pub use stats::TextStats;
pub use stop::{LoopDetector, StopTexts};
pub use tail::Tail;
pub use tree::{Growing, Spread, Tree, TreeRoot, TreeSettings, TreeToken, tree};
pub use vocabulary::ModelVocabulary;
pub use window::Slide;
