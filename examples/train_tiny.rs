//! Trains a tiny model from nothing on a few lines, and shows its losses and what it says on the way.
//!
//! usage: cargo run --release --example train_tiny -- DIRECTORY

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use logitscope::text::sanitize;
use logitscope::training::recipe::{EvaluationSettings, LoopSettings, ModelSettings};
use logitscope::training::{Allowed, Control, Recipe, Restore, RunEvent, Trainer};

const VERSE: &str = "the cat sat on the mat and the dog sat on the log\n\
                     a bird sang in the tree and the frog sang in the bog\n";

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = PathBuf::from(directory.ok_or("usage: train_tiny DIRECTORY")?);
    std::fs::create_dir_all(&directory)?;
    let corpus = directory.join("verse.txt");
    std::fs::write(&corpus, VERSE.repeat(50))?;

    let mut recipe = Recipe::default();
    recipe.run.directory = directory.join("runs");
    recipe.data.corpus.files = vec![corpus];
    recipe.tokenizer.train.vocabulary = 300;
    recipe.model = ModelSettings {
        layers: Some(2),
        heads: Some(2),
        width: Some(32),
        context: Some(32),
        ..ModelSettings::default()
    };
    recipe.schedule.learning_rate = 1e-2;
    recipe.training = LoopSettings {
        batch: 8,
        steps: 60,
        ..LoopSettings::default()
    };
    recipe.evaluation = EvaluationSettings {
        sample_every: 30,
        prompts: vec!["the cat".to_owned()],
        ..EvaluationSettings::default()
    };
    recipe.evaluation.generation.max_tokens = 16;

    let control = Control::default();
    let mut out = std::io::stdout().lock();
    let mut show = |event: &RunEvent| {
        // Nobody may be reading; the run goes on.
        let _ = match event {
            RunEvent::Step(step) if step.step % 10 == 0 => {
                writeln!(out, "step {:>3}: loss {:.3}", step.step, step.loss)
            }
            RunEvent::Samples(samples) => samples.texts.iter().try_for_each(|sample| {
                writeln!(out, "    {} |{}", sample.prompt, sanitize(&sample.text))
            }),
            _ => Ok(()),
        };
    };
    let mut trainer = Trainer::prepare(
        recipe,
        &Restore::default(),
        Allowed {
            overwrite: true,
            ..Allowed::default()
        },
        &control,
        &mut show,
    )?;
    let finished = trainer.run(&mut show)?;
    writeln!(out, "{:?} after step {}", finished.reason, finished.step)?;
    Ok(())
}
