//! Which token a figure is about.

use crate::decoding::Row;
use crate::text::display_token;
use crate::tui::state::State;

/// What stands behind a figure's colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// A token, or nothing for the one in view.
    Token,
    /// Two tokens with a stroke between.
    Two,
}

impl Takes {
    /// Whether this can stand there.
    ///
    /// # Errors
    /// With a sentence that says what can.
    pub fn check(self, of: Option<&str>) -> Result<(), String> {
        match self {
            Self::Nothing if of.is_some() => Err("nothing is asked behind its name".to_owned()),
            Self::Nothing => Ok(()),
            Self::Token => Which::read(of).map(drop),
            Self::Two => two(of).map(drop),
        }
    }
}

/// A token of the table of odds in view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The one in view.
    InView,
    /// The one in the selected row.
    Row,
    /// The one that the draw picks by the present knobs.
    Pick,
    /// By its rank among the raw odds, from 1.
    Rank(usize),
    /// By its text, as it is displayed.
    Said(String),
}

impl Which {
    /// Reads what stands behind the colon.
    ///
    /// # Errors
    /// With a sentence that says what can stand there.
    pub fn read(of: Option<&str>) -> Result<Self, String> {
        let Some(of) = of else {
            return Ok(Self::InView);
        };
        let quoted = of.strip_prefix('"').and_then(|of| of.strip_suffix('"'));
        match (of, quoted, of.parse()) {
            (_, Some(text), _) if !text.is_empty() => {
                Ok(Self::Said(display_token(text.as_bytes())))
            }
            ("row", ..) => Ok(Self::Row),
            ("pick", ..) => Ok(Self::Pick),
            (_, _, Ok(rank)) if rank > 0 => Ok(Self::Rank(rank)),
            _ => Err(
                "behind the colon comes a rank from 1, row, pick, or a token in quotes".to_owned(),
            ),
        }
    }

    /// Its row, if the odds in view have it.
    pub fn row<'a>(&self, state: &'a State) -> Option<&'a Row> {
        let moment = super::of_token::moment(state)?;
        let by_id = |id: Option<u32>| moment.rows.iter().find(|row| Some(row.id) == id);
        match self {
            Self::InView => by_id(moment.chosen),
            Self::Row => moment.rows.get(state.play.row),
            Self::Pick => by_id(moment.pick),
            Self::Rank(rank) => {
                let of = |row: &&Row| row.rank == *rank;
                // While the engine looks for a guess, the first ones are those that the game told.
                let told = || {
                    let game = state.game().filter(|game| game.place == moment.position)?;
                    game.revealed.as_ref()?.rows.iter().find(of)
                };
                moment.rows.iter().find(of).or_else(told)
            }
            Self::Said(text) => moment.rows.iter().find(|row| row.display == *text),
        }
    }
}

/// Reads two tokens.
///
/// # Errors
/// With a sentence that says what can stand there.
pub fn two(of: Option<&str>) -> Result<(Which, Which), String> {
    let wrong =
        || "behind the colon come two tokens with / between: 1/2, \" a\"/\" the\"".to_owned();
    let (one, other) = of.and_then(|of| of.split_once('/')).ok_or_else(wrong)?;
    Ok((
        Which::read(Some(one.trim_end()))?,
        Which::read(Some(other.trim_start()))?,
    ))
}
