//! Charts as files, SVG or PNG by the file's name, drawn by plotters with a font of our own.

mod axis;
mod canvas;
mod next_token;
mod palette;
mod run;
mod text_line;

pub use axis::{Axis, Tick};
pub use canvas::ChartError;
pub use next_token::next_token;
pub use run::{Across, Run, RunChart, What, runs};
pub use text_line::surprisal;
