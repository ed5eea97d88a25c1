//! What the verdict on the run in view is, and which keys act on it.

use super::{Job, Train};
use crate::training::{CheckpointNote, Verdict};
use crate::tui::state::State;
use crate::tui::vocabulary::bindings::Bound;

impl Train {
    /// The verdict on the run in view; none before its first step.
    pub fn verdict(&self) -> Option<Verdict> {
        self.run()?.verdict()
    }

    /// The checkpoint of the lowest validation loss, if it is on the disk.
    pub fn best_checkpoint(&self) -> Option<&CheckpointNote> {
        let history = self.run()?.history();
        let step = history.best_validation()?.step;
        let note = history.nearest_checkpoint(step);
        note.filter(|note| note.step == step)
    }

    /// The checkpoint that is opened now: the last at or before the step in view. Where no step was chosen, that of a
    /// run that is over or memorises is its best.
    pub fn checkpoint_to_open(&self) -> Option<&CheckpointNote> {
        let run = self.run()?;
        let memorises = matches!(run.verdict(), Some(Verdict::Memorising { .. }));
        let is_over = run.history().finished().is_some();
        let best = match run.cursor {
            None if is_over || memorises => self.best_checkpoint(),
            _ => None,
        };
        best.or_else(|| run.history().nearest_checkpoint(self.step_in_view()))
    }
}

impl State {
    /// What can be done about the run in view, by key; nothing where all is well and goes on.
    pub fn advice_on_run(&self) -> Option<String> {
        let key = |bound| self.keymap.hint(bound, false);
        let train = &self.train;
        let goes_on = train.is_live() && train.job != Job::Ending;
        let mut parts = Vec::new();
        let verdict = train.verdict()?;
        let opens = train.checkpoint_to_open();
        let best = train.best_checkpoint();
        if let (Some(opens), Some(best), Some(enter)) = (opens, best, key(Bound::TrainEnter))
            && opens.step == best.step
        {
            parts.push(format!("{enter} opens step {}", best.step));
        }
        match verdict {
            Verdict::Memorising { .. } if goes_on => {
                parts.extend(key(Bound::TrainStop).map(|key| format!("{key} stops")));
            }
            Verdict::Diverging {
                try_rate: Some(rate),
                ..
            } => {
                let bound = if goes_on {
                    Bound::TrainRate
                } else {
                    Bound::TrainNew
                };
                parts.extend(key(bound).map(|key| format!("{key}: try {rate:e}")));
            }
            _ if goes_on => parts.clear(),
            _ => {}
        }
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}
