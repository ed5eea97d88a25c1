//! What was before a step set something up, so that a step back undoes it.

use crate::decoding::BranchId;
use crate::engine::Subject;
use crate::tui::state::State;
use crate::tui::state::knob_values::Settings;
use crate::tui::vocabulary::focus::{Focus, Page};

use super::Reached;

/// Which text there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextBefore {
    None,
    /// The first one of all, which has no place among branches yet.
    Only,
    Branch(BranchId),
}

/// What was before a step's set-up.
#[derive(Debug, Clone)]
pub struct Before {
    pub page: Page,
    /// The source of the model.
    pub model: String,
    pub settings: Settings,
    pub prompt: String,
    pub text: TextBefore,
    pub subject: Subject,
    /// The position in view; none where the newest was followed.
    pub position: Option<usize>,
    pub focus: Focus,
    pub tab: Focus,
    pub zoomed: bool,
    pub knob: usize,
    /// Whether a training went on.
    pub trained: bool,
    /// How far the step before was.
    pub reached: Reached,
    pub draft_alone: bool,
}

impl Before {
    /// What is now. `reached` is how far the step is that is left.
    pub fn of(state: &State, reached: Reached) -> Self {
        let play = &state.play;
        let passage = play.passage();
        let current = play.branches.iter().find(|branch| branch.current);
        let text = match current {
            _ if play.text().tokens().is_empty() => TextBefore::None,
            Some(branch) => TextBefore::Branch(branch.lineage.id),
            None => TextBefore::Only,
        };
        Self {
            page: state.screen.page,
            model: state.engine.load.source.clone(),
            settings: play.settings.clone(),
            prompt: play.editor.text(),
            text,
            subject: play.subject,
            position: (!passage.follows()).then(|| passage.in_view()),
            focus: play.focus,
            tab: play.tab,
            zoomed: play.zoomed,
            knob: play.knobs.selected,
            trained: state.train.is_live(),
            reached,
            draft_alone: play.draft_alone,
        }
    }
}
