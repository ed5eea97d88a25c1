//! What the run that the form describes will take: of the corpus, of time, of memory and disk.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::text::numbers::{bytes, duration, thousands};
use crate::tui::state::train::{Costs, Form};
use crate::tui::view::draw;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Draws it below a rule.
pub fn draw(form: &Form, theme: &Theme, area: Rect, frame: &mut Frame) {
    let mut lines = vec![Line::styled("─".repeat(area.width.into()), theme.border)];
    for (said, style) in sentences(form, theme) {
        let wrapped = wrapped(&said, area.width).into_iter();
        lines.extend(wrapped.map(|line| Line::styled(line, style)));
    }
    lines.truncate(area.height.into());
    draw::lines(lines, area, frame);
}

fn sentences(form: &Form, theme: &Theme) -> Vec<(String, Style)> {
    match form.costs() {
        Some(costs) => {
            let time = time(form, &costs);
            said(&costs, &time, theme)
        }
        None if form.found.looking => {
            vec![("The corpus is being read …".to_owned(), theme.quiet)]
        }
        None if form.wrong().is_some() => Vec::new(),
        None => vec![(
            "Name a corpus: type or paste the path of a text file, a table or a directory. What the run takes stands here before it starts.".to_owned(),
            theme.quiet,
        )],
    }
}

fn said(costs: &Costs, time: &str, theme: &Theme) -> Vec<(String, Style)> {
    let Costs { survey, price } = costs;
    // What is carried over from the beginning is no count.
    let about = if survey.whole { "" } else { "about " };
    let held_out = survey.validation.as_ref();
    let tokens = survey.training.tokens + held_out.map_or(0, |part| part.tokens);
    let corpus = format!(
        "{} · {about}{} · {about}{} · {}{}",
        bytes(survey.bytes as f64),
        counted(survey.documents, "document"),
        counted(tokens, "token"),
        counted(survey.training.sequences, "sequence"),
        held_out.map_or_else(String::new, |part| format!(
            ", {} more to validate on",
            thousands(number(part.sequences))
        )),
    );
    let course = format!(
        "{about}{} an epoch · {} in all · {time}",
        counted(survey.steps_per_epoch, "step"),
        thousands(number(price.steps)),
    );
    // Where there is plenty it needs no word.
    let scarce = survey.free.filter(|free| price.disk > free / 10);
    let free = scarce.map_or_else(String::new, |free| format!(", {} free", bytes(free as f64)));
    let room = format!(
        "{}, {} · memory ~{} · disk up to {}{free}",
        counted(price.validations, "validation"),
        counted(price.samples, "sample"),
        bytes(survey.memory.total() as f64),
        bytes(price.disk as f64),
    );
    let mut lines = vec![
        (corpus, theme.base),
        (course, theme.strong),
        (room, theme.base),
    ];
    if survey.free.is_some_and(|free| free < price.disk) {
        let short = "The disk has less room than the run may take: keep fewer checkpoints, or weights of fewer epochs.";
        lines.push((short.to_owned(), theme.error));
    }
    // Why nothing is validated comes first.
    let mut remarks: Vec<&String> = survey.remarks.iter().collect();
    if held_out.is_none() {
        remarks.sort_by_key(|remark| !remark.contains("nothing is validated"));
    }
    let remarks = remarks.into_iter();
    lines.extend(remarks.map(|remark| (sentence(remark), theme.notice)));
    lines
}

/// How long it takes, in words.
fn time(form: &Form, costs: &Costs) -> String {
    match costs.price.seconds {
        Some(seconds) => format!("about {} on this machine", duration(seconds)),
        None if form.found.looking && form.found.measures => {
            "time: a step is being measured …".to_owned()
        }
        None if form.found.measures => "time: not measured, for want of memory".to_owned(),
        None => "time: not measured while another run goes on".to_owned(),
    }
}

fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {what}{s}", thousands(number(count)))
}

fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A clause of the trainer's as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
