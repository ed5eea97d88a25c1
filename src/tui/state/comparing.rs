//! What the present knobs would have drawn, for the whole text: asked for when it would tell something new.

use std::collections::BTreeMap;

use crate::decoding::Otherwise;
use crate::engine::CompareRequest;
use crate::sampling::SamplerSettings;

/// What makes one comparison differ from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// Which sample of the run.
    pub sample: usize,
    /// Of the text, see [`super::passage::Passage::edition`].
    pub edition: u64,
    /// Counts the turns of knobs.
    pub turns: u64,
    pub seed: u64,
}

/// The newest comparison, as far as it has come.
#[derive(Debug, Default)]
pub struct Comparing {
    asked: Option<Stand>,
    /// Positions below this one were compared.
    upto: usize,
    otherwise: BTreeMap<usize, Otherwise>,
}

impl Comparing {
    /// The request that the text needs now, if it needs one.
    pub fn request(&mut self, stand: Stand, sampler: &SamplerSettings) -> Option<CompareRequest> {
        if self.asked == Some(stand) {
            return None;
        }
        *self = Self {
            asked: Some(stand),
            ..Self::default()
        };
        Some(CompareRequest {
            sample: stand.sample,
            sampler: sampler.clone(),
            seed: stand.seed,
        })
    }

    /// Takes a piece of an answer in. One that does not begin where the last one ended is of an older request.
    pub fn answer(&mut self, sample: usize, from: usize, upto: usize, otherwise: Vec<Otherwise>) {
        if from == 0 {
            self.otherwise.clear();
            self.upto = 0;
        }
        if self.asked.is_some_and(|stand| stand.sample == sample) && from == self.upto {
            self.upto = upto;
            self.otherwise
                .extend(otherwise.into_iter().map(|other| (other.position, other)));
        }
    }

    /// Takes in that the text was cut.
    pub fn cut(&mut self, length: usize) {
        self.upto = self.upto.min(length);
        self.otherwise.split_off(&length);
    }

    /// Forgets everything; the next request is sent in any case.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The tokens that would have been others, as far as the text was compared as it stands.
    pub fn of(&self, stand: Stand) -> Option<&BTreeMap<usize, Otherwise>> {
        let is_of = self.asked == Some(stand) && self.upto > 0;
        is_of.then_some(&self.otherwise)
    }

    /// How far the text was compared.
    pub fn upto(&self) -> usize {
        self.upto
    }

    /// The tokens that would have been others, by position.
    pub fn otherwise(&self) -> &BTreeMap<usize, Otherwise> {
        &self.otherwise
    }
}
