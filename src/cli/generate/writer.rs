//! Writes the texts of the samples that the engine tells of.

use std::collections::BTreeMap;

use super::GenerateArgs;
use super::queue::Batch;
use super::sample_text::{Cuts, SampleText};
use crate::cli::CliError;
use crate::cli::colour::Painter;
use crate::cli::output::Output;
use crate::decoding::{Beam, TokenOdds};
use crate::engine::Event;
use crate::text::sanitize;

/// Writes samples in order; a single one as it grows.
pub struct Writer {
    output: Output,
    all_beams: bool,
    /// Whether only one sample is generated at a time, so that it can be written as it grows.
    streams: bool,
    delimiter: String,
    /// Whether a sample is written with its prompt.
    with_prefix: bool,
    /// The batch under way.
    batch: Option<Batch>,
    /// Whether a zero byte ends each sample.
    zero: bool,
    painter: Painter,
    cuts: Cuts,
    end_tokens: Vec<u32>,
    /// The samples of the batch under way.
    texts: BTreeMap<usize, SampleText>,
    /// Texts of samples that ended, or grow without being streamed.
    held: BTreeMap<usize, Vec<(String, Option<TokenOdds>)>>,
    beams: Vec<Beam>,
    written: usize,
}

impl Writer {
    /// A writer of samples in the colours of `painter`, cut by `cuts`; with `chat` they are answers, shown without the prompt. `samples` come in
    /// all.
    pub fn new(
        output: Output,
        args: &GenerateArgs,
        painter: Painter,
        cuts: Cuts,
        chat: bool,
        samples: usize,
    ) -> Self {
        let mut output = output;
        if painter.paints() {
            output.allow_styles();
        }
        Self {
            output,
            all_beams: args.all_beams,
            streams: args.batch.min(samples) == 1 && !args.all_beams,
            delimiter: args.delimiter.clone(),
            with_prefix: args.include_prefix.unwrap_or(!chat),
            batch: None,
            zero: args.print0,
            painter,
            cuts,
            end_tokens: Vec::new(),
            texts: BTreeMap::new(),
            held: BTreeMap::new(),
            beams: Vec::new(),
            written: 0,
        }
    }

    /// A batch begins.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn begin_batch(&mut self, batch: Batch) -> Result<(), CliError> {
        self.flush_batch()?;
        self.batch = Some(batch);
        Ok(())
    }

    /// Takes an event.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn event(&mut self, event: &Event) -> Result<(), CliError> {
        match event {
            Event::Loaded { model } => self.end_tokens.clone_from(&model.end_tokens),
            Event::Prompted { sample, .. } if self.streams => {
                self.begin_sample(*sample)?;
                self.output.flush()?;
            }
            Event::Token { sample, record } if !self.end_tokens.contains(&record.id) => {
                let text = self.text(*sample).push(&record.bytes);
                self.show(*sample, &text, record.odds.as_ref())?;
            }
            Event::Beams { beams, .. } => self.beams.clone_from(beams),
            Event::Finished { sample, .. } => {
                let rest = self.text(*sample).finish();
                self.show(*sample, &rest, None)?;
                self.texts.remove(sample);
                if self.streams {
                    self.end_sample()?;
                    self.output.flush()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes what is still held.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn end(&mut self) -> Result<(), CliError> {
        self.flush_batch()?;
        self.output.flush()
    }

    fn text(&mut self, sample: usize) -> &mut SampleText {
        let cuts = &self.cuts;
        self.texts
            .entry(sample)
            .or_insert_with(|| SampleText::new(cuts))
    }

    fn show(
        &mut self,
        sample: usize,
        text: &str,
        odds: Option<&TokenOdds>,
    ) -> Result<(), CliError> {
        if self.streams {
            self.painter.write(&mut self.output, text, odds)?;
            return self.output.flush();
        }
        let piece = (text.to_owned(), odds.copied());
        self.held.entry(sample).or_default().push(piece);
        Ok(())
    }

    /// What stands after a sample.
    fn end_sample(&mut self) -> Result<(), CliError> {
        if self.zero {
            self.output.zero()
        } else {
            self.output.line("")
        }
    }

    /// The delimiter, if a sample came before, and the prompt of this one, if samples are written with theirs.
    fn begin_sample(&mut self, sample: usize) -> Result<(), CliError> {
        if self.written > 0 && !self.zero {
            self.output.line(&self.delimiter)?;
        }
        self.written += 1;
        match &self.batch {
            Some(batch) if self.with_prefix => self.output.text(batch.prompt(sample)),
            _ => Ok(()),
        }
    }

    fn flush_batch(&mut self) -> Result<(), CliError> {
        if self.all_beams && !self.beams.is_empty() {
            self.held.clear();
            for beam in std::mem::take(&mut self.beams) {
                self.begin_sample(0)?;
                self.output.text(&sanitize(&beam.text))?;
                self.output.line(&format!(
                    "\n[score {:.4}, log-probability {:.4}, {} tokens]",
                    beam.score,
                    beam.log_probability,
                    beam.ids.len()
                ))?;
            }
        }
        for (sample, pieces) in std::mem::take(&mut self.held) {
            self.begin_sample(sample)?;
            for (text, odds) in pieces {
                self.painter.write(&mut self.output, &text, odds.as_ref())?;
            }
            self.end_sample()?;
        }
        self.texts.clear();
        Ok(())
    }
}
