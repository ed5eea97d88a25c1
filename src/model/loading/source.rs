//! What a source's name names.

use std::path::{Path, PathBuf};

use super::embedded::EMBEDDED;
use super::gguf::is_later_part;
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

/// A model on the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HubId {
    /// `gpt2` or `organisation/name`.
    pub(super) repository: String,
    /// A branch, tag or commit.
    pub(super) revision: String,
    /// Which of several GGUF files: its name, or its quantisation, such as `Q4_K_M`.
    pub(super) file: Option<String>,
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

impl HubId {
    fn parse(text: &str) -> Option<Self> {
        let (text, file) = match text.split_once(':') {
            Some((text, file)) => (text, Some(file)),
            None => (text, None),
        };
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
        let valid = named
            && parts.next().is_none()
            && plain(revision, b"/")
            && is_reference(revision)
            && file.is_none_or(|file| plain(file, b""));
        valid.then(|| Self {
            repository: repository.to_owned(),
            revision: revision.to_owned(),
            file: file.map(str::to_owned),
        })
    }

    /// The GGUF file that is meant, of those that a repository or its copy holds; none where no file was chosen and the
    /// model is not in GGUF.
    ///
    /// # Errors
    /// When several could be meant, or the chosen one is not there: a sentence that lists them.
    pub(super) fn choose(
        &self,
        names: impl IntoIterator<Item = String>,
        has_config: bool,
    ) -> Result<Option<String>, ModelError> {
        const LISTED: usize = 24;
        if self.file.is_none() && has_config {
            return Ok(None);
        }
        // A split model is named by its first part.
        let is_plain = |name: &String| {
            is_gguf(Path::new(name)) && !name.contains(['/', '\\']) && !is_later_part(name)
        };
        let mut names: Vec<String> = names.into_iter().filter(is_plain).collect();
        names.sort_unstable();
        let mut found: Vec<&String> = match &self.file {
            Some(file) => names.iter().filter(|name| is_meant(name, file)).collect(),
            None => names.iter().collect(),
        };
        if let [_] = found.as_slice() {
            return Ok(found.pop().cloned());
        }
        let without = Self {
            file: None,
            ..self.clone()
        };
        let problem = match (&self.file, found.as_slice()) {
            (None, []) => return Ok(None),
            (Some(_), []) if names.is_empty() => "has no GGUF files at its top".to_owned(),
            (Some(file), []) => format!("has no GGUF file `{file}`"),
            (Some(file), _) => format!("has several GGUF files for `{file}`"),
            (None, _) => format!("comes as {} GGUF files", names.len()),
        };
        let shown = if found.is_empty() {
            names.iter().collect()
        } else {
            found
        };
        let list: Vec<&str> = shown
            .iter()
            .take(LISTED)
            .map(|name| name.as_str())
            .collect();
        let more = match shown.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let choice = match list.first() {
            None => String::new(),
            Some(first) => format!(
                "; choose one, as in `{without}:{first}`, of: {}{more}",
                list.join(", ")
            ),
        };
        Err(ModelError::Hub(crate::model::error::visible(&format!(
            "the model `{without}` {problem}{choice}"
        ))))
    }
}

/// Whether a file is the chosen one, by its name or by the quantisation in it. `Q4_K` is not `Q4_K_M` or `IQ4_K`.
fn is_meant(name: &str, chosen: &str) -> bool {
    if is_gguf(Path::new(chosen)) {
        return name == chosen;
    }
    let (name, chosen) = (name.to_ascii_lowercase(), chosen.to_ascii_lowercase());
    name.match_indices(&chosen).any(|(at, _)| {
        let before = name[..at].chars().next_back();
        let after = name[at + chosen.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric)
            && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Whether a revision can be the name of a reference by git's rules, those on characters apart: it is part of a path in
/// the cache too, and must not begin at a root.
fn is_reference(revision: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    revision.split('/').all(part) && !revision.ends_with('.')
}

impl std::fmt::Display for HubId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.repository)?;
        if self.revision != "main" {
            write!(f, "@{}", self.revision)?;
        }
        match &self.file {
            Some(file) => write!(f, ":{file}"),
            None => Ok(()),
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
    fn a_file_is_chosen_by_its_name_or_its_quantisation() {
        let names = [
            "a.IQ4_XS.gguf",
            "a.Q4_K.gguf",
            "a.Q4_K_M.gguf",
            "a-f16.gguf",
            "a.Q6_K-00001-of-00002.gguf",
            "a.Q6_K-00002-of-00002.gguf",
            "deeper/a.Q8_0.gguf",
            "notes.md",
        ];
        let choose = |text: &str, config: bool| {
            let id = HubId::parse(text).expect(text);
            id.choose(names.map(str::to_owned), config)
        };
        for (text, expected) in [
            ("org/a:a.Q4_K.gguf", "a.Q4_K.gguf"),
            ("org/a:Q4_K", "a.Q4_K.gguf"),
            ("org/a:q4_k_m", "a.Q4_K_M.gguf"),
            ("org/a:F16", "a-f16.gguf"),
            ("org/a:Q6_K", "a.Q6_K-00001-of-00002.gguf"),
        ] {
            let chosen = choose(text, true).expect(text);
            assert_eq!(chosen.as_deref(), Some(expected), "{text}");
        }
        assert_eq!(choose("org/a", true).expect("its own layout"), None);
        let list =
            "of: a-f16.gguf, a.IQ4_XS.gguf, a.Q4_K.gguf, a.Q4_K_M.gguf, a.Q6_K-00001-of-00002.gguf";
        for (text, expected) in [
            (
                "org/a",
                "`org/a` comes as 5 GGUF files; choose one, as in `org/a:a-f16.gguf`",
            ),
            (
                "org/a@v1:Q8_0",
                "`org/a@v1` has no GGUF file `Q8_0`; choose one",
            ),
            ("org/a:a", "has several GGUF files for `a`; choose one"),
        ] {
            let error = choose(text, false).expect_err(text).to_string();
            assert!(error.contains(expected) && error.ends_with(list), "{error}");
        }
        let nothing = HubId::parse("org/a:Q4_0").expect("an id").choose([], true);
        assert!(
            nothing
                .expect_err("no files")
                .to_string()
                .ends_with("no GGUF files at its top")
        );
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
