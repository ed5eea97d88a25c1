//! What a run reports: lines of JSON or for people on standard output, a gauge on standard error.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::json::{Header, Record, RunRecord, recipe};
use crate::cli::output::Output;
use crate::cli::{CliError, bar, stderr};
use crate::text::display_token;
use crate::text::numbers::{counted, duration, percent};
use crate::training::{
    Control, Epoch, History, Odds, Recipe, RunDirectory, RunEvent, Samples, Started, StepMetrics,
    Validation, Verdict,
};

/// How often a line is written where no gauge can be drawn.
const SILENCE: Duration = Duration::from_secs(10);

/// Reports a run.
pub struct Report {
    json: bool,
    output: Output,
    bar: ProgressBar,
    /// What the gauge shows.
    showing: String,
    terminal: bool,
    last_line: Option<Instant>,
    /// What verdicts are passed on.
    history: History,
    failure: Option<CliError>,
}

impl Report {
    /// A report of a run that has not begun.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            output: Output::stdout(),
            bar: ProgressBar::with_draw_target(None, bar::target(10)),
            showing: String::new(),
            terminal: io::stderr().is_terminal(),
            last_line: None,
            history: History::new(),
            failure: None,
        }
    }

    /// Begins the records with what makes them.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn begin(&mut self, command: &'static str, run: &Recipe) -> Result<(), CliError> {
        if self.json {
            let mut header = Header::new(command);
            header.recipe = recipe(run);
            header.seed = Some(run.run.seed);
            self.output.json(&Record::Header(&header))?;
            self.output.flush()?;
        }
        Ok(())
    }

    /// Reports an event. When the output is closed, the run is asked to save and stop.
    pub fn event(&mut self, event: &RunEvent, control: &Control) {
        if self.failure.is_some() {
            return;
        }
        self.gauge(event);
        self.remember(event);
        let written = match self.json {
            true if matches!(event, RunEvent::Reading(_)) => Ok(()),
            true => self.json(event),
            false => self.lines(event),
        };
        if let Err(error) = written {
            control.stop();
            if matches!(error, CliError::ClosedPipe) {
                self.tell(
                    "nobody reads the output any more: saving and stopping; `logitscope runs resume` goes on",
                );
            }
            self.failure = Some(error);
        }
    }

    /// Takes the gauge off.
    ///
    /// # Errors
    /// When the output could not be written.
    pub fn end(mut self) -> Result<(), CliError> {
        self.bar.finish_and_clear();
        match self.failure.take() {
            Some(error) => Err(error),
            None => self.output.flush(),
        }
    }

    /// Takes an event into the history; that of a run which goes on has its earlier sittings first.
    fn remember(&mut self, event: &RunEvent) {
        if let RunEvent::Started(started) = event
            && started.resumed_after.is_some()
        {
            let path = Path::new(&started.directory);
            let directory = path.parent().unwrap_or(Path::new("."));
            let run = RunDirectory::of(directory, &started.run);
            // What cannot be read is judged by what comes.
            self.history = History::read(&run).unwrap_or_default();
        }
        self.history.push(event);
    }

    /// Prints an event; where validation changes the verdict, or the run is over, with the verdict in it.
    fn json(&mut self, event: &RunEvent) -> Result<(), CliError> {
        let judged = matches!(event, RunEvent::Validation(_) | RunEvent::Finished(_));
        self.output.json(&RunRecord {
            verdict: judged.then(|| Verdict::of(&self.history)),
            ..RunRecord::new(event)
        })?;
        self.output.flush()
    }

    fn gauge(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Reading(state) => {
                // When all is read for a tokenizer, its vocabulary is chosen, which may take as long again.
                if state.purpose == "tokenizer" && state.bytes == state.total_bytes {
                    self.show("vocabulary", "{msg} {elapsed}", state.total_bytes);
                    self.bar.set_message(format!(
                        "making a tokenizer of {} documents",
                        state.documents
                    ));
                    self.bar.tick();
                    return;
                }
                let template = "{bar:16} {bytes}/{total_bytes} {eta} left {wide_msg}";
                self.show(&state.purpose, template, state.total_bytes);
                self.bar.set_position(state.bytes);
                let skipped = match state.skipped {
                    0 => String::new(),
                    skipped => format!(", {skipped} skipped"),
                };
                self.bar.set_message(format!(
                    "reading for {}: {} documents, {} tokens{skipped}",
                    state.purpose, state.documents, state.tokens
                ));
            }
            RunEvent::Started(started) => {
                // Another name than that of a corpus for training, which was shown before.
                self.show("steps", "{bar:16} {pos}/{len} {wide_msg}", started.steps)
            }
            RunEvent::Step(step) => {
                self.bar.set_position(step.step);
                self.bar.set_message(short(step));
                self.plain_line(step);
            }
            _ => {}
        }
    }

    /// Says something beside the gauge.
    fn tell(&self, message: &str) {
        self.bar.suspend(|| stderr::warn(message));
    }

    /// Where there is no gauge, a line now and then.
    fn plain_line(&mut self, step: &StepMetrics) {
        let due = self.last_line.is_none_or(|last| last.elapsed() > SILENCE);
        if !self.terminal && due && !stderr::is_quiet() {
            self.last_line = Some(Instant::now());
            stderr::line(&format!("step {}: {}", step.step, short(step)));
        }
    }

    fn show(&mut self, what: &str, template: &str, total: u64) {
        if self.showing != what {
            what.clone_into(&mut self.showing);
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
            self.bar.reset();
        }
        self.bar.set_length(total);
    }

    fn lines(&mut self, event: &RunEvent) -> Result<(), CliError> {
        let lines = match event {
            RunEvent::Reading(_) | RunEvent::Step(_) => return Ok(()),
            RunEvent::Started(started) => beginning(started),
            RunEvent::Epoch(epoch) => format!("step {}: {}", epoch.step, epoch_means(epoch)),
            RunEvent::Validation(validation) => validated(validation),
            RunEvent::Samples(samples) => texts(samples),
            RunEvent::Odds(odds) => expected(odds),
            RunEvent::Checkpoint(note) => {
                let best = if note.best { ", the best so far" } else { "" };
                format!("step {}: saved {}{best}", note.step, note.path)
            }
            RunEvent::LearningRate { step, rate, .. } => {
                format!("step {step}: learning rate {rate:e}")
            }
            RunEvent::Paused { step } => format!("step {step}: held"),
            RunEvent::Resumed { step } => format!("step {step}: goes on"),
            RunEvent::Notice { message } => {
                self.tell(message);
                return Ok(());
            }
            RunEvent::Corpus(note) => {
                note.sentences()
                    .iter()
                    .for_each(|sentence| self.tell(sentence));
                return Ok(());
            }
            RunEvent::Finished(finished) => {
                let best = finished.best_validation;
                let best =
                    best.map_or_else(String::new, |best| format!(", best validation {best:.4}"));
                let mean = finished.mean_loss;
                let mean = mean.map_or_else(|| "no step was made".to_owned(), |m| m.to_string());
                format!(
                    "{} after step {}: {mean}{best}, {:.0} s\n{}",
                    finished.reason.name(),
                    finished.step,
                    finished.elapsed,
                    judged(&self.history)
                )
            }
        };
        let (bar, output) = (self.bar.clone(), &mut self.output);
        bar.suspend(|| output.line(&lines).and_then(|()| output.flush()))
    }
}

