//! The game “What comes next?” over the panes, whose odds it hides.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

use super::draw::{self, cell, right};
use crate::decoding::{Row, display_in_text};
use crate::lessons::shannon::{Guesses, Tally};
use crate::text::numbers::{bits, percent, thousands};
use crate::tui::state::State;
use crate::tui::state::game::{Game, Revealed, Unit};
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Rows of the odds that are told.
const ROWS: usize = 5;
/// Cells of a token, and of its numbers.
const TOKEN: usize = 22;
const NUMBER: usize = 9;

/// Draws it between the top line and the footer. Returns where it lies.
pub fn draw(state: &State, game: &Game, theme: &Theme, over: Rect, frame: &mut Frame) -> Rect {
    let area = Rect {
        y: over.y + 1,
        height: over.height.saturating_sub(2),
        ..over
    };
    let what = match game.unit {
        Unit::Token => " What comes next? ",
        Unit::Letter => " Which letter comes next? ",
    };
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.border_focused)
        .title(Line::styled(what, theme.title));
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let width = inside.width.saturating_sub(2);
    let below = if game.waits {
        vec![Line::styled(" The model is reading the text.", theme.quiet)]
    } else {
        match (game.unit, &game.revealed) {
            (Unit::Letter, _) => letters(game, theme),
            (Unit::Token, None) => guessing(state, game, theme),
            (Unit::Token, Some(revealed)) => told(state, game, revealed, theme, width),
        }
    };
    let score = score(state, game, theme, width);
    let rest = below.len() + score.len() + 1;
    let room = usize::from(inside.height).saturating_sub(rest).max(1);
    let mut lines = begins(game, theme, width);
    let room = room.saturating_sub(lines.len()).max(1);
    lines.extend(text(state, game, theme, width, room));
    lines.push(Line::default());
    lines.extend(below);
    let blank = usize::from(inside.height).saturating_sub(lines.len() + score.len());
    lines.extend(std::iter::repeat_n(Line::default(), blank));
    lines.extend(score);
    draw::lines(lines, inside, frame);
    area
}

/// What it is that stands there, of letters.
fn begins(game: &Game, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    if game.unit == Unit::Token || game.waits {
        return Vec::new();
    }
    let what = "The text up to here, in small letters; whatever is no letter is a space:";
    let lines = wrapped(what, width).into_iter();
    lines
        .map(|line| Line::styled(format!(" {line}"), theme.quiet))
        .collect()
}

/// The end of what is known of the text, in as many lines as there is room for.
fn text(state: &State, game: &Game, theme: &Theme, width: u16, room: usize) -> Vec<Line<'static>> {
    let tokens = state.guessed_text(game.subject).tokens();
    let known: String = match game.unit {
        Unit::Letter => game.letters.iter().take(game.place).collect(),
        Unit::Token => {
            let upto = if game.revealed.is_some() {
                game.place + 1
            } else {
                game.place
            };
            let bytes: Vec<u8> = tokens
                .iter()
                .take(upto)
                .flat_map(|token| token.bytes.clone())
                .collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let mut lines: Vec<String> = known
        .split('\n')
        .flat_map(|line| match line {
            "" => vec![String::new()],
            line => wrapped(line, width),
        })
        .collect();
    if let Some(last) = lines.last_mut() {
        last.push('▁');
    }
    let skipped = lines.len().saturating_sub(room);
    let shown = lines.into_iter().skip(skipped);
    shown
        .map(|line| Line::styled(format!(" {line}"), theme.strong))
        .collect()
}

/// What is typed or chosen, and what was wrong.
fn guessing(state: &State, game: &Game, theme: &Theme) -> Vec<Line<'static>> {
    let key = |bound| state.keymap.hint(bound, true).unwrap_or_default();
    let mut lines = vec![Line::from(vec![
        Span::styled(" Your guess: ", theme.quiet),
        Span::styled(safe::safe(&game.typed.text()).into_owned(), theme.strong),
        Span::styled("▏", theme.quiet),
    ])];
    if game.typed.is_empty() {
        lines.push(Line::styled(
            format!(
                " Type a word, or choose with {} and {}:",
                key(Bound::Down),
                key(Bound::Up)
            ),
            theme.quiet,
        ));
        for (at, (_, display)) in game.choices.iter().enumerate() {
            let style = if game.chosen == Some(at) {
                theme.cursor
            } else {
                theme.base
            };
            lines.push(Line::from(vec![
                Span::styled("  ◦ ", theme.quiet),
                Span::styled(safe::fit(&safe::safe(display), TOKEN), style),
            ]));
        }
    }
    lines.extend(wrong(game, theme));
    lines
}

