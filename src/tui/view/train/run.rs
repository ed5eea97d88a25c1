//! How a run goes: the verdict, and its numbers.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::text::numbers::{bytes, duration, thousands};
use crate::training::{History, StepMetrics, Verdict};
use crate::tui::state::State;
use crate::tui::state::train::{Job, TrainPane};
use crate::tui::view::draw;
use crate::tui::view::train::validations;
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::bindings::Bound;
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
    let history = run.history();
    let resume = state.keymap.hint(Bound::TrainPause, false);
    let paused = resume.map_or_else(
        || "paused".to_owned(),
        |key| format!("paused · {key} resumes"),
    );
    let doing = match (train.is_live(), train.job, history.finished()) {
        (true, Job::Preparing, _) => "preparing",
        (true, Job::Paused, _) => paused.as_str(),
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
    let in_view = train.cursor().and_then(|step| {
        let mut recent = history.recent();
        recent.find(|metrics| metrics.step == step)
    });
    let Some(metrics) = in_view.or(history.newest()) else {
        return;
    };
    let inside = match validations::table(train, run, inside, theme) {
        Some((lines, place)) if train.zoomed => {
            draw::lines(lines, place, frame);
            let width = inside.width - place.width - 1;
            Rect { width, ..inside }
        }
        _ => inside,
    };
    let width = usize::from(inside.width);
    let mut lines = verdict(state, inside.width, theme);
    lines.extend(gauges(history, metrics, width, theme));
    lines.extend(validations::compared(train, run, width, theme));
    // What is left is left from now on, and not from an earlier step.
    let left = (goes_on && train.cursor().is_none()).then_some(metrics.seconds_left);
    lines.extend(numbers(history, metrics, left, width, theme));
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

/// The verdict with its sign, in lines of a width, and below them which keys act on it.
fn verdict<'a>(state: &State, width: u16, theme: &Theme) -> Vec<Line<'a>> {
    let Some(verdict) = state.train.verdict() else {
        return Vec::new();
    };
    let style = match verdict {
        Verdict::Learning { .. } => theme.running,
        Verdict::Memorising { .. } => theme.paused,
        Verdict::Diverging { .. } => theme.error,
        Verdict::TooEarly { .. } | Verdict::AtRest { .. } => theme.quiet,
    };
    let said = wrapped(&format!("{} {verdict}", verdict.sign()), width);
    let advice = state.advice_on_run().unwrap_or_default();
    let advice = wrapped(&advice, width).into_iter();
    let advice = advice.filter(|line| !line.is_empty());
    said.into_iter()
        .map(|line| Line::styled(line, style))
        .chain(advice.map(|line| Line::styled(line, theme.key)))
        .collect()
}

/// The first of some ways to say something that fits, or else the last.
fn fitting<const WAYS: usize>(ways: [String; WAYS], width: usize) -> String {
    let last = ways.last().cloned().unwrap_or_default();
    let mut ways = ways.into_iter();
    ways.find(|way| safe::width(way) <= width).unwrap_or(last)
}

/// The lines below the gauges, what matters most first: a low pane shows only those.
fn numbers<'a>(
    history: &History,
    metrics: &StepMetrics,
    left: Option<f64>,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'a>> {
    let line = |text: String| Line::styled(text, theme.base);
    let speed = thousands(metrics.tokens_per_second.max(0.0) as usize);
    let mut lines = vec![line(match left.map(duration) {
        Some(left) => fitting(
            [
                format!("{speed} tok/s · {left} left"),
                format!("{speed} tok/s"),
            ],
            width,
        ),
        None => format!("{speed} tok/s"),
    })];
    lines.push(Line::from(vec![
        Span::styled(format!("loss {:.4}", metrics.loss), theme.strong),
        Span::raw(format!(" · smooth {:.4}", metrics.smoothed)),
    ]));
    let (rate, norm) = (metrics.learning_rate, metrics.gradient_norm);
    lines.push(line(fitting(
        [
            format!("rate {rate:.2e} · grad norm {norm:.3}"),
            format!("rate {rate:.1e} · grad norm {norm:.1}"),
        ],
        width,
    )));
    lines.extend(
        metrics
            .masked_loss
            .map(|masked| line(format!("of text alone {masked:.4}"))),
    );
    lines.extend(validation(history, metrics.step, width, theme));
    if let Some(epoch) = history.epochs().rfind(|epoch| epoch.step <= metrics.step) {
        let (number, loss) = (epoch.epoch, epoch.loss);
        let (acc, ppl) = (epoch.accuracy, epoch.perplexity);
        lines.push(line(fitting(
            [
                format!("epoch {number}: mean {loss:.4} · acc {acc:.3} · ppl {ppl:.2}"),
                format!("epoch {number}: {loss:.4} · acc {acc:.3}"),
                format!("epoch {number}: {loss:.4}"),
            ],
            width,
        )));
    }
    let (ppl, acc) = (metrics.perplexity, metrics.accuracy);
    lines.push(line(fitting(
        [
            format!("perplexity {ppl:.2} · acc {acc:.3}"),
            format!("ppl {ppl:.2} · acc {acc:.3}"),
            format!("ppl {ppl:.2e} · acc {acc:.3}"),
        ],
        width,
    )));
    let (tokens, elapsed) = (
        thousands(metrics.tokens as usize),
        duration(metrics.elapsed),
    );
    let memory = metrics
        .memory
        .map_or_else(String::new, |memory| format!(" · {}", bytes(memory as f64)));
    lines.push(line(fitting(
        [
            format!("{tokens} tokens · {elapsed}{memory}"),
            format!("{tokens} tokens · {elapsed}"),
            format!("{tokens} tokens"),
        ],
        width,
    )));
    if let Some(started) = history.started() {
        let (count, device) = (thousands(started.trainable), safe::safe(&started.device));
        let said = fitting(
            [
                format!("{count} parameters on {device}"),
                format!("{count} parameters"),
            ],
            width,
        );
        lines.push(Line::styled(said, theme.quiet));
    }
    if let Some(note) = history.checkpoints().next_back() {
        lines.push(Line::styled(
            format!("saved at step {}", note.step),
            theme.quiet,
        ));
    }
    if let Some(change) = history.rate_changes().next_back() {
        let (rate, step) = (change.rate, change.step);
        let said = fitting(
            [
                format!("rate set to {rate:.2e} after step {step}"),
                format!("rate {rate:.2e} after {step}"),
            ],
            width,
        );
        lines.push(Line::styled(said, theme.notice));
    }
    lines
}

