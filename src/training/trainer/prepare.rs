//! From a recipe to a trainer.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{DType, Device};

use super::corpus::{read_data, reading, special_tokens};
use super::start::{Restore, clear, find_start, lies_in, refuse_to_lose};
use super::{Listener, Meter, Smoothed, Trainer};
use crate::kernels::{Factors, bf16_is_native};
use crate::model::{Gpt2Config, LoadRequest, RawModel, TokenIds, choose, load_raw, load_tokenizer};
use crate::text::corpus::ReadProgress;
use crate::text::{Tokenizer, train_tokenizer};
use crate::training::checkpoint::{self, CheckpointState};
use crate::training::data::Batches;
use crate::training::network::{Compute, Network, initial};
use crate::training::ops::Kernels;
use crate::training::optimizer::Optimizer;
use crate::training::recipe::Float;
use crate::training::runs::{Journal, RunDirectory};
use crate::training::{
    Control, DataSummary, Event, Recipe, Started, Tail, TrainingError, evaluation,
};

/// What a network starts from.
struct Base {
    config: Gpt2Config,
    tokenizer: Tokenizer,
    tensors: std::collections::HashMap<String, Vec<f32>>,
    notices: Vec<String>,
}

impl Trainer {
    /// Reads the corpus, builds the network and claims the run's directory. `overwrite`: a fresh run may delete one of
    /// its name.
    ///
    /// # Errors
    /// When the recipe contradicts itself, the run exists or is in use, a corpus or model cannot be read, the corpus is
    /// too short, or the device cannot be had. Nothing is left behind but encoded corpora.
    pub fn prepare(
        recipe: Recipe,
        restore: &Restore,
        overwrite: bool,
        control: &Control,
        events: Listener<'_>,
    ) -> Result<Self, TrainingError> {
        recipe.check()?;
        let run = RunDirectory::of(&recipe.run.directory, &recipe.run.name);
        let from = find_start(&run, restore, overwrite)?;
        let (device, notices) = choose(recipe.training.device)?;
        for message in notices {
            events(&Event::Notice { message });
        }
        let base = base(&recipe, from.as_deref(), control, events)?;
        for message in &base.notices {
            events(&Event::Notice {
                message: message.clone(),
            });
        }
        let compute = compute(&recipe, device)?;
        if compute.factors == Factors::Bf16 && !bf16_is_native() {
            events(&Event::Notice {
                message: "this processor has no products of brain floats: training in f32"
                    .to_owned(),
            });
        }
        let special = special_tokens(&recipe, &base.tokenizer, &base.config)?;
        let data = read_data(
            &recipe,
            (&base.tokenizer, &base.config),
            &special,
            control,
            events,
        )?;
        let context = data.training.sequences().time();

        let config = Gpt2Config {
            eos_token_id: special.end.as_ref().map(|(id, _)| TokenIds::One(*id)),
            ..base.config
        };
        let lora =
            (recipe.model.lora.rank > 0).then(|| (recipe.model.lora.clone(), recipe.run.seed));
        let network = Network::new(
            &config,
            recipe.model.dropout,
            compute,
            base.tensors,
            recipe.model.freeze,
            lora,
        )?;
        let kernels = network.compute().kernels;
        let mut optimizer = Optimizer::new(&recipe.optimizer, network.parameters(), kernels)?;
        let state = match &from {
            Some(from) => {
                let state = checkpoint::read_state(from)?;
                checkpoint::restore(from, &state, &network, &mut optimizer)?;
                state
            }
            None => CheckpointState {
                rate_factor: 1.0,
                ..CheckpointState::default()
            },
        };

        // From here on the disk is changed.
        let lock = run.lock()?;
        let goes_on = from.as_ref().is_some_and(|from| lies_in(from, run.path()));
        let later = match goes_on {
            true => run.checkpoints()?,
            false => Vec::new(),
        };
        let later: Vec<_> = later
            .into_iter()
            .filter(|entry| entry.step > state.step)
            .collect();
        if matches!(restore, Restore::Path(_)) && !overwrite {
            refuse_to_lose(&run, goes_on, later.len())?;
        }
        if run.exists() && !goes_on {
            clear(&run)?;
        }
        run.write_recipe(&recipe)?;
        // What lies after the checkpoint would be taken for the newest.
        for entry in later {
            std::fs::remove_dir_all(&entry.path)
                .map_err(|error| TrainingError::io(&entry.path, error))?;
        }
        let journal = Journal::open(&run, from.as_ref().filter(|_| goes_on).map(|_| &state))?;
        let mut tail = Tail::default();
        if goes_on {
            run.events(|event| tail.push(&event))?;
        }
        let steps_per_epoch = data.training.steps_per_epoch();
        let total = match recipe.training.steps {
            0 => recipe.training.epochs * steps_per_epoch,
            steps => steps,
        };
        let parameters = network.config().parameters();
        let started = Started {
            run: recipe.run.name.clone(),
            directory: run.path().display().to_string(),
            device: format!("{:?}", network.compute().device.location()).to_lowercase(),
            parameters,
            trainable: network.parameters().trainable_count(),
            context,
            training: summary(&data.training),
            validation: data.validation.as_ref().map(summary),
            steps: total,
            steps_per_epoch,
            resumed_after: from.is_some().then_some(state.step),
        };
        Ok(Self {
            token_bytes: evaluation::token_bytes(&base.tokenizer),
            smoothed: Smoothed::of_parts(state.smoothed_sum, state.smoothed_weight),
            tail,
            meter: Meter::new(),
            saved: goes_on.then_some(state.step),
            control: control.clone(),
            tokenizer: base.tokenizer,
            training: data.training,
            validation: data.validation,
            recipe,
            network,
            optimizer,
            special,
            run,
            journal,
            state,
            total,
            started,
            _lock: lock,
        })
    }
}

