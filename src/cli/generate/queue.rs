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

/// Samples to generate together.
pub struct Batch {
    /// What the engine's samples are, in its order.
    pub places: Vec<Place>,
    pub request: PromptsRequest,
}

impl Batch {
    /// The prompt that a sample of the engine's goes on with.
    pub fn prompt(&self, sample: usize) -> &str {
        let first = self.places.first().map_or(0, |place| place.document);
        let place = self.places.get(sample).map_or(first, |it| it.document);
        let prompted = self.request.prompts.get(place - first);
        prompted.map_or("", |prompted| &prompted.prompt)
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
        let upto = self.asked.saturating_add(self.batch).min(self.all());
        let places = (self.asked..upto).map(|at| Place {
            document: at / self.samples,
            sample: at % self.samples,
        });
        let places: Vec<Place> = places.collect();
        self.asked = upto;
        let mut request = self.request.clone();
        let first = request.generation.seed;
        for of_one in places.chunk_by(|one, next| one.document == next.document) {
            let seeds = of_one.iter();
            let seeds = seeds.map(|place| first.wrapping_add(place.sample as u64));
            request.prompts.push(Prompted {
                prompt: self.documents[of_one[0].document].text.clone(),
                seeds: seeds.collect(),
            });
        }
        (!places.is_empty()).then_some(Batch { places, request })
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
        let mut asked = Vec::new();
        while let Some(batch) = queue.next() {
            let prompts = (0..batch.places.len()).map(|sample| batch.prompt(sample).to_owned());
            assert_eq!(prompts.collect::<String>().len(), batch.places.len());
            let prompts = batch.request.prompts.iter();
            let prompts = prompts.map(|one| (one.prompt.clone(), one.seeds.clone()));
            asked.push(prompts.collect::<Vec<_>>());
            for sample in 0..batch.places.len() {
                let ended = queue.count(&Event::Finished {
                    sample,
                    reason: StopReason::EndToken,
                    tokens: 1,
                    seconds: 0.0,
                });
                assert_eq!(ended, sample + 1 == batch.places.len());
            }
        }
        let of = |prompt: &str, seeds: &[u64]| (prompt.to_owned(), seeds.to_vec());
        let expected = [
            vec![of("a", &[10, 11, 12]), of("b", &[10])],
            vec![of("b", &[11, 12]), of("c", &[10, 11])],
            vec![of("c", &[12])],
        ];
        assert_eq!(asked, expected);
        assert_eq!(queue.progress(), (36, 36));
    }
}
