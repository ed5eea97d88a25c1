//! The game “What comes next?”: the odds are hidden, the pupil guesses, then they are told. Token by token, or letter by
//! letter as Shannon had it.

use super::State;
use super::editor::Editor;
use super::overlay::Overlay;
use super::passage::Passage;
use crate::decoding::{Moment, Row, TokenRecord};
use crate::engine::Subject;
use crate::lessons::shannon::{Guesses, TOLD, Tally};

/// Tokens to choose among.
const CHOICES: usize = 4;
/// Letters that are shown before the first guess, and tokens.
const GIVEN_LETTERS: usize = 20;
const GIVEN_TOKENS: usize = 4;

/// What is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Token,
    Letter,
}

/// A guess, and what the model thought of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Guessed {
    /// As it was typed or chosen.
    pub text: String,
    /// The token that was meant, if one was chosen.
    pub id: Option<u32>,
}

/// How a letter went: which it was, what was wrong before, and whether it had to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Went {
    pub letter: char,
    pub tried: Vec<String>,
    pub told: bool,
}

/// How a place ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Revealed {
    /// How many guesses it took; none where it was told, or where nothing stands yet.
    pub guesses: Option<usize>,
    /// The odds that were hidden.
    pub rows: Vec<Row>,
    pub vocabulary: usize,
}

/// The game.
#[derive(Debug)]
pub struct Game {
    pub unit: Unit,
    /// Which text.
    pub subject: Subject,
    /// The text is not read yet.
    pub waits: bool,
    /// The token, or the letter, that is guessed.
    pub place: usize,
    pub typed: Editor,
    /// To choose among, in the order of the alphabet, which tells nothing: id and display.
    pub choices: Vec<(u32, String)>,
    pub chosen: Option<usize>,
    /// The guesses at this place that were wrong.
    pub tried: Vec<String>,
    /// The newest guess.
    pub last: Option<Guessed>,
    /// How the letter before this one went.
    pub went: Option<Went>,
    /// All guesses.
    pub made: usize,
    pub revealed: Option<Revealed>,
    /// The place is to be told once its odds are there, and how many guesses it took.
    pub due: Option<Option<usize>>,
    /// How many guesses each place took, told ones by a number of their own.
    pub guesses: Guesses,
    /// What the model thought of the same.
    pub model: Tally,
    /// The text's letters, and how many bytes the text has with each.
    pub letters: Vec<char>,
    ends: Vec<usize>,
    /// Whether it begins with the text and not where one looks.
    pub from_start: bool,
    /// The letter that it begins at; none for the one after a few that are given.
    pub from: Option<usize>,
}

/// The prompt that a game over another text put aside for it, to be put back once the game is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    pub prompt: String,
    pub subject: Subject,
}

impl Game {
    /// A game over a text that may have to be read first.
    pub fn new(unit: Unit, subject: Subject) -> Self {
        Self {
            unit,
            subject,
            waits: true,
            place: 0,
            typed: Editor::new(""),
            choices: Vec::new(),
            chosen: None,
            tried: Vec::new(),
            last: None,
            went: None,
            made: 0,
            revealed: None,
            due: None,
            guesses: Guesses::default(),
            model: Tally::default(),
            letters: Vec::new(),
            ends: Vec::new(),
            from_start: false,
            from: None,
        }
    }

    /// Begins at the place in view of a text that was read; at its end at the next token, or after a few letters.
    /// Returns whether there is anything to guess.
    pub fn begin(&mut self, passage: &Passage) -> bool {
        self.waits = false;
        let tokens = passage.tokens();
        (self.letters, self.ends) = letters(tokens);
        let at = (!passage.follows() && !self.from_start).then(|| passage.in_view());
        let at_end = self.subject == Subject::Draft && !self.from_start;
        self.place = match self.unit {
            Unit::Token if at_end => at.unwrap_or(tokens.len()),
            Unit::Token => at.unwrap_or_else(|| GIVEN_TOKENS.min(tokens.len())),
            Unit::Letter => {
                let place = self.from.unwrap_or(GIVEN_LETTERS);
                if place < self.letters.len() {
                    place
                } else {
                    self.letters.len() / 2
                }
            }
        };
        self.place = self.place.max(1);
        self.model = match self.unit {
            Unit::Letter => Tally::within(self.bytes_before(self.place)..usize::MAX),
            Unit::Token => Tally::default(),
        };
        match self.unit {
            Unit::Token => !tokens.is_empty(),
            Unit::Letter => self.place < self.letters.len(),
        }
    }

    /// Bytes of the text before a letter.
    pub fn bytes_before(&self, letter: usize) -> usize {
        let before = letter.checked_sub(1).and_then(|last| self.ends.get(last));
        before.copied().unwrap_or(0)
    }

    /// Goes to the next place.
    pub fn next(&mut self) {
        self.place += 1;
        self.clear();
    }

    /// Forgets what belongs to the place.
    pub fn clear(&mut self) {
        self.typed = Editor::new("");
        self.choices.clear();
        self.chosen = None;
        self.tried.clear();
        self.revealed = None;
        self.due = None;
    }

