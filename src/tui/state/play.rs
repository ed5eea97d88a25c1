//! The Play screen: a prompt, the texts that came of it, the knobs, and where one looks.

use super::Finish;
use super::beam_log::BeamLog;
use super::comparing::Comparing;
use super::continuations::Continuations;
use super::editor::Editor;
use super::game::Aside;
use super::history::History;
use super::inspecting::Inspecting;
use super::knob_values::Settings;
use super::looking::Looking;
use super::options::PlayOptions;
use super::passage::Passage;
use crate::decoding::{Beam, BranchInfo, Moment};
use crate::engine::Subject;
use crate::sampling::{SamplerSettings, StageKind};
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::knob_rows::{self, KnobRow};
use crate::tui::vocabulary::layout::Shares;
use crate::tui::vocabulary::marks::{Marking, Thresholds};

/// The sampler pane, besides the settings themselves.
#[derive(Debug)]
pub struct Knobs {
    /// What the settings were at the start.
    pub configured: Settings,
    /// Named settings to choose from.
    pub presets: Vec<(String, SamplerSettings)>,
    /// The selected row.
    pub selected: usize,
    /// Counts the turns of knobs.
    pub turns: u64,
    /// What that count was when the text was begun.
    pub at_run: u64,
    /// A knob was turned since the engine was last told.
    pub turned: bool,
}

/// The Play screen.
#[derive(Debug)]
pub struct Play {
    pub focus: Focus,
    /// The prompt was run and no pane was entered since, see [`crate::tui::Letters::Begin`].
    pub ready: bool,
    /// The pane to show where several share a place.
    pub tab: Focus,
    /// Whether the focused pane has the whole screen.
    pub zoomed: bool,
    /// Where the user put the borders between panes.
    pub shares: Shares,
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
    /// What the knobs stand at.
    pub settings: Settings,
    pub knobs: Knobs,
    /// The selected row of the next-token table.
    pub row: usize,
    /// How far the why pane is scrolled.
    pub why: usize,
    /// How each sample ended.
    pub finishes: Vec<Option<Finish>>,
    /// The beams of the search under way, best first.
    pub beams: Vec<Beam>,
    /// What became of the beams of the newest search.
    pub beam_log: BeamLog,
    pub looking: Looking,
    pub comparing: Comparing,
    /// All branches, the oldest first; none listed while there is a single text.
    pub branches: Vec<BranchInfo>,
    /// The tree of what could follow.
    pub continuations: Continuations,
    /// What the next-token table is searched for.
    pub search: String,
    /// What the text was searched for last.
    pub search_text: String,
    /// What the text is coloured by.
    pub marking: Marking,
    pub thresholds: Thresholds,
    pub inspecting: Inspecting,
    /// What a game over another text put aside.
    pub aside: Option<Aside>,
    /// The draft stands alone, whatever text was there before: a lesson put a prompt there of which nothing was made yet.
    pub draft_alone: bool,
}

impl Play {
    /// The screen at the start. `history` are the prompts of earlier sessions.
    pub fn new(options: &PlayOptions, history: Vec<String>) -> Self {
        let settings = Settings {
            sampler: options.sampler.clone(),
            generation: options.generation.clone(),
            samples: 1,
        };
        let mut play = Self {
            focus: Focus::Prompt,
            ready: false,
            tab: Focus::Next,
            zoomed: false,
            shares: Shares::default(),
            editor: Editor::new(&options.prompt),
            history: History::new(history),
            draft: Passage::new(),
            texts: vec![Passage::new()],
            sample: 0,
            subject: Subject::Draft,
            last_prompt: None,
            settings: settings.clone(),
            knobs: Knobs {
                configured: settings,
                presets: options.presets.clone(),
                selected: 0,
                turns: 0,
                at_run: 0,
                turned: false,
            },
            row: 0,
            why: 0,
            finishes: Vec::new(),
            beams: Vec::new(),
            beam_log: BeamLog::default(),
            looking: Looking::default(),
            comparing: Comparing::default(),
            branches: Vec::new(),
            continuations: Continuations::default(),
            search: String::new(),
            search_text: String::new(),
            marking: options.marking,
            thresholds: options.thresholds,
            inspecting: Inspecting::default(),
            aside: None,
            draft_alone: false,
        };
        if options.suggested {
            play.editor.select();
        }
        // What most people turn first.
        let temperature = |row: &KnobRow| row.stage() == Some(StageKind::Temperature);
        let at = play.knob_rows().iter().position(temperature);
        play.knobs.selected = at.unwrap_or(0);
        play
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
        if self.draft_alone {
            Subject::Draft
        } else if self.text().tokens().is_empty() {
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

    /// How the selected sample ended, if it has.
    pub fn finish(&self) -> Option<&Finish> {
        self.finishes.get(self.sample)?.as_ref()
    }

    /// The rows of the sampler pane.
    pub fn knob_rows(&self) -> Vec<KnobRow> {
        knob_rows::rows(&self.settings.sampler)
    }

    /// The preset whose settings these are.
    pub fn preset(&self) -> Option<usize> {
        let is_set = |(_, sampler): &(String, SamplerSettings)| *sampler == self.settings.sampler;
        self.knobs.presets.iter().position(is_set)
    }

    /// Puts another sample into the tables.
    pub fn choose_sample(&mut self, sample: usize) {
        self.sample = sample.min(self.texts.len() - 1);
    }
}
