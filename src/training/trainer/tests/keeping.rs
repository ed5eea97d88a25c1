//! What a run keeps: its best weights, those of its epochs, and nothing that is no good.

use super::*;
use crate::training::CheckpointEntry;

fn shelf(recipe: &Recipe) -> Vec<CheckpointEntry> {
    let run = RunDirectory::open(&recipe.run.directory, &recipe.run.name).expect("a run");
    run.checkpoints().expect("checkpoints")
}

fn steps(entries: &[CheckpointEntry], whole: bool) -> Vec<u64> {
    let entries = entries.iter().filter(|entry| entry.whole == whole);
    entries.map(|entry| entry.step).collect()
}

#[test]
fn the_best_weights_are_there_although_no_checkpoint_fell_on_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.checkpoints.every = 100;
    recipe.checkpoints.weights = Some(0);
    recipe.evaluation.every = 3;
    recipe.training.patience = 2;
    let control = Control::default();
    let steer = control.clone();
    let (events, finished) = run_with(&recipe, &Restore::Fresh, &control, |event| {
        // From here on it gets no better.
        if matches!(event, RunEvent::Step(step) if step.step == 3) {
            steer.set_learning_rate(1e-30);
        }
    });
    let finished = finished.expect("a run");
    let validations = events.iter().filter_map(|event| match event {
        RunEvent::Validation(validation) if validation.step > 0 => Some(validation),
        _ => None,
    });
    let best = validations
        .min_by(|a, b| a.loss.total_cmp(&b.loss))
        .expect("a validation");
    assert_eq!(finished.reason, FinishReason::NoImprovement);
    assert_eq!((best.step, finished.step), (3, 9));
    let entries = shelf(&recipe);
    assert_eq!(steps(&entries, true), [finished.step]);
    assert_eq!(steps(&entries, false), [best.step]);
    let run = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    let chosen = run.best_checkpoint().expect("a shelf").expect("a best");
    assert_eq!(
        (chosen.step, chosen.validation),
        (best.step, Some(best.loss))
    );
    // What holds weights alone can be looked at, but nothing goes on after it.
    assert!(!chosen.path.join("optimizer.safetensors").exists());
    let error = prepare(&recipe, &Restore::Path(chosen.path), &Control::default()).err();
    let error = error.expect("refused").to_string();
    assert!(error.contains("weights alone"), "{error}");
}

#[test]
fn a_step_that_was_not_validated_is_no_best() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 12;
    let (events, _) = run(&recipe, &Restore::Fresh);
    let notes = events.iter().filter_map(|event| match event {
        RunEvent::Checkpoint(note) => Some((note.step, note.validation_loss.is_some(), note.best)),
        _ => None,
    });
    let notes: Vec<_> = notes.filter(|(step, ..)| [6, 8].contains(step)).collect();
    assert_eq!(notes, [(6, false, false), (8, true, true)]);
}

#[test]
fn the_weights_of_every_epoch_stay_within_their_budget() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.data.validation = 0.0;
    (recipe.training.steps, recipe.training.epochs) = (0, 4);
    recipe.checkpoints.every = 0;
    recipe.checkpoints.weights = Some(100);
    let finished = run(&recipe, &Restore::Fresh).1.expect("a run");
    let epoch = finished.step / 4;
    let entries = shelf(&recipe);
    // The newest two whole, as ever; of the others the weights.
    assert_eq!(steps(&entries, true), [3 * epoch, 4 * epoch]);
    assert_eq!(steps(&entries, false), [epoch, 2 * epoch]);
    let history = crate::training::History::read(
        &RunDirectory::open(&recipe.run.directory, "run1").expect("a run"),
    );
    let history = history.expect("a history");
    let near = history.nearest_checkpoint(2 * epoch + 1).expect("weights");
    assert_eq!(near.step, 2 * epoch);
    // Where no checkpoint falls on an epoch, its weights are written by themselves.
    recipe.run.name = "rare".to_owned();
    recipe.checkpoints.every = 1000;
    run(&recipe, &Restore::Fresh).1.expect("a run");
    let entries = shelf(&recipe);
    assert_eq!(steps(&entries, true), [4 * epoch]);
    assert_eq!(steps(&entries, false), [epoch, 2 * epoch, 3 * epoch]);
    recipe.run.name = "none".to_owned();
    recipe.checkpoints.weights = Some(0);
    run(&recipe, &Restore::Fresh).1.expect("a run");
    assert_eq!(steps(&shelf(&recipe), false), [0; 0]);
}

