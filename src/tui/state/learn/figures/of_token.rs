//! Figures of one token: the one in view, or another one of the table.

use super::{Shown, Which};
use crate::decoding::{Moment, TokenOdds, display_in_text};
use crate::text::numbers::{bits, percent};
use crate::tui::state::State;

/// The odds in view, once they are those of the position in view.
pub fn moment(state: &State) -> Option<&Moment> {
    let in_view = state.play.passage().in_view();
    state
        .play
        .moment()
        .filter(|moment| moment.position == in_view)
}

fn probability(value: f32) -> Shown {
    Shown::number(value.into(), percent(value))
}

fn in_bits(value: f32) -> Shown {
    Shown::number(value.into(), bits(value))
}

/// What was thought of the token in view when it was read or drawn.
fn odds(state: &State) -> Option<TokenOdds> {
    state.play.passage().token_in_view()?.odds
}

pub fn position(state: &State) -> Option<Shown> {
    Some(Shown::count(state.play.passage().in_view()))
}

pub fn token(state: &State, which: &Which) -> Option<Shown> {
    let passage = state.play.passage();
    if *which == Which::InView {
        passage.token_in_view()?;
        return Some(quoted(display_in_text(passage.tokens(), passage.in_view())));
    }
    Some(quoted(which.row(state)?.display.clone()))
}

/// A token, which may be a comma, stands in quotes within a sentence.
fn quoted(display: String) -> Shown {
    Shown {
        text: format!("“{display}”"),
        ..Shown::text(display)
    }
}

pub fn id(state: &State, which: &Which) -> Option<Shown> {
    let id = match which {
        Which::InView => state.play.passage().token_in_view()?.id,
        which => which.row(state)?.id,
    };
    // A name, not a count: without marks between thousands.
    Some(Shown::number(id.into(), id.to_string()))
}

pub fn p(state: &State, which: &Which) -> Option<Shown> {
    Some(probability(match which {
        Which::InView => odds(state)?.probability,
        which => which.row(state)?.raw_probability,
    }))
}

pub fn final_p(state: &State, which: &Which) -> Option<Shown> {
    Some(probability(which.row(state)?.final_probability))
}

pub fn rank(state: &State, which: &Which) -> Option<Shown> {
    Some(Shown::count(match which {
        Which::InView => odds(state)?.rank,
        which => which.row(state)?.rank,
    }))
}

pub fn surprisal(state: &State, which: &Which) -> Option<Shown> {
    Some(in_bits(match which {
        Which::InView => odds(state)?.surprisal,
        which => -which.row(state)?.raw_probability.log2(),
    }))
}

pub fn logit(state: &State, which: &Which) -> Option<Shown> {
    let logit = which.row(state)?.logit;
    Some(Shown::number(logit.into(), format!("{logit:.2}")))
}

/// How many times as probable one token is as another.
pub fn ratio(state: &State, one: &Which, other: &Which) -> Option<Shown> {
    let of = |which: &Which| Some(f64::from(which.row(state)?.raw_probability));
    let ratio = of(one)? / of(other)?;
    ratio
        .is_finite()
        .then(|| Shown::number(ratio, format!("{ratio:.1}")))
}

pub fn entropy(state: &State) -> Option<Shown> {
    Some(in_bits(moment(state)?.raw_entropy))
}

pub fn final_entropy(state: &State) -> Option<Shown> {
    Some(in_bits(moment(state)?.final_entropy))
}

pub fn u(state: &State) -> Option<Shown> {
    let u = moment(state)?.u;
    Some(Shown::number(u, format!("{u:.4}")))
}

pub fn vocabulary(state: &State) -> Option<Shown> {
    Some(Shown::count(moment(state)?.vocabulary))
}

pub fn kept(state: &State) -> Option<Shown> {
    Some(Shown::count(moment(state)?.kept))
}

pub fn cut(state: &State) -> Option<Shown> {
    let moment = moment(state)?;
    Some(Shown::count(moment.vocabulary.saturating_sub(moment.kept)))
}

/// The selected row of the table, from 1.
pub fn row_number(state: &State) -> Option<Shown> {
    moment(state)?;
    Some(Shown::count(state.play.row + 1))
}
