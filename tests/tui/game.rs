//! The game “What comes next?”: the odds are hidden, guesses are typed or chosen, then the odds are told; letters as
//! Shannon had them; and a guess as what a lesson waits for.

use insta::assert_snapshot;
use logitscope::engine::{Command, Event, Subject};
use logitscope::tui::{Action, Effect, Focus, GameAction, Key, News, Question};

use crate::fixtures::{NEXT_WORDS, Play, read};

const PROMPT: &str = "Once upon a time there was a";

/// What comes after the prompt is guessed.
fn asked(width: u16, height: u16) -> Play {
    let mut play = Play::inspected(PROMPT, width, height);
    play.act(Action::Game(GameAction::Tokens));
    play.frame();
    play
}

fn guess(play: &mut Play, text: &str) {
    play.act(Action::Paste(text.to_owned()));
    play.act(Action::Run);
}

/// What stands within the frame, its lines joined.
fn joined(screen: &str) -> String {
    let words = screen.split(|c: char| c.is_whitespace() || c == '┃');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[test]
fn the_odds_are_hidden_until_something_was_guessed() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut play = asked(width, height);
        let screen = play.screen();
        assert!(
            screen.contains("Your guess") && !screen.contains('%'),
            "{screen}"
        );
        assert_snapshot!(format!("game_asked_{width}x{height}"), screen);
        guess(&mut play, "small");
        assert_snapshot!(format!("game_told_{width}x{height}"), play.screen());
    }
}

#[test]
fn a_guess_has_its_rank_and_bits_and_is_written_on() {
    let mut play = asked(80, 24);
    assert_eq!(play.state.figure("guesses").as_deref(), Some("0"));
    guess(&mut play, "Small ");
    for (figure, value) in [
        ("guesses", "1"),
        ("guessed", "1"),
        ("guess", "“Small”"),
        ("guess-rank", "2"),
        ("guess-p", "12.6 %"),
        ("over", "game"),
    ] {
        assert_eq!(
            play.state.figure(figure).as_deref(),
            Some(value),
            "{figure}"
        );
    }
    let screen = play.screen();
    assert!(
        screen.contains("12.6 %, its choice 2 of 4,096, 2.99 bits"),
        "{screen}"
    );
    play.act(Action::Run);
    assert_eq!(play.state.play.editor.text(), format!("{PROMPT} Small"));
    assert!(play.screen().contains("is reading the text"));
    // The next place comes once it is read.
    play.frame();
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: read("Once upon a time there was a Small"),
        seconds: 0.01,
    });
    play.frame();
    play.answer(&NEXT_WORDS);
    assert!(play.screen().contains("Your guess"));
    play.act(Action::Escape);
    assert!(!play.screen().contains("Your guess"));
    assert_eq!(play.state.figure("guesses").as_deref(), Some("0"));
}

#[test]
fn what_stands_there_is_guessed_until_it_is_right_or_told() {
    let mut play = asked(80, 24);
    play.act(Action::Escape);
    play.state.focus_on(Focus::Text);
    play.act(Action::Left);
    play.act(Action::Left);
    play.frame();
    play.answer(&NEXT_WORDS);
    play.act(Action::Game(GameAction::Tokens));
    play.frame();
    assert!(
        play.screen().contains("Once upon a time there▁"),
        "{}",
        play.screen()
    );
    guess(&mut play, "is");
    assert!(play.screen().contains("Not “is”."));
    assert_eq!(play.state.figure("guessed").as_deref(), Some("0"));
    guess(&mut play, "was");
    let screen = play.screen();
    assert!(screen.contains("right at guess 2"), "{screen}");
    assert!(screen.contains("Not “is”."), "{screen}");
    // One place, and that took two guesses: nothing is left to be unsure of.
    assert!(
        joined(&screen).contains(
            "You: 0 of 1 with the first guess. To you a token was worth at least 0.00 bits,"
        ),
        "{screen}"
    );
    play.act(Action::Run);
    play.frame();
    play.answer(&NEXT_WORDS);
    play.act(Action::FocusNext);
    let screen = play.screen();
    assert!(screen.contains("“·a”: told."), "{screen}");
    let screen = joined(&screen);
    assert!(
        screen.contains("at least 1.00 bits, at most 1.00"),
        "{screen}"
    );
}

#[test]
fn a_guess_before_the_odds_are_there_is_told_once_they_are() {
    let mut play = asked(80, 24);
    play.act(Action::Escape);
    play.state.focus_on(Focus::Text);
    play.act(Action::Left);
    play.act(Action::Left);
    play.frame();
    play.answer(&NEXT_WORDS);
    play.act(Action::Game(GameAction::Tokens));
    play.frame();
    guess(&mut play, "was");
    play.act(Action::Run);
    // Nothing is known of the next place yet.
    guess(&mut play, "a");
    play.frame();
    play.answer(&NEXT_WORDS);
    let screen = play.screen();
    assert!(screen.contains("right at the first guess"), "{screen}");
}