fn wrong(game: &Game, theme: &Theme) -> Option<Line<'static>> {
    (!game.tried.is_empty())
        .then(|| Line::styled(format!(" Not {}.", listed(&game.tried)), theme.error))
}

/// Guesses as they are read, a space as something that is seen.
fn listed(tried: &[String]) -> String {
    let quoted: Vec<String> = tried
        .iter()
        .map(|tried| format!("“{}”", safe::safe(&tried.replace(' ', "·"))))
        .collect();
    quoted.join(", ")
}

/// How the letter before this one went.
fn went(game: &Game, theme: &Theme) -> Option<Line<'static>> {
    let went = game.went.as_ref()?;
    let letter = listed(&[went.letter.to_string()]);
    let how = match went.tried.len() {
        _ if went.told => "told".to_owned(),
        0 => "right at the first guess".to_owned(),
        wrong => format!("right at guess {}", wrong + 1),
    };
    let tried = match went.tried.len() {
        0 => String::new(),
        _ => format!(" Before it: {}.", listed(&went.tried)),
    };
    Some(Line::styled(
        format!(" The letter before was {letter}: {how}.{tried}"),
        theme.quiet,
    ))
}

/// The letter that is guessed, and how the one before went.
fn letters(game: &Game, theme: &Theme) -> Vec<Line<'static>> {
    if game.place >= game.letters.len() {
        let end = Line::styled(" The text is at its end.", theme.strong);
        return went(game, theme).into_iter().chain([end]).collect();
    }
    let guess = game.tried.len() + 1;
    let mut lines: Vec<Line> = went(game, theme).into_iter().collect();
    lines.push(Line::styled(
        format!(" Guess {guess}: type a letter, or the space."),
        theme.quiet,
    ));
    lines.extend(wrong(game, theme));
    lines
}

/// What stands there, what the model thought of it and of the guess, and the odds that were hidden.
fn told(
    state: &State,
    game: &Game,
    revealed: &Revealed,
    theme: &Theme,
    width: u16,
) -> Vec<Line<'static>> {
    let tokens = state.guessed_text(game.subject).tokens();
    let standing = tokens.get(game.place);
    let mut lines = Vec::new();
    if let Some(token) = standing {
        let said = display_in_text(tokens, game.place);
        let how = match revealed.guesses {
            Some(1) => "right at the first guess".to_owned(),
            Some(guesses) => format!("right at guess {guesses}"),
            None => "told".to_owned(),
        };
        let model = token.odds.map_or_else(String::new, |odds| {
            format!(
                " The model: {}, its choice {} of {}.",
                percent(odds.probability),
                thousands(odds.rank),
                thousands(revealed.vocabulary)
            )
        });
        lines.push(Line::from(vec![
            Span::styled(format!(" “{}”", safe::safe(&said)), theme.chosen),
            Span::styled(format!(": {how}.{model}"), theme.base),
        ]));
        let surprise = token.odds.map_or(0.0, |odds| odds.surprisal);
        lines.push(Line::styled(
            format!(
                " Surprise: you {:.2} bits, the model {} bits.",
                game.bits(revealed.guesses),
                bits(surprise)
            ),
            theme.base,
        ));
        lines.extend(wrong(game, theme));
    }
    let searched = state.play.moment().map_or(&[][..], |moment| &moment.rows);
    let guess = game.guessed_row(&revealed.rows);
    let guess = guess.or_else(|| game.guessed_row(searched));
    if let Some(last) = game
        .last
        .as_ref()
        .filter(|_| standing.is_none() || revealed.guesses.is_none())
    {
        let said = safe::safe(&last.text).into_owned();
        let thought = match guess {
            Some(row) => format!(
                "{}, its choice {} of {}, {} bits",
                percent(row.raw_probability),
                thousands(row.rank),
                thousands(revealed.vocabulary),
                bits(-row.raw_probability.log2())
            ),
            None => "no token of the model says that alone".to_owned(),
        };
        lines.push(Line::styled(
            format!(" You say “{said}”: {thought}."),
            theme.base,
        ));
    }
    lines.extend(odds(revealed, guess, theme, width));
    lines
}

