//! Looks at one token's distribution: at most one is asked for at a time, and only when it would tell something new.

use super::slot::Slot;
use crate::decoding::Moment;
use crate::engine::{LookRequest, Subject};
use crate::sampling::SamplerSettings;

/// Rows asked for: more than any pane shows at once, few enough to send at every frame.
const ROWS: usize = 100;

/// What makes one look differ from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    pub subject: Subject,
    /// Which sample of the run.
    pub sample: usize,
    pub position: usize,
    /// The token that stands there.
    pub chosen: Option<u32>,
    /// Of the text, see [`super::passage::Passage::edition`].
    pub edition: u64,
    /// Counts the turns of knobs.
    pub turns: u64,
    pub seed: u64,
    /// Only tokens that contain this are asked for.
    pub search: String,
}

/// The looks: the one that is out, and the newest answer.
#[derive(Debug, Default)]
pub struct Looking {
    slot: Slot<Aim>,
    /// The newest answer.
    moment: Option<(Subject, Moment)>,
}

impl Looking {
    /// The request that `aim` needs now, if it needs one.
    pub fn request(&mut self, aim: Aim, sampler: &SamplerSettings) -> Option<LookRequest> {
        if !self.slot.wants(&aim) {
            return None;
        }
        let request = LookRequest {
            subject: aim.subject,
            sample: aim.sample,
            search: aim.search.clone(),
            position: aim.position,
            sampler: sampler.clone(),
            seed: aim.seed,
            rows: ROWS,
        };
        self.slot.ask(aim);
        Some(request)
    }

    /// Whether all is known that looking there would tell.
    pub fn knows(&self, aim: &Aim) -> bool {
        self.slot.out().is_none() && self.slot.is_settled(aim)
    }

    /// Takes an answer in.
    pub fn answer(&mut self, subject: Subject, moment: Moment) {
        let expected = |aim: &Aim| aim.subject == subject && aim.position == moment.position;
        if self.slot.out().is_some_and(expected) {
            self.slot.settle();
            self.moment = Some((subject, moment));
        }
    }

    /// Takes in that the request that is out cannot be answered. It is not repeated until something changes.
    pub fn refuse(&mut self) {
        self.slot.settle();
    }

    /// Forgets the request that is out: the engine may have dropped it.
    pub fn give_up(&mut self) {
        self.slot.give_up();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The newest answer, if it is of `subject`. It may be of the position that was in view before.
    pub fn moment(&self, subject: Subject) -> Option<&Moment> {
        self.moment
            .as_ref()
            .filter(|(of, _)| *of == subject)
            .map(|(_, moment)| moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aim(position: usize, turns: u64) -> Aim {
        Aim {
            subject: Subject::Text,
            sample: 0,
            search: String::new(),
            position,
            chosen: None,
            edition: 0,
            turns,
            seed: 1,
        }
    }

    fn moment(position: usize) -> Moment {
        Moment {
            position,
            rows: Vec::new(),
            vocabulary: 10,
            kept: 10,
            raw_entropy: 1.0,
            final_entropy: 1.0,
            trace: Vec::new(),
            chosen: None,
            u: 0.5,
            pick: Some(0),
            candidates: Vec::new(),
            mu: None,
            mean: None,
        }
    }

    #[test]
    fn one_request_is_out_at_a_time_and_none_twice() {
        let sampler = SamplerSettings::neutral();
        let mut looking = Looking::default();
        assert_eq!(
            looking
                .request(aim(3, 0), &sampler)
                .map(|request| request.position),
            Some(3)
        );
        assert_eq!(
            looking.request(aim(4, 0), &sampler),
            None,
            "the first is out"
        );
        looking.answer(Subject::Draft, moment(3));
        looking.answer(Subject::Text, moment(7));
        assert_eq!(
            looking.moment(Subject::Text),
            None,
            "answers to other questions"
        );
        looking.answer(Subject::Text, moment(3));
        assert_eq!(
            looking.moment(Subject::Text).map(|moment| moment.position),
            Some(3)
        );
        assert_eq!(looking.request(aim(3, 0), &sampler), None, "known");
        assert!(
            looking.request(aim(3, 1), &sampler).is_some(),
            "a knob was turned"
        );
        looking.give_up();
        assert!(
            looking.request(aim(3, 1), &sampler).is_some(),
            "asked again after a lost answer"
        );
    }
}
