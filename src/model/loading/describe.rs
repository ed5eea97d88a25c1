//! What is known of a model without loading it: the headers of its files are read, its weights are not.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::chat;
use super::file_names::{CARD, CONFIG};
use super::files::Files;
use super::gguf::Gguf;
use super::guests::GuestFacts;
use super::hub::{HubOptions, cached_models_in};
use super::parts::lone_gguf;
use super::source::is_gguf;
use super::stored::Stored;
use crate::model::loading::families::{Described, family_in};
use crate::model::{EMBEDDED, ModelError, embedded_size};

/// What is known of a model that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelSummary {
    /// What to give as the source.
    pub source: String,
    /// Where it is; none for the embedded one.
    pub path: Option<PathBuf>,
    /// What its files take together.
    #[serde(rename = "size_bytes")]
    pub bytes: u64,
    /// `gpt2`, `llama`, ...; none where it cannot be known.
    pub architecture: Option<String>,
    /// Trainable numbers; where it cannot be loaded, those of its files.
    pub parameters: Option<usize>,
    /// Most tokens that it can look at.
    pub context_length: Option<usize>,
    /// What a GGUF file holds most of its weights in, such as `q4_k`.
    pub quantisation: Option<String>,
    /// The kind of its files and of most numbers in them, such as `safetensors bf16` or `GGUF q4_k`.
    pub form: Option<String>,
    /// As its card or file names it, such as `apache-2.0`.
    pub licence: Option<String>,
    /// Whether it has a chat template.
    pub chat: bool,
    /// Why it cannot be loaded, if that is known.
    pub problem: Option<String>,
}

/// The models that can be loaded without a download: the embedded one and those in the hub's cache.
pub fn models_at_hand() -> Vec<ModelSummary> {
    models_at_hand_in(&HubOptions::from_env().cache)
}

/// [`models_at_hand`] with another cache than the environment's.
pub fn models_at_hand_in(cache: &Path) -> Vec<ModelSummary> {
    let cached = cached_models_in(cache).into_iter().map(|model| {
        let summary = if model.path.is_dir() {
            let files = Files::Directory(model.path.clone());
            of_directory(model.id, model.path, &files)
        } else {
            of_gguf(model.id, &model.path)
        };
        ModelSummary {
            bytes: model.bytes,
            ..summary
        }
    });
    std::iter::once(embedded_summary()).chain(cached).collect()
}

/// The embedded model.
pub(super) fn embedded_summary() -> ModelSummary {
    ModelSummary {
        bytes: embedded_size(),
        ..of_files(EMBEDDED.to_owned(), None, &Files::Embedded)
    }
}

/// Describes a directory with a model, or a GGUF file. One that cannot be loaded is described as far as it can be
/// read, with the problem.
///
/// # Errors
/// When there is no such directory or GGUF file.
pub fn describe(path: &Path) -> Result<ModelSummary, ModelError> {
    let source = path.display().to_string();
    if path.is_dir() {
        let files = Files::Directory(path.to_owned());
        let bytes = bytes_in(path);
        return Ok(ModelSummary {
            bytes,
            ..of_directory(source, path.to_owned(), &files)
        });
    }
    if path.is_file() && is_gguf(path) {
        return Ok(of_gguf(source, path));
    }
    Err(ModelError::file(
        source,
        "is neither a directory nor a GGUF file; name one that holds a model",
    ))
}

fn of_directory(source: String, path: PathBuf, files: &Files) -> ModelSummary {
    match lone_gguf(files) {
        Ok(Some(file)) => ModelSummary {
            path: Some(path),
            ..of_gguf(source, &file)
        },
        Ok(None) => of_files(source, Some(path), files),
        Err(error) => ModelSummary {
            problem: Some(error.to_string()),
            ..unknown(source, Some(path))
        },
    }
}

fn of_files(source: String, path: Option<PathBuf>, files: &Files) -> ModelSummary {
    let json = files.read(CONFIG);
    let family = json.as_ref().ok().and_then(|json| family_in(json));
    let config = json.and_then(|json| Described::from_json(&json, &files.label(CONFIG)));
    let card = files.read(CARD).ok();
    let card = card.as_deref().map(String::from_utf8_lossy);
    // Only a model that cannot be described is counted by all of its files.
    let stored = Stored::of(files, config.is_err());
    let summary = with_architecture(
        config,
        ModelSummary {
            architecture: family.map(|name| short(&name)),
            parameters: stored.as_ref().and_then(|stored| stored.numbers),
            form: stored.map(|stored| format!("safetensors {}", stored.main_type)),
            licence: card.and_then(|card| licence(&card)),
            chat: matches!(chat::in_files(files), Ok(Some(_))),
            ..unknown(source, path)
        },
    );
    match GuestFacts::of_files(files) {
        Ok(None) => summary,
        Ok(Some(guest)) => ModelSummary {
            parameters: Some(guest.parameters()),
            context_length: Some(guest.context_length()),
            problem: None,
            ..summary
        },
        Err(error) => ModelSummary {
            problem: Some(error.to_string()),
            ..summary
        },
    }
}

