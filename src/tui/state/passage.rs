//! A text as the playground knows it: its tokens, their layout, and which one is in view.

use std::ops::Range;

use crate::decoding::{Origin, TokenRecord};
use crate::tui::vocabulary::flow::Flow;
use crate::tui::vocabulary::window::window;

/// Which token is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum InView {
    /// The newest one, whichever that is.
    #[default]
    Newest,
    /// The one at a position; the number of tokens means the one that would come next.
    At(usize),
}

/// The draft of the prompt, or the text of the run.
#[derive(Debug)]
pub struct Passage {
    tokens: Vec<TokenRecord>,
    flow: Flow,
    place: InView,
    /// The first line to show, where the text was scrolled away from the token in view.
    top: Option<usize>,
    /// Counts the times that tokens were taken away, so that what was known of a position is known to be stale.
    edition: u64,
}

impl Passage {
    /// No tokens.
    pub fn new() -> Self {
        Self {
            tokens: Vec::new(),
            flow: Flow::new(1),
            place: InView::Newest,
            top: None,
            edition: 0,
        }
    }

    pub fn tokens(&self) -> &[TokenRecord] {
        &self.tokens
    }

    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    pub fn edition(&self) -> u64 {
        self.edition
    }

    /// Whether the newest token is kept in view.
    pub fn follows(&self) -> bool {
        self.place == InView::Newest
    }

    /// The position in view. Following, that is the newest generated token, or the one to come if none was generated.
    pub fn in_view(&self) -> usize {
        match self.place {
            InView::At(position) => position.min(self.tokens.len()),
            InView::Newest => match self.tokens.last() {
                Some(last) if last.origin != Origin::Prompt => self.tokens.len() - 1,
                _ => self.tokens.len(),
            },
        }
    }

    /// The token in view, if it is there.
    pub fn token_in_view(&self) -> Option<&TokenRecord> {
        self.tokens.get(self.in_view())
    }

    /// Keeps the newest token in view.
    pub fn follow(&mut self) {
        self.top = None;
        self.place = InView::Newest;
    }

    /// Puts a position in view, as near as there is one.
    pub fn go_to(&mut self, position: usize) {
        self.top = None;
        self.place = InView::At(position.min(self.tokens.len()));
    }

    /// The lines to show in `height` rows: those around the token in view, or those that were scrolled to.
    pub fn lines(&self, height: usize) -> Range<usize> {
        let count = self.flow.len();
        match self.top {
            Some(top) => {
                let top = top.min(count.saturating_sub(height));
                top..count.min(top + height)
            }
            None => window(self.flow.line_of(self.in_view()), count, height),
        }
    }

    /// The token at a column of a line; the last one of the line behind its end.
    pub fn token_at(&self, line: usize, column: u16) -> Option<usize> {
        let found = self.flow.token_at(line, column);
        found.or_else(|| self.flow.last_of(line))
    }

    /// Scrolls what is shown in `height` rows. The token in view stays the one that it is.
    pub fn scroll(&mut self, by: isize, height: usize) {
        let most = self.flow.len().saturating_sub(height);
        let top = self.lines(height).start.saturating_add_signed(by);
        self.top = Some(top.min(most));
    }

    /// Replaces all tokens. A position that was in view stays in view if it is still there.
    pub fn replace(&mut self, tokens: Vec<TokenRecord>) {
        self.flow.truncate(0);
        self.tokens.clear();
        self.top = None;
        for token in tokens {
            self.add(token);
        }
        self.edition += 1;
    }

    /// Adds a token at its position, which cuts what stood there.
    pub fn push(&mut self, token: TokenRecord) {
        self.truncate(token.position);
        self.add(token);
    }

    /// Keeps the first `length` tokens.
    pub fn truncate(&mut self, length: usize) {
        if length < self.tokens.len() {
            self.tokens.truncate(length);
            self.flow.truncate(length);
            self.edition += 1;
        }
    }

    /// Wraps to a width.
    pub fn set_width(&mut self, width: u16) {
        self.flow.set_width(width);
    }

    fn add(&mut self, token: TokenRecord) {
        // A token that stands for no bytes, such as an end marker, is seen by its name.
        let shown = if token.bytes.is_empty() {
            token.display.as_bytes()
        } else {
            &token.bytes
        };
        self.flow.push(shown);
        self.tokens.push(token);
    }
}
