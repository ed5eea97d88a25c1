//! A token of every text of a run that goes on: one pass over the weights for all that grow.

use std::time::Instant;

use super::super::Event;
use super::sample::{Sample, Text, slid};
use crate::decoding::{DecodingError, Generation, StepOutcome, StopReason, batch};
use crate::model::LoadedModel;

/// One token of each sample that goes on. Returns the events it brought. Of several, one that fails leaves the others be.
///
/// # Errors
/// When the model fails on the only text, or with [`DecodingError::Cancelled`].
pub(super) fn step(
    loaded: &LoadedModel,
    samples: &mut [Sample],
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Event>, DecodingError> {
    let alone = samples.len() == 1;
    let mut events = Vec::new();
    let mut growing: Vec<(usize, &mut Sample)> = Vec::new();
    for (index, sample) in samples.iter_mut().enumerate() {
        if sample.stopped {
            continue;
        }
        if matches!(sample.text, Text::Grows(_)) {
            growing.push((index, sample));
            continue;
        }
        match sample.search_on(index, loaded, cancelled) {
            Ok(told) => events.extend(told),
            Err(error) if alone || is_end(&error) => return Err(error),
            Err(error) => events.extend(sample.end(index, StopReason::Failed(error.to_string()))),
        }
    }
    let begun = Instant::now();
    let outcomes = outcomes(loaded, &mut growing, cancelled)?;
    let spent = begun.elapsed();
    for ((index, sample), outcome) in growing.into_iter().zip(outcomes) {
        sample.spent += spent;
        match outcome {
            Ok(outcome) => {
                events.extend(outcome.slide.map(|slide| slid(index, slide)));
                events.push(Event::Token {
                    sample: index,
                    record: outcome.record,
                });
                if let Some(reason) = outcome.stop {
                    events.extend(sample.end(index, reason));
                }
            }
            Err(error) if alone || is_end(&error) => return Err(error),
            Err(error) => events.extend(sample.end(index, StopReason::Failed(error.to_string()))),
        }
    }
    Ok(events)
}

fn is_end(error: &DecodingError) -> bool {
    matches!(error, DecodingError::Cancelled)
}

/// An outcome for each. What fails for all of them together is tried with each alone, to find which one it is.
fn outcomes(
    loaded: &LoadedModel,
    growing: &mut [(usize, &mut Sample)],
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Result<StepOutcome, DecodingError>>, DecodingError> {
    let mut generations: Vec<&mut Generation> = growing
        .iter_mut()
        .filter_map(|(_, sample)| sample.growing_mut())
        .collect();
    match generations.as_mut_slice() {
        [] => Ok(Vec::new()),
        [one] => Ok(vec![one.step(loaded, cancelled)]),
        several => match batch::step(loaded, several, cancelled) {
            Err(error) if !is_end(&error) => {
                tracing::warn!("of several texts one failed, each is tried alone: {error}");
                let alone = several.iter_mut();
                Ok(alone.map(|one| one.step(loaded, cancelled)).collect())
            }
            outcomes => outcomes,
        },
    }
}
