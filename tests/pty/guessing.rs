//! The game in a terminal: a guess and its odds, and the letters of a file.

use std::fs;

use crate::terminal::opened;

#[test]
fn what_comes_next_is_guessed_and_then_told() {
    let mut playground = opened(80, 24);
    playground.press("\tW");
    playground.until_shows("What comes next in this text?");
    playground.press("\r");
    playground.until_shows("choose with");
    let hidden = playground.text();
    assert!(!hidden.contains('%'), "{hidden}");
    playground.press("there\r");
    playground.until_shows("You say “there”: ");
    playground.until_shows("its choice 1 of");
    playground.press("\r");
    playground.until_shows("Once upon a time there▁");
    // By itself: together with what follows it would be another key.
    playground.press("\x1b");
    playground.until("the panes", |text| !text.contains("choose with"));
    // Letters of a text of one's own.
    let story = "The hen ran over the hill and home again.";
    fs::write(playground.home().join("story.txt"), story).expect("written");
    playground.press("W");
    playground.until_shows("What comes next in this text?");
    playground.press("\x1b[B\x1b[B\x1b[B\r");
    playground.until_shows("Guess the letters of the text file");
    playground.press("story.txt\r");
    playground.until_shows("the hen ran over the▁");
    playground.press(" ");
    playground.until_shows("You: 1 of 1 with the first guess");
    playground.press("xh");
    playground.until_shows("You: 1 of 2 with the first guess");
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
