//! The flags of a run: those of its recipe, and how it is begun.

use std::path::PathBuf;

use crate::cli::recipe_args::RecipeArgs;
use crate::training::Restore;

/// Flags of `train` and `finetune`. What is not given stays as the recipe has it.
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub keys: RecipeArgs,
    /// Start from a recipe: demo, demo-style, demo-nothing, gpt2, gpt2-medium, gpt2-large, gpt2-xl, mini-imdb, mini-books, or a TOML file;
    /// of several, later ones win
    #[arg(long, value_name = "NAME|FILE")]
    pub recipe: Vec<String>,
    /// Print the recipe that results, as TOML, and do nothing
    #[arg(long)]
    pub print_recipe: bool,
    /// Print records, one line of JSON each (docs/json.md)
    #[arg(long, conflicts_with = "print_recipe")]
    pub json: bool,
    /// Begin anew (fresh), after the run's newest checkpoint (latest), or after the checkpoint in a directory
    #[arg(
        long,
        alias = "restore-from",
        value_name = "fresh|latest|DIR",
        default_value = "fresh",
        help_heading = "Run"
    )]
    pub restore: String,
    /// Delete a run of the same name, or the later checkpoints of one that goes on from an earlier
    #[arg(long, help_heading = "Run")]
    pub overwrite: bool,
    /// Go on although the corpus, the validation set, the tokenizer or the model that the run started from has changed
    #[arg(long, help_heading = "Run")]
    pub accept_changes: bool,
}

impl RunArgs {
    /// Where the run begins.
    pub fn restore(&self) -> Restore {
        match self.restore.as_str() {
            "fresh" => Restore::Fresh,
            "latest" => Restore::Latest,
            path => Restore::Path(PathBuf::from(path)),
        }
    }
}
