//! The prompt editor: ratatui-textarea keeps the text, its cursor and its undo history; lines are wrapped and moved
//! across here, so that what is shown is exactly what the cursor moves over.

use ratatui_textarea::{CursorMove, TextArea};

use crate::tui::vocabulary::action::Edit;
use crate::tui::vocabulary::flow::Flow;
use crate::tui::vocabulary::window::window;

/// Edits that can be undone.
const UNDO_DEPTH: usize = 1000;
/// Bytes that a prompt may have.
const LONGEST: usize = 1 << 20;

/// A multi-line text with a cursor.
#[derive(Debug)]
pub struct Editor {
    area: TextArea<'static>,
    flow: Flow,
    width: u16,
    /// Whether the whole text is selected, see [`Editor::select`].
    selected: bool,
}

impl Editor {
    /// An editor with a text, the cursor behind it.
    pub fn new(text: &str) -> Self {
        let mut area: TextArea = clean(text).split('\n').collect();
        area.set_max_histories(UNDO_DEPTH);
        let mut editor = Self {
            area,
            flow: Flow::new(1),
            width: 1,
            selected: false,
        };
        editor.reflow();
        editor.go_to(editor.characters());
        editor
    }

    /// Selects the whole text, as an address bar does: what is typed replaces it, what deletes clears it, and moving
    /// the cursor keeps it to be edited.
    pub fn select(&mut self) {
        self.selected = !self.is_empty();
    }

    /// Keeps the text to be edited.
    pub fn deselect(&mut self) {
        self.selected = false;
    }

    /// Whether what is typed replaces the text.
    pub fn is_selected(&self) -> bool {
        self.selected
    }

    /// The text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// The text as shown: wrapped, its characters as tokens.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The cursor as an index of characters; their number when it stands behind the last.
    pub fn cursor(&self) -> usize {
        let at = self.area.cursor();
        self.area.lines()[..at.0]
            .iter()
            .map(|line| line.chars().count() + 1)
            .sum::<usize>()
            + at.1
    }

    /// Wraps to another width.
    pub fn set_width(&mut self, width: u16) {
        self.width = width;
        self.flow.set_width(width);
    }

    /// Puts the cursor to a cell of what is shown in `height` rows.
    pub fn click(&mut self, column: u16, row: usize, height: usize) {
        self.deselect();
        let line_of_cursor = self.flow.line_of(self.cursor());
        let shown = window(line_of_cursor, self.flow.len(), height);
        let line = (shown.start + row).min(self.flow.len() - 1);
        let last = self.flow.last_of(line).map_or(0, |last| last + 1);
        let end = if line + 1 == self.flow.len() {
            self.characters()
        } else {
            last
        };
        self.go_to(self.flow.token_at(line, column).unwrap_or(end));
    }

    /// Types a text at the cursor, or in place of a selected text, cleaned of control characters but newlines and tabs.
    /// Returns whether it fit.
    pub fn insert(&mut self, text: &str) -> bool {
        let text = clean(text);
        let here = self.area.lines().iter().map(|line| line.len() + 1);
        let kept: usize = if self.selected { 0 } else { here.sum() };
        let fits = kept + text.len() <= LONGEST;
        if fits && !text.is_empty() {
            if self.selected {
                self.replace(&text);
            } else if self.area.insert_str(text) {
                self.reflow();
            }
        }
        fits
    }

    /// Replaces the whole text, which can be undone.
    pub fn replace(&mut self, text: &str) {
        self.selected = false;
        self.area.select_all();
        if !self.area.insert_str(clean(text)) {
            self.area.cancel_selection();
        }
        self.reflow();
    }

