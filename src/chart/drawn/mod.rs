//! The charts themselves: drawn by plotters as SVG with a font of our own, and made pixels by resvg.

mod axes;
mod fonts;
mod funnel;
mod lanes;
mod next_token;
mod output;
mod over;
mod run;
mod sheet;
mod strip;
mod text;
mod text_line;
mod theme;
mod tree;

pub use funnel::funnel;
pub use lanes::lanes;
pub use next_token::next_token;
pub use over::over;
pub use run::{run_with_samples, runs};
pub use text_line::{surprisal, surprisal_along};
pub use tree::tree;
