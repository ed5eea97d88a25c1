//! What was found of the run that the form describes: its price, what its corpus proposes, what is wrong with it.

use toml::Value;

use super::{EPOCHS, FIELDS, FINETUNE, Form, LayeredRecipe, PROMPTS, Problem, SCRATCH};
use crate::training::recipe::{CheckpointSettings, EvaluationSettings, LoopSettings};
use crate::training::schedule::Schedule;
use crate::training::{Price, Recipe, Survey};

/// What is being looked for, and what was found.
#[derive(Debug, Clone, Default)]
pub struct Surveyed {
    /// What is looked at, as far as it decides what is found.
    asked: Option<Recipe>,
    pub survey: Option<Survey>,
    /// Whether more is to come.
    pub looking: bool,
    /// Whether a step is made to see how long it takes.
    pub measures: bool,
    /// What is wrong with the corpus or the model.
    pub problem: Option<Problem>,
}

/// What the run takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    pub survey: Survey,
    pub price: Price,
}

impl Form {
    /// The run to be surveyed: none as long as there is no corpus, or the form says nothing that can be.
    pub fn to_survey(&self) -> Option<Recipe> {
        Some(self.read().ok()?.recipe)
    }

    /// Takes in what is to be surveyed now. Returns whether that is another one than before.
    pub fn ask(&mut self, recipe: Option<&Recipe>, measures: bool) -> bool {
        let ground = recipe.map(ground);
        if ground == self.found.asked {
            return false;
        }
        let corpus =
            |recipe: &Option<Recipe>| recipe.as_ref().map(|recipe| recipe.data.corpus.clone());
        if corpus(&ground) != corpus(&self.found.asked) {
            self.found.survey = None;
        }
        self.found.problem = None;
        self.found.looking = ground.is_some();
        self.found.measures = measures;
        self.found.asked = ground;
        true
    }

    /// Looks no longer; what was found stays.
    pub fn ask_no_more(&mut self) {
        self.found.asked = None;
        self.found.looking = false;
    }

    /// Takes in what was found of a run, if it is still the one. `last`: whether no more is to come.
    pub fn surveyed(&mut self, recipe: &Recipe, found: Result<Survey, String>, last: bool) {
        if self.found.asked.as_ref() != Some(&ground(recipe)) {
            return;
        }
        self.found.looking = !last;
        match found {
            Ok(mut survey) => {
                for remark in &mut survey.remarks {
                    *remark = self.problem_of(remark).message;
                }
                self.found.survey = Some(survey);
            }
            Err(message) => {
                let mut problem = self.problem_of(&message);
                problem.field = problem.field.or(Some(super::CORPUS));
                self.found.problem = Some(problem);
            }
        }
    }

    /// What the run takes, as far as that is known.
    pub fn costs(&self) -> Option<Costs> {
        let survey = self.found.survey.clone()?;
        let recipe = self.read().ok()?.recipe;
        let price = survey.price(&recipe);
        Some(Costs { survey, price })
    }

    /// What is wrong, whether it was found by looking or at the start.
    pub fn wrong(&self) -> Option<&Problem> {
        self.problem.as_ref().or(self.found.problem.as_ref())
    }

    /// What the corpus proposes for a field.
    pub(super) fn proposal(&self, field: usize) -> Option<String> {
        let proposes = [FINETUNE, SCRATCH].contains(&self.base());
        let survey = self.found.survey.as_ref().filter(|_| proposes)?;
        match FIELDS[field].key?.path {
            "evaluation.probe" => survey.probe.clone().or_else(|| survey.prompt.clone()),
            _ if field == PROMPTS => survey.prompt.clone(),
            _ if field == EPOCHS => Some(self.epochs(survey.steps_per_epoch).to_string()),
            _ => None,
        }
    }

    /// So many epochs that a small corpus has an effect to be seen: a trained model takes on a style in some hundred
    /// steps, one from scratch needs far more.
    fn epochs(&self, steps: u64) -> u64 {
        let (enough, most) = match self.base() {
            FINETUNE => (100, 4),
            _ => (1000, 10),
        };
        let wanted: u64 = enough;
        wanted.div_ceil(steps.max(1)).clamp(1, most)
    }

    /// Lays on what the corpus proposes.
    pub(super) fn lay_proposals(&self, layers: &mut LayeredRecipe) {
        for (at, field) in FIELDS.iter().enumerate() {
            let (Some(key), Some(proposed)) = (field.key, self.proposal(at)) else {
                continue;
            };
            if let Ok(value) = key.takes.read(&[&proposed]) {
                let value: Value = value;
                key.lay(value, layers);
            }
        }
    }
}

/// A recipe without what decides nothing of a survey.
fn ground(recipe: &Recipe) -> Recipe {
    let usual = LoopSettings::default();
    let mut ground = recipe.clone();
    ground.run.name = Recipe::default().run.name;
    ground.schedule = Schedule::default();
    ground.evaluation = EvaluationSettings::default();
    ground.checkpoints = CheckpointSettings::default();
    ground.training.steps = usual.steps;
    ground.training.epochs = usual.epochs;
    ground.training.stop_loss = usual.stop_loss;
    ground.training.patience = usual.patience;
    ground
}