fn of_gguf(source: String, path: &Path) -> ModelSummary {
    let summary = ModelSummary {
        bytes: std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
        ..unknown(source, Some(path.to_owned()))
    };
    match Gguf::open(path) {
        Ok(mut file) => {
            let architecture = file.described();
            with_architecture(
                architecture,
                ModelSummary {
                    licence: file.text("general.license").map(short),
                    architecture: file.text("general.architecture").map(short),
                    parameters: Some(file.numbers()),
                    quantisation: Some(file.precision().name().to_owned()),
                    form: Some(format!("GGUF {}", file.precision().name())),
                    chat: matches!(chat::in_gguf(&file), Ok(Some(_))),
                    ..summary
                },
            )
        }
        Err(error) => ModelSummary {
            problem: Some(error.to_string()),
            ..summary
        },
    }
}

fn with_architecture(
    described: Result<Described, ModelError>,
    summary: ModelSummary,
) -> ModelSummary {
    match described {
        Ok(Described { description, .. }) => ModelSummary {
            architecture: Some(description.family.to_owned()),
            parameters: Some(description.parameters()),
            context_length: Some(description.context_length),
            ..summary
        },
        Err(error) => ModelSummary {
            problem: Some(error.to_string()),
            ..summary
        },
    }
}

fn unknown(source: String, path: Option<PathBuf>) -> ModelSummary {
    ModelSummary {
        source,
        path,
        bytes: 0,
        architecture: None,
        parameters: None,
        context_length: None,
        quantisation: None,
        form: None,
        licence: None,
        chat: false,
        problem: None,
    }
}

/// The licence that the front matter of a model card names: the YAML between two lines of dashes.
fn licence(card: &str) -> Option<String> {
    let mut lines = card.lines();
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let field = |key: &str| {
        let mut front = lines.clone().take_while(|line| line.trim_end() != "---");
        front.find_map(|line| line.strip_prefix(key)?.strip_prefix(':').map(unquoted))
    };
    let name = field("license")?;
    // "other" comes with a name of its own.
    let named = field("license_name").filter(|_| name == "other");
    let name = named.unwrap_or(name);
    (!name.is_empty()).then(|| short(&name))
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    text.trim_matches(['"', '\'']).to_owned()
}

/// Safe to show, and no whole licence text.
fn short(name: &str) -> String {
    const LONGEST: usize = 40;
    crate::model::error::visible(name)
        .chars()
        .take(LONGEST)
        .collect()
}

/// What the files of a directory take; links count as what they lead to.
fn bytes_in(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| std::fs::metadata(entry.path()).ok())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licence_is_in_the_front_matter_only() {
        for (card, expected) in [
            (
                "---\nlanguage: en\nlicense: apache-2.0\n---\n# A",
                Some("apache-2.0"),
            ),
            ("---\nlicense: \"mit\"\n---\n", Some("mit")),
            (
                "---\nlicense: other\nlicense_name: llama3\n---\n",
                Some("llama3"),
            ),
            ("---\nlicense: other\n---\n", Some("other")),
            ("---\nlicense: a\u{1b}[2J\n---\n", Some("a\\u{1b}[2J")),
            ("---\ntags: x\n---\nlicense: mit\n", None),
            ("license: mit\n", None),
            ("---\nlicense:\n---\n", None),
            ("", None),
        ] {
            assert_eq!(licence(card).as_deref(), expected, "{card}");
        }
    }

    #[test]
    fn the_embedded_model_is_described() {
        let nowhere = Path::new("/no/such/cache");
        let [embedded] = models_at_hand_in(nowhere).try_into().expect("one model");
        assert_eq!(embedded.source, "embedded");
        assert_eq!(embedded.architecture.as_deref(), Some("gpt2"));
        assert_eq!(embedded.parameters, Some(5_322_240));
        assert_eq!(embedded.form.as_deref(), Some("safetensors f16"));
        assert!(embedded.licence.is_some() && !embedded.chat);
        assert_eq!(embedded.problem, None);
    }
}
