//! The help page: every key from the keymap, what the signs mean, where the log is.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use super::super::bindings::Scope;
use super::super::letters::Letters;
use super::super::safe;
use super::super::state::State;
use super::super::theme::Theme;
use super::draw;

/// One line of the page.
pub enum HelpLine {
    Heading(&'static str),
    Key { keys: String, what: &'static str },
    Note(String),
}

/// Columns of the page on a terminal.
fn width(terminal: u16) -> u16 {
    terminal.saturating_sub(4).min(100)
}

/// The page's lines.
pub fn lines(state: &State) -> Vec<HelpLine> {
    let room = width(state.size.width).saturating_sub(6);
    let note = |lines: &mut Vec<HelpLine>, text: &str| {
        lines.extend(draw::wrapped(text, room).into_iter().map(HelpLine::Note));
    };
    let mut lines = vec![HelpLine::Heading("Letters")];
    for letters in Letters::ALL {
        note(&mut lines, letters.rule());
    }
    lines.push(HelpLine::Note(String::new()));
    for scope in Scope::ALL {
        lines.push(HelpLine::Heading(scope.title()));
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
    lines.push(HelpLine::Heading("Signs"));
    for text in [
        "text: dim, plain, underlined, bold underlined, from expected to surprising; the prompt in italics",
        "below the text: surprisal and entropy of each token (0 to 16 bits); ◇ other knobs would have drawn another, ◆ the first",
        "samples: d1, d2 distinct tokens and pairs, rep repeated runs of four, S mean surprisal, H mean entropy in bits",
        "odds: raw is the softmax of the logits, final is after the sampler; H is entropy in bits",
        "◀ the token that stands there   ◇ the token that the present knobs pick",
        "● acts   ○ switched off   · has nothing to do",
        "tokens: · of the prompt   + put there by you   ␠ space   ⏎ newline   ⟨E2⟩ a byte",
    ] {
        note(&mut lines, text);
    }
    lines.push(HelpLine::Note(String::new()));
    lines.push(HelpLine::Heading("About"));
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
pub fn area(whole: Rect) -> Rect {
    let width = width(whole.width);
    Rect::new(
        (whole.width - width) / 2,
        1,
        width,
        whole.height.saturating_sub(2),
    )
}

/// Draws the page over everything else.
pub fn draw(state: &State, theme: &Theme, scroll: usize, frame: &mut Frame) {
    let area = area(frame.area());
    let width = area.width;
    let lines = lines(state);
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
