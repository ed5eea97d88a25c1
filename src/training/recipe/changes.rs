//! What differs between two recipes.

use toml::{Table, Value};

use super::Recipe;
use crate::training::TrainingError;

/// A key that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Such as `training.batch`.
    pub key: String,
    /// The value before, if there was one.
    pub before: Option<Value>,
    /// The value now, if there is one.
    pub now: Option<Value>,
}

/// The keys that decide what is learned and differ between two recipes, in the order of their names. Where a run lies
/// and what it is called decides nothing.
///
/// # Errors
/// When a recipe cannot be written as TOML.
pub fn changes(before: &Recipe, now: &Recipe) -> Result<Vec<Change>, TrainingError> {
    let table = |recipe: &Recipe| {
        Table::try_from(recipe)
            .map_err(|error| TrainingError::Setting(format!("the recipe is no TOML: {error}")))
    };
    let mut changes = Vec::new();
    compare("", &table(before)?, &table(now)?, &mut changes);
    changes.retain(|change| !["run.name", "run.directory", "run.cache"].contains(&&*change.key));
    Ok(changes)
}

fn compare(above: &str, before: &Table, now: &Table, changes: &mut Vec<Change>) {
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let key = match above {
            "" => name.clone(),
            above => format!("{above}.{name}"),
        };
        match (before.get(name), now.get(name)) {
            (Some(Value::Table(before)), Some(Value::Table(now))) => {
                compare(&key, before, now, changes);
            }
            (before, now) if before != now => changes.push(Change {
                key,
                before: before.cloned(),
                now: now.cloned(),
            }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_a_run_is_compared() {
        let before = Recipe::default();
        let mut now = before.clone();
        now.run.name = "another".to_owned();
        assert_eq!(changes(&before, &now).expect("TOML"), []);
        now.training.batch += 1;
        now.data.context = 32;
        let changed = changes(&before, &now).expect("TOML");
        let keys: Vec<&str> = changed.iter().map(|change| change.key.as_str()).collect();
        assert_eq!(keys, ["data.context", "training.batch"]);
        assert_eq!(changed[0].now, Some(Value::Integer(32)));
        assert_ne!(changed[0].before, changed[0].now);
    }
}
