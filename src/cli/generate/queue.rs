//! What is asked of the engine: sample after sample of prompt after prompt, so many at once.

use crate::cli::documents::Document;
use crate::decoding::Beam;
use crate::engine::{Event, Prompted, PromptsRequest};
use crate::sampling::Method;

/// One sample of one prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which prompt it goes on with.
    pub document: usize,
    /// Which sample of that prompt.
    pub sample: usize,
}

/// Samples to generate together: the engine's are those from the `first` on, in order.
pub struct Batch {
    /// Samples of all prompts that came before.
    first: usize,
    /// Samples of each prompt.
    each: usize,
    pub request: PromptsRequest,
}

impl Batch {
    /// What a sample of the engine's is.
    pub fn place(&self, sample: usize) -> Place {
        place(self.first + sample, self.each)
    }

    /// The prompt that a sample of the engine's goes on with.
    pub fn prompt(&self, sample: usize) -> &str {
        let prompt = self.place(sample).document - self.place(0).document;
        let prompted = self.request.prompts.get(prompt);
        prompted.map_or("", |prompted| &prompted.prompt)
    }
}

/// The place of a sample among those of all prompts, of which each has so many.
fn place(sample: usize, each: usize) -> Place {
    Place {
        document: sample / each,
        sample: sample % each,
    }
}

/// The batches that are left, and how far they have come.
pub struct Queue {
    documents: Vec<Document>,
    request: PromptsRequest,
    /// Samples in a batch, at most.
    batch: usize,
    /// Samples of each prompt.
    samples: usize,
    /// Samples that were asked for.
    asked: usize,
    /// Samples that ended.
    finished: usize,
    /// Tokens of the samples under way.
    growing: usize,
}

impl Queue {
    /// So many samples of each of the prompts, of which there is one at least. `request`, which has no prompts yet, says
    /// how they are generated, and the seed of the first sample of each.
    pub fn new(
        documents: Vec<Document>,
        request: PromptsRequest,
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
            asked: 0,
            finished: 0,
            growing: 0,
        }
    }

    /// Samples in all.
    fn all(&self) -> usize {
        self.samples.saturating_mul(self.documents.len())
    }

    /// The next batch, if any sample is left.
    pub fn next(&mut self) -> Option<Batch> {
        let first = self.asked;
        let upto = first.saturating_add(self.batch).min(self.all());
        let mut request = self.request.clone();
        while self.asked < upto {
            let Place { document, sample } = place(self.asked, self.samples);
            let samples = (upto - self.asked).min(self.samples - sample);
            request.prompts.push(Prompted {
                prompt: self.documents[document].text.clone(),
                seed: request.generation.seed.wrapping_add(sample as u64),
                samples,
            });
            self.asked += samples;
        }
        (first < upto).then_some(Batch {
            first,
            each: self.samples,
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
                self.finished += 1;
                return self.finished == self.asked;
            }
            _ => {}
        }
        false
    }

    /// Tokens that are done, and all that there can be: a sample that ended early counts as a whole one.
    pub fn progress(&self) -> (usize, usize) {
        let each = self.request.generation.max_tokens;
        let done = self
            .finished
            .saturating_mul(each)
            .saturating_add(self.growing);
        (done, self.all().saturating_mul(each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::{GenerationSettings, StopReason};
    use crate::sampling::SamplerSettings;

    #[test]
    fn every_sample_of_every_prompt_comes_once_with_its_seed() {
        let document = |text: &str| Document {
            file: None,
            text: text.to_owned(),
            is_whole: false,
        };
        let request = PromptsRequest {
            prompts: Vec::new(),
            sampler: SamplerSettings::default(),
            generation: GenerationSettings {
                seed: 10,
                max_tokens: 4,
                ..GenerationSettings::default()
            },
            prompt_odds: false,
        };
        let documents = ["a", "b", "c"].map(document).to_vec();
        let mut queue = Queue::new(documents, request, 3, 4);
        let (mut asked, mut seeds) = (Vec::new(), Vec::new());
        while let Some(batch) = queue.next() {
            let size = batch.request.prompts.iter().map(|one| one.samples).sum();
            asked.push(
                (0..size)
                    .map(|sample| batch.prompt(sample).to_owned())
                    .collect::<String>(),
            );
            let prompts = batch.request.prompts.iter();
            seeds.push(
                prompts
                    .map(|one| (one.seed, one.samples))
                    .collect::<Vec<_>>(),
            );
            for sample in 0..size {
                let ended = queue.count(&Event::Finished {
                    sample,
                    reason: StopReason::EndToken,
                    tokens: 1,
                    seconds: 0.0,
                });
                assert_eq!(ended, sample + 1 == size);
            }
        }
        assert_eq!(asked, ["aaab", "bbcc", "c"]);
        let expected = [
            vec![(10, 3), (10, 1)],
            vec![(11, 2), (10, 2)],
            vec![(12, 1)],
        ];
        assert_eq!(seeds, expected);
        assert_eq!(queue.progress(), (36, 36));
    }
}
