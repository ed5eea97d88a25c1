//! Charts as files, SVG or PNG by the file's name. The cargo feature `charts` draws them.

mod asked;
mod axis;
#[cfg(feature = "charts")]
mod drawn;
mod error;
mod format;
#[cfg(not(feature = "charts"))]
mod left_out;

pub use asked::{Across, Point, Run, RunChart, What};
pub use axis::{Axis, Tick};
#[cfg(feature = "charts")]
pub use drawn::{lanes, next_token, runs, surprisal, tree};
pub use error::ChartError;
pub use format::Format;
#[cfg(not(feature = "charts"))]
pub use left_out::{lanes, next_token, runs, surprisal, tree};
