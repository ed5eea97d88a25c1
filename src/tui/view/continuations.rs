//! The tree of what could follow a place of the text: a row a token, with how probable all up to it is.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

use super::draw::{self, cell, right};
use crate::decoding::{TreeToken, display_end};
use crate::sampling::Method;
use crate::text::display_token;
use crate::text::numbers::{bits, counted, percent, percent_in_full, thousands};
use crate::tui::state::State;
use crate::tui::state::continuations::{Shape, TreeRow, held};
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::tone::Tone;
use crate::tui::vocabulary::window::{scroll_mark, window};

/// Tokens of the text that are shown before the tree's place.
const BEFORE: usize = 24;
/// Cells of a probability.
const NUMBER: usize = 9;
/// Cells of what else is to be said of a token.
const MARK: usize = 9;

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

/// Draws it.
pub fn draw(state: &State, theme: &Theme, screen: Rect, seen: &mut Seen, frame: &mut Frame) {
    let area = area(screen);
    seen.put(area, Hit::Over);
    let tree = &state.play.continuations;
    let rows = tree.rows();
    let selected = tree.selected_row(&rows);
    let places = Layout::vertical([
        Constraint::Length(2),
        Constraint::Fill(1),
        Constraint::Length(2),
    ]);
    let title = format!(" What could follow · {} ", tree.reach.words());
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.border_focused);
    let [above, list, below] = places.areas(block.inner(area));
    let shown = window(selected, rows.len(), list.height.into());
    let mut block = block.title(Line::styled(title.clone(), theme.title));
    let fits = |note: &String| safe::width(&title) + safe::width(note) + 3 <= area.width.into();
    if let Some(note) = notes(state).into_iter().find(fits) {
        block = block.title(Line::styled(note, theme.quiet).right_aligned());
    }
    let mark = scroll_mark(&shown, rows.len());
    if !mark.is_empty() {
        let mark = Line::styled(format!(" {mark}"), theme.quiet);
        block = block.title_bottom(mark.right_aligned());
    }
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);

    let columns = Columns::of(list.width.into());
    draw::lines(head(state, &columns, theme), above, frame);
    for (place, index) in list.rows().zip(shown.clone()) {
        seen.put(place, Hit::Item(index));
    }
    let tokens = &tree.tree().tokens;
    let most = tokens
        .iter()
        .map(|token| token.cumulated)
        .fold(0.0, f64::max);
    let is_stale = state.tree_is_stale();
    let lines = shown.map(|at| {
        let token = &tokens[rows[at].index];
        let inks = Inks::of(state, &rows[at], at == selected, is_stale, theme);
        line(state, &rows[at], token, most, &columns, inks)
    });
    draw::lines(lines.collect(), list, frame);
    let said = vec![
        path(state, rows.get(selected), below.width.into(), theme),
        remark(state, below.width.into(), theme),
    ];
    draw::lines(said, below, frame);
}

/// How large it is and how much of all that could follow it holds, at length and in short.
fn notes(state: &State) -> [String; 2] {
    let tree = &state.play.continuations;
    let kept = tree.kept();
    let full = if kept.is_full { "the likeliest " } else { "" };
    let grows = if tree.grows() { "growing · " } else { "" };
    let share = percent(held(&kept) as f32);
    let count = thousands(kept.tokens.len());
    let short = if tree.grows() {
        " growing ".to_owned()
    } else {
        format!(" {count} tokens · {share} ")
    };
    [
        format!(" {grows}{full}{count} tokens · leaves hold {share} "),
        short,
    ]
}

/// The cells of a row's parts.
struct Columns {
    bar: usize,
    token: usize,
    /// None where there is no room.
    raw: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        let raw = if width >= 90 { NUMBER } else { 0 };
        let bar = (width / 6).clamp(6, 24);
        Self {
            bar,
            raw,
            token: width.saturating_sub(2 * NUMBER + raw + bar + MARK + 3),
        }
    }
}

/// The end of the text before the tree, and the names of the columns.
fn head(state: &State, columns: &Columns, theme: &Theme) -> Vec<Line<'static>> {
    let width = 2 * NUMBER + columns.raw + columns.bar + MARK + columns.token + 2;
    let tokens = state.tree_text();
    let end = display_end(tokens, tokens.len(), BEFORE);
    // Its end counts.
    let mut end: &str = &end;
    while safe::width(end) + 4 > width && !end.is_empty() {
        let next = end.chars().next().map_or(0, char::len_utf8);
        end = &end[next..];
    }
    let names = Line::from(vec![
        right("in all", NUMBER, theme.quiet),
        cell("", columns.bar + 2, theme.quiet),
        cell("token", columns.token, theme.quiet),
        right("p", NUMBER, theme.quiet),
        right(
            if columns.raw > 0 { "raw p" } else { "" },
            columns.raw,
            theme.quiet,
        ),
    ]);
    let text = Line::from(vec![
        Span::styled(format!(" …{}", safe::safe(end)), theme.base),
        Span::styled(" ", theme.cursor),
    ]);
    vec![text, names]
}

/// The styles of a row.
struct Inks {
    base: Style,
    quiet: Style,
    bar: Style,
    token: Style,
}

impl Inks {
    fn of(state: &State, row: &TreeRow, selected: bool, is_stale: bool, theme: &Theme) -> Self {
        let all = |style| Self {
            base: style,
            quiet: style,
            bar: style,
            token: style,
        };
        if selected {
            all(theme.cursor)
        } else if is_stale || row.shape == Shape::Pruned {
            all(theme.cut)
        } else {
            Self {
                base: theme.base,
                quiet: theme.quiet,
                bar: theme.final_bar,
                token: match row.shape {
                    _ if state.tree_stands(&row.path) => theme.chosen,
                    Shape::End => theme.strong,
                    _ => theme.base,
                },
            }
        }
    }
}

