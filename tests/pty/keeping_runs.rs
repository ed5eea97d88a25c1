//! Runs are kept: one that was broken off is resumed, one that waits is not lost without a word, one is deleted.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::logitscope;
use crate::terminal::Playground;

const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";
const DOWN: &str = "\x1b[B";
const F2: &str = "\x1b[12~";
const F4: &str = "\x1bOS";
const F6: &str = "\x1b[17~";

/// A small run of the command line, under way.
fn train(home: &Path, name: &str, steps: &str) -> Child {
    logitscope(home)
        .args(["train", "poems.txt", "--run-name", name, "--steps", steps])
        .args(["--layers", "1", "--heads", "2", "--width", "32"])
        .args(["--vocabulary", "300", "--context", "32", "--batch", "2"])
        .args(["--checkpoint-every", "2", "--no-samples", "--json"])
        .current_dir(home)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

fn dismiss(play: &mut Playground) {
    while play.text().contains("esc dismisses") {
        let before = play.text();
        play.press(ESCAPE);
        play.until("it is gone", |text| text != before);
    }
}

#[test]
fn a_run_is_broken_off_and_resumed_another_waits_and_one_is_deleted() {
    let mut play = Playground::open(100, 30, &["play", "Once upon a time"]);
    play.until_shows("■ ready");
    let home = play.home().to_owned();
    let line = "The wind is in the north tonight, and the rain is on the hill.\n";
    fs::write(home.join("poems.txt"), line.repeat(80)).expect("written");

    // A power cut, as far as the run can tell.
    let mut child = train(&home, "cut", "100000");
    let mut events = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let saved =
        events.any(|event| event.is_ok_and(|event| event.contains(r#""kind":"checkpoint""#)));
    assert!(saved, "it ended before it was saved");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let mut short = train(&home, "short", "2");
    assert!(short.wait().expect("it ends").success());

    play.press(F2);
    play.until_shows("start the run");
    play.press(F4);
    play.until("both runs", |text| {
        text.contains("broken off") && text.contains("short")
    });

    // The newest comes first; deleting asks, and does what it says.
    play.press("D");
    play.until_shows("Delete the run with its checkpoints?");
    play.press("yes");
    play.press(ENTER);
    play.until_shows("The run short was deleted");
    assert!(!home.join("runs/short").exists());
    dismiss(&mut play);

    // Resumed by its own recipe, where it was broken off.
    play.until("one run", |text| !text.contains("short"));
    play.press("R");
    play.until_shows("● training");

    // A second start waits, with a name of its own that is free.
    play.press("n");
    play.until_shows("start the run");
    play.press("poems.txt");
    play.press(ENTER);
    let form = play.until_shows(" an epoch · ");
    // Why nothing is validated comes before all else that is to be said of the corpus.
    assert!(
        form.contains("0 validations") && form.contains("nothing is validated"),
        "{form}"
    );
    play.press(F6);
    play.until_shows("begins when it is over");
    dismiss(&mut play);

    // Leaving says that it is lost, and asks.
    play.press(ESCAPE);
    play.until("the run", |text| text.contains("Loss"));
    play.press("q");
    play.until_shows("the one that waits will not begin");
    play.press(DOWN);
    play.press(ESCAPE);
    play.until("the question to close", |text| {
        !text.contains("will not begin")
    });

    // Where the first ends, the other begins.
    play.press("S");
    play.until("the next run", |text| {
        text.contains("run1") && text.contains("training")
    });
    assert!(home.join("runs/run1").exists() || play.text().contains("run1"));
    play.press("q");
    play.until_shows("leaving saves it and stops");
    play.press(ENTER);
    assert_eq!(play.until_over(), 0);
    let events = fs::read_to_string(home.join("runs/cut/metrics.jsonl")).expect("its events");
    assert!(events.contains("stopped"), "the end of the run is kept");
}
