//! The table of lanes in the end.

use super::lane::{Lane, letter};
use crate::cli::CliError;
use crate::cli::output::Output;
use crate::decoding::Interval;
use crate::text::sanitize;

/// Prints each lane's text, then a row of figures for each.
///
/// # Errors
/// When the output is closed or full.
pub fn print(output: &mut Output, lanes: &[Lane], models: &[String]) -> Result<(), CliError> {
    for (place, lane) in lanes.iter().enumerate() {
        let model = match lane.planned.model {
            0 => String::new(),
            other => format!(", {}", sanitize(&models[other])),
        };
        let settings = sanitize(&lane.planned.text);
        output.line(&format!("{}  {settings}{model}", letter(place)))?;
        output.line(&format!("   {}", lane.text().replace('\n', "\n   ")))?;
        output.line("")?;
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(lanes.iter().enumerate().map(row));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate();
        let line: Vec<String> = cells
            .map(|(column, (cell, width))| match column {
                0 | LAST => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        output.line(line.join("  ").trim_end())?;
    }
    output.line("")?;
    output.line(NOTE)
}

const LAST: usize = 9;
const HEAD: [&str; 10] = [
    "lane",
    "tokens",
    "S bits",
    "entropy",
    "left",
    "rep-4",
    "distinct-1",
    "distinct-2",
    "parted",
    "draws",
];
const NOTE: &str = "S: mean surprisal under lane A's model before its sampler; entropy: of the lane's own model; left: tokens \
that the chain leaves; rep-4: runs of four tokens that stood there before; parted: the position where a lane left A";

fn row((place, lane): (usize, &Lane)) -> [String; 10] {
    let means = lane.means();
    let draws = match (&lane.failed, &lane.apart, place) {
        (Some(why), ..) => format!("failed: {}", sanitize(why)),
        (None, Some(why), _) => why.clone(),
        (None, None, 0) => format!("seed {}", lane.planned.settings.seed),
        (None, None, _) => "as A".to_owned(),
    };
    [
        letter(place).to_string(),
        number(means.tokens, 1.0, 0),
        number(means.reference, 1.0, 2),
        number(means.entropy, 1.0, 2),
        number(means.left, 1.0, 1),
        percent(means.repetition),
        number(means.distinct_1, 1.0, 2),
        number(means.distinct_2, 1.0, 2),
        lane.parted
            .map_or_else(|| "-".to_owned(), |place| place.to_string()),
        draws,
    ]
}

fn percent(interval: Option<Interval>) -> String {
    let number = number(interval, 100.0, 0);
    if number == "-" {
        number
    } else {
        format!("{number} %")
    }
}

/// A mean, with its interval if it has one.
fn number(interval: Option<Interval>, times: f64, digits: usize) -> String {
    let Some(interval) = interval else {
        return "-".to_owned();
    };
    let mean = interval.mean * times;
    match interval.half {
        Some(half) => format!("{mean:.digits$} ±{:.digits$}", half * times),
        None => format!("{mean:.digits$}"),
    }
}
