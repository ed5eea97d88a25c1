//! Charts as files, SVG or PNG by the file's name. The cargo feature `charts` draws them.

mod along;
mod asked;
mod axis;
pub mod caption;
#[cfg(feature = "charts")]
mod drawn;
mod error;
mod format;
#[cfg(not(feature = "charts"))]
mod left_out;
mod look;
mod odds;

pub use along::Along;
pub use asked::{Across, Point, Run, RunChart, What};
pub use axis::{Axis, Tick};
#[cfg(feature = "charts")]
pub use drawn::{
    funnel, lanes, next_token, over, run_with_samples, runs, surprisal, surprisal_along, tree,
};
pub use error::ChartError;
pub use format::Format;
#[cfg(not(feature = "charts"))]
pub use left_out::{
    funnel, lanes, next_token, over, run_with_samples, runs, surprisal, surprisal_along, tree,
};
pub use look::{Look, MOST_PIXELS, MOST_SIDE, Target, is_possible};
pub use odds::{Named, Over, OverStep};
