//! What a source's name names.

use std::path::{Path, PathBuf};

use super::ModelError;
use super::embedded::EMBEDDED;

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Embedded,
    Directory(PathBuf),
    /// A GGUF file.
    File(PathBuf),
    Hub(HubId),
}

/// A model on the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HubId {
    /// `gpt2` or `organisation/name`.
    pub(super) repository: String,
    /// A branch, tag or commit.
    pub(super) revision: String,
}

impl Source {
    /// Understands `embedded`, an existing directory or GGUF file, and `name` or `organisation/name` with an optional
    /// `@revision`.
    ///
    /// # Errors
    /// When it is none of these.
    pub(super) fn parse(text: &str) -> Result<Self, ModelError> {
        let wrong = |problem: String| Err(ModelError::Source(super::error::visible(&problem)));
        if text == EMBEDDED {
            return Ok(Self::Embedded);
        }
        let path = expand_home(text);
        if path.is_dir() {
            return Ok(Self::Directory(path));
        }
        if path.is_file() {
            return match is_gguf(&path) {
                true => Ok(Self::File(path)),
                false => wrong(format!(
                    "`{text}` is no GGUF file; name one, or the directory that holds the model's files"
                )),
            };
        }
        if let Some(id) = HubId::parse(text) {
            return Ok(Self::Hub(id));
        }
        if text.starts_with(['.', '/', '~']) || text.matches(['/', '\\']).count() > 1 {
            return wrong(format!(
                "there is no directory or file `{text}`; check the path"
            ));
        }
        wrong(format!(
            "`{text}` is no model; use `{EMBEDDED}`, a directory, a GGUF file, or a hub id such as `gpt2` or `organisation/name`"
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
                .and_then(Path::file_name)
                .map_or_else(
                    || path.display().to_string(),
                    |name| name.to_string_lossy().into_owned(),
                ),
            Self::Hub(id) => id.to_string(),
        }
    }
}

/// Whether a file says by its name that it holds a model in GGUF.
pub(super) fn is_gguf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

impl HubId {
    fn parse(text: &str) -> Option<Self> {
        let (repository, revision) = text.split_once('@').unwrap_or((text, "main"));
        let plain = |part: &str, more: &[u8]| {
            !part.is_empty()
                && !part.starts_with(['.', '-'])
                && !part.contains("..")
                && part.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || more.contains(&byte)
                })
        };
        let mut parts = repository.split('/');
        let named = parts.by_ref().take(2).all(|part| plain(part, b""));
        // A revision may be a branch with slashes, such as `refs/pr/1`.
        let valid =
            named && parts.next().is_none() && plain(revision, b"/") && !revision.ends_with('/');
        valid.then(|| Self {
            repository: repository.to_owned(),
            revision: revision.to_owned(),
        })
    }
}

impl std::fmt::Display for HubId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.revision.as_str() {
            "main" => f.write_str(&self.repository),
            revision => write!(f, "{}@{revision}", self.repository),
        }
    }
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
    fn hub_ids_have_one_or_two_parts_and_a_revision() {
        for (text, repository, revision) in [
            ("gpt2", "gpt2", "main"),
            (
                "openai-community/gpt2-xl",
                "openai-community/gpt2-xl",
                "main",
            ),
            ("org/my.model_1@v1.0", "org/my.model_1", "v1.0"),
            ("gpt2@refs/pr/1", "gpt2", "refs/pr/1"),
        ] {
            let expected = HubId {
                repository: repository.to_owned(),
                revision: revision.to_owned(),
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
            ("a/../b", "no directory or file `a/../b`"),
            ("./nowhere", "no directory or file `./nowhere`"),
            ("/no/such/model", "no directory or file `/no/such/model`"),
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
}
