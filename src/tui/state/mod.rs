//! Everything that the screen shows. Changed by [`super::update`] only, drawn by [`super::view`].

pub mod ask;
pub mod beam_log;
pub mod beside;
pub mod comparing;
pub mod editor;
pub mod history;
pub mod inspecting;
pub mod knob_values;
pub mod looking;
pub mod meaning;
pub mod notices;
pub mod options;
pub mod overlay;
pub mod parts;
pub mod passage;
pub mod picker;
pub mod rate;
pub mod seen;
pub mod session;
pub mod slot;
pub mod train;
pub mod tree;

use std::path::PathBuf;
use std::time::Duration;

use ratatui::layout::Size;

use self::beam_log::BeamLog;
use self::beside::Beside;
use self::comparing::{Comparing, Stand};
use self::editor::Editor;
use self::history::History;
use self::inspecting::Inspecting;
use self::knob_values::Settings;
use self::looking::{Aim, Looking};
use self::options::PlayOptions;
use self::overlay::Overlay;
pub use self::parts::{Banner, Finish, Held, Saving};
use self::passage::Passage;
use self::rate::Rate;
use self::seen::Seen;
use self::train::Train;
use crate::decoding::{Beam, BranchInfo, GenerationSettings, Moment, Origin};
use crate::engine::{RunState, Session, Subject};
use crate::model::{LoadProgress, LoadRequest, ModelInfo};
use crate::sampling::{Method, SamplerSettings, StageKind};
use crate::tui::vocabulary::columns;
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::vocabulary::keymap::{Keymap, KeymapError};
use crate::tui::vocabulary::knob_rows::{self, KnobRow};
use crate::tui::vocabulary::layout::{self, Arrangement, Panes, Shares};
use crate::tui::vocabulary::marks::{Marking, Thresholds};
use crate::tui::vocabulary::theme::ThemeName;

/// Everything that the screen shows.
#[derive(Debug)]
pub struct State {
    pub size: Size,
    pub theme: ThemeName,
    pub keymap: Keymap,
    pub page: Page,
    pub train: Train,
    pub focus: Focus,
    /// The prompt was run and no pane was entered since, see [`super::Letters::Begin`].
    pub ready: bool,
    /// The pane to show where several share a place.
    pub tab: Focus,
    /// Whether the focused pane has the whole screen.
    pub zoomed: bool,
    /// Where the user put the borders between panes.
    pub shares: Shares,
    /// What the newest drawing laid out.
    pub seen: Seen,
    /// What the mouse holds.
    pub held: Option<Held>,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// How far the help page is scrolled, while it is open.
    pub help: Option<usize>,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// Sentences across the top, the newest first.
    pub banners: Vec<Banner>,
    /// Why the engine's thread died, until it is started again.
    pub died: Option<String>,
    /// An interrupt asked the engine to stop, and the engine has not stopped yet.
    pub stopping: bool,
    /// An interrupt came while nothing ran, or what ran did not stop; the next one leaves.
    pub leaving: bool,

    pub editor: Editor,
    pub history: History,
    pub draft: Passage,
    /// The run's samples, or its one text. Never empty.
    pub texts: Vec<Passage>,
    /// Which of them the tables show.
    pub sample: usize,
    /// Which of the two the tables show.
    pub subject: Subject,
    /// The prompt of the newest run.
    pub last_prompt: Option<String>,

    pub sampler: SamplerSettings,
    pub generation: GenerationSettings,
    /// Texts to sample together.
    pub samples: usize,
    /// What the knobs were at the start.
    pub configured: Settings,
    pub presets: Vec<(String, SamplerSettings)>,
    /// The selected row of the sampler pane.
    pub knob: usize,
    /// The selected row of the next-token table.
    pub row: usize,
    /// How far the why pane is scrolled.
    pub why: usize,
    /// Counts the turns of knobs.
    pub turns: u64,

