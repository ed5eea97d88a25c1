//! The lists to choose from.

use crate::tui::ask::Question;
use crate::tui::picker::{Item, Picker};
use crate::tui::state::State;
use crate::tui::{Action, Copied};

/// Every action that has a name, with its keys, and every preset.
pub fn everything(state: &State) -> Picker {
    let meaningless = |action: &Action| matches!(action, Action::Palette | Action::Escape);
    let bound = state
        .keymap
        .bindings()
        .filter(|(binding, _)| !meaningless(&binding.action))
        .map(|(binding, keys)| Item {
            label: binding.help.to_owned(),
            detail: keys
                .iter()
                .map(|key| key.hint())
                .collect::<Vec<_>>()
                .join(" "),
            action: binding.action.clone(),
        });
    let unbound = [
        ("save the session to a file", Question::SaveSession),
        ("open a session file", Question::OpenSession),
        (
            "save the sampler's settings as a preset",
            Question::PresetName,
        ),
        ("load a model by name or path", Question::Model),
        (
            "load a model beside this one by name or path",
            Question::ModelBeside,
        ),
        (
            "draw the next-token odds into a file (SVG, PNG)",
            Question::ChartNext,
        ),
        (
            "draw surprisal and entropy of the text into a file (SVG, PNG)",
            Question::ChartText,
        ),
    ]
    .map(|(label, question)| Item {
        label: label.to_owned(),
        detail: String::new(),
        action: Action::Ask(question),
    });
    let presets = state
        .presets
        .iter()
        .enumerate()
        .map(|(at, (name, _))| Item {
            label: format!("sampler preset: {name}"),
            detail: String::new(),
            action: Action::Preset(at),
        });
    Picker::new("Commands", bound.chain(unbound).chain(presets).collect())
}

/// What can be copied.
pub fn copies() -> Picker {
    let items = [
        ("the text in view", "prompt and all", Copied::Text),
        ("the next-token table", "tab-separated", Copied::NextTable),
        ("the table of tokens", "tab-separated", Copied::TokenTable),
        ("the record of the token in view", "JSON", Copied::Record),
    ];
    let item = |(label, detail, what): (&str, &str, Copied)| Item {
        label: label.to_owned(),
        detail: detail.to_owned(),
        action: Action::Copy(what),
    };
    Picker::new("Copy", items.map(item).to_vec())
}
