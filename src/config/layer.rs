//! One layer of the configuration: the settings of a file, of the environment, or of the flags.

use serde::Deserialize;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Value};

use super::origin::{Lines, MOST_TOLD, Origin, Position, Problem};
use super::schema::{PRESETS, Section, unknown_table, unknown_variable};
use super::sources::{CONFIG_VARIABLE, ENVIRONMENT_PREFIX, Override};

/// A key with its value.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) section: Section,
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) origin: Origin,
    /// Where the elements of a list in a file are.
    pub(super) elements: Vec<Origin>,
}

impl Setting {
    /// The key with its table: `sampler.top_k`.
    pub(super) fn key(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

/// Reads the text of a file, in its order. `origin` says where a position in it is.
pub(super) fn from_text(
    text: &str,
    origin: &dyn Fn(Position) -> Origin,
    problems: &mut Vec<Problem>,
) -> Vec<Setting> {
    let reader = Reader {
        lines: Lines::of(text),
        origin,
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        problems.extend(errors.iter().map(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            reader.problem(offset, error.message().to_owned())
        }));
        return Vec::new();
    }
    let mut settings = Vec::new();
    for (name, table) in document.get_ref() {
        let (start, name) = (name.span().start, name.get_ref());
        let section = Section::named(name);
        if section.is_none() && name != PRESETS {
            problems.push(reader.problem(start, unknown_table(name)));
            continue;
        }
        let Some(entries) = reader.entries(name, table, problems) else {
            continue;
        };
        if let Some(section) = section {
            reader.read_section(&section, entries, &mut settings, problems);
            continue;
        }
        for (preset, table) in entries {
            let section = Section::Preset(preset.get_ref().to_string());
            if let Some(entries) = reader.entries(&section.to_string(), table, problems) {
                reader.read_section(&section, entries, &mut settings, problems);
            }
        }
    }
    // Tables come in the order of their names; settings shall come in that of the file.
    settings.sort_by_key(|(start, _)| *start);
    settings.into_iter().map(|(_, setting)| setting).collect()
}

struct Reader<'a> {
    lines: Lines<'a>,
    origin: &'a dyn Fn(Position) -> Origin,
}

impl Reader<'_> {
    fn origin(&self, offset: usize) -> Origin {
        (self.origin)(self.lines.position(offset))
    }

    fn problem(&self, offset: usize, message: String) -> Problem {
        Problem {
            origin: self.origin(offset),
            message,
        }
    }

    /// The entries of what has to be a table.
    fn entries<'t, 'i>(
        &self,
        name: &str,
        value: &'t Spanned<DeValue<'i>>,
        problems: &mut Vec<Problem>,
    ) -> Option<&'t DeTable<'i>> {
        let entries = value.get_ref().as_table();
        if entries.is_none() {
            problems.push(self.problem(
                value.span().start,
                format!("{name} must be a table: write [{name}]"),
            ));
        }
        entries
    }

    fn read_section(
        &self,
        section: &Section,
        entries: &DeTable<'_>,
        settings: &mut Vec<(usize, Setting)>,
        problems: &mut Vec<Problem>,
    ) {
        for (name, value) in entries {
            if section.default_of(name.get_ref()).is_none() {
                // Advice takes time, and so many are not read.
                let advised = problems.len() < MOST_TOLD;
                let message = advised.then(|| section.unknown(name.get_ref())).flatten();
                let message = message.unwrap_or_else(|| section.plainly_unknown(name.get_ref()));
                problems.push(self.problem(name.span().start, message));
                continue;
            }
            let start = value.span().start;
            let elements = match value.get_ref() {
                DeValue::Array(elements) => elements
                    .iter()
                    .map(|element| self.origin(element.span().start))
                    .collect(),
                _ => Vec::new(),
            };
            match Value::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(value) => {
                    let setting = Setting {
                        section: section.clone(),
                        name: name.get_ref().to_string(),
                        value,
                        origin: self.origin(start),
                        elements,
                    };
                    settings.push((start, setting));
                }
                Err(error) => problems.push(self.problem(start, error.message().to_owned())),
            }
        }
    }
}

/// Reads the variables `LOGITSCOPE_SECTION_KEY`. Empty ones count as unset, others that begin so are wrong.
pub(super) fn from_environment(
    variables: &[(String, String)],
    problems: &mut Vec<Problem>,
) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (variable, text) in variables {
        let Some(rest) = variable
            .strip_prefix(ENVIRONMENT_PREFIX)
            .filter(|_| !text.is_empty() && variable != CONFIG_VARIABLE)
        else {
            continue;
        };
        let rest = rest.to_lowercase();
        let origin = Origin::Environment(variable.clone());
        let known = rest.split_once('_').and_then(|(table, name)| {
            let section = Section::named(table).filter(|section| *section != Section::Keys)?;
            let default = section.default_of(name)?;
            Some((section, name, default))
        });
        match known {
            Some((section, name, default)) => settings.push(Setting {
                section,
                name: name.to_owned(),
                value: value_of_text(text, default),
                origin,
                elements: Vec::new(),
            }),
            None => problems.push(Problem {
                origin,
                message: unknown_variable(&rest, ENVIRONMENT_PREFIX),
            }),
        }
    }
    settings
}

/// The value that a variable means, for a key with this default. What cannot be read stays a text, to be refused
/// with the other misfits.
fn value_of_text(text: &str, default: &Value) -> Value {
    let as_text = || Value::String(text.to_owned());
    match default {
        Value::String(_) => as_text(),
        Value::Array(_) if !text.trim_start().starts_with('[') => Value::Array(vec![as_text()]),
        Value::Boolean(_) if matches!(text.trim(), "0" | "1") => Value::Boolean(text.trim() == "1"),
        _ => text.trim().parse().unwrap_or_else(|_| as_text()),
    }
}

/// Reads the flags.
pub(super) fn from_flags(flags: &[Override], problems: &mut Vec<Problem>) -> Vec<Setting> {
    let mut settings = Vec::new();
    for Override { flag, key, value } in flags {
        let origin = Origin::Flag(flag.clone());
        let found = key.rsplit_once('.').and_then(|(table, name)| {
            let section = match table.split_once('.') {
                Some((PRESETS, preset)) => Section::Preset(preset.to_owned()),
                _ => Section::named(table)?,
            };
            Some((section, name))
        });
        let Some((section, name)) = found else {
            problems.push(Problem {
                origin,
                message: unknown_table(key),
            });
            continue;
        };
        match section.unknown(name) {
            Some(message) => problems.push(Problem { origin, message }),
            None => settings.push(Setting {
                section,
                name: name.to_owned(),
                value: value.clone(),
                origin,
                elements: Vec::new(),
            }),
        }
    }
    settings
}
