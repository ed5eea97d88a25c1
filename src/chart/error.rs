//! What keeps a chart from its file.

use std::path::PathBuf;

/// Why a chart could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error("{0}: a chart's file must end in .svg or .png")]
    Format(PathBuf),
    #[error("{path}: the chart could not be written: {detail}")]
    Unwritten { path: PathBuf, detail: String },
    #[error("there is nothing to draw: {0}")]
    Empty(&'static str),
    #[error("there is nothing to draw of the run `{run}`: {lack}")]
    Lacking { run: String, lack: &'static str },
    #[error("{runs} runs in one chart cannot be told apart; name at most {most}")]
    Crowded { runs: usize, most: usize },
    #[error("{0}: this program was built without charts; build it with the cargo feature `charts`")]
    LeftOut(PathBuf),
}
