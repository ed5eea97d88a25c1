//! Beam search: keeps the `num_beams` most probable continuations, and returns them all.
//!
//! A beam's score is the sum of the natural logarithms of its tokens' final probabilities, divided by its length
//! to the power of `length_penalty` once it is finished (as transformers' beam search does with the tokens it
//! generated). The chain runs before the logarithm: with a neutral chain these are the model's own probabilities.

use serde::Serialize;

use super::chooser::Choice;
use super::generation::Generation;
use super::sequence::token_odds;
use super::window::Slide;
use super::{DecodingError, StopReason, batch};
use crate::model::{LoadedModel, Rows};
use crate::text::sanitize;

/// A continuation, as shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beam {
    /// Generated tokens.
    pub ids: Vec<u32>,
    /// The generated text, safe for display.
    pub text: String,
    /// Sum of the natural logarithms of the tokens' final probabilities.
    pub log_probability: f64,
    /// What beams are compared by in the end.
    pub score: f64,
    /// Why it is finished, if it is.
    pub finished: Option<StopReason>,
}

struct Branch {
    generation: Generation,
    log_probability: f64,
    finished: Option<StopReason>,
}

/// A token that would extend a live beam.
struct Extension {
    parent: usize,
    choice: Choice,
    log_probability: f64,
}

/// What one step of a search brought.
#[derive(Debug, Clone, PartialEq)]
pub struct BeamStep {
    /// Finished and live beams, best first.
    pub beams: Vec<Beam>,
    /// Whether the context of a beam slid.
    pub slide: Option<Slide>,
    /// Whether the search is over.
    pub done: bool,
}

/// A search under way.
pub struct BeamSearch {
    /// Beams that still grow, best first.
    live: Vec<Branch>,
    /// Beams that ended, best first; at most `num_beams`.
    finished: Vec<Branch>,
    num_beams: usize,
    length_penalty: f32,
}

impl BeamSearch {
    /// Starts from a generation whose prompt was read.
    pub fn new(generation: Generation) -> Self {
        let sampler = generation.chooser().settings();
        Self {
            num_beams: sampler.num_beams.max(1),
            length_penalty: sampler.length_penalty,
            live: vec![Branch {
                generation,
                log_probability: 0.0,
                finished: None,
            }],
            finished: Vec::new(),
        }
    }

    /// Extends every live beam by one token and keeps the best.
    ///
    /// # Errors
    /// When the model fails, or with [`DecodingError::Cancelled`].
    pub fn step(
        &mut self,
        loaded: &LoadedModel,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<BeamStep, DecodingError> {
        let mut sequences: Vec<_> = self
            .live
            .iter_mut()
            .map(|branch| branch.generation.sequence_mut())
            .collect();
        let (logits, slides) = batch::next_logits(loaded, &mut sequences, cancelled)?;
        let extensions = self.best_extensions(loaded, &logits)?;
        self.extend(loaded, extensions)?;

        self.sort_finished();
        let done = self.live.is_empty() || self.cannot_improve();
        if done {
            self.live.clear();
        }
        Ok(BeamStep {
            beams: self.beams(),
            slide: slides.into_iter().flatten().next(),
            done,
        })
    }

    /// The beams, finished and live, best first.
    pub fn beams(&self) -> Vec<Beam> {
        let mut beams: Vec<Beam> = self
            .branches()
            .map(|branch| {
                let generation = &branch.generation;
                let records = &generation.sequence().records()[generation.prompt_len()..];
                Beam {
                    ids: records.iter().map(|record| record.id).collect(),
                    text: display_text(records.iter().flat_map(|record| &record.bytes)),
                    log_probability: branch.log_probability,
                    score: self.score(branch),
                    finished: branch.finished.clone(),
                }
            })
            .collect();
        beams.sort_by(|a, b| b.score.total_cmp(&a.score));
        beams
    }

    /// The live beam that is best so far.
    pub fn best(&self) -> Option<&Generation> {
        self.live.first().map(|branch| &branch.generation)
    }

    /// As [`Self::best`].
    pub fn best_mut(&mut self) -> Option<&mut Generation> {
        self.live.first_mut().map(|branch| &mut branch.generation)
    }

    /// Ends the search and returns the best beam's text, and why it ended, if it did.
    pub fn into_best(self) -> Option<(Generation, Option<StopReason>)> {
        let best = self
            .branches()
            .map(|branch| self.score(branch))
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?
            .0;
        let branch = self.finished.into_iter().chain(self.live).nth(best)?;
        Some((branch.generation, branch.finished))
    }

    fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.finished.iter().chain(&self.live)
    }

