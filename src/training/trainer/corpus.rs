//! From the corpus of a recipe to its batches.

use std::sync::Arc;

use super::Listener;
use crate::model::{Gpt2Config, TokenIds};
use crate::text::Tokenizer;
use crate::text::corpus::{CorpusError, CorpusSettings, ReadProgress};
use crate::training::checkpoint::SpecialTokens;
use crate::training::data::{
    Batches, Documents, EncodeRequest, Packing, Sequences, TokenCache, encode, split, split_lone,
};
use crate::training::runs::hash;
use crate::training::{Control, Event, Reading, Recipe, TrainingError};

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
    events(&Event::Reading(Reading {
        purpose: purpose.to_owned(),
        bytes: state.bytes,
        total_bytes: state.total_bytes,
        documents: state.documents,
        skipped: state.skipped,
        tokens,
    }));
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
    let mut encoded =
        |corpus: &CorpusSettings, purpose: &str| -> Result<Arc<TokenCache>, TrainingError> {
            let request = EncodeRequest {
                corpus,
                tokenizer,
                begin: special.begin.as_ref().map(|(id, _)| *id),
                end: appended,
                directory: &directory,
            };
            let cache = encode(&request, &mut |state, tokens| {
                reading(purpose, state, tokens, control, events)
            })?;
            for message in skipped(&cache) {
                events(&Event::Notice { message });
            }
            Ok(Arc::new(cache))
        };
    let cache = encoded(&settings.corpus, "training")?;
    let corpus_key = cache.key.clone();
    // A share of the corpus is the same one as long as corpus, share and seed are.
    let share = format!("{} {}", settings.validation, recipe.run.seed);
    let mut validation_key = hash(&[corpus_key.as_bytes(), share.as_bytes()]);
    let (training, validation) = match settings.validation_files.is_empty() {
        true if cache.documents() == 1 => {
            let parts = split_lone(&cache, settings.validation, time + 1);
            if settings.validation > 0.0 {
                let what = match &parts.1 {
                    Some(_) => "its end is held out",
                    None => "it is too short to hold its end out, and nothing is validated",
                };
                let message = format!(
                    "the corpus is one document, so {what}; cut it with --split, or name a --validation-file"
                );
                events(&Event::Notice { message });
            }
            parts
        }
        true => split(&cache, settings.validation, recipe.run.seed),
        false => {
            let mut corpus = CorpusSettings {
                files: settings.validation_files.clone(),
                ..settings.corpus.clone()
            };
            // What is not to be learned is still measured, so that a loss does not depend on the list.
            corpus.filters.exclude.clear();
            let held_out = encoded(&corpus, "validation")?;
            validation_key.clone_from(&held_out.key);
            (Documents::all(cache), Some(Documents::all(held_out)))
        }
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
    let validation = match validation {
        // A share of a small corpus may be too short by itself.
        Some(documents) => match batches(documents, "the validation set", 1, 0) {
            Ok(batches) => Some(batches),
            Err(error) if !settings.validation_files.is_empty() => return Err(error),
            Err(error) => {
                let message = format!("{error}: nothing is validated");
                events(&Event::Notice { message });
                None
            }
        },
        None => None,
    };
    // How much of it is measured, and in what pieces, decides the loss too.
    let measured = format!(
        "{:?} {time} {} {}",
        settings.packing, recipe.evaluation.batches, recipe.training.batch
    );
    let validation_key = hash(&[validation_key.as_bytes(), measured.as_bytes()]);
    Ok(Data {
        validation_key: validation.is_some().then_some(validation_key),
        corpus_key,
        training,
        validation,
    })
}

/// What was left out of a corpus, as notices: the counts and the first rows.
fn skipped(cache: &TokenCache) -> Vec<String> {
    const SHOWN: usize = 10;
    let skipped = &cache.info.skipped;
    if skipped.total() == 0 {
        return Vec::new();
    }
    let counts = skipped.counts.iter();
    let counts: Vec<String> = counts
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let mut lines = vec![format!(
        "{} documents or lines were skipped: {}",
        skipped.total(),
        counts.join(", ")
    )];
    let faults = skipped.rows.iter().filter(|row| row.reason.is_fault());
    lines.extend(faults.take(SHOWN).map(|row| format!("skipped {row}")));
    lines
}
