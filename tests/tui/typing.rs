//! What typing does: a suggested prompt, the prompt that stays ready after a run, values that are asked for, leaving.

use logitscope::engine::{Command, Event, RunState};
use logitscope::tui::{Action, Edit, Effect, Focus, Key, Letters, News, Page, Question};

use crate::asked::{PROMPT, commands};
use crate::fixtures::{Play, model, options};

const SUGGESTION: &str = "Once upon a time there lived";

/// Presses keys as the terminal would tell them, by name.
fn press(play: &mut Play, names: &[&str]) {
    for name in names {
        let key: Key = name.parse().unwrap_or_else(|error| panic!("{error}"));
        match play.state.key_action(key) {
            Some(action) => play.act(action),
            None => play.effects = Vec::new(),
        }
    }
}

/// Presses the keys that type a text.
fn type_text(play: &mut Play, text: &str) {
    for c in text.chars() {
        press(play, &[&c.to_string().replace(' ', "space")]);
    }
}

/// A playground that suggests a prompt.
fn suggesting() -> Play {
    let mut play = Play::inspected(SUGGESTION, 80, 24);
    let mut options = options(SUGGESTION);
    options.suggested = true;
    play.state = logitscope::tui::State::new(&options, Vec::new(), play.state.screen.size)
        .expect("the default keys");
    play.hear(Event::Loaded { model: model() });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play
}

/// A text that has ended, run by Enter from the editor.
fn ended() -> Play {
    let mut play = Play::running(PROMPT, &[" there", " was"], 80, 24);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.frame();
    play
}

#[test]
fn the_first_key_replaces_a_suggested_prompt() {
    let mut play = suggesting();
    assert!(play.screen().contains("a suggestion: type over it"));
    type_text(&mut play, "The king");
    assert_eq!(play.state.play.editor.text(), "The king");
    assert!(!play.screen().contains("suggestion"));

    let mut play = suggesting();
    play.act(Action::Paste("The queen".to_owned()));
    assert_eq!(play.state.play.editor.text(), "The queen");

    let mut play = suggesting();
    press(&mut play, &["backspace"]);
    assert_eq!(play.state.play.editor.text(), "");

    for key in ["left", "end", "ctrl-e", "ctrl-left"] {
        let mut play = suggesting();
        press(&mut play, &[key, "!"]);
        let text = play.state.play.editor.text();
        assert_eq!(text.replace('!', ""), SUGGESTION, "{key}");
    }

    let mut play = suggesting();
    press(&mut play, &["enter"]);
    assert!(
        matches!(&commands(&play)[..], [Command::Generate(request)] if request.prompt == SUGGESTION)
    );

    let mut play = suggesting();
    press(&mut play, &["esc", "i", "x"]);
    assert_eq!(
        play.state.play.editor.text(),
        "x",
        "it stays a suggestion until it is used"
    );
}

#[test]
fn the_wheel_over_the_prompt_changes_no_prompt() {
    use logitscope::tui::{Mouse, MouseKind};
    let mut play = suggesting();
    play.state.play.history.add("an older prompt");
    for kind in [MouseKind::WheelUp, MouseKind::WheelDown] {
        play.act(Action::Mouse(Mouse {
            kind,
            column: 10,
            row: 2,
        }));
    }
    assert_eq!(play.state.play.editor.text(), SUGGESTION);
    assert!(play.state.play.editor.is_selected());
}

#[test]
fn a_prompt_that_was_given_or_restored_is_no_suggestion() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    type_text(&mut play, "x");
    assert_eq!(play.state.play.editor.text(), format!("{PROMPT}x"));
    let mut play = suggesting();
    press(&mut play, &["alt-p"]);
    play.state.play.editor.replace("restored");
    type_text(&mut play, "x");
    assert_eq!(play.state.play.editor.text(), "restoredx");
}

