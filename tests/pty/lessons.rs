//! Each lesson walked from its start to its end: what a step asks for is not done when it begins, not done by what is
//! wrong, and done by what is right. The keys stand in the lessons themselves.

use std::sync::Mutex;

use logitscope::lessons::{At, Course, ENGLISH, Key, Step};
use logitscope::tui::default_keys;

use crate::terminal::Playground;

const ENTER: &str = "\r";
const F1: &str = "\x1bOP";
const F7: &str = "\x1b[18~";
const F8: &str = "\x1b[19~";

/// What a terminal sends for a key by its name.
fn sent(name: &str) -> String {
    let known = [
        ("enter", "\r"),
        ("esc", "\x1b"),
        ("tab", "\t"),
        ("shift-tab", "\x1b[Z"),
        ("space", " "),
        ("backspace", "\x7f"),
        ("up", "\x1b[A"),
        ("down", "\x1b[B"),
        ("right", "\x1b[C"),
        ("left", "\x1b[D"),
        ("shift-right", "\x1b[1;2C"),
        ("shift-left", "\x1b[1;2D"),
        ("shift-up", "\x1b[1;2A"),
        ("shift-down", "\x1b[1;2B"),
        ("home", "\x1b[H"),
        ("end", "\x1b[F"),
        ("pageup", "\x1b[5~"),
        ("pagedown", "\x1b[6~"),
        ("f2", "\x1bOQ"),
        ("f5", "\x1b[15~"),
        ("f6", "\x1b[17~"),
    ];
    if let Some((_, bytes)) = known.iter().find(|(known, _)| *known == name) {
        return (*bytes).to_owned();
    }
    if let Some(letter) = name
        .strip_prefix("ctrl-")
        .and_then(|rest| rest.chars().next())
    {
        return char::from(letter as u8 & 0x1f).to_string();
    }
    assert_eq!(
        name.chars().count(),
        1,
        "{name}: what does a terminal send?"
    );
    name.to_owned()
}

/// What is sent for a key of a lesson.
fn bytes(key: &Key) -> String {
    match key {
        Key::Text(text) => text.clone(),
        Key::Action(action) => {
            let mut all = default_keys();
            let (_, keys, _) = all
                .find(|(name, ..)| name == action)
                .unwrap_or_else(|| panic!("{action} is no action"));
            sent(keys[0])
        }
    }
}

/// The line above the strip.
fn rule(text: &str) -> &str {
    let mut lines = text.lines();
    lines
        .find(|line| line.starts_with("━ Lesson "))
        .unwrap_or("")
}

/// What the strip says.
fn strip(text: &str) -> String {
    let below = text
        .lines()
        .skip_while(|line| !line.starts_with("━ Lesson "));
    let lines: Vec<&str> = below.skip(1).collect();
    lines[..lines.len().saturating_sub(1)].join("\n")
}

fn is_done(text: &str) -> bool {
    rule(text).contains(" ⏎ on ")
}

/// Whether the help page is open, as the last line says.
fn is_help(text: &str) -> bool {
    text.lines().last().unwrap_or("").contains("?/esc close")
}

/// Whether the model has nothing to do.
fn rests(text: &str) -> bool {
    let status = text.lines().next().unwrap_or("");
    !["● running", "◌ loading"]
        .iter()
        .any(|busy| status.contains(busy))
}

impl Playground {
    /// Presses keys, each once all that the one before did is done: the help page that is opened after it shows that.
    fn press_one_by_one(&mut self, keys: &[At<Key>]) {
        for key in keys {
            self.press(&bytes(&key.value));
            self.press(F1);
            self.until("the help page", is_help);
            self.press(F1);
            self.until("what was asked is done", |text| {
                rests(text) && !is_help(text)
            });
        }
    }
}

/// Lessons that train do so one after the other.
static TRAINING: Mutex<()> = Mutex::new(());

