//! What keeps a chart from its file.

use std::path::PathBuf;

use super::look::{MOST_PIXELS, MOST_SIDE};

/// Why a chart could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error("{0}: a chart's file must end in .svg or .png")]
    Format(PathBuf),
    #[error("{path}: the chart could not be written: {detail}")]
    Unwritten { path: PathBuf, detail: String },
    #[error("the chart could not be drawn: {0}")]
    Undrawn(String),
    #[error(
        "a picture of {width}x{height} pixels, scaled by {scale}, cannot be made: a side has from 1 to {MOST_SIDE} pixels, and all have at most {MOST_PIXELS}; write an .svg, or take a smaller --size or --scale"
    )]
    Size { width: u32, height: u32, scale: f32 },
    #[error("there is nothing to draw: {0}")]
    Empty(&'static str),
    #[error("there is nothing to draw of the run `{run}`: {lack}")]
    Lacking { run: String, lack: &'static str },
    #[error("{runs} runs in one chart cannot be told apart; name at most {most}")]
    Crowded { runs: usize, most: usize },
    #[error("{0}: this program was built without charts; build it with the cargo feature `charts`")]
    LeftOut(PathBuf),
}