/// The last validation before a step, and the best one of all, marked by a star.
fn validation<'a>(history: &History, step: u64, width: usize, theme: &Theme) -> Vec<Line<'a>> {
    let best = history.best_validation();
    let mut lines = Vec::new();
    let mut before = history.validations().filter(|v| v.step <= step).rev();
    let newest = before.next();
    if let Some(newest) = newest {
        let sign = match before.next() {
            Some(before) if newest.loss < before.loss => " ↓",
            Some(_) => " ↑",
            None => "",
        };
        let is_best = best.is_some_and(|best| best.step == newest.step);
        let star = if is_best { "★ " } else { "" };
        let said = format!("{star}validation {:.4}{sign}", newest.loss);
        let ways = match newest.step {
            0 => [
                format!("{said} before training"),
                format!("{said} untrained"),
            ],
            at => [format!("{said} at step {at}"), format!("{said} at {at}")],
        };
        lines.push(Line::styled(fitting(ways, width), theme.chosen));
        let (ppl, bits) = (newest.perplexity, newest.bits_per_byte);
        let said = fitting(
            [
                format!("  ppl {ppl:.2} · {bits:.4} bits/byte"),
                format!("  ppl {ppl:.2} · {bits:.3} b/B"),
                format!("  ppl {ppl:.1e} · {bits:.2} b/B"),
            ],
            width,
        );
        lines.push(Line::styled(said, theme.base));
    }
    let other = best.filter(|best| newest.is_none_or(|newest| newest.step != best.step));
    lines.extend(other.map(|best| {
        let said = format!("★ best {:.4} at step {}", best.loss, best.step);
        Line::styled(said, theme.chosen)
    }));
    lines
}
