//! The hand-out in the playground: its question, what the engine is asked, what stands on it, and the screen as a picture.

use std::path::Path;
use std::time::Duration;

use logitscope::decoding::{Likely, StopReason};
use logitscope::engine::{Command, Event, RunState, Session};
use logitscope::handout::{Format, Place, Sheet, StepEnd};
use logitscope::lessons::{Course, parse};
use logitscope::tui::{
    Action, Edit, Effect, LearnAction, LearnOptions, News, Opening, Question, picture_of_state,
};

use crate::fixtures::{NEXT_WORDS, Play, model, options};

const PROMPT: &str = "Once upon a time";

fn ended() -> Play {
    let mut play = Play::running(PROMPT, &[" there", " was", " a"], 80, 24);
    play.hear(Event::Finished {
        sample: 0,
        reason: StopReason::MaxTokens,
        tokens: 3,
        seconds: 0.05,
    });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play
}

/// Asks for a file.
fn ask(play: &mut Play, name: &str) {
    play.act(Action::Ask(Question::Handout));
    play.act(Action::Edit(Edit::DeleteToLineStart));
    play.act(Action::Paste(name.to_owned()));
    play.act(Action::Run);
}

fn written(play: &Play) -> Option<(&Path, Format, &Sheet)> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::WriteHandout(path, format, sheet) => Some((path.as_path(), *format, &**sheet)),
        _ => None,
    })
}

#[test]
fn the_engine_is_asked_and_its_texts_are_put_on_a_page() {
    let mut play = ended();
    play.act(Action::Left);
    ask(&mut play, "page.html");
    let asked = Effect::Send(Command::Examine { rows: 5 });
    assert!(play.effects.contains(&asked), "{:?}", play.effects);
    assert!(written(&play).is_none(), "not before the engine told");
    let likely = Likely {
        id: 1,
        display: "·girl".to_owned(),
        probability: 0.25,
    };
    let likeliest = vec![vec![vec![likely]; 7]];
    let told = Event::Examined {
        session: Session::default(),
        likeliest: likeliest.clone(),
    };
    play.hear(told.clone());
    let (path, format, sheet) = written(&play).expect("written");
    assert_eq!((path, format), (Path::new("page.html"), Format::Page));
    assert_eq!(
        (sheet.model.as_str(), sheet.prompt.as_str()),
        ("embedded", PROMPT)
    );
    assert_eq!(sheet.texts[0].tokens, play.state.play.text().tokens());
    assert_eq!(
        (sheet.texts[0].prompt_len, &sheet.texts[0].likeliest),
        (4, &likeliest[0])
    );
    assert_eq!(
        sheet.in_view,
        Some(Place {
            text: 0,
            position: 5
        })
    );
    assert!(
        sheet
            .written(Format::Markdown)
            .starts_with("# Once upon a time")
    );
    // Told again, nobody waits for it.
    play.hear(told);
    assert!(written(&play).is_none());
}

#[test]
fn its_colours_change_where_those_of_the_screen_do() {
    let mut play = ended();
    play.state.play.thresholds.probability = [0.2, 0.03, 0.002];
    ask(&mut play, "page.html");
    play.hear(Event::Examined {
        session: Session::default(),
        likeliest: Vec::new(),
    });
    let (_, _, sheet) = written(&play).expect("written");
    let page = sheet.written(Format::Page);
    let odds = play.state.play.text().tokens().iter();
    let odds: Vec<f32> = odds
        .filter_map(|token| Some(token.odds?.probability))
        .collect();
    for (class, from, to) in [
        ("t p0", 0.2, 1.1),
        ("t p1", 0.03, 0.2),
        ("t p2", 0.002, 0.03),
    ] {
        let within = odds.iter().filter(|odds| (from..to).contains(*odds));
        let (within, found) = (within.count(), page.matches(class).count());
        assert!(
            within > 0 && found == within,
            "{class}: {found} of {within}"
        );
    }
    assert!(page.contains("at least 20 %") && page.contains("at least 0.2 %"));
}

#[test]
fn a_name_that_says_no_format_is_asked_for_again() {
    let mut play = ended();
    ask(&mut play, "page.pdf");
    assert!(play.effects.is_empty(), "{:?}", play.effects);
    let screen = play.screen();
    assert!(screen.contains(".html or .md"), "{screen}");
    let mut empty = Play::inspected("", 80, 24);
    ask(&mut empty, "page.html");
    assert!(empty.screen().contains("nothing to hand out yet"));
}

#[test]
fn the_screen_is_drawn_as_it_is_without_the_question() {
    let mut play = ended();
    ask(&mut play, "screen.SVG");
    let [Effect::DrawScreen(path)] = &play.effects[..] else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(path, Path::new("screen.SVG"));
    let picture = picture_of_state(&play.state);
    assert!(!picture.contains("hand-out"));
    let letters: String = picture
        .split("</text>")
        .filter_map(|cell| cell.rsplit('>').next())
        .collect();
    assert!(letters.contains("Onceuponatimetherewasa"), "{letters}");
}

const LESSON: &str = r#"+++
title = "Steps"
minutes = 1
understood = ["Steps are steps."]
[[questions]]
ask = "How many?"
answer = "Two."
+++

## First

```toml
prompt = "Once upon a time"
wait = ["words >= 5"]
```

It has {words} words.

### Done
Now it has {words}.

## Second

```toml
wait = ["words >= 9"]
```

Go on.

### Done
Gone on.
"#;

#[test]
fn a_lesson_is_told_as_it_was_done() {
    let mut options = options("");
    options.learn = LearnOptions {
        course: Some(Course {
            lessons: vec![parse("steps.md", LESSON).expect("a lesson")],
            ..Course::bundled("en").expect("a course")
        }),
        open: Opening::Lesson(0),
        ..LearnOptions::default()
    };
    let mut play = Play::with(&options, 80, 24);
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    settle(&mut play, PROMPT);
    play.act(Action::Paste(" there".to_owned()));
    settle(&mut play, "Once upon a time there");
    // A word that is being typed is none yet.
    play.act(News::Frame(Duration::from_secs(5)));
    play.act(Action::Learn(LearnAction::On));
    settle(&mut play, "Once upon a time there");
    play.act(Action::Learn(LearnAction::Skip));
    ask(&mut play, "page.html");
    play.hear(Event::Examined {
        session: Session::default(),
        likeliest: Vec::new(),
    });
    let (_, _, sheet) = written(&play).expect("written");
    let lesson = sheet.lesson.as_ref().expect("a lesson");
    let ends: Vec<_> = lesson
        .steps
        .iter()
        .map(|step| (step.title.as_str(), step.end))
        .collect();
    assert_eq!(
        ends,
        [("First", StepEnd::Done), ("Second", StepEnd::Skipped)]
    );
    let page = sheet.written(Format::Page);
    for said in [
        "It has 4 words.",
        "Now it has 5.",
        "Steps are steps.",
        "How many?",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(
        !page.contains("Gone on") && !page.contains("Two."),
        "the answer is the teacher's"
    );
}

/// Has the model read what is asked, as its thread would.
fn settle(play: &mut Play, prompt: &str) {
    play.frame();
    play.hear(Event::PromptRead {
        subject: logitscope::engine::Subject::Draft,
        tokens: crate::fixtures::read(prompt),
        seconds: 0.01,
    });
    play.frame();
    if play
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Look(_)))
    {
        play.answer(&NEXT_WORDS);
    }
}
