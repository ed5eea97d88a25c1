//! Training: networks with gradients, optimizers, data, checkpoints, and the loop that joins them.
//!
//! A [`Recipe`] says everything that decides a run. [`Trainer::prepare`] makes a [`Trainer`] of it, which reports
//! [`RunEvent`]s and is steered by a [`Control`]; what it leaves behind is a [`RunDirectory`].

mod checkpoint;
mod control;
pub mod data;
mod epoch;
mod error;
mod estimate;
mod evaluation;
mod event;
pub mod heap;
pub mod history;
mod mean;
mod memory;
pub mod network;
pub mod ops;
pub mod optimizer;
pub mod presets;
pub mod random;
pub mod recipe;
mod run_model;
mod runs;
pub mod schedule;
mod trainer;
mod verdict;

pub use checkpoint::CheckpointState;
pub use control::{Control, Requests};
pub use error::TrainingError;
pub use event::{
    CheckpointNote, CorpusNote, DataSummary, Epoch, FinishReason, Finished, Memorised, Odds,
    OddsRow, Reading, RunEvent, SampleText, Samples, Started, StepMetrics, Validation,
};
pub use history::{Curve, History};
pub use mean::{MeanLoss, MeanOf, Tail};
pub use memory::Memory;
pub use recipe::{Change, LayeredRecipe, Recipe, changes};
pub use run_model::{RUNS, RunModel, run_model, with_run};
pub use runs::{CheckpointEntry, Damaged, RunDirectory, RunSummary, export};
pub use trainer::{Allowed, Listener, Price, Restore, Speed, Survey, Trainer, survey};
pub use verdict::{Divergence, Measured, Verdict};
