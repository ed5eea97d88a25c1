//! What a step sets up, what it waits for, and the keys that walk it in a test.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::Condition;

/// What a run does that a step starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Run {
    /// Generate to the end.
    Generate,
    /// Read the prompt, and wait.
    Pause,
    /// Read the prompt as a text of its own.
    Read,
}

/// The screen that a step is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Screen {
    Play,
    Train,
}

/// What is pressed on a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The default key of an action.
    Action(String),
    /// A text that is typed, written with `'` in front.
    Text(String),
}

impl Key {
    fn read(text: &str) -> Self {
        match text.strip_prefix('\'') {
            Some(typed) => Self::Text(typed.to_owned()),
            None => Self::Action(text.to_owned()),
        }
    }
}

/// Something of a file, with its line.
#[derive(Debug, Clone, PartialEq)]
pub struct At<T> {
    pub line: usize,
    pub value: T,
}

/// What a step sets up and what it waits for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SetUp {
    pub screen: Option<At<Screen>>,
    pub prompt: Option<At<String>>,
    pub preset: Option<At<String>>,
    /// Knobs with their values as they would be typed.
    pub knobs: Vec<At<(String, String)>>,
    /// What is generated or read.
    pub run: Option<At<Run>>,
    /// The token to look at, by its position.
    pub look: Option<At<usize>>,
    /// The pane in focus.
    pub focus: Option<At<String>>,
    /// The knob in hand.
    pub knob: Option<At<String>>,
    /// Whether the pane in focus has the whole screen.
    pub zoom: Option<At<bool>>,
    /// Panes that are hidden.
    pub hide: Vec<At<String>>,
    /// A training that is started.
    pub demonstration: Option<At<String>>,
    /// What is to be true before it goes on: all of it.
    pub wait: Vec<At<Condition>>,
    /// How long until the hint is said.
    pub hint_after: Option<Duration>,
    /// What is pressed on a walk, and does not make it true.
    pub wrong: Vec<At<Key>>,
    /// What is pressed after that, and does.
    pub right: Vec<At<Key>>,
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    screen: Option<Spanned<Screen>>,
    prompt: Option<Spanned<String>>,
    preset: Option<Spanned<String>>,
    #[serde(default)]
    knobs: BTreeMap<String, Spanned<toml::Value>>,
    run: Option<Spanned<Run>>,
    look: Option<Spanned<usize>>,
    focus: Option<Spanned<String>>,
    knob: Option<Spanned<String>>,
    zoom: Option<Spanned<bool>>,
    #[serde(default)]
    hide: Vec<Spanned<String>>,
    demonstration: Option<Spanned<String>>,
    #[serde(default)]
    wait: Vec<Spanned<String>>,
    hint_after: Option<u64>,
    #[serde(default)]
    wrong: Vec<Spanned<String>>,
    #[serde(default, rename = "try")]
    right: Vec<Spanned<String>>,
}

impl SetUp {
    /// Reads a block that begins at a line.
    ///
    /// # Errors
    /// Each thing that is wrong, with its line.
    pub(super) fn read(block: &str, first: usize) -> Result<Self, Vec<(usize, String)>> {
        let line_of = |place: Range<usize>| first + block[..place.start].matches('\n').count();
        let written: Written = toml::from_str(block).map_err(|error| {
            let line = error.span().map_or(first, line_of);
            vec![(line, error.message().to_owned())]
        })?;
        let mut problems = Vec::new();
        let mut wait = Vec::new();
        for condition in written.wait {
            let line = line_of(condition.span());
            match Condition::read(condition.get_ref()) {
                Ok(value) => wait.push(At { line, value }),
                Err(message) => problems.push((line, message)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let keys = |keys: Vec<Spanned<String>>| each(keys, &line_of, |key| Key::read(&key));
        let knobs = written.knobs.into_iter().map(|(name, value)| {
            let line = line_of(value.span());
            let value = as_typed(value.into_inner());
            At {
                line,
                value: (name, value),
            }
        });
        Ok(Self {
            screen: one(written.screen, &line_of),
            prompt: one(written.prompt, &line_of),
            preset: one(written.preset, &line_of),
            knobs: knobs.collect(),
            run: one(written.run, &line_of),
            look: one(written.look, &line_of),
            focus: one(written.focus, &line_of),
            knob: one(written.knob, &line_of),
            zoom: one(written.zoom, &line_of),
            hide: each(written.hide, &line_of, |pane| pane),
            demonstration: one(written.demonstration, &line_of),
            wait,
            hint_after: written.hint_after.map(Duration::from_secs),
            wrong: keys(written.wrong),
            right: keys(written.right),
        })
    }
}

fn one<T>(value: Option<Spanned<T>>, line_of: &impl Fn(Range<usize>) -> usize) -> Option<At<T>> {
    let value = value?;
    Some(At {
        line: line_of(value.span()),
        value: value.into_inner(),
    })
}

fn each<T>(
    values: Vec<Spanned<String>>,
    line_of: &impl Fn(Range<usize>) -> usize,
    read: impl Fn(String) -> T,
) -> Vec<At<T>> {
    let at = |value: Spanned<String>| At {
        line: line_of(value.span()),
        value: read(value.into_inner()),
    };
    values.into_iter().map(at).collect()
}

/// A knob's value as it would be typed: texts without quotes.
fn as_typed(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        other => other.to_string(),
    }
}
