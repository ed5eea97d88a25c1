//! The lists to choose from.

use crate::chart::What;
use crate::tui::ask::Question;
use crate::tui::picker::{Item, Picker};
use crate::tui::state::{Page, State};
use crate::tui::{Action, Copied};

/// Every action that has a name, with its keys, and every preset.
pub fn everything(state: &State) -> Picker {
    let meaningless = |action: &Action| matches!(action, Action::Palette | Action::Escape);
    let bound = state
        .keymap
        .bindings()
        .filter(|(binding, _)| !meaningless(&binding.action))
        .filter(|(binding, _)| state.page == Page::Play || binding.action.is_for_training())
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
    })
    .into_iter()
    .filter(|item| state.page == Page::Play || item.action.is_for_training());
    let charts = What::ALL
        .into_iter()
        .filter(|_| state.page == Page::Train)
        .map(|what| Item {
            label: format!(
                "draw the {} of the run into a file (SVG, PNG)",
                what.name().replace('-', " ")
            ),
            detail: String::new(),
            action: Action::Ask(Question::ChartRun(what)),
        });
    let presets = state
        .presets
        .iter()
        .enumerate()
        .filter(|_| state.page == Page::Play)
        .map(|(at, (name, _))| Item {
            label: format!("sampler preset: {name}"),
            detail: String::new(),
            action: Action::Preset(at),
        });
    Picker::new(
        "Commands",
        bound.chain(unbound).chain(charts).chain(presets).collect(),
    )
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
