//! What is said of texts that are named at `odds`: continuations, and biases of several tokens.

use crate::cli::CliError;
use crate::cli::json::NamedOdds;
use crate::decoding::{Moment, Totals, View, encode_prompt, score};
use crate::model::LoadedModel;
use crate::sampling::SamplerSettings;

/// The odds of continuations that were named, each as a whole.
///
/// # Errors
/// When one has no token, or the model fails.
pub fn candidates(
    named: &[String],
    loaded: &LoadedModel,
    prompt: &str,
    moment: &Moment,
) -> Result<Vec<NamedOdds>, CliError> {
    let context = encode_prompt(loaded, prompt)?;
    let mut candidates: Vec<NamedOdds> = Vec::new();
    for text in named {
        let tokens = loaded.tokenizer.encode(text)?;
        if tokens.is_empty() {
            return Err(CliError::usage("--candidate: an empty text has no odds"));
        }
        let mut ids = context.clone();
        ids.extend(&tokens);
        let mut totals = Totals::default();
        score(loaded, &ids, View::default(), |record| {
            if record.position >= context.len() {
                totals.add(&record);
            }
            Ok::<_, CliError>(())
        })?;
        let final_probability = match tokens.as_slice() {
            [id] => moment
                .rows
                .iter()
                .find(|row| row.id == *id)
                .map(|row| row.final_probability),
            _ => None,
        };
        let first = candidates.first();
        let first = first.map_or(totals.log_probability, |first| first.log_probability_nats);
        candidates.push(NamedOdds {
            text: text.clone(),
            ids: tokens,
            raw_probability: totals.log_probability.exp(),
            log_probability_nats: totals.log_probability,
            final_probability,
            ratio: (totals.log_probability - first).exp(),
        });
    }
    Ok(candidates)
}

/// What is to be said of biases on texts of several tokens that do not act here: each acts on its last token, after the
/// others.
pub fn biases_elsewhere(
    loaded: &LoadedModel,
    sampler: &SamplerSettings,
    history: &[u32],
) -> Result<Vec<String>, CliError> {
    let mut notices = Vec::new();
    for (text, bias) in &sampler.logit_bias {
        let id = text
            .strip_prefix('#')
            .is_some_and(|id| id.parse::<u32>().is_ok());
        let ids = if id {
            Vec::new()
        } else {
            loaded.tokenizer.encode(text)?
        };
        let Some((last, [before @ .., _])) = ids.split_last().map(|(last, _)| (last, &ids[..]))
        else {
            continue;
        };
        if !before.is_empty() && !history.ends_with(before) {
            let before = loaded.tokenizer.decode(before);
            notices.push(format!(
                "--logit-bias {text}={bias}: it is {} tokens, and acts on `{}` where the text ends in `{before}`; here it changes nothing",
                ids.len(),
                loaded.tokenizer.display(*last)
            ));
        }
    }
    Ok(notices)
}
