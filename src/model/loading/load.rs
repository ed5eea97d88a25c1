//! From a request to a model that is ready to use.

use std::ops::ControlFlow;

use candle_core::Device;

use super::chat::{self, Chat};
use super::device::{choose_device, choose_precision, stays, storage};
use super::files::Files;
use super::guests::GuestFacts;
use super::hub::{self, HubOptions};
use super::memory_needed::Wanted;
use super::parts::Parts;
use super::request::{LoadProgress, LoadRequest};
use super::source::Source;
use super::text_ends::set_tokens;
use super::tokenizer_files;
use super::weights::Weights;
use crate::model::error::{unless_panicked, visible};
use crate::model::network::Transformer;
use crate::model::network::decoder::Decoder;
use crate::model::{Model, ModelError};
use crate::text::{ChatTemplate, Tokenizer};

/// A model ready to use.
pub struct LoadedModel {
    pub model: Box<dyn Model>,
    pub tokenizer: Tokenizer,
    /// How prompts are put to it, if it is to chat.
    pub chat: Option<Chat>,
    /// The model that it was made of, whose odds a stage may go by. The engine's loading fills it in.
    pub base: Option<Box<LoadedModel>>,
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
    let path = match &source {
        Source::Embedded => None,
        Source::Directory(path) | Source::File(path) => Some(path.clone()),
        Source::Hub(id) => {
            let offline = request.offline || hub.offline;
            Some(hub::fetch(id, hub, offline, notices, progress)?)
        }
    };
    let mut parts = match path {
        Some(path) if path.is_file() => Parts::from_gguf(&path, request.chat, notices)?,
        path => {
            let files = path.map_or(Files::Embedded, Files::Directory);
            if let Some(guest) = GuestFacts::of_files(&files)? {
                let from = (&source, &files);
                return load_guest(request, from, &guest, device, notices, progress);
            }
            Parts::from_files(&files, request.chat, notices)?
        }
    };
    let chat = chat_of(request, &source, parts.template.take())?;
    let description = &parts.described.description;
    let precision = choose_precision(request.precision, &device, description, parts.own, notices)?;
    let keep = stays(parts.own, precision, &device);
    if let (Weights::Gguf(weights), false) = (&mut parts.weights, keep) {
        weights.dequantise();
    }
    let mut info = description.info(source.name(), &device, precision);
    set_tokens(
        &mut info,
        &parts.tokenizer,
        &parts.end_tokens,
        parts.start_token,
    );
    notices.extend(unequal(&parts.tokenizer, info.vocabulary));
    let wanted = Wanted {
        name: &request.source,
        architecture: description,
        device: &device,
        precision,
        own: parts.own,
        as_stored: parts.weights.bytes_as_stored().filter(|_| keep),
    };
    wanted.check()?;
    let storage = storage(device, precision, keep);
    let weights = &mut parts.weights;
    let report = &mut |done, total| LoadProgress::weights(progress, done, total);
    let network = Transformer::load(description, storage, weights, report)?;
    let model: Box<dyn Model> = Box::new(Decoder::new(info, network));
    notices.extend(left_out(&parts.weights.left_over(), description.family));
    Ok(LoadedModel {
        base: None,
        model,
        tokenizer: parts.tokenizer,
        chat,
        notices: std::mem::take(notices),
    })
}

/// A model that is computed by another library.
fn load_guest(
    request: &LoadRequest,
    (source, files): (&Source, &Files),
    guest: &GuestFacts,
    device: Device,
    notices: &mut Vec<String>,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<LoadedModel, ModelError> {
    guest.check(request.precision)?;
    let template = if request.chat {
        chat::in_files(files)?
    } else {
        None
    };
    let chat = chat_of(request, source, template)?;
    let tokenizer = tokenizer_files::load(files)?;
    let mut info = guest.info(source.name(), &device);
    set_tokens(&mut info, &tokenizer, &guest.end_tokens, guest.start_token);
    notices.extend(unequal(&tokenizer, info.vocabulary));
    let (model, left) = guest.load(files, info, &device, progress)?;
    notices.extend(left);
    Ok(LoadedModel {
        base: None,
        model,
        tokenizer,
        chat,
        notices: std::mem::take(notices),
    })
}

/// How prompts are put to a model with this template, if it is to chat.
fn chat_of(
    request: &LoadRequest,
    source: &Source,
    template: Option<ChatTemplate>,
) -> Result<Option<Chat>, ModelError> {
    match (request.chat, template) {
        (false, _) => Ok(None),
        (true, Some(template)) => Ok(Some(Chat::new(template, &request.system))),
        (true, None) => Err(ModelError::Setting(visible(&format!(
            "the model `{}` has no chat template; use it without --chat, or choose one that was trained to answer",
            source.name()
        )))),
    }
}

/// What is said of a tokenizer that knows other tokens than its model.
fn unequal(tokenizer: &Tokenizer, vocabulary: usize) -> Vec<String> {
    let mut notices = Vec::new();
    if tokenizer.vocabulary_size() > vocabulary {
        notices.push(format!(
            "the tokenizer knows {} tokens but the model only {vocabulary}: text with the last ones cannot be read",
            tokenizer.vocabulary_size(),
        ));
    }
    if let lacking @ 1.. = tokenizer.lacking(vocabulary) {
        notices.push(format!(
            "{lacking} of the model's {vocabulary} tokens are unknown to its tokenizer, and shown by their number, such as {}",
            tokenizer.display(vocabulary as u32 - 1)
        ));
    }
    notices
}

/// What is said of tensors that a model of this family has no use for.
pub(super) fn left_out(names: &[&str], family: &str) -> Option<String> {
    let [first, rest @ ..] = names else {
        return None;
    };
    Some(visible(&match rest.len() {
        0 => format!(
            "the tensor `{first}` of the file has no place in a {family} model and was left out"
        ),
        more => format!(
            "{} tensors of the file have no place in a {family} model and were left out, `{first}` the first",
            more + 1
        ),
    }))
}
