//! From the corpus of a recipe to its batches.

use std::sync::Arc;

use super::Listener;
use crate::model::{Gpt2Config, TokenIds};
use crate::text::Tokenizer;
use crate::text::corpus::{CorpusError, CorpusSettings, ReadProgress, Tally};
use crate::training::checkpoint::SpecialTokens;
use crate::training::data::{
    Batches, Documents, EncodeRequest, HeldOut, Packing, Sequences, TokenCache, encode, split,
};
use crate::training::runs::hash;
use crate::training::{Control, CorpusNote, Reading, Recipe, RunEvent, TrainingError};

/// Reports how far reading has come, and breaks off when the run is to end.
pub(super) fn reading(
    purpose: &str,
    state: &ReadProgress,
    tokens: u64,
    control: &Control,
    events: Listener<'_>,
) -> Result<(), CorpusError> {
    if control.is_ending() {
        return Err(CorpusError::Cancelled);
    }
    // While one looks whether the corpus is known, nothing is read yet.
    if *state != ReadProgress::default() {
        events(&RunEvent::Reading(Reading::of(purpose, state, tokens)));
    }
    Ok(())
}

/// The tokens with a part to play.
pub(super) fn special_tokens(
    recipe: &Recipe,
    tokenizer: &Tokenizer,
    config: &Gpt2Config,
) -> Result<SpecialTokens, TrainingError> {
    let data = &recipe.data;
    let named = |name: &str, what: &str| match name {
        "" => Ok(None),
        name => match tokenizer.token_id(name) {
            Some(id) => Ok(Some((id, name.to_owned()))),
            None => Err(TrainingError::Setting(format!(
                "the tokenizer has no token `{name}`, which --{what} names"
            ))),
        },
    };
    let found = |id: u32| {
        (
            id,
            String::from_utf8_lossy(tokenizer.token_bytes(id))
                .trim()
                .to_owned(),
        )
    };
    let configured = config.eos_token_id.as_ref().and_then(TokenIds::first);
    let usual_end = tokenizer
        .end_of_text()
        .or(configured.filter(|id| (*id as usize) < tokenizer.vocabulary_size()))
        .map(found);
    let needs_end = data.packing == Packing::Windows;
    let pad = match data.pad.as_str() {
        "auto" => ["[PAD]", "<pad>", "<|pad|>"]
            .iter()
            .find_map(|name| Some((tokenizer.token_id(name)?, (*name).to_owned())))
            .or_else(|| usual_end.clone()),
        name => named(name, "pad")?,
    };
    let end = match data.end.as_str() {
        "auto" if needs_end => usual_end.clone(),
        "auto" => None,
        name => named(name, "end")?,
    };
    Ok(SpecialTokens {
        begin: named(&data.begin, "begin")?,
        end: end.or(usual_end),
        pad,
        dropout: recipe.model.dropout,
    })
}

/// The data of a run.
pub(super) struct Data {
    pub(super) training: Batches,
    pub(super) validation: Option<Batches>,
    /// What tells the texts and tokens of both apart from others.
    pub(super) corpus_key: String,
    pub(super) validation_key: Option<String>,
}

