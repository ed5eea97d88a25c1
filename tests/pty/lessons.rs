//! Each lesson walked from its start to its end: what a step asks for is not done when it begins, not done by what is
//! wrong, and done by what is right. The keys stand in the lessons themselves.

use std::sync::Mutex;

use logitscope::lessons::{At, Course, ENGLISH, Key, Lesson, Step, bundled_languages};
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

/// The line above the strip, which begins with the word for a lesson in its language.
fn rule(text: &str) -> &str {
    let mut lines = text.lines();
    lines.find(|line| is_rule(line)).unwrap_or("")
}

fn is_rule(line: &str) -> bool {
    let words = ["Lesson", "Lektion", "课程"];
    words
        .iter()
        .any(|word| line.starts_with(&format!("━ {word} ")))
}

/// What the strip says.
fn strip(text: &str) -> String {
    let below = text.lines().skip_while(|line| !is_rule(line));
    let lines: Vec<&str> = below.skip(1).collect();
    lines[..lines.len().saturating_sub(1)].join("\n")
}

/// Whether the step is done: Enter goes on, in a language's words.
fn is_done(text: &str) -> bool {
    let words = ["on", "weiter", "继续"];
    words
        .iter()
        .any(|word| rule(text).contains(&format!(" ⏎ {word} ")))
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

/// Walks lessons that follow each other, from the first by its number, in a language.
fn walk(numbers: std::ops::RangeInclusive<usize>, language: &str, size: (u16, u16), more: &[&str]) {
    let course = Course::bundled(language).unwrap_or_else(|error| panic!("{error}"));
    let lessons = &course.lessons[numbers.start() - 1..*numbers.end()];
    let trains = |step: &Step| step.setup.demonstration.is_some();
    let trained = lessons.iter().flat_map(|lesson| &lesson.steps).any(trains);
    let _alone = trained.then(|| {
        let lock = TRAINING.lock();
        lock.unwrap_or_else(std::sync::PoisonError::into_inner)
    });
    let asked = numbers.start().to_string();
    let mut args = vec!["learn", &asked, "--lang", language];
    args.extend(more);
    let mut play = Playground::open(size.0, size.1, &args);
    for (at, lesson) in lessons.iter().enumerate() {
        if at > 0 {
            // On to the next lesson, with all that this one left on the screen.
            play.press(ENTER);
        }
        play.follow(&course, lesson, numbers.start() + at);
    }
    // Ctrl-C, once to end what still goes on, and twice to quit: what was reached is written before the end.
    play.until("it is at rest", |text| !text.contains("● running"));
    play.press("\x03");
    play.until("it asks once more", |text| text.contains("again to quit"));
    play.press("\x03");
    assert_eq!(play.until_over(), 0);
    let kept = play.home().join("state/logitscope/lessons.json");
    let kept = std::fs::read_to_string(kept).unwrap_or_default();
    for lesson in lessons {
        assert!(kept.contains(&lesson.name), "{kept}");
    }
    assert_eq!(kept.matches("true").count(), lessons.len(), "{kept}");
}

impl Playground {
    /// Follows a lesson to its end.
    fn follow(&mut self, course: &Course, lesson: &Lesson, number: usize) {
        let (words, all) = (&course.words, lesson.steps.len());
        for (at, step) in (1..).zip(&lesson.steps) {
            let place = format!(
                "━ {} {number} · {} {at} {} {all} ",
                words.lesson, words.step, words.of
            );
            let begun = self.until_at_last(&place, |text| {
                rule(text).starts_with(&place) && !rule(text).contains('◌') && rests(text)
            });
            let name = format!("{}:{}", lesson.file, step.line);
            assert!(!is_done(&begun), "{name}: done at its start\n{begun}");
            assert!(
                !begun.contains(&words.hint),
                "{name}: a hint at once\n{begun}"
            );
            for line in begun.lines() {
                // A wide character that was cut leaves nothing, or a sign in its place.
                assert!(!line.contains('\u{fffd}'), "{name}: {line}");
            }
            self.press_one_by_one(&step.setup.wrong);
            let text = self.text();
            assert!(!is_done(&text), "{name}: done by what is wrong\n{text}");
            self.press_one_by_one(&step.setup.right);
            // Every figure that is spoken of comes to be known.
            self.until_at_last(&format!("{name}: done"), |text| {
                is_done(text) && !strip(text).contains('…')
            });
            self.press(ENTER);
        }
        // The line may be broken at a narrow width.
        let begin: String = words.finished.chars().take(6).collect();
        self.until("the end", |text| strip(text).contains(&begin));
    }
}

/// A test a lesson: they run beside each other.
macro_rules! walks {
    ($($name:ident $number:literal)*) => {
        $(mod $name {
            #[test]
            fn at_80_columns() {
                super::walk($number..=$number, "en", (80, 24), &[]);
            }

            #[test]
            fn at_120_columns() {
                super::walk($number..=$number, "en", (120, 40), &[]);
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

/// Those of each other language, one after the other: each begins with what the one before left on the screen.
macro_rules! translations {
    ($($name:ident $language:literal)*) => {
        $(mod $name {
            #[test]
            fn at_80_columns() {
                super::walk(1..=5, $language, (80, 24), &[]);
            }

            #[test]
            fn at_120_columns() {
                super::walk(1..=5, $language, (120, 40), &[]);
            }
        })*

        #[test]
        fn each_language_is_walked() {
            let others: Vec<&str> = bundled_languages().filter(|code| *code != ENGLISH).collect();
            assert_eq!(others, [$($language),*]);
        }
    };
}

translations! { german "de" chinese "zh" }

/// All lessons that need no training, one after the other.
#[test]
fn one_lesson_after_the_other_begins_anew() {
    walk(5..=10, ENGLISH, (80, 24), &[]);
}

/// A model of another cut of tokens, with random weights: what a lesson asks for does not hang on one model.
const SECOND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/gpt2/plain");

mod second_model {
    use super::{SECOND, walk};

    macro_rules! with_a_second_model {
        ($($name:ident $number:literal)*) => {
            $(#[test]
            fn $name() {
                walk($number..=$number, "en", (80, 24), &["--model", SECOND]);
            })*
        };
    }

    with_a_second_model! {
        tokens 1 next_token 2 greedy 3 draw 4 temperature 5 cuts 6 penalties 7 surprise 8 search 9 seeds 10 noise 11
        tuned 12 limits 13
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
