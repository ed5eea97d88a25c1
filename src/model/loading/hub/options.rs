//! Where the hub and its cache are, and who asks.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Settings of the hub, under the names and rules that Hugging Face's own tools have.
#[derive(Clone, PartialEq, Eq)]
pub struct HubOptions {
    /// `HF_ENDPOINT`; `https://huggingface.co` unless set.
    pub endpoint: String,
    /// The folder that holds one folder a model: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or
    /// `~/.cache/huggingface/hub`.
    pub cache: PathBuf,
    /// `HF_TOKEN`, or what `hf auth login` saved. Sent to the hub, never shown.
    pub token: Option<String>,
    /// `HF_HUB_OFFLINE`: use what is in the cache and ask nobody.
    pub offline: bool,
    /// Most bytes of a file that are asked for at once.
    pub chunk_bytes: usize,
    /// How long the hub may be silent.
    pub patience: Duration,
}

impl HubOptions {
    /// What the environment says.
    pub fn from_env() -> Self {
        Self::from_variables(
            |name| std::env::var(name).ok(),
            etcetera::home_dir().ok().as_deref(),
        )
    }

    /// What `variable` says of each environment variable. `home` is the user's folder, if there is one.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Self {
        let set = |name: &str| {
            variable(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let truthy = |name: &str| {
            set(name).is_some_and(|value| {
                ["1", "true", "yes", "on"].contains(&value.to_lowercase().as_str())
            })
        };
        let hf_home = set("HF_HOME").map(PathBuf::from).unwrap_or_else(|| {
            let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.or_else(|| home.map(|home| home.join(".cache")));
            cache.unwrap_or_else(std::env::temp_dir).join("huggingface")
        });
        let token_file = set("HF_TOKEN_PATH").map_or_else(|| hf_home.join("token"), PathBuf::from);
        let saved_token = || {
            let token = std::fs::read_to_string(token_file).ok()?;
            Some(token.trim().to_owned()).filter(|token| !token.is_empty())
        };
        Self {
            endpoint: set("HF_ENDPOINT")
                .unwrap_or_else(|| "https://huggingface.co".to_owned())
                .trim_end_matches('/')
                .to_owned(),
            cache: set("HF_HUB_CACHE")
                .or_else(|| set("HUGGINGFACE_HUB_CACHE"))
                .map_or_else(|| hf_home.join("hub"), PathBuf::from),
            token: set("HF_TOKEN")
                .or_else(|| set("HUGGING_FACE_HUB_TOKEN"))
                .or_else(saved_token),
            offline: truthy("HF_HUB_OFFLINE"),
            chunk_bytes: 10_000_000,
            patience: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for HubOptions {
    /// Without the token and the endpoint's password, which are secrets: what stands before the last @ may be one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.rsplit('@').next();
        f.debug_struct("HubOptions")
            .field("endpoint", &endpoint)
            .field("cache", &self.cache)
            .field("token", &self.token.as_ref().map(|_| "set"))
            .field("offline", &self.offline)
            .field("chunk_bytes", &self.chunk_bytes)
            .field("patience", &self.patience)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> HubOptions {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        HubOptions::from_variables(variable, Some(Path::new("/home/ada")))
    }

    #[test]
    fn the_more_special_variable_wins() {
        let plain = options(&[("HF_TOKEN", "  ")]);
        assert_eq!(plain.endpoint, "https://huggingface.co");
        assert_eq!(plain.cache, Path::new("/home/ada/.cache/huggingface/hub"));
        assert_eq!((plain.token, plain.offline), (None, false));
        assert_eq!(
            options(&[("XDG_CACHE_HOME", "/c")]).cache,
            Path::new("/c/huggingface/hub")
        );
        let home = ("HF_HOME", "/models");
        assert_eq!(options(&[home]).cache, Path::new("/models/hub"));
        assert_eq!(
            options(&[home, ("HF_HUB_CACHE", "/hub")]).cache,
            Path::new("/hub")
        );
        assert_eq!(
            options(&[("HF_ENDPOINT", "http://mirror/")]).endpoint,
            "http://mirror"
        );
        assert!(
            options(&[("HF_HUB_OFFLINE", "1")]).offline
                && !options(&[("HF_HUB_OFFLINE", "0")]).offline
        );
    }

    #[test]
    fn a_saved_token_is_used_and_no_token_is_shown() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("token"), "hf_saved\n").expect("writable");
        let saved = ("HF_HOME", home.path().to_str().expect("UTF-8"));
        assert_eq!(options(&[saved]).token.as_deref(), Some("hf_saved"));
        let set = options(&[saved, ("HF_TOKEN", "hf_set")]);
        assert_eq!(set.token.as_deref(), Some("hf_set"));
        assert!(!format!("{set:?}").contains("hf_set"));
    }
}
