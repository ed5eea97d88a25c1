//! Samples of the step in view, and those before it beside them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::text::sanitize;
use crate::training::Samples;
use crate::tui::state::train::{Train, TrainPane};
use crate::tui::view::draw;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Fewest cells of a column of text.
const COLUMN: u16 = 30;
/// Most columns.
const COLUMNS: u16 = 4;

/// Draws them: the newest at or before the step in view at the right.
pub fn draw(train: &Train, theme: &Theme, area: Rect, frame: &mut Frame) {
    let Some(run) = train.run() else { return };
    let step = train.step_in_view();
    let upto: Vec<&Samples> = run
        .history()
        .samples()
        .filter(|samples| samples.step <= step)
        .collect();
    let prompt = upto
        .last()
        .and_then(|samples| samples.texts.get(train.prompt));
    let title = match prompt {
        Some(text) => format!(
            " Samples of {:?} ",
            safe::fit(&safe::safe(&text.prompt), 24).trim_end()
        ),
        None => " Samples ".to_owned(),
    };
    let later = run.history().samples().count() - upto.len();
    let note = format!("{} before, {later} after ", upto.len().saturating_sub(1));
    let note = Line::styled(note, theme.quiet);
    let focused = train.pane == TrainPane::Samples;
    let inside = super::border(title, note, focused, theme, area, frame);
    if upto.is_empty() {
        let sentence = match later {
            0 => "No samples yet: prompts and `sample every` in the form bring them.",
            _ => "No samples at or before this step.",
        };
        let lines = wrapped(sentence, inside.width);
        let lines = lines
            .into_iter()
            .map(|line| Line::styled(line, theme.quiet));
        return draw::lines(lines.collect(), inside, frame);
    }
    let columns = usize::from((inside.width / COLUMN).clamp(1, COLUMNS)).min(upto.len());
    let places = Layout::horizontal(vec![Constraint::Fill(1); columns])
        .spacing(1)
        .split(inside);
    let shown = &upto[upto.len() - columns..];
    for (at, (samples, place)) in shown.iter().zip(places.iter()).enumerate() {
        let newest = at + 1 == columns;
        column(samples, train.prompt, newest, theme, *place, frame);
    }
}

fn column(
    samples: &Samples,
    first: usize,
    newest: bool,
    theme: &Theme,
    area: Rect,
    frame: &mut Frame,
) {
    let head = if newest { theme.chosen } else { theme.quiet };
    let head_text = format!("step {} · epoch {:.2}", samples.step, samples.epoch);
    let mut lines = vec![Line::styled(safe::fit(&head_text, area.width.into()), head)];
    let several = samples.texts.len() > 1;
    for text in samples.texts.iter().skip(first) {
        if several {
            let prompt = safe::safe(&text.prompt).into_owned();
            lines.push(Line::styled(
                safe::fit(&prompt, area.width.into()),
                theme.quiet,
            ));
        }
        for paragraph in sanitize(&text.text).split('\n') {
            let wrapped = wrapped(paragraph, area.width);
            lines.extend(
                wrapped
                    .into_iter()
                    .map(|line| Line::from(Span::styled(line, theme.base))),
            );
        }
    }
    lines.truncate(area.height.into());
    draw::lines(lines, area, frame);
}
