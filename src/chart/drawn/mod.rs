//! The charts themselves, drawn by plotters with a font of our own.

mod canvas;
mod next_token;
mod palette;
mod run;
mod text_line;

pub use next_token::next_token;
pub use run::runs;
pub use text_line::surprisal;
