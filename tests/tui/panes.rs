//! What each pane must show whatever the size: the likeliest tokens, the knob in hand, the values behind the draw, what
//! stages did to single tokens, and what every word means.

use logitscope::decoding::{Beam, Candidate, Moment, Origin, Row, StopReason};
use logitscope::engine::{Event, RunState, Subject};
use logitscope::model::ModelInfo;
use logitscope::sampling::{LogitChange, Method, StageKind};
use logitscope::tui::{Action, ColourLevel, Effect, Focus, Mouse, MouseKind, News, ThemeName};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use crate::fixtures::{Happening, NEXT_WORDS, Play, model, moment, options, read, token};

const PROMPT: &str = "Once upon a time";
const WORDS: [&str; 6] = [" there", " was", " a", " little", " girl", " who"];
const SIZES: [(u16, u16); 7] = [
    (60, 18),
    (80, 24),
    (100, 29),
    (100, 30),
    (90, 45),
    (120, 40),
    (200, 60),
];

/// A text that has ended, with no look answered since.
fn ended(width: u16, height: u16) -> Play {
    let mut play = Play::running(PROMPT, &WORDS, width, height);
    play.hear(Event::Finished {
        sample: 0,
        reason: StopReason::MaxTokens,
        tokens: 6,
        seconds: 0.05,
    });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play
}

/// The engine answers with a moment of the position in view.
fn show(play: &mut Play, moment: impl FnOnce(usize) -> Moment) {
    play.state.play.knobs.turns += 1;
    play.frame();
    let request = play.effects.iter().find_map(|effect| match effect {
        Effect::Look(request) => Some(request.as_ref().clone()),
        _ => None,
    });
    let request = request.expect("a look was asked for");
    play.hear(Event::Look {
        subject: request.subject,
        moment: moment(request.position),
    });
}

/// Sixty likely tokens, and the one that stands there far below them.
fn far_down(position: usize) -> Moment {
    let row = |id: u32, rank: usize| Row {
        id,
        display: format!("·w{rank}"),
        logit: 1.0,
        rank,
        raw_probability: 0.5 / rank as f32,
        final_probability: 0.5 / rank as f32,
        cut_by: None,
        changes: Vec::new(),
    };
    let mut rows: Vec<Row> = (1..=60).map(|rank| row(rank, rank as usize)).collect();
    rows.push(row(900, 2345));
    Moment {
        rows,
        chosen: Some(900),
        pick: Some(1),
        ..moment(position, None, &NEXT_WORDS)
    }
}

fn change(stage: StageKind, amount: f32, odds: (f32, f32)) -> LogitChange {
    LogitChange {
        stage,
        before: 2.0,
        after: 2.0 + amount,
        probability_before: odds.0,
        probability_after: odds.1,
    }
}

/// The row of a text on the screen, and the column where it stands.
fn find(play: &Play, text: &str) -> (u16, u16) {
    let screen = play.screen();
    let place = screen.lines().enumerate().find_map(|(row, line)| {
        let at = line.find(text)?;
        Some((line[..at].chars().count() as u16, row as u16))
    });
    place.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}"))
}

#[track_caller]
fn sees(play: &Play, texts: &[&str]) {
    let screen = play.screen();
    for text in texts {
        assert!(screen.contains(text), "{text:?} is not seen:\n{screen}");
    }
}

fn press(play: &mut Play, (column, row): (u16, u16)) {
    for kind in [MouseKind::Press, MouseKind::Release] {
        play.act(Action::Mouse(Mouse { kind, column, row }));
    }
}

#[test]
fn the_likeliest_tokens_are_never_scrolled_away() {
    for (width, height) in SIZES {
        for focus in [Focus::Text, Focus::Next, Focus::Knobs] {
            let mut play = ended(width, height);
            play.state.focus_on(focus);
            show(&mut play, far_down);
            sees(&play, &["1 ·w1 ", "2 ·w2 ", "3 ·w3 ", "2,345 ·w2345 "]);
        }
    }
    // Moving down the table keeps them, with a mark for what is left out.
    let mut play = ended(80, 24);
    play.state.focus_on(Focus::Next);
    show(&mut play, far_down);
    play.state.choose_row(0);
    play.acts(std::iter::repeat_n(Action::Down, 30));
    sees(&play, &["1 ·w1 ", "3 ·w3 ", "   …", "31 ·w31 ", "·w2345 "]);
}