    pub load: LoadRequest,
    pub model: Option<ModelInfo>,
    /// The model that reads along, if one is loaded or on its way.
    pub beside: Option<Beside>,
    pub run: RunState,
    pub loading: Option<LoadProgress>,
    /// Tokens in the model's cache.
    pub context_used: usize,
    /// How each sample ended.
    pub finishes: Vec<Option<Finish>>,
    /// The beams of the search under way, best first.
    pub beams: Vec<Beam>,
    /// What became of the beams of the newest search.
    pub beam_log: BeamLog,
    pub rate: Rate,
    pub looking: Looking,
    pub comparing: Comparing,
    /// All branches, the oldest first; none listed while there is a single text.
    pub branches: Vec<BranchInfo>,
    /// What the next-token table is searched for.
    pub search: String,
    /// What the text was searched for last.
    pub search_text: String,
    /// What the text is coloured by.
    pub marking: Marking,
    pub thresholds: Thresholds,
    /// Where the session is saved when the user says so.
    pub session_file: Option<PathBuf>,
    /// Where it is saved all along.
    pub autosave_file: Option<PathBuf>,
    pub saving: Saving,
    /// Texts that wait for their model.
    pub restoring: Option<Session>,
    pub inspecting: Inspecting,
    /// A knob was turned since the engine was last told.
    pub knobs_turned: bool,

