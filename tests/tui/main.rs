//! The playground without its engine: what actions do, what is drawn, and how it treats a real terminal.

mod anywhere;
mod asked;
mod chart;
mod continuations;
#[cfg(unix)]
mod fake_engine;
mod film;
mod fixtures;
mod form;
mod frames;
mod game;
mod handout;
mod inputs;
mod lanes;
mod lanes_models;
mod lanes_runs;
mod learn;
mod mouse;
mod notices;
mod palette;
mod panes;
mod present;
mod random;
mod runs;
mod second;
mod table;
#[cfg(unix)]
mod terminal;
mod training;
mod typing;
