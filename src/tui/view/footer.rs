//! The bottom line: what the keys do in the focused pane, from the keymap.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::state::State;
use crate::engine::RunState;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::picker::MODELS;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::theme::Theme;
use crate::tui::{Action, Key, Letters};

/// Actions worth a hint, joined where one word says what several keys do. No actions: what letters do.
type Hint = (&'static [&'static str], &'static str);

/// Stands for all letters.
const LETTERS: &str = "abc";

fn hints(state: &State) -> Vec<Hint> {
    if state.help.is_some() {
        return vec![(&["up", "down"], "scroll"), (&["help", "escape"], "close")];
    }
    match &state.overlay {
        Some(Overlay::Picker(picker)) if picker.title == MODELS => {
            return vec![
                (&["up", "down"], "choose"),
                (&["run"], "load"),
                (&["focus-next"], "load beside"),
                (&["escape"], "close"),
            ];
        }
        Some(Overlay::Picker(_)) => {
            return vec![
                (&["up", "down"], "choose"),
                (&["run"], "do it"),
                (&["escape"], "close"),
            ];
        }
        Some(Overlay::Ask(_)) => return vec![(&["run"], "accept"), (&["escape"], "close")],
        Some(Overlay::Branches(_)) => {
            return vec![
                (&["up", "down"], "choose"),
                (&["run"], "go there"),
                (&["branch-compare"], "compare"),
                (&["branch-name"], "name"),
                (&["branch-prune"], "remove"),
                (&["escape"], "close"),
            ];
        }
        Some(Overlay::Funnel(_)) => {
            return vec![
                (&["left", "right"], "scrub"),
                (&["up", "down"], "scroll"),
                (&["legend"], "explain"),
                (&["escape"], "close"),
            ];
        }
        Some(Overlay::Legend(_)) => {
            return vec![(&["up", "down"], "scroll"), (&["escape"], "close")];
        }
        None if state.page == Page::Train => return training_hints(state),
        None => {}
    }
    if state.letters() == Letters::Begin {
        return ready_hints(state);
    }
    let mut hints: Vec<Hint> = match state.focus {
        Focus::Prompt if state.editor.is_selected() => vec![
            (&[], "replaces it"),
            (&["left", "right"], "edit it"),
            (&["run"], "run it"),
        ],
        Focus::Prompt => vec![
            (&["run"], "run"),
            (&["newline"], "new line"),
            (&["history-previous", "history-next"], "history"),
            (&["undo"], "undo"),
            (&["escape"], "to the text"),
            (&["legend"], "explain"),
        ],
        Focus::Text | Focus::Tokens => vec![
            (&["left", "right"], "scrub"),
            (&["legend"], "explain"),
            (&["rewind"], "redraw from here"),
        ],
        Focus::Next => vec![
            (&["up", "down"], "choose"),
            (&["take"], "take it"),
            (&["left", "right"], "scrub"),
            (&["legend"], "explain"),
            (&["search-next"], "search"),
        ],
        Focus::Knobs => vec![
            (&["left", "right"], "turn"),
            (&["type-value"], "type"),
            (&["legend"], "explain"),
            (&["stage-toggle"], "on/off"),
            (&["stage-earlier", "stage-later"], "order"),
            (&["preset-previous", "preset-next"], "preset"),
        ],
        Focus::Why => vec![
            (&["up", "down"], "scroll"),
            (&["left", "right"], "scrub"),
            (&["legend"], "explain"),
        ],
    };
    let running = running_hints(state);
    if state.focus != Focus::Prompt {
        hints.insert(0, (&[], "commands"));
    } else if state.run == RunState::Running {
        // Their chords hold while the next prompt is written.
        hints.truncate(1);
        hints.extend_from_slice(running);
    }
    if state.focus != Focus::Prompt || matches!(state.run, RunState::Loading | RunState::Empty) {
        hints.extend_from_slice(running);
    }
    if matches!(state.focus, Focus::Text | Focus::Tokens | Focus::Next) {
        hints.extend_from_slice(&[
            (&["funnel"], "funnel"),
            (&["branches"], "branches"),
            (&["marking"], "colour"),
        ]);
    }
    hints.extend_from_slice(&[
        (&["focus-next"], "pane"),
        (&["focus-prompt"], "prompt"),
        (&["palette"], "commands"),
        (&["help"], "help"),
        (&["quit"], "quit"),
    ]);
    hints
}

