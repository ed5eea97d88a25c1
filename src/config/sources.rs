//! What the configuration is read from.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use toml::Value;

/// What the names of the environment variables begin with.
pub(super) const ENVIRONMENT_PREFIX: &str = "LOGITSCOPE_";

/// The variable that names a configuration file, as `--config` does.
pub(super) const CONFIG_VARIABLE: &str = "LOGITSCOPE_CONFIG";

/// A setting given on the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The flag as it is typed, such as `--top-k`, for errors.
    pub flag: String,
    /// The key, such as `sampler.top_k`.
    pub key: String,
    pub value: Value,
}

/// What is wrong with the keys of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProblem {
    /// The action whose keys are wrong.
    pub action: String,
    /// The whole sentence.
    pub message: String,
}

/// Checks the actions whose keys differ from the default. Which keys there are, only the terminal's side knows.
pub type KeyCheck = fn(&BTreeMap<String, Vec<String>>) -> Vec<KeyProblem>;

/// What the configuration is read from; later fields win over earlier ones, key by key.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The user's file, which need not exist.
    pub user_file: Option<PathBuf>,
    /// The file of `--config`, which has to exist. Without it, `LOGITSCOPE_CONFIG` names it.
    pub config_file: Option<PathBuf>,
    /// Environment variables, of which those that begin with `LOGITSCOPE_` count.
    pub environment: Vec<(String, String)>,
    /// The flags.
    pub overrides: Vec<Override>,
    pub check_keys: KeyCheck,
}

impl Sources {
    /// The defaults alone.
    pub fn defaults() -> Self {
        Self {
            user_file: None,
            config_file: None,
            environment: Vec::new(),
            overrides: Vec::new(),
            check_keys: |_| Vec::new(),
        }
    }

    /// The user's file, the one of `--config` if there is one, and this process's environment. Bytes in a variable
    /// that are not UTF-8 become U+FFFD.
    pub fn from_environment(config_file: Option<PathBuf>) -> Self {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self {
            user_file: super::user_path(),
            config_file,
            environment: env::vars_os()
                .map(|(name, value)| (text(name), text(value)))
                .filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX))
                .collect(),
            ..Self::defaults()
        }
    }

    /// The file that has to exist, if one was named, and by what.
    pub(super) fn named_file(&self) -> Option<PathBuf> {
        self.config_file.clone().or_else(|| {
            let named = self
                .environment
                .iter()
                .find(|(name, text)| name == CONFIG_VARIABLE && !text.is_empty());
            named.map(|(_, path)| PathBuf::from(path))
        })
    }
}
