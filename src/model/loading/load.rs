//! From a request to a model that is ready to use.

use std::ops::ControlFlow;

use super::chat::Chat;
use super::device::{choose_device, choose_precision, storage};
use super::files::Files;
use super::hub::{self, HubOptions};
use super::memory_needed::Wanted;
use super::parts::Parts;
use super::request::{LoadProgress, LoadRequest};
use super::source::Source;
use super::text_ends::set_tokens;
use super::weights::Weights;
use crate::model::error::unless_panicked;
use crate::model::network::Transformer;
use crate::model::network::decoder::Decoder;
use crate::model::{Model, ModelError};
use crate::text::Tokenizer;

/// A model ready to use.
pub struct LoadedModel {
    pub model: Box<dyn Model>,
    pub tokenizer: Tokenizer,
    /// How prompts are put to it, if it is to chat.
    pub chat: Option<Chat>,
    /// What the user should know: a fallback, an odd file.
    pub notices: Vec<String>,
}

/// Loads the model that `request` names. `progress` is called often; when it returns `Break`, loading stops with
/// [`ModelError::Cancelled`]. Hub settings come from the environment ([`HubOptions::from_env`]).
///
/// Blocks, and runs its own event loop for downloads: call it from a plain thread.
///
/// # Errors
/// Every way in which a source, a file or a device can be wrong, as one sentence.
pub fn load(
    request: &LoadRequest,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<LoadedModel, ModelError> {
    load_with(request, &HubOptions::from_env(), progress)
}

/// [`load`] with other hub settings than the environment's.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    request: &LoadRequest,
    hub: &HubOptions,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<LoadedModel, ModelError> {
    unless_panicked(|| {
        let mut notices = Vec::new();
        let loaded = load_once(request, hub, &mut notices, progress);
        let Err(error @ (ModelError::File { .. } | ModelError::Tensor { .. })) = loaded else {
            return loaded;
        };
        // Large files of the cache are not compared with their hashes at every load.
        if removed_damage(request, hub, &mut notices, progress)? {
            return load_once(request, hub, &mut notices, progress);
        }
        Err(error)
    })
}

/// Whether there were damaged files among those of a hub model in the cache. They are taken out, to be fetched again.
fn removed_damage(
    request: &LoadRequest,
    hub: &HubOptions,
    notices: &mut Vec<String>,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<bool, ModelError> {
    let Source::Hub(id) = Source::parse(&request.source)? else {
        return Ok(false);
    };
    let offline = request.offline || hub.offline;
    let Some(path) = hub::cached_path(&id, hub).filter(|_| !offline) else {
        return Ok(false);
    };
    let damaged = hub::remove_damaged(&path, progress)?;
    let notice = |file: &String| {
        format!("the copy of `{file}` of `{id}` in the cache was damaged, and was fetched again")
    };
    notices.extend(damaged.iter().map(notice));
    Ok(!damaged.is_empty())
}

fn load_once(
    request: &LoadRequest,
    hub: &HubOptions,
    notices: &mut Vec<String>,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<LoadedModel, ModelError> {
    // Before any download: a device that cannot be had is known at once.
    let device = choose_device(request.device, notices)?;
    let source = Source::parse(&request.source)?;
    let chat = request.chat;
    let mut parts = match &source {
        Source::Embedded => Parts::from_files(&Files::Embedded, chat, notices)?,
        Source::Directory(path) => {
            Parts::from_files(&Files::Directory(path.clone()), chat, notices)?
        }
        Source::File(path) => Parts::from_gguf(path, chat, notices)?,
        Source::Hub(id) => {
            let offline = request.offline || hub.offline;
            let path = hub::fetch(id, hub, offline, notices, progress)?;
            if path.is_dir() {
                Parts::from_files(&Files::Directory(path), chat, notices)?
            } else {
                Parts::from_gguf(&path, chat, notices)?
            }
        }
    };
    let chat = match (request.chat, parts.template.take()) {
        (false, _) => None,
        (true, Some(template)) => Some(Chat::new(template, &request.system)),
        (true, None) => {
            return Err(ModelError::Setting(crate::model::error::visible(&format!(
                "the model `{}` has no chat template; use it without --chat, or choose one that was trained to answer",
                source.name()
            ))));
        }
    };
    let description = &parts.described.description;
    let precision = choose_precision(
        request.precision,
        &device,
        description,
        parts.quantisation,
        notices,
    )?;
    if let (Weights::Gguf(weights), true) =
        (&mut parts.weights, parts.quantisation != Some(precision))
    {
        weights.dequantise();
    }
    let mut info = description.info(source.name(), &device, precision);
    set_tokens(
        &mut info,
        &parts.tokenizer,
        &parts.end_tokens,
        parts.start_token,
    );
    if parts.tokenizer.vocabulary_size() > info.vocabulary {
        notices.push(format!(
            "the tokenizer knows {} tokens but the model only {}: text with the last ones cannot be read",
            parts.tokenizer.vocabulary_size(),
            info.vocabulary
        ));
    }
    if let lacking @ 1.. = parts.tokenizer.lacking(info.vocabulary) {
        notices.push(format!(
            "{lacking} of the model's {} tokens are unknown to its tokenizer, and shown by their number, such as {}",
            info.vocabulary,
            parts.tokenizer.display(info.vocabulary as u32 - 1)
        ));
    }
    let keep = parts.quantisation == Some(precision);
    let wanted = Wanted {
        name: &request.source,
        architecture: description,
        device: &device,
        precision,
        as_stored: parts.weights.bytes_as_stored().filter(|_| keep),
    };
    wanted.check()?;
    let storage = storage(device, precision, keep);
    let weights = &mut parts.weights;
    let report = &mut |done, total| LoadProgress::weights(progress, done, total);
    let network = Transformer::load(description, storage, weights, report)?;
    let model: Box<dyn Model> = Box::new(Decoder::new(info, network));
    if let [first, rest @ ..] = parts.weights.left_over().as_slice() {
        notices.push(crate::model::error::visible(&format!(
            "{} tensors of the file have no place in a {} model and were left out, `{first}` the first",
            rest.len() + 1,
            description.family
        )));
    }
    Ok(LoadedModel {
        model,
        tokenizer: parts.tokenizer,
        chat,
        notices: std::mem::take(notices),
    })
}
