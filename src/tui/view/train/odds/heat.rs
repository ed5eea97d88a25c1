//! The odds over the whole run as strips of heat, one a token, over the axis of the chart.
//!
//! ```text
//! ·a       ─ ░░▒▒▒▓▓████▓▓▓          20.0 %
//!          a ░░░▒▒▒▒▒▒▓▓             14.1 %
//!            └──┬────▲────┬─────────┬
//! epoch         1    2    3         5
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{PERCENT, Shown, TOKEN, greatest, row};
use crate::chart::Across;
use crate::text::numbers::percent;
use crate::training::Odds;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::state::train::{RunInView, Train};
use crate::tui::view::draw;
use crate::tui::view::train::chart::{BELOW, axis_below};
use crate::tui::vocabulary::blocks::heat;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Cells of a run's sign.
const SIGN: usize = 2;

/// Draws them.
pub fn draw(
    train: &Train,
    shown: &[Shown<'_>],
    newest: &Odds,
    theme: &Theme,
    inside: Rect,
    seen: &mut Seen,
    frame: &mut Frame,
) {
    let left = (TOKEN + SIGN) as u16;
    let plot = Rect {
        x: inside.x + left.min(inside.width),
        width: inside.width.saturating_sub(left + PERCENT as u16),
        height: inside.height.saturating_sub(BELOW),
        ..inside
    };
    let ends = train.ends();
    let top = greatest(shown.iter().flat_map(|shown| shown.run.history().odds()));
    let places: Vec<Vec<Option<&Odds>>> = shown
        .iter()
        .map(|shown| columns(train, shown, &newest.prompt, ends, plot.width))
        .collect();
    let mut lines = Vec::new();
    for of_token in &newest.rows {
        for (at, (shown, places)) in shown.iter().zip(&places).enumerate() {
            let token = if at == 0 {
                safe::safe(&of_token.display)
            } else {
                "".into()
            };
            let mut spans = vec![Span::styled(safe::fit(&token, TOKEN), theme.base)];
            spans.push(Span::styled(format!("{} ", shown.sign), shown.style));
            strip(&mut spans, places, &of_token.display, top, theme);
            let now = shown.now.and_then(|now| row(now, &of_token.display));
            let said = now.map_or_else(|| "–".to_owned(), |row| percent(row.raw));
            spans.push(draw::right(&said, PERCENT, theme.strong));
            lines.push(Line::from(spans));
        }
    }
    // The runs of a token stay together.
    let most = usize::from(plot.height) / shown.len() * shown.len();
    lines.truncate(most.max(1));
    let plot = Rect {
        height: plot.height.min(lines.len() as u16),
        ..plot
    };
    draw::lines(
        lines,
        Rect {
            height: plot.height,
            ..inside
        },
        frame,
    );
    seen.put(plot, Hit::Plot);
    axis(train, shown[0].run, ends, plot, inside, theme, frame);
}

/// What is known in each column: the last odds at or before its end; nothing before the first and beyond the run.
fn columns<'a>(
    train: &Train,
    shown: &Shown<'a>,
    prompt: &str,
    (from, to): (f64, f64),
    cells: u16,
) -> Vec<Option<&'a Odds>> {
    let across = train.shown.across;
    let run = shown.run;
    let history = run.history();
    // What was there before training stands at the first step.
    let place = |step: u64| run.across(across, step.max(1));
    let odds: Vec<(f64, &Odds)> = history
        .odds()
        .filter(|odds| odds.prompt == prompt)
        .map(|odds| (place(odds.step), odds))
        .collect();
    let last = place(run.last_step());
    (0..cells)
        .map(|cell| {
            let side = |cell: u16| from + (to - from) * f64::from(cell) / f64::from(cells.max(1));
            let next = odds.partition_point(|(at, _)| *at <= side(cell + 1));
            let found = next.checked_sub(1).map(|place| odds[place].1);
            found.filter(|_| side(cell) <= last)
        })
        .collect()
}

/// A token's odds, from cold to hot: by signs, and by colours where there are some.
fn strip(
    spans: &mut Vec<Span<'static>>,
    places: &[Option<&Odds>],
    display: &str,
    top: f32,
    theme: &Theme,
) {
    let cell = |place: &Option<&Odds>| -> (char, Style) {
        let Some(odds) = place else {
            return (' ', theme.base);
        };
        match row(odds, display) {
            Some(row) if top > 0.0 => {
                let (sign, level) = heat(f64::from(row.raw / top));
                let styles = [
                    theme.quiet,
                    theme.quiet,
                    theme.raw_bar,
                    theme.notice,
                    theme.chosen,
                ];
                (sign, styles[level])
            }
            _ => ('·', theme.quiet),
        }
    };
    for (sign, style) in places.iter().map(cell) {
        match spans.last_mut() {
            Some(span) if span.style == style && span.content.ends_with(sign) => {
                span.content.to_mut().push(sign);
            }
            _ => spans.push(Span::styled(sign.to_string(), style)),
        }
    }
}

/// The axis: that of the chart, but in epochs where the chart has steps and the run has several epochs.
fn axis(
    train: &Train,
    run: &RunInView,
    ends: (f64, f64),
    plot: Rect,
    inside: Rect,
    theme: &Theme,
    frame: &mut Frame,
) {
    let across = train.shown.across;
    let per_epoch = run
        .history()
        .started()
        .map_or(0, |started| started.steps_per_epoch);
    let in_epochs = across == Across::Steps && per_epoch > 0 && ends.1 > per_epoch as f64;
    let unit = if in_epochs { per_epoch as f64 } else { 1.0 };
    let named = if in_epochs { Across::Epochs } else { across };
    let at = run.across(across, train.step_in_view().max(1));
    let signs = [(at / unit, '▲', theme.pick)];
    axis_below(
        named,
        (ends.0 / unit, ends.1 / unit),
        &signs,
        plot,
        theme,
        frame,
    );
    let label = safe::fit(named.name(), TOKEN);
    let row = plot.bottom() + 1;
    if row < inside.bottom() {
        frame
            .buffer_mut()
            .set_string(inside.x, row, label, theme.quiet);
    }
}
