//! What the form makes of what is typed.

use super::*;
use crate::tui::state::train::fields::SCRATCH;

fn field(name: &str) -> usize {
    FIELDS
        .iter()
        .position(|field| field.name == name)
        .unwrap_or_else(|| panic!("{name}"))
}

fn form() -> Form {
    let mut form = Form::new();
    form.surround(Surroundings {
        model: "embedded".to_owned(),
        prompt: "Once upon a time".to_owned(),
        ..Surroundings::default()
    });
    form
}

#[test]
fn defaults_follow_the_kind_of_run() {
    let mut form = form();
    assert_eq!(form.value(field("learning rate")), "1e-4");
    assert_eq!(form.value(field("model")), "embedded");
    assert!(!form.fields().contains(&field("layers")));
    form.set(BASE, "mini-books").expect("a choice");
    assert_eq!(form.value(field("learning rate")), "0.001");
    assert_eq!(form.value(field("layers")), "2");
    assert_eq!(form.value(field("prompts")), "[BOS]");
    form.set(BASE, SCRATCH).expect("a choice");
    assert_eq!(form.value(field("layers")), "");
    assert_eq!(form.value(field("prompts")), "Once upon a time");
}

#[test]
fn what_is_typed_becomes_the_recipe() {
    let mut form = form();
    form.set(field("corpus"), "a b.txt; c.csv").expect("a list");
    form.set(field("batch"), "16").expect("a number");
    form.set(field("schedule"), "linear").expect("a choice");
    form.set(field("clip"), "0.5").expect("a number");
    form.set(RESTORE, OVERWRITE).expect("a choice");
    let start = form.start().expect("a run");
    assert_eq!(start.recipe.data.corpus.files.len(), 2);
    assert_eq!(start.recipe.training.batch, 16);
    assert_eq!(start.recipe.optimizer.clip, 0.5);
    assert_eq!(
        (start.restore, start.allowed.overwrite),
        (Restore::Fresh, true)
    );
    // An empty answer is the default again.
    form.set(field("batch"), " ").expect("the default");
    assert!(!form.is_changed(field("batch")));
}

#[test]
fn what_cannot_be_is_named_with_its_field() {
    let mut form = form();
    form.row = 0;
    let problem = form.start().expect_err("no corpus");
    assert_eq!(problem.field, Some(field("corpus")));
    assert_eq!(form.selected(), Some(field("corpus")));
    assert!(form.set(field("batch"), "many").is_err());
    assert!(form.set(field("schedule"), "slow").is_err());
    assert!(form.set(field("learning rate"), "inf").is_err());
    form.set(field("corpus"), "a.txt").expect("a list");
    form.set(field("learning rate"), "0").expect("a number");
    let problem = form.start().expect_err("no rate");
    assert!(problem.message.contains("learning rate"), "{problem:?}");
}

#[test]
fn the_demonstration_needs_nothing() {
    let mut form = form();
    form.set(field("batch"), "3").expect("a number");
    form.demonstrate(DEMO);
    let start = form.start().expect("a run");
    assert_eq!(start.recipe, preset(DEMO).expect("a preset"));
    assert!(!form.fields().contains(&field("layers")));
}

#[test]
fn names_count_on() {
    assert_eq!(next_name("run1"), "run2");
    assert_eq!(next_name("poems-19"), "poems-20");
    assert_eq!(next_name("poems"), "poems-2");
    assert_eq!(next_name("x4294967295"), "x4294967296");
    let mut form = form();
    assert_eq!(form.value(NAME), "run1");
    form.know_names(["run1", "run2"].map(str::to_owned).into());
    assert_eq!(form.value(NAME), "run3");
    form.pass_name("run3");
    assert_eq!(form.value(NAME), "run4");
    form.set(CORPUS, "a.txt").expect("a list");
    assert_eq!(form.start().expect("a run").recipe.run.name, "run4");
    // Going on is with a run that is there.
    form.set(RESTORE, LATEST).expect("a choice");
    assert_eq!(form.value(NAME), "run1");
    form.demonstrate(DEMO);
    form.know_names(["demo", "demo-2"].map(str::to_owned).into());
    assert_eq!(form.start().expect("a run").recipe.run.name, "demo-3");
}

#[test]
fn another_kind_of_run_keeps_what_has_a_meaning_for_it_and_says_so() {
    let mut form = form();
    form.set(field("batch"), "3").expect("a number");
    form.set(field("LoRA rank"), "8").expect("a number");
    form.row = 1;
    while form.value(BASE) != SCRATCH {
        form.turn(true);
    }
    let kept = form.kept.clone().expect("a word on what stayed");
    assert!(kept.contains("batch") && !kept.contains("LoRA"), "{kept}");
    while form.value(BASE) != FINETUNE {
        form.turn(true);
    }
    assert_eq!(form.value(field("LoRA rank")), "0");
    assert_eq!(form.value(field("batch")), "3");
    // The demonstration has its own corpus.
    form.set(CORPUS, "a.txt").expect("a list");
    while form.value(BASE) != DEMO {
        form.turn(true);
    }
    assert!(!form.fields().contains(&CORPUS));
    form.set(field("batch"), "").expect("the default");
    let recipe = form.start().expect("a run").recipe;
    assert_eq!(recipe, preset(DEMO).expect("a preset"));
}

#[test]
fn choices_go_round() {
    let mut form = form();
    form.row = 1;
    let first = form.value(BASE);
    let choices = FIELDS[BASE].takes.choices();
    assert_eq!(choices.len(), 8);
    for _ in choices {
        assert!(form.turn(true));
    }
    assert_eq!(form.value(BASE), first);
    form.turn(false);
    assert_eq!(form.value(BASE), "gpt2");
    form.row = 0;
    assert!(!form.turn(true));
}
