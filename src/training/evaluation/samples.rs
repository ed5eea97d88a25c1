//! Texts and odds by the model as it stands, with the playground's whole sampler chain.

use std::ops::Range;

use candle_core::Device;

use crate::decoding::{
    BeamSearch, Chooser, DecodingError, Generation, LookAt, Second, look, read_prompt,
};
use crate::model::{LoadedModel, Precision, RawModel};
use crate::sampling::Method;
use crate::text::Tokenizer;
use crate::training::network::Network;
use crate::training::recipe::EvaluationSettings;
use crate::training::{Odds, OddsRow, SampleText, TrainingError};

/// A copy of the model in training that can be read with.
pub(in crate::training) struct Studio {
    loaded: LoadedModel,
}

impl Studio {
    /// Copies the weights as they are.
    pub(in crate::training) fn new(
        network: &Network,
        tokenizer: &Tokenizer,
    ) -> Result<Self, TrainingError> {
        let device: &Device = &network.compute().device;
        let weights = network.weights()?;
        let model = RawModel::build(
            "in training",
            network.config(),
            weights,
            tokenizer,
            (device, Precision::F32),
        )?;
        let json = tokenizer.to_json()?;
        Ok(Self {
            loaded: LoadedModel {
                base: None,
                chat: None,
                model,
                tokenizer: Tokenizer::from_bytes(json.as_bytes(), "the run's tokenizer")?,
                notices: Vec::new(),
            },
        })
    }
}

/// A text after each of `prompts`; the first has the seed of the settings, each other the next. What was asked to stop is cut
/// off where it was.
pub(in crate::training) fn sample(
    studio: &Studio,
    prompts: &[String],
    settings: &EvaluationSettings,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<(SampleText, Vec<u32>)>, TrainingError> {
    let prompts = prompts.iter().zip(settings.generation.seed..);
    prompts
        .map(|(prompt, seed)| {
            let ids = generate(studio, prompt, seed, settings, cancelled)?;
            let tokenizer = &studio.loaded.tokenizer;
            let text = if prompt.is_empty() {
                tokenizer.decode_from_start(&ids)
            } else {
                tokenizer.decode(&ids)
            };
            let sample = SampleText {
                prompt: prompt.clone(),
                text,
                seed,
                ..SampleText::default()
            };
            Ok((sample, ids))
        })
        .collect()
}

/// Marks in a sample, whose tokens are `ids`, which of them are special, and where those lie that are `copied`.
pub(in crate::training) fn mark(
    sample: &mut SampleText,
    ids: &[u32],
    copied: &[Range<usize>],
    tokenizer: &Tokenizer,
) {
    let bytes = tokenizer.join(ids);
    let ends = ids.iter().scan(0, |end, id| {
        *end += tokenizer.token_bytes(*id).len();
        Some(*end)
    });
    let bounds: Vec<usize> = std::iter::once(0).chain(ends).collect();
    let bounds = places(&bytes, &bounds);
    // What is stripped of a text that begins with nothing is a single space.
    let whole = String::from_utf8_lossy(&bytes).len();
    let stripped = whole.saturating_sub(sample.text.len());
    let text = sample.text.len();
    let within = |tokens: Range<usize>| {
        let place = |at: usize| bounds[at].saturating_sub(stripped).min(text);
        place(tokens.start)..place(tokens.end)
    };
    let special = tokenizer.special_ids();
    let special = (0..ids.len()).filter(|at| special.contains(&ids[*at]));
    sample.special = special.map(|at| within(at..at + 1)).collect();
    sample.copied = copied.iter().cloned().map(within).collect();
}

/// Where ascending places of some bytes lie in the text that they become when what is no character is replaced. A place
/// within a character lies at its beginning.
fn places(bytes: &[u8], at: &[usize]) -> Vec<usize> {
    let mut found = Vec::with_capacity(at.len());
    let (mut read, mut written) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        let (valid, invalid) = (chunk.valid(), chunk.invalid());
        let before = |place: &&usize| **place < read + valid.len() + invalid.len();
        for place in at[found.len()..].iter().take_while(before) {
            found.push(written + valid.floor_char_boundary(place - read));
        }
        read += valid.len() + invalid.len();
        written += valid.len();
        if !invalid.is_empty() {
            written += char::REPLACEMENT_CHARACTER.len_utf8();
        }
    }
    found.resize(at.len(), written);
    found
}

fn generate(
    studio: &Studio,
    prompt: &str,
    seed: u64,
    settings: &EvaluationSettings,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<u32>, DecodingError> {
    let loaded = &studio.loaded;
    let mut how = settings.generation.clone();
    how.seed = seed;
    let mut generation =
        Generation::new(loaded, prompt, &settings.sampler, &how, false, &|| false)?;
    if settings.sampler.method == Method::Beam {
        let mut search = BeamSearch::new(generation);
        loop {
            let step = search.step(loaded, &|| false)?;
            if step.done || cancelled() {
                return Ok(step
                    .beams
                    .into_iter()
                    .next()
                    .map_or_else(Vec::new, |beam| beam.ids));
            }
        }
    }
    for _ in 0..how.max_tokens {
        let outcome = generation.step(loaded, &|| false)?;
        if outcome.stop.is_some() || cancelled() {
            break;
        }
    }
    Ok(generation.sequence().ids()[generation.prompt_len()..].to_vec())
}

/// The odds of what follows the probe prompt: the most probable tokens and those in `followed`, which gets the new
/// ones. Step and epoch are left to the caller.
pub(in crate::training) fn odds(
    studio: &Studio,
    settings: &EvaluationSettings,
    followed: &mut Vec<u32>,
) -> Result<Odds, TrainingError> {
    /// Tokens that are followed at most: enough for every curve that a screen can show.
    const MOST: usize = 64;
    let loaded = &studio.loaded;
    let sequence = read_prompt(loaded, &settings.probe, &|| false)?;
    let chooser = Chooser::new(loaded, &settings.sampler, settings.generation.seed)?;
    let second = Second::default().logits(loaded, &chooser, sequence.ids(), sequence.len())?;
    let place = LookAt {
        second: second.as_deref(),
        search: "",
        position: sequence.len(),
        prompt_len: sequence.len(),
        running: chooser.start(),
        rows: loaded.model.info().vocabulary,
    };
    let moment = look(loaded, &sequence, &chooser, place)?;
    for row in moment.rows.iter().take(settings.probe_rows) {
        if !followed.contains(&row.id) && followed.len() < MOST {
            followed.push(row.id);
        }
    }
    let rows = moment.rows.iter().enumerate();
    let rows = rows
        .filter(|(rank, row)| *rank < settings.probe_rows || followed.contains(&row.id))
        .map(|(_, row)| OddsRow {
            id: row.id,
            display: row.display.clone(),
            raw: row.raw_probability,
            last: row.final_probability,
        })
        .collect();
    Ok(Odds {
        prompt: settings.probe.clone(),
        entropy: moment.raw_entropy,
        rows,
        ..Odds::default()
    })
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn places_in_bytes_are_places_in_the_text_that_they_become() {
        let bytes = b"a\xC3\xA9\xFFb\xE2\x82";
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(text, "aé\u{FFFD}b\u{FFFD}");
        let all: Vec<usize> = (0..=bytes.len()).collect();
        // Within `é`, and within what ends too early.
        assert_eq!(places(bytes, &all), [0, 1, 1, 3, 6, 7, 7, 10]);
        assert_eq!(places(b"", &[0, 0]), [0, 0]);
    }
}
