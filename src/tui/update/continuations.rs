//! What is done with the tree of what could follow, and what the engine tells of it.

use std::path::PathBuf;

use super::{caption, run};
use crate::decoding::display_end;
use crate::engine::{Subject, Then};
use crate::tui::state::State;
use crate::tui::state::continuations::{GrownTree, Root, Shape};
use crate::tui::state::overlay::{Legend, Overlay, Topic};
use crate::tui::state::picker::{Item, Picker};
use crate::tui::vocabulary::continuations::TreeAction;
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, Chart, Copied, Effect};

/// Opens it at the token in view, or says why there is none.
pub fn open(state: &mut State) {
    if state.screen.page != Page::Play {
        return;
    }
    let passage = state.play.passage();
    let position = passage.in_view();
    let why_not = if state.engine.model.is_none() {
        "No model is loaded, so nothing can follow."
    } else if passage.tokens().is_empty() {
        "There is no text yet that something could follow: type a prompt."
    } else if position == 0 {
        "Nothing predicts the first token of a text: go to a later one."
    } else if run::is_away(state) {
        return;
    } else {
        let tokens = state.play.passage().tokens();
        let before = tokens[..position].iter().map(|token| token.id);
        let root = Root {
            subject: state.play.subject,
            sample: state.play.sample,
            before: before.collect(),
        };
        state.play.continuations.open(root);
        state.screen.overlay = Some(Overlay::Continuations);
        return;
    };
    state.tell(why_not, false);
}

/// Closes it. What it holds stays, for the next time.
fn close(state: &mut State, effects: &mut Vec<Effect>) {
    state.screen.overlay = None;
    state.play.continuations.is_open = false;
    if state.play.continuations.give_up() {
        effects.push(Effect::Grow(None));
    }
    // What did not grow to its end grows anew.
    state.play.continuations.ask_again();
}

/// Carries out an action while it is in front. Returns what is left to be done underneath.
pub fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    let page = isize::from(state.screen.size.height as i16).max(12) - 10;
    let tree = &mut state.play.continuations;
    match action {
        Action::Up => tree.step(-1),
        Action::Down => tree.step(1),
        Action::PageUp => tree.step(-page),
        Action::PageDown => tree.step(page),
        Action::First => tree.step(isize::MIN),
        Action::Last => tree.step(isize::MAX),
        Action::Left => tree.go_back(),
        Action::Right => tree.go_on(),
        Action::Tree(what) => asked(state, what, effects),
        Action::Escape | Action::Quit => close(state, effects),
        Action::Interrupt if tree.give_up() => {
            tree.problem = Some("stopped: ask for another depth or spread to go on".to_owned());
            effects.push(Effect::Grow(None));
        }
        Action::Legend => {
            let legend = Legend::new(Topic::Continuations);
            state.screen.overlay = Some(Overlay::Legend(legend));
        }
        Action::CopyWhat => state.screen.overlay = Some(Overlay::Picker(Box::new(copies()))),
        // Other knobs give another tree, before the eyes.
        Action::NextPreset
        | Action::PreviousPreset
        | Action::Ask(Question::ChartTree)
        | Action::Copy(_)
        | Action::ToggleHelp
        | Action::ToggleMouse
        | Action::Interrupt => return Some(action),
        _ => {}
    }
    None
}

fn asked(state: &mut State, what: TreeAction, effects: &mut Vec<Effect>) {
    match what {
        TreeAction::Page => close(state, effects),
        TreeAction::Take => take(state, Then::Continue, effects),
        TreeAction::TakePaused => take(state, Then::Pause, effects),
        TreeAction::Prune => state.play.continuations.prune(),
        TreeAction::Fold => state.play.continuations.fold(),
        TreeAction::Deeper
        | TreeAction::Shallower
        | TreeAction::Wider
        | TreeAction::Narrower
        | TreeAction::Spread => {
            state.play.continuations.reach.change(what);
        }
        TreeAction::Before => scrub(state, -1),
        TreeAction::After => scrub(state, 1),
    }
}

/// Lets it grow a token earlier or later in the text.
fn scrub(state: &mut State, by: isize) {
    let passage = state.play.passage_mut();
    let to = passage.in_view().saturating_add_signed(by);
    passage.go_to(to.max(1));
    open(state);
}

