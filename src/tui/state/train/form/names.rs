//! The name of the run: always the next that is free.

use std::collections::BTreeSet;

use super::typed::next_name;
use super::{FIELDS, FRESH, Form, Group, NAME, Problem, RESTORE};

impl Form {
    /// Takes in which runs there are: a fresh one is named otherwise, so that starting asks for no thought.
    pub fn know_names(&mut self, taken: BTreeSet<String>) {
        self.taken = taken;
        // A name that was taken over from a run gives way to the next one that is free.
        if let Some(name) = self.filled.take()
            && self.changed.get(&NAME) == Some(&name)
        {
            self.changed.insert(NAME, self.free(name));
        }
    }

    /// Takes in that there is a run of this name now. A name that was typed for it is no suggestion any more.
    pub fn pass_name(&mut self, taken: &str) {
        self.taken.insert(taken.to_owned());
        if self.changed.get(&NAME).is_some_and(|name| name == taken) {
            self.changed.remove(&NAME);
        }
    }

    /// The name, or the next one that no run has.
    pub(super) fn free(&self, mut name: String) -> String {
        while self.taken.contains(&name) {
            name = next_name(&name);
        }
        name
    }

    /// Says on its row that a run of the name exists, and which one is free.
    pub(super) fn look_at_name(&mut self) {
        self.problem = None;
        let name = self.value(NAME);
        if self.value(RESTORE) == FRESH && self.taken.contains(&name) {
            let free = self.free(name.clone());
            self.problem = Some(Problem {
                field: Some(NAME),
                message: format!(
                    "There is a run {name} already: {free} is free, or “{}” under “{}” says what becomes of it.",
                    FIELDS[RESTORE].name,
                    Group::Keeping.name()
                ),
            });
        }
    }
}
