//! The lists to choose from.

use crate::chart::What;
use crate::tui::state::picker::{self, Item, Picker};
use crate::tui::state::{State, knob_values};
use crate::tui::vocabulary::action::Concern;
use crate::tui::vocabulary::bindings::{COMMANDS, Command, Scope, TRAIN_COMMANDS};
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::knob_rows;
use crate::tui::vocabulary::lanes::LanesAction;
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Copied, TrainAction};

fn item(label: String, detail: impl Into<String>, action: Action) -> Item {
    Item {
        label,
        detail: detail.into(),
        action,
    }
}

/// Every action that has a name, with its keys, every knob with its value, and every preset.
pub fn everything(state: &State) -> Picker {
    let mut items: Vec<Item> = bound(state).collect();
    match state.screen.page {
        Page::Play => {
            items.extend(unbound(COMMANDS));
            items.extend(knobs(state));
            let presets = state.play.knobs.presets.iter().enumerate();
            items.extend(presets.map(|(at, (name, _))| {
                let label = format!("sampler preset: {name}");
                item(label, "", Action::Preset(at))
            }));
        }
        Page::Compare => {}
        Page::Train => {
            items.extend(unbound(TRAIN_COMMANDS));
            items.extend(What::ALL.map(|what| {
                let what_is_drawn = what.name().replace('-', " ");
                let label = format!("draw the {what_is_drawn} of the run into a file (SVG, PNG)");
                item(label, "", Action::Ask(Question::ChartRun(what)))
            }));
        }
    }
    Picker::new(picker::COMMANDS, items)
}

fn unbound(commands: &'static [Command]) -> impl Iterator<Item = Item> {
    commands.iter().map(|command| {
        let label = format!("{}: {}", command.name, command.help);
        item(label, "", command.action.clone())
    })
}

/// The actions with a name that mean something on the screen that is shown.
fn bound(state: &State) -> impl Iterator<Item = Item> {
    let means_something = |scope: Scope, action: &Action| match (state.screen.page, action) {
        (_, Action::Palette | Action::Escape) => false,
        (Page::Play, Action::Train(action)) => *action == TrainAction::Page,
        (_, Action::Lanes(LanesAction::Page)) => true,
        (Page::Play, Action::Lanes(_) | Action::Ask(Question::LanePreset)) => false,
        (Page::Play, Action::Ask(Question::SearchNext)) => false,
        (Page::Play, _) => {
            !matches!(scope, Scope::Branches | Scope::Tree | Scope::Train)
                && (scope != Scope::Lesson || state.learn.going.is_some())
        }
        (Page::Train, _) if scope == Scope::Lesson => state.learn.going.is_some(),
        (Page::Compare, action) => {
            scope == Scope::Compare
                || matches!(
                    action.concern(),
                    Concern::Whole | Concern::Playground | Concern::Train
                )
        }
        (Page::Train, action) => scope != Scope::Prompt && action.is_for_training(),
    };
    let bindings = state.keymap.bindings();
    bindings
        .filter(move |(binding, _)| means_something(binding.scope, &binding.action))
        .map(|(binding, keys)| {
            let keys: Vec<String> = keys.iter().map(|key| key.hint()).collect();
            let label = format!("{}: {}", binding.name, binding.help);
            item(label, keys.join(" "), binding.action.clone())
        })
}

/// Every knob with its value, to type another one.
fn knobs(state: &State) -> impl Iterator<Item = Item> {
    let settings = state.play.settings.clone();
    knob_rows::all().map(move |row| {
        let value = knob_values::written(row, &settings);
        let label = format!("{} = {value}", row.name());
        item(label, "knob", Action::Ask(Question::Knob(row)))
    })
}

/// A knob and a value, where both were typed: `temperature 1.2`, `top-k=20`.
pub fn setting(state: &State, typed: &str) -> Option<Item> {
    let (name, value) = typed.trim().split_once(['=', ' '])?;
    let (name, value) = (
        name.trim().replace('_', "-"),
        value.trim_start_matches(['=', ' ']),
    );
    let row = knob_rows::all().find(|row| row.name() == name)?;
    knob_values::read(row, value, &mut state.play.settings.clone()).ok()?;
    let label = format!("set {name} to {value}");
    Some(item(label, "knob", Action::SetKnob(row, value.to_owned())))
}

/// What can be copied.
pub fn copies() -> Picker {
    let items = [
        ("the text in view", "prompt and all", Copied::Text),
        ("the next-token table", "tab-separated", Copied::NextTable),
        ("the table of tokens", "tab-separated", Copied::TokenTable),
        ("the record of the token in view", "JSON", Copied::Record),
    ];
    let item = |(label, detail, what): (&str, &str, Copied)| {
        item(label.to_owned(), detail, Action::Copy(what))
    };
    Picker::new("Copy", items.map(item).to_vec())
}
