//! The draft of the prompt is read by the engine while it is typed: at most one reading is out, and the newest draft counts.

use super::slot::Slot;

/// Which of the drafts the engine has read.
#[derive(Debug, Default)]
pub struct Inspecting {
    /// Counts the changes of the draft.
    edition: u64,
    slot: Slot<u64>,
}

impl Inspecting {
    /// Takes in that the draft is another one now.
    pub fn changed(&mut self) {
        self.edition += 1;
    }

    /// Whether the draft has to be read now.
    pub fn is_due(&self) -> bool {
        self.slot.wants(&self.edition)
    }

    /// Whether the draft as it stands was read, or need not be.
    pub fn is_settled(&self) -> bool {
        self.slot.out().is_none() && self.slot.is_settled(&self.edition)
    }

    /// Takes in that the engine was asked to read it.
    pub fn ask(&mut self) {
        self.slot.ask(self.edition);
    }

    /// Takes in that it need not be read.
    pub fn skip(&mut self) {
        self.slot.settle_as(self.edition);
    }

    /// Takes in that the reading that is out came, or cannot come.
    pub fn settle(&mut self) {
        self.slot.settle();
    }

    /// Takes in that the reading that is out was not taken: it is asked for again.
    pub fn give_up(&mut self) {
        self.slot.give_up();
    }

    /// Forgets everything: another model reads anew.
    pub fn clear(&mut self) {
        self.slot = Slot::default();
    }
}
