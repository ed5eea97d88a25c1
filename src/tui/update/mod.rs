//! How the state changes: by what a person asks for here, by what the outside tells in `hearing`. No terminal, no engine:
//! what is to be done outside comes back as effects.

mod branches;
mod caption;
mod continuations;
mod copying;
mod editing;
pub mod effect;
mod engine;
mod game;
mod handout;
mod hearing;
mod knobs;
mod lanes;
mod learn;
mod mouse;
mod movement;
pub mod news;
mod overlay;
mod palette;
mod present;
mod questions;
mod run;
mod second;
mod session;
mod train;

pub use hearing::hear;

use self::effect::Effect;
use super::state::State;
use super::{Action, TrainAction};
use crate::engine::{RunState, Then};
use crate::tui::vocabulary::action::Concern;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::lanes::LanesAction;
use crate::tui::vocabulary::marks::Marking;

/// Takes one action of a person in.
pub fn update(state: &mut State, action: Action) -> Vec<Effect> {
    let mut effects = Vec::new();
    let page = state.screen.page;
    if action != Action::Interrupt {
        state.engine.stopping = false;
        state.leaving = false;
    }
    if let Action::Mouse(moved) = action {
        if let Some(meant) = mouse::moved(state, moved) {
            effects.extend(update(state, meant));
        }
    } else if state.screen.help.is_none() {
        let covered = state.screen.overlay.is_some();
        let left = if covered {
            overlay::apply(state, action, &mut effects)
        } else {
            Some(action)
        };
        match left {
            // What an overlay hands back may open another one.
            Some(action) if state.screen.page == Page::Train => {
                if let Some(action) = train::apply(state, action, &mut effects)
                    && !overlay::open(state, &action, &mut effects)
                {
                    apply(state, action, &mut effects);
                }
            }
            Some(action) if state.screen.page == Page::Compare => {
                if let Some(action) = lanes::apply(state, action, &mut effects)
                    && !overlay::open(state, &action, &mut effects)
                {
                    apply(state, action, &mut effects);
                }
            }
            Some(action) if !overlay::open(state, &action, &mut effects) => {
                apply(state, action, &mut effects)
            }
            _ => {}
        }
    } else if action == Action::Quit {
        state.screen.help = None;
    } else if concerns_help(&action) {
        apply(state, action, &mut effects);
    }
    if state.screen.page != page {
        // Texts are as wide as the screen that shows them has room.
        state.reflow();
    }
    train::survey(state, &mut effects);
    game::heed(state);
    learn::heed(state, &mut effects);
    effects
}

/// Whether an action has a meaning while the help page covers the rest.
fn concerns_help(action: &Action) -> bool {
    matches!(
        action.concern(),
        Concern::Whole | Concern::Closing | Concern::Movement
    )
}

