//! The tree of what could follow in a terminal: it is the command line's, grows on, is pruned, and one of its paths becomes
//! the text.

use std::fs;

use crate::support::logitscope;
use crate::terminal::{PROMPT, Playground, opened};

const RIGHT: &str = "\x1b[C";
const DOWN: &str = "\x1b[B";
const ESCAPE: &str = "\x1b";

/// The line that says what the path to the selected token is.
fn path(screen: &str) -> String {
    let line = screen.lines().find(|line| line.contains('“'));
    let said = line.and_then(|line| line.split(['“', '”']).nth(1));
    said.unwrap_or_default().replace('·', " ")
}

fn walk(cols: u16, rows: u16) {
    let mut playground: Playground = opened(cols, rows);
    // The tree of the prompt that stands in the editor.
    playground.until_shows("4 tokens");
    playground.press(ESCAPE);
    playground.until_shows("abc commands");
    playground.press("V");
    playground.until_shows("What could follow");
    playground.until_shows("39 tokens");

    // It is the command line's.
    playground.press("D");
    playground.until_shows("Draw the tree into the file");
    playground.press("tree.json\r");
    playground.until_shows("The tree was written to ");
    let written = fs::read_to_string(playground.home().join("tree.json")).expect("it is there");
    let printed = logitscope(playground.home())
        .args(["tree", PROMPT, "--depth", "3", "--top-n", "3", "--json"])
        .env("LOGITSCOPE_GENERATION_MAX_TOKENS", "24")
        .output()
        .expect("it starts");
    assert_eq!(written, String::from_utf8_lossy(&printed.stdout));

    // Down to a leaf, which grows on.
    playground.press(RIGHT);
    playground.until_shows("2 tokens · ");
    playground.press(RIGHT);
    playground.until_shows("3 tokens · ");
    playground.press(RIGHT);
    playground.until_shows("42 tokens");
    playground.press(DOWN);
    let screen = playground.until_shows("4 tokens · ");
    let taken = path(&screen);
    // Its neighbour is pruned.
    playground.press(DOWN);
    playground.until("another path", |text| path(text) != taken);
    playground.press("x");
    playground.until_shows("pruned");
    playground.until_shows("41 tokens");
    playground.press("k");
    playground.until("the path before", |text| path(text) == taken);
    // Deeper and narrower, and the leaf has grown on again by then.
    playground.press("+");
    playground.until_shows("4 levels · top 3");
    playground.press("<");
    playground.until_shows("4 levels · top 2");
    playground.press("<");
    playground.until_shows("4 levels · top 1");
    playground.until_shows("4 tokens · ");
    assert_eq!(path(&playground.text()), taken);

    // The path becomes the text, which goes on from there.
    playground.press("\r");
    let goes_on = format!("{PROMPT}{taken}");
    let begun: String = goes_on.chars().take(40).collect();
    playground.until_shows("ended: max tokens");
    playground.until_shows(&begun);

    // From a place of the text, another path: what stood there stays as a branch.
    playground.press("V");
    playground.until_shows("What could follow");
    playground.until_shows("1 token · ");
    playground.press(DOWN);
    playground.press("t");
    playground.until_shows("paused");
    playground.press("v");
    let branches = playground.until_shows(" Branches ");
    assert!(branches.contains("#2"), "{branches}");
    playground.press(ESCAPE);
    playground.until("the branches to close", |text| !text.contains(" Branches "));
    playground.press("\x03\x03\x03");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn what_could_follow_is_walked_and_taken_on_a_small_terminal() {
    walk(80, 24);
}

#[test]
fn what_could_follow_is_walked_and_taken_on_a_large_one() {
    walk(120, 40);
}
