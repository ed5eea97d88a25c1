//! `models`: what can be loaded without a download, and what a directory or file holds.

use std::path::{Path, PathBuf};

use indicatif::{HumanBytes, HumanCount};

use super::CliError;
use super::output::Output;
use crate::model::{ModelSummary, describe, models_at_hand};
use crate::training::{RUNS, run_model};

/// List the models at hand, the embedded one and those in the hub's cache, or describe one
#[derive(Debug, clap::Args)]
pub struct ModelsArgs {
    /// Describe this directory, GGUF file or run instead
    pub path: Option<PathBuf>,
    /// Print a line of JSON for each model
    #[arg(long)]
    pub json: bool,
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no such path, or the output cannot be written.
pub fn run(args: &ModelsArgs) -> Result<(), CliError> {
    let models = match &args.path {
        Some(path) => {
            let run = run_model(&path.to_string_lossy(), Path::new(RUNS));
            let run = run.map_err(CliError::failed)?.map(|run| run.path);
            let path = run.as_deref().unwrap_or(path);
            vec![describe(path).map_err(CliError::failed)?]
        }
        None => models_at_hand(),
    };
    let mut output = Output::stdout();
    if args.json {
        for model in &models {
            output.json(model)?;
        }
        return output.flush();
    }
    output.line(
        "model                                  size  architecture  parameters  context  weights  licence       chat",
    )?;
    for model in &models {
        output.line(&row(model))?;
        if let Some(problem) = &model.problem {
            output.line(&format!("  cannot be loaded: {problem}"))?;
        }
    }
    if args.path.is_none() {
        output.line(
            "\nAlso: --model DIR for a directory in Hugging Face layout, --model FILE.gguf, --model ID for a hub model such as gpt2 or distilgpt2.",
        )?;
    }
    output.flush()
}

fn row(model: &ModelSummary) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let count = |value: Option<usize>| {
        value.map_or_else(
            || "-".to_owned(),
            |value| HumanCount(value as u64).to_string(),
        )
    };
    format!(
        "{:<32} {:>10}  {:<12} {:>11}  {:>7}  {:<7}  {:<12}  {}",
        model.source,
        HumanBytes(model.bytes).to_string(),
        text(&model.architecture),
        count(model.parameters),
        count(model.context_length),
        text(&model.quantisation),
        text(&model.licence),
        if model.chat { "yes" } else { "-" }
    )
}
