//! Runs that end before their time, each in its own way.

use super::*;

#[test]
fn a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.optimizer.clip = 0.0;
    let control = Control::default();
    let steer = control.clone();
    let (_, finished) = run_with(&recipe, &Restore::Fresh, &control, |event| {
        if matches!(event, RunEvent::Step(step) if step.step == 7) {
            steer.set_learning_rate(1e38);
        }
    });
    let error = finished.expect_err("no numbers").to_string();
    assert!(
        error.contains("the checkpoint of step 6 is kept"),
        "{error}"
    );
    assert!(
        error.contains("at step 9") || error.contains("at step 10"),
        "{error}"
    );
    let run = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    let summary = run.summary().expect("a summary");
    assert_eq!(summary.finished, Some(FinishReason::Diverged));
    assert_eq!(summary.failure, Some(error));
    let trainer = prepare(&recipe, &Restore::Latest, &Control::default()).expect("a trainer");
    let weights = trainer.network().weights().expect("weights");
    assert!(weights.values().flatten().all(|weight| weight.is_finite()));
}

#[test]
fn a_run_ends_at_a_loss_or_without_improvement() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.stop_loss = 5.3;
    let (_, finished) = run(&recipe, &Restore::Fresh);
    let finished = finished.expect("a run");
    assert_eq!(finished.reason, FinishReason::LossReached);
    assert!(finished.step < 24 && finished.smoothed <= 5.3);

    recipe.run.name = "idle".to_owned();
    recipe.training.stop_loss = 0.0;
    recipe.training.patience = 2;
    recipe.evaluation.every = 3;
    recipe.schedule.learning_rate = 1e-30;
    let (events, finished) = run(&recipe, &Restore::Fresh);
    let finished = finished.expect("a run");
    assert_eq!(
        (finished.reason, finished.step),
        (FinishReason::NoImprovement, 9)
    );
    let gained_nothing = |event: &RunEvent| matches!(event, RunEvent::Notice { message } if message.contains("before training"));
    assert!(events.iter().any(gained_nothing), "{events:?}");
}

#[test]
fn a_directory_that_cannot_be_written_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.run.cache = directory.path().join("cache");
    // A file where the directory should be: not even the superuser can write there.
    std::fs::write(directory.path().join("runs"), "in the way").expect("a file");
    let error = prepare(&recipe, &Restore::Fresh, &Control::default())
        .err()
        .expect("an error");
    assert!(error.to_string().contains("runs"), "{error}");
}

#[test]
fn a_step_under_way_is_not_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    for recompute in [false, true] {
        recipe.training.recompute = recompute;
        recipe.run.name = format!("recompute-{recompute}");
        let control = Control::default();
        let mut trainer = prepare(&recipe, &Restore::Fresh, &control).expect("a trainer");
        let before = trainer.network().weights().expect("weights");
        control.stop();
        assert_eq!(trainer.step().expect("no failure"), None);
        assert_eq!(trainer.state.step, 0);
        assert_eq!(trainer.network().weights().expect("weights"), before);
    }
}

#[test]
fn what_is_kept_on_a_full_disk_is_said() {
    let full = || TrainingError::io("file".as_ref(), std::io::ErrorKind::StorageFull.into());
    let directory = tempfile::tempdir().expect("a directory");
    let recipe = recipe(directory.path());
    let trainer = prepare(&recipe, &Restore::Fresh, &Control::default()).expect("a trainer");
    let said = full().and_then(&trainer.way_on()).to_string();
    assert!(
        said.contains("free some space and start over: nothing was saved yet"),
        "{said}"
    );
    drop(trainer);
    // Without a checkpoint it begins anew.
    run(&recipe, &Restore::Latest).1.expect("a run");
    let trainer = prepare(&recipe, &Restore::Latest, &Control::default()).expect("a trainer");
    let said = full().and_then(&trainer.way_on()).to_string();
    assert!(
        said.contains("the checkpoint of step 24 is whole"),
        "{said}"
    );
}
