//! The bottom line: what the keys do in the focused pane, from the keymap.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::engine::RunState;
use crate::tui::state::State;
use crate::tui::state::game::Unit;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::picker::MODELS;
use crate::tui::state::train::Job;
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::theme::Theme;
use crate::tui::{Action, Key, Letters};

/// What is worth a hint.
#[derive(Clone, Copy)]
enum Hint {
    /// What a key does, in the word of the table of keys.
    Own(Bound),
    /// What keys do, joined, in the word of the place where the hint stands.
    Said(&'static [Bound], &'static str),
    /// What letters do.
    Letters(&'static str),
}

/// Stands for all letters.
const LETTERS: &str = "abc";

fn hints(state: &State) -> Vec<Hint> {
    if state.screen.help.is_some() {
        return vec![
            Hint::Said(&[Bound::Up, Bound::Down], "scroll"),
            Hint::Said(&[Bound::Help, Bound::Escape], "close"),
        ];
    }
    match &state.screen.overlay {
        Some(Overlay::Picker(picker)) if picker.title == MODELS => {
            return vec![
                Hint::Said(&[Bound::Up, Bound::Down], "choose"),
                Hint::Said(&[Bound::Run], "load"),
                Hint::Said(&[Bound::FocusNext], "load beside"),
                Hint::Said(&[Bound::Escape], "close"),
            ];
        }
        Some(Overlay::Picker(_)) => {
            return vec![
                Hint::Said(&[Bound::Up, Bound::Down], "choose"),
                Hint::Said(&[Bound::Run], "do it"),
                Hint::Said(&[Bound::Escape], "close"),
            ];
        }
        Some(Overlay::Ask(ask)) => {
            let mut hints = vec![Hint::Said(&[Bound::Run], "accept")];
            if ask.question.takes_path() {
                hints.push(Hint::Said(&[Bound::FocusNext], "complete"));
            }
            hints.push(Hint::Said(&[Bound::Escape], "close"));
            return hints;
        }
        Some(Overlay::Branches(_)) => {
            return vec![
                Hint::Said(&[Bound::Up, Bound::Down], "choose"),
                Hint::Said(&[Bound::Run], "go there"),
                Hint::Own(Bound::BranchCompare),
                Hint::Own(Bound::BranchName),
                Hint::Own(Bound::BranchPrune),
                Hint::Said(&[Bound::Escape], "close"),
            ];
        }
        Some(Overlay::Continuations) => {
            return vec![
                Hint::Said(&[Bound::Up, Bound::Down], "walk"),
                Hint::Said(&[Bound::Left, Bound::Right], "back, grow on"),
                Hint::Own(Bound::TreeTake),
                Hint::Own(Bound::TreePrune),
                Hint::Said(&[Bound::Escape], "close"),
                Hint::Said(&[Bound::TreeShallower, Bound::TreeDeeper], "depth"),
                Hint::Said(&[Bound::TreeNarrower, Bound::TreeWider], "width"),
                Hint::Own(Bound::Legend),
                Hint::Own(Bound::TreeFold),
                Hint::Own(Bound::TreeSpread),
                Hint::Own(Bound::TreeDraw),
                Hint::Own(Bound::Copy),
                Hint::Said(&[Bound::TreeBefore, Bound::TreeAfter], "place"),
                Hint::Said(&[Bound::PresetPrevious, Bound::PresetNext], "preset"),
                Hint::Own(Bound::Help),
            ];
        }
        Some(Overlay::Funnel(_)) => {
            return vec![
                Hint::Said(&[Bound::Left, Bound::Right], "scrub"),
                Hint::Said(&[Bound::Up, Bound::Down], "scroll"),
                Hint::Own(Bound::Legend),
                Hint::Said(&[Bound::Escape], "close"),
            ];
        }
        Some(Overlay::Game(game)) => {
            let mut hints = vec![Hint::Said(&[Bound::FocusNext], "tell it")];
            match (game.unit, &game.revealed) {
                (Unit::Letter, _) => {}
                (Unit::Token, None) => hints
                    .splice(
                        0..0,
                        [
                            Hint::Said(&[Bound::Run], "guess"),
                            Hint::Said(&[Bound::Up, Bound::Down], "choose"),
                        ],
                    )
                    .for_each(drop),
                (Unit::Token, Some(_)) => hints = vec![Hint::Said(&[Bound::Run], "on")],
            }
            hints.push(Hint::Said(&[Bound::Escape], "end"));
            return hints;
        }
        Some(Overlay::Legend(_)) => {
            return vec![
                Hint::Said(&[Bound::Up, Bound::Down], "scroll"),
                Hint::Said(&[Bound::Escape], "close"),
            ];
        }
        None if state.screen.presenting && state.screen.page == Page::Play => {
            return presenting_hints(state);
        }
        None if state.screen.page == Page::Train => return training_hints(state),
        None if state.screen.page == Page::Compare => return lanes_hints(state),
        None => {}
    }
    if state.letters() == Letters::Begin {
        return ready_hints(state);
    }
    let mut hints: Vec<Hint> = match state.play.focus {
        Focus::Prompt if state.play.editor.is_selected() => vec![
            Hint::Letters("replaces it"),
            Hint::Said(&[Bound::Left, Bound::Right], "edit it"),
            Hint::Said(&[Bound::Run], "run it"),
            Hint::Own(Bound::Learn),
            Hint::Said(&[Bound::Train], "train"),
        ],
        Focus::Prompt => vec![
            Hint::Own(Bound::Run),
            Hint::Own(Bound::Newline),
            Hint::Said(&[Bound::HistoryPrevious, Bound::HistoryNext], "history"),
            Hint::Own(Bound::Undo),
            escape(state, "to the text"),
            Hint::Own(Bound::Legend),
        ],
        Focus::Text | Focus::Tokens => vec![
            Hint::Said(&[Bound::Left, Bound::Right], "scrub"),
            Hint::Own(Bound::Legend),
            Hint::Own(Bound::Rewind),
        ],
        Focus::Next => vec![
            Hint::Said(&[Bound::Up, Bound::Down], "choose"),
            Hint::Own(Bound::Take),
            Hint::Said(&[Bound::Left, Bound::Right], "scrub"),
            Hint::Own(Bound::Legend),
            Hint::Own(Bound::SearchNext),
        ],
        Focus::Knobs => vec![
            Hint::Said(&[Bound::Left, Bound::Right], "turn"),
            Hint::Own(Bound::TypeValue),
            Hint::Own(Bound::Legend),
            Hint::Own(Bound::StageToggle),
            Hint::Said(&[Bound::StageEarlier, Bound::StageLater], "order"),
            Hint::Said(&[Bound::PresetPrevious, Bound::PresetNext], "preset"),
        ],
        _ => vec![
            Hint::Said(&[Bound::Up, Bound::Down], "scroll"),
            Hint::Said(&[Bound::Left, Bound::Right], "scrub"),
            Hint::Own(Bound::Legend),
        ],
    };
    let running = running_hints(state);
    if state.play.focus != Focus::Prompt {
        hints.insert(0, Hint::Letters("commands"));
    } else if state.engine.run == RunState::Running {
        // Their chords hold while the next prompt is written.
        hints.truncate(1);
        hints.extend_from_slice(running);
    }
    if state.play.focus != Focus::Prompt
        || matches!(state.engine.run, RunState::Loading | RunState::Empty)
    {
        hints.extend_from_slice(running);
    }
    if matches!(state.play.focus, Focus::Text | Focus::Tokens | Focus::Next) {
        if state.engine.second.is_some() {
            hints.push(Hint::Own(Bound::Change));
        }
        hints.extend_from_slice(&[
            Hint::Own(Bound::Funnel),
            Hint::Own(Bound::Branches),
            Hint::Own(Bound::Tree),
            Hint::Own(Bound::Marking),
            Hint::Own(Bound::Game),
            Hint::Own(Bound::Handout),
        ]);
    }
    hints.extend_from_slice(&[
        Hint::Own(Bound::FocusNext),
        Hint::Own(Bound::FocusPrompt),
        Hint::Own(Bound::Palette),
    ]);
    // Training is told of already where the first prompt is chosen.
    if state.play.focus != Focus::Prompt || !state.play.editor.is_selected() {
        hints.push(Hint::Said(&[Bound::Train], "train"));
    }
    hints.extend_from_slice(&[Hint::Own(Bound::Help), Hint::Own(Bound::Quit)]);
    hints
}

/// In the view for a room: what a lesson's sentence needs, the most needed first.
fn presenting_hints(state: &State) -> Vec<Hint> {
    let mut hints = Vec::new();
    if state.learn.is_done() {
        hints.push(Hint::Said(&[Bound::LessonOn], "on"));
    }
    hints.extend_from_slice(match state.play.focus {
        Focus::Knobs => &[
            Hint::Said(&[Bound::Left, Bound::Right], "turn"),
            Hint::Own(Bound::Run),
        ],
        // Nobody takes what is hidden: it is to be guessed.
        hidden if state.learn.hides(hidden) => &[Hint::Own(Bound::Game)],
        Focus::Next => &[
            Hint::Said(&[Bound::Left, Bound::Right], "walk"),
            Hint::Own(Bound::Take),
        ],
        _ => &[
            Hint::Said(&[Bound::Left, Bound::Right], "walk"),
            Hint::Own(Bound::Run),
        ],
    });
    hints.push(Hint::Said(&[Bound::FocusNext], "view"));
    hints.push(Hint::Said(&[Bound::PageUp, Bound::PageDown], "step"));
    if state.learn.going.is_some() {
        hints.push(Hint::Said(&[Bound::Learn], "lessons"));
    }
    hints.push(Hint::Said(&[Bound::Present], "panes"));
    hints.push(Hint::Own(Bound::Help));
    hints
}

/// What Escape does: it takes the notice in front away before it does anything else.
fn escape(state: &State, otherwise: &'static str) -> Hint {
    let says = if state.screen.banners.is_empty() {
        otherwise
    } else {
        "dismiss"
    };
    Hint::Said(&[Bound::Escape], says)
}

/// What concerns the run.
fn running_hints(state: &State) -> &'static [Hint] {
    match state.engine.run {
        RunState::Running => &[Hint::Own(Bound::Pause), Hint::Own(Bound::Stop)],
        RunState::Paused => &[
            Hint::Own(Bound::Step),
            Hint::Said(&[Bound::Pause], "resume"),
            Hint::Own(Bound::Stop),
        ],
        RunState::Loading => &[Hint::Said(&[Bound::Interrupt], "cancel")],
        RunState::Idle => &[
            Hint::Own(Bound::Run),
            Hint::Own(Bound::Step),
            Hint::Own(Bound::Retry),
        ],
        RunState::Empty if state.engine.died.is_some() => {
            &[Hint::Said(&[Bound::RestartEngine], "restart")]
        }
        RunState::Empty => &[Hint::Own(Bound::RestartEngine)],
    }
}

