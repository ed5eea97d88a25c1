//! The settings file: its schema, its layers and its validation.
//!
//! The layers, each of which wins over those before it, key by key: the documented default ([`DEFAULT_TOML`]), the
//! user's file ([`user_path`]), the file of `--config` or `LOGITSCOPE_CONFIG`, the environment
//! (`LOGITSCOPE_SAMPLER_TOP_K=20`), and the flags. Where a layer names a preset, the preset's values come first and the
//! layer's own sampler settings on top.
//!
//! ```
//! use logitscope::config::{Config, Override, Sources};
//!
//! let mut sources = Sources::defaults();
//! sources.overrides.push(Override { flag: "--top-k".into(), key: "sampler.top_k".into(), value: 20.into() });
//! let config = Config::load(&sources)?;
//! assert_eq!(config.sampler.top_k, 20);
//! assert_eq!(config.provenance("sampler.top_k").unwrap().to_string(), "--top-k");
//! # Ok::<(), logitscope::config::ConfigErrors>(())
//! ```

mod check;
mod in_force;
mod interface;
mod lane;
mod layer;
mod load;
mod merge;
mod nearest;
mod origin;
mod places;
pub mod private;
mod schema;
mod sources;
mod sweep;
mod value;

pub use in_force::InForce;
pub use interface::{Ascii, ColorDepth, LogLevel, LogSettings, Marking, Theme, UiSettings};
pub use lane::{LaneError, LaneSpec};
pub use load::Config;
pub use origin::{ConfigErrors, Origin, Position, Problem};
pub use places::{presets_path, state_dir, user_path};
pub use schema::DEFAULT_TOML;
pub use sources::{KeyCheck, KeyProblem, Override, Sources};
pub use sweep::Sweep;
