//! Networks on candle: what is computed from tokens to logits, over a cache of keys and values. Where weights come from it
//! does not know: it asks for tensors by name.

mod activation;
pub(in crate::model) mod architecture;
pub(in crate::model) mod attention;
mod block;
pub(in crate::model) mod cache;
pub(in crate::model) mod config;
pub(in crate::model) mod decoder;
mod embedding;
pub(in crate::model) mod gpt2;
pub(in crate::model) mod linear;
pub(in crate::model) mod llama;
pub(in crate::model) mod numbers;
#[cfg(feature = "cuda")]
mod on_card;
mod rows;
mod site;
pub(in crate::model) mod tensor_names;
pub(in crate::model) mod tensors;

pub use activation::Activation;
pub use cache::Cache;
pub use config::{Gpt2Config, OWN_MODEL_TYPE, TokenIds};
pub use rows::Rows;
pub use site::{Observer, Site};
