//! Whole runs of a tiny model: the loss falls, runs repeat, go on and stop as they should.

use std::path::Path;

use super::*;
use crate::text::TokenizerKind;
use crate::text::corpus::Split;
use crate::training::network::LoraSettings;
use crate::training::recipe::*;
use crate::training::{RunDirectory, StepMetrics, Validation};

mod endings;
mod going_on;
mod keeping;
mod looking;

const TEXT: &str =
    "the cat sat on the mat and the dog sat on the log\na bird sang in the tree by the sea\n";

fn recipe(directory: &Path) -> Recipe {
    let corpus = directory.join("corpus.txt");
    std::fs::write(&corpus, TEXT.repeat(40)).expect("a corpus");
    let mut recipe = Recipe::default();
    recipe.run.directory = directory.join("runs");
    recipe.data.corpus.files = vec![corpus];
    recipe.data.corpus.split = Split::Lines;
    recipe.data.validation = 0.1;
    recipe.tokenizer.train.kind = TokenizerKind::ByteLevelBpe;
    recipe.tokenizer.train.vocabulary = 280;
    recipe.model = ModelSettings {
        layers: Some(2),
        heads: Some(2),
        width: Some(16),
        context: Some(12),
        ..ModelSettings::default()
    };
    recipe.model.dropout.residual = 0.1;
    recipe.model.dropout.attention = 0.1;
    recipe.schedule.learning_rate = 1e-2;
    recipe.training = LoopSettings {
        batch: 4,
        accumulate: 2,
        steps: 24,
        ..LoopSettings::default()
    };
    recipe.evaluation = EvaluationSettings {
        every: 8,
        sample_every: 12,
        prompts: vec!["the cat".to_owned(), String::new()],
        probe: "the".to_owned(),
        memorised: 1,
        ..EvaluationSettings::default()
    };
    recipe.evaluation.generation.max_tokens = 8;
    recipe.checkpoints.every = 6;
    recipe
}

fn prepare(
    recipe: &Recipe,
    restore: &Restore,
    control: &Control,
) -> Result<Trainer, TrainingError> {
    Trainer::prepare(
        recipe.clone(),
        restore,
        Allowed::default(),
        control,
        &mut |_| {},
    )
}

fn run(recipe: &Recipe, restore: &Restore) -> (Vec<RunEvent>, Result<Finished, TrainingError>) {
    run_with(recipe, restore, &Control::default(), |_| {})
}

fn run_with(
    recipe: &Recipe,
    restore: &Restore,
    control: &Control,
    mut each: impl FnMut(&RunEvent),
) -> (Vec<RunEvent>, Result<Finished, TrainingError>) {
    let mut trainer = prepare(recipe, restore, control).unwrap_or_else(|error| panic!("{error}"));
    let mut events = Vec::new();
    let finished = trainer.run(&mut |event| {
        events.push(event.clone());
        each(event);
    });
    (events, finished)
}

/// What must repeat: all but what the clock and the system say.
fn repeatable(events: &[RunEvent]) -> Vec<RunEvent> {
    let events = events.iter().filter_map(|event| match event {
        RunEvent::Step(step) => Some(RunEvent::Step(StepMetrics {
            tokens_per_second: 0.0,
            elapsed: 0.0,
            seconds_left: 0.0,
            memory: None,
            ..step.clone()
        })),
        RunEvent::Epoch(_) | RunEvent::Validation(_) | RunEvent::Samples(_) | RunEvent::Odds(_) => {
            Some(event.clone())
        }
        _ => None,
    });
    events.collect()
}

fn kept(recipe: &Recipe) -> Vec<RunEvent> {
    let run = RunDirectory::open(&recipe.run.directory, &recipe.run.name).expect("a run");
    let mut events = Vec::new();
    run.events(|event| events.push(event)).expect("events");
    events
}

fn losses(events: &[RunEvent]) -> Vec<f64> {
    let steps = events.iter().filter_map(|event| match event {
        RunEvent::Step(step) => Some(step.loss),
        _ => None,
    });
    steps.collect()
}