#[test]
fn on_80_columns_and_24_lines_a_knob_is_turned_and_the_odds_move() {
    let mut play = ended(80, 24);
    sees(&play, &["43.2 %", "● temperature", "0.80"]);
    while play.state.play.focus != Focus::Knobs {
        play.act(Action::FocusNext);
    }
    sees(
        &play,
        &["1 ·little", "43.2 %", "● temperature                 0.80"],
    );
    play.act(Action::Right);
    assert_eq!(play.state.play.settings.sampler.temperature, 0.85);
    play.frame();
    let mut flatter = NEXT_WORDS;
    flatter[4].2 = None;
    play.answer(&flatter);
    sees(
        &play,
        &["1 ·little", "39.9 %", "● temperature                 0.85"],
    );
}

#[test]
fn the_knob_in_hand_is_slid_where_it_stands_below_the_odds() {
    let mut play = ended(80, 24);
    let place = find(&play, "● temperature");
    press(&mut play, place);
    assert_eq!(play.state.play.focus, Focus::Knobs);
    assert_eq!(
        play.state.play.settings.sampler.temperature, 0.8,
        "its name turns nothing"
    );
    sees(&play, &["1 ·little", "● temperature                 0.80"]);
    let (_, row) = find(&play, "● temperature");
    press(&mut play, (78, row));
    assert_eq!(play.state.play.settings.sampler.temperature, 2.0);
    // A press on the table's row goes back to the table.
    let row = find(&play, "2 ·small");
    press(&mut play, row);
    assert_eq!(
        (play.state.play.focus, play.state.play.row),
        (Focus::Next, 1)
    );
}

#[test]
fn a_grammar_is_typed_in_its_row_and_refused_with_the_place() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut play = ended(width, height);
        play.state.focus_on(Focus::Knobs);
        let mut rows = play.state.play.knob_rows().into_iter();
        let row = rows.find(|row| row.name() == "grammar-regex");
        let row = row.expect("a row");
        play.act(Action::SetKnob(row, r" (yes|no), said \w+\.".to_owned()));
        assert_eq!(
            play.state.play.settings.sampler.grammar_regex,
            r" (yes|no), said \w+\."
        );
        sees(&play, &["● grammar-regex", "(yes|no)"]);
        play.act(Action::SetKnob(row, "(yes".to_owned()));
        sees(&play, &["character 1: unclosed group"]);
        play.act(Action::ToggleStage);
        sees(&play, &["○ grammar-regex"]);
        play.act(Action::Neutral);
        assert_eq!(play.state.play.settings.sampler.grammar_regex, "");
    }
}

#[test]
fn the_sampler_says_that_it_scrolls_and_what_acts_is_always_in_sight() {
    let mut play = ended(120, 40);
    for row in 0..play.state.play.knob_rows().len() {
        play.state.play.knobs.selected = row;
        sees(
            &play,
            &[
                "sample · seed 1 · samples 1",
                "temperature 0.80 →",
                "top-p 0.95",
            ],
        );
    }
    sees(&play, &["balanced ↑32 "]);
    play.state.play.knobs.selected = 0;
    sees(&play, &["balanced ↓32 "]);
    let mut play = ended(80, 24);
    play.state.focus_on(Focus::Knobs);
    sees(
        &play,
        &[
            "sample · seed 1 · samples 1 · balanced ↑20 ↓",
            "top-k 40 → top-p 0.95",
        ],
    );
    play.state.play.settings.sampler = logitscope::sampling::SamplerSettings::neutral();
    sees(&play, &["no stage acts: final is raw"]);
}

#[test]
fn on_100_columns_and_30_lines_why_shows_its_values_and_the_draw() {
    let play = ended(100, 30);
    sees(
        &play,
        &[
            "repetition 1.10",
            "temperature 0.80",
            "top-k 40",
            "top-p 0.95",
            "u = 0.1275",
            "there stands ·who",
        ],
    );
}