fn short(step: &StepMetrics) -> String {
    let masked = step.masked_loss;
    let masked = masked.map_or_else(String::new, |loss| format!(" (text alone {loss:.3})"));
    format!(
        "{} left loss {:.4}{masked} {:.0} tok/s epoch {:.2} smooth {:.4} acc {:.3} lr {:.2e} norm {:.2}",
        duration(step.seconds_left),
        step.loss,
        step.tokens_per_second,
        step.epoch,
        step.smoothed,
        step.accuracy,
        step.learning_rate,
        step.gradient_norm
    )
}

fn beginning(started: &Started) -> String {
    let set = |what: &str, data: &crate::training::DataSummary| {
        format!(
            "{what}: {}, {} tokens, {} sequences of {}",
            counted(data.documents, "document"),
            data.tokens,
            data.sequences,
            started.context
        )
    };
    let mut lines = vec![format!(
        "run {} in {}: {} parameters, {} trained, on {}",
        started.run, started.directory, started.parameters, started.trainable, started.device
    )];
    lines.push(set("training", &started.training));
    lines.extend(
        started
            .validation
            .as_ref()
            .map(|data| set("validation", data)),
    );
    lines.push(started.memory.in_words());
    lines.push(format!(
        "{} steps, {} an epoch",
        started.steps, started.steps_per_epoch
    ));
    lines.extend(
        started
            .resumed_after
            .map(|step| format!("goes on after step {step}")),
    );
    lines.join("\n")
}

