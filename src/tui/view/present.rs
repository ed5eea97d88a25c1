//! For a room: one thing at a time in letters that are read from afar, and nothing that nobody needs to see: no seeds, ids
//! or names of files.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw;
use crate::decoding::{Moment, display_in_text};
use crate::text::numbers::thousands;
use crate::tui::state::State;
use crate::tui::state::learn::{Part, Stage};
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::big_letters::{CELLS, ROWS, lines as big_lines};
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells left free at the sides.
const MARGIN: u16 = 2;
/// Letters of a percentage, and of a token beside it.
const PERCENT: usize = 4;
const TOKEN: usize = 13;

/// Draws what the pane in focus shows, and below it what the lesson says.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let inside = Rect {
        x: area.x + MARGIN,
        width: area.width.saturating_sub(2 * MARGIN),
        ..area
    };
    let lesson = lesson(state, theme, inside);
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(lesson.len() as u16)])
            .areas(inside);
    // What a lesson hides gives way to the text.
    let pane = match state.play.focus {
        Focus::Tokens => Focus::Next,
        Focus::Knobs => Focus::Why,
        pane => pane,
    };
    let shown = match pane {
        hidden if state.learn.hides(hidden) => text(state, theme, above),
        Focus::Prompt | Focus::Text => text(state, theme, above),
        Focus::Next | Focus::Tokens => odds(state, theme, above),
        Focus::Knobs | Focus::Why => way(state, theme, above),
    };
    draw::lines(shown, above, frame);
    draw::lines(lesson, below, frame);
}

/// The end of the text up to the token in view, which stands out.
fn text(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let passage = state.play.passage();
    let at = passage.in_view();
    let said = |from: usize, to: usize| {
        let tokens = passage.tokens().get(from..to).unwrap_or_default();
        let bytes: Vec<u8> = tokens
            .iter()
            .flat_map(|token| token.bytes.clone())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let before = said(0, at.min(passage.tokens().len()));
    let mut here = said(at, at + 1);
    if here.is_empty() {
        here.push('_');
    }
    let parts = [(before.as_str(), theme.base), (here.as_str(), theme.chosen)];
    let lines = big_lines(&parts, area.width);
    let room = usize::from(area.height) / ROWS;
    let skipped = lines.len().saturating_sub(room);
    lines.into_iter().skip(skipped).flatten().collect()
}

/// The odds of the place in view, if they are those of it.
fn moment(state: &State) -> Option<&Moment> {
    let in_view = state.play.passage().in_view();
    let moment = state.play.moment();
    moment.filter(|moment| moment.position == in_view)
}

/// The token in view and the likeliest ones, with their odds as the model gives them.
fn odds(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let Some(moment) = moment(state) else {
        return big_text("…", theme.quiet, area);
    };
    let fitting = usize::from(area.height) / ROWS;
    let mut shown: Vec<_> = moment.rows.iter().take(fitting).collect();
    let standing = moment.rows.iter().find(|row| Some(row.id) == moment.chosen);
    // What stands there is told in any case.
    if let Some(standing) = standing.filter(|row| shown.iter().all(|one| one.id != row.id)) {
        shown.pop();
        shown.push(standing);
    }
    let letters = usize::from(area.width) / CELLS;
    let token = TOKEN.min(letters.saturating_sub(PERCENT + 1));
    let cells = usize::from(area.width).saturating_sub((token + PERCENT + 1) * CELLS);
    let most = shown.first().map_or(1.0, |row| row.raw_probability);
    let mut lines = Vec::new();
    for row in shown {
        let style = if Some(row.id) == moment.chosen {
            theme.chosen
        } else {
            theme.base
        };
        let name = beside(&row.display.replace('·', " "), token);
        let odds = short(row.raw_probability);
        let big = big_lines(&[(&name, style), (&odds, style)], area.width);
        for (at, line) in big.into_iter().next().into_iter().flatten().enumerate() {
            let mut line = line;
            // A gap between bars.
            if at + 1 < ROWS && cells > 0 {
                let width: usize = line.width();
                let gap = ((token + PERCENT + 1) * CELLS).saturating_sub(width);
                line.push_span(Span::raw(" ".repeat(gap)));
                line.push_span(Span::styled(
                    bar(row.raw_probability / most, cells),
                    theme.raw_bar,
                ));
            }
            lines.push(line);
        }
    }
    lines
}

/// A name cut or filled up to some letters.
fn beside(name: &str, letters: usize) -> String {
    let name = name.trim_start().trim_end_matches('\n');
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
fn way(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let Some(moment) = moment(state) else {
        return big_text("…", theme.quiet, area);
    };
    let mut steps = vec![(format!("all {}", thousands(moment.vocabulary)), theme.base)];
    for (at, stage) in moment.trace.iter().enumerate() {
        let before = at
            .checked_sub(1)
            .map_or(moment.vocabulary, |at| moment.trace[at].kept);
        // What cuts nothing changes the odds, and how many are left stays.
        if stage.kept < before {
            let name = stage.stage.name();
            steps.push((format!("{name} {}", thousands(stage.kept)), theme.base));
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
        .flat_map(|(step, style)| {
            let lines = big_lines(&[(step.as_str(), *style)], area.width);
            lines.into_iter().next().into_iter().flatten()
        })
        .collect()
}

fn big_text(text: &str, style: Style, area: Rect) -> Vec<Line<'static>> {
    big_lines(&[(text, style)], area.width)
        .into_iter()
        .flatten()
        .collect()
}

/// What the lesson says, below a rule: in big letters where they leave a third of the room, else strong.
fn lesson(state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let size = ratatui::layout::Size::new(area.width, 200);
    let Some(strip) = state.lesson_strip(size) else {
        return Vec::new();
    };
    let is_done = state
        .learn
        .going
        .as_ref()
        .is_some_and(|going| going.stage == Stage::Done);
    let wanted = |part: Part| match part {
        Part::Done => true,
        Part::Text => !is_done || state.learn.step().is_none(),
        Part::Hint => !is_done,
    };
    let said: Vec<String> = strip
        .lines
        .iter()
        .filter(|line| wanted(line.part))
        .map(|line| {
            line.runs
                .iter()
                .map(|(text, _)| text.as_str())
                .collect::<String>()
        })
        .collect();
    let sentence = said
        .iter()
        .map(|line| line.trim())
        .collect::<Vec<_>>()
        .join(" ");
    let style = if is_done { theme.pick } else { theme.strong };
    let mut lines = vec![Line::styled(
        "━".repeat(area.width.into()),
        theme.border_focused,
    )];
    let big = big_lines(&[(sentence.as_str(), style)], area.width);
    if big.len() * ROWS <= 2 * usize::from(area.height) / 3 {
        lines.extend(big.into_iter().flatten());
    } else {
        let normal = wrapped(&sentence, area.width);
        let most = usize::from(area.height) / 2;
        let shown = normal.into_iter().take(most);
        lines.extend(shown.map(|line| Line::styled(safe::safe(&line).into_owned(), style)));
    }
    lines
}