    /// Carries out an edit. History is the caller's. Returns whether the text changed.
    pub fn edit(&mut self, edit: Edit) -> bool {
        if std::mem::take(&mut self.selected) && edit.takes_away() {
            self.replace("");
            return true;
        }
        let changed = match edit {
            Edit::Newline => {
                self.area.insert_newline();
                true
            }
            Edit::DeleteBack => self.delete_character_back(),
            Edit::DeleteForward => self.delete_character_forward(),
            Edit::DeleteWordBack => self.area.delete_word(),
            Edit::DeleteWordForward => self.area.delete_next_word(),
            Edit::DeleteToLineStart => self.area.delete_line_by_head(),
            Edit::DeleteToLineEnd => self.area.delete_line_by_end(),
            Edit::Undo => self.area.undo(),
            Edit::Redo => self.area.redo(),
            Edit::Yank => self.area.paste(),
            Edit::WordLeft => self.moved(CursorMove::WordBack),
            Edit::WordRight => self.moved(CursorMove::WordForward),
            Edit::TextStart => self.moved(CursorMove::Jump(0, 0)),
            Edit::TextEnd => self.moved(CursorMove::Jump(u16::MAX, u16::MAX)),
            Edit::HistoryPrevious | Edit::HistoryNext => false,
        };
        if changed {
            self.reflow();
        }
        changed
    }

    /// One character to the left or right, as the eye counts characters.
    pub fn step(&mut self, right: bool) {
        self.deselect();
        let at = self.cursor();
        let to = if right {
            self.flow.character_of(at).end.min(self.characters())
        } else {
            at.checked_sub(1)
                .map_or(0, |before| self.flow.character_of(before).start)
        };
        self.go_to(to);
    }

    /// One shown line up or down. Returns whether there was one.
    pub fn across(&mut self, down: bool) -> bool {
        self.deselect();
        let at = self.cursor();
        let from = self.flow.line_of(at);
        let last = self.flow.len() - 1;
        let to = if down { from + 1 } else { from.wrapping_sub(1) };
        if to > last {
            return false;
        }
        let end = if to == last {
            Some(self.characters())
        } else {
            self.flow.last_of(to)
        };
        if let Some(index) = self.flow.token_at(to, self.flow.column_of(at)).or(end) {
            self.go_to(index);
        }
        true
    }

    /// To the start or the end of the line.
    pub fn line_border(&mut self, end: bool) {
        self.deselect();
        self.area.move_cursor(if end {
            CursorMove::End
        } else {
            CursorMove::Head
        });
    }

    fn moved(&mut self, by: CursorMove) -> bool {
        self.area.move_cursor(by);
        false
    }

    fn delete_character_back(&mut self) -> bool {
        let at = self.cursor();
        let Some(before) = at.checked_sub(1) else {
            return false;
        };
        let start = self.flow.character_of(before).start;
        self.go_to(start);
        self.area.delete_str(at - start)
    }

    fn delete_character_forward(&mut self) -> bool {
        let at = self.cursor();
        at < self.characters() && self.area.delete_str(self.flow.character_of(at).end - at)
    }

    fn characters(&self) -> usize {
        self.area
            .lines()
            .iter()
            .map(|line| line.chars().count() + 1)
            .sum::<usize>()
            - 1
    }

    /// Places the cursor. (The text area counts places in 16 bits; past that it stays at the border.)
    fn go_to(&mut self, index: usize) {
        let mut left = index;
        for (row, line) in self.area.lines().iter().enumerate() {
            let count = line.chars().count();
            if left <= count {
                let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
                self.area
                    .move_cursor(CursorMove::Jump(short(row), short(left)));
                return;
            }
            left -= count + 1;
        }
    }

    fn reflow(&mut self) {
        self.flow = Flow::of_characters(&self.text(), self.width);
    }
}

