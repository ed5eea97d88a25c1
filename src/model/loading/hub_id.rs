//! The name of a model on the hub, and the file of it that is meant.

use std::path::Path;

use super::gguf::is_later_part;
use super::source::is_gguf;
use crate::model::ModelError;

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

impl HubId {
    pub(super) fn parse(text: &str) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