fn apply(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    if !matches!(action, Action::PageUp | Action::PageDown) {
        // Whatever else is done is to be seen.
        state.screen.sentence = None;
    }
    match action {
        // Where something could be lost, `overlay::open` asks first.
        Action::Quit => effects.push(Effect::Quit),
        Action::Interrupt => interrupt(state, effects),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::ToggleHelp => {
            state.screen.help = if state.screen.help.is_some() {
                None
            } else {
                Some(0)
            }
        }
        Action::Escape => escape(state),
        Action::ToggleTheme => state.screen.theme = state.screen.theme.other(),
        Action::RestartEngine => run::restart_engine(state, effects),

        Action::FocusNext => editing::go_to(state, state.play.focus.moved(1)),
        Action::FocusPrevious => editing::go_to(state, state.play.focus.moved(-1)),
        Action::FocusPrompt => editing::go_to(state, Focus::Prompt),
        Action::Follow => state.play.passage_mut().follow(),
        Action::Present => present::toggle(state),
        Action::PageUp | Action::PageDown if presents(state) => {
            present::step(state, action == Action::PageDown, effects);
        }
        Action::Up
        | Action::Down
        | Action::Left
        | Action::Right
        | Action::PageUp
        | Action::PageDown
        | Action::First
        | Action::Last => movement::moved(state, &action),

        Action::Zoom => {
            state.play.zoomed = !state.play.zoomed;
            state.reflow();
        }
        Action::Copy(what) => copying::copy(state, what, effects),
        Action::ToggleMouse => {
            state.screen.mouse = !state.screen.mouse;
            effects.push(Effect::TakeMouse(state.screen.mouse));
        }
        Action::FindNext => {
            if !movement::find_next(state) {
                state.tell(
                    "No token of the text contains what was searched for.",
                    false,
                );
            }
        }
        Action::CycleMarking => {
            let next = state.play.marking.next();
            let alone = state.engine.second.is_none();
            state.play.marking = if next == Marking::Divergence && alone {
                next.next()
            } else {
                next
            };
        }
        Action::MarkMore => state.play.thresholds.shift(state.play.marking, true),
        Action::MarkFewer => state.play.thresholds.shift(state.play.marking, false),
        Action::NextSample => {
            let next = (state.play.sample + 1) % state.play.texts.len();
            state.play.choose_sample(next);
        }
        Action::PreviousSample => {
            let count = state.play.texts.len();
            state
                .play
                .choose_sample((state.play.sample + count - 1) % count);
        }
        Action::LoadModel(source) => run::load(state, &source, effects),
        Action::LoadSecond(source) => second::load(state, &source, effects),
        Action::UnloadSecond => second::unload(state, effects),
        Action::Change => second::toggle_change(state),
        Action::Read => run::read(state, effects),
        // These open something, see `overlay::open`, or belong to what is open.
        Action::Palette
        | Action::CopyWhat
        | Action::Ask(_)
        | Action::TypeValue
        | Action::Branches
        | Action::Funnel
        | Action::Tree(_)
        | Action::Legend
        | Action::Models
        | Action::BrowseModels(_)
        | Action::NameBranch
        | Action::PruneBranch
        | Action::CompareBranch
        | Action::Mouse(_) => {}

        Action::Run => run::run(state, effects),
        Action::Step => run::step(state, effects),
        Action::TogglePause => run::toggle_pause(state, effects),
        Action::Stop => run::stop(state, effects),
        Action::Retry => run::retry(state, effects),
        Action::Rewind => run::rewind(state, Then::Continue, effects),
        Action::RewindPaused => run::rewind(state, Then::Pause, effects),
        Action::Take => run::take(state, Then::Continue, effects),
        Action::TakePaused => run::take(state, Then::Pause, effects),

        Action::BigLeft
        | Action::BigRight
        | Action::ToggleStage
        | Action::Neutral
        | Action::StageEarlier
        | Action::StageLater
        | Action::NextPreset
        | Action::PreviousPreset
        | Action::DefaultKnobs
        | Action::Preset(_) => knobs::change(state, &action),
        Action::SetKnob(row, value) => {
            if let Err(problem) = knobs::set(state, row, &value) {
                state.tell(format!("{}: {problem}", row.name()), true);
            }
        }

        Action::Train(action) => {
            if action == TrainAction::Page {
                train::turn_page(state, effects);
            }
        }
        Action::Learn(action) => learn::act(state, action, effects),
        Action::Game(action) => game::open(state, action),
        Action::Lanes(action) => {
            if action == LanesAction::Page {
                lanes::turn_page(state);
            }
        }
        Action::Insert(c) => editing::insert(state, c.encode_utf8(&mut [0; 4])),
        Action::Paste(text) => editing::insert(state, &text),
        Action::Edit(edit) => editing::edit(state, edit),
    }
}

/// Whether one thing at a time is shown, and nothing over it.
fn presents(state: &State) -> bool {
    state.screen.presenting && state.screen.page == Page::Play && state.screen.help.is_none()
}

/// What runs is stopped once; after that the way out does not depend on the engine's answer.
fn interrupt(state: &mut State, effects: &mut Vec<Effect>) {
    let others = state.lanes.others.iter();
    let mut others = others.filter(|other| other.failed.is_none());
    let busy = state.engine.has_run()
        || state.engine.run == RunState::Loading
        || !state.lanes.repeating.engines.is_empty()
        || others.any(|other| !matches!(other.run, RunState::Idle | RunState::Empty));
    if state.leaving {
        effects.push(Effect::Quit);
    } else if busy && !state.engine.stopping {
        state.engine.stopping = true;
        run::stop(state, effects);
    } else if state
        .engine
        .second
        .as_ref()
        .is_some_and(|second| second.model.is_none())
    {
        second::unload(state, effects);
    } else {
        state.leaving = true;
    }
}

fn escape(state: &mut State) {
    if state.screen.help.is_some() {
        state.screen.help = None;
    } else if !state.screen.banners.is_empty() {
        state.screen.banners.remove(0);
        state.reflow();
    } else {
        editing::enter_text(state);
    }
}
