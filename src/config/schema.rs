//! Which keys there are: those of the documented default, which names every one.

use std::fmt::{self, Display};
use std::sync::LazyLock;

use toml::{Table, Value};

use super::nearest::{did_you_mean, nearest};

/// The documented default configuration, `config.toml`: every key with what it does, its range and the value that
/// makes it do nothing.
pub const DEFAULT_TOML: &str = include_str!("../../config.toml");

/// The key that names a preset. It is no setting of the sampler.
pub(super) const PRESET: &str = "preset";

static DEFAULTS: LazyLock<Table> =
    LazyLock::new(|| DEFAULT_TOML.parse().expect("config.toml is valid TOML"));

/// A table of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Model,
    Generation,
    Sampler,
    /// The preset of this name.
    Preset(String),
    Ui,
    Keys,
    Log,
}

/// The table that holds one table a preset.
pub(super) const PRESETS: &str = "presets";

/// The tables at the top level.
const TABLES: [&str; 7] = [
    "model",
    "generation",
    "sampler",
    PRESETS,
    "ui",
    "keys",
    "log",
];

impl Section {
    /// The table of this name, if it holds settings itself.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "model" => Self::Model,
            "generation" => Self::Generation,
            "sampler" => Self::Sampler,
            "ui" => Self::Ui,
            "keys" => Self::Keys,
            "log" => Self::Log,
            _ => return None,
        })
    }

    fn table(&self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Generation => "generation",
            // A preset has the sampler's keys.
            Self::Sampler | Self::Preset(_) => "sampler",
            Self::Ui => "ui",
            Self::Keys => "keys",
            Self::Log => "log",
        }
    }

    /// The default of a key, which there is for every key that exists.
    pub(super) fn default_of(&self, name: &str) -> Option<&'static Value> {
        let nested = matches!(self, Self::Preset(_)) && name == PRESET;
        DEFAULTS.get(self.table())?.get(name).filter(|_| !nested)
    }

    /// What is wrong with a key's name, if it is none of this table.
    pub(super) fn unknown(&self, name: &str) -> Option<String> {
        if self.default_of(name).is_some() {
            return None;
        }
        let other = TABLES
            .into_iter()
            .find(|table| contains(table, name) && *table != self.table());
        let advice = match other {
            Some(table) => format!("; it belongs in [{table}]"),
            None if name == PRESET => "; a preset cannot name another".to_owned(),
            None => did_you_mean(name, names_in(self.table())),
        };
        Some(format!("{}{advice}", self.plainly_unknown(name)))
    }

    /// That a name is none of this table, without advice.
    pub(super) fn plainly_unknown(&self, name: &str) -> String {
        let what = if *self == Self::Keys { "action" } else { "key" };
        format!("unknown {what} {name} in [{self}]")
    }
}

impl Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(name) => write!(formatter, "presets.{name}"),
            other => formatter.write_str(other.table()),
        }
    }
}

/// What is wrong with a name at the top level.
pub(super) fn unknown_table(name: &str) -> String {
    match TABLES.into_iter().find(|table| contains(table, name)) {
        Some(table) => format!("{name} stands outside of a table; it belongs in [{table}]"),
        None => format!("unknown table [{name}]{}", did_you_mean(name, TABLES)),
    }
}

/// What is wrong with an environment variable that names no key. `name` is without the prefix, in lower case.
pub(super) fn unknown_variable(name: &str, prefix: &str) -> String {
    let known: Vec<String> = ["model", "generation", "sampler", "ui", "log"]
        .into_iter()
        .flat_map(|table| names_in(table).map(move |name| format!("{table}_{name}")))
        .collect();
    let advice = nearest(name, known.iter().map(String::as_str)).map_or_else(String::new, |name| {
        format!("; did you mean {prefix}{}?", name.to_uppercase())
    });
    format!("names no setting{advice}")
}

fn names_in(table: &str) -> impl Iterator<Item = &'static str> + use<> {
    DEFAULTS
        .get(table)
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::keys)
        .map(String::as_str)
}

fn contains(table: &str, name: &str) -> bool {
    names_in(table).any(|known| known == name && table != "keys")
}