#[test]
fn a_run_learns_repeats_and_leaves_what_it_should() {
    let (first, second) = (
        tempfile::tempdir().expect("a directory"),
        tempfile::tempdir().expect("a directory"),
    );
    let (events, finished) = run(&recipe(first.path()), &Restore::Fresh);
    let finished = finished.expect("a run");
    assert_eq!(
        (finished.reason, finished.step),
        (FinishReason::Completed, 24)
    );
    let all = losses(&events);
    assert!(all.len() == 24 && all[23] < all[0] - 1.0, "{all:?}");
    let (again, _) = run(&recipe(second.path()), &Restore::Fresh);
    assert_eq!(repeatable(&events), repeatable(&again));

    let validations: Vec<&Validation> = events
        .iter()
        .filter_map(|event| match event {
            RunEvent::Validation(validation) => Some(validation),
            _ => None,
        })
        .collect();
    assert_eq!(
        validations.iter().map(|v| v.step).collect::<Vec<_>>(),
        [0, 8, 16, 24]
    );
    let (before, last) = (validations[0], validations[3]);
    assert!(!before.best && before.loss > last.loss + 1.0, "{before:?}");
    assert!((last.perplexity - last.loss.exp()).abs() < 1e-9 && last.bits_per_byte > 0.0);
    let samples = events.iter().rev().find_map(|event| match event {
        RunEvent::Samples(samples) => Some(samples),
        _ => None,
    });
    let samples = samples.expect("samples");
    assert_eq!((samples.texts.len(), samples.step), (2, 24));
    let memorised = samples.memorised.as_ref().expect("n-grams");
    assert!(memorised.ngrams > 3 && memorised.share > 0.5, "{samples:?}");
    // Single tokens are looked up here: what of a sample stands in the corpus is most of it, in whole characters.
    for sample in &samples.texts {
        let parts = sample
            .copied
            .iter()
            .map(|range| &sample.text[range.clone()]);
        let copied: usize = parts.map(str::len).sum();
        assert!(2 * copied > sample.text.len(), "{sample:?}");
    }

    let run = RunDirectory::open(&first.path().join("runs"), "run1").expect("a run");
    let steps: Vec<u64> = run
        .checkpoints()
        .expect("checkpoints")
        .iter()
        .filter(|checkpoint| checkpoint.whole)
        .map(|c| c.step)
        .collect();
    assert_eq!(steps, [18, 24]);
    assert_eq!(run.recipe().expect("a recipe"), recipe(first.path()));
    let summary = run.summary().expect("a summary");
    assert_eq!(summary.finished, Some(FinishReason::Completed));
    assert!(!summary.running && summary.last.is_some_and(|last| last.step == 24));
}

#[test]
fn a_run_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let (whole, parts) = (
        tempfile::tempdir().expect("a directory"),
        tempfile::tempdir().expect("a directory"),
    );
    let (expected, _) = run(&recipe(whole.path()), &Restore::Fresh);
    let recipe = recipe(parts.path());
    let mut restore = Restore::Fresh;
    for stop_at in [5, 13, 14] {
        let control = Control::default();
        let steer = control.clone();
        let (_, finished) = run_with(&recipe, &restore, &control, |event| {
            if matches!(event, RunEvent::Step(step) if step.step == stop_at) {
                steer.stop();
            }
        });
        let finished = finished.expect("a run");
        assert_eq!(
            (finished.reason, finished.step),
            (FinishReason::Stopped, stop_at)
        );
        restore = Restore::Latest;
    }
    run(&recipe, &restore).1.expect("the rest");
    let found = repeatable(&kept(&recipe));
    let mut expected = repeatable(&expected);
    // In the run's directory the samples have a file of their own.
    expected.sort_by_key(|event| matches!(event, RunEvent::Samples(_) | RunEvent::Odds(_)));
    assert_eq!(found, expected);
}

