//! The records of `--json`: one a line, told apart by `kind`. docs/json.md is written from these types, and a test holds it
//! to them.

mod draft;
mod header;
mod lane;
#[cfg(test)]
mod page;
mod pair;
mod run;
mod texts;
mod token;
mod tree;

use serde::Serialize;

pub use self::draft::{GainRecord, RoundRecord};
pub use self::header::Header;
pub use self::lane::{LaneEnd, LanePrompt, LaneRecord, LaneRun, LaneToken, LaneTotals};
pub use self::pair::{ChangedPlace, Difference, DifferenceTotals, ModelFigures, ShiftRecord};
pub use self::run::{RunRecord, recipe};
pub use self::texts::{
    BeamRecord, GenerateTotals, NamedOdds, OddsRecord, Prompt, RowRecord, Sample, Score,
    ScoreTotals, Sums, TokensTotals, TurnedSetting, reason,
};
pub use self::token::{Piece, Place, Token};
pub use self::tree::{Node, TreeTotals};
use crate::bench::Speed;
use crate::model::ModelSummary;
use crate::training::RunSummary;

/// The version of the format. It counts up when a field or a kind is taken away, renamed, or means something else; not
/// when one is added.
pub const FORMAT: u32 = 1;

/// A record of any subcommand but those of runs, whose records are their events ([`RunRecord`]).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record<'a> {
    Header(&'a Header),
    Prompt(Prompt<'a>),
    Token(Token<'a>),
    Sample(Sample<'a>),
    Beam(BeamRecord<'a>),
    /// The context was full: the model has read its last `kept` tokens anew and no longer sees the `dropped` before
    /// them.
    Slid {
        /// Which prompt, from 0.
        document: usize,
        kept: usize,
        dropped: usize,
    },
    /// Something worth knowing, such as a fallback.
    Notice {
        message: &'a str,
    },
    GenerateTotals(GenerateTotals),
    Round(RoundRecord<'a>),
    Gain(GainRecord),
    Lane(LaneRecord<'a>),
    LanePrompt(LanePrompt<'a>),
    LaneToken(LaneToken<'a>),
    LaneEnd(LaneEnd<'a>),
    LaneRun(LaneRun<'a>),
    LaneTotals(LaneTotals<'a>),
    Odds(OddsRecord<'a>),
    Score(Score<'a>),
    ScoreTotals(ScoreTotals),
    TokensTotals(TokensTotals),
    Difference(Difference<'a>),
    DifferenceTotals(DifferenceTotals<'a>),
    Shift(ShiftRecord<'a>),
    Node(Node<'a>),
    TreeTotals(TreeTotals),
    /// A model at hand.
    Model(&'a ModelSummary),
    /// The machine that was measured.
    Machine {
        /// The model's name, or that of the shape.
        model: &'a str,
        parameters: usize,
        /// `cpu`, `cuda:0`, `metal:0`.
        device: &'a str,
        /// What an NVIDIA GPU is; null where there is none.
        card: Option<&'a str>,
        #[serde(flatten)]
        machine: crate::bench::Machine,
    },
    Speed(&'a Speed),
    /// A run at a glance.
    Run(&'a RunSummary),
}