#[test]
fn weights_are_judged_before_they_are_saved_and_a_lower_rate_rescues_the_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.optimizer.clip = 0.0;
    recipe.checkpoints.keep = 1;
    let control = Control::default();
    let steer = control.clone();
    let (events, finished) = run_with(&recipe, &Restore::Fresh, &control, |event| {
        if matches!(event, RunEvent::Step(step) if step.step == 7) {
            steer.set_learning_rate(100.0);
        }
    });
    // Its losses stay numbers, but they are no good.
    assert!(losses(&events).iter().all(|loss| loss.is_finite()));
    let error = finished.expect_err("useless weights").to_string();
    for part in [
        "out of all proportion",
        "the checkpoint of step 6 is kept",
        "--learning-rate",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(steps(&shelf(&recipe), true), [6]);
    let not_saved = |event: &RunEvent| matches!(event, RunEvent::Notice { message } if message.contains("step 12 is not saved"));
    assert!(events.iter().any(not_saved), "{events:?}");
    let run1 = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    let summary = run1.summary().expect("a summary");
    assert_eq!(summary.finished, Some(FinishReason::Diverged));

    recipe.schedule.learning_rate = 4e-3;
    (recipe.schedule.warmup, recipe.schedule.begin) = (2, 6);
    let (events, finished) = run(&recipe, &Restore::Latest);
    assert_eq!(finished.expect("a run").reason, FinishReason::Completed);
    let rates = events.iter().filter_map(|event| match event {
        RunEvent::Step(step) => Some((step.step, step.learning_rate)),
        _ => None,
    });
    let rates: Vec<_> = rates.take(3).collect();
    assert_eq!(rates, [(7, 2e-3), (8, 4e-3), (9, 4e-3)]);
    assert!(losses(&events).iter().all(|loss| *loss < 7.0));
}

#[test]
fn what_is_damaged_is_named_and_passed_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let recipe = recipe(directory.path());
    run(&recipe, &Restore::Fresh).1.expect("a run");
    let checkpoints = recipe.run.directory.join("run1/checkpoints");
    std::fs::create_dir(checkpoints.join("step-00000099")).expect("a directory");
    let cut = checkpoints.join("step-00000024/model.safetensors");
    let length = std::fs::metadata(&cut).expect("weights").len();
    let file = std::fs::OpenOptions::new().write(true).open(&cut);
    file.expect("a file").set_len(length / 2).expect("shorter");
    let run1 = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    let (entries, damaged) = run1.shelf().expect("a shelf");
    assert_eq!(entries.last().map(|entry| entry.step), Some(18));
    let said: Vec<String> = damaged.iter().map(ToString::to_string).collect();
    for part in [
        "step-00000099 is passed over: it is empty",
        "step-00000024 is passed over: model.safetensors: it is cut short",
    ] {
        assert!(said.iter().any(|said| said.contains(part)), "{said:?}");
    }
    // The run goes on after the newest that is good, and says which is not.
    let mut notices = Vec::new();
    let trainer = Trainer::prepare(
        recipe,
        &Restore::Latest,
        Allowed::default(),
        &Control::default(),
        &mut |event| {
            if let RunEvent::Notice { message } = event {
                notices.push(message.clone());
            }
        },
    );
    assert_eq!(
        trainer.expect("a trainer").started().resumed_after,
        Some(18)
    );
    assert!(notices.iter().any(|said| said.contains("step-00000099")));
}

#[test]
fn overwriting_and_deleting_take_away_what_a_run_writes_and_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 6;
    run(&recipe, &Restore::Fresh).1.expect("a run");
    let own = recipe.run.directory.join("run1");
    let foreign = [
        own.join("notes.txt"),
        own.join("checkpoints/mine/notes.txt"),
    ];
    std::fs::create_dir(own.join("checkpoints/mine")).expect("a directory");
    for path in &foreign {
        std::fs::write(path, "mine").expect("a file");
    }
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
    drop(over.expect("a trainer"));
    assert!(shelf(&recipe).is_empty() && kept(&recipe).is_empty());
    assert!(foreign.iter().all(|path| path.is_file()));
    let run1 = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    run1.delete().expect("deleted");
    assert!(!run1.exists() && foreign.iter().all(|path| path.is_file()));
    let left = std::fs::read_dir(&own).expect("a directory").count();
    assert_eq!(left, 2);
}

#[test]
fn a_name_is_claimed_before_the_corpus_is_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 2;
    let mut second = None;
    let first = Trainer::prepare(
        recipe.clone(),
        &Restore::Fresh,
        Allowed::default(),
        &Control::default(),
        &mut |event| {
            // Another one of the same name begins while the corpus of this one is read.
            if matches!(event, RunEvent::Reading(_)) && second.is_none() {
                second = Some(prepare(&recipe, &Restore::Fresh, &Control::default()).err());
            }
        },
    );
    first.expect("a trainer");
    let error = second.expect("it was read").expect("refused").to_string();
    assert!(error.contains("in use by another process"), "{error}");
    // What could not begin leaves nothing.
    recipe.run.name = "never".to_owned();
    recipe.data.corpus.files = vec![directory.path().join("absent.txt")];
    assert!(prepare(&recipe, &Restore::Fresh, &Control::default()).is_err());
    assert!(!recipe.run.directory.join("never").exists());
}

#[test]
fn a_run_that_was_killed_is_broken_off_and_an_end_without_room_is_known() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 2;
    let finished = run(&recipe, &Restore::Fresh).1.expect("a run");
    // As if it had been killed before its last line.
    let metrics = recipe.run.directory.join("run1/metrics.jsonl");
    let text = std::fs::read_to_string(&metrics).expect("lines");
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&metrics, lines[..lines.len() - 1].join("\n")).expect("written");
    let run1 = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    assert_eq!(run1.summary().expect("a summary").finished, None);
    let mut claim = run1.claim().expect("a claim");
    claim.keep();
    let full = Finished {
        reason: FinishReason::DiskFull,
        failure: Some("no room".to_owned()),
        ..finished
    };
    claim.note(&full).expect("room");
    drop(claim);
    let summary = run1.summary().expect("a summary");
    assert_eq!(summary.finished, Some(FinishReason::DiskFull));
    assert_eq!(summary.failure.as_deref(), Some("no room"));
}
