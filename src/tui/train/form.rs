//! The form that a run is started from: what was changed, over the defaults of its kind of run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::Value;

use super::fields::{
    BASE, CORPUS, FIELDS, FINETUNE, FRESH, Field, Kind, LATEST, NAME, OVERWRITE, RESTORE, When,
};
use super::words;
use crate::model::DevicePreference;
use crate::sampling::SamplerSettings;
use crate::training::presets::{DEMO, preset};
use crate::training::{Allowed, Layers, Recipe, Restore};

/// Samples and validations of a run where the form starts: enough to watch.
const TIMES: i64 = 8;

/// What the rest of the playground knows that a form begins with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    /// The model of Play.
    pub model: String,
    /// The prompt of Play.
    pub prompt: String,
    pub sampler: SamplerSettings,
    pub device: DevicePreference,
}

/// A run to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    pub recipe: Recipe,
    pub restore: Restore,
    pub allowed: Allowed,
}

/// A field that cannot stand as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, where it is known.
    pub field: Option<usize>,
    pub message: String,
}

/// The form.
#[derive(Debug, Clone, Default)]
pub struct Form {
    surroundings: Surroundings,
    /// What was typed or chosen, by field.
    changed: BTreeMap<usize, String>,
    /// The selected row: 0 starts the run, the others are fields.
    pub row: usize,
    pub problem: Option<Problem>,
    /// What stayed when the kind of run was changed.
    pub kept: Option<String>,
    /// The names of the runs that there are.
    taken: BTreeSet<String>,
}

impl Form {
    /// A form as it begins, the corpus selected.
    pub fn new() -> Self {
        Self {
            row: 2,
            ..Self::default()
        }
    }

    /// Takes over what has changed around it. What was typed stays.
    pub fn surround(&mut self, surroundings: Surroundings) {
        self.surroundings = surroundings;
        self.kept = None;
    }

    /// Takes the recipe of the demonstration, as it is.
    pub fn demonstrate(&mut self) {
        self.changed = BTreeMap::from([(BASE, DEMO.to_owned())]);
    }

    /// Takes in which runs there are: a fresh one is named otherwise, so that starting asks for no thought.
    pub fn know_names(&mut self, taken: BTreeSet<String>) {
        self.taken = taken;
    }

    /// Takes in that there is a run of this name now. A name that was typed for it is no suggestion any more.
    pub fn pass_name(&mut self, taken: &str) {
        self.taken.insert(taken.to_owned());
        if self.changed.get(&NAME).is_some_and(|name| name == taken) {
            self.changed.remove(&NAME);
        }
    }

    /// Where the run will be.
    pub fn directory(&self) -> PathBuf {
        let layers = self.defaults().ok();
        let directory = layers
            .as_ref()
            .and_then(|layers| layers.get("run.directory"));
        let directory = directory.and_then(Value::as_str);
        PathBuf::from(directory.unwrap_or("runs"))
    }

    /// The fields that have a meaning for this kind of run.
    pub fn fields(&self) -> Vec<usize> {
        let finetunes = [FINETUNE, DEMO].contains(&self.base());
        let demo = self.base() == DEMO;
        let has_meaning = |at: usize, field: &Field| match field.when {
            // The demonstration is about its own texts.
            _ if at == CORPUS => !demo,
            When::Always => true,
            When::Scratch => !finetunes,
            When::Finetune => finetunes,
        };
        (0..FIELDS.len())
            .filter(|&at| has_meaning(at, &FIELDS[at]))
            .collect()
    }

    /// The selected field, if it is not the row that starts the run.
    pub fn selected(&self) -> Option<usize> {
        let fields = self.fields();
        let at = self.row.checked_sub(1)?;
        fields.get(at.min(fields.len() - 1)).copied()
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let most = self.fields().len();
        self.row = self.row.min(most).saturating_add_signed(by).min(most);
    }

    fn base(&self) -> &str {
        self.changed.get(&BASE).map_or(FINETUNE, String::as_str)
    }

