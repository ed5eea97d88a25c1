//! What the words and signs of the Train screen mean, pane by pane.

use crate::tui::state::train::{Train, TrainPane};

/// A word or sign, and what it means.
type Entry = (&'static str, &'static str);

/// What the Train screen shows, as far as it has words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainTopic {
    Form,
    Runs,
    Pane(TrainPane),
}

impl TrainTopic {
    pub const ALL: [Self; 6] = [
        Self::Pane(TrainPane::Loss),
        Self::Pane(TrainPane::Run),
        Self::Pane(TrainPane::Samples),
        Self::Pane(TrainPane::Odds),
        Self::Runs,
        Self::Form,
    ];

    /// What is in hand.
    pub fn in_hand(train: &Train) -> Self {
        if train.table.is_some() {
            Self::Runs
        } else if train.asks || train.run().is_none() {
            Self::Form
        } else {
            Self::Pane(train.pane)
        }
    }

    /// Its name on the help page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Form => "Train, a new run",
            Self::Runs => "Train, runs",
            Self::Pane(TrainPane::Loss) => "Train, Loss",
            Self::Pane(TrainPane::Run) => "Train, Run",
            Self::Pane(TrainPane::Samples) => "Train, Samples",
            Self::Pane(TrainPane::Odds) => "Train, Odds",
        }
    }

    /// Its words.
    pub fn entries(self) -> &'static [Entry] {
        match self {
            Self::Form => FORM,
            Self::Runs => RUNS,
            Self::Pane(TrainPane::Loss) => LOSS,
            Self::Pane(TrainPane::Run) => RUN,
            Self::Pane(TrainPane::Samples) => SAMPLES,
            Self::Pane(TrainPane::Odds) => ODDS,
        }
    }
}

const FORM: &[Entry] = &[
    (
        "document",
        "a text by itself: a file, a row of a table, a line of JSON",
    ),
    (
        "sequence",
        "as many tokens as the model reads at once while it learns, cut from the documents",
    ),
    (
        "step",
        "one batch of sequences, and one change of the weights",
    ),
    ("epoch", "all sequences once"),
    (
        "validation",
        "texts that are held out: only their loss tells learning from learning by heart",
    ),
    (
        "probe",
        "a text whose next token is watched: its odds shift from noise to sense",
    ),
    (
        "about",
        "measured on this machine with one step of this shape; what else runs here makes it longer",
    ),
];

const RUNS: &[Entry] = &[
    ("★", "the lowest validation, and its step"),
    (
        "broken off",
        "a run that ended without a word, as by a power cut: it can be resumed",
    ),
    (
        "best at",
        "the step of the lowest validation; its checkpoint is what is exported",
    ),
];

const LOSS: &[Entry] = &[
    (
        "loss",
        "how badly the next token was foreseen, in nats a token: less is better; of a batch, before the step learned from it",
    ),
    (
        "smooth",
        "the loss averaged over the steps before, the more of them the longer the run: it lags behind, and shows where it goes",
    ),
    (
        "validation",
        "the loss on texts that are not learned from: what counts",
    ),
    ("★", "the lowest validation, and its step"),
    (
        "┊ ◆ r",
        "on the chart: the end of an epoch, a checkpoint, a rate that was set by hand",
    ),
    (
        "↑7.71",
        "a value that lies above the chart, so that one spike does not flatten all else",
    ),
];

const RUN: &[Entry] = &[
    (
        "● learning",
        "validation falls; ─ at rest: it has stopped falling",
    ),
    (
        "▲ memorising",
        "validation rises while the loss does not: the texts are learned by heart, and the best step is behind",
    ),
    (
        "✗ diverging",
        "the loss has left the range that it began in: the rate is too high",
    ),
    (
        "ppl",
        "perplexity: the loss as a count, as if each token were drawn from so many alike",
    ),
    (
        "acc",
        "the share of tokens that were the most probable ones (0 to 1)",
    ),
    (
        "bits/byte",
        "validation in bits by the byte of text, b/B in short: compares models of different tokens",
    ),
    ("rate", "the learning rate: how far a step goes"),
    (
        "grad norm",
        "the length of the gradient, before it is cut: it jumps where a run goes astray",
    ),
    ("tok/s", "tokens learned from in a second"),
];

const SAMPLES: &[Entry] = &[
    (
        "6-grams",
        "runs of so many tokens of the samples that stand in the corpus, underlined there: a high share is learned by heart",
    ),
    (
        "▶",
        "the samples of the step in view; ⟨ ⟩ is a special token, such as the end of a document",
    ),
];

const ODDS: &[Entry] = &[
    (
        "Odds after",
        "how probable the model finds what may follow the probe, then and now",
    ),
    (
        "bits",
        "entropy of these odds: 0 is sure of one token, each bit more doubles the choice",
    ),
    (
        "░▒▓█",
        "odds over the run, zoomed: from next to nothing to the greatest of all; · is not known",
    ),
];
