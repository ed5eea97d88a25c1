//! The events of runs as records.

use serde::Serialize;
use serde_json::Value;

use crate::training::{Recipe, RunEvent, Verdict};

/// An event of a run, with what is known beside it.
#[derive(Debug, Serialize)]
pub struct RunRecord<'a> {
    #[serde(flatten)]
    pub event: &'a RunEvent,
    /// Where several runs are told of: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// After validations and at the end: how it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

impl<'a> RunRecord<'a> {
    /// An event of the one run that is told of.
    pub fn new(event: &'a RunEvent) -> Self {
        Self {
            event,
            run: None,
            verdict: None,
        }
    }
}

/// A recipe for a header.
pub fn recipe(recipe: &Recipe) -> Option<Value> {
    serde_json::to_value(recipe).ok()
}