#[test]
fn mirostats_running_maximum_is_seen() {
    for (width, height) in [(100, 30), (120, 40), (200, 60)] {
        let mut play = ended(width, height);
        play.state.play.settings.sampler.method = Method::MirostatV2;
        show(&mut play, |position| Moment {
            mu: Some(9.87),
            ..moment(position, None, &NEXT_WORDS)
        });
        sees(&play, &["mu = 9.87"]);
    }
}

#[test]
fn the_mean_that_adaptive_p_goes_by_is_seen() {
    for (width, height) in [(100, 30), (120, 40), (200, 60)] {
        let mut play = ended(width, height);
        play.state.play.settings.sampler.method = Method::AdaptiveP;
        play.state.play.settings.sampler.adaptive_target = 0.4;
        show(&mut play, |position| Moment {
            mean: Some(0.3),
            ..moment(position, None, &NEXT_WORDS)
        });
        sees(&play, &["mean p 30", "aims at 50", "u = 0.1275"]);
    }
}

/// The style of the cells of a bar, and of the cell of a text, on the row of that text.
fn styles(buffer: &Buffer, (column, row): (u16, u16)) -> (Vec<Modifier>, Modifier) {
    let blocks = (column..buffer.area.width)
        .map(|x| &buffer[(x, row)])
        .take_while(|cell| cell.symbol() != "│" && cell.symbol() != "┃")
        .filter(|cell| matches!(cell.symbol(), "█" | "▌" | "▍" | "▎" | "▏" | "▊" | "▋" | "▉"));
    let modifiers = blocks.map(|cell| cell.modifier).collect();
    (modifiers, buffer[(column, row)].modifier)
}

#[test]
fn the_selected_row_keeps_its_bars() {
    let mut play = ended(120, 40);
    play.state.focus_on(Focus::Next);
    play.state.choose_row(0);
    let place = find(&play, "·little   ");
    for colours in [ColourLevel::None, ColourLevel::True] {
        let (bars, text) = styles(&play.buffer(colours), place);
        assert!(text.contains(Modifier::REVERSED), "the row is marked");
        assert!(bars.len() > 10, "{bars:?}");
        assert!(
            !bars.iter().any(|bar| bar.contains(Modifier::REVERSED)),
            "a whole block turned over is nothing"
        );
    }
    let (column, row) = find(&play, "surprisal ");
    let in_view = &play.buffer(ColourLevel::True)[(column + 10 + 9, row)];
    assert!(!in_view.modifier.contains(Modifier::REVERSED));
    assert!(in_view.modifier.contains(Modifier::BOLD));
}

#[test]
fn the_light_theme_brings_its_background_everywhere() {
    let mut play = ended(120, 40);
    play.act(Action::ToggleTheme);
    assert_eq!(play.state.screen.theme, ThemeName::Light);
    let overlays: [Happening; 4] = [
        Action::Palette.into(),
        Action::Funnel.into(),
        Action::Legend.into(),
        News::Resize(20, 5).into(),
    ];
    for overlay in overlays {
        let buffer = play.buffer(ColourLevel::True);
        for cell in buffer.content() {
            assert_eq!(cell.bg, Color::Rgb(255, 255, 255), "{:?}", cell.symbol());
            assert_ne!(cell.fg, Color::Reset, "{:?}", cell.symbol());
        }
        play.act(Action::Escape);
        play.act(overlay);
    }
    play.act(Action::ToggleTheme);
    let dark = play.buffer(ColourLevel::True);
    assert!(dark.content().iter().all(|cell| cell.bg == Color::Reset));
}

/// A model beside the first, which has read the text and answers with the usual words.
fn with_second(width: u16, height: u16) -> Play {
    let mut play = ended(width, height);
    play.act(Action::LoadSecond("./other".to_owned()));
    let other = ModelInfo {
        name: "other".to_owned(),
        ..model()
    };
    play.act(News::Second(Event::Loaded { model: other }));
    play.frame();
    let text = read(&[PROMPT, &WORDS.concat()].concat());
    play.act(News::Second(Event::PromptRead {
        subject: Subject::Draft,
        tokens: text.clone(),
        seconds: 0.0,
    }));
    play.frame();
    let words = [
        ("·little", 0.107, None),
        ("·vast", 0.05, None),
        ("·who", 0.02, None),
    ];
    play.act(News::Second(Event::Look {
        subject: Subject::Draft,
        moment: moment(9, text.get(9).cloned(), &words),
    }));
    play
}

