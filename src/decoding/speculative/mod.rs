//! Speculative decoding: a small model proposes some tokens, and the large one reads them all in one pass.
//!
//! With shared numbers the target draws each token as it would alone, and the proposals only save passes: as long as they are
//! what it draws, their hidden states are there already. With acceptance sampling (Leviathan et al. 2023,
//! <https://arxiv.org/abs/2211.17192>) a proposal is taken more often, and the text is another one of the same distribution.

mod acceptance;
mod ahead;

use std::time::{Duration, Instant};

use serde::Serialize;

pub use self::acceptance::{Verdict, judge};
use super::chooser::Chooser;
use super::{DecodingError, Generation, Origin, Sequence, StepOutcome};
use crate::model::LoadedModel;
use crate::sampling::{Distribution, Method, Uniforms};

/// How proposals are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judging {
    /// The target draws with the numbers of its seed; a proposal is taken if it is what the target draws. The text is that of
    /// the target alone, as far as a draw does not fall within rounding of the border between two tokens: several tokens read
    /// at once are rounded otherwise than one.
    Shared,
    /// A proposal is taken with probability min(1, p / q), and replaced from what p has over q otherwise.
    Acceptance,
}

/// A token that the draft proposed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    pub id: u32,
    /// The token made safe and visible for display.
    pub display: String,
    /// Its probability under the target after the chain (0 to 1); none where the target did not come to it.
    pub p: Option<f32>,
    /// The same under the draft.
    pub q: f32,
    pub accepted: bool,
}

/// One pass of the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    pub proposals: Vec<Proposal>,
    /// The new tokens: those that were accepted, and one of the target's own.
    pub outcomes: Vec<StepOutcome>,
}

/// What was gained so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Gain {
    /// Passes of the target.
    pub passes: usize,
    pub proposed: usize,
    pub accepted: usize,
    pub tokens: usize,
    /// Seconds that the draft took, and that the target took.
    pub draft_seconds: f64,
    pub target_seconds: f64,
}

/// A draft model that runs ahead of a text.
pub struct Speculation<'a> {
    draft: &'a LoadedModel,
    chooser: Chooser,
    sequence: Sequence,
    /// Tokens that are proposed at once, at most.
    ahead: usize,
    judging: Judging,
    uniforms: Uniforms,
    gain: Gain,
}

impl<'a> Speculation<'a> {
    /// A draft for a text that `generation` grows on `target`.
    ///
    /// # Errors
    /// When the two have different tokens, or the method or the chain is one that no draft goes with.
    pub fn new(
        target: &LoadedModel,
        draft: &'a LoadedModel,
        generation: &Generation,
        ahead: usize,
        judging: Judging,
    ) -> Result<Self, DecodingError> {
        super::Pair::new(target, draft)?;
        let chooser = generation.chooser();
        // Adaptive-p puts nearly equal odds in order, which rounding decides.
        let unfit = matches!(
            chooser.settings().method,
            Method::Beam | Method::Contrastive | Method::AdaptiveP
        );
        if unfit || chooser.needs_second() {
            return Err(DecodingError::NoDraft);
        }
        let seed = chooser.seed();
        Ok(Self {
            chooser: Chooser::new(draft, chooser.settings(), seed)?,
            sequence: Sequence::new(draft)?,
            draft,
            ahead: ahead.max(1),
            judging,
            uniforms: Uniforms::new(seed),
            gain: Gain::default(),
        })
    }

    /// What was gained so far.
    pub fn gain(&self) -> Gain {
        self.gain
    }

    /// Lets the draft propose, and the target take what it can: at least one token comes of it.
    ///
    /// # Errors
    /// When a model fails, or with [`DecodingError::Cancelled`].
    pub fn step(
        &mut self,
        target: &LoadedModel,
        generation: &mut Generation,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Round, DecodingError> {
        let begun = Instant::now();
        let drafted = self.propose(generation, cancelled)?;
        self.gain.draft_seconds += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let round = self.judge(target, generation, &drafted, cancelled)?;
        self.count(&round, begun.elapsed());
        Ok(round)
    }

    fn count(&mut self, round: &Round, spent: Duration) {
        self.gain.target_seconds += spent.as_secs_f64();
        self.gain.passes += 1;
        self.gain.proposed += round.proposals.len();
        self.gain.tokens += round.outcomes.len();
        let accepted = round.proposals.iter().filter(|it| it.accepted);
        self.gain.accepted += accepted.count();
    }

    /// What the draft would say next, with the distributions that it was drawn from.
    fn propose(
        &mut self,
        generation: &Generation,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<(u32, Distribution)>, DecodingError> {
        let text = generation.sequence();
        let both = self.sequence.ids().iter().zip(text.ids());
        let common = both.take_while(|(here, there)| here == there).count();
        self.sequence.rewind(common);
        for &id in &text.ids()[common..] {
            self.sequence
                .push(self.draft, id, Origin::Prompt, None, None);
        }
        let mut drafted = Vec::new();
        for _ in 0..self.ahead.min(generation.room_ahead()) {
            self.sequence.catch_up(self.draft, cancelled)?;
            let logits = self.sequence.predictor(self.sequence.len())?;
            let logits = self.draft.model.logits(&logits)?;
            let distribution = self.chooser.distribution(
                logits.row(0),
                self.sequence.ids(),
                generation.prompt_len(),
                generation.running(),
                false,
            )?;
            let u = self.chooser.uniform(self.sequence.len());
            let id = self.chooser.pick(&distribution, u);
            self.sequence
                .push(self.draft, id, Origin::Generated, None, None);
            drafted.push((id, distribution));
        }
        Ok(drafted)
    }

    fn judge(
        &mut self,
        target: &LoadedModel,
        generation: &mut Generation,
        drafted: &[(u32, Distribution)],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Round, DecodingError> {
        let ids: Vec<u32> = drafted.iter().map(|(id, _)| *id).collect();
        let mut round = Round {
            proposals: drafted
                .iter()
                .map(|(id, q)| Proposal {
                    id: *id,
                    display: target.tokenizer.display(*id),
                    p: None,
                    q: q.probability(*id),
                    accepted: false,
                })
                .collect(),
            outcomes: Vec::new(),
        };
        let from = generation.sequence().len();
        let (logits, mut slide) = generation.read_ahead(target, &ids, cancelled)?;
        for (index, logits) in logits.iter().enumerate() {
            let position = from + index;
            let (mut choice, p) = generation.choice_at(logits, position)?;
            let mut accepted = false;
            if let Some((id, q)) = drafted.get(index) {
                round.proposals[index].p = Some(p.probability(*id));
                accepted = choice.id == *id;
                // Where nothing is drawn, there is nothing to judge by chance.
                if self.judging == Judging::Acceptance && choice.draw.u.is_some() {
                    let (accept, replace) = (
                        self.uniforms.judge(position),
                        self.uniforms.replace(position),
                    );
                    let verdict =
                        judge(&p, q, *id, target.model.info().vocabulary, accept, replace);
                    accepted = verdict.accepted;
                    choice = generation.choice_of(logits, &p, verdict.id);
                }
                round.proposals[index].accepted = accepted;
            }
            let outcome = generation.accept_ahead(target, choice, position, accepted, slide.take());
            let ends = outcome.stop.is_some() || !accepted;
            round.outcomes.push(outcome);
            if ends {
                break;
            }
        }
        Ok(round)
    }
}
