//! Sentences across the top.

use std::time::Duration;

use logitscope::engine::Event;
use logitscope::tui::{Action, ColourLevel, News, Tone};

use crate::asked::PROMPT;
use crate::fixtures::Play;

fn notice(play: &mut Play, message: &str) {
    play.hear(Event::Notice {
        message: message.to_owned(),
    });
}

fn error(play: &mut Play, message: &str) {
    play.hear(Event::Failed {
        message: message.to_owned(),
    });
}

fn at(play: &mut Play, seconds: u64) {
    play.act(News::Frame(Duration::from_secs(seconds)));
}

#[test]
fn the_newest_is_in_front_and_an_old_one_comes_back_to_the_front() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    for message in ["The first.", "The second.", "The third."] {
        notice(&mut play, message);
        assert!(play.screen().contains(message), "{}", play.screen());
    }
    notice(&mut play, "The first.");
    assert!(
        play.screen().contains("The first. (esc dismisses, 2 more)"),
        "{}",
        play.screen()
    );
}

#[test]
fn notices_leave_by_themselves_on_the_clock_of_the_frames() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    let rows = play.state.panes(play.state.screen.size).body.height;
    at(&mut play, 100);
    // Nothing was drawn for minutes before it came.
    notice(&mut play, "The context is full.");
    at(&mut play, 400);
    assert!(play.screen().contains("The context is full."));
    at(&mut play, 403);
    assert!(play.screen().contains("The context is full."));
    at(&mut play, 420);
    assert!(!play.screen().contains("The context is full."));
    assert_eq!(
        play.state.panes(play.state.screen.size).body.height,
        rows,
        "its line is given back"
    );
}

#[test]
fn an_error_stays_while_it_is_in_front() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    error(&mut play, "There is no such model.");
    at(&mut play, 1);
    at(&mut play, 1000);
    assert!(play.screen().contains("There is no such model."));
    error(&mut play, "The disk is full.");
    at(&mut play, 1001);
    assert_eq!(
        play.state.screen.banners.len(),
        1,
        "the older one has been seen"
    );
    assert!(play.screen().contains("The disk is full."));
    play.act(Action::Escape);
    assert!(play.state.screen.banners.is_empty());
}

#[test]
fn the_footer_says_that_escape_takes_the_notice_away_first() {
    let mut play = Play::running(PROMPT, &["·there"], 80, 24);
    let footer = |play: &Play| play.screen().lines().last().unwrap_or_default().to_owned();
    assert!(footer(&play).contains("esc commands"), "{}", footer(&play));
    notice(&mut play, "The context is full.");
    assert!(footer(&play).contains("esc dismiss"), "{}", footer(&play));
    play.act(Action::Escape);
    assert!(footer(&play).contains("esc commands"), "{}", footer(&play));
}

#[test]
fn good_news_a_remark_and_an_error_look_different() {
    let mut looks = Vec::new();
    for (tone, sign) in [(Tone::Done, "✓"), (Tone::Remark, "!"), (Tone::Error, "✗")] {
        let mut play = Play::inspected(PROMPT, 80, 24);
        let message = "The file is there.".to_owned();
        play.act(News::Told { message, tone });
        let said = format!("{sign} The file is there. (esc dismisses)");
        assert!(play.screen().contains(&said), "{}", play.screen());
        let buffer = play.buffer(ColourLevel::True);
        looks.push(buffer[(0, 1)].style());
    }
    looks.dedup();
    assert_eq!(looks.len(), 3, "each in its own colour");
}