#[test]
fn after_a_run_letters_begin_the_next_prompt() {
    for text in ["The queen", "quit", "p", "?", "/", "]"] {
        let mut play = ended();
        assert_eq!(play.state.letters(), Letters::Begin);
        type_text(&mut play, text);
        assert_eq!(play.state.play.editor.text(), text);
        assert_eq!(
            (play.state.screen.page, play.state.play.focus),
            (Page::Play, Focus::Prompt)
        );
        assert!(!play.effects.contains(&Effect::Quit));
        assert!(play.state.screen.help.is_none() && play.state.screen.overlay.is_none());
        assert_eq!(play.state.play.text().tokens().len(), 6, "the text stays");
    }
    let mut play = ended();
    play.act(Action::Paste("A paste".to_owned()));
    assert_eq!(play.state.play.editor.text(), "A paste");
    press(&mut play, &["enter"]);
    assert!(
        matches!(&commands(&play)[..], [Command::Generate(request)] if request.prompt == "A paste")
    );
    assert_eq!(play.state.letters(), Letters::Begin, "and so on");
}

#[test]
fn while_the_text_streams_letters_begin_the_next_prompt_too() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    type_text(&mut play, "stop");
    assert_eq!(commands(&play), []);
    assert_eq!(play.state.engine.run, RunState::Running);
    assert_eq!(play.state.play.editor.text(), "stop");
    let screen = play.screen();
    assert!(
        screen.contains("^G pause") && screen.contains("^S stop"),
        "{screen}"
    );
    for (key, expected) in [
        ("ctrl-g", Effect::Send(Command::Pause)),
        ("ctrl-s", Effect::Send(Command::Cancel)),
    ] {
        press(&mut play, &[key]);
        assert!(
            play.effects.contains(&expected),
            "{key}: {:?}",
            play.effects
        );
    }
    press(&mut play, &["ctrl-n"]);
    let sent = commands(&play);
    assert!(
        matches!(&sent[..], [Command::Cancel, Command::Generate(request)] if request.prompt == PROMPT && request.generation.seed == 2),
        "{sent:?}"
    );
    assert_eq!(
        (
            play.state.play.editor.text().as_str(),
            play.state.play.focus
        ),
        ("stop", Focus::Prompt),
        "what is being written stays"
    );
}

#[test]
fn arrows_space_and_enter_act_on_the_text_while_the_prompt_is_ready() {
    let mut play = ended();
    press(&mut play, &["left"]);
    assert_eq!(
        (play.state.play.text().in_view(), play.state.letters()),
        (4, Letters::Begin)
    );
    press(&mut play, &["space"]);
    assert!(commands(&play).contains(&Command::Step));
    press(&mut play, &["enter"]);
    assert!(matches!(&commands(&play)[..], [Command::Generate(_)]));
    assert_eq!(play.state.letters(), Letters::Begin);
    press(&mut play, &["ctrl-w"]);
    assert_eq!(
        (
            play.state.play.editor.text().as_str(),
            play.state.play.focus
        ),
        ("", Focus::Prompt),
        "what deletes clears the prompt that was run"
    );
}

#[test]
fn letters_are_commands_once_a_pane_was_entered() {
    let entered: [fn(&mut Play); 3] = [
        |play| press(play, &["esc"]),
        |play| press(play, &["tab"]),
        |play| {
            play.act(Action::Mouse(logitscope::tui::Mouse {
                kind: logitscope::tui::MouseKind::Press,
                column: 40,
                row: 8,
            }));
        },
    ];
    for enter in entered {
        let mut play = ended();
        assert!(
            play.screen().contains("abc next prompt"),
            "{}",
            play.screen()
        );
        enter(&mut play);
        assert_eq!(play.state.letters(), Letters::Command);
        assert!(play.screen().contains("abc commands"), "{}", play.screen());
        press(&mut play, &["w"]);
        assert!(play.state.screen.overlay.is_some(), "the funnel");
        assert_eq!(play.state.play.editor.text(), PROMPT);
    }
    let mut play = ended();
    press(&mut play, &["shift-tab", "!"]);
    assert_eq!(
        play.state.play.editor.text(),
        format!("{PROMPT}!"),
        "back in the prompt, to edit it"
    );
}

#[test]
fn what_is_pasted_over_a_funnel_is_seen() {
    let mut play = ended();
    press(&mut play, &["esc", "w"]);
    play.act(Action::Paste("The fox".to_owned()));
    assert!(play.state.screen.overlay.is_none());
    assert!(play.screen().contains("The fox"));
}

