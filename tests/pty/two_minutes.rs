//! README's "Two minutes", key by key, as a newcomer walks it.

use crate::terminal::Playground;

const TAB: &str = "\t";
const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";
const LEFT: &str = "\x1b[D";
const RIGHT: &str = "\x1b[C";
const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";
const END: &str = "\x1b[F";
const CTRL_C: &str = "\x03";
const CTRL_P: &str = "\x10";

/// New tokens of a run: few, so that no text comes to a loop or to its end.
const NEW: usize = 24;

impl Playground {
    /// Presses Tab until a pane has the focus, which its heavy border shows.
    fn tab_to(&mut self, pane: &str) {
        for _ in 0..6 {
            if focused(&self.text()).is_some_and(|title| is_of(&title, pane)) {
                return;
            }
            let before = focused(&self.text());
            self.press(TAB);
            self.until("the next pane", |text| focused(text) != before);
        }
        panic!("{pane} never had the focus:\n{}", self.text());
    }

    /// The position of the token in view, as the title of the next-token table has it.
    fn until_in_view(&mut self, wanted: usize) {
        self.until(&format!("token {wanted} in view"), |text| {
            in_view(text) == Some(wanted)
        });
    }
}

/// The title in the heavy border.
fn focused(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains('┏'))?;
    let title = line.split('┏').nth(1)?;
    Some(title.split('┓').next()?.to_owned())
}

/// Whether a title is a pane's own, or has its tab in front.
fn is_of(title: &str, pane: &str) -> bool {
    if title.contains('[') {
        title.contains(&format!("[{pane}]"))
    } else {
        title.trim_start().starts_with(pane)
    }
}

fn in_view(text: &str) -> Option<usize> {
    let before = text
        .split(" after “")
        .next()
        .filter(|before| before.len() < text.len())?;
    before.split([' ', '─', '━']).next_back()?.parse().ok()
}

/// The final probabilities in the rows of the next-token table, as they are written.
fn final_odds(text: &str) -> Vec<String> {
    let rows = text.lines().filter(|line| line.matches(" %").count() >= 2);
    let last = |row: &str| {
        let before = row[..row.rfind(" %")?].trim_end().to_owned();
        Some(before.split_whitespace().next_back()?.to_owned())
    };
    rows.filter_map(last).collect()
}

fn walk(cols: u16, rows: u16) {
    let new = NEW.to_string();
    let mut play = Playground::open(cols, rows, &["play", "--max-tokens", &new]);

    // 1. A prompt is suggested, and the first key replaces it.
    play.until_shows("a suggestion");
    play.until_shows("Once upon a time there lived");
    play.until_shows("■ ready");
    play.press("Once upon a time");
    let screen = play.until("the odds of what follows", |text| {
        in_view(text) == Some(4) && !final_odds(text).is_empty()
    });
    assert!(screen.contains("Once upon a time"), "{screen}");
    assert!(!screen.contains("there lived"), "{screen}");

    // 2. Enter runs it; the prompt stays ready.
    play.press(ENTER);
    let screen = play.until_shows("■ ended: max tokens");
    assert!(screen.contains("abc next prompt"), "{screen}");
    if cols >= 100 {
        assert!(screen.contains("24 tokens, "), "the speed: {screen}");
    }
    let last = 4 + NEW - 1;
    play.until_in_view(last);

    // 3. Earlier tokens, one by one.
    for back in 1..=5 {
        play.press(LEFT);
        play.until_in_view(last - back);
    }
    let at = last - 5;
    if cols >= 100 {
        play.until_shows("u = 0.");
    } else {
        play.tab_to("Why");
        play.until_shows("u = 0.");
    }

    // 4. The temperature is turned, and the final odds move at once.
    play.tab_to("Sampler");
    let screen = play.until_shows("abc commands");
    assert!(screen.contains("temperature"), "{screen}");
    let before = final_odds(&screen);
    play.press(RIGHT);
    let odds_are_seen = !before.is_empty();
    if odds_are_seen {
        play.until("other odds", |text| final_odds(text) != before);
        play.press(LEFT);
        play.until("the odds of before", |text| final_odds(text) == before);
    } else {
        play.press(LEFT);
    }

    // 5. Another token is put there, and as many new ones follow as a run makes.
    play.tab_to("Next token");
    play.until_in_view(at);
    play.press(DOWN);
    play.press(ENTER);
    let taken = at + 1 + NEW;
    play.until_in_view(taken - 1);
    let screen = play.until_shows("■ ended: max tokens");
    if cols >= 100 {
        assert!(screen.contains(&format!("{taken}/256 context")), "{screen}");
        assert!(
            screen.contains(&format!("{} tokens, ", taken - 4)),
            "{screen}"
        );
    }

    // 6. The text that was left is a branch, and the funnel shows one token's whole way.
    play.press("v");
    play.until_shows("go there");
    play.press("n");
    play.until_shows("Name of the branch");
    play.press("second");
    play.press(ENTER);
    play.until("the name is taken", |text| {
        !text.contains("Name of the branch")
    });
    play.press("v");
    play.until_shows("second");
    play.press("c");
    play.press(UP);
    play.press(ENTER);
    play.until("the branch is the text", |text| {
        !text.contains("go there") && in_view(text) == Some(last)
    });
    play.press("w");
    play.until("the funnel", |text| text.contains("esc close"));
    play.press(ESCAPE);
    play.until("the funnel to close", |text| !text.contains("esc close"));

    // 7. Four texts beside each other.
    play.tab_to("Sampler");
    play.press(END);
    play.press(UP);
    play.press("=");
    play.until_shows("samples (");
    play.press("4");
    play.press(ENTER);
    play.until("the question to close", |text| !text.contains("samples ("));
    play.press(ENTER);
    play.until_shows("▶ 1/4 seed 1");
    play.until_shows("■ ended: max tokens");
    play.press("}");
    play.until_shows("▶ 2/4 seed 2");

    // 8. Commands, help, and the way out; a text that is typed after a run commands nothing.
    play.press("n");
    play.until_shows("▶ 1/4 seed 2");
    play.until_shows("■ ended: max tokens");
    play.press("?");
    play.until_shows("┏ Help");
    play.press(ESCAPE);
    play.until("help to close", |text| !text.contains("┏ Help"));
    play.press(CTRL_P);
    play.until_shows("┏ Commands");
    play.press("temperature 0.5");
    play.until_shows("set temperature to 0.5");
    play.press(ENTER);
    play.until("the list to close", |text| !text.contains("┏ Commands"));
    play.press("i");
    play.until("the prompt", |text| {
        focused(text).is_some_and(|title| is_of(&title, "Prompt"))
    });
    play.press(ENTER);
    play.until_shows("abc next prompt");
    play.press("The queen quits");
    let screen = play.until("the next prompt", |text| text.contains("The queen quits"));
    assert!(
        focused(&screen).is_some_and(|title| is_of(&title, "Prompt")),
        "{screen}"
    );
    play.press(CTRL_C);
    play.press(CTRL_C);
    play.press(CTRL_C);
    assert_eq!(play.until_over(), 0);
}

#[test]
fn the_first_two_minutes_at_80_columns() {
    walk(80, 24);
}

#[test]
fn the_first_two_minutes_at_120_columns() {
    walk(120, 40);
}
