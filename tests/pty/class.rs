//! A class of ten minutes: both demonstrations, epoch by epoch, with what a teacher can say of them.

use std::fs;

use crate::terminal::Playground;

const TAB: &str = "\t";
const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";
const DOWN: &str = "\x1b[B";
const END: &str = "\x1b[F";
const F2: &str = "\x1b[12~";
const F5: &str = "\x1b[15~";

/// Dismisses what is told. A key that follows at once would be one with Alt.
fn dismiss(playground: &mut Playground) {
    while playground.text().contains("esc dismisses") {
        let before = playground.text();
        playground.press(ESCAPE);
        playground.until("it is gone", |text| text != before);
    }
}

/// Goes on to the end of the epoch, and pauses there.
fn epoch(playground: &mut Playground, number: u64) -> String {
    playground.press(".");
    let gauge = format!("{number}.00/");
    playground.until("the end of the epoch", |text| {
        text.contains("‖ training") && text.contains(&gauge) && text.contains("resume")
    })
}

/// The column below a head of the film strip, as words.
fn column(text: &str, head: &str) -> String {
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let find = |line: &Vec<char>| {
        let line: String = line.iter().collect();
        Some(line[..line.find(head)?].chars().count())
    };
    let found = lines
        .iter()
        .enumerate()
        .find_map(|(at, line)| Some((at, find(line)?)));
    let (row, start) = found.unwrap_or_else(|| panic!("{head}: {text}"));
    let rest = lines[row + 1..].iter();
    // A column is as wide as its head's place before the next one, or the border.
    let width = lines[row][start..]
        .windows(3)
        .position(|cells| cells == [' ', ' ', ' '])
        .map_or(20, |gap| gap.max(20));
    let rows = rest.map(|line| line.iter().skip(start).take(width).collect::<String>());
    rows.take_while(|row| !row.contains('─') && !row.contains('━'))
        .collect::<Vec<_>>()
        .join(" ")
}

fn walk(cols: u16, rows: u16) {
    let mut playground = Playground::open(cols, rows, &["play", "Once upon a time"]);
    playground.until_shows("■ ready");
    let home = playground.home().to_owned();

    // From nothing: the first epoch.
    playground.press(F2);
    playground.press(F5);
    let offered = playground.until_shows("language from nothing in seconds");
    // No label is cut.
    assert!(offered.contains("learns weather reports"), "{offered}");
    assert!(offered.contains("from noise to sentences"), "{offered}");
    playground.press(DOWN);
    playground.press(ENTER);
    playground.until_shows("● training");
    let seen = epoch(&mut playground, 1);
    dismiss(&mut playground);
    // It learns: that is said, by validation. What it wrote first is noise, and that stays in sight.
    assert!(seen.contains("● learning"), "{seen}");
    let seen = playground.until_shows("first · step 0");
    // Bytes that are no text; the terminal of this test passes U+FFFD over.
    let is_noise = |text: &str| text.contains(|c| ('\u{2400}'..'\u{2420}').contains(&c));
    assert!(is_noise(&column(&seen, "first · step 0")), "{seen}");
    // The room reads it too: the sample and the curve in big letters.
    playground.press("P");
    let big = playground.until("big letters", |text| !text.contains("Odds after"));
    assert!(
        big.contains("▟▀▙") && big.contains("Loss · nothing"),
        "{big}"
    );
    playground.press("P");
    playground.until_shows("Odds after");

    // The second epoch: words, and validation has fallen.
    let seen = epoch(&mut playground, 2);
    assert!(seen.contains("newest") && seen.contains("Wind"), "{seen}");
    assert!(seen.contains("copied"), "{seen}");
    assert!(
        seen.contains("● learning") && seen.contains("↓ at"),
        "{seen}"
    );

    // Back to where it knew little: the film stays.
    playground.press("[[[");
    let seen = playground.until("an earlier step", |text| text.contains("step 22 of 258"));
    assert!(
        seen.contains("first · ") && seen.contains("newest"),
        "{seen}"
    );
    // The odds over the epochs, on the whole screen.
    playground.press(&TAB.repeat(3));
    playground.press("z");
    let seen = playground.until_shows("epochs");
    assert!(seen.contains('░') || seen.contains('▒'), "{seen}");
    playground.press("z");
    playground.until_shows("Samples of");

    // It goes on, is stopped, and its best opens in Play, with odds of its own.
    playground.press(END);
    playground.press("p");
    playground.until_shows("● training");
    playground.press("S");
    playground.until_shows("Run nothing: stopped and saved");
    dismiss(&mut playground);
    playground.press(ENTER);
    playground.until("the checkpoint in Play", |text| {
        text.contains("step-000000") && text.contains("■ ready")
    });
    playground.until("its odds", |text| text.matches(" %").count() > 4);
    assert!(home.join("runs/nothing/samples.jsonl").is_file());

    // The other one: style. Its first epoch moves it to weather.
    playground.press(F2);
    playground.press(F5);
    playground.until_shows("style in seconds");
    playground.press(ENTER);
    playground.until_shows("● training");
    let seen = epoch(&mut playground, 1);
    assert!(seen.contains("● learning"), "{seen}");
    playground.press("S");
    playground.until_shows("Run demo: stopped and saved");
}

#[test]
fn a_class_sees_noise_become_language_on_80_columns() {
    walk(80, 24);
}

#[test]
fn a_class_sees_noise_become_language_on_120_columns() {
    walk(120, 40);
}

#[test]
fn a_demonstration_works_where_nothing_can_be_written() {
    let aside = tempfile::tempdir().expect("a directory");
    let temporary = aside.path().display().to_string();
    let mut playground = Playground::open_with(120, 40, &["play", "Once upon a time"], |command| {
        command.env("TMPDIR", temporary);
    });
    playground.until_shows("■ ready");
    // Nothing can be written below a file, whoever asks.
    fs::write(playground.home().join("runs"), "").expect("a file");
    playground.press(F2);
    playground.press(F5);
    playground.until_shows("language from nothing");
    playground.press(DOWN);
    playground.press(ENTER);
    playground.until_shows("the demonstration is kept in");
    playground.until_shows("● training");
    playground.press("S");
    playground.until_shows("stopped and saved");
    let kept = fs::read_dir(aside.path()).expect("a directory");
    let kept = kept
        .flatten()
        .find(|entry| entry.path().join("nothing").is_dir());
    assert!(kept.is_some());
}
