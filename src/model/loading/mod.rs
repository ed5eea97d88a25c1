//! Where models come from: the hub, directories, GGUF files, and this program itself; and how one becomes ready to use.

mod adapter;
mod bounds;
mod chat;
mod describe;
mod device;
mod embedded;
mod families;
mod file_names;
mod files;
mod gguf;
mod guests;
mod hub;
mod hub_id;
mod load;
mod memory_needed;
mod parts;
mod raw;
mod request;
mod row_order;
mod safetensors_file;
mod shards;
mod source;
mod stored;
mod text_ends;
mod tokenizer_files;
mod weight_files;
mod weights;

pub use adapter::{ADAPTER, ADAPTER_WEIGHTS, Adapter, weights_hash};
pub use chat::Chat;
pub use describe::{ModelSummary, describe, models_at_hand, models_at_hand_in};
pub use embedded::{EMBEDDED, embedded_size};
pub use hub::{CachedModel, HubOptions, cached_models_in};
pub use load::{LoadedModel, load, load_with};
pub use raw::{RawModel, choose, load_raw, load_tokenizer};
pub use request::{LoadProgress, LoadRequest};
pub use weight_files::{ModelFile, weight_files};
