//! What a recipe can say, key by key: what a key takes, its flag with its help, its row in the form with its words. The
//! command line and the form are made of this table, and a test holds it against the recipe itself.

use toml::Value;

use super::LayeredRecipe;
use super::notation::{one_of, real, texts, truth, whole};
use super::table::SECTIONS;

/// What a key takes, and how that is written.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    Text,
    Texts,
    Path,
    Paths,
    /// The lines of a file.
    Lines,
    /// A whole number from 0.
    Whole,
    Real,
    /// `false` or `true`.
    Truth,
    /// The same by other names.
    Either(&'static [&'static str; 2]),
    OneOf(&'static [&'static str]),
    SomeOf(&'static [&'static str]),
    /// In a notation of its own, of which these can be chosen.
    Own(&'static [&'static str], fn(&str) -> Result<Value, String>),
}

/// A flag of the command line.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Without the dashes; empty for what needs none.
    pub name: &'static str,
    /// What its value is called.
    pub value: &'static str,
    /// What it stands for where it has no value.
    pub sets: Option<&'static str>,
    pub help: &'static str,
}

/// For which runs a key has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// From scratch.
    Scratch,
    /// From a trained model.
    Finetune,
}

/// A row of the form.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub name: &'static str,
    /// What holds where the recipe says nothing.
    pub absent: &'static str,
    pub why: &'static str,
}

/// A key of a recipe.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Such as `training.batch`.
    pub path: &'static str,
    pub takes: Takes,
    /// Keys that are set with it to the same.
    pub also: &'static [&'static str],
    pub when: When,
    pub flag: Option<Flag>,
    pub row: Option<Row>,
}

/// All keys, with the heading of help below which their flags stand.
pub fn keys() -> impl Iterator<Item = (&'static str, &'static Key)> {
    let of = |&(heading, keys): &(&'static str, &'static [Key])| {
        keys.iter().map(move |key| (heading, key))
    };
    SECTIONS.iter().flat_map(of)
}

/// The key of this path, if it stands in the table.
pub fn key(path: &str) -> Option<&'static Key> {
    keys().map(|(_, key)| key).find(|key| key.path == path)
}

impl Takes {
    /// Whether it takes several values.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Texts | Self::Paths | Self::SomeOf(_))
    }

    /// What can be chosen; empty where anything can be written.
    pub fn choices(self) -> &'static [&'static str] {
        match self {
            Self::Truth => &["false", "true"],
            Self::Either(names) => names,
            Self::OneOf(choices) | Self::Own(choices, _) => choices,
            _ => &[],
        }
    }

    /// What was written, as the recipe has it. Only the last one counts where it takes no list.
    ///
    /// # Errors
    /// A sentence on why it is none.
    pub fn read(self, written: &[&str]) -> Result<Value, String> {
        let last = *written.last().unwrap_or(&"");
        match self {
            Self::Text | Self::Path => Ok(Value::String(last.to_owned())),
            Self::Texts | Self::Paths | Self::SomeOf(_) => Ok(texts(written.iter().copied())),
            Self::Lines => super::notation::lines(last),
            Self::Whole => whole(last),
            Self::Real => real(last),
            Self::Truth => truth(&["false", "true"], last),
            Self::Either(names) => truth(names, last),
            Self::OneOf(choices) => one_of(choices, last),
            Self::Own(_, read) => read(last),
        }
    }
}

impl Key {
    /// Lays a value on a recipe.
    pub fn lay(&self, value: Value, recipe: &mut LayeredRecipe) {
        for path in self.also {
            recipe.set(path, value.clone());
        }
        recipe.set(self.path, value);
    }

    pub(super) const fn new(path: &'static str, takes: Takes) -> Self {
        Self {
            path,
            takes,
            also: &[],
            when: When::Always,
            flag: None,
            row: None,
        }
    }

    /// With a flag that has a value.
    pub(super) const fn flag(
        self,
        name: &'static str,
        value: &'static str,
        help: &'static str,
    ) -> Self {
        let flag = Flag {
            name,
            value,
            sets: None,
            help,
        };
        Self {
            flag: Some(flag),
            ..self
        }
    }

    /// With a flag that stands for one value.
    pub(super) const fn switch(
        self,
        name: &'static str,
        sets: &'static str,
        help: &'static str,
    ) -> Self {
        let flag = Flag {
            name,
            value: "",
            sets: Some(sets),
            help,
        };
        Self {
            flag: Some(flag),
            ..self
        }
    }

    /// With a row in the form.
    pub(super) const fn row(
        self,
        name: &'static str,
        absent: &'static str,
        why: &'static str,
    ) -> Self {
        let row = Row { name, absent, why };
        Self {
            row: Some(row),
            ..self
        }
    }

    pub(super) const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    pub(super) const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}