    /// The value of a field, as shown and edited.
    pub fn value(&self, field: usize) -> String {
        let changed = self.changed.get(&field).cloned();
        changed.unwrap_or_else(|| self.default_of(field))
    }

    /// Whether the user changed a field.
    pub fn is_changed(&self, field: usize) -> bool {
        let changed = self.changed.get(&field);
        changed.is_some_and(|value| *value != self.default_of(field))
    }

    /// What a field is unless it is changed.
    pub fn default_of(&self, field: usize) -> String {
        match field {
            BASE => FINETUNE.to_owned(),
            RESTORE => FRESH.to_owned(),
            NAME if self.value(RESTORE) == FRESH => {
                let mut name = self.default_in_recipe(NAME);
                while self.taken.contains(&name) {
                    name = next_name(&name);
                }
                name
            }
            _ => self.default_in_recipe(field),
        }
    }

    fn default_in_recipe(&self, field: usize) -> String {
        self.defaults()
            .ok()
            .and_then(|layers| layers.get(FIELDS[field].key).map(written))
            .unwrap_or_default()
    }

    /// Takes a new value. An empty one is the default again.
    ///
    /// # Errors
    /// When it is none that the field can have.
    pub fn set(&mut self, field: usize, typed: &str) -> Result<(), String> {
        let typed = typed.trim();
        self.problem = None;
        if typed.is_empty() {
            self.changed.remove(&field);
            return Ok(());
        }
        value(&FIELDS[field], typed)?;
        self.changed.insert(field, typed.to_owned());
        Ok(())
    }

    /// Takes the next choice of the selected field, or the one before. Returns false where there is nothing to choose.
    pub fn turn(&mut self, forward: bool) -> bool {
        let Some(field) = self.selected() else {
            return false;
        };
        let Kind::Choice(choices) = FIELDS[field].kind else {
            return false;
        };
        let value = self.value(field);
        let now = choices.iter().position(|choice| *choice == value);
        let count = choices.len();
        let next = match (now, forward) {
            (None, _) => 0,
            (Some(now), true) => (now + 1) % count,
            (Some(now), false) => (now + count - 1) % count,
        };
        self.problem = None;
        self.changed.insert(field, choices[next].to_owned());
        if field == BASE {
            self.drop_hidden();
        }
        true
    }

    /// After the kind of run was changed: what has no meaning for the new one goes, and what stays is told.
    fn drop_hidden(&mut self) {
        let shown = self.fields();
        self.changed.retain(|field, _| shown.contains(field));
        let stays = |field: &usize| *field != BASE && self.is_changed(*field);
        let kept: Vec<&str> = shown
            .iter()
            .filter(|field| stays(field))
            .map(|&field| FIELDS[field].name)
            .collect();
        self.kept = (!kept.is_empty()).then(|| {
            format!(
                "Still as you set it: {}. All else is this kind of run's own default.",
                kept.join(", ")
            )
        });
    }

    fn defaults(&self) -> Result<Layers, String> {
        let around = &self.surroundings;
        let base = (self.base() == FINETUNE).then_some(around.model.as_str());
        let mut layers = Layers::new(base).map_err(|error| error.to_string())?;
        let preset = preset(self.base());
        if let Some(recipe) = &preset {
            layers
                .lay_recipe(recipe)
                .map_err(|error| error.to_string())?;
        } else {
            let prompt = Value::String(around.prompt.clone());
            layers.set("evaluation.prompts", Value::Array(vec![prompt.clone()]));
            layers.set("evaluation.probe", prompt);
            layers.set("evaluation.times", Value::Integer(TIMES));
            let sampler = Value::try_from(&around.sampler).map_err(|error| error.to_string())?;
            layers.set("evaluation.sampler", sampler);
        }
        let device = Value::try_from(around.device).map_err(|error| error.to_string())?;
        layers.set("training.device", device);
        Ok(layers)
    }