/// Walks a lesson by its number.
fn walk(number: usize, cols: u16, rows: u16, more: &[&str]) {
    let course = Course::bundled(ENGLISH).unwrap_or_else(|error| panic!("{error}"));
    let lesson = &course.lessons[number - 1];
    let trains = |step: &Step| step.setup.demonstration.is_some();
    let _alone = lesson.steps.iter().any(trains).then(|| {
        let lock = TRAINING.lock();
        lock.unwrap_or_else(std::sync::PoisonError::into_inner)
    });
    let asked = number.to_string();
    let mut args = vec!["learn", &asked, "--lang", "en"];
    args.extend(more);
    let mut play = Playground::open(cols, rows, &args);
    let all = lesson.steps.len();
    for (at, step) in (1..).zip(&lesson.steps) {
        let place = format!("step {at} of {all} ");
        let begun = play.until_at_last(&place, |text| {
            rule(text).contains(&place) && !rule(text).contains('◌') && rests(text)
        });
        let name = format!("{}:{}", lesson.file, step.line);
        assert!(!is_done(&begun), "{name}: done at its start\n{begun}");
        assert!(!begun.contains("Hint:"), "{name}: a hint at once\n{begun}");
        play.press_one_by_one(&step.setup.wrong);
        let text = play.text();
        assert!(!is_done(&text), "{name}: done by what is wrong\n{text}");
        play.press_one_by_one(&step.setup.right);
        // Every figure that is spoken of comes to be known.
        play.until_at_last(&format!("{name}: done"), |text| {
            is_done(text) && !strip(text).contains('…')
        });
        play.press(ENTER);
    }
    play.until("the end", |text| text.contains("The lesson is over."));
    // Ctrl-C, once to end what still goes on, and twice to quit: what was reached is written before the end.
    play.until("it is at rest", |text| !text.contains("● running"));
    play.press("\x03");
    play.until("it asks once more", |text| text.contains("again to quit"));
    play.press("\x03");
    assert_eq!(play.until_over(), 0);
    let kept = play.home().join("state/logitscope/lessons.json");
    let kept = std::fs::read_to_string(kept).unwrap_or_default();
    assert!(
        kept.contains(&lesson.name) && kept.contains("true"),
        "{kept}"
    );
}

/// A test a lesson: they run beside each other.
macro_rules! walks {
    ($($name:ident $number:literal)*) => {
        $(mod $name {
            #[test]
            fn at_80_columns() {
                super::walk($number, 80, 24, &[]);
            }

            #[test]
            fn at_120_columns() {
                super::walk($number, 120, 40, &[]);
            }
        })*

        #[test]
        fn each_lesson_is_walked() {
            let course = Course::bundled(ENGLISH).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!([$($number),*].len(), course.lessons.len());
        }
    };
}

walks! {
    tokens 1 next_token 2 greedy 3 draw 4 temperature 5 cuts 6 penalties 7 surprise 8 search 9 seeds 10 noise 11 tuned 12 limits 13
}

/// A model of another cut of tokens, with random weights: what a lesson asks for does not hang on one model.
#[test]
fn a_second_model_can_be_learned_from_too() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/gpt2/plain");
    for number in [1, 4, 5, 10, 13] {
        walk(number, 80, 24, &["--model", model]);
    }
}

#[test]
fn a_step_back_undoes_and_a_lesson_is_gone_on_with() {
    let mut play = Playground::open(100, 30, &["play", "A prompt of my own"]);
    play.until_shows("■ ready");
    // Three keys to the first token that is looked at.
    play.press(F7);
    play.until_shows("1. Text becomes tokens");
    play.press(ENTER);
    play.until("the first step", |text| {
        rule(text).contains("step 1 of")
            && !rule(text).contains('◌')
            && text.contains("hippopotamus")
    });
    play.press("\x1b[D");
    play.until("it is done", is_done);
    play.press(ENTER);
    let second = play.until("the second step", |text| {
        rule(text).contains("step 2 of") && !rule(text).contains('◌')
    });
    assert!(!is_done(&second), "{second}");
    play.press(F8);
    let first = play.until("the first again", |text| {
        rule(text).contains("step 1 of") && text.contains("hippopotamus")
    });
    assert!(is_done(&first), "it was done, and stays so: {first}");
    play.press(F8);
    let prompt = |text: &str| text.lines().nth(2).unwrap_or("").to_owned();
    play.until("the step before it is set up anew", |text| {
        rule(text).contains("step 1 of") && !rule(text).contains('◌') && !is_done(text)
    });
    // Left, all is as it was.
    play.press(F7);
    play.until_shows("leave the lesson");
    play.press("leave");
    play.press(ENTER);
    let left = play.until("the lesson is left", |text| rule(text).is_empty());
    assert!(prompt(&left).contains("A prompt of my own"), "{left}");
    // And it is gone on with where it was.
    play.press(F7);
    let listed = play.until_shows("1. Text becomes tokens");
    assert!(listed.contains("step 2 of"), "{listed}");
    play.press(ENTER);
    play.until("the second step", |text| rule(text).contains("step 2 of"));
}
