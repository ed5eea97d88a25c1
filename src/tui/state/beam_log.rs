//! The beams of a search, those that live and those that died.

use crate::decoding::Beam;

/// Most dead beams remembered, the newest.
const MOST: usize = 100;

/// What became of the beams of the newest search.
#[derive(Debug, Default)]
pub struct BeamLog {
    steps: usize,
    living: Vec<Beam>,
    /// The step at which each died, the newest first.
    dead: Vec<(usize, Beam)>,
}

impl BeamLog {
    /// Takes in the beams after a step. Those of the step before that nothing grew from have died.
    pub fn step(&mut self, beams: &[Beam]) {
        self.steps += 1;
        let survives = |old: &Beam| beams.iter().any(|new| new.ids.starts_with(&old.ids));
        let (steps, before) = (self.steps, std::mem::take(&mut self.living));
        let died = before.into_iter().filter(|old| !survives(old));
        for beam in died {
            self.dead.insert(0, (steps, beam));
        }
        self.dead.truncate(MOST);
        self.living = beams.to_vec();
    }

    /// Steps of the search.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Whether there was no search.
    pub fn is_empty(&self) -> bool {
        self.steps == 0
    }

    /// The beams of the newest step, best first.
    pub fn living(&self) -> &[Beam] {
        &self.living
    }

    /// The step at which each dead beam died, the newest first.
    pub fn dead(&self) -> &[(usize, Beam)] {
        &self.dead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beam(ids: &[u32]) -> Beam {
        Beam {
            ids: ids.to_vec(),
            text: String::new(),
            log_probability: 0.0,
            score: 0.0,
            finished: None,
        }
    }

    #[test]
    fn beams_that_nothing_grew_from_have_died() {
        let mut log = BeamLog::default();
        log.step(&[beam(&[1]), beam(&[2])]);
        log.step(&[beam(&[1, 5]), beam(&[1, 6])]);
        assert_eq!(log.dead(), [(2, beam(&[2]))]);
        log.step(&[beam(&[1, 5, 7]), beam(&[1, 6])]);
        assert_eq!(log.dead().len(), 1, "an ended beam lives on");
        log.step(&[beam(&[1, 5, 7, 8])]);
        assert_eq!(log.dead()[0], (4, beam(&[1, 6])));
    }
}
