//! What a source's name names.

use std::path::{Path, PathBuf};

use super::embedded::EMBEDDED;
use super::hub_id::HubId;
use crate::model::ModelError;

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Embedded,
    Directory(PathBuf),
    /// A GGUF file.
    File(PathBuf),
    Hub(HubId),
}

impl Source {
    /// Understands `embedded`, an existing directory or GGUF file, and `name` or `organisation/name` with an optional
    /// `@revision` and an optional `:FILE.gguf` or `:QUANTISATION`.
    ///
    /// # Errors
    /// When it is none of these.
    pub(super) fn parse(text: &str) -> Result<Self, ModelError> {
        let wrong =
            |problem: String| Err(ModelError::Source(crate::model::error::visible(&problem)));
        if text == EMBEDDED {
            return Ok(Self::Embedded);
        }
        let path = expand_home(text);
        if path.is_dir() {
            return Ok(Self::Directory(path));
        }
        if path.is_file() {
            return if is_gguf(&path) {
                Ok(Self::File(path))
            } else {
                wrong(format!(
                    "`{text}` is no GGUF file; name one, or the directory that holds the model's files"
                ))
            };
        }
        if let Some(beginning) = local_beginning(text) {
            return wrong(format!(
                "there is no directory or file `{text}`, although `{beginning}` is here; check the path, or write \
                 `{text}@main` for a model on the hub"
            ));
        }
        let missing = format!("there is no directory or file `{text}`; check the path");
        if !text.contains(':') && is_gguf(&path) {
            return wrong(missing);
        }
        if let Some(id) = HubId::parse(gpt2_of_size(text).unwrap_or(text)) {
            return Ok(Self::Hub(id));
        }
        if text.starts_with(['.', '/', '~']) || text.matches(['/', '\\']).count() > 1 {
            return wrong(missing);
        }
        wrong(format!(
            "`{text}` is no model; use `{EMBEDDED}`, a directory, a GGUF file, or a hub id such as `gpt2`, `organisation/name` or `organisation/name:Q4_K_M`"
        ))
    }

    /// The name for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Embedded => EMBEDDED.to_owned(),
            Self::Directory(path) | Self::File(path) => path
                .canonicalize()
                .ok()
                .as_deref()
                .and_then(last_part)
                .unwrap_or_else(|| path.display().to_string()),
            Self::Hub(id) => id.to_string(),
        }
    }
}

/// The hub's name of the GPT-2 that was published as of this size.
fn gpt2_of_size(size: &str) -> Option<&'static str> {
    match size {
        "124M" => Some("gpt2"),
        "355M" => Some("gpt2-medium"),
        "774M" => Some("gpt2-large"),
        "1558M" => Some("gpt2-xl"),
        _ => None,
    }
}

/// The last part of a path; of a run's checkpoint, the run's name before it.
fn last_part(path: &Path) -> Option<String> {
    let text = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
    let name = path.file_name().map(text)?;
    let parent = path.parent()?;
    let run = parent.parent().and_then(Path::file_name).map(text);
    match run.filter(|_| parent.ends_with("checkpoints") && name.starts_with("step-")) {
        Some(run) => Some(format!("{run}/{name}")),
        None => Some(name),
    }
}

/// The directory that a path without an end begins with: what looks like a hub id is a path where its first part is here.
fn local_beginning(text: &str) -> Option<&str> {
    let (beginning, _) = text.split_once('/')?;
    let is_here = !beginning.is_empty() && expand_home(beginning).is_dir();
    (is_here && !beginning.starts_with(['.', '~']) && !text.contains(['@', ':']))
        .then_some(beginning)
}

/// Whether a file says by its name that it holds a model in GGUF.
pub(super) fn is_gguf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

/// `~/models` as a shell would have it: settings files know no shell.
fn expand_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), etcetera::home_dir()) {
        (Some(rest), Ok(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_ids_have_one_or_two_parts_a_revision_and_a_file() {
        // The first part is a directory here; the revision says that the hub is meant.
        assert!(matches!(Source::parse("src/a@main"), Ok(Source::Hub(_))));
        for (text, repository, revision, file) in [
            ("gpt2", "gpt2", "main", None),
            (
                "openai-community/gpt2-xl",
                "openai-community/gpt2-xl",
                "main",
                None,
            ),
            ("org/my.model_1@v1.0", "org/my.model_1", "v1.0", None),
            ("gpt2@refs/pr/1", "gpt2", "refs/pr/1", None),
            ("org/a:Q4_K_M", "org/a", "main", Some("Q4_K_M")),
            ("org/a@v1:a.gguf", "org/a", "v1", Some("a.gguf")),
        ] {
            let expected = HubId {
                repository: repository.to_owned(),
                revision: revision.to_owned(),
                file: file.map(str::to_owned),
            };
            assert_eq!(
                Source::parse(text).expect(text),
                Source::Hub(expected.clone())
            );
            assert_eq!(Source::Hub(expected).name(), text);
        }
        assert_eq!(
            Source::parse("embedded").expect("embedded"),
            Source::Embedded
        );
    }

    #[test]
    fn what_names_nothing_says_what_would() {
        for (text, expected) in [
            (
                "two words",
                "use `embedded`, a directory, a GGUF file, or a hub id",
            ),
            ("", "use `embedded`"),
            ("gpt2@", "use `embedded`"),
            ("gpt2:", "use `embedded`"),
            (
                "gpt2@/etc/passwd",
                "no directory or file `gpt2@/etc/passwd`",
            ),
            ("gpt2@/a", "use `embedded`"),
            ("gpt2@a//b", "no directory or file"),
            ("gpt2@a/../b", "no directory or file"),
            ("gpt2@a/.b", "use `embedded`"),
            ("gpt2@a.lock/b", "use `embedded`"),
            ("gpt2@a.", "use `embedded`"),
            ("gpt2:../a.gguf", "use `embedded`"),
            ("a/../b", "no directory or file `a/../b`"),
            ("./nowhere", "no directory or file `./nowhere`"),
            ("/no/such/model", "no directory or file `/no/such/model`"),
            (
                "src/no-such-model",
                "`src/no-such-model`, although `src` is here; check the path, or write `src/no-such-model@main`",
            ),
            ("src/a/b", "`src/a/b`, although `src` is here"),
            ("missing.gguf", "no directory or file `missing.gguf`"),
            ("bell\u{7}", "bell\\u{7}"),
            ("Cargo.toml", "is no GGUF file; name one, or the directory"),
        ] {
            let error = Source::parse(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_directory_is_named_by_its_last_part() {
        let here = Source::parse(".").expect("the current directory");
        let expected = std::env::current_dir().expect("a directory");
        let expected = expected.file_name().expect("a name").to_string_lossy();
        assert_eq!(here.name(), expected);
    }

    #[test]
    fn a_checkpoint_is_named_with_its_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("poems/checkpoints/step-00000040");
        std::fs::create_dir_all(&path).expect("writable");
        let source = Source::parse(path.to_str().expect("UTF-8")).expect("a directory");
        assert_eq!(source.name(), "poems/step-00000040");
    }

    #[test]
    fn the_published_sizes_name_gpt2() {
        for (size, name) in [
            ("124M", "gpt2"),
            ("355M", "gpt2-medium"),
            ("774M", "gpt2-large"),
            ("1558M", "gpt2-xl"),
        ] {
            assert_eq!(Source::parse(size).expect("a source").name(), name);
        }
    }
}
