//! Everything that the screen shows. Changed by [`super::update`] only, drawn by [`super::view`].

pub mod ask;
pub mod beam_log;
pub mod comparing;
pub mod continuations;
pub mod divergence;
pub mod editor;
pub mod engine;
pub mod game;
pub mod history;
pub mod inspecting;
pub mod knob_values;
pub mod lanes;
pub mod learn;
pub mod looking;
pub mod meaning;
pub mod notices;
pub mod options;
pub mod overlay;
pub mod parts;
pub mod passage;
pub mod picker;
pub mod play;
pub mod presented;
pub mod rate;
pub mod screen;
pub mod second;
pub mod seen;
pub mod session;
pub mod slot;
pub mod train;
pub mod tree;

use std::path::PathBuf;

use ratatui::layout::Size;

use self::comparing::Stand;
use self::engine::Engine;
use self::lanes::Lanes;
use self::learn::Learn;
use self::looking::Aim;
use self::options::PlayOptions;
pub use self::parts::{Banner, Finish, Held, Saving};
use self::play::Play;
use self::screen::Screen;
use self::train::Train;
use crate::decoding::{NoCommonDraws, Origin};
use crate::engine::Subject;
use crate::model::ModelInfo;
use crate::sampling::Method;
use crate::tui::vocabulary::columns;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::keymap::{Keymap, KeymapError};
use crate::tui::vocabulary::lanes::text_width;
use crate::tui::vocabulary::layout::{self, Arrangement, Panes};

/// Everything that the screen shows: what is the same on every screen, and a struct a screen.
#[derive(Debug)]
pub struct State {
    pub screen: Screen,
    pub keymap: Keymap,
    pub play: Play,
    pub train: Train,
    pub learn: Learn,
    pub lanes: Lanes,
    pub engine: Engine,
    pub saving: Saving,
    /// An interrupt came while nothing ran, or what ran did not stop; the next one leaves.
    pub leaving: bool,
    pub log_file: Option<PathBuf>,
}

impl State {
    /// The state at the start. `history` are the prompts of earlier sessions.
    ///
    /// # Errors
    /// When the options' keys cannot be.
    pub fn new(
        options: &PlayOptions,
        history: Vec<String>,
        size: Size,
    ) -> Result<Self, KeymapError> {
        let mut state = Self {
            screen: Screen::new(options, size),
            keymap: Keymap::new(&options.keys)?.in_words(options.ascii),
            play: Play::new(options, history),
            train: Train::new(),
            learn: Learn::new(&options.learn),
            lanes: Lanes::default(),
            engine: Engine::new(options.load.clone()),
            saving: Saving {
                autosave_file: options.autosave_file.clone(),
                resumed: options.resumed,
                ..Saving::default()
            },
            leaving: false,
            log_file: options.log_file.clone(),
        };
        state.reflow();
        Ok(state)
    }

    /// Where the panes lie on a terminal of a size.
    pub fn panes(&self, size: Size) -> Panes {
        let arrangement = Arrangement {
            tab: self.play.tab,
            banner: self.banner_lines(size.width).len().min(3) as u16,
            lesson: self.lesson_height(size),
            zoomed: self.play.zoomed.then_some(self.play.focus),
            shares: self.play.shares,
        };
        layout::panes(size, &arrangement)
    }

    /// What to look at now. The first token of a text has no odds: nothing predicts it.
    pub fn aim(&self) -> Option<Aim> {
        let passage = self.play.passage();
        let position = passage.in_view();
        (self.engine.model.is_some() && position > 0).then(|| Aim {
            subject: self.play.subject,
            sample: self.play.sample,
            search: self.play.search.clone(),
            position,
            chosen: passage.tokens().get(position).map(|token| token.id),
            edition: passage.edition(),
            turns: self.play.knobs.turns,
            seed: self.play.settings.generation.seed,
        })
    }

    /// What the present knobs are to be compared on: a text with drawn tokens, under a method that draws.
    pub fn stand(&self) -> Option<Stand> {
        if self.away().is_some() {
            return None;
        }
        let text = self.play.text();
        let drawn = text
            .tokens()
            .iter()
            .any(|token| token.origin == Origin::Generated);
        let draws = !matches!(
            self.play.settings.sampler.method,
            Method::Beam | Method::Contrastive
        );
        (self.engine.model.is_some() && drawn && draws && self.play.beams.is_empty()).then(|| {
            Stand {
                sample: self.play.sample,
                edition: text.edition(),
                turns: self.play.knobs.turns,
                seed: self.play.settings.generation.seed,
            }
        })
    }

    /// Where the text in view comes from, if that is a lane of another model: its engine, and which of that one's texts.
    pub fn away(&self) -> Option<(usize, usize)> {
        let shown = self.lanes.live && self.play.subject == Subject::Text;
        self.lanes.away(self.play.sample).filter(|_| shown)
    }

    /// The model of a lane, if it is loaded.
    pub fn model_of(&self, lane: usize) -> Option<&ModelInfo> {
        match self.lanes.lanes.get(lane)?.engine {
            Some(engine) => self.lanes.other(engine)?.model.as_ref(),
            None => self.engine.model.as_ref(),
        }
    }

    /// Whether ids of a lane's model stand for the tokens that they stand for in Play's.
    pub fn has_own_tokens(&self, lane: usize) -> bool {
        let own = self.engine.model.as_ref().map(|model| model.token_set);
        self.model_of(lane).map(|model| model.token_set) == own
    }

    /// What keeps a lane from the first one's draws.
    pub fn apart(&self, lane: usize) -> Option<NoCommonDraws> {
        let own = self.lanes.lanes.get(lane)?;
        let first = self.lanes.lanes.first()?;
        match own.engine {
            None => own.apart,
            Some(_) if self.has_own_tokens(lane) => own.settings.draws_as(&first.settings).err(),
            Some(_) => Some(NoCommonDraws::OtherTokens),
        }
    }

    /// The selected lane of the Compare screen.
    pub fn lane(&self) -> usize {
        let selected = if self.lanes.live {
            self.play.sample
        } else {
            self.lanes.selected
        };
        selected.min(self.lanes.lanes.len().saturating_sub(1))
    }

    /// Selects a row of the next-token table.
    pub fn choose_row(&mut self, row: usize) {
        self.play.row = row;
        if let Some(second) = &mut self.engine.second {
            second.selected = None;
        }
    }

    /// Gives the focus to a pane, which is entered by that: letters are its commands, or are typed.
    pub fn focus_on(&mut self, pane: Focus) {
        self.play.focus = pane;
        self.play.ready = false;
        match pane {
            Focus::Prompt => {}
            Focus::Text => self.play.subject = self.play.text_subject(),
            lower => self.play.tab = lower,
        }
        if self.play.zoomed {
            self.reflow();
        }
    }

    /// Wraps the texts to the widths of their panes.
    pub fn reflow(&mut self) {
        let panes = self.panes(self.screen.size);
        self.play
            .editor
            .set_width(panes.inside(Focus::Prompt).width);
        let width = panes.inside(Focus::Text).width;
        self.play.draft.set_width(width);
        let width = if self.screen.page == Page::Compare {
            text_width(self.screen.size.width, self.lanes.lanes.len())
        } else {
            columns::width(width, self.play.texts.len())
        };
        for text in &mut self.play.texts {
            text.set_width(width);
        }
    }
}
