//! The form that a run is started from: what was changed, over the defaults of its kind of run.

mod names;
mod paths;
mod rows;
mod survey;
mod typed;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::Value;

pub use self::paths::completed;
pub use self::rows::FormRow;
pub use self::survey::{Costs, Surveyed};
pub(super) use self::typed::written;
use self::typed::{next_name, value};
use super::fields::{
    BASE, CORPUS, EPOCHS, FIELDS, FINETUNE, FRESH, Field, Group, LATEST, MODEL, NAME, OVERWRITE,
    PROMPTS, RESTORE, SCRATCH,
};
use crate::model::DevicePreference;
use crate::sampling::SamplerSettings;
use crate::training::presets::{DEMO, NOTHING, STYLE, preset};
use crate::training::recipe::When;
use crate::training::{Allowed, LayeredRecipe, Recipe, Restore};
use crate::tui::state::train::runs::ReadRecipe;

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
    /// The selected row, of [`Self::rows`]: 0 starts the run.
    pub row: usize,
    /// The groups whose fields are in sight.
    open: BTreeSet<Group>,
    /// What was found of the run that it describes.
    pub found: Surveyed,
    pub problem: Option<Problem>,
    /// What stayed when the kind of run was changed.
    pub kept: Option<String>,
    /// The names of the runs that there are.
    taken: BTreeSet<String>,
    /// The name that was made of another run's.
    filled: Option<String>,
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

    /// Takes the recipe of a demonstration, as it is.
    pub fn demonstrate(&mut self, demo: &str) {
        self.changed = BTreeMap::from([(BASE, demo.to_owned())]);
    }

    /// Takes over the recipe of a run, to begin another one with its checkpoint, or as it began where it has none.
    pub fn fill(&mut self, read: &ReadRecipe) {
        let Ok(mut layers) = LayeredRecipe::new(None) else {
            return;
        };
        if layers.lay_recipe(&read.recipe).is_err() {
            return;
        }
        let finetunes = read.checkpoint.is_some() || !read.recipe.model.from.is_empty();
        let base = if finetunes { FINETUNE } else { SCRATCH };
        self.changed = BTreeMap::from([(BASE, base.to_owned())]);
        for at in self.fields() {
            let key = FIELDS[at].key.filter(|_| at != NAME);
            let value = key.and_then(|key| layers.get(key.path));
            let value = value.map(|value| typed::as_typed(&FIELDS[at], value));
            if let Some(value) = value.filter(|value| *value != self.default_of(at)) {
                self.changed.insert(at, value);
            }
        }
        if let Some(checkpoint) = &read.checkpoint {
            self.changed.insert(MODEL, checkpoint.clone());
        }
        let name = self.free(next_name(&read.recipe.run.name));
        self.filled = Some(name.clone());
        self.changed.insert(NAME, name);
        (self.row, self.problem, self.kept) = (0, None, None);
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
        let finetunes = [FINETUNE, DEMO, STYLE].contains(&self.base());
        let demo = [DEMO, STYLE, NOTHING].contains(&self.base());
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

    /// Whether a field is what the corpus proposes.
    pub fn is_proposed(&self, field: usize) -> bool {
        !self.changed.contains_key(&field) && self.proposal(field).is_some()
    }

    /// What a field is unless it is changed.
    pub fn default_of(&self, field: usize) -> String {
        match field {
            BASE => FINETUNE.to_owned(),
            RESTORE => FRESH.to_owned(),
            NAME if self.value(RESTORE) == FRESH => self.free(self.default_in_recipe(NAME)),
            _ => self.default_in_recipe(field),
        }
    }

    fn default_in_recipe(&self, field: usize) -> String {
        self.defaults()
            .ok()
            .and_then(|layers| layers.get(FIELDS[field].key?.path).map(written))
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
        let typed = typed::tidy(&FIELDS[field], typed);
        value(&FIELDS[field], &typed)?;
        self.changed.insert(field, typed);
        if field == NAME || field == RESTORE {
            self.look_at_name();
        }
        Ok(())
    }

    /// Takes the next choice of the selected field, or the one before. Returns false where there is nothing to choose.
    pub fn turn(&mut self, forward: bool) -> bool {
        let Some(field) = self.selected() else {
            return false;
        };
        let choices = FIELDS[field].takes.choices();
        if choices.is_empty() {
            return false;
        }
        let value = self.value(field);
        let now = choices.iter().position(|choice| *choice == value);
        let count = choices.len();
        let next = match (now, forward) {
            (None, _) => 0,
            (Some(now), true) => (now + 1) % count,
            (Some(now), false) => (now + count - 1) % count,
        };
        self.problem = None;
        let before = self.value(BASE);
        self.changed.insert(field, choices[next].to_owned());
        match field {
            BASE => self.tell_kept(&before),
            RESTORE => self.look_at_name(),
            _ => {}
        }
        true
    }

    /// After the kind of run was changed: what has no meaning for the new one is set aside, comes back with the next that
    /// it has one for, and both are told.
    fn tell_kept(&mut self, before: &str) {
        let shown = self.fields();
        let names = |fields: Vec<usize>| -> String {
            let names: Vec<&str> = fields.iter().map(|&field| FIELDS[field].name).collect();
            names.join(", ")
        };
        let all: Vec<usize> = self.changed.keys().copied().collect();
        let (stay, go): (Vec<usize>, Vec<usize>) = all
            .into_iter()
            .filter(|field| *field != BASE)
            .partition(|field| shown.contains(field));
        let stay: Vec<usize> = stay
            .into_iter()
            .filter(|field| self.is_changed(*field))
            .collect();
        let mut said = Vec::new();
        if !stay.is_empty() {
            said.push(format!("Still as you set it: {}.", names(stay)));
        }
        if !go.is_empty() {
            said.push(format!(
                "Set aside, as it has no meaning here: {}.",
                names(go)
            ));
        }
        said.push(format!(
            "All else is the default of {} now, not of {before}.",
            self.value(BASE)
        ));
        self.kept = Some(said.join(" "));
    }

    fn defaults(&self) -> Result<LayeredRecipe, String> {
        let around = &self.surroundings;
        let base = (self.base() == FINETUNE).then_some(around.model.as_str());
        let mut layers = LayeredRecipe::new(base).map_err(|error| error.to_string())?;
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
            self.lay_proposals(&mut layers);
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
        if let Some(field) = problem.field {
            self.select(field);
        }
        self.problem = Some(problem);
    }

    /// A sentence of the trainer's in the form's words, at the field that it speaks of.
    pub fn problem_of(&self, message: &str) -> Problem {
        super::words::problem(message, &self.fields())
    }

    fn read(&self) -> Result<Start, Problem> {
        let general = |message: String| Problem {
            field: None,
            message,
        };
        let mut layers = self.defaults().map_err(general)?;
        for at in self.fields() {
            let field = &FIELDS[at];
            if let (Some(key), Some(typed)) = (field.key, self.changed.get(&at)) {
                let value = value(field, typed).map_err(|message| Problem {
                    field: Some(at),
                    message,
                })?;
                key.lay(value, &mut layers);
            }
        }
        if !self.changed.contains_key(&NAME) {
            layers.set("run.name", Value::String(self.default_of(NAME)));
        }
        let recipe = layers
            .recipe()
            .map_err(|error| self.problem_of(&error.to_string()))?;
        recipe.check().map_err(|error| {
            let problem = self.problem_of(&error.to_string());
            let nothing = recipe.data.corpus.files.is_empty();
            Problem {
                field: nothing.then_some(CORPUS).or(problem.field),
                ..problem
            }
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

#[cfg(test)]
mod tests;
