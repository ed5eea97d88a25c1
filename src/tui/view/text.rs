//! The text, every token marked by how probable it was.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas};
use super::{samples, second, strip};
use crate::decoding::{Beam, Origin, TokenOdds, TokenRecord};
use crate::engine::Subject;
use crate::tui::state::State;
use crate::tui::state::passage::Passage;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::marks::Marking;
use crate::tui::vocabulary::safe::{fit, safe};
use crate::tui::vocabulary::theme::{Likelihood, Theme};

/// Draws it, with the token in view in sight, and below the text of a beam search its beams.
pub fn draw(canvas: &Canvas, seen: &mut Seen, frame: &mut Frame) {
    let state = canvas.state;
    let inside = canvas.border(legend(state, canvas.theme), frame);
    if shown(state).tokens().is_empty() {
        if state.engine.loading.is_none() {
            let key = state.keymap.hint(Bound::Run, true).unwrap_or_default();
            canvas.empty(&format!("Write a prompt; {key} runs it."), inside, frame);
        }
        return;
    }
    let [text, below, strip] = parts(state, inside);
    strip::draw(canvas, strip, seen, frame);
    beams(canvas, below, frame);
    if state.play.text_subject() == Subject::Text && state.play.texts.len() > 1 {
        samples::draw(canvas, text, seen, frame);
    } else {
        let sample = state.play.sample.min(state.play.texts.len() - 1);
        passage(canvas, (sample, shown(state)), text, seen, frame);
    }
}

/// The text's place, that of the beams of its search, and the strip's.
fn parts(state: &State, inside: Rect) -> [Rect; 3] {
    let strip = strip::height(state, inside);
    let beams = match state.play.text_subject() {
        Subject::Text => state.play.beam_log.living().len(),
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
    match state.play.text_subject() {
        Subject::Draft => &state.play.draft,
        Subject::Text => state.play.text(),
    }
}

/// Draws the draft, or the passage of a sample, its token in view in sight; that token is marked in the selected sample.
pub fn passage(
    canvas: &Canvas,
    (sample, passage): (usize, &Passage),
    inside: Rect,
    seen: &mut Seen,
    frame: &mut Frame,
) {
    let (state, theme) = (canvas.state, canvas.theme);
    let selected = sample == state.play.sample.min(state.play.texts.len() - 1);
    let first = passage.lines(inside.height.into()).start;
    seen.put(inside, Hit::Lines { sample, first });
    let flow = passage.flow();
    let divergence = divergence(state, passage.tokens());
    let in_view = passage.in_view();
    let mut lines: Vec<Line> = Vec::new();
    for index in passage.lines(inside.height.into()) {
        let mut spans: Vec<Span> = Vec::new();
        let mut run = (Style::new(), String::new());
        for (glyph, text) in flow.line(index) {
            let style = match passage.tokens().get(glyph.token) {
                Some(_) if selected && flow.shows(glyph, in_view) => theme.cursor,
                Some(token) => {
                    let before = glyph.token.checked_sub(1);
                    let bits = before.and_then(|at| divergence.get(at)).copied();
                    style(token, bits, state, theme)
                }
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
    let (beams, theme) = (canvas.state.play.beam_log.living(), canvas.theme);
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

/// How far the odds of the model beside lie from those of `tokens`, from the token at 1 on, as far as that is known.
pub fn divergence<'a>(state: &'a State, tokens: &[TokenRecord]) -> &'a [f32] {
    let second = state.engine.second.as_ref();
    second.map_or(&[], |second| second.divergence.along(tokens))
}

/// The colour of a token; `divergence` is that of its place.
pub fn colour(
    odds: Option<TokenOdds>,
    divergence: Option<f32>,
    state: &State,
    theme: &Theme,
) -> Style {
    let (marking, thresholds) = (state.play.marking, &state.play.thresholds);
    let class = odds.and_then(|odds| thresholds.class(marking, &odds, divergence));
    class.map_or(theme.base, |class| theme.likelihood(class))
}

fn style(token: &TokenRecord, divergence: Option<f32>, state: &State, theme: &Theme) -> Style {
    let style = colour(token.odds, divergence, state, theme);
    match token.origin {
        Origin::Prompt => style.add_modifier(Modifier::ITALIC),
        Origin::Generated | Origin::Chosen => style,
    }
}

/// What the text is coloured by, and what the marks mean, each class in its own style.
fn legend(state: &State, theme: &Theme) -> Line<'static> {
    let marking = state.play.marking;
    if marking == Marking::Divergence
        && let Some(why) = second::no_divergence(state)
    {
        return Line::styled(format!(" no KL: {why} "), theme.quiet);
    }
    let mut spans = vec![Span::styled(format!(" {} ", marking.name()), theme.quiet)];
    let labels = state.play.thresholds.labels(marking);
    for (class, label) in Likelihood::ALL.into_iter().zip(labels) {
        spans.push(Span::styled(label, theme.likelihood(class)));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}
