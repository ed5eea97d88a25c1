//! The figures of the screen by name: what lessons fill their sentences with, and what they wait for. Each is taken from
//! what is shown, so that a sentence and the pane beside it say the same.

mod of_game;
mod of_screen;
mod of_text;
mod of_token;
mod which;

pub use which::Takes;

use which::{Which, two};

use super::tables;
use crate::lessons::{Blank, Value};
use crate::tui::state::State;
use crate::tui::state::knob_values;
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::knob_rows::KnobRow;

/// What a figure is now: to be compared, and to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub value: Value,
    pub text: String,
}

impl Shown {
    fn number(value: f64, text: String) -> Self {
        Self {
            value: Value::Number(value),
            text,
        }
    }

    fn count(count: usize) -> Self {
        Self::number(count as f64, crate::text::numbers::thousands(count))
    }

    fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            value: Value::Text(text.clone()),
            text,
        }
    }
}

/// How a figure is taken.
enum Taken {
    /// From the screen as a whole.
    Whole(fn(&State) -> Option<Shown>),
    /// Of one token.
    Of(fn(&State, &Which) -> Option<Shown>),
    /// Of two.
    OfTwo(fn(&State, &Which, &Which) -> Option<Shown>),
}

/// A figure.
pub struct Figure {
    pub name: &'static str,
    pub takes: Takes,
    /// Whether it is a text, and no number.
    pub is_text: bool,
    /// The words that it can be, where those are few.
    pub words: fn() -> Option<Vec<String>>,
    taken: Taken,
}

const fn whole(name: &'static str, taken: fn(&State) -> Option<Shown>) -> Figure {
    Figure {
        name,
        takes: Takes::Nothing,
        is_text: false,
        words: || None,
        taken: Taken::Whole(taken),
    }
}

const fn of(name: &'static str, taken: fn(&State, &Which) -> Option<Shown>) -> Figure {
    Figure {
        takes: Takes::Token,
        taken: Taken::Of(taken),
        ..whole(name, |_| None)
    }
}

/// A figure that is a text.
const fn said(figure: Figure) -> Figure {
    Figure {
        is_text: true,
        ..figure
    }
}

/// A figure that is one of a few words.
const fn one_of(words: fn() -> Option<Vec<String>>, figure: Figure) -> Figure {
    Figure {
        is_text: true,
        words,
        ..figure
    }
}

fn words(words: &[&str]) -> Option<Vec<String>> {
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

/// All figures but the knobs, which go by their own names.
pub static FIGURES: &[Figure] = &[
    // The prompt that is written.
    said(whole("prompt", of_text::prompt)),
    whole("characters", of_text::characters),
    whole("words", of_text::words),
    whole("prompt-tokens", of_text::prompt_tokens),
    // The text in view.
    whole("tokens", of_text::tokens),
    whole("generated", of_text::generated),
    whole("taken", of_text::taken),
    said(whole("text", of_text::text)),
    whole("bits-a-token", of_text::bits_a_token),
    whole("perplexity", of_text::perplexity),
    whole("bits-a-byte", of_text::bits_a_byte),
    whole("joint-bits", of_text::joint_bits),
    whole("joint-p", of_text::joint_probability),
    whole("distinct", of_text::distinct),
    one_of(|| words(of_text::ENDS), whole("ended", of_text::ended)),
    whole("period", of_text::period),
    whole("branches", of_text::branches),
    whole("texts", of_text::texts),
    whole("sample", of_text::sample),
    whole("beams", of_text::beams),
    whole("otherwise", of_text::otherwise),
    // The token in view, or another one of the table.
    whole("position", of_token::position),
    said(of("token", of_token::token)),
    of("id", of_token::id),
    of("p", of_token::p),
    of("final", of_token::final_p),
    of("rank", of_token::rank),
    of("surprisal", of_token::surprisal),
    of("logit", of_token::logit),
    Figure {
        takes: Takes::Two,
        taken: Taken::OfTwo(of_token::ratio),
        ..whole("ratio", |_| None)
    },
    whole("entropy", of_token::entropy),
    whole("final-entropy", of_token::final_entropy),
    whole("u", of_token::u),
    whole("vocabulary", of_token::vocabulary),
    whole("kept", of_token::kept),
    whole("cut", of_token::cut),
    whole("row", of_token::row_number),
    // The game.
    whole("guesses", of_game::guesses),
    whole("guessed", of_game::guessed),
    said(whole("guess", of_game::guess)),
    whole("guess-rank", of_game::guess_rank),
    whole("guess-p", of_game::guess_p),
    // The screen.
    one_of(
        || words(&Focus::ALL.map(Focus::word)),
        whole("focus", of_screen::focus),
    ),
    one_of(
        || words(of_screen::YES_OR_NO),
        whole("zoomed", of_screen::zoomed),
    ),
    one_of(|| words(of_screen::OVER), whole("over", of_screen::over)),
    one_of(
        || words(of_screen::SCREENS),
        whole("screen", of_screen::screen),
    ),
    one_of(|| words(of_screen::RUNS), whole("run", of_screen::run)),
    one_of(
        || words(of_screen::MARKINGS),
        whole("colour", of_screen::marking),
    ),
    one_of(
        || words(&[of_screen::NONE]),
        whole("preset", of_screen::preset),
    ),
    said(whole("knob", of_screen::knob)),
    one_of(
        || words(of_screen::YES_OR_NO),
        whole("turned", of_screen::turned),
    ),
    said(whole("order", of_screen::order)),
    said(whole("model", of_screen::model)),
    // The run of training in view.
    one_of(
        || words(of_screen::JOBS),
        whole("training", of_screen::training),
    ),
    whole("train-step", of_screen::train_step),
    whole("train-step-in-view", of_screen::train_step_in_view),
    whole("train-epoch", of_screen::train_epoch),
    whole("train-loss", of_screen::train_loss),
    whole("train-validation", of_screen::train_validation),
];

/// What a figure is now; nothing where it is not known, such as odds that are on their way.
pub fn figure(state: &State, blank: &Blank) -> Option<Shown> {
    let of = blank.of.as_deref();
    let Some(figure) = FIGURES.iter().find(|figure| figure.name == blank.name) else {
        return knob(state, &blank.name);
    };
    match figure.taken {
        Taken::Whole(taken) => taken(state),
        Taken::Of(taken) => taken(state, &Which::read(of).ok()?),
        Taken::OfTwo(taken) => {
            let (one, other) = two(of).ok()?;
            taken(state, &one, &other)
        }
    }
}

/// What a knob stands at.
fn knob(state: &State, name: &str) -> Option<Shown> {
    let row = tables::knob(name)?;
    let settings = &state.play.settings;
    let written = knob_values::written(row, settings);
    Some(match row {
        KnobRow::Knob(knob) => Shown::number(knob.get(&settings.sampler), written),
        _ => match written.parse() {
            Ok(number) => Shown::number(number, written),
            Err(_) => Shown::text(written),
        },
    })
}

impl State {
    /// What a figure of lessons is now, by its name, as it is read in a sentence: `p:1`, `temperature`.
    pub fn figure(&self, named: &str) -> Option<String> {
        figure(self, &Blank::read(named)).map(|shown| shown.text)
    }
}