/// While letters begin the next prompt and all other keys act on the text.
fn ready_hints(state: &State) -> Vec<Hint> {
    let mut hints: Vec<Hint> = vec![
        Hint::Letters("next prompt"),
        escape(state, "commands"),
        Hint::Said(&[Bound::Left, Bound::Right], "scrub"),
        Hint::Own(Bound::Legend),
    ];
    hints.extend_from_slice(match state.engine.run {
        RunState::Running => &[Hint::Said(&[Bound::Step], "pause"), Hint::Own(Bound::Stop)],
        _ => running_hints(state),
    });
    hints.extend_from_slice(&[
        Hint::Own(Bound::FocusNext),
        Hint::Said(&[Bound::Palette], "find a command"),
        Hint::Said(&[Bound::Train], "train"),
        Hint::Own(Bound::Help),
    ]);
    hints
}

fn training_hints(state: &State) -> Vec<Hint> {
    let train = &state.train;
    let mut hints: Vec<Hint> = Vec::new();
    if train.table.is_some() {
        hints.extend_from_slice(&[
            Hint::Own(Bound::TrainShow),
            Hint::Said(&[Bound::TrainEnter], "open"),
            Hint::Own(Bound::TrainResume),
            Hint::Own(Bound::TrainFill),
            Hint::Own(Bound::TrainExport),
            Hint::Own(Bound::TrainDelete),
            Hint::Own(Bound::TrainSort),
            escape(state, "close"),
            Hint::Own(Bound::TrainNew),
            Hint::Own(Bound::TrainCurve),
        ]);
    } else if train.asks {
        hints.extend_from_slice(&[
            Hint::Own(Bound::TrainStart),
            Hint::Said(&[Bound::TrainEnter], "edit"),
            Hint::Said(&[Bound::Up, Bound::Down], "row"),
            Hint::Said(&[Bound::Left, Bound::Right], "choice"),
            Hint::Own(Bound::TrainDemos),
            Hint::Own(Bound::TrainRuns),
            escape(state, "back"),
        ]);
    } else {
        if train.is_live() {
            hints.extend_from_slice(&[
                Hint::Said(
                    &[Bound::TrainPause],
                    if train.job == Job::Paused {
                        "resume"
                    } else {
                        "pause"
                    },
                ),
                Hint::Own(Bound::TrainToEpochEnd),
                Hint::Own(Bound::TrainSave),
                Hint::Own(Bound::TrainStop),
                Hint::Own(Bound::TrainRate),
            ]);
        }
        hints.extend_from_slice(&[
            Hint::Said(&[Bound::Left, Bound::Right], "scrub"),
            Hint::Said(
                &[Bound::TrainSamplesPrevious, Bound::TrainSamplesNext],
                "samples",
            ),
            Hint::Said(&[Bound::TrainEnter], "open in Play"),
            Hint::Own(Bound::TrainRuns),
            Hint::Own(Bound::TrainCurve),
            Hint::Own(Bound::TrainNew),
            Hint::Said(&[Bound::TrainZoomIn, Bound::TrainZoomOut], "zoom"),
            Hint::Own(Bound::TrainLog),
            Hint::Own(Bound::TrainAcross),
            Hint::Own(Bound::TrainBeside),
            Hint::Own(Bound::TrainSmoothing),
            Hint::Own(Bound::TrainProject),
            Hint::Own(Bound::TrainWindow),
        ]);
    }
    hints.extend_from_slice(&[
        Hint::Own(Bound::Train),
        Hint::Own(Bound::Palette),
        Hint::Own(Bound::Help),
        Hint::Own(Bound::Quit),
    ]);
    hints
}

