//! The lesson's strip: its title and keys on a line across the screen, and below it what it says.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::draw;
use crate::tui::Action;
use crate::tui::state::State;
use crate::tui::state::learn::{Part, Said, Stage};
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Cells of the title that stay.
const LEAST_TITLE: usize = 34;

/// Draws it.
pub fn draw(state: &State, theme: &Theme, area: Rect, seen: &mut Seen, frame: &mut Frame) {
    let Some(strip) = state.lesson_strip(frame.area().as_size()) else {
        return;
    };
    seen.put(area, Hit::Lesson);
    let mut lines = vec![rule(state, theme, area.width)];
    let line = |said: Said| {
        let style = match said.part {
            Part::Text => theme.base,
            Part::Hint => theme.notice,
            Part::Done => theme.pick,
        };
        let mut spans = vec![Span::raw(" ")];
        spans.extend(said.runs.into_iter().map(|(text, strong)| {
            let style = if strong {
                style.patch(theme.strong)
            } else {
                style
            };
            Span::styled(text, style)
        }));
        Line::from(spans)
    };
    lines.extend(strip.lines.into_iter().map(line));
    lines.truncate(area.height.into());
    draw::lines(lines, area, frame);
}

/// The line above: which lesson and step, and what keys do, as far as there is room.
fn rule(state: &State, theme: &Theme, width: u16) -> Line<'static> {
    let (Some(words), Some(lesson), Some(going)) = (
        state.lesson_words(),
        state.learn.lesson(),
        &state.learn.going,
    ) else {
        return Line::default();
    };
    let number = going.lesson + 1;
    let title = match state.learn.step() {
        Some(step) => format!(
            " {} {number} · {} {} {} {} · {} ",
            words.lesson,
            words.step,
            going.step + 1,
            words.of,
            lesson.steps.len(),
            safe::safe(&step.title)
        ),
        None => format!(
            " {} {number} · {} ",
            words.lesson,
            safe::safe(&lesson.title)
        ),
    };
    let next = state.learn.lesson_at(going.lesson + 1).is_some();
    let on = match state.learn.step() {
        None if state.lesson_goes_over_the_page() => &words.on,
        None if next => &words.next_lesson,
        None => &words.leave,
        Some(_) => &words.on,
    };
    // Each with its place where there is no room for all: what goes on is said in any case, and the way out next.
    let mut keys: Vec<(String, &str, usize)> = Vec::new();
    let mut key = |bound: Bound, says, place| {
        keys.extend(
            state
                .keymap
                .hint(bound, false)
                .map(|key| (key, says, place)),
        );
    };
    if state.learn.is_done() {
        key(Bound::LessonOn, on.as_str(), 0);
    }
    key(Bound::LessonBack, &words.back, 3);
    if !state.learn.is_done() {
        key(Bound::LessonSkip, &words.skip, 2);
    }
    key(Bound::Learn, &words.lessons, 1);
    if state.learn.step().is_none() {
        // E, or where letters are typed the key that it has besides.
        let means = |key, action: &Action| state.key_action(key).as_ref() == Some(action);
        let hint = state.keymap.hint_for(Bound::Handout, means);
        keys.extend(hint.map(|key| (key, words.hand_out.as_str(), 1)));
    }
    let mut right: Vec<Span<'static>> = Vec::new();
    if matches!(going.stage, Stage::Waiting | Stage::SettingUp { .. })
        && state.learn.step().is_some()
    {
        right.push(Span::styled(
            format!(" ◌ {} ", words.getting_ready),
            theme.paused,
        ));
    }
    let room = usize::from(width).saturating_sub(safe::width(&title) + 4);
    // A title that is cut still says the lesson and the step.
    let least = usize::from(width).saturating_sub(LEAST_TITLE + 4);
    let mut used: usize = right.iter().map(Span::width).sum();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|at| keys[*at].2);
    let mut shown = vec![false; keys.len()];
    for at in order {
        let (key, says, place) = &keys[at];
        let cells = safe::width(key) + safe::width(says) + 3;
        // The title gives way to what goes on and out.
        let room = match place {
            0 => usize::MAX,
            1 => room.max(least),
            _ => room,
        };
        shown[at] = used + cells <= room;
        used += if shown[at] { cells } else { 0 };
    }
    for ((key, says, place), _) in keys.iter().zip(shown).filter(|(_, shown)| *shown) {
        let style = if *place == 0 {
            theme.chosen
        } else {
            theme.quiet
        };
        right.push(Span::styled(format!(" {key}"), theme.key));
        right.push(Span::styled(format!(" {says} "), style));
    }
    let cells = usize::from(width).saturating_sub(used + 2);
    let title = if safe::width(&title) + 2 > cells {
        format!("{} ", safe::fit(&title, cells.saturating_sub(3)).trim_end())
    } else {
        title
    };
    let between = cells.saturating_sub(safe::width(&title) + 1);
    let mut spans = vec![
        Span::styled("━", theme.border_focused),
        Span::styled(title, theme.title),
        Span::styled("━".repeat(between), theme.border_focused),
    ];
    spans.extend(right);
    spans.push(Span::styled("━━", theme.border_focused));
    Line::from(spans)
}
