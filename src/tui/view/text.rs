//! The text, every token marked by how probable it was.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas};
use super::{samples, strip};
use crate::decoding::{Beam, Origin, TokenRecord};
use crate::engine::Subject;
use crate::tui::passage::Passage;
use crate::tui::safe::{fit, safe};
use crate::tui::state::State;
use crate::tui::theme::{Likelihood, Theme};

/// Draws it, with the token in view in sight, and below the text of a beam search its beams.
pub fn draw(canvas: &Canvas, frame: &mut Frame) {
    let state = canvas.state;
    let inside = canvas.border(legend(state, canvas.theme), frame);
    if shown(state).tokens().is_empty() {
        if state.loading.is_none() {
            let key = state.keymap.hint("run", true).unwrap_or_default();
            canvas.empty(&format!("Write a prompt; {key} runs it."), inside, frame);
        }
        return;
    }
    let [text, below, strip] = parts(state, inside);
    strip::draw(canvas, strip, frame);
    beams(canvas, below, frame);
    if state.text_subject() == Subject::Text && state.texts.len() > 1 {
        samples::draw(canvas, text, frame);
    } else {
        passage(canvas, shown(state), true, text, frame);
    }
}

/// The text's place, that of the beams of its search, and the strip's.
fn parts(state: &State, inside: Rect) -> [Rect; 3] {
    let strip = strip::height(state, inside);
    let beams = match state.text_subject() {
        Subject::Text => state.beam_log.living().len(),
        Subject::Draft => 0,
    };
    // The text comes first, up to half of the room.
    let room = inside.height.saturating_sub(strip);
    let lines = shown(state).flow().len().min(room.div_ceil(2).into());
    let beams = beams.min(usize::from(room) - lines);
    Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(beams as u16),
        Constraint::Length(strip),
    ])
    .areas(inside)
}

fn shown(state: &State) -> &Passage {
    match state.text_subject() {
        Subject::Draft => &state.draft,
        Subject::Text => state.text(),
    }
}

/// The sample at a cell of the pane's inside, and its token there.
pub fn token_at(state: &State, inside: Rect, at: Position) -> Option<(usize, Option<usize>)> {
    let [text, _, strip] = parts(state, inside);
    if strip.contains(at) {
        return Some((state.sample, strip::token_at(state, strip, at)));
    }
    if state.text_subject() == Subject::Text && state.texts.len() > 1 {
        return samples::token_at(state, text, at);
    }
    Some((state.sample, token_in(shown(state), text, at)))
}

/// The passage at a cell of the pane's inside, and in how many rows its text is shown.
pub fn passage_at(state: &mut State, inside: Rect, at: Position) -> Option<(&mut Passage, usize)> {
    let [text, _, _] = parts(state, inside);
    let (sample, height) = if state.text_subject() == Subject::Text && state.texts.len() > 1 {
        samples::sample_at(state, text, at)?
    } else {
        (state.sample.min(state.texts.len() - 1), text.height)
    };
    let passage = match state.text_subject() {
        Subject::Draft => &mut state.draft,
        Subject::Text => &mut state.texts[sample],
    };
    Some((passage, height.into()))
}

/// The token of a passage at a cell of its place.
pub fn token_in(passage: &Passage, place: Rect, at: Position) -> Option<usize> {
    let flow = passage.flow();
    let window = passage.lines(place.height.into());
    let line = window.start + usize::from(at.y.checked_sub(place.y)?);
    if !window.contains(&line) {
        return None;
    }
    let column = at.x.checked_sub(place.x)?;
    flow.token_at(line, column).or_else(|| flow.last_of(line))
}

/// Draws a passage, its token in view in sight; that token is marked if `selected`.
pub fn passage(
    canvas: &Canvas,
    passage: &Passage,
    selected: bool,
    inside: Rect,
    frame: &mut Frame,
) {
    let (state, theme) = (canvas.state, canvas.theme);
    let flow = passage.flow();
    let in_view = passage.in_view();
    let mut lines: Vec<Line> = Vec::new();
    for index in passage.lines(inside.height.into()) {
        let mut spans: Vec<Span> = Vec::new();
        let mut run = (Style::new(), String::new());
        for (glyph, text) in flow.line(index) {
            let style = match passage.tokens().get(glyph.token) {
                Some(_) if selected && flow.shows(glyph, in_view) => theme.cursor,
                Some(token) => style(token, state, theme),
                None => theme.base,
            };
            if style != run.0 {
                spans.push(Span::styled(std::mem::take(&mut run.1), run.0));
                run.0 = style;
            }
            run.1.push_str(text);
        }
        spans.push(Span::styled(run.1, run.0));
        if selected && index + 1 == flow.len() && in_view == passage.tokens().len() {
            spans.push(Span::styled("▏", theme.chosen));
        }
        lines.push(Line::from(spans));
    }
    draw::lines(lines, inside, frame);
}

/// Draws the ends of the beams, best first.
fn beams(canvas: &Canvas, inside: Rect, frame: &mut Frame) {
    let (beams, theme) = (canvas.state.beam_log.living(), canvas.theme);
    let row = |beam: &Beam| {
        let state = if beam.finished.is_some() {
            "■"
        } else {
            "▶"
        };
        let score = format!("{state}{:>9.3} ", beam.score);
        let room = usize::from(inside.width).saturating_sub(score.len());
        let said = safe(&beam.text).into_owned();
        let hidden = said.chars().count().saturating_sub(room);
        let end: String = said.chars().skip(hidden).collect();
        Line::from(vec![
            Span::styled(score, theme.quiet),
            Span::styled(fit(&end, room), theme.base),
        ])
    };
    let rows = beams.iter().take(inside.height.into()).map(row);
    draw::lines(rows.collect(), inside, frame);
}

fn style(token: &TokenRecord, state: &State, theme: &Theme) -> Style {
    let style = token.odds.map_or(theme.base, |odds| {
        theme.likelihood(state.thresholds.class(state.marking, &odds))
    });
    match token.origin {
        Origin::Prompt => style.add_modifier(Modifier::ITALIC),
        Origin::Generated | Origin::Chosen => style,
    }
}

/// What the text is coloured by, and what the marks mean, each class in its own style.
fn legend(state: &State, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled(
        format!(" {} ", state.marking.name()),
        theme.quiet,
    )];
    let labels = state.thresholds.labels(state.marking);
    for (class, label) in Likelihood::ALL.into_iter().zip(labels) {
        spans.push(Span::styled(label, theme.likelihood(class)));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}
