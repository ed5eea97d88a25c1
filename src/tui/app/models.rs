//! The models to choose from: at hand, loaded before, and in a directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::{ModelSummary, describe, models_at_hand};
use crate::text::numbers::bytes;
use crate::training::{CheckpointEntry, RunDirectory};
use crate::tui::Action;
use crate::tui::state::picker::Item;

/// The embedded model, those in the hub's cache, those that were loaded before, what the runs in a directory learned, and
/// the way to others.
pub fn at_hand(recent: &[String], runs: &Path) -> Vec<Item> {
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
        action: Action::Ask(crate::tui::Question::Model),
    };
    let browse = Item {
        label: "look into a directory".to_owned(),
        detail: String::new(),
        action: Action::BrowseModels(PathBuf::from(".")),
    };
    let listed = at_hand.iter().map(item);
    listed
        .chain(before)
        .chain(learned(runs))
        .chain([ask, browse])
        .collect()
}

/// The checkpoints of all runs in a directory, of each run the best one first, which goes by the run's name. A run that
/// cannot be read has none.
fn learned(directory: &Path) -> Vec<Item> {
    let mut items = Vec::new();
    for run in RunDirectory::all(directory).unwrap_or_default() {
        let (Ok(Some(best)), Ok(all)) = (run.best_checkpoint(), run.checkpoints()) else {
            continue;
        };
        let item = |label: &Path, checkpoint: &CheckpointEntry, kind: &str| {
            let step = checkpoint.step;
            let validation = checkpoint
                .validation
                .map_or_else(String::new, |loss| format!(" · validation {loss:.4}"));
            Item {
                label: label.display().to_string(),
                detail: format!("{kind}step {step}{validation}"),
                action: Action::LoadModel(checkpoint.path.display().to_string()),
            }
        };
        items.push(item(run.path(), &best, "best checkpoint, "));
        let newest_first = all.iter().rev();
        items.extend(newest_first.map(|one| item(&one.path, one, "checkpoint, ")));
    }
    items
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
        let items = at_hand(&recent, Path::new("no/such/runs"));
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
    fn what_runs_learned_is_listed_the_best_checkpoint_by_the_run_s_name() {
        let runs = tempfile::tempdir().expect("a directory");
        let run = runs.path().join("shakes");
        fs::create_dir_all(run.join("checkpoints")).expect("made");
        fs::write(run.join("recipe.toml"), "").expect("written");
        assert!(learned(runs.path()).is_empty(), "no checkpoint yet");
        for (step, loss) in [(30, 3.5), (60, 3.1), (90, 3.3)] {
            let path = run.join(format!("checkpoints/step-{step:08}"));
            fs::create_dir(&path).expect("made");
            let state = serde_json::json!({
                "step": step, "updates": step, "rate_factor": 1.0, "smoothed_sum": 1.0, "smoothed_weight": 1.0,
                "tokens": 1, "elapsed": 1.0, "validation": loss, "best_validation": loss, "stale": 0,
                "followed": [], "metrics_bytes": 0, "samples_bytes": 0,
            });
            fs::write(path.join("training.json"), state.to_string()).expect("written");
            fs::write(path.join("config.json"), "{}").expect("written");
            // No tensors: the length of the header, and the header.
            fs::write(path.join("model.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("written");
        }
        let items = learned(runs.path());
        let path = |step: u64| {
            run.join(format!("checkpoints/step-{step:08}"))
                .display()
                .to_string()
        };
        assert_eq!(items[0].label, run.display().to_string());
        assert_eq!(items[0].action, Action::LoadModel(path(60)));
        assert!(
            items[0].detail.contains("validation 3.1000"),
            "{}",
            items[0].detail
        );
        let others: Vec<String> = items[1..].iter().map(|item| item.label.clone()).collect();
        assert_eq!(others, [90, 60, 30].map(path));
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
