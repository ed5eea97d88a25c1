//! What is the same on every screen: its size and theme, what lies over it, and what it showed last.

use std::time::Duration;

use ratatui::layout::Size;

use super::options::PlayOptions;
use super::overlay::Overlay;
use super::seen::Seen;
use super::{Banner, Held};
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::theme::ThemeName;

/// What is the same on every screen.
#[derive(Debug)]
pub struct Screen {
    pub size: Size,
    pub theme: ThemeName,
    /// The screen that is shown.
    pub page: Page,
    /// What the newest drawing laid out.
    pub seen: Seen,
    /// What the mouse holds.
    pub held: Option<Held>,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// How far the help page is scrolled, while it is open.
    pub help: Option<usize>,
    /// Whether one thing at a time is shown in big letters, for a room.
    pub presenting: bool,
    /// The page of the lesson's sentence that is presented; none for what it speaks of.
    pub sentence: Option<usize>,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// Sentences across the top, the newest first.
    pub banners: Vec<Banner>,
    /// When the newest frame was drawn, since the start.
    pub now: Duration,
}

impl Screen {
    /// The screen at the start, of a terminal of a size.
    pub fn new(options: &PlayOptions, size: Size) -> Self {
        Self {
            size,
            theme: options.theme,
            page: Page::default(),
            seen: Seen::default(),
            held: None,
            mouse: options.mouse,
            help: None,
            presenting: options.present,
            sentence: None,
            overlay: None,
            banners: Vec::new(),
            now: Duration::ZERO,
        }
    }
}