#[test]
fn an_abandoned_run_goes_on_after_its_last_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let recipe = recipe(directory.path());
    let control = Control::default();
    let steer = control.clone();
    let (_, finished) = run_with(&recipe, &Restore::Fresh, &control, |event| {
        if matches!(event, RunEvent::Step(step) if step.step == 9) {
            steer.abandon();
        }
    });
    let finished = finished.expect("a run");
    assert_eq!(finished.reason, FinishReason::Abandoned);
    assert!(
        finished
            .checkpoint
            .is_some_and(|path| path.ends_with("step-00000006"))
    );
    let trainer = prepare(&recipe, &Restore::Latest, &Control::default()).expect("a trainer");
    assert_eq!(trainer.started().resumed_after, Some(6));
    // While it is this one's, it is no other's.
    let error = prepare(&recipe, &Restore::Latest, &Control::default())
        .err()
        .expect("in use");
    assert!(error.to_string().contains("in use"), "{error}");
}

#[test]
fn a_run_of_the_same_name_is_refused_or_overwritten() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 2;
    run(&recipe, &Restore::Fresh).1.expect("a run");
    let error = prepare(&recipe, &Restore::Fresh, &Control::default())
        .err()
        .expect("refused");
    assert!(error.to_string().contains("--overwrite"), "{error}");
    let over = Trainer::prepare(
        recipe.clone(),
        &Restore::Fresh,
        Allowed {
            overwrite: true,
            changes: false,
        },
        &Control::default(),
        &mut |_| {},
    );
    assert_eq!(over.expect("a trainer").started().resumed_after, None);
    assert!(kept(&recipe).is_empty());
    recipe.run.name = "other".to_owned();
    let error = prepare(&recipe, &Restore::Latest, &Control::default())
        .err()
        .expect("none");
    assert!(error.to_string().contains("no run `other`"), "{error}");
}

#[test]
fn a_chosen_checkpoint_starts_a_run_and_loses_none_unasked() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 12;
    let (whole, _) = run(&recipe, &Restore::Fresh);
    let path = recipe.run.directory.join("run1/checkpoints/step-00000006");
    let restore = Restore::Path(path.clone());
    let refused = |recipe: &Recipe| {
        let error = prepare(recipe, &restore, &Control::default()).err();
        error.expect("refused").to_string()
    };
    assert!(
        refused(&recipe).contains("1 later checkpoints"),
        "{}",
        refused(&recipe)
    );
    let mut other = recipe.clone();
    other.run.name = "other".to_owned();
    let (rest, finished) = run(&other, &restore);
    assert_eq!(finished.expect("a run").step, 12);
    assert_eq!(losses(&rest), losses(&whole)[6..]);
    assert!(refused(&other).contains("the run `other` exists"));
    assert!(path.is_dir());
}

#[test]
fn the_rate_can_be_set_and_the_run_held_while_it_goes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 8;
    let control = Control::default();
    let steer = control.clone();
    let (events, finished) = run_with(&recipe, &Restore::Fresh, &control, |event| match event {
        RunEvent::Step(step) if step.step == 3 => {
            steer.set_learning_rate(2e-3);
            steer.checkpoint();
            steer.pause();
        }
        RunEvent::Paused { .. } => steer.resume(),
        _ => {}
    });
    finished.expect("a run");
    let rates: Vec<f64> = events
        .iter()
        .filter_map(|event| match event {
            RunEvent::Step(step) => Some(step.learning_rate),
            _ => None,
        })
        .collect();
    assert_eq!((rates[2], rates[3], rates[7]), (1e-2, 2e-3, 2e-3));
    let rest: Vec<&RunEvent> = events
        .iter()
        .skip_while(|event| !matches!(event, RunEvent::Step(_)))
        .filter(|event| !matches!(event, RunEvent::Step(_)))
        .take(4)
        .collect();
    assert!(
        matches!(rest[0], RunEvent::LearningRate { step: 3, .. }),
        "{rest:?}"
    );
    assert!(
        matches!(rest[1], RunEvent::Checkpoint(note) if note.step == 3),
        "{rest:?}"
    );
    assert!(
        matches!(
            rest[2..4],
            [RunEvent::Paused { step: 3 }, RunEvent::Resumed { step: 3 }]
        ),
        "{rest:?}"
    );
}