fn line(
    state: &State,
    row: &TreeRow,
    token: &TreeToken,
    most: f64,
    columns: &Columns,
    inks: Inks,
) -> Line<'static> {
    let all = token.cumulated as f32;
    let share = if most > 0.0 {
        token.cumulated / most
    } else {
        0.0
    };
    let twigs = twigs(row, columns.token / 2);
    let name = columns.token.saturating_sub(safe::width(&twigs));
    Line::from(vec![
        right(&percent(all), NUMBER, inks.base),
        Span::styled(" ", inks.base),
        Span::styled(bar(share as f32, columns.bar), inks.bar),
        Span::styled(" ", inks.base),
        Span::styled(twigs, inks.quiet),
        cell(&token.display, name, inks.token),
        right(&percent(token.probability), NUMBER, inks.base),
        right(
            &if columns.raw > 0 {
                percent(token.raw_probability)
            } else {
                String::new()
            },
            columns.raw,
            inks.quiet,
        ),
        cell(&format!(" {}", mark(state, row)), MARK + 1, inks.quiet),
    ])
}

/// The lines that lead to a token, and whether more hangs on it; those of the first levels are left out where there is no
/// room.
fn twigs(row: &TreeRow, most: usize) -> String {
    let (last, before) = match row.more.split_last() {
        Some((last, before)) => (*last, before),
        None => (false, &[][..]),
    };
    let left_out = before.len().saturating_sub(most.saturating_sub(5) / 2);
    let mut twigs = String::new();
    if left_out > 0 {
        twigs.push('…');
    }
    for more in &before[left_out..] {
        twigs += if *more { "│ " } else { "  " };
    }
    twigs += if last { "├ " } else { "└ " };
    twigs
        + match row.shape {
            Shape::Open => "▾ ",
            Shape::Folded => "▸ ",
            Shape::Leaf => "  ",
            Shape::End => "■ ",
            Shape::Pruned => "× ",
        }
}

/// What else is to be said of a token.
fn mark(state: &State, row: &TreeRow) -> &'static str {
    let growing = state.play.continuations.growing_leaf() == Some(&row.path);
    match row.shape {
        _ if growing => "growing",
        Shape::Pruned => "pruned",
        Shape::End => "end",
        _ if state.tree_stands(&row.path) => "◀",
        _ => "",
    }
}

/// The text of the path to the selected token, and how probable it is as a whole.
fn path(state: &State, row: Option<&TreeRow>, width: usize, theme: &Theme) -> Line<'static> {
    let Some(row) = row else {
        return Line::default();
    };
    let tree = state.play.continuations.tree();
    let token = &tree.tokens[row.index];
    let figures = format!(
        "{} · {} · {} bits ",
        counted(row.path.len() as u64, "token"),
        percent_in_full(token.cumulated),
        bits(-token.cumulated.log2() as f32)
    );
    let figures_width = safe::width(&figures);
    let said = said(tree, row.index);
    Line::from(vec![
        cell(
            &format!(" “{said}”"),
            width.saturating_sub(figures_width + 1),
            theme.strong,
        ),
        Span::styled(format!(" {figures}"), theme.quiet),
    ])
}

/// The tokens from the tree's place to one of its tokens, on one line.
fn said(tree: &crate::decoding::Tree, index: usize) -> String {
    let mut parts = Vec::new();
    let mut at = Some(index);
    while let Some(index) = at {
        parts.push(&tree.tokens[index]);
        at = tree.tokens[index].parent;
    }
    let mut shown = String::new();
    let mut bytes = Vec::new();
    for token in parts.into_iter().rev() {
        if token.bytes.is_empty() {
            shown += &display_token(&std::mem::take(&mut bytes));
            shown += &token.display;
        } else {
            bytes.extend_from_slice(&token.bytes);
        }
    }
    shown + &display_token(&bytes)
}

/// What is to be said of the tree as a whole.
fn remark(state: &State, width: usize, theme: &Theme) -> Line<'static> {
    let tree = &state.play.continuations;
    let method = state.play.settings.sampler.method;
    let (said, style) = if state.tree_is_stale() {
        let said = "The text before it has changed: close the tree and open it anew.";
        (said.to_owned(), theme.notice)
    } else if let Some(problem) = &tree.problem {
        (format!("It does not grow: {problem}"), theme.error)
    } else if let Some(banner) = state.screen.banners.first() {
        let style = match banner.tone {
            Tone::Error => theme.error,
            Tone::Done | Tone::Remark => theme.notice,
        };
        (banner.message.clone(), style)
    } else if tree.rows().is_empty() && tree.grows() {
        ("The model reads what could follow.".to_owned(), theme.quiet)
    } else if let Some(why) = by_the_chain(method) {
        (why.to_owned(), theme.quiet)
    } else if tree.tree().is_full {
        let said = "The limit of tokens left out what is less probable than all of these.";
        (said.to_owned(), theme.quiet)
    } else {
        (String::new(), theme.quiet)
    };
    Line::styled(safe::fit(&format!(" {said}"), width), style)
}

/// What the odds of the tree are where the method has none of its own for a token.
fn by_the_chain(method: Method) -> Option<&'static str> {
    match method {
        Method::Beam => Some("The odds are the chain's: beam search weighs whole texts by them."),
        Method::Contrastive => {
            Some("The odds are the chain's: contrastive search weighs likeness besides.")
        }
        Method::Greedy => Some("The odds are the chain's: greedy takes the first at each place."),
        Method::MirostatV1 | Method::MirostatV2 | Method::AdaptiveP => {
            Some("What the method steers by is left as it is at the tree's place.")
        }
        Method::Sample => None,
    }
}
