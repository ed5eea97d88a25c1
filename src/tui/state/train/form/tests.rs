//! What the form makes of what is typed.

use super::*;
use crate::training::Survey;
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
    let mut gone = false;
    while form.value(BASE) != SCRATCH {
        form.turn(true);
        let said = form.kept.clone().expect("a word on what stays");
        gone |= said.contains("Set aside, as it has no meaning here: LoRA rank.");
    }
    assert!(gone);
    let kept = form.kept.clone().expect("a word on what stayed");
    assert!(kept.contains("Still as you set it: batch."), "{kept}");
    assert!(kept.contains("the default of from scratch now"), "{kept}");
    while form.value(BASE) != FINETUNE {
        form.turn(true);
    }
    // What was set aside is back.
    assert_eq!(form.value(field("LoRA rank")), "8");
    assert_eq!(form.value(field("batch")), "3");
    // The demonstration has its own corpus.
    form.set(CORPUS, "a.txt").expect("a list");
    while form.value(BASE) != DEMO {
        form.turn(true);
    }
    assert!(!form.fields().contains(&CORPUS));
    form.set(field("batch"), "").expect("the default");
    form.set(field("LoRA rank"), "").expect("the default");
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

/// What would be found of a corpus.
fn survey(steps_per_epoch: u64) -> Survey {
    Survey {
        steps_per_epoch,
        prompt: Some("Weather for the coast".to_owned()),
        probe: Some("rain in the".to_owned()),
        remarks: vec!["name a --validation-file".to_owned()],
        ..Survey::default()
    }
}

#[test]
fn the_corpus_proposes_what_was_not_typed() {
    let mut form = form();
    assert_eq!(form.to_survey(), None);
    form.set(CORPUS, "a.txt").expect("a list");
    let recipe = form.to_survey().expect("a run");
    assert!(form.ask(Some(&recipe), true) && !form.ask(Some(&recipe), true));
    form.surveyed(&recipe, Ok(survey(25)), true);
    assert_eq!(form.value(PROMPTS), "Weather for the coast");
    assert_eq!(form.value(field("probe")), "rain in the");
    assert_eq!(form.value(EPOCHS), "4");
    assert!(form.is_proposed(EPOCHS) && !form.is_changed(EPOCHS));
    let costs = form.costs().expect("costs");
    assert_eq!(costs.price.steps, 100);
    assert_eq!(costs.survey.remarks, ["name a “validation file”"]);
    let start = form.start().expect("a run");
    assert_eq!(start.recipe.evaluation.prompts, ["Weather for the coast"]);
    assert_eq!(start.recipe.evaluation.probe, "rain in the");
    // Some eight times a run, and at each epoch's end.
    assert_eq!((costs.price.samples, start.recipe.training.epochs), (9, 4));
    // What is looked at on the way asks for no other look; the batch does.
    form.set(PROMPTS, "Snow").expect("a text");
    form.set(EPOCHS, "2").expect("a number");
    let recipe = form.to_survey().expect("a run");
    assert!(!form.ask(Some(&recipe), true));
    assert_eq!(form.costs().expect("costs").price.steps, 50);
    form.set(field("batch"), "4").expect("a number");
    let other = form.to_survey().expect("a run");
    assert!(form.ask(Some(&other), true));
    assert!(
        form.found.survey.is_some(),
        "as long as the corpus is the same"
    );
    // What was found of another run is not taken in.
    form.surveyed(&recipe, Err("too late".to_owned()), true);
    assert_eq!(form.wrong(), None);
    form.surveyed(&other, Err("a.txt: no such file".to_owned()), true);
    assert_eq!(form.wrong().and_then(|wrong| wrong.field), Some(CORPUS));
    form.set(CORPUS, "b.txt").expect("a list");
    let other = form.to_survey().expect("a run");
    assert!(form.ask(Some(&other), true));
    assert!(form.wrong().is_none() && form.costs().is_none());
}

#[test]
fn what_decides_least_is_folded_and_a_mistake_unfolds_it() {
    let mut form = form();
    let names: Vec<String> = form
        .rows()
        .into_iter()
        .map(|row| match row {
            FormRow::Start => "start".to_owned(),
            FormRow::Field(at) => FIELDS[at].name.to_owned(),
            FormRow::Group(group) => format!("+{}", group.name()),
        })
        .collect();
    let first = [
        "start", "what", "corpus", "model", "epochs", "prompts", "run name",
    ];
    let folded = ["+learning", "+memory", "+watching", "+data", "+keeping"];
    assert_eq!(names, [&first[..], &folded[..]].concat());
    form.set(CORPUS, "a.txt").expect("a list");
    form.set(field("learning rate"), "0").expect("a number");
    assert!(
        form.summary(Group::Learning)
            .starts_with("learning rate 0 ·")
    );
    form.start().expect_err("no rate");
    assert_eq!(form.selected(), Some(field("learning rate")));
    assert!(form.is_open(Group::Learning));
    // Folded again, by hand.
    form.step(-1);
    assert_eq!(form.selected_row(), FormRow::Group(Group::Learning));
    assert!(form.fold(|open| !open) && !form.is_open(Group::Learning));
}

#[test]
fn a_name_that_is_taken_is_told_where_it_is_typed() {
    let mut form = form();
    form.know_names(["poems", "poems-2"].map(str::to_owned).into());
    form.set(NAME, "poems").expect("a name");
    let said = form.problem.clone().expect("a word on it");
    assert_eq!(said.field, Some(NAME));
    assert!(said.message.contains("poems-3 is free"), "{said:?}");
    form.set(RESTORE, OVERWRITE).expect("a choice");
    assert_eq!(form.problem, None);
    form.set(RESTORE, FRESH).expect("a choice");
    assert!(form.problem.is_some());
    form.set(NAME, "poems-3").expect("a name");
    assert_eq!(form.problem, None);
}

#[test]
fn paths_are_kept_without_the_quotes_they_came_in() {
    let mut form = form();
    form.set(CORPUS, "'/a/my poems.txt' '/b;c.txt'")
        .expect("paths");
    assert_eq!(form.value(CORPUS), "/a/my poems.txt; \"/b;c.txt\"");
    let files = form.start().expect("a run").recipe.data.corpus.files;
    assert_eq!(
        files,
        ["/a/my poems.txt", "/b;c.txt"].map(std::path::PathBuf::from)
    );
}
