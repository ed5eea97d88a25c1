//! The views that are rows of big letters: odds, tokens, the knob in hand, and the way of a token.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::big_text;
use crate::decoding::{Moment, Row, display_in_text};
use crate::text::numbers::thousands;
use crate::tui::state::State;
use crate::tui::state::knob_values::written;
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::big_letters::{CELLS, ROWS, lines as big_lines};
use crate::tui::vocabulary::knob_rows::KnobRow;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::window;

/// Letters of a percentage; of a token beside it, and where that would leave no room for bars.
const PERCENT: usize = 4;
const TOKEN: usize = 13;
const SHORT_TOKEN: usize = 9;

/// The odds of the place in view, if they are those of it.
fn moment(state: &State) -> Option<&Moment> {
    let in_view = state.play.passage().in_view();
    let moment = state.play.moment();
    moment.filter(|moment| moment.position == in_view)
}

/// The token in view and the likeliest ones, with their odds as the model gives them. The bar of the first is whole.
pub fn odds(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let Some(moment) = moment(state) else {
        return big_text("…", theme.quiet, area);
    };
    let most = moment.rows.first().map_or(1.0, |row| row.raw_probability);
    let shown = |row: &Row| (row.raw_probability, row.raw_probability / most);
    likeliest(moment, shown, theme.raw_bar, theme, area)
}

/// The knob in hand with its value, and what the sampler leaves of the odds.
pub fn knob(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let rows = state.play.knob_rows();
    let row = rows.get(state.play.knobs.selected).copied();
    // Seeds are nothing for a room.
    let mut lines = match row.filter(|row| *row != KnobRow::Seed) {
        Some(row) => {
            let value = written(row, &state.play.settings);
            let said = format!("{} {value}", row.name());
            let big = big_lines(&[(&said, theme.pick)], area.width);
            let most = (usize::from(area.height) / ROWS).div_ceil(2);
            big.into_iter().take(most).flatten().collect()
        }
        None => Vec::new(),
    };
    let below = Rect {
        height: area.height.saturating_sub(lines.len() as u16),
        ..area
    };
    lines.extend(match moment(state) {
        // Bars are parts of the whole, so that one sees the odds move.
        Some(moment) => {
            let shown = |row: &Row| (row.final_probability, row.final_probability);
            likeliest(moment, shown, theme.final_bar, theme, below)
        }
        None => big_text("…", theme.quiet, below),
    });
    lines
}

/// As many of the likeliest tokens as there is room for, what stands there among them, each with its odds and a bar.
fn likeliest(
    moment: &Moment,
    shown_of: impl Fn(&Row) -> (f32, f32),
    bars: Style,
    theme: &Theme,
    area: Rect,
) -> Vec<Line<'static>> {
    let fitting = usize::from(area.height) / ROWS;
    let mut shown: Vec<_> = moment.rows.iter().take(fitting).collect();
    let standing = moment.rows.iter().find(|row| Some(row.id) == moment.chosen);
    // What stands there is told in any case.
    if let Some(standing) = standing.filter(|row| shown.iter().all(|one| one.id != row.id)) {
        shown.pop();
        shown.push(standing);
    }
    let line = |row: &Row| {
        let style = if Some(row.id) == moment.chosen {
            theme.chosen
        } else {
            theme.base
        };
        let name = row.display.replace('·', " ");
        barred(name.trim_start(), shown_of(row), (style, bars), area)
    };
    shown.into_iter().flat_map(line).collect()
}

/// The tokens of the text around the one in view, a row each, with their odds.
pub fn tokens(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let passage = state.play.passage();
    let tokens = passage.tokens();
    let fitting = usize::from(area.height) / ROWS;
    let in_view = passage.in_view();
    let shown = window(
        in_view.min(tokens.len().saturating_sub(1)),
        tokens.len(),
        fitting,
    );
    let row = |at: usize| {
        let style = if at == in_view {
            theme.chosen
        } else {
            theme.base
        };
        let token = &tokens[at];
        match token.odds {
            Some(odds) => barred(
                &token.display,
                (odds.probability, odds.probability),
                (style, theme.raw_bar),
                area,
            ),
            // Nothing predicts the first one.
            None => first_line(&token.display, style, area),
        }
    };
    shown.flat_map(row).collect()
}

/// A token, its odds, and a bar of some length up to 1.
fn barred(
    name: &str,
    (probability, length): (f32, f32),
    (style, bars): (Style, Style),
    area: Rect,
) -> Vec<Line<'static>> {
    let letters = usize::from(area.width) / CELLS;
    let token = if letters < 2 * TOKEN {
        SHORT_TOKEN.min(letters.saturating_sub(PERCENT + 1))
    } else {
        TOKEN
    };
    let before = (token + PERCENT + 1) * CELLS;
    let cells = usize::from(area.width).saturating_sub(before);
    let said = format!("{}{}", beside(name, token), short(probability));
    let mut lines = first_line(&said, style, area);
    let last = lines.len().saturating_sub(1);
    // A gap between bars.
    for line in lines.iter_mut().take(last).filter(|_| cells > 0) {
        let gap = before.saturating_sub(line.width());
        line.push_span(Span::raw(" ".repeat(gap)));
        line.push_span(Span::styled(bar(length, cells), bars));
    }
    lines
}

fn first_line(text: &str, style: Style, area: Rect) -> Vec<Line<'static>> {
    let lines = big_lines(&[(text, style)], area.width);
    lines.into_iter().next().into_iter().flatten().collect()
}

/// A name cut or filled up to some letters.
fn beside(name: &str, letters: usize) -> String {
    let name = name.trim_end_matches('\n');
    let mut shown: String = name.chars().take(letters).collect();
    let used = shown.chars().count();
    shown.push_str(&" ".repeat(letters.saturating_sub(used)));
    shown
}

/// A probability in as few letters as say something.
fn short(probability: f32) -> String {
    let percent = 100.0 * probability;
    match percent {
        p if p >= 0.5 => format!("{p:>3.0}%"),
        p if p > 0.0 => " <1%".to_owned(),
        _ => "  0%".to_owned(),
    }
}

/// The way of the token in view: how many tokens each stage left, and its odds before and after.
pub fn way(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let Some(moment) = moment(state) else {
        return big_text("…", theme.quiet, area);
    };
    let all = format!("{} tokens", thousands(moment.vocabulary));
    let mut steps = vec![(all, theme.base)];
    for (at, stage) in moment.trace.iter().enumerate() {
        let before = at
            .checked_sub(1)
            .map_or(moment.vocabulary, |at| moment.trace[at].kept);
        // What cuts nothing changes the odds, and how many are left stays.
        if stage.kept < before {
            let left = thousands(stage.kept);
            steps.push((format!("{left} left: {}", stage.stage.name()), theme.base));
        }
    }
    let tokens = state.play.passage().tokens();
    let standing = moment.rows.iter().find(|row| Some(row.id) == moment.chosen);
    if let Some(row) = standing {
        let said = display_in_text(tokens, moment.position).replace('·', " ");
        let odds = format!(
            "{} {}→{}",
            said.trim(),
            short(row.raw_probability).trim(),
            short(row.final_probability).trim()
        );
        steps.push((odds, theme.chosen));
    }
    let room = usize::from(area.height) / ROWS;
    let skipped = steps.len().saturating_sub(room);
    let shown = steps.iter().skip(skipped);
    shown
        .flat_map(|(step, style)| first_line(step, *style, area))
        .collect()
}
