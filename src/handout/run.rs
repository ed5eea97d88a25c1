//! A run of training: the curve of its loss, and what the model wrote as it learned.

use maud::{Markup, html};

use super::RunDone;
use crate::chart::Axis;
use crate::text::numbers::percent;
use crate::text::sanitize;
use crate::training::history::{Curve, Point, ceiling};
use crate::training::{History, SampleText, Samples};

/// Most sets of samples on the page, evenly over the run.
const SETS: usize = 24;
/// Most points of a curve.
const POINTS: usize = 320;
/// The picture, in units of its own, and where the axes begin.
const SIZE: (i32, i32) = (640, 260);
const PLOT: (i32, i32, i32, i32) = (48, 12, 628, 226);

/// The section of a run.
pub fn run(run: &RunDone) -> Markup {
    let history = &run.history;
    html! {
        p { "The run " b { (sanitize(&run.name)) } ": " (so_far(history)) }
        (curve(history))
        @let sets = sets(history);
        @if !sets.is_empty() {
            h3 { "What it wrote as it learned" }
            @for set in sets { section.set {
                h4 { "epoch " (format!("{:.1}", set.epoch)) ", step " (set.step) }
                @for text in &set.texts { blockquote { (sample(text)) } }
                @if let Some(memorised) = &set.memorised {
                    p.note {
                        (percent(memorised.share as f32)) " of its " (memorised.length)
                        "-grams stand in what it learned from"
                    }
                }
            } }
            p.note { "Marked: what stands so in the texts that it learned from." }
        }
    }
}

/// How far it came, in a sentence.
pub fn so_far(history: &History) -> String {
    let mut parts = vec![format!("{} steps", history.last_step())];
    if let Some(newest) = history.newest() {
        parts.push(format!("loss {:.3}", newest.smoothed));
    }
    if let Some(best) = history.best_validation() {
        let (loss, step) = (best.loss, best.step);
        parts.push(format!("lowest validation loss {loss:.3} at step {step}"));
    }
    if let Some(finished) = history.finished() {
        parts.push(finished.reason.name().to_owned());
    }
    parts.join(", ")
}

/// Sets of samples, the first and the newest among them.
pub fn sets(history: &History) -> Vec<&Samples> {
    let all: Vec<&Samples> = history.samples().collect();
    let last = all.len().saturating_sub(1);
    if all.len() <= SETS {
        return all;
    }
    (0..SETS)
        .map(|place| all[place * last / (SETS - 1)])
        .collect()
}

/// A sample, with what it copied marked.
fn sample(text: &SampleText) -> Markup {
    let mut at = 0;
    let mut parts = Vec::new();
    for copied in &text.copied {
        let (from, to) = (copied.start.max(at), copied.end);
        // A range of a file that anybody may have written.
        let (Some(plain), Some(marked)) = (text.text.get(at..from), text.text.get(from..to)) else {
            break;
        };
        parts.extend([(plain, false), (marked, true)]);
        at = to;
    }
    parts.push((text.text.get(at..).unwrap_or_default(), false));
    html! {
        b { (sanitize(&text.prompt)) }
        @for (part, copied) in parts {
            @if copied { mark { (sanitize(part)) } } @else { (sanitize(part)) }
        }
    }
}

