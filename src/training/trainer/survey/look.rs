//! Reads what a run would learn from, as the run itself would, and leaves nothing behind.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Survey, opening, speed};
use crate::model::{choose, disk};
use crate::text::corpus::{self, CorpusError, CorpusSettings, Piece, ReadProgress, WEATHER};
use crate::training::data::is_carried;
use crate::training::trainer::base::base;
use crate::training::trainer::corpus::{read_data, special_tokens};
use crate::training::trainer::prepare::{compute, load, settle_runs, summary};
use crate::training::{Control, DataSummary, Recipe, RunEvent, TrainingError};

/// Of a larger corpus only so many bytes of text are read.
const MOST: usize = 4 << 20;
/// A list of tokens that is larger than this many bytes is not copied to be counted.
const MOST_CARRIED: u64 = 64 << 20;

/// Surveys a run. `found` gets what is known as soon as the corpus was read, and once more when a step was made, if it
/// is to be measured. Models come from this machine alone. `control` ends it.
///
/// # Errors
/// As [`super::super::Trainer::prepare`], for what is wrong with the corpus or the model.
pub fn survey(
    recipe: &Recipe,
    measure: bool,
    control: &Control,
    found: &mut dyn FnMut(&Survey),
) -> Result<(), TrainingError> {
    let mut recipe = recipe.clone();
    recipe.check()?;
    settle_runs(&mut recipe)?;
    let free = disk::free(&recipe.run.directory);
    let aside =
        tempfile::tempdir().map_err(|error| TrainingError::io(&std::env::temp_dir(), error))?;
    recipe.run.cache = aside.path().to_owned();
    let start = beginning(&recipe.data.corpus, control)?;
    if !start.whole {
        recipe.data.corpus = shortened(&recipe.data.corpus, &start, aside.path())?;
    }
    forget_large_validation(&mut recipe);
    let (device, _) = choose(recipe.training.device)?;
    let compute = compute(&recipe, device)?;
    let base = base(&recipe, None, true, control, &mut |_| {}, &|_| Ok(()))?;
    let special = special_tokens(&recipe, &base.tokenizer, &base.config)?;
    let mut remarks = Vec::new();
    let mut documents = 0;
    let mut told = |event: &RunEvent| match event {
        RunEvent::Notice { message } => remarks.push(message.clone()),
        RunEvent::Corpus(note) if note.purpose == "training" => documents = note.tally.documents,
        _ => {}
    };
    let parts = (&base.tokenizer, &base.config);
    let data = read_data(&recipe, parts, &special, control, &mut told)?;
    let config = base.config.clone();
    let load = load(&config, &recipe, &compute, data.training.largest_batch());
    let mut survey = Survey {
        bytes: start.total_bytes,
        whole: start.whole,
        documents,
        training: summary(&data.training),
        validation: data.validation.as_ref().map(summary),
        steps_per_epoch: data.training.steps_per_epoch(),
        memory: load.memory(),
        weights: weights(&recipe, &load.memory()),
        free,
        remarks,
        prompt: opening::prompt(&start.texts),
        probe: opening::probe(&start.texts),
        speed: None,
    };
    if !start.whole {
        carry_over(&mut survey, start.scale(), &recipe);
    }
    found(&survey);
    if !measure {
        return Ok(());
    }
    survey.speed = speed::measure(&recipe, (base, &compute), &data, &load, control)?;
    found(&survey);
    Ok(())
}

/// Bytes of the weights of a checkpoint: with LoRA those of the small matrices.
fn weights(recipe: &Recipe, memory: &crate::training::Memory) -> u64 {
    if recipe.model.lora.rank > 0 {
        memory.gradients / if recipe.training.accumulate > 1 { 2 } else { 1 }
    } else {
        memory.weights
    }
}

/// The beginning of a corpus.
#[derive(Default)]
struct Beginning {
    texts: Vec<String>,
    /// Whether the last of them goes on.
    is_open: bool,
    /// Whether it is the whole corpus, or one that is to be read as it is.
    whole: bool,
    /// Bytes of files up to its end, and of all.
    bytes: u64,
    total_bytes: u64,
}

