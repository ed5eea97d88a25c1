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
    /// What it is folded under; none for what is always in sight.
    pub group: Option<Group>,
}

/// What fields are folded under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Learning,
    Shape,
    Memory,
    Watching,
    Data,
    Keeping,
}

impl Group {
    pub const ALL: [Self; 6] = [
        Self::Learning,
        Self::Shape,
        Self::Memory,
        Self::Watching,
        Self::Data,
        Self::Keeping,
    ];

    /// Its name in the form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Learning => "learning",
            Self::Shape => "shape",
            Self::Memory => "memory",
            Self::Watching => "watching",
            Self::Data => "data",
            Self::Keeping => "keeping",
        }
    }

    /// What it is about.
    pub fn why(self) -> &'static str {
        match self {
            Self::Learning => {
                "How far the weights move at a step, which of them, and when it is enough."
            }
            Self::Shape => "How large the new model is, and what its tokens are.",
            Self::Memory => {
                "What a step works on at once: more of it is steadier, and takes more memory."
            }
            Self::Watching => "What is looked at on the way, and how often.",
            Self::Data => {
                "How the corpus is read and cut, and what of it is held out for validation."
            }
            Self::Keeping => "What stays on the disk, and what becomes of a run of the same name.",
        }
    }
}

/// The field that chooses the defaults of all others.
pub const BASE: usize = 0;
/// The field that says what is learned from.
pub const CORPUS: usize = 1;
/// The model that a finetuning goes on with.
pub const MODEL: usize = 2;
/// How often the whole corpus is seen.
pub const EPOCHS: usize = 3;
/// What samples begin with.
pub const PROMPTS: usize = 4;
/// The run's name.
pub const NAME: usize = 5;
/// The field that says what becomes of a run of the same name.
pub const RESTORE: usize = 6;

/// Where the run begins, as [`RESTORE`] has it.
pub const FRESH: &str = "fresh";
pub const LATEST: &str = "go on";
pub const OVERWRITE: &str = "overwrite";

/// The choices of [`BASE`] that are no presets.
pub const FINETUNE: &str = "finetune";
pub const SCRATCH: &str = "from scratch";

/// The rows of the form: what decides most comes first, and is always in sight.
const ORDER: [(Option<Group>, &[&str]); 7] = [
    (
        None,
        &[
            "data.corpus.files",
            "model.from",
            "training.epochs",
            "evaluation.prompts",
            "run.name",
        ],
    ),
    (
        Some(Group::Learning),
        &[
            "schedule.learning_rate",
            "schedule.course",
            "schedule.warmup",
            "optimizer.method",
            "training.steps",
            "optimizer.weight_decay",
            "optimizer.clip",
            "model.freeze",
            "model.lora.rank",
            "model.dropout.residual",
            "training.patience",
        ],
    ),
    (
        Some(Group::Shape),
        &[
            "model.layers",
            "model.heads",
            "model.width",
            "model.feed_forward",
            "model.context",
            "tokenizer.train.kind",
            "tokenizer.train.vocabulary",
        ],
    ),
    (
        Some(Group::Memory),
        &[
            "training.batch",
            "data.context",
            "training.accumulate",
            "training.recompute",
        ],
    ),
    (
        Some(Group::Watching),
        &[
            "evaluation.probe",
            "evaluation.every",
            "evaluation.sample_every",
            "evaluation.generation.max_tokens",
        ],
    ),
    (
        Some(Group::Data),
        &[
            "data.validation",
            "data.validation_files",
            "data.corpus.split",
            "data.packing",
            "data.corpus.column",
            "data.corpus.field",
        ],
    ),
    (
        Some(Group::Keeping),
        &[
            "checkpoints.every",
            "checkpoints.keep",
            "checkpoints.weights",
            "run.seed",
        ],
    ),
];

/// All fields, in the order of the form but for [`RESTORE`], which is of the last group.
pub static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let of_group = |&(group, paths): &(Option<Group>, &'static [&'static str])| {
        paths.iter().filter_map(move |path| of_key(path, group))
    };
    let mut fields: Vec<Field> = ORDER.iter().flat_map(of_group).collect();
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
        group: None,
    });
    fields.insert(RESTORE, Field {
        key: None,
        name: "if it exists",
        takes: Takes::OneOf(&[FRESH, LATEST, OVERWRITE]),
        when: When::Always,
        absent: "",
        why: "fresh refuses where a run of this name exists, go on continues after its newest checkpoint, overwrite deletes it first.",
        group: Some(Group::Keeping),
    });
    fields
});

fn of_key(path: &str, group: Option<Group>) -> Option<Field> {
    let key = recipe::key(path)?;
    let row = key.row?;
    Some(Field {
        key: Some(key),
        name: row.name,
        takes: key.takes,
        when: key.when,
        absent: row.absent,
        why: row.why,
        group,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::training::LayeredRecipe;
    use crate::training::presets::PRESETS;

    #[test]
    fn every_key_with_words_for_the_form_is_asked_for() {
        let rows = recipe::keys().filter(|(_, key)| key.row.is_some());
        for (_, key) in rows {
            let stands = ORDER.iter().any(|(_, paths)| paths.contains(&key.path));
            assert!(stands, "{}", key.path);
        }
        let asked: BTreeSet<_> = ORDER.iter().flat_map(|(_, paths)| *paths).collect();
        let rows: usize = ORDER.iter().map(|(_, paths)| paths.len()).sum();
        assert_eq!((FIELDS.len(), rows), (asked.len() + 2, asked.len()));
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
        assert_eq!(FIELDS[MODEL].name, "model");
        assert_eq!(FIELDS[EPOCHS].name, "epochs");
        assert_eq!(FIELDS[PROMPTS].name, "prompts");
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
