//! Figures of the prompt that is written and of the text in view.

use super::Shown;
use crate::decoding::{Origin, StopReason, TextStats, TokenRecord};
use crate::engine::Subject;
use crate::text::numbers::{bits, chance};
use crate::tui::state::State;

/// How a text can end.
pub const ENDS: &[&str] = &[
    "no",
    "max-tokens",
    "end-token",
    "stop-text",
    "loop",
    "stopped",
];

pub fn prompt(state: &State) -> Option<Shown> {
    Some(Shown::text(state.play.editor.text()))
}

pub fn characters(state: &State) -> Option<Shown> {
    Some(Shown::count(state.play.editor.text().chars().count()))
}

pub fn words(state: &State) -> Option<Shown> {
    Some(Shown::count(
        state.play.editor.text().split_whitespace().count(),
    ))
}

/// Once they were counted as the prompt stands.
pub fn prompt_tokens(state: &State) -> Option<Shown> {
    let tokens = state.play.draft.tokens().len();
    state
        .play
        .inspecting
        .is_settled()
        .then(|| Shown::count(tokens))
}

fn shown(state: &State) -> &[TokenRecord] {
    state.play.passage().tokens()
}

/// Those of a draft count once they were read as it stands.
pub fn tokens(state: &State) -> Option<Shown> {
    let is_read = state.play.subject == Subject::Text || state.play.inspecting.is_settled();
    is_read.then(|| Shown::count(shown(state).len()))
}

/// The text of the run; none while the lesson's prompt stands alone.
fn of_run(state: &State) -> &[TokenRecord] {
    if state.play.draft_alone {
        &[]
    } else {
        state.play.text().tokens()
    }
}

fn of_origin(state: &State, wanted: impl Fn(Origin) -> bool) -> Option<Shown> {
    let tokens = of_run(state).iter();
    Some(Shown::count(
        tokens.filter(|token| wanted(token.origin)).count(),
    ))
}

pub fn generated(state: &State) -> Option<Shown> {
    of_origin(state, |origin| origin != Origin::Prompt)
}

pub fn taken(state: &State) -> Option<Shown> {
    of_origin(state, |origin| origin == Origin::Chosen)
}

pub fn text(state: &State) -> Option<Shown> {
    let bytes: Vec<u8> = shown(state)
        .iter()
        .flat_map(|token| token.bytes.clone())
        .collect();
    Some(Shown::text(String::from_utf8_lossy(&bytes)))
}

/// The surprisal of all tokens that something predicts, in bits, and how many they are.
fn surprise(state: &State) -> Option<(f64, usize)> {
    let odds = shown(state).iter().filter_map(|token| token.odds);
    let surprisals: Vec<f64> = odds.map(|odds| odds.surprisal.into()).collect();
    let count = surprisals.len();
    (count > 0).then(|| (surprisals.iter().sum(), count))
}

pub fn bits_a_token(state: &State) -> Option<Shown> {
    let (sum, count) = surprise(state)?;
    let mean = sum / count as f64;
    Some(Shown::number(mean, bits(mean as f32)))
}

/// Two to the power of the mean surprisal in bits.
pub fn perplexity(state: &State) -> Option<Shown> {
    let (sum, count) = surprise(state)?;
    let perplexity = (sum / count as f64).exp2();
    Some(Shown::number(perplexity, format!("{perplexity:.1}")))
}

/// Of the bytes of the tokens that something predicts.
pub fn bits_a_byte(state: &State) -> Option<Shown> {
    let (sum, _) = surprise(state)?;
    let predicted = shown(state).iter().filter(|token| token.odds.is_some());
    let bytes: usize = predicted.map(|token| token.bytes.len()).sum();
    let share = sum / bytes.max(1) as f64;
    Some(Shown::number(share, bits(share as f32)))
}

pub fn joint_bits(state: &State) -> Option<Shown> {
    let (sum, _) = surprise(state)?;
    Some(Shown::number(sum, format!("{sum:.1}")))
}

/// The probability of the text as a whole, given its first token.
pub fn joint_probability(state: &State) -> Option<Shown> {
    let (sum, _) = surprise(state)?;
    let probability = (-sum).exp2();
    Some(Shown::number(probability, chance(probability)))
}

/// Different tokens among the generated ones, as a share.
pub fn distinct(state: &State) -> Option<Shown> {
    let tokens = of_run(state).iter();
    let generated = tokens.filter(|token| token.origin != Origin::Prompt);
    let stats = TextStats::of(generated);
    (stats.tokens > 0).then(|| {
        let share = stats.distinct_1;
        Shown::number(share.into(), crate::text::numbers::percent(share))
    })
}

pub fn ended(state: &State) -> Option<Shown> {
    let finish = state.play.finish().filter(|_| !state.play.draft_alone);
    let reason = finish.map(|finish| &finish.reason);
    Some(Shown::text(match reason {
        None => "no",
        Some(StopReason::MaxTokens) => "max-tokens",
        Some(StopReason::EndToken) => "end-token",
        Some(StopReason::StopText(_)) => "stop-text",
        Some(StopReason::GrammarEnd) => "grammar-end",
        Some(StopReason::Loop { .. }) => "loop",
        Some(StopReason::Cancelled) => "stopped",
        Some(StopReason::Failed(_)) => "failed",
    }))
}

/// Tokens after which a loop says the same again.
pub fn period(state: &State) -> Option<Shown> {
    let finish = state.play.finish().filter(|_| !state.play.draft_alone);
    match finish?.reason {
        StopReason::Loop { period } => Some(Shown::count(period)),
        _ => None,
    }
}

pub fn branches(state: &State) -> Option<Shown> {
    Some(Shown::count(state.play.branches.len()))
}

pub fn texts(state: &State) -> Option<Shown> {
    let alone = state.play.draft_alone;
    Some(Shown::count(if alone { 1 } else { state.play.texts.len() }))
}

/// The selected one of several samples, from 1.
pub fn sample(state: &State) -> Option<Shown> {
    Some(Shown::count(state.play.sample + 1))
}

/// Beams that the newest search followed at last.
pub fn beams(state: &State) -> Option<Shown> {
    let alone = state.play.draft_alone;
    let beams = if alone {
        0
    } else {
        state.play.beam_log.living().len()
    };
    Some(Shown::count(beams))
}

/// Drawn tokens that would have been others under the present knobs.
pub fn otherwise(state: &State) -> Option<Shown> {
    let stand = state.stand().filter(|_| !state.play.draft_alone)?;
    let otherwise = state.play.comparing.of(stand)?;
    Some(Shown::count(otherwise.len()))
}
