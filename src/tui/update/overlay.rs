//! What the user does while something lies over the panes: a list, a question, the branches, a token's funnel.

use super::{branches, continuations, editing, game, learn, palette, questions};
use crate::tui::state::overlay::{BranchView, Legend, Overlay, Topic};
use crate::tui::state::picker::{COMMANDS, Item, MODELS, Picker};
use crate::tui::state::{State, tree};
use crate::tui::vocabulary::action::{Concern, Edit};
use crate::tui::vocabulary::continuations::TreeAction;
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Effect, GameAction, LearnAction};

/// Takes an action of the user in. Returns what is left to be done underneath.
pub fn apply(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    match action {
        _ if matches!(state.screen.overlay, Some(Overlay::Continuations))
            && (action == Action::Escape || action == Action::Interrupt) =>
        {
            return continuations::act(state, action, effects);
        }
        // The way out, and what concerns the whole screen.
        _ if action.concern() == Concern::Whole => return Some(action),
        // Help lies over lists and the game too.
        Action::ToggleHelp
            if matches!(
                state.screen.overlay,
                Some(Overlay::Picker(_) | Overlay::Game(_) | Overlay::Continuations)
            ) =>
        {
            return Some(action);
        }
        Action::Escape => {
            if let Some(Overlay::Game(_)) = &state.screen.overlay {
                state.play.search.clear();
            }
            let under = match &state.screen.overlay {
                Some(Overlay::Legend(legend)) => legend.over_funnel,
                _ => None,
            };
            state.uncover();
            if let Some(scroll) = under {
                state.screen.overlay = Some(Overlay::Funnel(scroll));
            }
            return None;
        }
        _ => {}
    }
    match &state.screen.overlay {
        Some(Overlay::Legend(_)) => return read_legend(state, action),
        Some(Overlay::Game(_)) => return game::act(state, action),
        Some(Overlay::Continuations) => return continuations::act(state, action, effects),
        _ => {}
    }
    match &mut state.screen.overlay {
        Some(Overlay::Picker(picker)) => match action {
            Action::Up => picker.step(-1),
            Action::Down => picker.step(1),
            Action::PageUp => picker.step(-10),
            Action::PageDown => picker.step(10),
            Action::Run => return choose(state),
            // In the list of models: the selected one beside the present one.
            Action::FocusNext if picker.title == MODELS => return choose(state).map(beside),
            other => {
                if edited(&mut picker.filter, other) {
                    picker.row = 0;
                    make(state);
                }
            }
        },
        Some(Overlay::Ask(ask)) => match action {
            Action::Run => questions::answer(state, effects),
            Action::FocusNext if ask.question.takes_path() => {
                effects.push(Effect::Complete(ask.answer.text()));
            }
            other => {
                if edited(&mut ask.answer, other) {
                    (ask.problem, ask.note) = (None, None);
                }
            }
        },
        Some(Overlay::Branches(view)) => {
            let count = tree::rows(&state.play.branches).len();
            if !browse(view, &action, count) {
                return branches::act(state, action, effects);
            }
        }
        Some(Overlay::Funnel(scroll)) => match action {
            Action::Up => *scroll = scroll.saturating_sub(1),
            Action::Down => *scroll += 1,
            Action::PageUp => *scroll = scroll.saturating_sub(10),
            Action::PageDown => *scroll += 10,
            Action::Funnel | Action::Quit => state.screen.overlay = None,
            // Text goes to the prompt, which has to be seen for it.
            Action::Insert(_) | Action::Paste(_) => {
                state.screen.overlay = None;
                return Some(action);
            }
            Action::Legend => {
                state.screen.overlay = Some(Overlay::Legend(Legend {
                    over_funnel: Some(*scroll),
                    ..Legend::new(Topic::Funnel)
                }));
            }
            // Scrubbing and knobs stay at hand.
            other => return Some(other),
        },
        Some(Overlay::Legend(_) | Overlay::Game(_) | Overlay::Continuations) | None => {
            return Some(action);
        }
    }
    None
}

/// While a legend is read: movements scroll it, what is typed goes to the prompt, any other key puts it away.
fn read_legend(state: &mut State, action: Action) -> Option<Action> {
    let Some(Overlay::Legend(legend)) = &state.screen.overlay else {
        return Some(action);
    };
    let most = state.screen.seen.legend.unwrap_or(usize::MAX);
    let (now, under) = (legend.scroll.min(most), legend.over_funnel);
    let scroll = match action {
        Action::Up => now.saturating_sub(1),
        Action::Down => now + 1,
        Action::PageUp => now.saturating_sub(10),
        Action::PageDown => now + 10,
        _ => {
            state.uncover();
            if let Some(scroll) = under {
                state.screen.overlay = Some(Overlay::Funnel(scroll));
            }
            let typed = matches!(action, Action::Insert(_) | Action::Paste(_));
            return typed.then_some(action);
        }
    };
    if let Some(Overlay::Legend(legend)) = &mut state.screen.overlay {
        legend.scroll = scroll.min(most);
    }
    None
}

/// What the selected item does. Where nothing matches, the list stays, and says so.
fn choose(state: &mut State) -> Option<Action> {
    let Some(Overlay::Picker(picker)) = &state.screen.overlay else {
        return None;
    };
    let chosen = picker.selected()?.action.clone();
    state.uncover();
    Some(chosen)
}