#[test]
fn both_models_bars_have_one_scale() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut play = with_second(width, height);
        play.state.focus_on(Focus::Next);
        let screen = play.screen();
        let line = screen.lines().find(|line| line.contains(" 1 ·little"));
        let line = line.unwrap_or_else(|| panic!("no row:\n{screen}"));
        let (first, second) = line
            .split_once("·little")
            .map(|(_, rest)| rest)
            .and_then(|rest| rest.split_once("·little"))
            .expect("two tables");
        let eighths = |text: &str| -> usize {
            let parts = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
            text.chars()
                .filter_map(|c| parts.iter().position(|part| *part == c))
                .map(|at| at + 1)
                .sum()
        };
        // 21.4 % beside 10.7 %: half as long, to the eighth of a cell.
        let (long, short) = (eighths(first), eighths(second));
        assert!(
            short > 0 && long.abs_diff(2 * short) <= 1,
            "{long} {short}:\n{screen}"
        );
    }
}

#[test]
fn a_press_in_the_second_models_half_selects_its_row() {
    let mut play = with_second(120, 40);
    play.state.choose_row(0);
    let vast = find(&play, "·vast");
    press(&mut play, vast);
    let second = play.state.engine.second.as_ref().expect("loaded");
    assert_eq!(second.selected, Some(2), "the row that was pressed on");
    // The first table lists the same token on its second row.
    assert_eq!(play.state.play.row, 1);
    let buffer = play.buffer(ColourLevel::None);
    assert!(buffer[vast].modifier.contains(Modifier::REVERSED));
    // A token that the first table does not list leaves its row alone.
    let (column, row) = find(&play, "other");
    press(&mut play, (column, row));
    assert_eq!(play.state.play.row, 1, "the name is no row");
    play.act(Action::Down);
    let second = play.state.engine.second.as_ref().expect("loaded");
    assert_eq!((second.selected, play.state.play.row), (None, 2));
}

#[test]
fn what_stages_did_to_a_token_stands_on_its_row() {
    let penalised = |position| {
        let mut moment = moment(position, None, &NEXT_WORDS);
        moment.rows[0].changes = vec![
            change(StageKind::Repetition, -0.42, (0.214, 0.15)),
            change(StageKind::Temperature, 0.5, (0.15, 0.17)),
        ];
        moment.rows[2].changes = vec![change(StageKind::Dry, -5.6, (0.0242, 0.0001))];
        moment.rows[6].changes = vec![change(StageKind::LogitBias, 1.25, (0.001, 0.003))];
        moment
    };
    for (width, height) in SIZES {
        let mut play = ended(width, height);
        play.state.focus_on(Focus::Next);
        show(&mut play, penalised);
        let screen = play.screen();
        let row = |token: &str| {
            let line = screen.lines().find(|line| line.contains(token));
            line.unwrap_or_else(|| panic!("{token} is not seen:\n{screen}"))
        };
        // Few columns leave no room for the second digit.
        let marks = [("·little", "rep", "-0.4"), ("·cottage", "dry", "-5.6")];
        for (token, stage, amount) in marks {
            let told = row(token).contains(stage) && row(token).contains(amount);
            assert!(told && row(token).contains('▼'), "{token}:\n{screen}");
        }
        assert!(!row("·small").contains('▼'), "nothing was done to it");
        if height >= 30 {
            assert!(row("·house").contains('▲') && row("·house").contains("cut by"));
        }
    }
    // The selected row tells each stage with the odds before and after.
    let mut play = ended(80, 24);
    play.state.focus_on(Focus::Next);
    show(&mut play, penalised);
    play.state.choose_row(2);
    sees(&play, &["dry -5.60: 2.42 % → 0.01 %"]);
    play.state.choose_row(0);
    sees(
        &play,
        &["repetition -0.42: 21.4 % → 15.0 % · temperature +0.50"],
    );
    play.act(Action::Funnel);
    let screen = play.screen();
    let told = screen.lines().any(|line| {
        ["·cottage", "dry", "-5.60", "2.42 %", "0.01 %"]
            .iter()
            .all(|part| line.contains(part))
    });
    assert!(told, "{screen}");
}

