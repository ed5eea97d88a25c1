//! Samples as a strip of film: the first, the best, the newest and those in view beside each other, and those of the runs
//! that are compared.

mod copied;
mod head;
mod text;

pub use text::{Part, parts, shown};

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use crate::tui::state::train::strip::{Still, at, stills};
use crate::tui::state::train::{RunInView, Train, TrainPane};
use crate::tui::view::draw;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Fewest cells of a column of text.
const COLUMN: u16 = 22;
/// Fewest lines of one: its head and some text.
const LINES: u16 = 3;

/// Draws them.
pub fn draw(train: &Train, theme: &Theme, area: Rect, frame: &mut Frame) {
    let Some(run) = train.run() else { return };
    let step = train.step_in_view();
    let in_view = at(train, run).or_else(|| run.history().samples().next());
    let prompt = in_view.and_then(|samples| samples.texts.get(train.prompt));
    let title = match prompt {
        Some(text) => format!(
            " Samples of {:?} ",
            safe::fit(&safe::safe(&text.prompt), 24).trim_end()
        ),
        None => " Samples ".to_owned(),
    };
    let all = run.history().samples().count();
    let upto = run
        .history()
        .samples()
        .filter(|samples| samples.step <= step);
    let note = format!("{} of {all} ", upto.count());
    let note = Line::styled(if all > 0 { note } else { String::new() }, theme.quiet);
    let focused = train.pane == TrainPane::Samples;
    let inside = super::border(title, note, focused, theme, area, frame);
    let copied = copied::row(run.history(), step, inside.width.into(), theme);
    let below = u16::from(copied.is_some() && inside.height > LINES);
    let [strip, foot] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(inside);
    draw::lines(copied.into_iter().collect(), foot, frame);
    let columns = (strip.width + 1) / (COLUMN + 1);
    let lines = if train.zoomed {
        needed(run, train, columns, strip)
    } else {
        LINES
    };
    let rows = (strip.height / lines).max(1);
    let stills = stills(train, usize::from(columns.max(1) * rows), train.zoomed);
    if stills.is_empty() {
        let sentence = "No samples yet: prompts and `sample every` in the form bring them.";
        let lines = wrapped(sentence, strip.width).into_iter();
        let lines = lines.map(|line| Line::styled(line, theme.quiet));
        return draw::lines(lines.collect(), strip, frame);
    }
    let prompt = prompt.map_or("", |text| text.prompt.as_str());
    for (still, place) in stills
        .iter()
        .zip(places(stills.len(), columns.max(1), strip))
    {
        draw_still(train, still, prompt, theme, place, frame);
    }
}

/// Lines that a column needs at least so that no text in it is cut, by the longest of the newest samples.
fn needed(run: &RunInView, train: &Train, columns: u16, strip: Rect) -> u16 {
    let width = usize::from((strip.width / columns.max(1)).max(2) - 1);
    let newest = run.history().samples().rev().take(8);
    let longest = newest.map(|samples| {
        let several = samples.texts.len() > 1;
        let texts = samples.texts.iter().skip(train.prompt);
        let lines = texts.map(|sample| {
            // Lines are broken at words: they are not full.
            let paragraphs = sample.text.split('\n');
            let lines: usize = paragraphs
                .map(|text| text.chars().count() * 8 / (width * 7).max(1) + 1)
                .sum();
            lines + usize::from(several)
        });
        1 + usize::from(samples.memorised.is_some()) + lines.sum::<usize>()
    });
    let longest = longest.max().unwrap_or(0);
    let most = strip.height.max(LINES);
    u16::try_from(longest).unwrap_or(most).clamp(LINES, most)
}

/// Where so many columns lie: in as few rows as can be, each of its whole width.
fn places(count: usize, columns: u16, strip: Rect) -> Vec<Rect> {
    let most = usize::from(columns);
    let rows = count.div_ceil(most);
    let heights = Layout::vertical(vec![Constraint::Fill(1); rows]).split(strip);
    // The rows below have fewer where there are not enough for all: what is newest has the most room.
    let rows = heights.iter().enumerate();
    rows.flat_map(|(row, place)| {
        let before = row * most;
        let here = most.min(count - before);
        let columns = Layout::horizontal(vec![Constraint::Fill(1); here]).spacing(1);
        columns.split(*place).to_vec()
    })
    .collect()
}

fn draw_still(
    train: &Train,
    still: &Still<'_>,
    prompt: &str,
    theme: &Theme,
    area: Rect,
    frame: &mut Frame,
) {
    let mut lines = vec![head::line(still, area.width.into(), theme)];
    let samples = still.samples;
    if let Some(memorised) = samples.memorised.as_ref().filter(|_| train.zoomed) {
        let words = safe::fit(&copied::words(memorised), area.width.into());
        lines.push(Line::styled(words, theme.quiet));
    }
    let several = samples.texts.len() > 1;
    let first = train.prompt.min(samples.texts.len().saturating_sub(1));
    for sample in samples.texts.iter().skip(first) {
        if several || sample.prompt != prompt {
            let prompt = safe::fit(&safe::safe(&sample.prompt), area.width.into());
            lines.push(Line::styled(prompt, theme.quiet));
        }
        lines.extend(text::lines(sample, area.width, theme));
    }
    lines.truncate(area.height.into());
    draw::lines(lines, area, frame);
}
