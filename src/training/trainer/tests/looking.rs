//! What a run says of itself: the means of its epochs, its end, its samples.

use super::*;
use crate::training::{Epoch, MeanOf, SampleText};

fn epochs(events: &[RunEvent]) -> Vec<&Epoch> {
    let epochs = events.iter().filter_map(|event| match event {
        RunEvent::Epoch(epoch) => Some(epoch),
        _ => None,
    });
    epochs.collect()
}

#[test]
fn each_epoch_ends_with_its_means_and_the_run_with_that_of_the_last() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    // Without validation too.
    recipe.data.validation = 0.0;
    (recipe.training.steps, recipe.training.epochs) = (0, 2);
    let (events, finished) = run(&recipe, &Restore::Fresh);
    let finished = finished.expect("a run");
    let found = epochs(&events);
    let per_epoch = finished.step / 2;
    let places: Vec<_> = found.iter().map(|e| (e.epoch, e.step, e.whole)).collect();
    assert_eq!(places, [(1, per_epoch, true), (2, 2 * per_epoch, true)]);
    for (epoch, steps) in found.iter().zip(losses(&events).chunks(per_epoch as usize)) {
        // All steps but an epoch's last have as many targets: the mean over targets is near that over steps.
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        assert!((epoch.loss - mean).abs() < 0.05, "{epoch:?} {mean}");
        assert!((epoch.perplexity - epoch.loss.exp()).abs() < 1e-9);
        assert!(epoch.accuracy > 0.0 && epoch.accuracy < 1.0 && epoch.tokens > 100);
    }
    let mean = finished.mean_loss.expect("a mean");
    assert_eq!((mean.loss, mean.of), (found[1].loss, MeanOf::Epoch(2)));
    let run = RunDirectory::open(&recipe.run.directory, "run1").expect("a run");
    assert_eq!(run.summary().expect("a summary").mean_loss, Some(mean));
    // Within an epoch it is the mean of a window, and says so.
    recipe.training.steps = per_epoch + 3;
    recipe.run.name = "part".to_owned();
    let finished = super::run(&recipe, &Restore::Fresh).1.expect("a run");
    let mean = finished.mean_loss.expect("a mean");
    // Of the end, not of all that was before.
    assert_eq!(mean.of, MeanOf::Steps(5));
}

fn texts(recipe: &Recipe) -> Vec<SampleText> {
    let (events, finished) = run(recipe, &Restore::Fresh);
    finished.expect("a run");
    let texts = events.into_iter().filter_map(|event| match event {
        RunEvent::Samples(samples) => Some(samples.texts),
        _ => None,
    });
    texts.flatten().collect()
}

#[test]
fn samples_are_taken_unless_they_are_turned_off() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(directory.path());
    recipe.training.steps = 2;
    recipe.evaluation.prompts.clear();
    let free = texts(&recipe);
    // Before the first step and after the last.
    assert_eq!(free.len(), 2);
    assert!(free.iter().all(|text| text.prompt.is_empty()));
    assert!(free.iter().any(|text| !text.text.is_empty()), "{free:?}");
    // Where texts have no beginning, one begins as the corpus does.
    recipe.run.name = "words".to_owned();
    recipe.tokenizer.train.kind = TokenizerKind::WordLevel;
    recipe.data.end = String::new();
    let free = texts(&recipe);
    assert_eq!(free.len(), 2);
    assert!(["the", "a"].contains(&free[0].prompt.as_str()), "{free:?}");
    recipe.run.name = "off".to_owned();
    recipe.evaluation.samples = false;
    assert_eq!(texts(&recipe), []);
}