#[test]
fn stages_that_are_too_many_for_the_border_are_told_in_brief() {
    let mut play = ended(120, 40);
    play.state.focus_on(Focus::Next);
    show(&mut play, |position| {
        let mut moment = moment(position, None, &NEXT_WORDS);
        moment.rows[0].changes = vec![
            change(StageKind::Repetition, -0.93, (0.76, 0.567)),
            change(StageKind::Dry, -3.5, (0.567, 0.0381)),
            change(StageKind::Temperature, 0.47, (0.0381, 0.031)),
        ];
        moment
    });
    play.state.choose_row(0);
    sees(
        &play,
        &[
            "rep -0.93 → 56.7 % · dry -3.50 → 3.81 % · temp +0.47 → 3.10 %",
            // On the row the strongest is first, since the end may be cut off.
            "dry-3.5 rep",
        ],
    );
}

#[test]
fn contrastive_search_names_its_own_pick_and_shows_its_scores() {
    let candidate = |id: u32, display: &str, score: f32| Candidate {
        id,
        display: display.to_owned(),
        probability: 0.2,
        penalty: 0.7,
        score,
    };
    let weighed = |position| Moment {
        pick: Some(2),
        candidates: vec![candidate(2, "·small", 0.312), candidate(1, "·little", 0.1)],
        ..moment(position, None, &NEXT_WORDS)
    };
    let mut play = ended(120, 40);
    play.state.play.settings.sampler.method = Method::Contrastive;
    play.state.focus_on(Focus::Next);
    show(&mut play, weighed);
    let screen = play.screen();
    let row = |text: &str| {
        screen
            .lines()
            .any(|line| line.contains("small") && line.contains(text))
    };
    assert!(row("score 0.312") && row("◇"), "{screen}");
    assert!(
        screen.contains("likeness") && screen.contains("0.700"),
        "{screen}"
    );
    // Where it has not measured, none is named, and that is said.
    show(&mut play, |position| Moment {
        pick: None,
        ..moment(position, None, &NEXT_WORDS)
    });
    sees(&play, &["◇ unknown: no likeness measured"]);
    assert!(!play.screen().contains("◇ these knobs pick"));
}

#[test]
fn the_beams_stay_in_the_default_view_when_the_search_has_ended() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut play = Play::running(PROMPT, &[" in"], width, height);
        let beam = |text: &str, score: f64| Beam {
            ids: vec![1],
            text: text.to_owned(),
            log_probability: score,
            score,
            finished: Some(StopReason::MaxTokens),
        };
        play.hear(Event::Beams {
            sample: 0,
            beams: vec![beam(" there was", -0.612), beam(" there lived", -0.934)],
        });
        play.generate(b" there");
        play.generate(b" was");
        play.hear(Event::Finished {
            sample: 0,
            reason: StopReason::MaxTokens,
            tokens: 2,
            seconds: 0.1,
        });
        play.hear(Event::State {
            state: RunState::Idle,
        });
        sees(&play, &["■   -0.612  there was", "■   -0.934  there lived"]);
        // They are of that search: another text has none.
        play.hear(Event::Rewound { length: 5 });
        assert!(!play.screen().contains("-0.934"));
    }
}

#[test]
fn half_a_character_is_shown_by_the_character_and_its_own_bytes() {
    let mut play = ended(200, 60);
    for bytes in [&b" \xF0\x9F"[..], b"\x98\x80!"] {
        play.generate(bytes);
    }
    sees(&play, &["·😀⟨F0 9F…⟩", "😀⟨…98 80⟩!", "girl who 😀!"]);
    // The token that only begins it is seen by it.
    play.state.play.text_mut().go_to(10);
    let (column, row) = find(&play, "😀!");
    let buffer = play.buffer(ColourLevel::None);
    let marked = |x: u16| buffer[(x, row)].modifier.contains(Modifier::REVERSED);
    assert!(marked(column) && !marked(column + 2), "{}", play.screen());
}

