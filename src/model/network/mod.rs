//! Networks on candle: what is computed from tokens to logits, over a cache of keys and values. Where weights come from it
//! does not know: it asks for tensors by name.

mod activation;
mod asked;
pub(in crate::model) mod attention;
mod block;
pub(in crate::model) mod cache;
pub(in crate::model) mod config;
mod cost;
mod count;
pub(in crate::model) mod decoder;
pub(in crate::model) mod dense;
pub(in crate::model) mod description;
mod embedding;
mod feed_forward;
pub(in crate::model) mod guest;
mod inputs;
pub(in crate::model) mod linear;
mod mixture;
mod norm;
pub(in crate::model) mod numbers;
#[cfg(feature = "cuda")]
mod on_card;
#[cfg(feature = "cuda")]
mod replay;
pub(in crate::model) mod rope;
mod rows;
mod site;
pub(in crate::model) mod tensors;
mod transformer;

pub(in crate::model) use count::{MOST_LAYERS, Sizes};
pub(in crate::model) use transformer::Transformer;

pub use activation::Activation;
pub use cache::Cache;
pub use config::{Gpt2Config, OWN_MODEL_TYPE, TokenIds};
pub use cost::{Cost, Held};
pub use rows::Rows;
pub use site::{Observer, Site};
