//! What a user does: a run, a paste, a resize, an interrupt.

use crate::terminal::{PROMPT, Playground, opened};

#[test]
fn a_prompt_is_run_and_the_playground_is_left() {
    let mut playground = opened(120, 40);
    playground.press("\r");
    playground.until_shows("ended: max tokens");
    playground.press("\x1bOP");
    // What the words of the screen mean comes first.
    playground.until_shows("What Text says");
    while !playground.text().contains("generate one token and pause") {
        let before = playground.text();
        playground.press("\x1b[6~");
        playground.until("another page of help", |text| text != before);
    }
    playground.press("?");
    playground.until("the help page to close", |text| {
        !text.contains("generate one token and pause")
    });
    playground.press("\x1b");
    playground.until_shows("abc commands");
    playground.press("q");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn it_is_resized_at_any_moment_down_to_too_small() {
    let mut playground = opened(120, 40);
    playground.press("\r");
    playground.resize(80, 24);
    playground.until_shows(PROMPT);
    playground.resize(30, 5);
    playground.until_shows("too small");
    playground.resize(200, 60);
    playground.until_shows(PROMPT);
    playground.press("\x03");
    playground.press("\x03");
    playground.press("\x03");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn a_paste_keeps_its_lines_and_loses_its_control_characters() {
    let mut playground = opened(120, 40);
    playground.press("\x1b[200~ and\nthe \x07fox\x1b[201~");
    playground.until("the pasted lines", |text| {
        text.contains("Once upon a time and") && text.contains("the fox")
    });
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn signals_end_it_and_the_terminal_is_given_back() {
    for signal in ["-TERM", "-HUP"] {
        let mut playground = opened(100, 30);
        playground.signal(signal);
        playground.until_over();
    }
}

#[test]
fn a_run_is_interrupted_before_the_playground_is() {
    let mut playground = Playground::open(120, 40, &["play", PROMPT, "--max-tokens", "100000"]);
    playground.until_shows("■ ready");
    playground.press("\r");
    playground.until_shows("tok/s");
    playground.press("\x03");
    playground.until_shows("■ stopped");
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn keys_that_come_with_a_new_size_are_heard() {
    let mut playground = opened(120, 40);
    let mut typed = String::new();
    for round in 0..40 {
        playground.resize(100 + round % 2 * 20, 40);
        playground.press("x");
        typed.push('x');
        let shown = typed.clone();
        playground.until("the key", |text| {
            text.lines().any(|line| line.contains(&shown))
        });
    }
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
