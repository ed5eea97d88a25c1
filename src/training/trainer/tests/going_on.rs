//! Going on with something else than a run was started with.

use super::*;

fn stopped(recipe: &Recipe) {
    let control = Control::default();
    let steer = control.clone();
    let (_, finished) = run_with(recipe, &Restore::Fresh, &control, |event| {
        if matches!(event, RunEvent::Step(step) if step.step == 10) {
            steer.stop();
        }
    });
    finished.expect("a run");
}

fn refused(recipe: &Recipe) -> String {
    let error = prepare(recipe, &Restore::Latest, &Control::default()).err();
    error.expect("refused").to_string()
}

/// Goes on although something changed, and returns what was said.
fn accepted(recipe: &Recipe) -> (Vec<RunEvent>, Trainer) {
    let allowed = Allowed {
        overwrite: false,
        changes: true,
    };
    let mut events = Vec::new();
    let trainer = Trainer::prepare(
        recipe.clone(),
        &Restore::Latest,
        allowed,
        &Control::default(),
        &mut |event| events.push(event.clone()),
    );
    (events, trainer.unwrap_or_else(|error| panic!("{error}")))
}

fn says(events: &[RunEvent], part: &str) -> bool {
    events
        .iter()
        .any(|event| matches!(event, RunEvent::Notice { message } if message.contains(part)))
}

#[test]
fn another_corpus_is_noticed_and_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let recipe = recipe(directory.path());
    stopped(&recipe);
    let trainer = prepare(&recipe, &Restore::Latest, &Control::default()).expect("unchanged");
    assert!(trainer.state.lowest.is_some());
    drop(trainer);
    let corpus = &recipe.data.corpus.files[0];
    std::fs::write(corpus, "a bird sang on the mat\n".repeat(200)).expect("a corpus");
    let error = refused(&recipe);
    assert!(
        error.contains("the corpus changed since the run `run1` was started")
            && error.contains("--accept-changes"),
        "{error}"
    );
    let (events, trainer) = accepted(&recipe);
    assert!(says(&events, "the corpus changed"), "{events:?}");
    // How well the old one was known is no measure for the new one.
    assert_eq!(trainer.state.lowest, None);
    drop(trainer);
    // What was accepted is what it has from then on.
    drop(prepare(&recipe, &Restore::Latest, &Control::default()).expect("unchanged"));
}

#[test]
fn losses_on_another_validation_set_are_not_compared() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    let held_out = directory.path().join("held-out.txt");
    std::fs::write(&held_out, TEXT.repeat(3)).expect("a file");
    recipe.data.validation_files = vec![held_out.clone()];
    stopped(&recipe);
    let harder = "zebras quizzically vex jumping foxes with my big box\n";
    std::fs::write(held_out, harder.repeat(6)).expect("a file");
    let error = refused(&recipe);
    assert!(error.contains("the validation set changed"), "{error}");
    let (events, mut trainer) = accepted(&recipe);
    assert!(says(&events, "counted anew"), "{events:?}");
    let mut validations = Vec::new();
    let finished = trainer.run(&mut |event| {
        if let RunEvent::Validation(validation) = event {
            validations.push(validation.clone());
        }
    });
    let finished = finished.expect("a run");
    // The first on the new texts is the best of them, though it is worse than those on the old.
    let before = kept(&recipe).into_iter().find_map(|event| match event {
        RunEvent::Validation(validation) if validation.step == 8 => Some(validation.loss),
        _ => None,
    });
    assert!(validations[0].best && Some(validations[0].loss) > before);
    assert!(finished.best_validation > before, "{finished:?}");
    let run1 = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    let best = run1.best_checkpoint().expect("a shelf").expect("a best");
    assert!(best.step > 10, "{best:?}");
    let summary = run1.summary().expect("a summary");
    assert_eq!(summary.best.map(|best| best.loss), finished.best_validation);
}

#[test]
fn another_model_another_shape_and_fewer_steps_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let recipe = recipe(directory.path());
    stopped(&recipe);
    let with = |change: fn(&mut Recipe)| {
        let mut recipe = recipe.clone();
        change(&mut recipe);
        refused(&recipe)
    };
    let error = with(|recipe| recipe.model.from = "embedded".to_owned());
    assert!(
        error.contains("started with nothing as model.from and cannot go on with \"embedded\""),
        "{error}"
    );
    let error = with(|recipe| recipe.model.layers = Some(3));
    assert!(error.contains("started with 2 as model.layers"), "{error}");
    let error = with(|recipe| recipe.tokenizer.train.vocabulary = 300);
    assert!(error.contains("tokenizer.train"), "{error}");
    let error = with(|recipe| recipe.training.steps = 7);
    assert!(
        error.contains("has made 10 steps already, more than the 7"),
        "{error}"
    );
    let error = with(|recipe| (recipe.training.steps, recipe.training.epochs) = (0, 0));
    assert!(error.contains("nothing to do"), "{error}");
}

#[test]
fn a_finetuning_whose_model_has_changed_is_noticed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut first = recipe(directory.path());
    first.training.steps = 2;
    let base = run(&first, &Restore::Fresh).1.expect("a run").checkpoint;
    let mut fine = recipe(directory.path());
    fine.run.name = "fine".to_owned();
    fine.model.from = base.expect("a checkpoint");
    stopped(&fine);
    drop(prepare(&fine, &Restore::Latest, &Control::default()).expect("unchanged"));
    // Other weights in the same place.
    first.run.seed = 5;
    first.run.name = "other".to_owned();
    let other = run(&first, &Restore::Fresh).1.expect("a run").checkpoint;
    let file = |directory: &str| Path::new(directory).join("model.safetensors");
    std::fs::copy(file(&other.expect("a checkpoint")), file(&fine.model.from)).expect("a copy");
    let error = refused(&fine);
    assert!(
        error.contains("the model that it started from changed"),
        "{error}"
    );
    let (events, trainer) = accepted(&fine);
    assert!(says(&events, "the model that it started from changed"));
    drop(trainer);
    // Where it is no more, that is said and no hindrance.
    std::fs::remove_file(file(&fine.model.from)).expect("a file");
    let mut events = Vec::new();
    let trainer = Trainer::prepare(
        fine,
        &Restore::Latest,
        Allowed::default(),
        &Control::default(),
        &mut |event| events.push(event.clone()),
    );
    assert!(trainer.is_ok() && says(&events, "cannot be compared"));
}
