//! Writes the texts of the samples that the engine tells of.

use std::collections::BTreeMap;

use super::GenerateArgs;
use super::sample_text::{Cuts, SampleText};
use crate::cli::CliError;
use crate::cli::output::Output;
use crate::decoding::Beam;
use crate::engine::{Event, GenerateRequest, Subject};
use crate::text::sanitize;

/// Writes samples in order; a single one as it grows.
pub struct Writer {
    output: Output,
    all_beams: bool,
    /// Whether only one sample is generated at a time, so that it can be written as it grows.
    streams: bool,
    delimiter: String,
    prefix: String,
    cuts: Cuts,
    end_tokens: Vec<u32>,
    /// The samples of the batch under way.
    texts: BTreeMap<usize, SampleText>,
    /// Texts of samples that ended, or grow without being streamed.
    held: BTreeMap<usize, String>,
    beams: Vec<Beam>,
    written: usize,
}

impl Writer {
    /// A writer for the samples of `request`, cut by `cuts`; with `chat` they are answers, shown without the prompt.
    pub fn new(
        output: Output,
        args: &GenerateArgs,
        request: &GenerateRequest,
        cuts: Cuts,
        chat: bool,
    ) -> Self {
        Self {
            output,
            all_beams: args.all_beams,
            streams: args.batch.min(args.samples) == 1 && !args.all_beams,
            delimiter: args.delimiter.clone(),
            prefix: if args.include_prefix.unwrap_or(!chat) {
                request.prompt.clone()
            } else {
                String::new()
            },
            cuts,
            end_tokens: Vec::new(),
            texts: BTreeMap::new(),
            held: BTreeMap::new(),
            beams: Vec::new(),
            written: 0,
        }
    }

    /// Takes an event.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn event(&mut self, event: &Event) -> Result<(), CliError> {
        match event {
            Event::Loaded { model } => self.end_tokens.clone_from(&model.end_tokens),
            Event::PromptRead {
                subject: Subject::Text,
                ..
            } => {
                self.flush_batch()?;
                if self.streams {
                    self.begin_sample()?;
                    self.output.flush()?;
                }
            }
            Event::Token { sample, record } if !self.end_tokens.contains(&record.id) => {
                let text = self.text(*sample).push(&record.bytes);
                self.show(*sample, &text)?;
            }
            Event::Beams { beams, .. } => self.beams.clone_from(beams),
            Event::Finished { sample, .. } => {
                let rest = self.text(*sample).finish();
                self.show(*sample, &rest)?;
                self.texts.remove(sample);
                if self.streams {
                    self.output.text("\n")?;
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

    fn show(&mut self, sample: usize, text: &str) -> Result<(), CliError> {
        if self.streams {
            self.output.text(text)?;
            return self.output.flush();
        }
        self.held.entry(sample).or_default().push_str(text);
        Ok(())
    }

    /// The delimiter, if a sample came before, and the prefix.
    fn begin_sample(&mut self) -> Result<(), CliError> {
        if self.written > 0 {
            self.output.line(&self.delimiter)?;
        }
        self.written += 1;
        self.output.text(&self.prefix)
    }

    fn flush_batch(&mut self) -> Result<(), CliError> {
        if self.all_beams && !self.beams.is_empty() {
            self.held.clear();
            for beam in std::mem::take(&mut self.beams) {
                self.begin_sample()?;
                self.output.text(&sanitize(&beam.text))?;
                self.output.line(&format!(
                    "\n[score {:.4}, log-probability {:.4}, {} tokens]",
                    beam.score,
                    beam.log_probability,
                    beam.ids.len()
                ))?;
            }
        }
        for text in std::mem::take(&mut self.held).into_values() {
            self.begin_sample()?;
            self.output.line(&text)?;
        }
        self.texts.clear();
        Ok(())
    }
}
