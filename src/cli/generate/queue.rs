//! What is asked of the engine: prompt after prompt, each in batches of samples.

use crate::cli::documents::Document;
use crate::decoding::Beam;
use crate::engine::{Event, GenerateRequest};
use crate::sampling::Method;

/// A batch to generate.
pub struct Batch {
    /// Which prompt it goes on with.
    pub document: usize,
    /// Its first sample.
    pub first: usize,
    pub request: GenerateRequest,
}

/// The batches that are left, and how far they have come.
pub struct Queue {
    documents: Vec<Document>,
    request: GenerateRequest,
    /// Samples in a batch, at most.
    batch: usize,
    /// Samples of each prompt.
    samples: usize,
    document: usize,
    /// The first sample of the batch under way.
    first: usize,
    /// Samples in the batch under way.
    size: usize,
    /// How many of them ended.
    ended: usize,
    /// Samples that ended in all.
    finished: usize,
    /// Tokens of the samples under way.
    growing: usize,
}

impl Queue {
    /// So many samples of each of the prompts, of which there is one at least. `request` says how they are generated.
    pub fn new(
        documents: Vec<Document>,
        request: GenerateRequest,
        samples: usize,
        batch: usize,
    ) -> Self {
        let batch = match request.sampler.method {
            Method::Beam => 1,
            _ => batch,
        };
        Self {
            documents,
            request,
            batch,
            samples,
            document: 0,
            first: 0,
            size: 0,
            ended: 0,
            finished: 0,
            growing: 0,
        }
    }

    /// The next batch, if any sample is left.
    pub fn next(&mut self) -> Option<Batch> {
        self.first += self.size;
        if self.first == self.samples {
            (self.first, self.document) = (0, self.document + 1);
        }
        let document = self.documents.get(self.document)?;
        (self.ended, self.size) = (0, self.batch.min(self.samples - self.first));
        let mut request = self.request.clone();
        request.prompt.clone_from(&document.text);
        request.samples = self.size;
        let seed = request.generation.seed;
        request.generation.seed = seed.wrapping_add(self.first as u64);
        Some(Batch {
            document: self.document,
            first: self.first,
            request,
        })
    }

    /// Counts what an event tells of. Returns whether the batch is through.
    pub fn count(&mut self, event: &Event) -> bool {
        match event {
            Event::Beams { beams, .. } => {
                let longest = |beam: &Beam| beam.ids.len();
                self.growing = beams.iter().map(longest).max().unwrap_or(0);
            }
            Event::Token { .. } if self.request.sampler.method != Method::Beam => self.growing += 1,
            Event::Finished { tokens, .. } => {
                self.growing = self.growing.saturating_sub(*tokens);
                self.ended += 1;
                self.finished += 1;
                return self.ended == self.size;
            }
            _ => {}
        }
        false
    }

    /// Tokens that are done, and all that there can be: a sample that ended early counts as a whole one.
    pub fn progress(&self) -> (usize, usize) {
        let each = self.request.generation.max_tokens;
        let samples = self.samples.saturating_mul(self.documents.len());
        let done = self
            .finished
            .saturating_mul(each)
            .saturating_add(self.growing);
        (done, samples.saturating_mul(each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::{GenerationSettings, StopReason};
    use crate::engine::Then;
    use crate::sampling::SamplerSettings;

    #[test]
    fn every_sample_of_every_prompt_comes_once_with_its_seed() {
        let document = |text: &str| Document {
            file: None,
            text: text.to_owned(),
            is_whole: false,
        };
        let request = GenerateRequest {
            prompt: String::new(),
            sampler: SamplerSettings::default(),
            generation: GenerationSettings {
                seed: 10,
                max_tokens: 4,
                ..GenerationSettings::default()
            },
            samples: 1,
            prompt_odds: false,
            then: Then::Continue,
        };
        let mut queue = Queue::new(vec![document("a"), document("b")], request, 3, 2);
        let mut asked = Vec::new();
        while let Some(batch) = queue.next() {
            let Batch {
                document,
                first,
                request,
            } = batch;
            asked.push((
                document,
                request.prompt,
                first,
                request.samples,
                request.generation.seed,
            ));
            for sample in 0..request.samples {
                let ended = queue.count(&Event::Finished {
                    sample,
                    reason: StopReason::EndToken,
                    tokens: 1,
                    seconds: 0.0,
                });
                assert_eq!(ended, sample + 1 == request.samples);
            }
        }
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let expected = [
            (0, a.clone(), 0, 2, 10),
            (0, a, 2, 1, 12),
            (1, b.clone(), 0, 2, 10),
            (1, b, 2, 1, 12),
        ];
        assert_eq!(asked, expected);
        assert_eq!(queue.progress(), (24, 24));
    }
}