    /// The run that the form describes.
    ///
    /// # Errors
    /// When a field, or what they say together, cannot be; noted in [`Self::problem`] too.
    pub fn start(&mut self) -> Result<Start, Problem> {
        let start = self.read();
        self.problem = None;
        if let Err(problem) = &start {
            self.show(problem.clone());
        }
        start
    }

    /// Shows a problem on its row.
    pub fn show(&mut self, problem: Problem) {
        let row = |field| self.fields().iter().position(|&shown| shown == field);
        if let Some(at) = problem.field.and_then(row) {
            self.row = at + 1;
        }
        self.problem = Some(problem);
    }

    /// A sentence of the trainer's in the form's words, at the field that it speaks of.
    pub fn problem_of(&self, message: &str) -> Problem {
        words::problem(message, &self.fields())
    }

    fn read(&self) -> Result<Start, Problem> {
        let general = |message: String| Problem {
            field: None,
            message,
        };
        let mut layers = self.defaults().map_err(general)?;
        for at in self.fields() {
            let field = &FIELDS[at];
            if let (false, Some(typed)) = (field.key.is_empty(), self.changed.get(&at)) {
                let value = value(field, typed).map_err(|message| Problem {
                    field: Some(at),
                    message,
                })?;
                layers.set(field.key, value);
            }
        }
        if !self.changed.contains_key(&NAME) {
            layers.set(FIELDS[NAME].key, Value::String(self.default_of(NAME)));
        }
        let recipe = layers
            .recipe()
            .map_err(|error| self.problem_of(&error.to_string()))?;
        recipe.check().map_err(|error| Problem {
            field: recipe.data.corpus.files.is_empty().then_some(CORPUS),
            ..self.problem_of(&error.to_string())
        })?;
        let restore = self.value(RESTORE);
        Ok(Start {
            recipe,
            restore: match restore.as_str() {
                LATEST => Restore::Latest,
                _ => Restore::Fresh,
            },
            allowed: Allowed {
                overwrite: restore == OVERWRITE,
                changes: false,
            },
        })
    }
}

/// The name with its number counted on; `-2` is added where it has none.
fn next_name(name: &str) -> String {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match name[stem.len()..].parse::<u32>() {
        Ok(number) => format!("{stem}{}", u64::from(number) + 1),
        Err(_) => format!("{name}-2"),
    }
}

/// What was typed, as TOML has it.
fn value(field: &Field, typed: &str) -> Result<Value, String> {
    match field.kind {
        Kind::Text => Ok(Value::String(typed.to_owned())),
        Kind::List => {
            let parts = typed.split(';').map(str::trim);
            let parts = parts.filter(|part| !part.is_empty());
            Ok(Value::Array(
                parts.map(|part| Value::String(part.to_owned())).collect(),
            ))
        }
        Kind::Whole => match typed.parse::<u32>() {
            Ok(number) => Ok(Value::Integer(i64::from(number))),
            Err(_) => Err(format!("`{typed}` is no whole number from 0 up")),
        },
        Kind::Number => match typed.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(format!("`{typed}` is no number")),
        },
        Kind::Choice(choices) if !choices.contains(&typed) => {
            Err(format!("`{typed}` is none of {}", choices.join(", ")))
        }
        Kind::Choice(_) => Ok(match typed.parse::<bool>() {
            Ok(flag) => Value::Boolean(flag),
            Err(_) => Value::String(typed.to_owned()),
        }),
    }
}

/// A value as it would be typed.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().map(written).collect();
            parts.join("; ")
        }
        Value::Float(number) if *number != 0.0 && number.abs() < 1e-3 => format!("{number:e}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::SCRATCH;
    use super::*;

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
        form.demonstrate();
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
        form.demonstrate();
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
        for _ in 0..6 {
            assert!(form.turn(true));
        }
        assert_eq!(form.value(BASE), first);
        form.turn(false);
        assert_eq!(form.value(BASE), "gpt2");
        form.row = 0;
        assert!(!form.turn(true));
    }
}
