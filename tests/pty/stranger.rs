//! Someone who never trained, with a text file: three keys and the path from the first screen to a running finetune, and
//! what is seen until its end.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::logitscope;
use crate::terminal::Playground;

const ENTER: &str = "\r";
const F2: &str = "\x1b[12~";
const F6: &str = "\x1b[17~";
/// Bytes of the file.
const SIZE: usize = 200_000;

/// Letters of a sailor that no one wrote: sentences of a few words, drawn by a seed.
fn letters(path: &Path) {
    const WHO: [&str; 6] = [
        "the wind",
        "the rain",
        "the old harbour",
        "our ship",
        "the captain",
        "a gull",
    ];
    const DOES: [&str; 5] = [
        "turns to",
        "sleeps in",
        "comes from",
        "sings of",
        "waits for",
    ];
    const WHERE: [&str; 6] = [
        "the north",
        "the west",
        "the open sea",
        "the hill",
        "the morning",
        "the last island",
    ];
    let mut seed = 7u32;
    let mut draw = |most: usize| {
        // The constants of Numerical Recipes.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as usize % most
    };
    let mut text = String::new();
    while text.len() < SIZE {
        let (who, does, place) = (WHO[draw(6)], DOES[draw(5)], WHERE[draw(6)]);
        let end = if draw(4) == 0 { ".\n" } else { ", and " };
        write!(text, "Dear friend, tonight {who} {does} {place}{end}").expect("a text");
    }
    fs::write(path, text).expect("written");
}

/// A model that is so small that all steps of a run are made while one waits, in a program that was not optimised.
fn small_model(home: &Path) -> PathBuf {
    letters(&home.join("letters.txt"));
    let ended = logitscope(home)
        .args([
            "train",
            "letters.txt",
            "--run-name",
            "small",
            "--steps",
            "3",
        ])
        .args([
            "--layers",
            "1",
            "--heads",
            "2",
            "--width",
            "32",
            "--vocabulary",
            "300",
        ])
        .args(["--context", "64", "--no-samples"])
        .current_dir(home)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let model = home.join("small-model");
    let ended = logitscope(home)
        .args(["export", "small"])
        .arg(&model)
        .current_dir(home)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    model
}

fn walk(cols: u16, rows: u16) {
    let mut play = Playground::open_with(cols, rows, &["play"], |command| {
        let home = PathBuf::from(command.get_cwd().expect("a directory"));
        command.arg("--model");
        command.arg(small_model(&home));
    });

    // The first screen says that there is training, and by which key.
    let screen = play.until_shows("■ ready");
    let footer = screen.lines().last().unwrap_or_default();
    assert!(footer.contains("F2 train"), "{screen}");

    // First key. The form says what to do.
    play.press(F2);
    play.until_shows("Name a corpus: type or paste the path");
    // The path, and the second key. A letter may begin it.
    play.press("let");
    play.until_shows("corpus (several");
    play.press("ters.txt");
    play.press(ENTER);
    // What it takes stands there before it starts.
    let form = play.until("the price", |text| text.contains(" on this machine"));
    for said in [
        "200",
        "1 document",
        " tokens · ",
        " sequences, ",
        " steps an epoch · ",
        " more to validate on",
        " validations, ",
        "memory ~",
        "disk up to ",
        "its end is held out",
        "start the run",
        "from the corpus",
    ] {
        assert!(form.contains(said), "{said}: {form}");
    }
    assert!(
        !form.contains("--"),
        "the form's words, and no flags: {form}"
    );
    let prompt = form.lines().find(|line| line.contains("prompts"));
    assert!(
        prompt.is_some_and(|row| row.contains("Dear friend, tonight")),
        "{form}"
    );

    // Third key: it runs. A curve with validations on it, samples, and a verdict with its figures.
    play.press(F6);
    let screen = play.until("a verdict", |text| {
        let judged = text.lines().any(|line| line.contains("● learning"));
        judged && text.contains("training ") && text.contains("Samples of \"Dear friend,")
    });
    assert!(screen.contains("─ loss • validation"), "{screen}");

    // The end says what became of it, how it was, and what to do next; the key does it.
    let screen = play.until_shows("Run run1: all steps were made at step");
    for said in ["● learning: validation from ", " opens step "] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    play.press(ENTER);
    play.until("the checkpoint in Play", |text| {
        text.contains("step-") && text.contains("■ ready") && !text.contains("Loss · ")
    });
}

#[test]
fn a_stranger_finetunes_with_three_keys_on_80_columns() {
    walk(80, 24);
}

#[test]
fn a_stranger_finetunes_with_three_keys_on_120_columns() {
    walk(120, 40);
}

/// The model inside of the program, as far as its first steps.
#[test]
fn a_stranger_sees_the_embedded_model_learn() {
    let mut play = Playground::open(80, 24, &["play"]);
    play.until_shows("■ ready");
    letters(&play.home().join("letters.txt"));
    play.press(F2);
    play.until_shows("Name a corpus");
    // As a file manager drops it.
    play.press("\x1b[200~'letters.txt' \x1b[201~");
    play.until_shows(" steps an epoch");
    play.press(F6);
    play.until_shows("step 2 of ");
    play.press("S");
    let screen = play.until_shows("Run run1: stopped and saved at step");
    assert!(screen.contains("too early to tell"), "{screen}");
}