/// Drops control characters but newlines and tabs; every kind of newline becomes one.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor(text: &str, width: u16) -> Editor {
        let mut editor = Editor::new(text);
        editor.set_width(width);
        editor
    }

    #[test]
    fn pasting_keeps_newlines_and_tabs_and_drops_other_control_characters() {
        let mut editor = editor("", 20);
        assert!(editor.insert("a\r\nb\tc\u{1b}[31m\rd\u{0}"));
        assert_eq!(editor.text(), "a\nb\tc[31m\nd");
        assert_eq!(editor.cursor(), editor.characters());
        assert!(!editor.insert(&"x".repeat(LONGEST)), "too long");
    }

    #[test]
    fn the_cursor_moves_over_characters_as_seen() {
        let mut editor = editor("a👩‍👩‍👧e\u{301}", 20);
        assert_eq!(editor.cursor(), 8);
        editor.step(false);
        assert_eq!(editor.cursor(), 6);
        editor.step(false);
        assert_eq!(editor.cursor(), 1);
        editor.step(true);
        assert_eq!(editor.cursor(), 6);
        assert!(editor.edit(Edit::DeleteBack));
        assert_eq!(editor.text(), "ae\u{301}");
        assert!(editor.edit(Edit::DeleteForward));
        assert_eq!(editor.text(), "a");
        assert!(editor.edit(Edit::Undo) && editor.edit(Edit::Undo));
        assert_eq!(editor.text(), "a👩‍👩‍👧e\u{301}");
        assert!(editor.edit(Edit::Redo));
        assert_eq!(editor.text(), "ae\u{301}");
    }

    #[test]
    fn up_and_down_follow_the_wrapped_lines() {
        let mut editor = editor("one two three\n\nx", 6);
        assert_eq!(editor.flow().len(), 5);
        assert!(!editor.across(true));
        assert!(editor.across(false), "the empty line");
        assert_eq!(editor.cursor(), 14);
        assert!(editor.across(false));
        assert_eq!(editor.cursor(), 8, "the start of three");
        assert!(editor.across(false) && editor.across(false));
        assert_eq!(editor.cursor(), 0);
        assert!(!editor.across(false));
    }

    #[test]
    fn typing_replaces_a_selected_text_and_moving_keeps_it() {
        let selected = || {
            let mut editor = editor("there lived", 20);
            editor.select();
            editor
        };
        let mut typed = selected();
        assert!(typed.insert("") && typed.is_selected(), "nothing was typed");
        assert!(typed.insert("O") && typed.insert("nce"));
        assert_eq!(
            (typed.text().as_str(), typed.is_selected()),
            ("Once", false)
        );
        for _ in 0..3 {
            typed.edit(Edit::Undo);
        }
        assert_eq!(typed.text(), "there lived", "it can be brought back");
        for edit in [
            Edit::DeleteBack,
            Edit::DeleteForward,
            Edit::DeleteWordBack,
            Edit::DeleteToLineStart,
        ] {
            let mut cleared = selected();
            assert!(cleared.edit(edit));
            assert!(cleared.is_empty() && !cleared.is_selected(), "{edit:?}");
        }
        let kept: [fn(&mut Editor); 4] = [
            |editor| editor.step(false),
            |editor| editor.line_border(true),
            |editor| assert!(!editor.edit(Edit::WordLeft)),
            |editor| editor.click(0, 0, 1),
        ];
        for keep in kept {
            let mut edited = selected();
            keep(&mut edited);
            assert!(!edited.is_selected());
            edited.insert("!");
            assert_eq!(edited.text().replace('!', ""), "there lived");
        }
        let mut longer = selected();
        assert!(longer.edit(Edit::Newline));
        assert_eq!(longer.text(), "there lived\n");
        let mut nothing = editor("", 20);
        nothing.select();
        assert!(!nothing.is_selected());
    }

    #[test]
    fn replacing_can_be_undone() {
        let mut editor = editor("old", 20);
        editor.replace("new\ntext");
        assert_eq!(editor.text(), "new\ntext");
        editor.replace("");
        assert_eq!(editor.text(), "");
        editor.edit(Edit::Undo);
        assert_eq!(editor.text(), "new\ntext");
    }
}
