//! Which key does what. The footer, the help page and the configuration's `[keys]` all come from here.

use std::collections::{BTreeMap, HashMap};

use super::bindings::{BINDINGS, Binding, Bound, Scope};
use super::focus::Focus;
use super::keys::Key;
use super::letters::Letters;
use crate::tui::Action;

/// Keys to actions.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: Vec<Vec<Key>>,
    lookup: HashMap<(Scope, Key), usize>,
    /// Whether hints name keys in words, not by signs.
    in_words: bool,
}

/// What is wrong with a line of `[keys]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("keys.{action}: {message}")]
pub struct KeymapError {
    /// The name on that line.
    pub action: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The default keys: name, keys, what they do. `[keys]` in the configuration has the same names.
pub fn default_keys() -> impl Iterator<Item = (&'static str, &'static [&'static str], &'static str)>
{
    BINDINGS
        .iter()
        .map(|binding| (binding.name, binding.keys, binding.help))
}

impl Keymap {
    /// The default keys, with those actions changed that `overrides` names. An empty list unbinds an action.
    ///
    /// # Errors
    /// The first of those that [`Self::problems`] lists.
    pub fn new(overrides: &BTreeMap<String, Vec<String>>) -> Result<Self, KeymapError> {
        let (map, problems) = Self::build(overrides);
        problems.into_iter().next().map_or(Ok(map), Err)
    }

    /// All that is wrong with a `[keys]` table: names that are no action's, keys that are none, two actions with one
    /// key where both could be meant, and no key left to quit with.
    pub fn problems(overrides: &BTreeMap<String, Vec<String>>) -> Vec<KeymapError> {
        Self::build(overrides).1
    }

    fn build(overrides: &BTreeMap<String, Vec<String>>) -> (Self, Vec<KeymapError>) {
        let mut problems = Vec::new();
        let mut wrong = |action: &str, message: String| {
            problems.push(KeymapError {
                action: action.to_owned(),
                message,
            });
        };
        for name in overrides
            .keys()
            .filter(|name| BINDINGS.iter().all(|binding| binding.name != **name))
        {
            wrong(
                name,
                format!("there is no such action; did you mean {}?", nearest(name)),
            );
        }
        let mut map = Self {
            keys: Vec::with_capacity(BINDINGS.len()),
            lookup: HashMap::new(),
            in_words: false,
        };
        for (index, binding) in BINDINGS.iter().enumerate() {
            let names: Vec<&str> = match overrides.get(binding.name) {
                Some(names) => names.iter().map(String::as_str).collect(),
                None => binding.keys.to_vec(),
            };
            if names.is_empty() && binding.action == Action::Interrupt {
                wrong(
                    binding.name,
                    "at least one key must stay bound, or there would be no way out".to_owned(),
                );
            }
            let mut keys = Vec::with_capacity(names.len());
            for name in names {
                match name.parse::<Key>() {
                    Ok(key) => keys.push(key),
                    Err(error) => wrong(binding.name, error.to_string()),
                }
            }
            for &key in &keys {
                if let Some(other) = map
                    .lookup
                    .insert((binding.scope, key), index)
                    .filter(|other| *other != index)
                {
                    // The line of the user is to blame, not the default that stands in its way.
                    let (blamed, other) = if overrides.contains_key(binding.name) {
                        (index, other)
                    } else {
                        (other, index)
                    };
                    let other = BINDINGS[other].name;
                    wrong(
                        BINDINGS[blamed].name,
                        format!("{key} is also bound to {other}; give one of them another key"),
                    );
                }
            }
            map.keys.push(keys);
        }
        (map, problems)
    }

    /// What a key does while `focus` has the focus.
    pub fn action(&self, key: Key, focus: Focus) -> Option<Action> {
        if focus == Focus::Prompt
            && let Some(c) = key.types()
        {
            return Some(Action::Insert(c));
        }
        let find = |scope| {
            self.lookup
                .get(&(scope, key))
                .map(|index| BINDINGS[*index].action.clone())
        };
        Scope::of(focus)
            .and_then(find)
            .or_else(|| find(Scope::Global))
    }

    /// What a key does in a scope, and nothing else but what holds everywhere.
    pub fn action_in(&self, key: Key, scope: Scope) -> Option<Action> {
        [scope, Scope::Global]
            .into_iter()
            .find_map(|scope| self.lookup.get(&(scope, key)))
            .map(|index| BINDINGS[*index].action.clone())
    }

    /// What a key does in a scope itself.
    pub fn action_of(&self, key: Key, scope: Scope) -> Option<&'static Action> {
        let index = self.lookup.get(&(scope, key))?;
        Some(&BINDINGS[*index].action)
    }

    /// Every binding with its keys, in the order of the help page.
    pub fn bindings(&self) -> impl Iterator<Item = (&'static Binding, &[Key])> {
        BINDINGS.iter().zip(self.keys.iter().map(Vec::as_slice))
    }

    /// The same keys, named by signs or in words of ASCII in hints.
    pub fn in_words(self, in_words: bool) -> Self {
        Self { in_words, ..self }
    }

    /// A key of an action, as a hint; those that type a character left out if `typing`.
    pub fn hint(&self, bound: Bound, typing: bool) -> Option<String> {
        let letters = if typing {
            Letters::Write
        } else {
            Letters::Command
        };
        self.hint_for(bound, |key, _| !letters.takes(key))
    }

    /// As [`Self::hint`], with a key that `means` the action where the hint stands.
    pub fn hint_for(&self, bound: Bound, means: impl Fn(Key, &Action) -> bool) -> Option<String> {
        let action = &bound.binding().action;
        let mut keys = self.keys[bound as usize].iter().copied();
        let key = keys.find(|key| means(*key, action))?;
        Some(if self.in_words {
            key.hint_in_words()
        } else {
            key.hint()
        })
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(&BTreeMap::new()).expect("the default keys are valid, which a test checks")
    }
}

fn nearest(name: &str) -> &'static str {
    BINDINGS
        .iter()
        .map(|binding| binding.name)
        .max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)))
        .unwrap_or("help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(name: &str, keys: &[&str]) -> BTreeMap<String, Vec<String>> {
        BTreeMap::from([(
            name.to_owned(),
            keys.iter().map(|key| (*key).to_owned()).collect(),
        )])
    }

    fn key(name: &str) -> Key {
        name.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_default_keys_are_valid_and_each_action_is_named_once() {
        let map = Keymap::default();
        for (at, (binding, keys)) in map.bindings().enumerate() {
            assert!(!keys.is_empty(), "{}", binding.name);
            assert_eq!(binding.bound as usize, at, "{}", binding.name);
            assert_eq!(
                BINDINGS
                    .iter()
                    .filter(|other| other.name == binding.name)
                    .count(),
                1,
                "{}",
                binding.name
            );
        }
    }

    #[test]
    fn a_pane_comes_before_the_global_keys_and_typing_before_both() {
        let map = Keymap::default();
        assert_eq!(map.action(key("q"), Focus::Text), Some(Action::Quit));
        assert_eq!(
            map.action(key("q"), Focus::Prompt),
            Some(Action::Insert('q'))
        );
        assert_eq!(map.action(key("enter"), Focus::Text), Some(Action::Run));
        assert_eq!(map.action(key("enter"), Focus::Next), Some(Action::Take));
        assert_eq!(
            map.action(key("space"), Focus::Knobs),
            Some(Action::ToggleStage)
        );
        assert_eq!(map.action(key("space"), Focus::Text), Some(Action::Step));
        assert_eq!(
            map.action(key("ctrl-c"), Focus::Prompt),
            Some(Action::Interrupt)
        );
    }

    #[test]
    fn keys_can_be_changed_and_unbound() {
        let map = Keymap::new(&overrides("quit", &["x"])).expect("a valid table");
        assert_eq!(map.action(key("x"), Focus::Text), Some(Action::Quit));
        assert_eq!(map.action(key("q"), Focus::Text), None);
        assert_eq!(map.hint(Bound::Quit, false).as_deref(), Some("x"));
        assert_eq!(map.hint(Bound::Quit, true), None);
        assert!(Keymap::new(&overrides("quit", &[])).is_ok());
    }

    #[test]
    fn what_cannot_be_is_said_in_a_sentence() {
        let error = |name, keys| {
            Keymap::new(&overrides(name, keys))
                .expect_err("not valid")
                .to_string()
        };
        assert_eq!(
            error("qiut", &["x"]),
            "keys.qiut: there is no such action; did you mean quit?"
        );
        assert!(error("quit", &["entr"]).starts_with("keys.quit: \"entr\" is no key: "));
        assert_eq!(
            error("quit", &["p"]),
            "keys.quit: p is also bound to pause; give one of them another key"
        );
        assert!(error("interrupt", &[]).contains("no way out"));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut keys = overrides("quit", &["entr", "ctrl-"]);
        keys.extend(overrides("stpe", &["x"]));
        let problems = Keymap::problems(&keys);
        let actions: Vec<&str> = problems
            .iter()
            .map(|problem| problem.action.as_str())
            .collect();
        assert_eq!(actions, ["stpe", "quit", "quit"]);
        assert!(problems[0].message.contains("step"));
        assert_eq!(Keymap::problems(&BTreeMap::new()), []);
    }
}
