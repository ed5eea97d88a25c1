//! For a room, in a terminal: the flag, the key, and the two keys of a presenter.

use crate::terminal::{PROMPT, Playground};

#[test]
fn one_thing_at_a_time_is_shown_and_stepped() {
    let mut playground = Playground::open(80, 24, &["play", PROMPT, "--present"]);
    // A big O begins the text.
    playground.until("big letters", |text| {
        text.contains('▙') && !text.contains("logitscope")
    });
    // Page Down draws a token behind the prompt; the screen changes, and again.
    for _ in 0..2 {
        let before = playground.text();
        playground.press("\x1b[6~");
        playground.until("another token", |text| text != before && text.contains('▙'));
    }
    playground.press("\t");
    // The odds: bars, which the text has none of.
    playground.until_shows("███");
    playground.press("\x1b[23~");
    playground.until_shows("logitscope");
    // Once to end the run that waits, and twice to leave.
    playground.press("\x03\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
