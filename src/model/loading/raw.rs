//! A model's weights as plain numbers: what training starts from and what it hands back.

use std::collections::HashMap;
use std::ops::ControlFlow;

use candle_core::Device;

use super::adapter::{ADAPTER, Adapter, weights_hash};
use super::device::{choose_device, storage};
use super::file_names::{CONFIG, TOKENIZER};
use super::files::{Files, pointer};
use super::hub::{self, HubOptions};
use super::shards::{OWN_HEAD, Shards};
use super::source::Source;
use super::text_ends::set_tokens;
use super::tokenizer_files;
use super::weights::Weights;
use crate::model::error::unless_panicked;
use crate::model::loading::families::Described;
use crate::model::network::Transformer;
use crate::model::network::config::Gpt2Config;
use crate::model::network::decoder::Decoder;
use crate::model::network::tensors::Part;
use crate::model::{DevicePreference, LoadProgress, LoadRequest, Model, ModelError, Precision};
use crate::text::Tokenizer;
use crate::text::encoding::unmarked;

/// A GPT-2's configuration, tokenizer and weights in main memory.
pub struct RawModel {
    pub config: Gpt2Config,
    pub tokenizer: Tokenizer,
    /// By the names of [`Gpt2Config::tensors`], row-major.
    pub tensors: HashMap<String, Vec<f32>>,
    pub notices: Vec<String>,
}

/// Reads the weights that `request` names, whatever their precision, as `f32`.
///
/// # Errors
/// As [`super::load`]; also when the model is not of the GPT-2 family, in one sentence.
pub fn load_raw(
    request: &LoadRequest,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<RawModel, ModelError> {
    unless_panicked(|| load_below(request, 0, progress))
}

fn load_below(
    request: &LoadRequest,
    depth: usize,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<RawModel, ModelError> {
    let mut notices = Vec::new();
    let files = find(request, &mut notices, progress)?;
    if let Some(adapter) = Adapter::of(&files)? {
        return adapted(&files, &adapter, depth, progress);
    }
    let mut config = Gpt2Config::from_json(&files.read(CONFIG)?, &files.label(CONFIG))?;
    let tokenizer = tokenizer_files::load(&files)?;
    let form = &Described::gpt2(&config).family.form;
    let mut shards = Shards::open(&files, form)?;
    if config.tie_word_embeddings
        && let Some(embedding) = form.name(Part::Embedding.weight())
        && !shards.settle_tie(&embedding)?
    {
        config.tie_word_embeddings = false;
        notices.push(OWN_HEAD.to_owned());
    }
    let wanted = config.tensors();
    let total = wanted.len();
    let mut tensors = HashMap::with_capacity(total);
    for (done, (name, shape)) in wanted.into_iter().enumerate() {
        if progress(LoadProgress::Weights { done, total }).is_break() {
            return Err(ModelError::Cancelled);
        }
        let values = shards.take(&name, &shape)?;
        tensors.insert(name, values);
    }
    Ok(RawModel {
        config,
        tokenizer,
        tensors,
        notices,
    })
}

/// A model with the change of an adapter merged in.
///
/// # Errors
/// As [`load_raw`]; also when the model is not the one that the adapter was made for.
pub(super) fn adapted(
    files: &Files,
    adapter: &Adapter,
    depth: usize,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<RawModel, ModelError> {
    /// Most adapters on each other: those of strangers may go round in a circle.
    const DEEPEST: usize = 8;
    if depth == DEEPEST {
        let problem = "changes a model that is an adapter itself, and so on without end";
        return Err(ModelError::file(files.label(ADAPTER), problem));
    }
    let request = LoadRequest {
        source: adapter.base.clone(),
        ..LoadRequest::default()
    };
    let mut raw = load_below(&request, depth + 1, progress)?;
    adapter.check(&weights_hash(&raw.tensors))?;
    adapter.merge(files, &mut raw.tensors)?;
    raw.config = Gpt2Config::from_json(&files.read(CONFIG)?, &files.label(CONFIG))?;
    if files.has(TOKENIZER) {
        raw.tokenizer = tokenizer_files::load(files)?;
    }
    Ok(raw)
}

/// The device of a preference, with what is to be said of it.
///
/// # Errors
/// When the device is not in this build or not in this machine.
pub fn choose(preference: DevicePreference) -> Result<(Device, Vec<String>), ModelError> {
    let mut notices = Vec::new();
    let device = choose_device(preference, &mut notices)?;
    Ok((device, notices))
}

impl RawModel {
    /// A model to read and generate with, from weights by the names of [`Gpt2Config::tensors`].
    ///
    /// # Errors
    /// When a tensor is missing or wrong, or the device has no room.
    pub fn build(
        name: &str,
        config: &Gpt2Config,
        tensors: HashMap<String, Vec<f32>>,
        tokenizer: &Tokenizer,
        (device, precision): (&Device, Precision),
    ) -> Result<Box<dyn Model>, ModelError> {
        let described = Described::gpt2(config);
        let description = &described.description;
        let mut info = description.info(name.to_owned(), device, precision);
        set_tokens(&mut info, tokenizer, &description.end_tokens, None);
        let shards = Shards::in_memory(tensors, &described.family.form);
        let mut weights = Weights::of_files(shards, &described);
        let storage = storage(device.clone(), precision, false);
        let network = Transformer::load(description, storage, &mut weights, &mut |_, _| Ok(()))?;
        Ok(Box::new(Decoder::new(info, network)))
    }
}

/// The tokenizer of a model, or that in a file of its own.
///
/// # Errors
/// When there is none or it is malformed.
pub fn load_tokenizer(request: &LoadRequest) -> Result<Tokenizer, ModelError> {
    let path = std::path::Path::new(&request.source);
    if path.is_file() {
        let wrong = |error: std::io::Error| ModelError::file(&request.source, error);
        let json = unmarked(std::fs::read(path).map_err(wrong)?);
        if let Some(problem) = pointer(&json) {
            return Err(ModelError::file(&request.source, problem));
        }
        return Ok(Tokenizer::from_bytes(&json, &request.source)?);
    }
    let files = find(request, &mut Vec::new(), &mut |_| ControlFlow::Continue(()))?;
    tokenizer_files::load(&files)
}

fn find(
    request: &LoadRequest,
    notices: &mut Vec<String>,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<Files, ModelError> {
    Ok(match Source::parse(&request.source)? {
        Source::Embedded => Files::Embedded,
        Source::Directory(path) => Files::Directory(path),
        Source::File(_) => {
            return Err(ModelError::Setting(crate::model::error::visible(&format!(
                "`{}` is a GGUF file, which holds no floating-point weights to train on: give a directory in Hugging Face layout",
                request.source
            ))));
        }
        Source::Hub(id) => {
            let options = HubOptions::from_env();
            let offline = request.offline || options.offline;
            Files::Directory(hub::fetch(&id, &options, offline, notices, progress)?)
        }
    })
}
