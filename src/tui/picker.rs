//! A list to choose from by typing a part of a name: the palette, models, what to copy.

use super::Action;
use super::editor::Editor;

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
            row: 0,
        }
    }

    /// The items that match what was typed: those where it stands in one piece first, then those where its characters
    /// stand in order.
    pub fn matches(&self) -> Vec<&Item> {
        let typed = self.filter.text().to_lowercase();
        let text = |item: &Item| format!("{} {}", item.label, item.detail).to_lowercase();
        let whole = |item: &&Item| text(item).contains(&typed);
        let scattered = |item: &&Item| !whole(item) && is_scattered(&typed, &text(item));
        self.items
            .iter()
            .filter(whole)
            .chain(self.items.iter().filter(scattered))
            .collect()
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
