//! Configurations of several layers, for tests.

use std::path::PathBuf;

use logitscope::config::{Config, ConfigErrors, Override, Sources};
use tempfile::TempDir;
use toml::Value;

/// Layers to load from, with files in a directory of their own.
pub struct Layers {
    pub directory: TempDir,
    pub sources: Sources,
}

impl Layers {
    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            sources: Sources::defaults(),
        }
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn user(mut self, text: &str) -> Self {
        self.sources.user_file = Some(self.file("user.toml", text));
        self
    }

    pub fn named(mut self, text: &str) -> Self {
        self.sources.config_file = Some(self.file("named.toml", text));
        self
    }

    pub fn variable(mut self, name: &str, text: &str) -> Self {
        self.sources
            .environment
            .push((name.to_owned(), text.to_owned()));
        self
    }

    pub fn flag(mut self, flag: &str, key: &str, value: impl Into<Value>) -> Self {
        self.sources.overrides.push(Override {
            flag: flag.to_owned(),
            key: key.to_owned(),
            value: value.into(),
        });
        self
    }

    pub fn load(&self) -> Config {
        Config::load(&self.sources).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// What is wrong, a line each, without the directory's name.
    pub fn errors(&self) -> Vec<String> {
        let errors: ConfigErrors =
            Config::load(&self.sources).expect_err("the configuration was accepted");
        let directory = format!(
            "{}{}",
            self.directory.path().display(),
            std::path::MAIN_SEPARATOR
        );
        errors
            .to_string()
            .replace(&directory, "")
            .lines()
            .map(str::to_owned)
            .collect()
    }
}
