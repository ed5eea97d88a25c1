//! Texts and odds by the model as it stands, with the playground's whole sampler chain.

use candle_core::Device;

use crate::decoding::{BeamSearch, Chooser, DecodingError, Generation, LookAt, look, read_prompt};
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
            };
            Ok((sample, ids))
        })
        .collect()
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
    let place = LookAt {
        search: "",
        position: sequence.len(),
        prompt_len: sequence.len(),
        mu: chooser.initial_mu(),
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
