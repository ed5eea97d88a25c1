//! The terminal playground: a [`State`], changed by [`update`] with an [`Action`] of a person and by [`hear`] with
//! [`News`] of the outside, drawn by [`view`].
//!
//! Keys and the mouse become actions; what engine, trainer, clock and files tell becomes news; what either asks of the
//! outside comes back as [`Effect`]s. [`run`] is the loop around them: it takes in all that came, then draws at most
//! one frame.

mod app;
mod state;
mod update;
mod view;
mod vocabulary;

pub use app::ascii::{in_ascii, is_needed as ascii_is_needed, locale_is_ascii};
pub use app::link::EngineLink;
pub use app::picture::{of_screen as picture_of_screen, of_state as picture_of_state};
pub use app::{TuiError, run};
pub use state::State;
pub use state::continuations::GrownTree;
pub use state::learn::{LearnOptions, LessonTables, Opening, Progress as LessonProgress};
pub use state::options::PlayOptions;
pub use state::picker::Item;
pub use state::seen::Seen;
pub use state::session::{SavedLane, SessionError, SessionFile};
pub use state::train::room::Room;
pub use state::train::runs::{GoingOn, ReadRecipe, ReadRun};
pub use state::train::table::{Column, RunRow, RunState as RunProgress, RunTable};
pub use update::effect::{Chart, Effect};
pub use update::news::News;
pub use update::{hear, update};
pub use view::view;
pub use vocabulary::action::{
    Action, Copied, Edit, GameAction, LearnAction, Mouse, MouseKind, TrainAction,
};
pub use vocabulary::colour::ColourLevel;
pub use vocabulary::continuations::TreeAction;
pub use vocabulary::focus::{Focus, Page};
pub use vocabulary::keymap::{Keymap, KeymapError, default_keys};
pub use vocabulary::keys::Key;
pub use vocabulary::lanes::LanesAction;
pub use vocabulary::layout::SMALLEST;
pub use vocabulary::letters::Letters;
pub use vocabulary::marks::{Marking, Thresholds};
pub use vocabulary::question::Question;
pub(crate) use vocabulary::safe::width as cell_width;
pub use vocabulary::theme::{Likelihood, Theme, ThemeName};
pub use vocabulary::tone::Tone;
