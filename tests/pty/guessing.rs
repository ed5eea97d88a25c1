//! The game in a terminal: a guess and its odds, the letters of a file, and that a game of letters is the same on the screen
//! and on the command line.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::logitscope;
use crate::terminal::{Playground, opened};

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

/// Figures of a sentence about a game: its numbers, in their order.
fn numbers(sentence: &str) -> Vec<String> {
    let words = sentence.split([' ', ',', ';', '%']);
    let words = words.map(|word| word.trim_end_matches('.'));
    let is_number = |word: &&str| word.parse::<f64>().is_ok();
    words.filter(is_number).map(str::to_owned).collect()
}

#[test]
fn the_screen_and_the_command_line_tell_the_same_of_the_same_text() {
    const TEXT: &str = "One day, the old Miller's wife said: “Where are my Ducks?” And she wept.";
    // The first twenty letters are given; then a wrong guess, and right ones.
    const GUESSES: &str = "xer s wife said where are";
    let home = tempfile::tempdir().expect("a directory");
    let mut command = logitscope(home.path());
    command.args(["guess", TEXT]).stdin(Stdio::piped());
    let mut game = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let typed: String = GUESSES
        .chars()
        .map(|letter| format!("{}\n", if letter == ' ' { '_' } else { letter }))
        .collect();
    let mut input = game.stdin.take().expect("an input");
    input.write_all(typed.as_bytes()).expect("it reads");
    drop(input);
    let output = game.wait_with_output().expect("it ends");
    let printed = String::from_utf8(output.stdout).expect("a text");
    let line = |of: &str| {
        let mut lines = printed.lines();
        let line = lines.find(|line| line.starts_with(of));
        numbers(line.unwrap_or_else(|| panic!("{of}: {printed}")))
    };
    let (you, model) = (line("you: "), line("embedded: "));
    assert_eq!((you.len(), model.len()), (4, 2), "{printed}");

    let mut playground = Playground::open(100, 30, &["play", TEXT]);
    playground.until_shows("■ ready");
    playground.press("\tW");
    playground.until_shows("Which letter comes next in this text?");
    playground.press("\x1b[B\r");
    playground.until_shows("one day the old mill▁");
    playground.press(GUESSES);
    let screen = playground.until_shows("one day the old miller s wife said where are▁");
    let shown = |of: &str| {
        let mut lines = screen
            .lines()
            .map(|line| line.trim_start_matches(['┃', ' ']));
        let line = lines.find(|line| line.starts_with(of));
        numbers(line.unwrap_or_else(|| panic!("{of}: {screen}")))
    };
    let mut told = shown("You: ");
    told.swap(0, 1);
    assert_eq!((told, shown("embedded: ")), (you, model), "{screen}");
    // The prompt is the user's again.
    playground.press("\x1b");
    playground.until("the prompt as it was written", |text| {
        text.contains("One day, the old Miller's wife said") && !text.contains("Guess 1")
    });
}
