//! What the form of a run asks, in its order: keys of the recipe that have words for it, and two things besides.

use std::sync::LazyLock;

use crate::training::presets::{DEMO, NOTHING, STYLE};
use crate::training::recipe::{self, Key, Takes, When};

/// A field of the form.
#[derive(Debug)]
pub struct Field {
    /// The recipe's key, if it is a part of the recipe.
    pub key: Option<&'static Key>,
    pub name: &'static str,
    pub takes: Takes,
    pub when: When,
    /// What holds where the recipe says nothing.
    pub absent: &'static str,
    pub why: &'static str,
}

/// The field that chooses the defaults of all others.
pub const BASE: usize = 0;
/// The field that says what is learned from.
pub const CORPUS: usize = 1;
/// The model that a finetuning goes on with.
pub const MODEL: usize = 2;
/// The run's name.
pub const NAME: usize = 3;
/// The field that says what becomes of a run of the same name.
pub const RESTORE: usize = 4;

/// Where the run begins, as [`RESTORE`] has it.
pub const FRESH: &str = "fresh";
pub const LATEST: &str = "go on";
pub const OVERWRITE: &str = "overwrite";

/// The choices of [`BASE`] that are no presets.
pub const FINETUNE: &str = "finetune";
pub const SCRATCH: &str = "from scratch";

/// The rows of the form: what decides most comes first.
const ORDER: [&str; 38] = [
    "data.corpus.files",
    "model.from",
    "run.name",
    "training.epochs",
    "training.steps",
    "training.batch",
    "data.context",
    "schedule.learning_rate",
    "schedule.course",
    "schedule.warmup",
    "optimizer.method",
    "optimizer.weight_decay",
    "optimizer.clip",
    "training.accumulate",
    "model.layers",
    "model.heads",
    "model.width",
    "model.feed_forward",
    "model.context",
    "tokenizer.train.kind",
    "tokenizer.train.vocabulary",
    "model.freeze",
    "model.lora.rank",
    "model.dropout.residual",
    "data.validation",
    "data.packing",
    "data.corpus.column",
    "data.corpus.field",
    "evaluation.every",
    "evaluation.sample_every",
    "evaluation.prompts",
    "evaluation.probe",
    "checkpoints.every",
    "checkpoints.keep",
    "checkpoints.weights",
    "training.patience",
    "training.recompute",
    "run.seed",
];

/// All fields, in the order of the form.
pub static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let mut fields: Vec<Field> = ORDER.iter().filter_map(|path| of_key(path)).collect();
    fields.insert(BASE, Field {
        key: None,
        name: "what",
        takes: Takes::OneOf(&[
            FINETUNE,
            DEMO,
            STYLE,
            NOTHING,
            SCRATCH,
            "mini-imdb",
            "mini-books",
            "gpt2",
        ]),
        when: When::Always,
        absent: "",
        why: "Finetuning goes on with a trained model and needs little text and time; the demos do with texts that are in the program; from scratch everything is learned. The others are the recipes of the tutorials and the shape of GPT-2.",
    });
    fields.insert(RESTORE, Field {
        key: None,
        name: "if it exists",
        takes: Takes::OneOf(&[FRESH, LATEST, OVERWRITE]),
        when: When::Always,
        absent: "",
        why: "fresh refuses where a run of this name exists, go on continues after its newest checkpoint, overwrite deletes it first.",
    });
    fields
});

fn of_key(path: &str) -> Option<Field> {
    let key = recipe::key(path)?;
    let row = key.row?;
    Some(Field {
        key: Some(key),
        name: row.name,
        takes: key.takes,
        when: key.when,
        absent: row.absent,
        why: row.why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::LayeredRecipe;
    use crate::training::presets::PRESETS;

    #[test]
    fn every_key_with_words_for_the_form_is_asked_for() {
        let rows = recipe::keys().filter(|(_, key)| key.row.is_some());
        for (_, key) in rows {
            assert!(ORDER.contains(&key.path), "{}", key.path);
        }
        assert_eq!(FIELDS.len(), ORDER.len() + 2);
    }

    #[test]
    fn every_field_is_a_key_of_a_recipe() {
        for field in FIELDS.iter() {
            let Some(key) = field.key else { continue };
            let layers = LayeredRecipe::new(Some("embedded")).expect("defaults");
            let known = layers.get(key.path).is_some() || !field.absent.is_empty();
            assert!(known, "{} has no default", key.path);
            assert!(field.why.ends_with('.'), "{}", field.name);
        }
        assert_eq!(FIELDS[RESTORE].name, "if it exists");
        assert_eq!(FIELDS[CORPUS].name, "corpus");
        assert_eq!(FIELDS[NAME].name, "run name");
        let known = |base: &&str| [FINETUNE, SCRATCH].contains(base) || PRESETS.contains(base);
        assert!(FIELDS[BASE].takes.choices().iter().all(known));
    }

    #[test]
    fn every_choice_is_one_that_a_recipe_takes() {
        for field in FIELDS.iter() {
            let Some(key) = field.key else { continue };
            for choice in field.takes.choices() {
                let mut layers = LayeredRecipe::new(None).expect("defaults");
                key.lay(key.takes.read(&[choice]).expect("a choice"), &mut layers);
                let read = layers.recipe();
                assert!(read.is_ok(), "{} {choice}: {read:?}", key.path);
            }
        }
    }
}