#[test]
fn one_key_explains_the_pane_in_focus_and_any_other_puts_it_away() {
    for focus in Focus::ALL {
        let mut play = ended(80, 24);
        play.state.focus_on(focus);
        play.act(Action::Legend);
        sees(&play, &["What ", " says "]);
        assert_eq!(play.state.play.focus, focus, "the focus stays");
        play.act(Action::Run);
        assert_eq!(play.effects, [], "{focus:?}: nothing runs");
        assert!(play.state.screen.overlay.is_none());
        play.act(Action::Legend);
        play.act(Action::Escape);
        assert!(play.state.screen.overlay.is_none());
    }
    for (focus, words) in [
        (
            Focus::Text,
            &["d1 d2", "rep", "otherwise with these knobs", "S H"][..],
        ),
        (
            Focus::Next,
            &["left ", "◀ stands there", "◇ these knobs pick"],
        ),
        (Focus::Why, &["u ", "H bits"]),
    ] {
        let mut play = ended(80, 24);
        play.state.focus_on(focus);
        assert!(
            play.screen()
                .lines()
                .last()
                .is_some_and(|line| line.contains("explain")),
            "the footer names the key"
        );
        play.act(Action::Legend);
        sees(&play, words);
    }
    // Over the funnel it explains that, and gives it back.
    let mut play = ended(120, 40);
    play.acts([Action::FocusNext, Action::Funnel, Action::Legend]);
    sees(&play, &["What Funnel says", "mass cut"]);
    play.act(Action::Escape);
    sees(&play, &["Funnel of token 9"]);
}

#[test]
fn help_begins_with_what_the_words_mean() {
    let mut play = ended(80, 24);
    for focus in Focus::ALL {
        play.state.focus_on(focus);
        play.act(Action::ToggleHelp);
        let screen = play.screen();
        // Those of the pane in hand, below where newcomers begin.
        let said = format!("What {} says", focus.name());
        let place = screen.lines().position(|line| line.contains(&said));
        assert_eq!(place, Some(5), "{screen}");
        play.act(Action::Escape);
    }
}

#[test]
fn the_footer_names_each_key_once() {
    for focus in Focus::ALL {
        for state in [RunState::Idle, RunState::Running, RunState::Paused] {
            let mut play = ended(200, 60);
            play.hear(Event::State { state });
            play.state.focus_on(focus);
            let screen = play.screen();
            let footer = screen.lines().last().expect("a footer");
            for sign in [" ⏎ ", " space "] {
                assert!(footer.matches(sign).count() <= 1, "{focus:?}: {footer}");
            }
            if focus == Focus::Next {
                assert!(
                    footer.contains("⏎ take it") && !footer.contains("⏎ run"),
                    "{footer}"
                );
            }
        }
    }
}

#[test]
fn in_ascii_the_footer_names_keys_in_words() {
    use logitscope::tui::State;
    use ratatui::layout::Size;
    let mut play = ended(200, 60);
    let ascii = logitscope::tui::PlayOptions {
        ascii: true,
        ..options(PROMPT)
    };
    let state = State::new(&ascii, Vec::new(), Size::new(200, 60)).expect("the default keys");
    play.state.keymap = state.keymap;
    for focus in Focus::ALL {
        play.state.focus_on(focus);
        let screen = play.screen();
        let footer = screen.lines().last().expect("a footer");
        assert!(footer.is_ascii(), "{footer}");
        let named = ["Enter ", "Up/Down", "Left/Right", "Tab "].map(|name| footer.contains(name));
        assert!(named.contains(&true), "{footer}");
    }
}

#[test]
fn a_chosen_token_has_its_sign_and_a_prompts_token_too() {
    let mut play = ended(120, 40);
    let put = token(9, b" old", Origin::Chosen);
    play.hear(Event::Token {
        sample: 0,
        record: put,
    });
    sees(&play, &[" + ·old"]);
    play.state.play.text_mut().go_to(2);
    sees(&play, &[" p ·upon"]);
}