    fn score(&self, branch: &Branch) -> f64 {
        let length = branch.generation.generated().max(1) as f64;
        branch.log_probability / length.powf(f64::from(self.length_penalty))
    }

    /// The extensions to carry out, best first: enough for `num_beams` live beams, and ends only while they are
    /// among the best `num_beams`, as in transformers.
    fn best_extensions(
        &self,
        loaded: &LoadedModel,
        logits: &Rows,
    ) -> Result<Vec<Extension>, DecodingError> {
        let mut all = Vec::new();
        for (parent, (branch, logits)) in self.live.iter().zip(logits.iter()).enumerate() {
            let generation = &branch.generation;
            let chooser = generation.chooser();
            let distribution = chooser.distribution(
                logits,
                generation.sequence().ids(),
                generation.prompt_len(),
                generation.running(),
                false,
            )?;
            for (id, probability) in distribution.top(2 * self.num_beams) {
                all.push(Extension {
                    parent,
                    log_probability: branch.log_probability + f64::from(probability).ln(),
                    choice: Choice {
                        id,
                        odds: token_odds(logits, id),
                        draw: chooser.draw_of(&distribution, id, None, generation.running()),
                    },
                });
            }
        }
        all.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability));
        let ends = &loaded.model.info().end_tokens;
        let mut live = 0;
        let mut rank = 0;
        all.retain(|extension| {
            let ends = ends.contains(&extension.choice.id);
            let keep = live < self.num_beams && (!ends || rank < self.num_beams);
            live += usize::from(keep && !ends);
            rank += 1;
            keep
        });
        Ok(all)
    }

    /// Replaces the live beams by their extensions; a parent's last extension takes over its cache.
    fn extend(
        &mut self,
        loaded: &LoadedModel,
        extensions: Vec<Extension>,
    ) -> Result<(), DecodingError> {
        let mut children = vec![0usize; self.live.len()];
        for extension in &extensions {
            children[extension.parent] += 1;
        }
        let mut parents: Vec<Option<Generation>> = std::mem::take(&mut self.live)
            .into_iter()
            .map(|branch| Some(branch.generation))
            .collect();
        for extension in extensions {
            let slot = &mut parents[extension.parent];
            children[extension.parent] -= 1;
            let inherited = if children[extension.parent] == 0 {
                slot.take()
            } else {
                slot.as_ref().map(Generation::try_clone).transpose()?
            };
            let Some(mut generation) = inherited else {
                continue;
            };
            let finished = generation.accept(loaded, extension.choice, None).stop;
            let ended = finished.is_some();
            let branch = Branch {
                generation,
                log_probability: extension.log_probability,
                finished,
            };
            if ended {
                self.finished.push(branch);
            } else {
                self.live.push(branch);
            }
        }
        Ok(())
    }

    fn sort_finished(&mut self) {
        let mut finished = std::mem::take(&mut self.finished);
        finished.sort_by(|a, b| self.score(b).total_cmp(&self.score(a)));
        finished.truncate(self.num_beams);
        self.finished = finished;
    }

    /// Whether every finished beam is at least as good as the best live one is now.
    fn cannot_improve(&self) -> bool {
        let best_live = self.live.iter().map(|branch| self.score(branch));
        let best_live = best_live.fold(f64::NEG_INFINITY, f64::max);
        self.finished.len() >= self.num_beams
            && self
                .finished
                .iter()
                .all(|branch| self.score(branch) >= best_live)
    }
}

fn display_text<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let bytes: Vec<u8> = bytes.copied().collect();
    sanitize(&String::from_utf8_lossy(&bytes)).into_owned()
}