/// Offers what can be made of the very text that was typed: a knob's value, a model that is not listed.
fn make(state: &mut State) {
    let Some(Overlay::Picker(picker)) = &state.screen.overlay else {
        return;
    };
    let (title, typed) = (picker.title, picker.filter.text());
    let made = match title {
        COMMANDS if state.screen.page == Page::Play => palette::setting(state, &typed),
        MODELS if !typed.trim().is_empty() && !picker.has(typed.trim()) => Some(Item {
            label: format!("load {}", typed.trim()),
            detail: "by its name or path".to_owned(),
            action: Action::LoadModel(typed.trim().to_owned()),
        }),
        _ => None,
    };
    if let Some(Overlay::Picker(picker)) = &mut state.screen.overlay {
        picker.offer(made, title == COMMANDS);
    }
}

/// What an item of the list of models does with the model beside.
fn beside(action: Action) -> Action {
    match action {
        Action::LoadModel(source) => Action::LoadSecond(source),
        Action::Ask(Question::Model) => Action::Ask(Question::SecondModel),
        other => other,
    }
}

/// Moves among the branches. Returns whether the action was a movement.
fn browse(view: &mut BranchView, action: &Action, count: usize) -> bool {
    let by = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -10,
        Action::PageDown => 10,
        Action::First => isize::MIN,
        Action::Last => isize::MAX,
        _ => return false,
    };
    view.row = view
        .row
        .saturating_add_signed(by)
        .min(count.saturating_sub(1));
    true
}

/// Edits a line. Returns whether its text changed.
pub(super) fn edited(line: &mut crate::tui::state::editor::Editor, action: Action) -> bool {
    match action {
        Action::Insert(c) => line.insert(c.encode_utf8(&mut [0; 4])),
        Action::Paste(text) => line.insert(&text.replace(['\n', '\r'], " ")),
        Action::Edit(Edit::Newline | Edit::HistoryPrevious | Edit::HistoryNext) => false,
        Action::Edit(edit) => line.edit(edit),
        Action::Left => {
            line.step(false);
            false
        }
        Action::Right => {
            line.step(true);
            false
        }
        Action::First => {
            line.line_border(false);
            false
        }
        Action::Last => {
            line.line_border(true);
            false
        }
        _ => false,
    }
}

/// Shows the models that were listed, if they are still wanted.
pub fn listed(state: &mut State, items: Vec<Item>) {
    if let Some(Overlay::Picker(picker)) = &mut state.screen.overlay
        && picker.title == MODELS
    {
        let unload = state.engine.second.as_ref().map(|second| Item {
            label: format!("unload {}, the model beside", second.source),
            detail: String::new(),
            action: Action::UnloadSecond,
        });
        picker.set_items(items.into_iter().chain(unload).collect());
        make(state);
    }
}

/// Opens an overlay, if the action asks for one.
pub fn open(state: &mut State, action: &Action, effects: &mut Vec<Effect>) -> bool {
    state.screen.overlay = Some(match action {
        Action::Palette => Overlay::Picker(Box::new(palette::everything(state))),
        Action::Learn(LearnAction::List) => Overlay::Picker(Box::new(learn::list(state))),
        Action::Game(GameAction::List) => Overlay::Picker(Box::new(game::list())),
        Action::CopyWhat => Overlay::Picker(Box::new(palette::copies())),
        Action::Ask(question) => Overlay::Ask(Box::new(questions::ask(state, *question))),
        Action::Quit => match questions::staying(state) {
            Some(why) => Overlay::Ask(Box::new(questions::ask(state, Question::Quit(why)))),
            None => return false,
        },
        Action::TypeValue => match super::knobs::selected(state) {
            Some(row) => {
                let question = crate::tui::vocabulary::question::Question::Knob(row);
                Overlay::Ask(Box::new(questions::ask(state, question)))
            }
            None => return true,
        },
        Action::Branches => {
            if state.play.branches.is_empty() {
                state.tell("There is a single text as yet: cut it, take another token, or run again, and what stood there stays as a branch.", false);
                return true;
            }
            let rows = tree::rows(&state.play.branches);
            let row = rows.iter().position(|row| row.branch.current);
            Overlay::Branches(BranchView {
                row: row.unwrap_or(0),
                beside: None,
            })
        }
        Action::Funnel => Overlay::Funnel(0),
        Action::Tree(TreeAction::Page) => {
            continuations::open(state);
            editing::leave(state);
            return true;
        }
        Action::Legend => {
            // Unlike what follows it takes no keys of the editor's, so that the editor keeps the focus.
            let topic = match state.screen.page {
                Page::Compare => Topic::Lanes,
                Page::Play | Page::Train => Topic::Pane(state.play.focus),
            };
            state.screen.overlay = Some(Overlay::Legend(Legend::new(topic)));
            return true;
        }
        Action::Models => {
            effects.push(Effect::ListModels(None));
            Overlay::Picker(Box::new(Picker::new(MODELS, Vec::new())))
        }
        Action::BrowseModels(directory) => {
            effects.push(Effect::ListModels(Some(directory.clone())));
            Overlay::Picker(Box::new(Picker::new(MODELS, Vec::new())))
        }
        _ => return false,
    });
    editing::leave(state);
    true
}