fn lanes_hints(state: &State) -> Vec<Hint> {
    let pause = match state.engine.run {
        RunState::Running => Hint::Said(&[Bound::Pause], "pause"),
        _ if state.lanes.live => Hint::Said(&[Bound::Pause], "go on"),
        _ => Hint::Said(&[Bound::Step], "step"),
    };
    vec![
        Hint::Own(Bound::LanesRun),
        Hint::Said(&[Bound::Left, Bound::Right], "scrub"),
        Hint::Said(&[Bound::FocusNext], "lane"),
        Hint::Said(&[Bound::Up, Bound::Down], "knob"),
        Hint::Said(&[Bound::LanesTurnDown, Bound::LanesTurnUp], "turn"),
        pause,
        Hint::Own(Bound::LanesAdd),
        Hint::Own(Bound::LanesPreset),
        Hint::Own(Bound::LanesModel),
        Hint::Own(Bound::LanesSweep),
        Hint::Own(Bound::LanesMore),
        Hint::Own(Bound::LanesPlane),
        Hint::Own(Bound::LanesRemove),
        Hint::Own(Bound::LanesKeep),
        Hint::Own(Bound::LanesOpen),
        Hint::Own(Bound::LanesSave),
        Hint::Own(Bound::Legend),
        Hint::Said(&[Bound::Lanes], "Play"),
        Hint::Own(Bound::Help),
        Hint::Own(Bound::Quit),
    ]
}

