//! What covers a pane or the whole screen for a while: loading, and a terminal that is too small.

use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use crate::model::LoadProgress;
use crate::text::numbers::{bytes, duration, thousands};
use crate::tui::state::State;
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// How far loading has come, over the text pane.
pub fn loading(
    state: &State,
    progress: &LoadProgress,
    theme: &Theme,
    over: Rect,
    frame: &mut Frame,
) {
    let width = over.width.saturating_sub(2).min(64);
    let height = 5.min(over.height);
    let area = Rect::new(
        over.x + (over.width - width) / 2,
        over.y + (over.height - height) / 2,
        width,
        height,
    );
    let cells = usize::from(width.saturating_sub(4));
    let (what, fraction, detail) = match progress {
        LoadProgress::Download {
            file,
            bytes: here,
            total,
            bytes_per_second,
            seconds_left,
        } => {
            let left = seconds_left.map_or_else(String::new, |seconds| {
                format!(", {} left", duration(seconds))
            });
            let speed = bytes(*bytes_per_second);
            let detail = format!(
                "{} of {}, {speed}/s{left}",
                bytes(*here as f64),
                bytes(*total as f64)
            );
            (
                format!("downloading {}", safe::safe(file)),
                ratio(*here as f64, *total as f64),
                detail,
            )
        }
        LoadProgress::Waiting {
            reason,
            part,
            seconds_left,
        } => (
            safe::safe(reason).into_owned(),
            *part,
            seconds_left.map_or_else(
                || "waiting".to_owned(),
                |seconds| format!("{} left", duration(seconds)),
            ),
        ),
        LoadProgress::Weights { done, total } => (
            "reading weights".to_owned(),
            ratio(*done as f64, *total as f64),
            format!("{} of {} tensors", thousands(*done), thousands(*total)),
        ),
    };
    let key = state
        .keymap
        .hint(Bound::Interrupt, true)
        .unwrap_or_default();
    let lines = vec![
        Line::styled(safe::fit(&what, cells), theme.base),
        Line::styled(bar(fraction, cells), theme.final_bar),
        Line::styled(
            safe::fit(&format!("{detail} · {key} cancels"), cells),
            theme.quiet,
        ),
    ];
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.border_focused)
        .title(Line::styled(
            format!(
                " Loading {} ",
                safe::fit(&state.engine.load.source, cells.min(40)).trim_end()
            ),
            theme.title,
        ));
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(1),
        ..inside
    };
    frame.render_widget(Paragraph::new(lines), inside);
}

fn ratio(done: f64, total: f64) -> f32 {
    if total > 0.0 {
        (done / total) as f32
    } else {
        0.0
    }
}

/// The page for a terminal in which the panes do not fit.
pub fn too_small(size: Size, smallest: Size, theme: &Theme, frame: &mut Frame) {
    let area = frame.area();
    let sentence = format!(
        "terminal too small ({}×{}, needs {}×{})",
        size.width, size.height, smallest.width, smallest.height
    );
    let lines: Vec<Line> = wrapped(&sentence, area.width)
        .into_iter()
        .map(|line| Line::styled(line, theme.strong))
        .collect();
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    let place = Rect {
        y: area.y + top,
        height: area.height - top,
        ..area
    };
    frame.render_widget(Paragraph::new(lines).centered(), place);
}
