//! The help page: every key from the keymap, what the signs mean, where the log is.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use super::legend;
use super::train::TrainTopic;
use crate::tui::state::State;
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::bindings::{Bound, Scope};
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::letters::Letters;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::wrapped::wrapped;

/// One line of the page.
enum HelpLine {
    Heading(String),
    /// A word or sign of a pane, and a line of what it means.
    Word {
        word: String,
        meaning: String,
    },
    Key {
        keys: String,
        what: &'static str,
    },
    Note(String),
}

/// Columns of the page on a terminal.
fn width(terminal: u16) -> u16 {
    terminal.saturating_sub(4).min(100)
}

/// Where somebody who is new here begins.
fn newcomers(state: &State, room: u16) -> Vec<String> {
    let key = |bound| state.keymap.hint(bound, false).unwrap_or_default();
    let said = format!(
        "New here? {} has lessons that lead by the hand. {}, in a pane that was entered, is a game: what comes next?",
        key(Bound::Learn),
        key(Bound::Game)
    );
    wrapped(&said, room)
}

/// The page's lines.
fn lines(state: &State) -> Vec<HelpLine> {
    let room = width(state.screen.size.width).saturating_sub(6);
    let mut lines = Vec::new();
    if state.screen.page == Page::Play {
        lines.extend(newcomers(state, room).into_iter().map(HelpLine::Note));
        lines.push(HelpLine::Note(String::new()));
    }
    // What is in hand is explained first.
    let mut panes = legend::of_play(state.play.focus, room);
    let of_train = legend::of_train(TrainTopic::in_hand(&state.train), room);
    match state.screen.page {
        Page::Play => panes.extend(of_train),
        Page::Compare => {
            panes.insert(0, legend::of_lanes(room));
            panes.extend(of_train);
        }
        Page::Train => drop(panes.splice(0..0, of_train)),
    }
    for (pane, rows) in panes {
        lines.push(HelpLine::Heading(format!("What {pane} says")));
        let word = |(word, meaning)| HelpLine::Word { word, meaning };
        lines.extend(rows.into_iter().map(word));
        lines.push(HelpLine::Note(String::new()));
    }
    lines.push(HelpLine::Heading("Letters".to_owned()));
    for letters in Letters::ALL {
        let rule = wrapped(letters.rule(), room);
        lines.extend(rule.into_iter().map(HelpLine::Note));
    }
    lines.push(HelpLine::Note(String::new()));
    // The keys of the screen in front come first.
    let own = match state.screen.page {
        Page::Compare => Some(Scope::Compare),
        Page::Play | Page::Train => None,
    };
    let others = Scope::ALL.into_iter().filter(|scope| Some(*scope) != own);
    for scope in own.into_iter().chain(others) {
        lines.push(HelpLine::Heading(scope.title().to_owned()));
        for (binding, keys) in state
            .keymap
            .bindings()
            .filter(|(binding, _)| binding.scope == scope)
        {
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            let keys = if keys.is_empty() {
                "(none)".to_owned()
            } else {
                keys.join(" ")
            };
            lines.push(HelpLine::Key {
                keys,
                what: binding.help,
            });
        }
        lines.push(HelpLine::Note(String::new()));
    }
    lines.push(HelpLine::Heading("About".to_owned()));
    lines.push(HelpLine::Note(format!(
        "logitscope {}",
        env!("CARGO_PKG_VERSION")
    )));
    let log = state
        .log_file
        .as_ref()
        .map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    lines.push(HelpLine::Note(format!("log: {}", safe::safe(&log))));
    lines.push(HelpLine::Note(
        "keys can be changed under [keys] in config.toml".to_owned(),
    ));
    lines
}

/// Where the page lies.
fn area(whole: Rect) -> Rect {
    let width = width(whole.width);
    Rect::new(
        (whole.width - width) / 2,
        1,
        width,
        whole.height.saturating_sub(2),
    )
}

/// Draws the page over everything else.
pub fn draw(
    state: &State,
    theme: &Theme,
    scroll: usize,
    screen: Rect,
    seen: &mut Seen,
    frame: &mut Frame,
) {
    let area = area(screen);
    let width = area.width;
    let lines = lines(state);
    seen.put(area, Hit::Over);
    seen.help = Some(lines.len());
    let widest = |line: &HelpLine| match line {
        HelpLine::Key { keys, .. } => safe::width(keys),
        _ => 0,
    };
    let keys_width = lines
        .iter()
        .map(widest)
        .max()
        .unwrap_or(0)
        .min(usize::from(width) * 2 / 5);
    let inside_height = usize::from(area.height.saturating_sub(2));
    let top = scroll.min(lines.len().saturating_sub(inside_height));
    let room = usize::from(width.saturating_sub(4));
    let page: Vec<Line> = lines
        .iter()
        .skip(top)
        .take(inside_height)
        .map(|line| match line {
            HelpLine::Heading(text) => Line::styled(format!(" {text}"), theme.title),
            HelpLine::Word { word, meaning } => Line::from(vec![
                Span::styled(format!("   {word}  "), theme.key),
                Span::styled(
                    safe::fit(meaning, room.saturating_sub(safe::width(word) + 2)),
                    theme.base,
                ),
            ]),
            HelpLine::Key { keys, what } => Line::from(vec![
                Span::styled(format!("   {} ", safe::fit(keys, keys_width)), theme.key),
                Span::styled(
                    safe::fit(what, room.saturating_sub(keys_width + 2)),
                    theme.base,
                ),
            ]),
            HelpLine::Note(text) => {
                Line::styled(format!("   {}", safe::fit(text, room)), theme.base)
            }
        })
        .collect();
    let more = if top + inside_height < lines.len() {
        " ↓ more "
    } else {
        " end "
    };
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.border_focused)
        .title(Line::styled(" Help ", theme.title))
        .title_bottom(Line::styled(more, theme.quiet).right_aligned());
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(page).block(block), area);
}
