//! What can be done with the selected branch.

use crate::decoding::{BranchId, TokenRecord};
use crate::engine::Command;
use crate::tui::state::ask::Ask;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::{State, tree};
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Effect};

/// Carries out an action on the selected branch.
pub fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    let selected = selected(state);
    match (action, selected) {
        (Action::Run, Some((id, current, _))) => {
            state.screen.overlay = None;
            if !current {
                super::run::settle(state, effects);
                effects.push(Effect::Send(Command::Switch(id)));
            }
        }
        (Action::NameBranch, Some((id, _, name))) => {
            let ask = Ask::new(Question::BranchName(id), &name.unwrap_or_default());
            state.screen.overlay = Some(Overlay::Ask(Box::new(ask)));
        }
        (Action::PruneBranch, Some((id, ..))) => effects.push(Effect::Send(Command::Prune(id))),
        (Action::CompareBranch, Some((id, ..))) => effects.push(Effect::Send(Command::Show(id))),
        (Action::Branches | Action::Quit, _) => state.screen.overlay = None,
        _ => {}
    }
    None
}

/// The selected branch: whether it is the text, and its name.
fn selected(state: &State) -> Option<(BranchId, bool, Option<String>)> {
    let Some(Overlay::Branches(view)) = &state.screen.overlay else {
        return None;
    };
    let rows = tree::rows(&state.play.branches);
    let branch = rows.get(view.row)?.branch;
    Some((
        branch.lineage.id,
        branch.current,
        branch.lineage.name.clone(),
    ))
}

/// Takes in the tokens of a branch to compare.
pub fn show(state: &mut State, id: BranchId, tokens: Vec<TokenRecord>) {
    if let Some(Overlay::Branches(view)) = &mut state.screen.overlay {
        view.beside = Some((id, tokens));
    }
}

/// Takes in a new list.
pub fn listed(state: &mut State, branches: Vec<crate::decoding::BranchInfo>) {
    state.play.branches = branches;
    let count = state.play.branches.len();
    if let Some(Overlay::Branches(view)) = &mut state.screen.overlay {
        view.row = view.row.min(count.saturating_sub(1));
        if count == 0 {
            state.screen.overlay = None;
        }
    }
}
