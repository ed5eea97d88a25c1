//! A question that is asked at most once at a time, where only the newest one counts: a look, a reading, an inspection.

/// One place for a question that is out, and for the last one whose answer is known.
#[derive(Debug)]
pub struct Slot<K> {
    /// Asked, not answered.
    out: Option<K>,
    /// The last one that was settled: answered, or known to have no answer.
    settled: Option<K>,
}

impl<K> Default for Slot<K> {
    fn default() -> Self {
        Self {
            out: None,
            settled: None,
        }
    }
}

impl<K: PartialEq> Slot<K> {
    /// Whether a question has to be asked now: none is out, and this one is not settled.
    pub fn wants(&self, question: &K) -> bool {
        self.out.is_none() && !self.is_settled(question)
    }

    /// Whether this is the last one that was settled, be another one out or not.
    pub fn is_settled(&self, question: &K) -> bool {
        self.settled.as_ref() == Some(question)
    }
}

impl<K> Slot<K> {
    /// Takes in that a question was asked.
    pub fn ask(&mut self, question: K) {
        self.out = Some(question);
    }

    /// The question that is out.
    pub fn out(&self) -> Option<&K> {
        self.out.as_ref()
    }

    /// The last one that was settled.
    pub fn settled(&self) -> Option<&K> {
        self.settled.as_ref()
    }

    /// Settles the question that is out, with or without an answer: it is not asked again. Returns whether one was out.
    pub fn settle(&mut self) -> bool {
        let question = self.out.take();
        let was_out = question.is_some();
        self.settled = question.or(self.settled.take());
        was_out
    }

    /// Settles a question that need not be asked.
    pub fn settle_as(&mut self, question: K) {
        self.settled = Some(question);
    }

    /// Forgets the question that is out, whose answer may never come: it is asked again.
    pub fn give_up(&mut self) {
        self.out = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_is_out_and_none_is_asked_twice() {
        let mut slot = Slot::default();
        assert!(slot.wants(&1));
        slot.ask(1);
        assert!(!slot.wants(&2), "the first is out");
        assert!(slot.settle());
        assert!(!slot.wants(&1), "its answer is known");
        assert!(slot.wants(&2));
        assert!(!slot.settle(), "none is out");
        assert!(slot.is_settled(&1), "and the last one stays settled");
    }

    #[test]
    fn what_is_given_up_is_asked_again() {
        let mut slot = Slot::default();
        slot.ask(1);
        slot.give_up();
        assert!(slot.wants(&1));
        slot.settle_as(1);
        assert!(!slot.wants(&1));
    }
}