/// Draws it; what there is no room for is left out, but never the way to help.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    if state.leaving {
        let key = state
            .keymap
            .hint(Bound::Interrupt, true)
            .unwrap_or_default();
        let lost = match state.train.queue.len() {
            0 => "",
            1 => "; the run that waits will not begin",
            _ => "; the runs that wait will not begin",
        };
        let said = format!(" press {key} again to quit{lost}");
        return frame.render_widget(Line::styled(said, theme.paused), area);
    }
    // A key that the pane in focus uses for something else is no hint.
    let means = |key: Key, action: &Action| state.key_action(key).as_ref() == Some(action);
    let hints: Vec<(String, &str)> = hints(state)
        .into_iter()
        .filter_map(|hint| {
            let (bound, says) = match &hint {
                Hint::Letters(says) => return Some((LETTERS.to_owned(), *says)),
                Hint::Own(bound) => (std::slice::from_ref(bound), bound.binding().hint),
                Hint::Said(bound, says) => (*bound, *says),
            };
            let keys: Vec<String> = bound
                .iter()
                .filter_map(|bound| state.keymap.hint_for(*bound, means))
                .collect();
            let single = keys.iter().all(|key| key.chars().count() == 1);
            let joint = if single { "" } else { "/" };
            (!keys.is_empty()).then(|| (keys.join(joint), says))
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
