//! The models to choose from: at hand, loaded before, and in a directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::Action;
use super::picker::Item;
use super::view::bytes;
use crate::model::{ModelSummary, describe, models_at_hand};

/// The embedded model, those in the hub's cache, those that were loaded before, and the way to others.
pub fn at_hand(recent: &[String]) -> Vec<Item> {
    let at_hand = models_at_hand();
    let known = |source: &String| at_hand.iter().any(|summary| summary.source == *source);
    let mut before: Vec<&String> = Vec::new();
    for source in recent.iter().rev().filter(|source| !known(source)) {
        if !before.contains(&source) {
            before.push(source);
        }
    }
    let before = before.into_iter().map(|source| {
        let summary = describe(Path::new(source)).ok();
        summary.map_or_else(
            || Item {
                label: source.clone(),
                detail: "loaded before".to_owned(),
                action: Action::LoadModel(source.clone()),
            },
            |summary| item(&summary),
        )
    });
    let ask = Item {
        label: "another, by its name or path".to_owned(),
        detail: "hub id, directory, .gguf".to_owned(),
        action: Action::Ask(super::Question::Model),
    };
    let browse = Item {
        label: "look into a directory".to_owned(),
        detail: String::new(),
        action: Action::BrowseModels(PathBuf::from(".")),
    };
    let listed = at_hand.iter().map(item);
    listed.chain(before).chain([ask, browse]).collect()
}

/// The models and the directories in a directory, and the one above it.
pub fn in_directory(directory: &Path) -> Vec<Item> {
    let directory = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    let browse = |label: String, path: PathBuf| Item {
        label,
        detail: "directory".to_owned(),
        action: Action::BrowseModels(path),
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(&directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !name(path).starts_with('.'))
        .collect();
    paths.sort();
    let mut items: Vec<Item> = directory
        .parent()
        .map(|above| {
            browse(
                format!("..  (out of {})", directory.display()),
                above.to_owned(),
            )
        })
        .into_iter()
        .collect();
    for path in paths {
        let is_gguf = path
            .extension()
            .is_some_and(|extension| extension == "gguf");
        if is_gguf || path.join("config.json").is_file() {
            items.extend(describe(&path).ok().map(|summary| item(&summary)));
        } else if path.is_dir() {
            items.push(browse(format!("{}/", name(&path)), path));
        }
    }
    items
}

fn name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// A model with its size, architecture and licence.
fn item(summary: &ModelSummary) -> Item {
    let parameters = summary
        .parameters
        .map(|count| format!("{:.1}M parameters", count as f64 / 1e6));
    let context = summary
        .context_length
        .map(|length| format!("{length} context"));
    let chat = summary.chat.then(|| "chat".to_owned());
    let parts = [
        summary.problem.clone(),
        summary.architecture.clone(),
        summary.quantisation.clone(),
        parameters,
        context,
        chat,
        summary.licence.clone(),
        Some(bytes(summary.bytes as f64)),
    ];
    Item {
        label: summary.source.clone(),
        detail: parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        action: Action::LoadModel(summary.source.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_model_comes_first_and_recent_ones_once() {
        let recent = ["acme/a", "acme/b", "embedded", "acme/a"].map(str::to_owned);
        let items = at_hand(&recent);
        assert_eq!(items[0].label, "embedded");
        assert!(items[0].detail.contains("gpt2"), "{}", items[0].detail);
        let place = |label: &str| {
            let places: Vec<usize> = items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.label == label)
                .map(|(at, _)| at)
                .collect();
            assert_eq!(places.len(), 1, "{label}");
            places[0]
        };
        assert!(place("acme/a") < place("acme/b"), "the newest first");
        assert_eq!(place("embedded"), 0);
    }

    #[test]
    fn a_directory_shows_its_models_and_the_ways_on() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("deeper")).expect("made");
        fs::create_dir(directory.path().join("broken")).expect("made");
        fs::write(directory.path().join("broken/config.json"), "{}").expect("written");
        fs::write(directory.path().join("notes.txt"), "nothing").expect("written");
        let items = in_directory(directory.path());
        let labels: Vec<&str> = items.iter().map(|item| item.label.as_str()).collect();
        assert!(labels[0].starts_with(".."), "{labels:?}");
        assert!(labels.contains(&"deeper/"), "{labels:?}");
        assert!(
            labels.iter().any(|label| label.ends_with("broken")),
            "{labels:?}"
        );
        assert!(
            !labels.iter().any(|label| label.contains("notes")),
            "{labels:?}"
        );
    }
}