/// Puts the path to the selected token into the text, which leaves a branch.
fn take(state: &mut State, then: Then, effects: &mut Vec<Effect>) {
    let tree = &state.play.continuations;
    let rows = tree.rows();
    let Some((row, root)) = rows.get(tree.selected_row(&rows)).zip(tree.root.clone()) else {
        return;
    };
    if state.tree_is_stale() || row.shape == Shape::Pruned {
        return;
    }
    // Nothing follows an end, unless it is asked for.
    let then = if row.shape == Shape::End {
        Then::Pause
    } else {
        then
    };
    let (position, path) = (root.before.len(), row.path.clone());
    state.play.subject = root.subject;
    state.play.choose_sample(root.sample);
    close(state, effects);
    run::put(state, position, path, then, effects);
}

/// What can be copied of it.
fn copies() -> Picker {
    let item = |label: &str, detail: &str, what| Item {
        label: label.to_owned(),
        detail: detail.to_owned(),
        action: Action::Copy(what),
    };
    let items = vec![
        item(
            "the text of the path",
            "to the selected token",
            Copied::Path,
        ),
        item("the tree as a table", "tab-separated", Copied::TreeTable),
    ];
    Picker::new("Copy", items)
}

/// Asks for what is not known of it, and for no more of what nobody sees.
pub fn flush(state: &mut State, effects: &mut Vec<Effect>) {
    let aim = state.tree_aim();
    let settled = state.play.inspecting.is_settled();
    let tree = &mut state.play.continuations;
    match aim {
        // While a newer draft is on its way, positions of the old one mean nothing to the engine.
        Some(aim) if aim.root.subject == Subject::Text || settled => {
            let request = tree.request(&aim, &state.play.settings.sampler);
            effects.extend(request.map(|it| Effect::Grow(Some(Box::new(it)))));
        }
        Some(_) => {}
        None if tree.grows() => {
            tree.give_up();
            effects.push(Effect::Grow(None));
        }
        None => {}
    }
}

/// What the tokens up to the selected one say.
pub fn path(state: &State) -> Option<String> {
    let tree = &state.play.continuations;
    let rows = tree.rows();
    let mut at = Some(rows.get(tree.selected_row(&rows))?.index);
    let mut parts = Vec::new();
    while let Some(index) = at {
        let token = &tree.tree().tokens[index];
        parts.push(&token.bytes[..]);
        at = token.parent;
    }
    parts.reverse();
    Some(String::from_utf8_lossy(&parts.concat()).into_owned())
}

/// A row a token, without what was pruned.
pub fn table(state: &State) -> Option<String> {
    let tree = state.play.continuations.kept();
    let mut out =
        "index\tparent\tdepth\tid\ttoken\traw_probability\tfinal_probability\tjoint_probability\tends\n"
            .to_owned();
    for (index, token) in tree.tokens.iter().enumerate() {
        let parent = token.parent.map_or_else(String::new, |at| at.to_string());
        out += &format!(
            "{index}\t{parent}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            token.depth,
            token.id,
            token.display,
            token.raw_probability,
            token.probability,
            token.cumulated,
            token.ends
        );
    }
    (!tree.tokens.is_empty()).then_some(out)
}

/// Writes the tree into a file, as what its name says: a picture, or records.
///
/// # Errors
/// When nothing has grown yet.
pub fn write(state: &State, path: PathBuf, effects: &mut Vec<Effect>) -> Result<(), String> {
    /// Tokens of the text that a picture names.
    const AFTER: usize = 12;
    let tree = state.play.continuations.kept();
    let (Some(model), false) = (&state.engine.model, tree.tokens.is_empty()) else {
        return Err("nothing has grown yet".to_owned());
    };
    let tokens = state.tree_text();
    let is_json = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("json") || end.eq_ignore_ascii_case("jsonl"));
    effects.push(if is_json {
        let bytes: Vec<u8> = tokens
            .iter()
            .flat_map(|token| token.bytes.iter().copied())
            .collect();
        let grown = GrownTree {
            tree,
            before: String::from_utf8_lossy(&bytes).into_owned(),
            model: model.clone(),
            load: state.engine.load.clone(),
            sampler: state.play.settings.sampler.clone(),
            generation: state.play.settings.generation.clone(),
        };
        Effect::WriteTree(path, Box::new(grown))
    } else {
        let after = display_end(tokens, tokens.len(), AFTER);
        Effect::DrawChart {
            path,
            chart: Box::new(Chart::Tree { tree, after }),
            caption: caption::of_odds(state),
        }
    });
    Ok(())
}
