//! Below the text: what other knobs would have drawn, and surprisal and entropy along the text.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas};
use crate::decoding::{Origin, TokenRecord, display_in_text};
use crate::engine::Subject;
use crate::text::numbers::{percent, thousands};
use crate::tui::state::State;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::blocks::HEIGHTS;
use crate::tui::vocabulary::{safe, window};

/// Cells of the labels at the left.
const LABEL: u16 = 10;
/// Rows of the text that must stay above.
const TEXT_ROWS: u16 = 4;
/// Bits at which a line is at its top.
const TOP: f32 = 16.0;

/// How many rows a pane has for the strip.
pub fn height(state: &State, inside: Rect) -> u16 {
    let tokens = shown(state).len();
    let rows = 4 + u16::from(second(state).is_some());
    let most = inside.height.saturating_sub(TEXT_ROWS).min(rows);
    match most {
        _ if tokens == 0 => 0,
        0 | 1 => most * u16::from(sentence(state).is_some()),
        rows => rows,
    }
}

/// Draws it: a sentence on the other knobs, then a column a token.
pub fn draw(canvas: &Canvas, strip: Rect, seen: &mut Seen, frame: &mut Frame) {
    let (state, theme) = (canvas.state, canvas.theme);
    let mut lines = Vec::new();
    if let Some((text, differs)) = sentence(state) {
        let style = if differs { theme.pick } else { theme.quiet };
        // A rule before it: it is none of the text above.
        let said = format!("── {text}");
        lines.push(Line::styled(safe::fit(&said, strip.width.into()), style));
    }
    let tokens = shown(state);
    let window = columns(state, strip);
    for (column, position) in (strip.x + LABEL..strip.right()).zip(window.clone()) {
        let place = Rect::new(column, strip.y, 1, strip.height);
        seen.put(place, Hit::Token(position));
    }
    let passage_in_view = state.play.passage().in_view();
    let mut row = |label: &str, style: Style, sign: &dyn Fn(usize) -> char| {
        let mut spans = vec![Span::styled(safe::fit(label, LABEL.into()), theme.quiet)];
        for position in window.clone() {
            // Not turned over: the lowest bar would become the highest.
            let style = if position == passage_in_view {
                theme.chosen
            } else {
                style
            };
            spans.push(Span::styled(sign(position).to_string(), style));
        }
        lines.push(Line::from(spans));
    };
    let bits = |of: fn(&crate::decoding::TokenOdds) -> f32| {
        move |position: usize| {
            let odds = tokens.get(position).and_then(|token| token.odds.as_ref());
            odds.map_or(' ', |odds| level(of(odds)))
        }
    };
    row("surprisal", theme.final_bar, &bits(|odds| odds.surprisal));
    if let Some(read) = second(state) {
        row("beside", theme.pick, &|position| {
            let odds = read.get(position).and_then(|token| token.odds.as_ref());
            odds.map_or(' ', |odds| level(odds.surprisal))
        });
    }
    row("entropy", theme.raw_bar, &bits(|odds| odds.entropy));
    let otherwise = state.play.comparing.otherwise();
    if state.play.text_subject() == Subject::Text && !otherwise.is_empty() {
        let first = otherwise.keys().next().copied();
        row("otherwise", theme.pick, &|position| {
            if Some(position) == first {
                '◆'
            } else if otherwise.contains_key(&position) {
                '◇'
            } else {
                ' '
            }
        });
    }
    lines.truncate(strip.height.into());
    draw::lines(lines, strip, frame);
}

/// What the present knobs would have drawn, in a sentence, and whether it differs from what stands there.
fn sentence(state: &State) -> Option<(String, bool)> {
    state.stand()?;
    if state.play.text_subject() != Subject::Text {
        return None;
    }
    let comparing = &state.play.comparing;
    let tokens = state.play.text().tokens();
    if comparing.upto() == 0 {
        return None;
    }
    // Tokens that came after the comparison was asked for were drawn by these knobs.
    let drawn = tokens
        .iter()
        .filter(|token| token.origin == Origin::Generated)
        .count();
    if drawn == 0 {
        return None;
    }
    let others = comparing.otherwise();
    let Some((position, first)) = others.iter().next() else {
        return Some(("these knobs would have drawn the same".to_owned(), false));
    };
    let stands = display_in_text(tokens, *position);
    let share = percent(others.len() as f32 / drawn as f32);
    Some((
        format!(
            "otherwise with these knobs: {} of {} ({share}), first at {position}: {} → {}",
            thousands(others.len()),
            thousands(drawn),
            safe::safe(&stands),
            safe::safe(&first.display)
        ),
        true,
    ))
}

/// The tokens that the text pane shows.
fn shown(state: &State) -> &[TokenRecord] {
    match state.play.text_subject() {
        Subject::Draft => state.play.draft.tokens(),
        Subject::Text => state.play.text().tokens(),
    }
}

/// The same tokens with the odds of the model beside, where it has the same.
fn second(state: &State) -> Option<&[TokenRecord]> {
    let (second, first) = (state.engine.second.as_ref()?, state.engine.model.as_ref()?);
    let read = second.has_tokens_of(first) && second.has_read_beginning_of(shown(state));
    read.then(|| second.tokens())
}

fn columns(state: &State, strip: Rect) -> Range<usize> {
    let columns = strip.width.saturating_sub(LABEL);
    let count = shown(state).len();
    let in_view = state.play.passage().in_view().min(count.saturating_sub(1));
    window::window(in_view, count, columns.into())
}

/// Bits as one of eight heights.
fn level(bits: f32) -> char {
    let at = (bits / TOP * 8.0).clamp(0.0, 7.0);
    if at.is_nan() {
        ' '
    } else {
        HEIGHTS[at as usize]
    }
}
