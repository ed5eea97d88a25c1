//! Presets that the user saves: a file of their own beside the configuration, which is read before it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use toml::{Table, Value};

use crate::config::private;
use crate::sampling::SamplerSettings;

const HEADING: &str = "# Presets saved from the playground. Yours to edit.\n\n";

/// Adds a preset to the file, or replaces the one of that name. The others stay.
///
/// # Errors
/// When the file cannot be read or written, or is not what it should be.
pub fn save(path: &Path, name: &str, sampler: &SamplerSettings) -> io::Result<()> {
    let broken = |error: &dyn std::fmt::Display| {
        io::Error::new(ErrorKind::InvalidData, error.to_string().replace('\n', " "))
    };
    let mut file: Table = match fs::read_to_string(path) {
        Ok(text) => text.parse().map_err(|error| broken(&error))?,
        Err(error) if error.kind() == ErrorKind::NotFound => Table::new(),
        Err(error) => return Err(error),
    };
    let presets = file
        .entry("presets")
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
        .ok_or_else(|| broken(&"presets is no table"))?;
    let settings = Table::try_from(sampler).map_err(|error| broken(&error))?;
    presets.insert(name.to_owned(), Value::Table(settings));
    let text = toml::to_string(&file).map_err(|error| broken(&error))?;
    if let Some(directory) = path.parent() {
        private::directory(directory)?;
    }
    let aside = path.with_extension("toml.part");
    fs::write(&aside, format!("{HEADING}{text}"))?;
    fs::rename(&aside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    #[test]
    fn what_is_saved_is_a_preset_of_the_configuration() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("logitscope/presets.toml");
        let mut mine = SamplerSettings {
            top_k: 7,
            temperature: 1.25,
            ..SamplerSettings::default()
        };
        mine.logit_bias.insert(" the".to_owned(), -2.5);
        mine.order.swap(0, 3);
        save(&path, "mine", &SamplerSettings::neutral()).expect("saved");
        save(&path, "mine", &mine).expect("saved again");
        save(&path, "other.1", &SamplerSettings::neutral()).expect("another");
        let sources = Sources {
            user_file: Some(path.with_file_name("config.toml")),
            ..Sources::defaults()
        };
        let config = Config::load(&sources).expect("the file is valid");
        let presets = config.presets();
        let named = |name: &str| presets.iter().find(|(known, _)| known == name);
        assert_eq!(named("mine").map(|(_, settings)| settings), Some(&mine));
        assert!(named("other.1").is_some() && named("balanced").is_some());
    }

    #[test]
    fn a_file_that_is_something_else_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("presets.toml");
        fs::write(&path, "presets = 3").expect("written");
        assert!(save(&path, "mine", &SamplerSettings::default()).is_err());
        assert_eq!(fs::read_to_string(&path).expect("read"), "presets = 3");
    }
}