/// What concerns the run.
fn running_hints(state: &State) -> &'static [Hint] {
    match state.run {
        RunState::Running => &[(&["pause"], "pause"), (&["stop"], "stop")],
        RunState::Paused => &[
            (&["step"], "step"),
            (&["pause"], "resume"),
            (&["stop"], "stop"),
        ],
        RunState::Loading => &[(&["interrupt"], "cancel")],
        RunState::Idle => &[
            (&["run"], "run"),
            (&["step"], "step"),
            (&["retry"], "next seed"),
        ],
        RunState::Empty if state.died.is_some() => &[(&["restart-engine"], "restart")],
        RunState::Empty => &[(&["restart-engine"], "load")],
    }
}

/// While letters begin the next prompt and all other keys act on the text.
fn ready_hints(state: &State) -> Vec<Hint> {
    let mut hints: Vec<Hint> = vec![
        (&[], "next prompt"),
        (&["escape"], "commands"),
        (&["left", "right"], "scrub"),
        (&["legend"], "explain"),
    ];
    hints.extend_from_slice(match state.run {
        RunState::Running => &[(&["step"], "pause"), (&["stop"], "stop")],
        _ => running_hints(state),
    });
    hints.extend_from_slice(&[
        (&["focus-next"], "pane"),
        (&["palette"], "find a command"),
        (&["help"], "help"),
    ]);
    hints
}

fn training_hints(state: &State) -> Vec<Hint> {
    let train = &state.train;
    let mut hints: Vec<Hint> = Vec::new();
    if train.asks {
        hints.extend_from_slice(&[
            (&["train-enter"], "edit"),
            (&["up", "down"], "row"),
            (&["left", "right"], "choice"),
            (&["train-demo"], "demo"),
            (&["train-runs"], "open a run"),
            (&["escape"], "back"),
        ]);
    } else {
        if train.is_live() {
            hints.extend_from_slice(&[
                (&["train-pause"], "pause"),
                (&["train-save"], "save"),
                (&["train-stop"], "stop"),
                (&["train-rate"], "rate"),
            ]);
        }
        hints.extend_from_slice(&[
            (&["left", "right"], "scrub"),
            (&["train-samples-previous", "train-samples-next"], "samples"),
            (&["train-enter"], "open in Play"),
            (&["train-log"], "log"),
            (&["train-window"], "window"),
            (&["train-zoom-in", "train-zoom-out"], "zoom"),
            (&["train-beside"], "beside"),
            (&["train-runs"], "runs"),
            (&["train-new"], "new run"),
        ]);
    }
    hints.extend_from_slice(&[
        (&["train"], "Play"),
        (&["palette"], "commands"),
        (&["help"], "help"),
        (&["quit"], "quit"),
    ]);
    hints
}

/// Draws it; what there is no room for is left out, but never the way to help.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    if state.leaving {
        let key = state.keymap.hint("interrupt", true).unwrap_or_default();
        return frame.render_widget(
            Line::styled(format!(" press {key} again to quit"), theme.paused),
            area,
        );
    }
    // A key that the pane in focus uses for something else is no hint.
    let means = |key: Key, action: &Action| state.key_action(key).as_ref() == Some(action);
    let hints: Vec<(String, &str)> = hints(state)
        .into_iter()
        .filter_map(|(names, what)| {
            let mut keys: Vec<String> = names
                .iter()
                .filter_map(|name| state.keymap.hint_for(name, means))
                .collect();
            if names.is_empty() {
                keys.push(LETTERS.to_owned());
            }
            (!keys.is_empty()).then(|| {
                (
                    keys.join(if keys.iter().all(|key| key.chars().count() == 1) {
                        ""
                    } else {
                        "/"
                    }),
                    what,
                )
            })
        })
        .collect();
    let cells = |hint: &(String, &str)| Span::raw(&hint.0).width() + Span::raw(hint.1).width() + 3;
    let room = usize::from(area.width);
    let mut shown = hints.iter().map(cells).sum::<usize>();
    let mut left_out = vec![false; hints.len()];
    for at in (0..hints.len()).rev() {
        if shown > room && hints[at].1 != "help" {
            shown -= cells(&hints[at]);
            left_out[at] = true;
        }
    }
    let mut spans = Vec::new();
    for ((key, what), _) in hints.iter().zip(&left_out).filter(|(_, out)| !**out) {
        spans.push(Span::styled(format!(" {key}"), theme.key));
        spans.push(Span::styled(format!(" {what} "), theme.quiet));
    }
    frame.render_widget(Line::from(spans), area);
}
