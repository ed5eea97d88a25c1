//! The terminal: taking it and giving it back, writing to it, its keys, its size, and the signals and hang-ups that end
//! the playground.
//!
//! The loop never waits for the terminal: a thread reads its keys ([`input`]), another one writes frames ([`writer`]), a
//! third one looks whether it is still there ([`hang_up`]). So a terminal that is gone, or that nobody reads, keeps
//! nothing from being saved. What does not end in time nevertheless is ended by [`deadline`].

pub mod deadline;
mod fatal;
mod guard;
mod hang_up;
mod input;
mod size;
mod taken;
mod wishes;
pub mod writer;

pub use self::guard::Guard;
pub use self::hang_up::watch;
pub use self::input::read_keys;
pub use self::size::{bounded, size};
pub use self::wishes::{Wish, listen, stop_process};
pub use self::writer::Screen;
