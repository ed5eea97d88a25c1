//! The mouse: focus, tokens, rows, knobs, tabs, wheel, borders.

use crate::fixtures::{NEXT_WORDS, Play};
use logitscope::engine::Event;
use logitscope::engine::RunState;
use logitscope::tui::{Action, Focus, Mouse, MouseKind, News, Question};

const PROMPT: &str = "Once upon a time";
const WORDS: [&str; 4] = [" there", " was", " a", " king"];

fn mouse(kind: MouseKind, column: u16, row: u16) -> Action {
    Action::Mouse(Mouse { kind, column, row })
}

fn ended() -> Play {
    let mut play = Play::running(PROMPT, &WORDS, 120, 40);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.frame();
    play
}

/// The cell where a text stands on the screen.
fn find(play: &Play, text: &str) -> (u16, u16) {
    let screen = play.screen();
    let place = screen.lines().enumerate().find_map(|(row, line)| {
        let at = line.find(text)?;
        Some((line[..at].chars().count() as u16, row as u16))
    });
    place.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}"))
}

fn press(play: &mut Play, text: &str) {
    let (column, row) = find(play, text);
    play.act(mouse(MouseKind::Press, column, row));
    play.act(mouse(MouseKind::Release, column, row));
}

#[test]
fn a_press_on_a_token_puts_it_in_view() {
    let mut play = ended();
    press(&mut play, "there was");
    assert_eq!(play.state.play.focus, Focus::Text);
    assert_eq!(play.state.play.text().in_view(), 4);
    let (column, row) = find(&play, "surprisal ");
    // The second column of the strip is the second token.
    play.act(mouse(MouseKind::Press, column + 11, row));
    assert_eq!(play.state.play.text().in_view(), 1);
}

#[test]
fn a_press_on_a_row_selects_it() {
    let mut play = ended();
    press(&mut play, "there was");
    play.frame();
    play.answer(&NEXT_WORDS);
    let moment = play.state.play.moment().expect("a moment");
    let wanted = moment.rows[2].display.clone();
    let (column, row) = find(&play, "rank token");
    play.act(mouse(MouseKind::Press, column, row + 3));
    assert_eq!(play.state.play.focus, Focus::Next);
    let moment = play.state.play.moment().expect("a moment");
    assert_eq!(moment.rows[play.state.play.row].display, wanted);
}

#[test]
fn a_knob_is_slid() {
    let mut play = ended();
    let mut rows = play.state.play.knob_rows().into_iter();
    let at = rows.position(|row| row.name() == "top-p");
    play.state.play.knobs.selected = at.expect("top-p is a knob");
    let (_, row) = find(&play, "● top-p ");
    // The track ends at the pane's right border.
    let track = 109..=118;
    play.act(mouse(MouseKind::Press, *track.start(), row));
    let low = play.state.play.settings.sampler.top_p;
    assert!(low < 0.2, "{low}");
    // The list may scroll under the pointer, but the knob is held.
    play.act(mouse(MouseKind::Drag, *track.end(), row));
    assert_eq!(play.state.play.settings.sampler.top_p, 1.0);
    play.act(mouse(MouseKind::Drag, 10, row + 3));
    assert_eq!(
        play.state.play.settings.sampler.top_p, 1.0,
        "off the track nothing moves"
    );
    play.act(mouse(MouseKind::Release, 10, row));
    assert_eq!(play.state.play.focus, Focus::Knobs);
}

#[test]
fn the_wheel_scrolls_what_is_under_it_and_leaves_the_focus() {
    let mut play = ended();
    let focus = play.state.play.focus;
    let (column, row) = find(&play, "top-p ");
    let before = play.state.play.knobs.selected;
    play.act(mouse(MouseKind::WheelDown, column, row));
    assert_eq!(play.state.play.knobs.selected, before + 3);
    assert_eq!(play.state.play.focus, focus);
}

#[test]
fn the_wheel_scrolls_the_text_and_leaves_the_token_in_view() {
    let mut play = ended();
    for at in 0..400 {
        play.generate(format!(" word{at}").as_bytes());
    }
    play.frame();
    let (column, row) = find(&play, "word399");
    let before = play.state.play.text().in_view();
    for _ in 0..4 {
        play.act(mouse(MouseKind::WheelUp, column, row));
    }
    assert_eq!(play.state.play.text().in_view(), before);
    assert!(!play.screen().contains("word399"), "{}", play.screen());
    // A press finds the token that is seen there.
    let at = play
        .screen()
        .lines()
        .nth(usize::from(row))
        .map(str::to_owned);
    let word = at.unwrap_or_default();
    let word = word.split_whitespace().find(|word| word.contains("word"));
    let number: usize = word
        .and_then(|word| word.split("word").nth(1)?.parse().ok())
        .expect("a word");
    press(&mut play, &format!("word{number}"));
    assert_eq!(play.state.play.text().in_view(), 8 + number);
    play.act(mouse(MouseKind::WheelDown, column, row));
    play.act(Action::Last);
    assert!(
        play.screen().contains("word399"),
        "a movement shows the token in view again"
    );
}

#[test]
fn a_border_is_dragged() {
    let mut play = ended();
    let width = |play: &Play| {
        let panes = play.state.panes(play.state.screen.size);
        panes.place(Focus::Text).expect("seen").width
    };
    let before = width(&play);
    play.act(mouse(MouseKind::Press, before - 1, 12));
    play.act(mouse(MouseKind::Drag, before + 9, 12));
    play.act(mouse(MouseKind::Release, before + 9, 12));
    assert_eq!(width(&play), before + 9);
    let screen = play.screen();
    assert!(screen.contains("Sampler"), "{screen}");
}

#[test]
fn tabs_are_chosen_by_their_names() {
    let mut play = Play::running(PROMPT, &WORDS, 80, 24);
    let (column, row) = find(&play, "Sampler ");
    play.act(mouse(MouseKind::Press, column + 1, row));
    assert_eq!(play.state.play.focus, Focus::Knobs);
    let (column, row) = find(&play, "Why ");
    play.act(mouse(MouseKind::Press, column + 1, row));
    assert_eq!(play.state.play.focus, Focus::Why);
}

#[test]
fn lists_are_chosen_from_and_left_by_a_press_beside_them() {
    let mut play = ended();
    play.act(Action::Palette);
    play.acts("light".chars().map(Action::Insert));
    press(&mut play, "switch between dark and light");
    assert_eq!(play.state.screen.theme, logitscope::tui::ThemeName::Light);
    assert!(play.state.screen.overlay.is_none());
    play.act(Action::Palette);
    play.act(mouse(MouseKind::Press, 0, 39));
    assert!(play.state.screen.overlay.is_none());
}

#[test]
fn a_press_on_a_terminal_that_is_too_small_for_the_question_is_harmless() {
    let mut play = Play::inspected("Once upon a time", 80, 24);
    play.acts([Action::Ask(Question::PresetName), Action::Run]);
    play.act(News::Resize(1, 1));
    play.act(Action::Mouse(Mouse {
        kind: MouseKind::Press,
        column: 0,
        row: 0,
    }));
    play.act(News::Resize(80, 24));
    assert!(play.screen().contains("Once upon a time"));
}