impl Beginning {
    /// How many times larger the corpus is.
    fn scale(&self) -> f64 {
        self.total_bytes as f64 / self.bytes.max(1) as f64
    }
}

/// Reads the beginning of a corpus.
fn beginning(settings: &CorpusSettings, control: &Control) -> Result<Beginning, TrainingError> {
    let mut start = Beginning::default();
    if settings.files.iter().any(|path| is_carried(path)) {
        let sizes = settings
            .files
            .iter()
            .filter_map(|path| path.metadata().ok());
        let bytes: u64 = sizes.map(|file| file.len()).sum();
        if bytes > MOST_CARRIED {
            return Err(TrainingError::Data(
                "the corpus is encoded already and large: its tokens are counted when the run starts"
                    .to_owned(),
            ));
        }
        (start.whole, start.bytes, start.total_bytes) = (true, bytes, bytes);
        return Ok(start);
    }
    let mut taken = 0;
    let mut enough = false;
    let mut sink = |piece: Piece, state: &ReadProgress| {
        if control.is_ending() {
            return Err(CorpusError::Cancelled);
        }
        (start.bytes, start.total_bytes) = (state.bytes, state.total_bytes);
        if taken >= MOST {
            enough = true;
            return Err(CorpusError::Cancelled);
        }
        taken += piece.text.len();
        match start.texts.last_mut().filter(|_| start.is_open) {
            Some(text) => text.push_str(&piece.text),
            None => start.texts.push(piece.text),
        }
        start.is_open = !piece.last;
        Ok(())
    };
    match corpus::read(settings, &mut sink) {
        Ok(tally) => (start.whole, start.total_bytes) = (true, tally.bytes.max(start.total_bytes)),
        Err(CorpusError::Cancelled) if enough => {}
        Err(CorpusError::Cancelled) => return Err(TrainingError::Cancelled),
        Err(error) => return Err(error.into()),
    }
    if settings.files.iter().any(|path| path == Path::new(WEATHER)) {
        start.total_bytes = start.texts.iter().map(|text| text.len() as u64).sum();
    }
    Ok(start)
}

/// The beginning of a corpus, as one by itself in `directory`.
fn shortened(
    settings: &CorpusSettings,
    start: &Beginning,
    directory: &Path,
) -> Result<CorpusSettings, TrainingError> {
    let path: PathBuf = directory.join("beginning.jsonl");
    let write = || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(&path)?);
        for text in &start.texts {
            serde_json::to_writer(&mut out, &serde_json::json!({ "text": text }))?;
            out.write_all(b"\n")?;
        }
        out.flush()
    };
    write().map_err(|error| TrainingError::io(&path, error))?;
    // What is changed and left out was so already.
    Ok(CorpusSettings {
        files: vec![path],
        strict: settings.strict,
        ..CorpusSettings::default()
    })
}

/// Large files for validation are not read twice: what they take is little beside the training.
fn forget_large_validation(recipe: &mut Recipe) {
    let files = &recipe.data.validation_files;
    let sizes = files.iter().filter_map(|path| path.metadata().ok());
    if sizes.map(|file| file.len()).sum::<u64>() > MOST as u64 {
        recipe.data.validation_files.clear();
    }
}

/// Carries what was counted in the beginning over to a corpus that is `scale` times larger.
fn carry_over(survey: &mut Survey, scale: f64, recipe: &Recipe) {
    let more = |count: u64| (count as f64 * scale).round() as u64;
    let whole = |part: &DataSummary| DataSummary {
        documents: match part.documents {
            1 => 1,
            documents => more(documents),
        },
        tokens: more(part.tokens),
        sequences: more(part.sequences),
    };
    if survey.documents > 1 {
        survey.documents = more(survey.documents);
    }
    survey.training = whole(&survey.training);
    survey.validation = survey.validation.as_ref().map(whole);
    let mut batches = survey
        .training
        .sequences
        .div_ceil(recipe.training.batch as u64);
    if recipe.data.take > 0 {
        batches = batches.min(recipe.data.take);
    }
    survey.steps_per_epoch = batches.div_ceil(recipe.training.accumulate as u64).max(1);
}
