//! The charts themselves, drawn by plotters with a font of our own.

mod canvas;
mod lanes;
mod next_token;
mod palette;
mod run;
mod text_line;
mod tree;

pub use lanes::lanes;
pub use next_token::next_token;
pub use run::runs;
pub use text_line::surprisal;
pub use tree::tree;