/// The likeliest tokens, and below them the guess and what stands there where they are not among those.
fn odds(revealed: &Revealed, guess: Option<&Row>, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let first: Vec<&Row> = revealed.rows.iter().take(ROWS).collect();
    let cells = usize::from(width).saturating_sub(TOKEN + 2 * NUMBER + 3);
    let most = first.first().map_or(1.0, |row| row.raw_probability);
    let below = guess.filter(|guess| first.iter().all(|row| row.id != guess.id));
    let line = |row: &Row| {
        let is_guess = guess.is_some_and(|guess| guess.id == row.id);
        let style = if is_guess { theme.pick } else { theme.base };
        Line::from(vec![
            right(&thousands(row.rank), NUMBER - 2, theme.quiet),
            Span::raw("  "),
            cell(&safe::safe(&row.display), TOKEN, style),
            right(&percent(row.raw_probability), NUMBER, style),
            Span::raw(" "),
            Span::styled(bar(row.raw_probability / most, cells), theme.raw_bar),
            Span::styled(if is_guess { "◀" } else { " " }, theme.pick),
        ])
    };
    first.into_iter().chain(below).map(line).collect()
}

/// How the game stands: the pupil's guesses and bounds, and the model's.
fn score(state: &State, game: &Game, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let places = game.guesses.letters();
    if places == 0 {
        return Vec::new();
    }
    let what = match game.unit {
        Unit::Token => "a token",
        Unit::Letter => "a letter",
    };
    let you = format!(
        "You: {} of {places} with the first guess. {}",
        game.guesses.with(1),
        surprise(&game.guesses, game.unit)
    );
    let name = state
        .engine
        .model
        .as_ref()
        .map_or("model", |model| &model.name);
    let name = safe::safe(name);
    let model = model(game, &name, what);
    [you, model]
        .iter()
        .flat_map(|sentence| wrapped(sentence, width))
        .map(|line| Line::styled(format!(" {line}"), theme.quiet))
        .collect()
}

fn model(game: &Game, name: &str, what: &str) -> String {
    let tally: &Tally = &game.model;
    let own = match game.unit {
        Unit::Token => tally.bits_a_token(),
        Unit::Letter => tally.bits_a_letter(),
    };
    let (Some(own), Some(first)) = (own, tally.first()) else {
        return format!(
            "{name} reads pieces of several letters: it is told of once one is guessed to its end."
        );
    };
    let by_rank = match game.unit {
        Unit::Token => format!("; by its ranks alone {}", between(tally.ranks())),
        Unit::Letter => String::new(),
    };
    format!(
        "{name}: {} bits {what}; its first choice in {:.0} %{by_rank}.",
        bits(own as f32),
        100.0 * first
    )
}

/// What Shannon's bounds say of the pupil.
fn surprise(guesses: &Guesses, unit: Unit) -> String {
    let (what, scale) = match unit {
        Unit::Token => ("token", "0 is known beforehand"),
        Unit::Letter => (
            "letter",
            "0 is known beforehand, 4.75 a blind guess among 27",
        ),
    };
    guesses.bounds().map_or_else(String::new, |bounds| {
        format!(
            "To you a {what} was worth at least {:.2} bits, at most {:.2} ({scale}).",
            bounds.lower, bounds.upper
        )
    })
}

/// Shannon's bounds of the model's ranks.
fn between(guesses: &Guesses) -> String {
    guesses.bounds().map_or_else(String::new, |bounds| {
        format!("between {:.2} and {:.2} bits", bounds.lower, bounds.upper)
    })
}
