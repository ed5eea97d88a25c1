//! What the trainer says, in the words of the form.

use super::fields::{BASE, CORPUS, FIELDS, LATEST, NAME, OVERWRITE, RESTORE};
use super::form::{Problem, written};
use crate::training::Change;
use crate::training::recipe::key;

/// Flags of the command line that the form has otherwise, with the field and the value to choose.
const OTHERWISE: [(&str, usize, &str); 3] = [
    ("--restore latest", RESTORE, LATEST),
    ("--overwrite", RESTORE, OVERWRITE),
    ("--run-name", NAME, ""),
];

/// Names of the recipe and of model files, and what the form calls them.
const INSIDE: [(&str, &str); 6] = [
    ("n_embd", "width"),
    ("n_head", "heads"),
    ("n_layer", "layers"),
    ("n_inner", "feed-forward"),
    ("n_positions", "positions"),
    ("n_ctx", "positions"),
];

/// What differs from the recipe of a run, by the names of the fields.
pub fn change(change: &Change) -> String {
    let row = key(&change.key).and_then(|key| key.row);
    let name = row.map_or(change.key.as_str(), |row| row.name);
    let value = |value: &Option<toml::Value>| match value.as_ref().map(written) {
        Some(value) if !value.is_empty() => value,
        _ => "nothing".to_owned(),
    };
    format!("{name}: {} → {}", value(&change.before), value(&change.now))
}

/// A problem with its field, if the sentence names one of those that are shown.
pub fn problem(message: &str, shown: &[usize]) -> Problem {
    let mut said = message.to_owned();
    let mut field = None;
    for (flag, at, value) in OTHERWISE {
        if said.contains(flag) {
            let choice = match value {
                "" => format!("“{}”", FIELDS[at].name),
                value => format!("“{}: {value}”", FIELDS[at].name),
            };
            said = said.replace(flag, &choice);
            field = field.or(Some(at));
        }
    }
    for (inside, name) in INSIDE {
        said = said.replace(inside, &format!("the {name}"));
    }
    let mut named: Vec<usize> = shown.iter().copied().filter(|&at| at != BASE).collect();
    // The longest name first: `learning rate` before `rate`.
    named.sort_by_key(|&at| std::cmp::Reverse(FIELDS[at].name.len()));
    // By their flags and by their keys; the longest first, since one may begin another.
    let flag = |at: usize| Some(format!("--{}", FIELDS[at].key?.flag?.name));
    let path = |at: usize| Some(FIELDS[at].key?.path.to_owned());
    let mut inside: Vec<(String, usize)> = (0..FIELDS.len())
        .flat_map(|at| [flag(at), path(at)].map(|word| Some((word?, at))))
        .flatten()
        .filter(|(word, _)| word != "--")
        .collect();
    inside.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    for (word, at) in inside {
        while let Some(place) = find_word(&said, &word) {
            let name = format!("“{}”", FIELDS[at].name);
            said.replace_range(place..place + word.len(), &name);
        }
    }
    let first = named
        .iter()
        .filter(|&&at| FIELDS[at].takes.choices().is_empty())
        .filter_map(|&at| Some((find_word(&said, FIELDS[at].name)?, at)))
        .min_by_key(|(place, at)| (*place, std::cmp::Reverse(FIELDS[*at].name.len())));
    Problem {
        field: field
            .or(first.map(|(_, at)| at))
            .filter(|at| shown.contains(at) || *at == CORPUS),
        message: said,
    }
}

/// Where a name stands as a word of its own.
fn find_word(text: &str, name: &str) -> Option<usize> {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_'".contains(c));
    text.match_indices(name).map(|(at, _)| at).find(|&at| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !letter(before.chars().next_back()) && !letter(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str) -> (Option<&str>, String) {
        let shown: Vec<usize> = (0..FIELDS.len()).collect();
        let problem = problem(message, &shown);
        (problem.field.map(|at| FIELDS[at].name), problem.message)
    }

    #[test]
    fn flags_become_fields_and_fields_are_found() {
        let (field, said) = read("the run `run1` exists; choose another --run-name or --overwrite");
        assert_eq!(field, Some("if it exists"));
        assert_eq!(
            said,
            "the run `run1` exists; choose another “run name” or “if it exists: overwrite”"
        );
        let (field, said) = read("the model's shape: n_embd 256 cannot be split into 3 heads");
        assert_eq!(field, Some("width"));
        assert!(
            said.contains("the width 256 cannot be split into 3 heads"),
            "{said}"
        );
        let (field, _) = read("a learning rate of 0 teaches nothing; choose one above 0");
        assert_eq!(field, Some("learning rate"));
        assert_eq!(read("something else altogether").0, None);
        // Not a part of another word.
        assert_eq!(read("the batches are all empty").0, None);
    }

    #[test]
    fn flags_of_fields_are_named_as_fields() {
        let (field, said) = read("choose a smaller --context, or add text");
        assert_eq!(field, Some("context"));
        assert_eq!(said, "choose a smaller “context”, or add text");
        let (_, said) = read(
            "started with 32 as model.context and cannot go on with nothing: choose another --run-name",
        );
        assert_eq!(
            said,
            "started with 32 as “positions” and cannot go on with nothing: choose another “run name”"
        );
    }
}
