//! A list to choose from by typing a part of a name: the palette, models, what to copy.

use super::editor::Editor;
use crate::tui::Action;

// Titles that a list is known by.
/// Everything that can be asked.
pub const COMMANDS: &str = "Commands";
/// Models to load.
pub const MODELS: &str = "Models";
/// Lessons to begin or to go on with.
pub const LESSONS: &str = "Lessons";
/// What can be guessed.
pub const GAMES: &str = "What comes next?";
/// Runs to open.
pub const OPEN_RUN: &str = "Open a run";
/// Runs to draw beside the one in view.
pub const DRAW_RUN: &str = "Draw a run beside";

/// One thing to choose.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub label: String,
    /// Beside it, quieter: a key, a size.
    pub detail: String,
    /// What choosing it does.
    pub action: Action,
}

/// A list, and what was typed to narrow it.
#[derive(Debug)]
pub struct Picker {
    pub title: &'static str,
    pub filter: Editor,
    items: Vec<Item>,
    /// What is made of the very text that was typed, and whether it comes before all others.
    made: Option<(Item, bool)>,
    /// The selected one of those that match.
    pub row: usize,
}

impl Picker {
    /// A list of items, the first one selected.
    pub fn new(title: &'static str, items: Vec<Item>) -> Self {
        Self {
            title,
            filter: Editor::new(""),
            items,
            made: None,
            row: 0,
        }
    }

    /// The items that match what was typed, those first that it fits best.
    pub fn matches(&self) -> Vec<&Item> {
        let typed = self.filter.text().to_lowercase();
        let fit = |item: &'_ Item| Fit::of(&typed, item);
        let mut fitting: Vec<(Fit, &Item)> = self
            .items
            .iter()
            .filter_map(|item| Some((fit(item)?, item)))
            .collect();
        // Stable: what fits alike stays in the list's order.
        fitting.sort_by_key(|(fit, _)| *fit);
        let mut items: Vec<&Item> = fitting.into_iter().map(|(_, item)| item).collect();
        if let Some((item, first)) = &self.made {
            items.insert(if *first { 0 } else { items.len() }, item);
        }
        items
    }

    /// Offers what can be made of the text that was typed, before the items or behind them.
    pub fn offer(&mut self, made: Option<Item>, first: bool) {
        self.made = made.map(|item| (item, first));
    }

    /// Whether there is an item of this very label.
    pub fn has(&self, label: &str) -> bool {
        self.items.iter().any(|item| item.label == label)
    }

    /// The selected item.
    pub fn selected(&self) -> Option<&Item> {
        let matches = self.matches();
        matches
            .get(self.row.min(matches.len().saturating_sub(1)))
            .copied()
    }

    /// Puts other items in; what was typed stays.
    pub fn set_items(&mut self, items: Vec<Item>) {
        self.items = items;
        self.row = 0;
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let most = self.matches().len().saturating_sub(1);
        self.row = self.row.saturating_add_signed(by).min(most);
    }
}

/// How well an item fits what was typed, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is the item's name, which stands before a colon or an equals sign.
    Name,
    /// The label begins with it.
    Start,
    /// A word of the label does.
    Word,
    /// It stands in the label.
    Label,
    /// It stands in the detail, or across both.
    Detail,
    /// Its characters stand there in their order.
    Scattered,
}

impl Fit {
    fn of(typed: &str, item: &Item) -> Option<Self> {
        let label = item.label.to_lowercase();
        let name = label.split([':', '=']).next().unwrap_or_default().trim();
        let word = |at: usize| !label[..at].ends_with(char::is_alphanumeric);
        let text = || format!("{label} {}", item.detail.to_lowercase());
        Some(if name == typed.trim().replace(['_', ' '], "-") {
            Self::Name
        } else if label.starts_with(typed) {
            Self::Start
        } else if label.match_indices(typed).any(|(at, _)| word(at)) {
            Self::Word
        } else if label.contains(typed) {
            Self::Label
        } else if text().contains(typed) {
            Self::Detail
        } else if is_scattered(typed, &text()) {
            Self::Scattered
        } else {
            return None;
        })
    }
}

/// Whether the characters of `typed` stand in `text` in their order.
fn is_scattered(typed: &str, text: &str) -> bool {
    let mut rest = text.chars();
    typed
        .chars()
        .filter(|c| !c.is_whitespace())
        .all(|wanted| rest.any(|c| c == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(label: &str) -> Item {
        Item {
            label: label.to_owned(),
            detail: String::new(),
            action: Action::Quit,
        }
    }

    #[test]
    fn a_name_comes_before_a_start_a_word_and_a_piece() {
        let labels = [
            "unthemed: none",
            "a word: of themes",
            "themes: several",
            "theme: dark or light",
            "top-k = 40",
        ];
        let mut picker = Picker::new("", labels.map(item).to_vec());
        let first = |picker: &Picker| picker.selected().map(|item| item.label.clone());
        picker.filter.replace("theme");
        let found: Vec<&str> = picker
            .matches()
            .iter()
            .map(|item| item.label.as_str())
            .collect();
        assert_eq!(found, [labels[3], labels[2], labels[1], labels[0]]);
        for typed in ["top-k", "top_k", "Top K"] {
            picker.filter.replace(typed);
            assert_eq!(first(&picker).as_deref(), Some("top-k = 40"), "{typed}");
        }
        picker.filter.replace("a path");
        picker.offer(Some(item("load a path")), false);
        assert_eq!(first(&picker).as_deref(), Some("load a path"));
    }

    #[test]
    fn whole_pieces_come_before_scattered_ones() {
        let mut picker = Picker::new("", vec![item("retype"), item("rewind"), item("end run")]);
        picker.filter.insert("re");
        let labels = |picker: &Picker| -> Vec<String> {
            let matches = picker.matches();
            matches.iter().map(|item| item.label.clone()).collect()
        };
        assert_eq!(labels(&picker), ["retype", "rewind"]);
        picker.filter.replace("er");
        assert_eq!(labels(&picker), ["end run"]);
        picker.filter.replace("");
        picker.step(9);
        assert_eq!(
            picker.selected().map(|item| item.label.as_str()),
            Some("end run")
        );
        picker.filter.replace("xyz");
        assert_eq!(picker.selected(), None);
    }
}