/// Encodes, splits and packs what is learned from and what is held out.
pub(super) fn read_data(
    recipe: &Recipe,
    (tokenizer, config): (&Tokenizer, &Gpt2Config),
    special: &SpecialTokens,
    control: &Control,
    events: Listener<'_>,
) -> Result<Data, TrainingError> {
    let settings = &recipe.data;
    let positions = config.n_positions;
    let time = match settings.context {
        0 => positions,
        context if context <= positions => context,
        context => {
            return Err(TrainingError::Setting(format!(
                "sequences of {context} positions are more than the {positions} of the model; lower the data's context"
            )));
        }
    };
    let appended = match settings.end.as_str() {
        "" => None,
        "auto" if settings.packing == Packing::Documents => None,
        _ => special.end.as_ref().map(|(id, _)| *id),
    };
    let directory = recipe.cache();
    let mut read = Vec::new();
    let mut encoded =
        |corpus: &CorpusSettings, purpose: &str| -> Result<Arc<TokenCache>, TrainingError> {
            let request = EncodeRequest {
                corpus,
                tokenizer,
                begin: special.begin.as_ref().map(|(id, _)| *id),
                end: appended,
            };
            let cache = encode(&request, &directory, &mut |state, tokens| {
                reading(purpose, state, tokens, control, events)
            })?;
            let note = CorpusNote {
                purpose: purpose.to_owned(),
                tokens: cache.len() as u64,
                tally: cache.info.tally.clone(),
            };
            // Where all went well there is nothing to know before one knows that the corpus will do.
            if note.tally.is_plain() {
                read.push(note)
            } else {
                events(&RunEvent::Corpus(note))
            }
            match cache.documents() {
                0 => Err(nothing_left(&cache.info.tally)),
                _ => Ok(Arc::new(cache)),
            }
        };
    let cache = encoded(&settings.corpus, "training")?;
    let corpus_key = cache.key.clone();
    // A share of the corpus is the same one as long as corpus, share and seed are.
    let share = format!("{} {}", settings.validation, recipe.run.seed);
    let mut validation_key = hash(&[corpus_key.as_bytes(), share.as_bytes()]);
    let (training, validation) = if settings.validation_files.is_empty() {
        let least = match settings.packing {
            Packing::Windows => time + 1,
            Packing::Documents => 2,
        };
        let parts = split(&cache, settings.validation, recipe.run.seed, least);
        if let Some(message) = held_out(&cache, parts.held_out, settings.validation, least)? {
            events(&RunEvent::Notice { message });
        }
        (parts.training, parts.validation)
    } else {
        let mut corpus = CorpusSettings {
            files: settings.validation_files.clone(),
            ..settings.corpus.clone()
        };
        // What is not to be learned is still measured, so that a loss does not depend on the list.
        corpus.filters.exclude.clear();
        let held_out = encoded(&corpus, "validation")?;
        validation_key.clone_from(&held_out.key);
        (Documents::all(cache), Some(Documents::all(held_out)))
    };
    let pad = special.pad.as_ref().map_or(0, |(id, _)| *id);
    let batches = |documents, what: &str, accumulate, take| {
        let sequences = Sequences::new(documents, settings.packing, time, pad, what)?;
        let batch = recipe.training.batch;
        Ok::<_, TrainingError>(Batches::new(
            sequences,
            batch,
            accumulate,
            take,
            recipe.run.seed,
        ))
    };
    let training = batches(
        training,
        "the corpus",
        recipe.training.accumulate,
        settings.take,
    )?;
    if let Some(message) = training.sequences().unused() {
        events(&RunEvent::Notice { message });
    }
    let validation = match validation {
        // A share of a small corpus may be too short by itself.
        Some(documents) => match batches(documents, "the validation set", 1, 0) {
            Ok(batches) => Some(batches),
            Err(error) if !settings.validation_files.is_empty() => return Err(error),
            Err(error) => {
                let message = format!("{error}: nothing is validated");
                events(&RunEvent::Notice { message });
                None
            }
        },
        None => None,
    };
    for note in read {
        events(&RunEvent::Corpus(note));
    }
    // How much of it is measured, and in what pieces, decides the loss too.
    let sequences = recipe.evaluation.batches * recipe.training.batch as u64;
    let measured = format!("{:?} {time} {sequences}", settings.packing);
    let validation_key = hash(&[validation_key.as_bytes(), measured.as_bytes()]);
    Ok(Data {
        validation_key: validation.is_some().then_some(validation_key),
        corpus_key,
        training,
        validation,
    })
}

/// Why there is nothing to learn from.
fn nothing_left(tally: &Tally) -> TrainingError {
    let mut kinds: Vec<_> = tally.skipped.kinds.values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    let most = kinds.first().and_then(|kind| kind.rows.first());
    TrainingError::Data(match most {
        Some(row) => format!(
            "nothing is left to learn from: all {} documents or lines were skipped, most of them as {row}",
            tally.skipped.total()
        ),
        None => "there is nothing in the corpus to learn from".to_owned(),
    })
}

/// What is to be said of what is held out, if it is not what one expects.
fn held_out(
    cache: &TokenCache,
    held_out: HeldOut,
    share: f64,
    least: usize,
) -> Result<Option<String>, TrainingError> {
    let (tokens, lone) = (cache.len(), cache.documents() == 1);
    let advice = "cut it with --split, or name a --validation-file";
    Ok(match held_out {
        HeldOut::Nothing | HeldOut::Documents => None,
        HeldOut::End if lone => Some(format!(
            "the corpus is one document, so its end is held out; {advice}"
        )),
        HeldOut::End => Some(format!(
            "no documents of the corpus make a share of {share} together, so the end of the longest is held out; {advice}"
        )),
        // The whole is too short as well, which the batches say.
        HeldOut::TooShort if tokens < least => None,
        HeldOut::TooShort if share > 0.5 => {
            return Err(TrainingError::Setting(format!(
                "a validation share of {share} leaves too little of {tokens} tokens to learn from, which takes {least}; choose a smaller --validation"
            )));
        }
        HeldOut::TooShort if lone => Some(format!(
            "the corpus is one document, so it is too short to hold its end out, and nothing is validated; {advice}"
        )),
        HeldOut::TooShort => Some(format!(
            "the corpus is too short to hold a share of {share} out, and nothing is validated; add text, or name a --validation-file"
        )),
    })
}