#[test]
fn one_of_four_can_be_chosen_and_their_order_tells_nothing() {
    let mut play = asked(80, 24);
    let screen = play.screen();
    let listed: Vec<&str> = screen
        .lines()
        .filter_map(|line| line.split("◦ ").nth(1))
        .map(|line| line.split_whitespace().next().unwrap_or_default())
        .collect();
    assert_eq!(listed.len(), 4);
    assert!(listed.is_sorted(), "{listed:?}");
    play.act(Action::Down);
    play.act(Action::Down);
    play.act(Action::Run);
    assert_eq!(play.state.figure("guess"), Some(format!("“{}”", listed[1])));
    assert!(play.state.figure("guess-rank").is_some());
}

#[test]
fn a_guess_beyond_the_rows_is_looked_for() {
    let mut play = asked(80, 24);
    guess(&mut play, "zebra");
    play.frame();
    let searched = play.effects.iter().find_map(|effect| match effect {
        Effect::Look(request) => Some(request.search.clone()),
        _ => None,
    });
    assert_eq!(searched.as_deref(), Some("zebra"));
    play.answer(&[("·zebra", 0.0001, None)]);
    assert!(
        play.screen().contains("0.01 %, its choice"),
        "{}",
        play.screen()
    );
    play.act(Action::Escape);
    assert_eq!(play.state.play.search, "", "the table is whole again");
}

#[test]
fn letters_are_counted_as_shannon_did_and_the_models_bits_stand_beside() {
    for (width, height) in [(80, 24), (120, 40)] {
        const WRITTEN: &str = "It rained all nights, and";
        const SPELLED: &str = "it rained all nights and";
        let mut play = Play::inspected(WRITTEN, width, height);
        play.act(Action::Game(GameAction::Letters));
        play.frame();
        // The model reads what is guessed: small letters and single spaces.
        let asked = play.effects.iter().find_map(|effect| match effect {
            Effect::Send(Command::Inspect { prompt }) => Some(prompt.clone()),
            _ => None,
        });
        assert_eq!(asked.as_deref(), Some(SPELLED));
        play.hear(Event::PromptRead {
            subject: Subject::Draft,
            tokens: read(SPELLED),
            seconds: 0.01,
        });
        // Twenty letters are given; what follows is “ and”.
        assert!(
            play.screen().contains("it rained all nights▁"),
            "{}",
            play.screen()
        );
        for typed in ['x', ' ', 'A', 'n'] {
            play.act(Action::Insert(typed));
        }
        play.act(Action::FocusNext);
        let screen = play.screen();
        assert!(
            screen.contains("You: 2 of 4 with the first guess"),
            "{screen}"
        );
        // Shares of 1/2, 1/4 and 1/4.
        let said = joined(&screen);
        assert!(
            said.contains("at most 1.50 (0 is known beforehand, 4.75 a blind guess among 27)"),
            "{screen}"
        );
        assert!(screen.contains("stories-6M: "), "{screen}");
        assert_snapshot!(format!("game_letters_{width}x{height}"), screen);
        // The prompt is what it was, also in what is saved while the game is open.
        play.act(Action::Escape);
        assert_eq!(play.state.play.editor.text(), WRITTEN);
    }
}

#[test]
fn a_text_of_ones_own_is_guessed_from_its_beginning() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(Action::Ask(Question::GuessFile { letters: false }));
    play.act(Action::Paste("story.txt".to_owned()));
    play.act(Action::Run);
    let reads = Effect::ReadText {
        path: "story.txt".into(),
        letters: false,
    };
    assert!(play.effects.contains(&reads), "{:?}", play.effects);
    let text = "The hen ran over the hill and home";
    play.act(News::TextRead {
        text: Ok(text.to_owned()),
        letters: false,
    });
    play.frame();
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: read(text),
        seconds: 0.01,
    });
    play.frame();
    assert!(
        play.screen().contains("The hen ran over▁"),
        "{}",
        play.screen()
    );
    play.act(Action::Escape);
    play.frame();
    assert_eq!(play.state.play.editor.text(), PROMPT, "it comes back");
    play.act(News::TextRead {
        text: Err("story.txt: it is no text".to_owned()),
        letters: true,
    });
    assert!(play.screen().contains("it is no text"));
}

#[test]
fn too_little_text_is_said_to_be_that() {
    let mut play = Play::inspected("", 80, 24);
    play.act(Action::Game(GameAction::Letters));
    play.frame();
    assert!(
        play.screen().contains("too little text"),
        "{}",
        play.screen()
    );
    // The list, by its key.
    play.act(Action::Escape);
    play.act(Action::Escape);
    play.act(Action::FocusNext);
    let key: Key = "W".parse().expect("a key");
    let action = play.state.key_action(key).expect("a game");
    play.act(action);
    assert!(play.screen().contains("A text of your own"));
}

#[test]
fn what_was_wrong_stays_in_sight_behind_the_letter() {
    let mut play = Play::inspected("It rained all night, and", 80, 24);
    play.act(Action::Game(GameAction::Letters));
    play.frame();
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: read("it rained all night and"),
        seconds: 0.01,
    });
    let screen = play.screen();
    assert!(
        screen.contains("The text up to here, in small letters;"),
        "{screen}"
    );
    for typed in ['x', ' ', 'a'] {
        play.act(Action::Insert(typed));
    }
    let screen = play.screen();
    let said = "The letter before was “a”: right at guess 3. Before it: “x”, “·”.";
    assert!(screen.contains(said), "{screen}");
    play.act(Action::FocusNext);
    let screen = play.screen();
    assert!(
        screen.contains("The letter before was “n”: told."),
        "{screen}"
    );
}
