//! From histories to lines and marks.

use crate::chart::drawn::theme::Paint;
use crate::chart::{Run, RunChart, What};
use crate::text::sanitize;
use crate::training::history::StepPlace;
use crate::training::{Curve, Epoch, History, Validation};

/// How a series looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Thin,
    Thick,
    /// Filled marks joined by a thin line.
    Marks,
    /// Hollow marks joined by a thin line.
    Hollow,
}

/// A value somewhere in a run, and the least and greatest near it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    pub x: f64,
    pub y: f64,
    pub min: f64,
    pub max: f64,
}

/// What is drawn in one colour and shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What the legend says; none if another series speaks for it.
    pub name: Option<String>,
    pub colour: Paint,
    pub shape: Shape,
    /// Values that follow each other, cut where one was no number.
    pub pieces: Vec<Vec<Value>>,
    /// Where a value was no number.
    pub gaps: Vec<f64>,
}

/// Why there is nothing to draw of a run, if so.
pub fn lack(history: &History, what: What) -> Option<&'static str> {
    if history.newest().is_none() {
        return Some("it has made no step yet");
    }
    let points = |curve| history.points(curve, 0..=u64::MAX);
    match what {
        What::Validation if history.validations().next().is_none() => {
            Some("nothing was validated in it")
        }
        What::Memory if points(Curve::Memory).is_empty() => Some("its memory was not measured"),
        _ => None,
    }
}

/// All that a run says.
pub fn single(history: &History, chart: RunChart) -> Vec<Series> {
    let curve = |curve, name: &str, colour, shape| {
        let mut series = curve_of(history, curve, chart);
        series.name = Some(name.to_owned());
        Series {
            colour,
            shape,
            ..series
        }
    };
    let validated = |name: &str, shape, value: fn(&Validation) -> Option<f64>| {
        let mut series = validations(history, chart, value);
        series.name = Some(name.to_owned());
        Series { shape, ..series }
    };
    let by_epoch = |value: fn(&Epoch) -> f64| Series {
        name: Some("mean of an epoch".to_owned()),
        colour: Paint::Last,
        ..epochs(history, chart, value)
    };
    let mut all = match chart.what {
        What::Loss => {
            let padded = !history.points(Curve::MaskedLoss, 0..=u64::MAX).is_empty();
            let name = if padded {
                "loss, padding counted"
            } else {
                "loss"
            };
            vec![
                curve(Curve::Loss, name, Paint::Raw, Shape::Thin),
                curve(
                    Curve::MaskedLoss,
                    "loss of text alone",
                    Paint::Other,
                    Shape::Thin,
                ),
                curve(Curve::Smoothed, "loss, smoothed", Paint::Last, Shape::Thick),
                by_epoch(|epoch| epoch.loss),
                validated("validation, padding counted", Shape::Hollow, |v| {
                    v.padded_loss
                }),
                validated("validation", Shape::Marks, |v| Some(v.loss)),
            ]
        }
        What::Validation => vec![
            validated("validation, padding counted", Shape::Hollow, |v| {
                v.padded_loss
            }),
            validated("validation", Shape::Marks, |v| Some(v.loss)),
        ],
        What::Perplexity => vec![
            curve(Curve::Perplexity, "training", Paint::Raw, Shape::Thin),
            by_epoch(|epoch| epoch.perplexity),
            validated("validation", Shape::Marks, |v| Some(v.perplexity)),
        ],
        What::Accuracy => vec![
            curve(Curve::Accuracy, "training", Paint::Raw, Shape::Thin),
            by_epoch(|epoch| epoch.accuracy),
            validated("validation", Shape::Marks, |v| Some(v.accuracy)),
        ],
        What::LearningRate => vec![
            curve(
                Curve::LearningRate,
                "learning rate",
                Paint::Last,
                Shape::Thick,
            ),
            by_hand(history, chart),
        ],
        What::GradientNorm => {
            let name = "gradient norm before clipping";
            vec![curve(Curve::GradientNorm, name, Paint::Last, Shape::Thin)]
        }
        What::Speed => {
            vec![curve(
                Curve::TokensPerSecond,
                "tokens a second",
                Paint::Last,
                Shape::Thin,
            )]
        }
        What::Memory => vec![curve(Curve::Memory, "bytes", Paint::Last, Shape::Thin)],
    };
    all.retain(|series| !series.pieces.is_empty() || !series.gaps.is_empty());
    all
}

