//! A playground without a terminal or an engine: events by hand, frames as text.

use std::collections::BTreeMap;
use std::time::Duration;

use logitscope::decoding::{
    GenerationSettings, Moment, Origin, Row, TokenDraw, TokenOdds, TokenRecord,
};
use logitscope::engine::{Event, RunState, Subject};
use logitscope::model::{LoadRequest, ModelInfo, Precision};
use logitscope::sampling::{SamplerSettings, StageKind, StageTrace};
use logitscope::tui::{
    Action, ColourLevel, Effect, LearnOptions, Marking, News, PlayOptions, Seen, State, Theme,
    ThemeName, Thresholds, hear, update, view,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;

pub const VOCABULARY: usize = 4096;

/// The options of a fresh playground with two presets.
pub fn options(prompt: &str) -> PlayOptions {
    PlayOptions {
        marking: Marking::Probability,
        thresholds: Thresholds::default(),
        present: false,
        mouse: true,
        ascii: false,
        autosave_file: None,
        session: None,
        resumed: false,
        models_file: None,
        presets_file: None,
        prompt: prompt.to_owned(),
        suggested: false,
        sampler: SamplerSettings::default(),
        generation: GenerationSettings::default(),
        presets: vec![
            ("balanced".to_owned(), SamplerSettings::default()),
            (
                "greedy".to_owned(),
                SamplerSettings {
                    temperature: 0.0,
                    ..SamplerSettings::neutral()
                },
            ),
        ],
        load: LoadRequest::default(),
        keys: BTreeMap::new(),
        theme: ThemeName::Dark,
        colours: None,
        fps: 60,
        log_file: Some("/var/log/logitscope.log".into()),
        history_file: None,
        tree_records: |_| Ok(String::new()),
        learn: LearnOptions::default(),
    }
}

/// What a person asks for, or what the outside tells.
#[derive(Debug, Clone)]
pub enum Happening {
    Action(Action),
    News(News),
}

impl From<Action> for Happening {
    fn from(action: Action) -> Self {
        Self::Action(action)
    }
}

impl From<News> for Happening {
    fn from(news: News) -> Self {
        Self::News(news)
    }
}

/// A playground under test, with the effects that its last action asked for.
pub struct Play {
    pub state: State,
    pub effects: Vec<Effect>,
    clock: Duration,
}

impl Play {
    pub fn new(prompt: &str, width: u16, height: u16) -> Self {
        Self::with(&options(prompt), width, height)
    }

    /// One with other options.
    pub fn with(options: &PlayOptions, width: u16, height: u16) -> Self {
        let state =
            State::new(options, Vec::new(), Size::new(width, height)).expect("the default keys");
        Self {
            state,
            effects: Vec::new(),
            clock: Duration::ZERO,
        }
    }

    /// A playground whose model is loaded and whose draft, cut at spaces, was inspected.
    pub fn inspected(prompt: &str, width: u16, height: u16) -> Self {
        let mut play = Self::new(prompt, width, height);
        play.hear(Event::Loaded { model: model() });
        play.hear(Event::State {
            state: RunState::Idle,
        });
        play.frame();
        play.hear(Event::PromptRead {
            subject: Subject::Draft,
            tokens: read(prompt),
            seconds: 0.01,
        });
        play.frame();
        if !prompt.is_empty() {
            play.answer(&NEXT_WORDS);
        }
        play
    }

    /// One that generated `words` from the prompt and goes on.
    pub fn running(prompt: &str, words: &[&str], width: u16, height: u16) -> Self {
        let mut play = Self::inspected(prompt, width, height);
        play.act(Action::Run);
        play.hear(Event::State {
            state: RunState::Running,
        });
        play.hear(Event::PromptRead {
            subject: Subject::Text,
            tokens: read(prompt),
            seconds: 0.01,
        });
        play.frame();
        play.answer(&NEXT_WORDS);
        for word in words {
            play.generate(word.as_bytes());
        }
        play.clock += Duration::from_millis(250);
        play.frame();
        play.answer(&NEXT_WORDS);
        play
    }

    /// A person acts on what the screen shows.
    pub fn act(&mut self, what: impl Into<Happening>) {
        let what = what.into();
        if let Happening::Action(_) = what {
            let size = self.state.screen.size;
            self.state.screen.seen = self.drawn(size, ColourLevel::None).1;
        }
        self.act_on_old(what);
    }

    /// A person acts on what the screen showed some time ago: much may have happened since.
    pub fn act_on_old(&mut self, what: impl Into<Happening>) {
        self.effects = match what.into() {
            Happening::Action(action) => update(&mut self.state, action),
            Happening::News(news) => hear(&mut self.state, news),
        };
    }

    pub fn acts(&mut self, all: impl IntoIterator<Item = impl Into<Happening>>) {
        for what in all {
            self.act(what);
        }
    }

    pub fn hear(&mut self, event: Event) {
        self.act(News::Engine(event));
    }

    /// What happens before a frame is drawn.
    pub fn frame(&mut self) {
        self.clock += Duration::from_millis(17);
        self.act(News::Frame(self.clock));
    }

    /// The engine adds a token to the text.
    pub fn generate(&mut self, bytes: &[u8]) {
        let position = self.state.play.text().tokens().len();
        let token = token(position, bytes, Origin::Generated);
        self.hear(Event::Token {
            sample: 0,
            record: token,
        });
    }

    /// Answers the look that was asked for with `words`, the token that stands there first.
    pub fn answer(&mut self, words: &[(&str, f32, Option<StageKind>)]) {
        let request = self.effects.iter().find_map(|effect| match effect {
            Effect::Look(request) => Some(request.as_ref().clone()),
            _ => None,
        });
        let request = request.unwrap_or_else(|| panic!("a look was asked for: {:?}", self.effects));
        let passage = match request.subject {
            Subject::Draft => &self.state.play.draft,
            Subject::Text => self.state.play.text(),
        };
        let standing = passage.tokens().get(request.position).cloned();
        self.hear(Event::Look {
            subject: request.subject,
            moment: moment(request.position, standing, words),
        });
    }

    /// The frame as text.
    pub fn screen(&self) -> String {
        let buffer = self.buffer(ColourLevel::True);
        lines(&buffer, |buffer, x, y| buffer[(x, y)].symbol().to_owned())
    }

    /// The frame as text with each cell's modifiers instead of its sign: `.` none, `b` bold, `d` dim, `u` underlined,
    /// `i` italic, `r` reversed; a capital for bold and underlined, `*` for other combinations. Panics on any colour.
    pub fn marks(&self) -> String {
        let buffer = self.buffer(ColourLevel::None);
        lines(&buffer, |buffer, x, y| {
            use ratatui::style::{Color, Modifier};
            let cell = &buffer[(x, y)];
            assert_eq!(
                (cell.fg, cell.bg),
                (Color::Reset, Color::Reset),
                "a colour at {x}, {y}"
            );
            let mark = match cell.modifier - Modifier::ITALIC {
                m if m.is_empty() && cell.modifier.is_empty() => '.',
                m if m.is_empty() => 'i',
                Modifier::BOLD => 'b',
                Modifier::DIM => 'd',
                Modifier::UNDERLINED => 'u',
                Modifier::REVERSED => 'r',
                m if m == Modifier::BOLD | Modifier::UNDERLINED => 'U',
                _ => '*',
            };
            mark.to_string()
        })
    }

    pub fn buffer(&self, colours: ColourLevel) -> Buffer {
        let Size { width, height } = self.state.screen.size;
        self.buffer_at(width, height, colours)
    }

    pub fn buffer_at(&self, width: u16, height: u16, colours: ColourLevel) -> Buffer {
        self.drawn(Size { width, height }, colours).0
    }

    /// The frame, and what lies where on it.
    fn drawn(&self, size: Size, colours: ColourLevel) -> (Buffer, Seen) {
        let theme = Theme::new(self.state.screen.theme, colours);
        let backend = TestBackend::new(size.width, size.height);
        let mut terminal = Terminal::new(backend).expect("a terminal in memory");
        let mut seen = Seen::default();
        terminal
            .draw(|frame| seen = view(&self.state, &theme, frame))
            .expect("drawn in memory");
        (terminal.backend().buffer().clone(), seen)
    }
}

/// Cells joined to lines; the cell behind a wide character is passed over.
fn lines(buffer: &Buffer, cell: impl Fn(&Buffer, u16, u16) -> String) -> String {
    use ratatui::buffer::CellWidth;
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            line.push_str(&cell(buffer, x, y));
            x += buffer[(x, y)].symbol().cell_width().max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

pub fn model() -> ModelInfo {
    ModelInfo {
        name: "stories-6M".to_owned(),
        architecture: "gpt2".to_owned(),
        parameters: 6_000_000,
        layers: 6,
        heads: 6,
        width: 288,
        vocabulary: VOCABULARY,
        context_length: 256,
        sliding_window: None,
        start_token: Some(0),
        end_tokens: vec![0],
        device: "cpu".to_owned(),
        card: None,
        precision: Precision::F32,
        token_set: 1,
        adds_first_space: false,
    }
}

/// A prompt cut before spaces.
pub fn read(prompt: &str) -> Vec<TokenRecord> {
    let mut words: Vec<String> = Vec::new();
    for c in prompt.chars() {
        match words.last_mut() {
            Some(word) if c != ' ' => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    words
        .iter()
        .enumerate()
        .map(|(at, word)| token(at, word.as_bytes(), Origin::Prompt))
        .collect()
}

/// A token whose odds follow from its position, so that all four classes occur.
pub fn token(position: usize, bytes: &[u8], origin: Origin) -> TokenRecord {
    let probability = [0.62, 0.21, 0.034, 0.0021][position % 4];
    let rank = [1, 2, 7, 214][position % 4];
    TokenRecord {
        position,
        id: 100 + position as u32,
        bytes: bytes.to_vec(),
        display: display(bytes),
        origin,
        odds: (position > 0).then(|| TokenOdds {
            probability,
            rank,
            surprisal: -probability.log2(),
            entropy: 4.2,
            best: 7,
        }),
        draw: (origin == Origin::Generated).then(|| TokenDraw {
            probability: probability * 1.25,
            entropy: 3.1,
            u: Some(0.5127),
            mu: None,
            adaptive: None,
            candidates: Vec::new(),
            trace: Vec::new(),
        }),
    }
}

/// Bytes as the tokenizer would show them.
fn display(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(&chunk.valid().replace(' ', "·").replace('\n', "⏎"));
        out.extend(chunk.invalid().iter().map(|byte| format!("⟨{byte:02X}⟩")));
    }
    out
}

/// Words that might come next: raw probability, and the stage that cut them.
pub const NEXT_WORDS: [(&str, f32, Option<StageKind>); 8] = [
    ("·little", 0.214, None),
    ("·small", 0.126, None),
    ("·cottage", 0.084, None),
    ("·big", 0.071, None),
    ("·village", 0.0412, Some(StageKind::TopP)),
    ("·castle", 0.0051, Some(StageKind::TopP)),
    ("·house", 0.003, Some(StageKind::TopK)),
    ("⏎", 0.00002, Some(StageKind::TopK)),
];

/// A distribution over `words`; a token that stands there is put third.
pub fn moment(
    position: usize,
    standing: Option<TokenRecord>,
    words: &[(&str, f32, Option<StageKind>)],
) -> Moment {
    let kept: f32 = words
        .iter()
        .filter(|word| word.2.is_none())
        .map(|word| word.1)
        .sum();
    let mut rows: Vec<Row> = words
        .iter()
        .enumerate()
        .map(|(at, &(display, raw, cut_by))| Row {
            id: 1 + at as u32,
            display: display.to_owned(),
            logit: raw.ln(),
            rank: at + 1,
            raw_probability: raw,
            final_probability: if cut_by.is_some() { 0.0 } else { raw / kept },
            cut_by,
            changes: Vec::new(),
        })
        .collect();
    let chosen = standing.map(|token| {
        if let Some(row) = rows.get_mut(2) {
            row.id = token.id;
            row.display = token.display;
        }
        token.id
    });
    let trace = |stage, kept, mass_cut, entropy| StageTrace {
        stage,
        kept,
        mass_cut,
        entropy,
    };
    Moment {
        position,
        vocabulary: VOCABULARY,
        kept: words.iter().filter(|word| word.2.is_none()).count(),
        raw_entropy: 6.1,
        final_entropy: 1.84,
        trace: vec![
            trace(StageKind::Repetition, VOCABULARY, 0.0, 6.12),
            trace(StageKind::Temperature, VOCABULARY, 0.0, 5.2),
            trace(StageKind::TopK, 40, 0.182, 4.1),
            trace(StageKind::TopP, 4, 0.0471, 1.84),
        ],
        chosen,
        u: 0.1275,
        pick: rows.first().map(|row| row.id),
        candidates: Vec::new(),
        mu: None,
        mean: None,
        rows,
    }
}