#[test]
fn lora_finetunes_what_was_trained_and_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 6;
    let finished = run(&recipe, &Restore::Fresh).1.expect("a run");
    recipe.model.from = finished.checkpoint.expect("a checkpoint");
    recipe.model.lora = LoraSettings {
        rank: 2,
        ..LoraSettings::default()
    };
    recipe.training.steps = 9;
    let with = |name: &str| {
        let mut recipe = recipe.clone();
        recipe.run.name = name.to_owned();
        recipe
    };
    let (whole, _) = run(&with("whole"), &Restore::Fresh);
    let parts = with("parts");
    let control = Control::default();
    let steer = control.clone();
    let (_, stopped) = run_with(&parts, &Restore::Fresh, &control, |event| {
        if matches!(event, RunEvent::Step(step) if step.step == 4) {
            steer.stop();
        }
    });
    let checkpoint = stopped.expect("a run").checkpoint.expect("a checkpoint");
    // The small matrices alone, with the name and the hash of what they change.
    let checkpoint = Path::new(&checkpoint);
    assert!(!checkpoint.join("model.safetensors").exists());
    let size = |name: &str| {
        std::fs::metadata(checkpoint.join(name))
            .expect("a file")
            .len()
    };
    let base = Path::new(&parts.model.from).join("model.safetensors");
    let base = std::fs::metadata(base).expect("weights").len();
    assert!(10 * size("adapter.safetensors") < base);
    let adapter = std::fs::read_to_string(checkpoint.join("adapter.json")).expect("a file");
    assert!(adapter.contains(&parts.model.from) && adapter.contains("base_hash"));
    let (_, finished) = run(&parts, &Restore::Latest);
    let last = finished
        .expect("the rest")
        .checkpoint
        .expect("a checkpoint");
    assert_eq!(losses(&kept(&parts)), losses(&whole));
    assert!(losses(&whole)[8] < losses(&whole)[0]);

    // Exported, they are a model like any other; read where they lie, they are the same one.
    let target = directory.path().join("exported");
    crate::training::export(Path::new(&last), &target, false).expect("an export");
    let weights = |path: &Path| {
        let request = crate::model::LoadRequest {
            source: path.display().to_string(),
            ..crate::model::LoadRequest::default()
        };
        let raw = crate::model::load_raw(&request, &mut |_| std::ops::ControlFlow::Continue(()));
        raw.map(|raw| raw.tensors)
    };
    let trainer = prepare(&parts, &Restore::Latest, &Control::default()).expect("a trainer");
    let own = trainer.network().weights().expect("weights");
    drop(trainer);
    let (exported, read) = (weights(&target), weights(Path::new(&last)));
    let (exported, read) = (exported.expect("a model"), read.expect("a model"));
    for (name, values) in &own {
        for (at, value) in values.iter().enumerate() {
            assert_eq!(exported[name][at], read[name][at], "{name}");
            assert!((exported[name][at] - value).abs() < 1e-6, "{name}");
        }
    }

    // Another model in the place of the one that was changed is noticed.
    let mut other = recipe.clone();
    other.model = super::tests::recipe(directory.path()).model;
    other.model.lora.rank = 0;
    other.run.name = "other".to_owned();
    other.run.seed = 9;
    other.training.steps = 1;
    let other = run(&other, &Restore::Fresh).1.expect("a run").checkpoint;
    let other = Path::new(&other.expect("a checkpoint")).join("model.safetensors");
    let base = Path::new(&parts.model.from).join("model.safetensors");
    std::fs::copy(other, base).expect("a file");
    let error = weights(Path::new(&last)).expect_err("another base");
    assert!(error.to_string().contains("have changed since"), "{error}");
    let error = prepare(&parts, &Restore::Latest, &Control::default()).err();
    let error = error.expect("refused").to_string();
    assert!(
        error.contains("the model that it started from changed"),
        "{error}"
    );
}
