//! `config`: where the settings come from and whether they are right.

use std::path::PathBuf;

use super::output::Output;
use super::{CliError, config_sources};
use crate::config::{self, Config};

/// Show, print or check the configuration
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Debug, clap::Subcommand)]
pub enum ConfigAction {
    /// Print the path of the user's file
    Path,
    /// Print the documented defaults, to start a file of one's own from
    Default,
    /// Check a file (the user's own without an argument), and everything else that is set
    Validate {
        /// The file to check
        file: Option<PathBuf>,
    },
    /// Print every setting in force, and where it was set
    Show,
}

/// Runs the subcommand. `file` is the one named by `--config`.
///
/// # Errors
/// When the configuration is wrong or the output cannot be written.
pub fn run(args: &ConfigArgs, file: Option<PathBuf>) -> Result<(), CliError> {
    let mut output = Output::stdout();
    match &args.action {
        ConfigAction::Path => match config::user_path() {
            Some(path) => output.line(&path.display().to_string())?,
            None => return Err(CliError::failed("there is no home directory to look in")),
        },
        ConfigAction::Default => output.text(config::DEFAULT_TOML)?,
        ConfigAction::Validate { file: checked } => {
            Config::load(&config_sources(checked.clone().or(file), Vec::new()))
                .map_err(CliError::usage)?;
            output.line("the configuration is valid")?;
        }
        ConfigAction::Show => {
            let config =
                Config::load(&config_sources(file, Vec::new())).map_err(CliError::usage)?;
            for setting in config.settings() {
                output.line(&format!("{setting}"))?;
            }
        }
    }
    output.flush()
}
