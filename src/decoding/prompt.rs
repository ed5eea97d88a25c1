//! From a prompt to tokens that were read.

use super::{DecodingError, Origin, Sequence, together};
use crate::model::LoadedModel;

/// Encodes and reads a prompt.
///
/// # Errors
/// When it cannot be encoded, the model fails, or with [`DecodingError::Cancelled`].
pub fn read_prompt(
    loaded: &LoadedModel,
    prompt: &str,
    cancelled: &dyn Fn() -> bool,
) -> Result<Sequence, DecodingError> {
    let mut sequence = unread_prompt(loaded, prompt)?;
    sequence.catch_up(loaded, cancelled)?;
    Ok(sequence)
}

/// As [`read_prompt`] for several prompts, of which short ones are read together.
///
/// # Errors
/// As [`read_prompt`].
pub fn read_prompts<'a>(
    loaded: &LoadedModel,
    prompts: impl IntoIterator<Item = &'a str>,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Sequence>, DecodingError> {
    let prompts = prompts.into_iter();
    let unread = prompts.map(|prompt| unread_prompt(loaded, prompt));
    let mut sequences = unread.collect::<Result<Vec<_>, _>>()?;
    together::read(loaded, &mut sequences, cancelled)?;
    Ok(sequences)
}

fn unread_prompt(loaded: &LoadedModel, prompt: &str) -> Result<Sequence, DecodingError> {
    let mut sequence = Sequence::new(loaded)?;
    for id in encode_prompt(loaded, prompt)? {
        sequence.push(loaded, id, Origin::Prompt, None, None);
    }
    Ok(sequence)
}

/// The tokens of a prompt, written as the model's chat template has it if the model is to chat, and after the tokens
/// that the model expects before every text. Those of an empty prompt are the token after which texts start.
///
/// # Errors
/// When it cannot be encoded, holds a token that the model lacks, or is empty and there is no such token.
pub fn encode_prompt(loaded: &LoadedModel, prompt: &str) -> Result<Vec<u32>, DecodingError> {
    let info = loaded.model.info();
    let mut ids = match &loaded.chat {
        // Templates begin with what the model expects.
        Some(chat) => loaded.tokenizer.encode(&chat.render(prompt)?)?,
        None => {
            let ids = loaded.tokenizer.encode(prompt)?;
            let start = loaded.tokenizer.start_ids();
            if ids.starts_with(start) {
                ids
            } else {
                [start, &ids].concat()
            }
        }
    };
    if ids.is_empty() {
        ids.push(info.start_token.ok_or(DecodingError::EmptyPrompt)?);
    }
    match ids.iter().find(|&&id| id as usize >= info.vocabulary) {
        Some(&id) => Err(DecodingError::NoSuchId {
            id,
            vocabulary: info.vocabulary,
        }),
        None => Ok(ids),
    }
}