    pub now: Duration,
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
            size,
            theme: options.theme,
            keymap: Keymap::new(&options.keys)?.in_words(options.ascii),
            page: Page::default(),
            train: Train::new(),
            focus: Focus::Prompt,
            ready: false,
            tab: Focus::Next,
            zoomed: false,
            shares: Shares::default(),
            seen: Seen::default(),
            held: None,
            mouse: options.mouse,
            help: None,
            overlay: None,
            banners: Vec::new(),
            died: None,
            stopping: false,
            leaving: false,
            editor: Editor::new(&options.prompt),
            history: History::new(history),
            draft: Passage::new(),
            texts: vec![Passage::new()],
            sample: 0,
            subject: Subject::Draft,
            last_prompt: None,
            sampler: options.sampler.clone(),
            generation: options.generation.clone(),
            samples: 1,
            configured: Settings {
                sampler: options.sampler.clone(),
                generation: options.generation.clone(),
                samples: 1,
            },
            presets: options.presets.clone(),
            knob: 0,
            row: 0,
            why: 0,
            turns: 0,
            load: options.load.clone(),
            model: None,
            beside: None,
            run: RunState::Empty,
            loading: None,
            context_used: 0,
            finishes: Vec::new(),
            beams: Vec::new(),
            beam_log: BeamLog::default(),
            rate: Rate::default(),
            looking: Looking::default(),
            comparing: Comparing::default(),
            branches: Vec::new(),
            search: String::new(),
            search_text: String::new(),
            marking: options.marking,
            thresholds: options.thresholds,
            session_file: None,
            autosave_file: options.autosave_file.clone(),
            saving: Saving::default(),
            restoring: None,
            inspecting: Inspecting::default(),
            knobs_turned: false,
            now: Duration::ZERO,
            log_file: options.log_file.clone(),
        };
        if options.suggested {
            state.editor.select();
        }
        // What most people turn first.
        let temperature = |row: &KnobRow| row.stage() == Some(StageKind::Temperature);
        state.knob = state.knob_rows().iter().position(temperature).unwrap_or(0);
        state.reflow();
        Ok(state)
    }

    /// Where the panes lie on a terminal of a size.
    pub fn panes(&self, size: Size) -> Panes {
        let arrangement = Arrangement {
            tab: self.tab,
            banner: self.banner_lines(size.width).len().min(3) as u16,
            zoomed: self.zoomed.then_some(self.focus),
            shares: self.shares,
        };
        layout::panes(size, &arrangement)
    }

    /// The passage that the tables show.
    pub fn passage(&self) -> &Passage {
        match self.subject {
            Subject::Draft => &self.draft,
            Subject::Text => self.text(),
        }
    }

    /// The text of the run, or the selected one of its samples.
    pub fn text(&self) -> &Passage {
        &self.texts[self.sample.min(self.texts.len() - 1)]
    }

    /// As [`Self::text`].
    pub fn text_mut(&mut self) -> &mut Passage {
        let at = self.sample.min(self.texts.len() - 1);
        &mut self.texts[at]
    }

    pub fn passage_mut(&mut self) -> &mut Passage {
        match self.subject {
            Subject::Draft => &mut self.draft,
            Subject::Text => self.text_mut(),
        }
    }

    /// What the text pane shows: the text of the run, or the draft while there is none.
    pub fn text_subject(&self) -> Subject {
        if self.text().tokens().is_empty() {
            self.subject
        } else {
            Subject::Text
        }
    }

    /// The distribution in view, if the engine has shown it. Right after a movement it may still be the one before, but
    /// where nothing predicts the token in view there is none.
    pub fn moment(&self) -> Option<&Moment> {
        let moment = self.looking.moment(self.subject);
        moment.filter(|_| self.passage().in_view() > 0)
    }

    /// What to look at now. The first token of a text has no odds: nothing predicts it.
    pub fn aim(&self) -> Option<Aim> {
        let passage = self.passage();
        let position = passage.in_view();
        (self.model.is_some() && position > 0).then(|| Aim {
            subject: self.subject,
            sample: self.sample,
            search: self.search.clone(),
            position,
            chosen: passage.tokens().get(position).map(|token| token.id),
            edition: passage.edition(),
            turns: self.turns,
            seed: self.generation.seed,
        })
    }

    /// What the present knobs are to be compared on: a text with drawn tokens, under a method that draws.
    pub fn stand(&self) -> Option<Stand> {
        let text = self.text();
        let drawn = text
            .tokens()
            .iter()
            .any(|token| token.origin == Origin::Generated);
        let draws = !matches!(self.sampler.method, Method::Beam | Method::Contrastive);
        (self.model.is_some() && drawn && draws && self.beams.is_empty()).then(|| Stand {
            sample: self.sample,
            edition: text.edition(),
            turns: self.turns,
            seed: self.generation.seed,
        })
    }

    /// Selects a row of the next-token table.
    pub fn choose_row(&mut self, row: usize) {
        self.row = row;
        if let Some(beside) = &mut self.beside {
            beside.selected = None;
        }
    }

    /// How the selected sample ended, if it has.
    pub fn finish(&self) -> Option<&Finish> {
        self.finishes.get(self.sample)?.as_ref()
    }

    /// The rows of the sampler pane.
    pub fn knob_rows(&self) -> Vec<KnobRow> {
        knob_rows::rows(&self.sampler)
    }

    /// The preset whose settings these are.
    pub fn preset(&self) -> Option<usize> {
        self.presets
            .iter()
            .position(|(_, settings)| *settings == self.sampler)
    }

    /// Puts another sample into the tables.
    pub fn choose_sample(&mut self, sample: usize) {
        self.sample = sample.min(self.texts.len() - 1);
    }

    /// Whether a run goes on, be it paused.
    pub fn has_run(&self) -> bool {
        matches!(self.run, RunState::Running | RunState::Paused)
    }

    /// Gives the focus to a pane, which is entered by that: letters are its commands, or are typed.
    pub fn focus_on(&mut self, pane: Focus) {
        self.focus = pane;
        self.ready = false;
        match pane {
            Focus::Prompt => {}
            Focus::Text => self.subject = self.text_subject(),
            lower => self.tab = lower,
        }
        if self.zoomed {
            self.reflow();
        }
    }

    /// Wraps the texts to the widths of their panes.
    pub fn reflow(&mut self) {
        let panes = self.panes(self.size);
        self.editor.set_width(panes.inside(Focus::Prompt).width);
        let width = panes.inside(Focus::Text).width;
        self.draft.set_width(width);
        let width = columns::width(width, self.texts.len());
        for text in &mut self.texts {
            text.set_width(width);
        }
    }
}
