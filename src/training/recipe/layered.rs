//! A recipe from layers: presets, files, flags, a form's fields. What is laid on later wins, key by key.

use toml::{Table, Value};

use super::Recipe;
use crate::training::TrainingError;

/// Learning rate of a finetuning for which none was chosen: a trained model is moved with care.
const FINETUNING_RATE: f64 = 1e-4;

/// A recipe in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct LayeredRecipe {
    table: Table,
}

impl LayeredRecipe {
    /// The defaults of a training from scratch, or of a finetuning of the model `base`.
    ///
    /// # Errors
    /// When the defaults cannot be written as TOML, which would be a mistake of ours.
    pub fn new(base: Option<&str>) -> Result<Self, TrainingError> {
        let mut recipe = Recipe::default();
        if let Some(base) = base {
            base.clone_into(&mut recipe.model.from);
            recipe.schedule.learning_rate = FINETUNING_RATE;
        }
        let mut layers = Self {
            table: Table::new(),
        };
        layers.lay_recipe(&recipe)?;
        Ok(layers)
    }

    /// Of the keys of a table alone.
    pub fn of(table: Table) -> Self {
        Self { table }
    }

    /// All keys.
    pub fn into_table(self) -> Table {
        self.table
    }

    /// Lays a whole recipe on. What it leaves open stays as it was.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn lay_recipe(&mut self, recipe: &Recipe) -> Result<(), TrainingError> {
        let table = Table::try_from(recipe)
            .map_err(|error| TrainingError::Setting(format!("the recipe is no TOML: {error}")))?;
        self.lay(table);
        Ok(())
    }

    /// Lays the keys of a table on.
    pub fn lay(&mut self, over: Table) {
        merge(&mut self.table, over);
    }

    /// Sets one key, such as `training.batch`.
    pub fn set(&mut self, key: &str, value: Value) {
        set(&mut self.table, key, value);
    }

    /// The value of a key, if it has one.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let mut names = key.split('.');
        let first = self.table.get(names.next()?)?;
        names.try_fold(first, |value, name| value.as_table()?.get(name))
    }

    /// The recipe that results.
    ///
    /// # Errors
    /// When a key is none of a recipe's or has a value that it cannot have.
    pub fn recipe(self) -> Result<Recipe, TrainingError> {
        self.table.try_into().map_err(|error: toml::de::Error| {
            TrainingError::Setting(format!("the recipe: {}", error.message()))
        })
    }
}

/// Lays `over` on `table`.
fn merge(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            // One choice among several is not mixed with another.
            (Some(Value::Table(under)), Value::Table(over))
                if key != "split" && key != "freeze" =>
            {
                merge(under, over);
            }
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let entry = table
                .entry(first)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = entry {
                set(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::presets::preset;

    #[test]
    fn what_is_laid_on_later_wins() {
        let mut layers = LayeredRecipe::new(None).expect("defaults");
        layers
            .lay_recipe(&preset("mini-books").expect("a preset"))
            .expect("TOML");
        layers.set("training.batch", Value::Integer(3));
        layers.set("model.layers", Value::Integer(7));
        assert_eq!(layers.get("training.batch"), Some(&Value::Integer(3)));
        assert_eq!(layers.get("training.batch.none"), None);
        let recipe = layers.recipe().expect("a recipe");
        assert_eq!(
            (
                recipe.training.batch,
                recipe.model.layers,
                recipe.model.width
            ),
            (3, Some(7), Some(256))
        );
    }

    #[test]
    fn what_is_no_key_or_no_value_is_an_error() {
        for (key, value) in [
            ("training.bach", Value::Integer(3)),
            ("training.batch", Value::Integer(-3)),
            ("model.layers", Value::String("many".to_owned())),
        ] {
            let mut layers = LayeredRecipe::new(Some("embedded")).expect("defaults");
            layers.set(key, value);
            assert!(layers.recipe().is_err(), "{key}");
        }
    }
}
