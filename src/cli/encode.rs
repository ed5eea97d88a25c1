//! `encode`: a corpus as tokens, in a file to be carried elsewhere.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::CliError;
use super::global_options::GlobalOptions;
use super::output::Output;
use super::recipe_args::CorpusArgs;
use super::train::{Report, interrupts};
use crate::config::Config;
use crate::model::{LoadRequest, load_tokenizer};
use crate::text::corpus::CorpusError;
use crate::text::numbers::counted;
use crate::training::data::{EncodeRequest, encode_to_file, is_carried};
use crate::training::{Control, CorpusNote, LayeredRecipe, Reading, RunEvent, TrainingError};

/// Encode texts once, into a file that stands for them in `train` and `finetune`, here or elsewhere
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub struct EncodeArgs {
    #[command(flatten)]
    pub corpus: CorpusArgs,
    /// The file to write, which ends in .tokens
    #[arg(long, short, value_name = "FILE.tokens")]
    pub out: PathBuf,
    /// Replace a file that exists
    #[arg(long)]
    pub overwrite: bool,
    /// A tokenizer.json, or a model whose tokenizer is taken [default: that of --model]
    #[arg(long, value_name = "SOURCE")]
    pub tokenizer: Option<String>,
}

/// Runs the subcommand.
///
/// # Errors
/// When the texts or the tokenizer cannot be read, or the file not be written.
pub fn run(args: &EncodeArgs, options: &GlobalOptions, config: &Config) -> Result<(), CliError> {
    if !is_carried(&args.out) {
        return Err(CliError::usage(format!(
            "--out {}: its name must end in .tokens, by which train and finetune know it",
            args.out.display()
        )));
    }
    if args.out.exists() && !args.overwrite {
        return Err(CliError::usage(format!(
            "--out {}: it exists; --overwrite replaces it",
            args.out.display()
        )));
    }
    let mut layers = LayeredRecipe::new(None).map_err(CliError::failed)?;
    args.corpus.apply(&mut layers)?;
    let corpus = layers.recipe().map_err(CliError::usage)?.data.corpus;
    if corpus.files.is_empty() {
        return Err(CliError::usage(
            "there is no corpus: name a file or a directory",
        ));
    }
    let source = args.tokenizer.as_ref().unwrap_or(&config.model.source);
    let tokenizer = load_tokenizer(&LoadRequest {
        source: source.clone(),
        offline: options.offline || config.model.offline,
        ..LoadRequest::default()
    })
    .map_err(CliError::failed)?;
    let control = Control::default();
    let interrupted = interrupts::watch(&control)?;
    let mut report = Report::new(false);
    let request = EncodeRequest {
        corpus: &corpus,
        tokenizer: &tokenizer,
        begin: None,
        end: None,
    };
    let encoded = encode_to_file(&request, source, &args.out, &mut |state, tokens| {
        report.event(
            &RunEvent::Reading(Reading::of("encoding", state, tokens)),
            &control,
        );
        if control.is_ending() {
            Err(CorpusError::Cancelled)
        } else {
            Ok(())
        }
    });
    let (tally, tokens) = encoded.map_err(|error| match error {
        TrainingError::Cancelled if interrupted.load(Ordering::Relaxed) => CliError::Interrupted,
        other => CliError::failed(other),
    })?;
    let documents = tally.documents;
    let note = CorpusNote {
        purpose: "encoding".to_owned(),
        tokens,
        tally,
    };
    report.event(&RunEvent::Corpus(note), &control);
    report.end()?;
    let mut output = Output::stdout();
    output.line(&format!(
        "{}: {tokens} tokens in {}",
        args.out.display(),
        counted(documents, "document")
    ))?;
    output.flush()
}
