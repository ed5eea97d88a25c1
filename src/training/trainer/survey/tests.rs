//! What is told before the start is what the start then finds.

use std::path::Path;

use super::*;
use crate::training::{Allowed, Control, Restore, Trainer};

const LINE: &str = "The wind is in the north tonight, and the rain is on the hill.\n";

/// A small run on a corpus in a directory, from scratch.
fn recipe(home: &Path, corpus: &str) -> Recipe {
    let path = home.join("poems.txt");
    std::fs::write(&path, corpus).expect("written");
    let mut recipe = Recipe::default();
    recipe.data.corpus.files = vec![path];
    recipe.run.directory = home.join("runs");
    recipe.tokenizer.train.vocabulary = 300;
    recipe.model.layers = Some(1);
    recipe.model.heads = Some(2);
    recipe.model.width = Some(32);
    recipe.model.context = Some(32);
    recipe.training.batch = 2;
    recipe.training.epochs = 2;
    recipe.evaluation.times = 8;
    recipe
}

fn surveyed(recipe: &Recipe, measure: bool) -> Vec<Survey> {
    let mut found = Vec::new();
    survey(recipe, measure, &Control::default(), &mut |survey| {
        found.push(survey.clone())
    })
    .expect("a survey");
    found
}

#[test]
fn what_is_told_before_is_what_the_run_has() {
    let home = tempfile::tempdir().expect("a directory");
    let recipe = recipe(home.path(), &LINE.repeat(80));
    let found = surveyed(&recipe, true);
    assert!(!home.path().join("runs").exists(), "nothing is left behind");
    let [before, measured] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((before.bytes, before.whole), (LINE.len() as u64 * 80, true));
    assert!(before.speed.is_none() && measured.speed.is_some_and(|speed| speed.step > 0.0));

    let mut looked = (0, 0);
    let mut events = |event: &crate::training::RunEvent| match event {
        crate::training::RunEvent::Validation(_) => looked.0 += 1,
        crate::training::RunEvent::Samples(_) => looked.1 += 1,
        _ => {}
    };
    let (control, allowed) = (Control::default(), Allowed::default());
    let trainer = Trainer::prepare(
        recipe.clone(),
        &Restore::Fresh,
        allowed,
        &control,
        &mut events,
    );
    let mut trainer = trainer.expect("a run");
    let started = trainer.started().clone();
    trainer.run(&mut events).expect("it ends");
    let price = measured.price(&recipe);
    assert_eq!(price.steps, started.steps);
    assert_eq!(before.steps_per_epoch, started.steps_per_epoch);
    assert_eq!(
        (&before.training, &before.validation),
        (&started.training, &started.validation)
    );
    assert_eq!(before.memory, started.memory);
    assert_eq!((price.validations, price.samples), looked);
    assert!(price.seconds.is_some_and(|seconds| seconds > 0.0));
    // The files of the checkpoints, whose tokenizers and notes are small beside the weights of any real model.
    let kept = bytes_below(&home.path().join("runs/run1/checkpoints"), "safetensors");
    let told = price.disk;
    assert!(
        kept <= told + told / 10 && told <= 2 * kept,
        "{told} told, {kept} kept"
    );
}

fn bytes_below(directory: &Path, kind: &str) -> u64 {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten();
    entries
        .map(|entry| match entry.file_type().expect("a kind").is_dir() {
            true => bytes_below(&entry.path(), kind),
            false if entry.path().extension().is_some_and(|found| found == kind) => {
                entry.metadata().expect("a file").len()
            }
            false => 0,
        })
        .sum()
}

#[test]
fn a_corpus_that_is_too_small_to_hold_anything_out_says_so() {
    let home = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(home.path(), &LINE.repeat(20));
    recipe.data.validation = 0.01;
    let found = surveyed(&recipe, false);
    let last = found.last().expect("a survey");
    assert_eq!(last.validation, None);
    assert_eq!(last.price(&recipe).validations, 0);
    let why = last
        .remarks
        .iter()
        .any(|said| said.contains("nothing is validated"));
    assert!(why, "{:?}", last.remarks);
}

#[test]
fn of_a_large_corpus_the_beginning_is_read_and_the_rest_is_carried_over() {
    let home = tempfile::tempdir().expect("a directory");
    let times = 9 * (1 << 20) / LINE.len();
    let recipe = recipe(home.path(), &LINE.repeat(times));
    let found = surveyed(&recipe, false);
    let last = found.last().expect("a survey");
    assert!(!last.whole && last.documents == 1, "{last:?}");
    assert_eq!(last.bytes, (times * LINE.len()) as u64);
    // Every line has the same tokens.
    let whole = (last.training.tokens as f64) / times as f64;
    let small = recipe_of_one_line(home.path());
    assert!(
        (whole - small).abs() / small < 0.1,
        "{whole} a line, not {small}"
    );
}

/// Tokens a line that are learned from in a corpus that is read whole.
fn recipe_of_one_line(home: &Path) -> f64 {
    let recipe = recipe(home, &LINE.repeat(1000));
    surveyed(&recipe, false)[0].training.tokens as f64 / 1000.0
}

#[test]
fn what_is_wrong_is_what_the_run_would_say() {
    let home = tempfile::tempdir().expect("a directory");
    let mut recipe = recipe(home.path(), "The wind.\n");
    let say = |recipe: &Recipe| {
        let control = Control::default();
        let ended = survey(recipe, false, &control, &mut |_| {});
        ended.expect_err("a reason").to_string()
    };
    assert!(say(&recipe).contains("fewer than"), "{}", say(&recipe));
    recipe.data.corpus.files = vec![home.path().join("none.txt")];
    assert!(say(&recipe).contains("none.txt"));
    let ending = Control::default();
    ending.stop();
    recipe.data.corpus.files = vec![home.path().join("poems.txt")];
    assert!(survey(&recipe, true, &ending, &mut |_| {}).is_err());
}

#[test]
fn a_corpus_proposes_what_to_watch() {
    let texts = [
        "Weather for the coast today: rain in the west.\n",
        "Weather for the coast tonight: rain in the west.\n",
        "Weather for the coast now: rain in the east, rain in the west.\n",
    ];
    let texts = texts.map(str::to_owned);
    assert_eq!(
        opening::prompt(&texts).as_deref(),
        Some("Weather for the coast")
    );
    assert_eq!(opening::probe(&texts).as_deref(), Some("rain in the"));
    let single = ["\n\n\u{1b}[2J\nCall me Ishmael. Some years ago".to_owned()];
    assert_eq!(
        opening::prompt(&single).as_deref(),
        Some("Call me Ishmael. Some")
    );
    assert_eq!(opening::probe(&single), None);
    assert_eq!(opening::prompt(&[]), None);
}