    /// What to choose among at this place: the token that stands there, if one does, and the likeliest others.
    pub fn offer(&mut self, moment: &Moment) {
        let stands = moment
            .rows
            .iter()
            .filter(|row| Some(row.id) == moment.chosen);
        let others = moment
            .rows
            .iter()
            .filter(|row| Some(row.id) != moment.chosen);
        let some = stands.chain(others).take(CHOICES);
        self.choices = some.map(|row| (row.id, row.display.clone())).collect();
        self.choices.sort_by(|(_, one), (_, other)| one.cmp(other));
    }

    /// Counts a place that took so many guesses, or was told.
    pub fn count(&mut self, guesses: Option<usize>) {
        self.guesses.add(guesses.unwrap_or(TOLD));
    }

    /// The pupil's bits for a place that took so many guesses: −log2 of the share of places that did. Their mean is
    /// Shannon's upper bound.
    pub fn bits(&self, guesses: Option<usize>) -> f64 {
        let with = self.guesses.with(guesses.unwrap_or(TOLD));
        (self.guesses.letters() as f64 / with.max(1) as f64).log2()
    }

    /// The row of the newest guess among the odds: the likeliest token that says it.
    pub fn guessed_row<'a>(&self, rows: &'a [Row]) -> Option<&'a Row> {
        let last = self.last.as_ref()?;
        let says = |row: &&Row| match last.id {
            Some(id) => row.id == id,
            None => is_same(&last.text, &row.display),
        };
        rows.iter().filter(says).min_by_key(|row| row.rank)
    }
}

/// Whether a guess says what a token does: spaces around it and capitals do not matter.
pub fn is_same(guess: &str, token: &str) -> bool {
    let plain = |text: &str| text.trim_matches(['·', ' ', '\n']).to_lowercase();
    let (guess, token) = (plain(guess), plain(token));
    !guess.is_empty() && guess == token
}

/// Whether a guess is right: it says the token, or the word that the token begins.
pub fn is_right(guess: &str, tokens: &[TokenRecord], place: usize) -> bool {
    let said = |token: &TokenRecord| String::from_utf8_lossy(&token.bytes).into_owned();
    let Some(token) = tokens.get(place).map(said) else {
        return false;
    };
    if is_same(guess, &token) {
        return true;
    }
    let inside = |text: &String| text.chars().next().is_some_and(char::is_alphanumeric);
    let rest = tokens[place + 1..].iter().map(said).take_while(inside);
    let word: String = [token].into_iter().chain(rest).collect();
    is_same(guess, &word)
}

/// The letters of a text that was spelled for the game, and how many bytes it has with each.
fn letters(tokens: &[TokenRecord]) -> (Vec<char>, Vec<usize>) {
    let text = said(tokens);
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    (text.chars().collect(), ends.collect())
}

/// What tokens say together.
pub fn said(tokens: &[TokenRecord]) -> String {
    let bytes: Vec<u8> = tokens
        .iter()
        .flat_map(|token| token.bytes.clone())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl State {
    /// The game, while it is open.
    pub(in crate::tui) fn game(&self) -> Option<&Game> {
        match &self.screen.overlay {
            Some(Overlay::Game(game)) => Some(game),
            _ => None,
        }
    }

    /// The prompt of the user's own, also while a game of letters has another one there.
    pub(in crate::tui) fn own_prompt(&self) -> String {
        let aside = self.play.aside.as_ref();
        aside.map_or_else(|| self.play.editor.text(), |aside| aside.prompt.clone())
    }

    /// The text that is guessed.
    pub(in crate::tui) fn guessed_text(&self, subject: Subject) -> &Passage {
        match subject {
            Subject::Draft => &self.play.draft,
            Subject::Text => self.play.text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::Origin;

    fn tokens(words: &[&str]) -> Vec<TokenRecord> {
        let token = |(position, word): (usize, &&str)| TokenRecord {
            position,
            id: position as u32,
            bytes: word.as_bytes().to_vec(),
            display: word.replace(' ', "·"),
            origin: Origin::Prompt,
            odds: None,
            draw: None,
        };
        words.iter().enumerate().map(token).collect()
    }

    #[test]
    fn a_guess_is_right_by_its_word_whatever_its_spaces_and_capitals() {
        let text = tokens(&["The", " ele", "phant", " sat", "\n"]);
        for right in ["ele", " Elephant ", "elephant"] {
            assert!(is_right(right, &text, 1), "{right}");
        }
        for wrong in ["", " ", "elephants", "sat", "phant"] {
            assert!(!is_right(wrong, &text, 1), "{wrong}");
        }
        assert!(is_right("sat", &text, 3) && !is_right("sat", &text, 9));
        assert!(!is_right("", &text, 4), "nothing is no guess");
    }

    #[test]
    fn letters_end_where_their_bytes_do() {
        let (found, ends) = letters(&tokens(&["the", " é", "x"]));
        assert_eq!(found.iter().collect::<String>(), "the éx");
        assert_eq!(ends, [1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn the_pupils_bits_are_those_of_the_shares() {
        let mut game = Game::new(Unit::Token, Subject::Text);
        for guesses in [Some(1), Some(1), Some(1), None] {
            game.count(guesses);
        }
        assert!((game.bits(Some(1)) - (4f64 / 3.0).log2()).abs() < 1e-12);
        assert!((game.bits(None) - 2.0).abs() < 1e-12);
        let mean = (3.0 * game.bits(Some(1)) + game.bits(None)) / 4.0;
        let bounds = game.guesses.bounds().expect("places");
        assert!((mean - bounds.upper).abs() < 1e-12);
    }
}