/// The losses over the steps, drawn in the page's own colours.
fn curve(history: &History) -> Markup {
    let last = history.last_step();
    let points = |curve| thinned(history.points(curve, 1..=last));
    let (loss, smoothed) = (points(Curve::Loss), points(Curve::Smoothed));
    let validated: Vec<(u64, f64)> = history
        .validations()
        .map(|validation| (validation.step, validation.loss))
        .filter(|(_, loss)| loss.is_finite())
        .collect();
    let means = |points: &[Point]| points.iter().map(|point| point.mean).collect::<Vec<_>>();
    let validations: Vec<f64> = validated.iter().map(|(_, loss)| *loss).collect();
    let lowest = [&means(&loss)[..], &validations]
        .concat()
        .into_iter()
        .filter(|value| value.is_finite())
        .reduce(f64::min);
    let highest = ceiling(&[means(&loss), validations]);
    let (Some(low), Some(high)) = (lowest, highest) else {
        return html! { p.note { "There is no loss to draw yet." } };
    };
    let across = Axis::new(0.0, last.max(1) as f64, false, 7);
    let up = Axis::new(low, high, false, 6);
    let x = |step: u64| across.pixel(step as f64, (PLOT.0, PLOT.2));
    let y = |loss: f64| up.pixel(loss, (PLOT.3, PLOT.1));
    let line = |points: &[Point]| {
        let at = |point: &Point| format!("{},{}", x(point.last), y(point.mean));
        let seen = points.iter().filter(|point| point.mean.is_finite());
        seen.map(at).collect::<Vec<_>>().join(" ")
    };
    html! {
        figure {
            svg viewBox=(format!("0 0 {} {}", SIZE.0, SIZE.1)) role="img"
                aria-label=(format!("Loss over {last} steps")) {
                @for tick in &up.ticks {
                    line.grid x1=(PLOT.0) x2=(PLOT.2) y1=(y(tick.value)) y2=(y(tick.value)) {}
                    text.tick x=(PLOT.0 - 6) y=(y(tick.value) + 4) text-anchor="end" { (tick.label) }
                }
                @for tick in &across.ticks {
                    text.tick x=(across.pixel(tick.value, (PLOT.0, PLOT.2))) y=(PLOT.3 + 18)
                        text-anchor="middle" { (tick.label) }
                }
                polyline.loss points=(line(&loss)) {}
                polyline.smoothed points=(line(&smoothed)) {}
                @for (step, loss) in &validated {
                    circle.validation cx=(x(*step)) cy=(y(*loss)) r="3.5" {}
                }
            }
            figcaption {
                "Loss in nats a token over the steps: "
                span.key-smoothed { "smoothed" } ", " span.key-loss { "each step" } ", "
                span.key-validation { "● on texts that it does not learn from" } "."
            }
        }
    }
}

/// As many points as the picture can show.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let stride = points.len().div_ceil(POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let keep = |(at, point)| (at % stride == 0 || at == last).then_some(point);
    points.into_iter().enumerate().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{RunEvent, StepMetrics, Validation};

    fn trained() -> RunDone {
        let mut history = History::new();
        for step in 1..=900 {
            let loss = 9.0 / (step as f64).sqrt();
            history.push(&RunEvent::Step(StepMetrics {
                step,
                loss,
                smoothed: loss,
                ..StepMetrics::default()
            }));
        }
        history.push(&RunEvent::Validation(Validation {
            step: 900,
            loss: 0.75,
            best: true,
            ..Validation::default()
        }));
        for step in 1..=60 {
            let sample = SampleText {
                prompt: "The <b>".to_owned(),
                text: " hen<script> ran".to_owned(),
                copied: vec![1..4, 90..99],
                ..SampleText::default()
            };
            history.push(&RunEvent::Samples(Samples {
                step: 15 * step,
                epoch: step as f64,
                texts: vec![sample],
                memorised: None,
            }));
        }
        RunDone {
            name: "poems".to_owned(),
            history,
        }
    }

    #[test]
    fn a_run_has_its_curve_and_its_samples_from_the_first_to_the_newest() {
        let page = run(&trained()).into_string();
        assert!(page.contains("900 steps, loss 0.300, lowest validation loss 0.750 at step 900"));
        let line = page
            .split("class=\"loss\" points=\"")
            .nth(1)
            .expect("a line");
        let points = line.split('"').next().expect("its end").split(' ').count();
        assert!((200..=POINTS + 1).contains(&points), "{points}");
        assert_eq!(page.matches("<circle").count(), 1);
        assert_eq!(page.matches("<h4>").count(), SETS);
        for epoch in ["epoch 1.0, step 15", "epoch 60.0, step 900"] {
            assert!(page.contains(epoch), "{epoch}");
        }
        assert!(page.contains("<b>The &lt;b&gt;</b> <mark>hen</mark>&lt;script&gt; ran"));
        assert!(!page.contains("<script"), "what it wrote is text");
    }

    #[test]
    fn a_run_without_a_step_is_told_too() {
        let none = RunDone {
            name: "new".to_owned(),
            history: History::new(),
        };
        assert!(run(&none).into_string().contains("no loss to draw yet"));
    }
}