/// Weights, shape and tokenizer to start with.
fn base(
    recipe: &Recipe,
    checkpoint: Option<&Path>,
    control: &Control,
    events: Listener<'_>,
) -> Result<Base, TrainingError> {
    let source = match checkpoint {
        Some(path) => path.display().to_string(),
        None => recipe.model.from.clone(),
    };
    if source.is_empty() {
        let tokenizer = new_tokenizer(recipe, control, events)?;
        let config = recipe.model.shape(tokenizer.vocabulary_size())?;
        let tensors = initial(&config, recipe.model.initial, recipe.run.seed);
        return Ok(Base {
            config,
            tokenizer,
            tensors,
            notices: Vec::new(),
        });
    }
    let mut raw: RawModel = load_raw(&request(&source), &mut |_| match control.is_ending() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    })?;
    if let Some(base) = checkpoint
        .map(checkpoint::base_weights)
        .transpose()?
        .flatten()
    {
        raw.tensors = base;
    }
    if checkpoint.is_none() && !recipe.tokenizer.from.is_empty() {
        raw.tokenizer = load_tokenizer(&request(&recipe.tokenizer.from))?;
    }
    let (tokens, room) = (raw.tokenizer.vocabulary_size(), raw.config.vocab_size);
    if tokens > room {
        return Err(TrainingError::Setting(format!(
            "the tokenizer has {tokens} tokens, but the model has room for {room}"
        )));
    }
    Ok(Base {
        config: raw.config,
        tokenizer: raw.tokenizer,
        tensors: raw.tensors,
        notices: raw.notices,
    })
}

fn request(source: &str) -> LoadRequest {
    LoadRequest {
        source: source.to_owned(),
        ..LoadRequest::default()
    }
}

fn new_tokenizer(
    recipe: &Recipe,
    control: &Control,
    events: Listener<'_>,
) -> Result<Tokenizer, TrainingError> {
    if !recipe.tokenizer.from.is_empty() {
        return Ok(load_tokenizer(&request(&recipe.tokenizer.from))?);
    }
    let mut progress = |state: &ReadProgress| reading("tokenizer", state, 0, control, events);
    Ok(train_tokenizer(
        &recipe.tokenizer.train,
        &recipe.data.corpus,
        &mut progress,
    )?)
}

fn compute(recipe: &Recipe, device: Device) -> Result<Compute, TrainingError> {
    let best = Kernels::best_for(&device);
    let kernels = recipe.training.kernels.unwrap_or(best);
    if kernels == Kernels::Fused && !device.is_cpu() {
        return Err(TrainingError::Setting(
            "the fused kernels are for the CPU; leave training.kernels out on a GPU".to_owned(),
        ));
    }
    let (dtype, factors) = match (recipe.training.precision, kernels) {
        (Float::F32, _) => (DType::F32, Factors::F32),
        (Float::Bf16, Kernels::Fused) => (DType::F32, Factors::Bf16),
        (Float::Bf16, Kernels::Plain) => (DType::BF16, Factors::F32),
    };
    Ok(Compute {
        device,
        dtype,
        kernels,
        factors,
        recompute: recipe.training.recompute,
    })
}

fn summary(batches: &Batches) -> DataSummary {
    let sequences = batches.sequences();
    DataSummary {
        documents: sequences.documents().count() as u64,
        tokens: sequences.documents().tokens(),
        sequences: sequences.len(),
    }
}