/// A number of a validation.
type OfValidation = fn(&Validation) -> f64;

/// The lines of several runs, each in its own colour.
pub fn compared(runs: &[Run<'_>], chart: RunChart) -> Vec<Series> {
    let mut all = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let colour = Paint::Compared(place);
        let (curve, value): (_, Option<OfValidation>) = match chart.what {
            What::Loss => (Some(Curve::Smoothed), Some(|v| v.loss)),
            What::Validation => (None, Some(|v| v.loss)),
            What::Perplexity => (Some(Curve::Perplexity), Some(|v| v.perplexity)),
            What::Accuracy => (Some(Curve::Accuracy), Some(|v| v.accuracy)),
            What::LearningRate => (Some(Curve::LearningRate), None),
            What::GradientNorm => (Some(Curve::GradientNorm), None),
            What::Speed => (Some(Curve::TokensPerSecond), None),
            What::Memory => (Some(Curve::Memory), None),
        };
        let mut own = Vec::new();
        if let Some(curve) = curve {
            let shape = match curve {
                Curve::Smoothed | Curve::LearningRate => Shape::Thick,
                _ => Shape::Thin,
            };
            let series = curve_of(run.history, curve, chart);
            own.push(Series {
                colour,
                shape,
                ..series
            });
        }
        if let Some(value) = value {
            let series = validations(run.history, chart, |validation| Some(value(validation)));
            own.push(Series { colour, ..series });
        }
        own.retain(|series| !series.pieces.is_empty() || !series.gaps.is_empty());
        if let Some(first) = own.first_mut() {
            first.name = Some(sanitize(run.name).into_owned());
        }
        all.extend(own);
    }
    all
}

fn curve_of(history: &History, curve: Curve, chart: RunChart) -> Series {
    let points = history.points(curve, 0..=u64::MAX);
    let values = points.into_iter().map(|point| {
        let value = Value {
            x: chart.across.of(point.end),
            y: point.mean,
            min: point.min,
            max: point.max,
        };
        (value, point.gap)
    });
    series(values, chart, Shape::Thin)
}

fn validations(
    history: &History,
    chart: RunChart,
    value: impl Fn(&Validation) -> Option<f64>,
) -> Series {
    let values = history.validations().filter_map(|validation| {
        let y = value(validation)?;
        // The model before training stands at the beginning.
        let place = match validation.step {
            0 => StepPlace::default(),
            step => history.place(step)?,
        };
        Some((at(chart.across.of(place), y), !y.is_finite()))
    });
    Series {
        colour: Paint::Mark,
        ..series(values, chart, Shape::Marks)
    }
}

/// The means of the epochs, each where it ended.
fn epochs(history: &History, chart: RunChart, value: impl Fn(&Epoch) -> f64) -> Series {
    let values = history.epochs().filter_map(|epoch| {
        let y = value(epoch);
        let place = history.place(epoch.step)?;
        Some((at(chart.across.of(place), y), !y.is_finite()))
    });
    series(values, chart, Shape::Hollow)
}

/// When the rate was set by hand.
fn by_hand(history: &History, chart: RunChart) -> Series {
    let values = history.rate_changes().filter_map(|change| {
        let place = history.place(change.step)?;
        Some((at(chart.across.of(place), change.rate), false))
    });
    let mut set = series(values, chart, Shape::Marks);
    // The rate is not on its way from one to the next.
    let single = set.pieces.into_iter().flatten().map(|value| vec![value]);
    set.pieces = single.collect();
    Series {
        name: Some("set by hand".to_owned()),
        colour: Paint::Mark,
        ..set
    }
}

fn at(x: f64, y: f64) -> Value {
    Value {
        x,
        y,
        min: y,
        max: y,
    }
}

fn series(values: impl Iterator<Item = (Value, bool)>, chart: RunChart, shape: Shape) -> Series {
    let (mut pieces, mut gaps) = (Vec::new(), Vec::new());
    let mut piece = Vec::new();
    for (value, gap) in values.filter(|(value, _)| value.x.is_finite()) {
        // A logarithm has no place for it.
        let drawn = value.y.is_finite() && !(chart.log && value.y <= 0.0);
        if gap {
            gaps.push(value.x);
        }
        if (gap || !drawn) && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
        if drawn {
            piece.push(value);
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    Series {
        name: None,
        colour: Paint::Last,
        shape,
        pieces,
        gaps,
    }
}