/// The verdict on a run that is over, and what to do about it.
fn judged(history: &History) -> String {
    let verdict = Verdict::of(history);
    let directory = history.started().map(|started| &started.directory);
    let advice = match (verdict, directory) {
        (Verdict::Memorising { step: 1.., .. }, Some(directory)) => {
            format!("; --model {directory} plays the best step")
        }
        (
            Verdict::Diverging {
                try_rate: Some(rate),
                ..
            },
            _,
        ) => format!("; try --learning-rate {rate:e}"),
        _ => String::new(),
    };
    format!("{verdict}{advice}")
}

/// The means of an epoch in one line.
pub fn epoch_means(epoch: &Epoch) -> String {
    let masked = epoch.masked_loss;
    let masked = masked.map_or_else(String::new, |loss| format!(" (text alone {loss:.4})"));
    let part = if epoch.whole {
        ""
    } else {
        ", from where it went on"
    };
    format!(
        "epoch {}{part}: mean loss {:.4}{masked}, perplexity {:.2}, accuracy {:.3}",
        epoch.epoch, epoch.loss, epoch.perplexity, epoch.accuracy
    )
}

fn validated(validation: &Validation) -> String {
    let padded = validation.padded_loss;
    let padded = padded.map_or_else(String::new, |loss| format!(" (padding counted {loss:.4})"));
    let place = match validation.step {
        0 => "before training".to_owned(),
        step => format!("step {step} (epoch {:.2})", validation.epoch),
    };
    format!(
        "{place}: validation loss {:.4}{padded}, perplexity {:.2}, accuracy {:.3}, {:.4} bits a byte{}",
        validation.loss,
        validation.perplexity,
        validation.accuracy,
        validation.bits_per_byte,
        if validation.best {
            ", the best so far"
        } else {
            ""
        }
    )
}

fn texts(samples: &Samples) -> String {
    let mut lines: Vec<String> = samples
        .texts
        .iter()
        .map(|sample| {
            let prompt = display_token(sample.prompt.as_bytes());
            format!("step {}: [{prompt}]{}", samples.step, sample.text)
        })
        .collect();
    lines.extend(samples.memorised.as_ref().map(|found| {
        format!(
            "step {}: {} of {} {}-grams of the samples stand in the corpus",
            samples.step,
            percent(found.share as f32),
            found.ngrams,
            found.length
        )
    }));
    lines.join("\n")
}

fn expected(odds: &Odds) -> String {
    let prompt = display_token(odds.prompt.as_bytes());
    let rows = odds.rows.iter().take(5);
    let rows: Vec<String> = rows
        .map(|row| format!("{} {}", row.display, percent(row.raw)))
        .collect();
    format!("step {}: after [{prompt}] {}", odds.step, rows.join(", "))
}
