//! `compare --json`: what the engines tell as records.

use super::lane::{Lane, letter, said};
use super::plan::Planned;
use crate::cli::CliError;
use crate::cli::json::{LaneEnd, LanePrompt, LaneRecord, LaneRun, LaneToken, LaneTotals, Record};
use crate::cli::output::Output;
use crate::decoding::StopReason;
use crate::engine::{Event, Subject};

/// Which run of all lanes is written.
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    pub models: &'a [String],
    pub run: u64,
}

impl Records<'_> {
    /// Writes an event of the engine that has the lanes at `places`, as far as it is told. What it changes in `lanes` has
    /// been taken in before.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn event(
        self,
        event: &Event,
        places: &[usize],
        lanes: &[Lane],
        output: &mut Output,
    ) -> Result<(), CliError> {
        let run = self.run;
        match event {
            Event::Lane { sample, lane, .. } => {
                let Lane { planned, apart, .. } = &lanes[*sample];
                output.json(&Record::Lane(LaneRecord::of(
                    (letter(*sample), run),
                    (&planned.text, self.model_of(planned)),
                    lane,
                    apart.as_deref(),
                )))?;
            }
            // The same in every run.
            Event::PromptRead {
                subject: Subject::Text,
                tokens,
                seconds,
            } if run == 0 => {
                let Some(&first) = places.first() else {
                    return Ok(());
                };
                output.json(&Record::LanePrompt(LanePrompt {
                    model: self.model_of(&lanes[first].planned),
                    lanes: places.iter().copied().map(letter).collect(),
                    tokens: tokens.len(),
                    seconds: *seconds,
                }))?;
                for token in tokens {
                    let token = LaneToken::of((letter(first), run), token);
                    output.json(&Record::LaneToken(token))?;
                }
            }
            Event::Token { sample, record } => {
                let token = LaneToken::of((letter(*sample), run), record);
                output.json(&Record::LaneToken(token))?;
            }
            Event::Finished {
                sample,
                reason,
                tokens,
                seconds,
            } => {
                let name = (letter(*sample), run);
                let end = LaneEnd::of(name, reason, *tokens, Some(*seconds));
                output.json(&Record::LaneEnd(end))?;
            }
            Event::Slid { kept, dropped, .. } => output.json(&Record::Slid {
                document: 0,
                kept: *kept,
                dropped: *dropped,
            })?,
            Event::Notice { message } => output.json(&Record::Notice { message })?,
            _ => return Ok(()),
        }
        output.flush()
    }

    /// Writes that the lanes at `places` have failed with their model.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn failed(
        self,
        places: &[usize],
        why: &str,
        lanes: &[Lane],
        output: &mut Output,
    ) -> Result<(), CliError> {
        let why = StopReason::Failed(why.to_owned());
        for &place in places {
            let name = (letter(place), self.run);
            let end = LaneEnd::of(name, &why, lanes[place].tokens.len(), None);
            output.json(&Record::LaneEnd(end))?;
        }
        output.flush()
    }

    /// Writes what the run that has just ended came to in the lane at `place`.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn run(self, place: usize, lane: &Lane, output: &mut Output) -> Result<(), CliError> {
        let Some(figures) = lane.runs.last() else {
            return Ok(());
        };
        let text = said(&lane.tokens);
        let name = (letter(place), self.run);
        output.json(&Record::LaneRun(LaneRun::of(name, &text, figures)))?;
        output.flush()
    }

    /// Writes the totals of all lanes.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn totals(self, lanes: &[Lane], output: &mut Output) -> Result<(), CliError> {
        for (place, lane) in lanes.iter().enumerate() {
            output.json(&Record::LaneTotals(LaneTotals {
                lane: letter(place),
                settings: &lane.planned.text,
                model: self.model_of(&lane.planned),
                seed: lane.planned.settings.seed,
                runs: lane.runs.len(),
                text: &lane.text(),
                apart: lane.apart.as_deref(),
                parted: lane.parted,
                failed: lane.failed.as_deref(),
                means: lane.means().into(),
            }))?;
        }
        Ok(())
    }

    fn model_of(&self, planned: &Planned) -> &str {
        &self.models[planned.model]
    }
}
