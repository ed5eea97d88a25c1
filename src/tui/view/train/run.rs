//! The numbers of a run.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::text::duration;
use crate::training::{History, StepMetrics};
use crate::tui::state::State;
use crate::tui::state::train::{Job, TrainPane};
use crate::tui::view::draw;
use crate::tui::vocabulary::numbers::{bar, bytes, thousands};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells of the gauges' labels and numbers.
const LABEL: usize = 8;
const NUMBER: usize = 14;

/// Draws them: of the step in view, as far as it is among the newest, else of the newest.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let train = &state.train;
    let Some(run) = train.run() else { return };
    let history = &run.history;
    let doing = match (train.is_live(), train.job, history.finished()) {
        (true, Job::Preparing, _) => "preparing",
        (true, Job::Paused, _) => "paused",
        (true, Job::Ending, _) => "saving",
        (true, ..) => "training",
        (false, ..) if run.elsewhere => "training elsewhere",
        (false, _, Some(finished)) => finished.reason.name(),
        (false, _, None) if run.failure.is_some() => "failed",
        (false, _, None) => "broken off",
    };
    let note = Line::styled(format!("{doing} "), theme.quiet);
    let focused = train.pane == TrainPane::Run;
    let inside = super::border(" Run ".to_owned(), note, focused, theme, area, frame);
    let goes_on = train.is_live() || run.elsewhere;
    let in_view = train.cursor.and_then(|step| {
        let mut recent = history.recent();
        recent.find(|metrics| metrics.step == step)
    });
    let Some(metrics) = in_view.or(history.newest()) else {
        return;
    };
    let width = usize::from(inside.width);
    let mut lines = gauges(history, metrics, width, theme);
    // What is left is left from now on, and not from an earlier step.
    let left = (goes_on && train.cursor.is_none()).then_some(metrics.seconds_left);
    lines.extend(numbers(history, metrics, left, theme));
    let kept = history.finished().and_then(|end| end.failure.as_ref());
    if let Some(failure) = run.failure.as_ref().or(kept) {
        let failure = safe::safe(failure);
        let wrapped = wrapped(&failure, inside.width);
        lines.extend(
            wrapped
                .into_iter()
                .map(|line| Line::styled(line, theme.error)),
        );
    }
    draw::lines(lines, inside, frame);
}

fn gauges<'a>(
    history: &History,
    metrics: &StepMetrics,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'a>> {
    let Some(started) = history.started() else {
        return Vec::new();
    };
    let gauge = |label: &str, share: f64, number: String| {
        let cells = width.saturating_sub(LABEL + NUMBER);
        Line::from(vec![
            Span::styled(safe::fit(label, LABEL), theme.quiet),
            Span::styled(bar(share as f32, cells), theme.final_bar),
            draw::right(&number, NUMBER, theme.base),
        ])
    };
    let epochs = started.steps as f64 / started.steps_per_epoch.max(1) as f64;
    vec![
        gauge(
            "epoch",
            // At the end of an epoch its gauge is full.
            metrics.epoch - (metrics.epoch.ceil() - 1.0).max(0.0),
            format!("{:.2}/{epochs:.1}", metrics.epoch),
        ),
        gauge(
            "step",
            metrics.step as f64 / started.steps.max(1) as f64,
            format!("{}/{}", metrics.step, started.steps),
        ),
    ]
}

fn numbers<'a>(
    history: &History,
    metrics: &StepMetrics,
    left: Option<f64>,
    theme: &Theme,
) -> Vec<Line<'a>> {
    let line = |text: String| Line::styled(text, theme.base);
    let left = left.map_or_else(String::new, |left| format!(" · {} left", duration(left)));
    let mut lines = vec![line(format!(
        "{} tok/s{left}",
        thousands(metrics.tokens_per_second.max(0.0) as usize),
    ))];
    lines.push(Line::from(vec![
        Span::styled(format!("loss {:.4}", metrics.loss), theme.strong),
        Span::raw(format!(" · smooth {:.4}", metrics.smoothed)),
    ]));
    if let Some(masked) = metrics.masked_loss {
        lines.push(line(format!("of text alone {masked:.4}")));
    }
    if let Some(epoch) = history.epochs().rfind(|epoch| epoch.step <= metrics.step) {
        lines.push(line(format!(
            "epoch {}: mean {:.4} · acc {:.3} · ppl {:.2}",
            epoch.epoch, epoch.loss, epoch.accuracy, epoch.perplexity
        )));
    }
    let mut validations = history
        .validations()
        .filter(|v| v.step <= metrics.step)
        .rev();
    if let Some(newest) = validations.next() {
        let sign = match validations.next() {
            Some(before) if newest.loss < before.loss => " ↓",
            Some(_) => " ↑",
            None => "",
        };
        let at = match newest.step {
            0 => "before training".to_owned(),
            step => format!("at {step}"),
        };
        lines.push(Line::styled(
            format!("validation {:.4}{sign} {at}", newest.loss),
            theme.chosen,
        ));
        lines.push(line(format!(
            "  ppl {:.2} · {:.4} bits/byte",
            newest.perplexity, newest.bits_per_byte
        )));
    }
    lines.push(line(format!(
        "perplexity {:.2} · acc {:.3}",
        metrics.perplexity, metrics.accuracy
    )));
    lines.push(line(format!(
        "rate {:.2e} · grad norm {:.3}",
        metrics.learning_rate, metrics.gradient_norm
    )));
    let memory = metrics
        .memory
        .map_or_else(String::new, |memory| format!(" · {}", bytes(memory as f64)));
    lines.push(line(format!(
        "{} tokens · {}{memory}",
        thousands(metrics.tokens as usize),
        duration(metrics.elapsed)
    )));
    if let Some(started) = history.started() {
        lines.push(Line::styled(
            format!(
                "{} parameters on {}",
                thousands(started.trainable),
                safe::safe(&started.device)
            ),
            theme.quiet,
        ));
    }
    if let Some(note) = history.checkpoints().next_back() {
        lines.push(Line::styled(
            format!("saved at step {}", note.step),
            theme.quiet,
        ));
    }
    if let Some(change) = history.rate_changes().next_back() {
        lines.push(Line::styled(
            format!("rate set to {:.2e} after step {}", change.rate, change.step),
            theme.notice,
        ));
    }
    lines
}
