//! Figures of the game: how much was guessed, and what the model thinks of the newest guess.

use super::Shown;
use crate::decoding::Row;
use crate::text::numbers::percent;
use crate::tui::state::State;

/// Guesses that were made; 0 where no game is open.
pub fn guesses(state: &State) -> Option<Shown> {
    Some(Shown::count(state.game().map_or(0, |game| game.made)))
}

/// Places whose odds were told.
pub fn guessed(state: &State) -> Option<Shown> {
    let told = |game: &crate::tui::state::game::Game| {
        let open = usize::from(game.revealed.is_some());
        game.guesses.letters().max(open)
    };
    Some(Shown::count(state.game().map_or(0, told)))
}

/// The newest guess.
pub fn guess(state: &State) -> Option<Shown> {
    let last = state.game()?.last.as_ref()?;
    Some(Shown {
        text: format!("“{}”", last.text),
        ..Shown::text(last.text.clone())
    })
}

/// What the model thinks of it, once the odds were told.
fn row(state: &State) -> Option<&Row> {
    let game = state.game()?;
    let revealed = game.revealed.as_ref()?;
    let searched = state
        .play
        .moment()
        .filter(|moment| moment.position == game.place);
    let listed = game.guessed_row(&revealed.rows);
    listed.or_else(|| game.guessed_row(&searched?.rows))
}

pub fn guess_rank(state: &State) -> Option<Shown> {
    Some(Shown::count(row(state)?.rank))
}

pub fn guess_p(state: &State) -> Option<Shown> {
    let probability = row(state)?.raw_probability;
    Some(Shown::number(probability.into(), percent(probability)))
}
