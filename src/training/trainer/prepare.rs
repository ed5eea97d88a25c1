//! From a recipe to a trainer.

use candle_core::Device;

use super::base::{Base, base};
use super::corpus::{Data, read_data, special_tokens};
use super::remarks::remarks;
use super::start::{
    Allowed, Restore, find_start, lies_in, refuse_another_model, refuse_fewer_steps, refuse_to_lose,
};
use super::{Listener, Meter, Smoothed, Trainer};
use crate::kernels::{Factors, bf16_is_native};
use crate::model::{Gpt2Config, TokenIds, choose, device_name};
use crate::training::checkpoint::{self, CheckpointState};
use crate::training::data::Batches;
use crate::training::epoch::EpochSums;
use crate::training::estimate::Load;
use crate::training::network::{Compute, Network};
use crate::training::ops::Kernels;
use crate::training::optimizer::Optimizer;
use crate::training::run_model::run_model;
use crate::training::runs::{Inputs, Journal, Keeping, RunDirectory, remove_checkpoint};
use crate::training::{
    Control, DataSummary, Recipe, RunEvent, Started, Tail, TrainingError, evaluation,
};

impl Trainer {
    /// Claims the run's directory, reads the corpus and builds the network.
    ///
    /// # Errors
    /// When the recipe contradicts itself, the run exists or is in use, it is to go on with what it was not started
    /// with, a corpus or model cannot be read, the corpus is too short, or the device cannot be had. Nothing is left
    /// behind but encoded corpora.
    pub fn prepare(
        recipe: Recipe,
        restore: &Restore,
        allowed: Allowed,
        control: &Control,
        events: Listener<'_>,
    ) -> Result<Self, TrainingError> {
        let mut recipe = recipe;
        recipe.check()?;
        for message in settle_runs(&mut recipe)? {
            events(&RunEvent::Notice { message });
        }
        // Wherever one stands when it goes on, its paths lead to the same files.
        let here = std::env::current_dir();
        let here = here.map_err(|error| TrainingError::io(".".as_ref(), error))?;
        let kept = recipe.clone().seen_from(&here);
        let run = RunDirectory::of(&recipe.run.directory, &recipe.run.name);
        // Whoever else wants this name waits or is told, before hours are spent on a corpus.
        let mut claim = run.claim()?;
        let from = find_start(&run, restore, allowed.overwrite, events)?;
        let goes_on = from.as_ref().is_some_and(|from| lies_in(from, run.path()));
        let before = if goes_on {
            Some(run.recipe()?.seen_from(&here))
        } else {
            None
        };
        let mut state = match &from {
            Some(from) => checkpoint::read_state(from)?,
            None => CheckpointState {
                rate_factor: 1.0,
                ..CheckpointState::default()
            },
        };
        if let Some(before) = &before {
            refuse_another_model(&run.name(), before, &kept)?;
            if recipe.training.steps > 0 {
                refuse_fewer_steps(&run.name(), state.step, recipe.training.steps)?;
            }
            // A rate that was set by hand was of the old schedule.
            if before.schedule != recipe.schedule {
                state.rate_factor = 1.0;
            }
        }
        let (device, notices) = choose(recipe.training.device)?;
        for message in notices {
            events(&RunEvent::Notice { message });
        }
        let compute = compute(&recipe, device)?;
        // Without a batch: what is read decides its size.
        let room = |config: &Gpt2Config| load(config, &recipe, &compute, (0, 0)).check(0);
        let mut base = base(&kept, from.as_deref(), false, control, events, &room)?;
        for message in std::mem::take(&mut base.notices) {
            events(&RunEvent::Notice { message });
        }
        for message in remarks(&recipe, &base.config) {
            events(&RunEvent::Notice { message });
        }
        if compute.factors == Factors::Bf16 && !bf16_is_native() {
            events(&RunEvent::Notice {
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
        let steps_per_epoch = data.training.steps_per_epoch();
        let total = match recipe.training.steps {
            0 => recipe.training.epochs * steps_per_epoch,
            steps => steps,
        };
        refuse_fewer_steps(&run.name(), state.step, total)?;
        if goes_on && state.step == total {
            let message = format!("all {total} steps were made already; ask for more to go on");
            events(&RunEvent::Notice { message });
        }
        let inputs = inputs(&run, &kept, &mut base, &data, (goes_on, allowed), events)?;
        compare_validation(&mut state, &data, events);

        let config = Gpt2Config {
            eos_token_id: special.end.as_ref().map(|(id, _)| TokenIds::One(*id)),
            ..base.config
        };
        let batch = data.training.largest_batch();
        let load = load(&config, &recipe, &compute, batch);
        let memory = load.memory();
        load.check(memory.weights)?;
        let lora =
            (recipe.model.lora.rank > 0).then(|| (recipe.model.lora.clone(), recipe.run.seed));
        let mut network = Network::new(
            &config,
            recipe.model.dropout,
            compute,
            base.tensors,
            recipe.model.freeze,
            lora,
        )?;
        network.obey(control);
        let kernels = network.compute().kernels;
        let mut optimizer = Optimizer::new(&recipe.optimizer, network.parameters(), kernels)?;
        if let Some(from) = &from {
            checkpoint::restore(from, &state, &network, &mut optimizer)?;
        }

        // From here on the disk is changed.
        let later = if goes_on {
            run.checkpoints()?
        } else {
            Vec::new()
        };
        let later: Vec<_> = later
            .into_iter()
            .filter(|entry| entry.step > state.step)
            .collect();
        if matches!(restore, Restore::Path(_)) && !allowed.overwrite {
            refuse_to_lose(&run, goes_on, later.len())?;
        }
        if run.exists() && !goes_on {
            run.clear()?;
        }
        run.write_recipe(&kept)?;
        claim.keep();
        run.write_inputs(&inputs)?;
        checkpoint::sweep(&run.checkpoints_path());
        // What lies after the checkpoint would be taken for the newest.
        for entry in later {
            remove_checkpoint(&entry.path)?;
        }
        let journal = Journal::open(&run, from.as_ref().filter(|_| goes_on).map(|_| &state))?;
        let mut tail = Tail::default();
        if goes_on {
            run.events(|event| tail.push(&event))?;
        }
        let parameters = network.config().parameters();
        let trainable = network.parameters().trainable_count();
        let weights = match base.adapter {
            Some(_) => trainable,
            None => parameters,
        };
        let keeping = Keeping::new(
            recipe.checkpoints.keep,
            recipe.weight_budget(),
            (steps_per_epoch, total.div_ceil(steps_per_epoch)),
            4 * weights as u64,
        );
        let started = Started {
            run: recipe.run.name.clone(),
            directory: run.path().display().to_string(),
            device: device_name(&network.compute().device),
            parameters,
            trainable,
            context: data.training.sequences().time(),
            training: summary(&data.training),
            validation: data.validation.as_ref().map(summary),
            steps: total,
            steps_per_epoch,
            resumed_after: from.is_some().then_some(state.step),
            memory,
        };
        Ok(Self {
            token_bytes: evaluation::token_bytes(&base.tokenizer),
            smoothed: Smoothed::of_parts(state.smoothed_sum, state.smoothed_weight),
            tail,
            meter: Meter::new(),
            saved: goes_on.then_some(state.step),
            written: goes_on.then_some(state.step),
            adrift: 0,
            keeping,
            adapter: base.adapter,
            foreign_tokenizer: !recipe.tokenizer.from.is_empty(),
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
            claim,
        })
    }
}

/// Puts the best weights of runs in place of their names, so that the recipe says which they were. Returns what is to
/// be said of it.
pub(super) fn settle_runs(recipe: &mut Recipe) -> Result<Vec<String>, TrainingError> {
    let directory = recipe.run.directory.clone();
    let mut notices = Vec::new();
    for source in [&mut recipe.model.from, &mut recipe.tokenizer.from] {
        if let Some(found) = run_model(source, &directory)? {
            *source = found.path.display().to_string();
            notices.push(found.notice);
        }
    }
    Ok(notices)
}

/// The hashes of what the run learns from. An error if they are not what it was started with and that is not allowed.
fn inputs(
    run: &RunDirectory,
    kept: &Recipe,
    base: &mut Base,
    data: &Data,
    (goes_on, allowed): (bool, Allowed),
    events: Listener<'_>,
) -> Result<Inputs, TrainingError> {
    let mut now = Inputs {
        base: base.hash.clone(),
        tokenizer: base.tokenizer_hash()?,
        corpus: data.corpus_key.clone(),
        validation: data.validation_key.clone(),
    };
    let before = if goes_on { run.inputs()? } else { None };
    if let Some(before) = before {
        base.compare(kept, &before, &mut now, events)?;
        let changed = now.changed_since(&before);
        if !changed.is_empty() && !allowed.changes {
            return Err(TrainingError::Run(format!(
                "{} changed since the run `{}` was started: bring back what it was, go on all the same with --accept-changes, or choose another --run-name",
                changed.join(" and "),
                run.name()
            )));
        }
        for what in changed {
            let message = format!("{what} changed since the run was started");
            events(&RunEvent::Notice { message });
        }
    }
    if let (Some(adapter), Some(hash)) = (&mut base.adapter, &base.hash) {
        if !allowed.changes {
            adapter.check(hash)?;
        }
        adapter.base_hash.clone_from(hash);
    }
    Ok(now)
}

/// Forgets the best loss of another validation set, and of another corpus the lowest loss and the sums of an epoch.
fn compare_validation(state: &mut CheckpointState, data: &Data, events: Listener<'_>) {
    let set = data.validation_key.clone().unwrap_or_default();
    if state.validation_set != set && !state.validation_set.is_empty() {
        if state.best_validation.is_some() {
            let message =
                "what is validated on has changed: the best loss so far is counted anew".to_owned();
            events(&RunEvent::Notice { message });
        }
        (state.before, state.validation, state.validated_at) = (None, None, None);
        (state.best_validation, state.stale) = (None, 0);
    }
    state.validation_set = set;
    if state.corpus != data.corpus_key {
        (state.epoch, state.lowest) = (EpochSums::default(), None);
        state.corpus.clone_from(&data.corpus_key);
    }
}

pub(super) fn load<'a>(
    config: &'a Gpt2Config,
    recipe: &'a Recipe,
    compute: &Compute,
    batch: (usize, usize),
) -> Load<'a> {
    Load {
        config,
        recipe,
        kernels: compute.kernels,
        on_cpu: compute.device.is_cpu(),
        batch,
    }
}

pub(super) fn compute(recipe: &Recipe, device: Device) -> Result<Compute, TrainingError> {
    let precision = recipe.training.precision;
    let kernels = recipe.training.kernels;
    if kernels == Some(Kernels::Fused) && device.is_metal() {
        return Err(TrainingError::Setting(
            "the fused kernels are for the CPU and for NVIDIA cards; leave training.kernels out"
                .to_owned(),
        ));
    }
    Ok(Compute {
        recompute: recipe.training.recompute,
        ..Compute::in_precision(device, precision, kernels)
    })
}

pub(super) fn summary(batches: &Batches) -> DataSummary {
    let sequences = batches.sequences();
    DataSummary {
        documents: sequences.documents().count() as u64,
        tokens: sequences.documents().tokens(),
        sequences: sequences.len(),
    }
}
