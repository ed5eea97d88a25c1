//! The terminal playground: a [`State`], changed by [`update`] with an [`Action`] of a person and by [`hear`] with
//! [`News`] of the outside, drawn by [`view`].
//!
//! Keys and the mouse become actions; what engine, trainer, clock and files tell becomes news; what either asks of the
//! outside comes back as [`Effect`]s. [`run`] is the loop around them: it takes in all that came, then draws at most
//! one frame.

mod action;
mod app;
mod ascii;
mod ask;
mod beam_log;
mod beside;
mod bindings;
mod blocks;
mod clipboard;
mod clusters;
mod colour;
mod comparing;
mod editor;
mod effect;
mod flow;
mod history;
mod keymap;
mod keys;
mod knob_rows;
mod knob_values;
mod layout;
mod letters;
mod link;
mod looking;
mod marks;
mod models;
mod news;
mod notices;
mod options;
mod overlay;
mod parts;
mod passage;
mod picker;
mod presets;
mod rate;
mod safe;
mod seen;
mod session;
mod state;
mod terminal;
mod theme;
mod train;
mod tree;
mod update;
mod view;

pub use action::{Action, Copied, Edit, Mouse, MouseKind, TrainAction};
pub use app::{TuiError, run};
pub use ascii::is_needed as ascii_is_needed;
pub use ask::Question;
pub use colour::ColourLevel;
pub use effect::{Chart, Effect};
pub use keymap::{Keymap, KeymapError, default_keys};
pub use keys::Key;
pub use layout::SMALLEST;
pub use letters::Letters;
pub use link::EngineLink;
pub use marks::{Marking, Thresholds};
pub use news::News;
pub use options::PlayOptions;
pub use picker::Item;
pub(crate) use safe::width as cell_width;
pub use seen::Seen;
pub use session::{SessionError, SessionFile};
pub use state::{Focus, Page, State};
pub use theme::{Likelihood, Theme, ThemeName};
pub use train::runs::{GoingOn, ReadRun};
pub use update::{hear, update};
pub(crate) use view::duration;
pub use view::view;