#[test]
fn leaving_asks_while_something_goes_on_or_is_saved_nowhere() {
    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.state.saving.autosave_file = Some("session.json".into());
    press(&mut play, &["esc", "q"]);
    assert_eq!(play.effects, []);
    assert!(
        play.screen().contains("A run goes on. Leave?"),
        "{}",
        play.screen()
    );
    type_text(&mut play, "ueen");
    press(&mut play, &["enter"]);
    assert_eq!(play.effects, [], "text that is typed does not leave");
    press(&mut play, &["ctrl-u", "n", "o", "enter"]);
    assert!(play.state.screen.overlay.is_none());
    press(&mut play, &["q", "enter"]);
    assert_eq!(play.effects, [Effect::Quit]);

    let mut play = ended();
    play.state.saving.autosave_file = Some("session.json".into());
    press(&mut play, &["esc", "q"]);
    assert_eq!(
        play.effects,
        [Effect::Quit],
        "the texts are saved all along"
    );

    let mut play = ended();
    press(&mut play, &["esc", "q"]);
    assert!(play.screen().contains("saved nowhere"), "{}", play.screen());

    let mut play = Play::running(PROMPT, &[" there"], 80, 24);
    play.state.saving.autosave_file = Some("session.json".into());
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.frame();
    assert!(
        play.effects.contains(&Effect::Send(Command::Save)),
        "the end of a run saves: {:?}",
        play.effects
    );
    play.act(News::SaveFailed("The disk is full.".to_owned()));
    press(&mut play, &["esc", "esc", "q"]);
    assert!(play.screen().contains("saved nowhere"), "{}", play.screen());
    play.act(News::Leave);
    assert_eq!(play.effects, [Effect::Quit], "a signal does not ask");
}

#[test]
fn a_signal_ends_it_under_the_help_page_too() {
    let mut play = ended();
    play.act(Action::ToggleHelp);
    play.act(News::Leave);
    assert_eq!(play.effects, [Effect::Quit]);
}

#[test]
fn a_question_begins_with_its_old_answer_selected() {
    let mut play = ended();
    let samples = |play: &Play| {
        let rows = play.state.play.knob_rows();
        rows.iter().position(|row| row.name() == "samples")
    };
    play.state.focus_on(Focus::Knobs);
    play.state.play.knobs.selected = samples(&play).expect("a row");
    press(&mut play, &["=", "4", "enter"]);
    assert_eq!(play.state.play.settings.samples, 4);
    press(&mut play, &["=", "left", "1", "enter"]);
    assert_eq!(
        play.state.play.settings.samples, 14,
        "arrows keep the old value"
    );
    for question in [Question::Model, Question::SaveSession, Question::ChartText] {
        play.act(Action::Ask(question));
        let before = play.screen();
        play.acts("zzz".chars().map(Action::Insert));
        let after = play.screen();
        assert!(before.contains('›') && after.contains("› zzz"), "{after}");
        assert!(
            !after.contains("embeddedzzz") && !after.contains("svgzzz"),
            "{after}"
        );
        play.act(Action::Escape);
    }
}

#[test]
fn a_selected_answer_is_seen_as_selected() {
    use ratatui::style::Modifier;
    let mut play = ended();
    play.act(Action::Ask(Question::Model));
    let reversed = |play: &Play| {
        let buffer = play.buffer(logitscope::tui::ColourLevel::None);
        let row: Vec<_> = (0..80).map(|x| buffer[(x, 3)].clone()).collect();
        let marked = row
            .iter()
            .filter(|cell| cell.modifier.contains(Modifier::REVERSED));
        marked
            .map(|cell| cell.symbol().to_owned())
            .collect::<String>()
    };
    assert_eq!(reversed(&play), "embedded");
    play.act(Action::Edit(Edit::TextEnd));
    assert_eq!(reversed(&play), "");
}

#[test]
fn the_help_page_tells_the_rule() {
    let mut play = ended();
    press(&mut play, &["f1"]);
    // It comes after what the words mean, before the keys.
    let mut page = String::new();
    while !page.contains("Everywhere (") {
        page += &play.screen();
        play.act(Action::PageDown);
        assert!(page.lines().count() < 2000, "{page}");
    }
    for letters in Letters::ALL {
        let start: String = letters.rule().chars().take(40).collect();
        assert!(page.contains(&start), "{page}");
    }
}
