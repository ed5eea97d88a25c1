//! The list of branches as a tree, and one of them beside the text.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

use super::draw::{self, cell, right};
use super::samples;
use crate::decoding::{Origin, TextStats, TokenRecord};
use crate::text::numbers::bits;
use crate::tui::state::State;
use crate::tui::state::overlay::BranchView;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::tree::{self, TreeRow};
use crate::tui::vocabulary::flow::Flow;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::window;

/// Where it lies.
fn area(screen: Rect) -> Rect {
    let width = screen.width.saturating_sub(2).min(150);
    Rect::new(
        (screen.width - width) / 2,
        1,
        width,
        screen.height.saturating_sub(2),
    )
}

/// The place of the list, and of the two texts beside each other below it.
fn parts(inside: Rect, view: &BranchView, count: usize) -> [Rect; 2] {
    let list = if view.beside.is_some() {
        Constraint::Length((count as u16).clamp(1, inside.height / 3))
    } else {
        Constraint::Fill(1)
    };
    let rest = if view.beside.is_some() {
        Constraint::Fill(1)
    } else {
        Constraint::Length(0)
    };
    Layout::vertical([list, rest]).areas(inside)
}

/// Draws it.
pub fn draw(
    state: &State,
    view: &BranchView,
    theme: &Theme,
    screen: Rect,
    seen: &mut Seen,
    frame: &mut Frame,
) {
    let area = area(screen);
    seen.put(area, Hit::Over);
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.border_focused)
        .title(Line::styled(" Branches ", theme.title));
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let rows = tree::rows(&state.play.branches);
    let [list, below] = parts(inside, view, rows.len());
    let window = window(view.row, rows.len(), list.height.into());
    for (place, index) in list.rows().zip(window.clone()) {
        seen.put(place, Hit::Item(index));
    }
    let lines = window
        .map(|index| row(&rows[index], index == view.row, list.width.into(), theme))
        .collect();
    draw::lines(lines, list, frame);
    if let Some((id, tokens)) = &view.beside {
        let branch = rows.iter().find(|row| row.branch.lineage.id == *id);
        let name = branch.map_or_else(String::new, |row| name(row));
        beside(state, &name, tokens, below, theme, frame);
    }
}

/// A branch's name, or its place among all.
fn name(row: &TreeRow) -> String {
    row.branch.lineage.name.clone().unwrap_or_else(|| {
        let number = row.branch.lineage.id.0 + 1;
        format!("#{number}")
    })
}

fn row(row: &TreeRow, selected: bool, width: usize, theme: &Theme) -> Line<'static> {
    let base = if selected { theme.cursor } else { theme.base };
    let quiet = if selected { theme.cursor } else { theme.quiet };
    let sign = if row.branch.current { "◀ " } else { "  " };
    let indent = "  ".repeat(row.depth.min(8));
    let twig = if row.depth > 0 { "└ " } else { "" };
    let label = format!("{indent}{twig}{}", name(row));
    let stats = &row.branch.stats;
    let figures = format!(
        "{} tokens · S {} ",
        row.branch.length,
        bits(stats.surprisal)
    );
    let from = match row.branch.lineage.parent {
        Some(_) => format!("at {} ", row.branch.lineage.fork),
        None => String::new(),
    };
    let label_width = (safe::width(&label) + 1).clamp(8, width / 3);
    let (from_width, figures_width) = (8, 24.min(width / 3));
    let preview = width.saturating_sub(2 + label_width + from_width + figures_width);
    let style = if row.branch.current && !selected {
        theme.chosen
    } else {
        base
    };
    Line::from(vec![
        Span::styled(sign, style),
        cell(&label, label_width, style),
        cell(&from, from_width, quiet),
        cell(&row.branch.preview.replace('\n', "⏎"), preview, base),
        right(&figures, figures_width, quiet),
    ])
}

/// The text and a branch beside each other, from where they part.
fn beside(
    state: &State,
    name: &str,
    tokens: &[TokenRecord],
    area: Rect,
    theme: &Theme,
    frame: &mut Frame,
) {
    let here = state.play.text().tokens();
    let common = here
        .iter()
        .zip(tokens)
        .take_while(|(a, b)| a.id == b.id)
        .count();
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
    for (title, tokens, area) in [("the text", here, left), (name, tokens, right)] {
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(theme.border)
            .title(Line::styled(
                format!(" {} ", safe::safe(title)),
                theme.title,
            ));
        let inside = block.inner(area);
        frame.render_widget(block, area);
        let own = &tokens[common.min(tokens.len())..];
        let generated = own.iter().filter(|token| token.origin != Origin::Prompt);
        let log_probability: f64 = own
            .iter()
            .filter_map(|token| token.odds)
            .map(|odds| -f64::from(odds.surprisal))
            .sum();
        let figures = format!(
            "{} tokens from {common} on · {log_probability:.1} bits · {}",
            own.len(),
            samples::figures(&TextStats::of(generated))
        );
        let mut lines = vec![Line::styled(
            safe::fit(&figures, inside.width.into()),
            theme.quiet,
        )];
        lines.extend(text(state, own, inside.width, theme));
        lines.truncate(inside.height.into());
        draw::lines(lines, inside, frame);
    }
}

fn text(state: &State, tokens: &[TokenRecord], width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut flow = Flow::new(width);
    for token in tokens {
        flow.push(&token.bytes);
    }
    let divergence = super::text::divergence(state, tokens);
    let style = |token: usize| -> Style {
        let odds = tokens.get(token).and_then(|token| token.odds);
        let bits = token.checked_sub(1).and_then(|at| divergence.get(at));
        super::text::colour(odds, bits.copied(), state, theme)
    };
    (0..flow.len())
        .map(|line| {
            let spans = flow
                .line(line)
                .map(|(glyph, text)| Span::styled(text.to_owned(), style(glyph.token)));
            Line::from(spans.collect::<Vec<_>>())
        })
        .collect()
}
