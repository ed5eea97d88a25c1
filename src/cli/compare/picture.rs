//! `compare --chart`: the lanes as points in the plane of quality and diversity.

use std::path::Path;

use super::CompareArgs;
use super::lane::Lane;
use crate::chart::caption::{end_of, of_model};
use crate::chart::{self, Point};
use crate::cli::CliError;
use crate::model::ModelInfo;
use crate::text::numbers::counted;

/// Characters of the prompt in the caption.
const CONTEXT: usize = 48;

/// Draws the lanes that have said something; `model` is the first lane's.
///
/// # Errors
/// When none has, or the file cannot be written.
pub fn draw(
    args: &CompareArgs,
    path: &Path,
    lanes: &[Lane],
    model: Option<&ModelInfo>,
    prompt: &str,
) -> Result<(), CliError> {
    let points = lanes.iter().filter_map(|lane| {
        let means = lane.means();
        Some(Point {
            name: lane.planned.text.clone(),
            diversity: means.distinct_2?,
            surprisal: means.reference?,
        })
    });
    let points: Vec<Point> = points.collect();
    let model = model.map_or_else(String::new, |model| format!("{} · ", of_model(model)));
    let caption = format!(
        "{model}after “{}” · {} a lane",
        end_of(prompt, CONTEXT),
        counted(args.seeds, "seed")
    );
    chart::lanes(args.picture.target(path, &caption), &points).map_err(CliError::failed)
}
