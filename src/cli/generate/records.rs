//! What the engine tells as records: tokens as they come, a record a sample, totals.

use std::collections::BTreeMap;

use super::queue::{Batch, Place};
use super::sample_text::{Cuts, SampleText};
use crate::cli::CliError;
use crate::cli::json::{BeamRecord, GenerateTotals, Header, Prompt, Record, Sample, Token, reason};
use crate::cli::output::Output;
use crate::decoding::{Beam, StopReason, TokenRecord};
use crate::engine::Event;
use crate::model::LoadRequest;

/// Writes records.
pub struct Records {
    output: Output,
    /// What the stream begins with, until the model is known.
    header: Option<Header>,
    request: LoadRequest,
    all_beams: bool,
    cuts: Cuts,
    end_tokens: Vec<u32>,
    /// The batch under way.
    batch: Option<Batch>,
    /// The seed of the first sample of all.
    seed: u64,
    /// The samples of the batch under way.
    growing: BTreeMap<usize, Growing>,
    beams: Vec<Beam>,
    totals: GenerateTotals,
    all: Surprisal,
}

/// A sample that grows.
struct Growing {
    text: SampleText,
    shown: String,
    surprisal: Surprisal,
}

/// A mean surprisal.
#[derive(Default)]
struct Surprisal {
    bits: f64,
    tokens: usize,
}

impl Surprisal {
    fn add(&mut self, record: &TokenRecord) {
        if let Some(odds) = record.odds {
            self.bits += f64::from(odds.surprisal);
            self.tokens += 1;
        }
    }

    fn mean(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.bits / self.tokens as f64)
    }
}

impl Records {
    /// Records of samples, which begin with `header`; the model that is loaded by `request` completes it.
    pub fn new(
        output: Output,
        header: Header,
        request: LoadRequest,
        cuts: Cuts,
        all_beams: bool,
    ) -> Self {
        Self {
            output,
            request,
            all_beams,
            cuts,
            end_tokens: Vec::new(),
            batch: None,
            seed: header.seed.unwrap_or_default(),
            header: Some(header),
            growing: BTreeMap::new(),
            beams: Vec::new(),
            totals: GenerateTotals::default(),
            all: Surprisal::default(),
        }
    }

    /// A batch begins.
    pub fn begin_batch(&mut self, batch: Batch) {
        self.batch = Some(batch);
    }

    /// Which sample of which prompt a sample of the engine's is.
    fn place(&self, sample: usize) -> Place {
        let batch = self.batch.as_ref();
        batch.map_or(
            Place {
                document: 0,
                sample,
            },
            |batch| batch.place(sample),
        )
    }

    /// Takes an event.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn event(&mut self, event: &Event) -> Result<(), CliError> {
        match event {
            Event::Loaded { model } => {
                self.end_tokens.clone_from(&model.end_tokens);
                if let Some(header) = self.header.take() {
                    let header = header.with_model(model, &self.request)?;
                    self.output.json(&Record::Header(&header))?;
                }
            }
            Event::Prompted {
                sample,
                tokens,
                seconds,
            } => self.prompt(*sample, tokens, *seconds)?,
            Event::Token { sample, record } => {
                self.grow(*sample, record);
                let Place { document, sample } = self.place(*sample);
                let token = Token::of(record, document, Some(sample));
                self.output.json(&Record::Token(token))?;
            }
            Event::Slid {
                sample,
                kept,
                dropped,
            } => self.output.json(&Record::Slid {
                document: self.place(*sample).document,
                kept: *kept,
                dropped: *dropped,
            })?,
            Event::Notice { message } => self.output.json(&Record::Notice { message })?,
            Event::Beams { beams, .. } => {
                self.beams.clone_from(beams);
                return Ok(());
            }
            Event::Finished {
                sample,
                reason,
                tokens,
                seconds,
            } => self.finish(*sample, reason, *tokens, *seconds)?,
            _ => return Ok(()),
        }
        self.output.flush()
    }

    /// Writes a prompt once, however many batches go on with it.
    fn prompt(
        &mut self,
        sample: usize,
        tokens: &[TokenRecord],
        seconds: f64,
    ) -> Result<(), CliError> {
        let Place {
            document,
            sample: nth,
        } = self.place(sample);
        if nth > 0 {
            return Ok(());
        }
        self.totals.documents += 1;
        self.output.json(&Record::Prompt(Prompt {
            document,
            text: self.batch.as_ref().map_or("", |it| it.prompt(sample)),
            tokens: tokens.len(),
            seconds,
        }))?;
        for record in tokens {
            let token = Token::of(record, document, None);
            self.output.json(&Record::Token(token))?;
        }
        Ok(())
    }

    /// Writes the totals.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn end(&mut self) -> Result<(), CliError> {
        let totals = GenerateTotals {
            mean_surprisal_bits: self.all.mean(),
            ..std::mem::take(&mut self.totals)
        };
        self.output.json(&Record::GenerateTotals(totals))?;
        self.output.flush()
    }

    fn growing(&mut self, sample: usize) -> &mut Growing {
        let cuts = &self.cuts;
        self.growing.entry(sample).or_insert_with(|| Growing {
            text: SampleText::new(cuts),
            shown: String::new(),
            surprisal: Surprisal::default(),
        })
    }

    fn grow(&mut self, sample: usize, record: &TokenRecord) {
        let is_end = self.end_tokens.contains(&record.id);
        self.all.add(record);
        let growing = self.growing(sample);
        growing.surprisal.add(record);
        if !is_end {
            let text = growing.text.push(&record.bytes);
            growing.shown += &text;
        }
    }

    fn finish(
        &mut self,
        sample: usize,
        why: &StopReason,
        tokens: usize,
        seconds: f64,
    ) -> Result<(), CliError> {
        self.growing(sample);
        let Some(mut growing) = self.growing.remove(&sample) else {
            return Ok(());
        };
        growing.shown += &growing.text.finish();
        let Place { document, sample } = self.place(sample);
        let (reason, stop_text) = reason(why);
        self.output.json(&Record::Sample(Sample {
            document,
            sample,
            seed: self.seed.wrapping_add(sample as u64),
            text: &growing.shown,
            reason,
            stop_text,
            tokens,
            mean_surprisal_bits: growing.surprisal.mean(),
            seconds,
        }))?;
        self.totals.samples += 1;
        self.totals.tokens += tokens;
        for (index, beam) in std::mem::take(&mut self.beams).iter().enumerate() {
            if self.all_beams {
                let beam = BeamRecord::of(beam, document, sample, index + 1);
                self.output.json(&Record::Beam(beam))?;
            }
        }
        Ok(())
    }
}
