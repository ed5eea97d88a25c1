//! The odds of the token in view in one lane, after its own chain: what stands there, where the draw falls now, what the
//! first lane took at this position, and what each stage cut or changed.

use ratatui::layout::Size;
use ratatui::text::{Line, Span};

use crate::decoding::{Moment, Row};
use crate::text::numbers::{percent, thousands};
use crate::tui::state::State;
use crate::tui::view::draw::{cell, right};
use crate::tui::view::next::rows::{Shown, shown};
use crate::tui::view::next::{CHOSEN, PICK};
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Stands beside the token that the first lane has at this position.
const OF_FIRST: &str = "A";
const PERCENT: usize = 8;
const MARKS: usize = 4;

/// Lines for so many cells.
pub fn lines(state: &State, theme: &Theme, at: usize, size: Size) -> Vec<Line<'static>> {
    let lane = &state.lanes.lanes[at];
    let Some(moment) = lane.moment.as_ref().filter(|it| !it.rows.is_empty()) else {
        return Vec::new();
    };
    let first = (at > 0 && state.has_own_tokens(at))
        .then(|| state.play.texts[0].tokens().get(moment.position))
        .flatten()
        .map(|token| token.id);
    let (height, width) = (usize::from(size.height), usize::from(size.width));
    let room = height.saturating_sub(1);
    let highest = moment
        .rows
        .iter()
        .map(|row| row.final_probability)
        .fold(1e-6, f32::max);
    let with_first = with_first(moment, first, room);
    let mut lines: Vec<Line> = with_first
        .into_iter()
        .map(|line| match line {
            Shown::Gap => Line::styled("  …", theme.quiet),
            Shown::Row(index) => row(&moment.rows[index], moment, first, (highest, width), theme),
        })
        .collect();
    let left = format!(
        "{} of {} left",
        thousands(moment.kept),
        thousands(moment.vocabulary)
    );
    lines.truncate(room);
    lines.push(Line::from(right(&left, width, theme.quiet)));
    lines
}

/// The rows to show, with the first lane's token in place of the least probable one of no other mark.
fn with_first(moment: &Moment, first: Option<u32>, room: usize) -> Vec<Shown> {
    let mut lines = shown(moment, true, 0, room);
    let place = first.and_then(|id| moment.rows.iter().position(|row| row.id == id));
    let Some(place) = place.filter(|place| !lines.contains(&Shown::Row(*place))) else {
        return lines;
    };
    let marked = |line: &Shown| match line {
        Shown::Row(index) => {
            let id = Some(moment.rows[*index].id);
            id == moment.chosen || id == moment.pick
        }
        Shown::Gap => true,
    };
    if lines.len() >= room {
        let Some(at) = lines.iter().rposition(|line| !marked(line)) else {
            return lines;
        };
        lines.remove(at);
    }
    let before = |line: &Shown| matches!(line, Shown::Row(index) if *index > place);
    let at = lines.iter().position(before).unwrap_or(lines.len());
    lines.insert(at, Shown::Row(place));
    lines
}

fn row(
    row: &Row,
    moment: &Moment,
    first: Option<u32>,
    (highest, width): (f32, usize),
    theme: &Theme,
) -> Line<'static> {
    let chosen = moment.chosen == Some(row.id);
    let pick = moment.pick == Some(row.id);
    let base = match () {
        () if chosen => theme.chosen,
        () if pick => theme.pick,
        () if row.cut_by.is_some() => theme.cut,
        () => theme.base,
    };
    let token = (width / 3).clamp(7, 16);
    let rest = width.saturating_sub(token + 1 + MARKS);
    let mut spans = vec![cell(&row.display, token, base), Span::styled(" ", base)];
    if let Some(stage) = row.cut_by {
        spans.push(cell(&format!("cut by {}", stage.name()), rest, theme.cut));
    } else {
        let changes: String = row
            .own_changes()
            .map(|change| format!("{} {:+.1} ", change.stage.short(), change.amount()))
            .collect();
        let bars = rest.saturating_sub(PERCENT);
        if changes.is_empty() || safe::width(changes.trim_end()) > bars {
            spans.push(Span::styled(
                bar(row.final_probability / highest, bars),
                theme.final_bar,
            ));
        } else {
            spans.push(cell(&changes, bars, base));
        }
        spans.push(right(&percent(row.final_probability), PERCENT, base));
    }
    let marks = format!(
        " {}{}{}",
        if chosen { CHOSEN } else { "" },
        if pick && !chosen { PICK } else { "" },
        if first == Some(row.id) && !chosen {
            OF_FIRST
        } else {
            ""
        }
    );
    spans.push(cell(&marks, MARKS, base));
    Line::from(spans)
}
