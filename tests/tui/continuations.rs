//! The tree of what could follow: opened, walked, grown, pruned, taken, written.

use crate::fixtures::{Play, model};
use insta::assert_snapshot;
use logitscope::decoding::{Spread, Tree, TreeToken};
use logitscope::engine::{Command, Event, GrowRequest, RunState, Subject, Then};
use logitscope::sampling::Method;
use logitscope::tui::{Action, Chart, Copied, Effect, Mouse, MouseKind, Question, TreeAction};

const PROMPT: &str = "Once upon a time";
const WORDS: [&str; 6] = [" there", " was", " a", " little", " girl", " who"];
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// Tokens before the one in view, and its id.
const PLACE: usize = 9;
const STANDING: u32 = 109;

/// A text that has ended, with its last token in view.
fn ended(width: u16, height: u16) -> Play {
    let mut play = Play::running(PROMPT, &WORDS, width, height);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play
}

fn request(play: &Play) -> Option<GrowRequest> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::Grow(Some(request)) => Some(request.as_ref().clone()),
        _ => None,
    })
}

fn gives_up(play: &Play) -> bool {
    play.effects.contains(&Effect::Grow(None))
}

/// The tree, open, with what was asked for.
fn opened(width: u16, height: u16) -> (Play, GrowRequest) {
    let mut play = ended(width, height);
    play.act(Action::Tree(TreeAction::Page));
    play.frame();
    let request = request(&play).expect("a tree is asked for");
    (play, request)
}

fn token(parent: Option<(usize, f64)>, id: u32, display: &str, probability: f32) -> TreeToken {
    TreeToken {
        parent: parent.map(|(at, _)| at),
        depth: usize::from(parent.is_some()) + 1,
        id,
        bytes: display.replace('·', " ").into_bytes(),
        display: display.to_owned(),
        raw_probability: probability / 2.0,
        probability,
        cumulated: parent.map_or(1.0, |(_, before)| before) * f64::from(probability),
        ends: id == 0,
    }
}

/// Three tokens, of which the first is the text's own, the second wide, the third an end; and what follows the first two.
fn tree() -> Tree {
    let mut tokens = vec![
        token(None, STANDING, "·who", 0.5),
        token(None, 7, "·日本語", 0.25),
        token(None, 0, "<end>", 0.125),
        token(Some((0, 0.5)), 11, "·lived", 0.5),
        token(Some((0, 0.5)), 12, "\u{1b}[31m\u{202e}", 0.25),
        token(Some((1, 0.25)), 13, "👩‍👩‍👧", 0.002),
    ];
    tokens[2].bytes.clear();
    Tree {
        tokens,
        is_full: false,
    }
}

fn grown(width: u16, height: u16) -> Play {
    let (mut play, request) = opened(width, height);
    play.hear(Event::Grown {
        number: request.tree,
        tree: tree(),
        done: true,
    });
    play.frame();
    play
}

fn act(play: &mut Play, action: TreeAction) {
    play.act(Action::Tree(action));
}

fn sent(play: &Play) -> Vec<Command> {
    let commands = play.effects.iter().filter_map(|effect| match effect {
        Effect::Send(command) => Some(command.clone()),
        _ => None,
    });
    commands.collect()
}

#[test]
fn it_is_drawn_at_all_sizes() {
    for (width, height) in SIZES {
        let mut play = grown(width, height);
        play.acts([Action::Down, Action::Down]);
        act(&mut play, TreeAction::Prune);
        play.act(Action::Up);
        let screen = play.screen();
        assert!(!screen.contains('\u{1b}') && !screen.contains('\u{202e}'));
        assert_snapshot!(format!("tree_{width}x{height}"), screen);
    }
}

#[test]
fn its_marks_do_without_colour() {
    assert_snapshot!(grown(80, 24).marks());
}

#[test]
fn it_is_asked_for_once_with_the_settings_in_force() {
    let (mut play, request) = opened(80, 24);
    assert_eq!(request.subject, Subject::Text);
    assert_eq!((request.position, request.path.len()), (PLACE, 0));
    assert_eq!(request.sampler, play.state.play.settings.sampler);
    assert_eq!(
        (request.settings.depth, request.settings.spread),
        (3, Spread::TopN(3))
    );
    play.frame();
    assert_eq!(self::request(&play), None);
    // Past the last token it is what would come next.
    let mut play = ended(80, 24);
    play.acts([Action::FocusNext, Action::Right]);
    play.act(Action::Tree(TreeAction::Page));
    play.frame();
    let request = self::request(&play).expect("a tree is asked for");
    assert_eq!(request.position, PLACE + 1);
}

#[test]
fn other_depths_and_knobs_are_asked_for_at_once_and_late_answers_are_dropped() {
    let (mut play, first) = opened(80, 24);
    act(&mut play, TreeAction::Deeper);
    act(&mut play, TreeAction::Spread);
    act(&mut play, TreeAction::Wider);
    play.frame();
    let second = request(&play).expect("another tree");
    assert_eq!(second.settings.depth, 4);
    assert_eq!(second.settings.spread, Spread::Mass(0.65));
    play.hear(Event::Grown {
        number: first.tree,
        tree: tree(),
        done: true,
    });
    assert!(!play.screen().contains("lived"), "it is the older one");
    play.act(Action::NextPreset);
    play.frame();
    let third = request(&play).expect("other odds");
    assert_eq!(third.sampler, play.state.play.settings.sampler);
    assert_ne!(third.sampler, second.sampler);
    play.hear(Event::Grown {
        number: third.tree,
        tree: tree(),
        done: false,
    });
    let screen = play.screen();
    assert!(screen.contains("lived") && screen.contains("growing"));
}

#[test]
fn it_is_walked_folded_and_grown_on() {
    let mut play = grown(120, 40);
    let path = |play: &Play| {
        let screen = play.screen();
        let line = screen.lines().find(|line| line.contains('“'));
        line.expect("the path").to_owned()
    };
    assert!(path(&play).contains("“·who”"));
    play.act(Action::Right);
    assert!(path(&play).contains("“·who·lived”"));
    assert!(path(&play).contains("2 tokens · 25.000 % · 2.00 bits"));
    play.act(Action::Left);
    assert!(path(&play).contains("“·who”"));
    act(&mut play, TreeAction::Fold);
    assert!(play.screen().contains("▸ ·who") && !play.screen().contains("lived"));
    play.acts([Action::Right, Action::Right, Action::Right]);
    play.frame();
    let leaf = request(&play).expect("a leaf grows on");
    assert_eq!(leaf.path, [STANDING, 11]);
    assert_eq!(leaf.settings.depth, 1);
    play.hear(Event::Grown {
        number: leaf.tree,
        tree: Tree {
            tokens: vec![token(None, 21, "·alone", 0.5)],
            is_full: false,
        },
        done: true,
    });
    assert!(play.screen().contains("·alone"));
    assert!(play.screen().contains("7 tokens"));
    play.act(Action::Last);
    assert!(path(&play).contains("<end>"));
    play.act(Action::Right);
    play.frame();
    assert_eq!(request(&play), None, "nothing follows an end");
}

#[test]
fn the_path_is_put_into_the_text() {
    for (action, then) in [
        (TreeAction::Take, Then::Continue),
        (TreeAction::TakePaused, Then::Pause),
    ] {
        let mut play = grown(80, 24);
        play.act(Action::Down);
        act(&mut play, action);
        let replace = Command::Replace {
            position: PLACE,
            tokens: vec![STANDING, 11],
            then,
        };
        assert_eq!(sent(&play), [replace]);
        assert!(play.state.screen.overlay.is_none());
    }
    // Nothing goes on after an end.
    let mut play = grown(80, 24);
    play.act(Action::Last);
    act(&mut play, TreeAction::Take);
    assert!(matches!(
        &sent(&play)[..],
        [Command::Replace { tokens, then: Then::Pause, .. }] if *tokens == [0]
    ));
    // What was pruned is not there to be taken.
    let mut play = grown(80, 24);
    act(&mut play, TreeAction::Prune);
    act(&mut play, TreeAction::Take);
    assert_eq!(sent(&play), []);
}

#[test]
fn a_draft_is_made_a_text_first() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(Action::Tree(TreeAction::Page));
    play.frame();
    let request = request(&play).expect("a tree is asked for");
    assert_eq!((request.subject, request.position), (Subject::Draft, 4));
    play.hear(Event::Grown {
        number: request.tree,
        tree: tree(),
        done: true,
    });
    act(&mut play, TreeAction::Take);
    assert!(matches!(
        &sent(&play)[..],
        [Command::Generate(_), Command::Replace { position: 4, .. }]
    ));
}

#[test]
fn files_and_copies_leave_out_what_was_pruned() {
    let mut play = grown(80, 24);
    play.act(Action::Down);
    act(&mut play, TreeAction::Prune);
    let write = |play: &mut Play, name: &str| {
        play.act(Action::Ask(Question::ChartTree));
        play.act(Action::Paste(name.to_owned()));
        play.act(Action::Run);
        assert!(play.screen().contains("What could follow"), "it is back");
    };
    write(&mut play, "x.json");
    let [Effect::WriteTree(path, written)] = &play.effects[..] else {
        panic!("{:?}", play.effects)
    };
    assert_eq!(path.to_str(), Some("x.json"));
    assert_eq!(written.before, "Once upon a time there was a little girl");
    let ids: Vec<u32> = written.tree.tokens.iter().map(|token| token.id).collect();
    assert_eq!(ids, [STANDING, 7, 0, 12, 13]);
    assert_eq!(written.tree.tokens[4].parent, Some(1));
    write(&mut play, "x.svg");
    assert!(matches!(
        &play.effects[..],
        [Effect::DrawChart { chart, .. }]
            if matches!(&**chart, Chart::Tree { tree, .. } if tree.tokens.len() == 5)
    ));
    let copied = |play: &mut Play, what| {
        play.act(Action::Copy(what));
        match &play.effects[..] {
            [Effect::Copy(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(copied(&mut play, Copied::Path), " who lived");
    let table = copied(&mut play, Copied::TreeTable);
    assert_eq!(table.lines().count(), 6);
    assert_eq!(
        table.lines().nth(5),
        Some("4\t1\t2\t13\t👩‍👩‍👧\t0.001\t0.002\t0.0005000000237487257\tfalse")
    );
    // It comes back.
    act(&mut play, TreeAction::Prune);
    assert_eq!(copied(&mut play, Copied::TreeTable).lines().count(), 7);
}

#[test]
fn a_text_that_changes_before_it_makes_it_stale() {
    let mut play = grown(80, 24);
    play.generate(b" had");
    play.frame();
    assert!(!play.screen().contains("has changed"), "that is after it");
    act(&mut play, TreeAction::Deeper);
    play.frame();
    assert!(request(&play).is_some());
    play.hear(Event::Rewound { length: PLACE - 1 });
    play.frame();
    assert!(gives_up(&play), "nobody waits for it");
    assert!(play.screen().contains("The text before it has changed"));
    act(&mut play, TreeAction::Take);
    assert_eq!(sent(&play), []);
    play.hear(Event::Loaded { model: model() });
    play.frame();
    assert!(play.screen().contains("The text before it has changed"));
    play.act(Action::Escape);
    assert!(play.state.screen.overlay.is_none());
}

#[test]
fn why_it_does_not_grow_is_said() {
    let (mut play, request) = opened(80, 24);
    play.hear(Event::GrowFailed {
        number: request.tree,
        message: "the device has no room".to_owned(),
    });
    play.frame();
    assert!(
        play.screen()
            .contains("It does not grow: the device has no room")
    );
    assert_eq!(self::request(&play), None, "it is not asked for again");
    // With other settings it is.
    act(&mut play, TreeAction::Shallower);
    play.frame();
    assert!(self::request(&play).is_some());
    play.act(Action::Interrupt);
    assert!(gives_up(&play) && play.screen().contains("stopped"));
    assert!(!play.state.leaving);

    let said = |mut play: Play, why: &str| {
        play.act(Action::Tree(TreeAction::Page));
        assert!(play.state.screen.overlay.is_none());
        let screen = play.screen();
        assert!(screen.contains(why), "{why} is not in\n{screen}");
    };
    said(Play::new(PROMPT, 120, 40), "No model is loaded");
    said(Play::inspected("", 120, 40), "There is no text yet");
    let mut first = ended(120, 40);
    first.acts([Action::FocusNext, Action::First]);
    said(first, "Nothing predicts the first token");
}

#[test]
fn methods_without_odds_of_a_token_say_whose_these_are() {
    for (method, said) in [
        (Method::Beam, "beam search weighs whole texts"),
        (Method::Contrastive, "contrastive search weighs likeness"),
        (Method::MirostatV2, "steers by is left as it is"),
    ] {
        let mut play = grown(80, 24);
        play.state.play.settings.sampler.method = method;
        assert!(play.screen().contains(said), "{said}");
    }
}

#[test]
fn closing_ends_what_grows_and_keeps_what_a_hand_did() {
    let (mut play, request) = opened(80, 24);
    play.hear(Event::Grown {
        number: request.tree,
        tree: tree(),
        done: false,
    });
    act(&mut play, TreeAction::Prune);
    act(&mut play, TreeAction::Page);
    assert!(gives_up(&play));
    assert!(!play.screen().contains("What could follow"));
    act(&mut play, TreeAction::Page);
    assert!(play.screen().contains("pruned"));
    play.frame();
    assert!(self::request(&play).is_some(), "it grows to its end");
    // A legend over it leads back to it.
    play.act(Action::Legend);
    assert!(play.screen().contains("What the tree says"));
    play.act(Action::Escape);
    assert!(play.screen().contains("pruned"));
}

#[test]
fn it_grows_from_the_token_before_and_after() {
    let mut play = grown(80, 24);
    act(&mut play, TreeAction::Before);
    play.frame();
    let request = request(&play).expect("another place");
    assert_eq!(request.position, PLACE - 1);
    assert_eq!(play.state.play.text().in_view(), PLACE - 1);
    act(&mut play, TreeAction::After);
    act(&mut play, TreeAction::After);
    play.frame();
    let request = self::request(&play).expect("another place");
    assert_eq!(request.position, PLACE + 1);
}

#[test]
fn a_press_selects_and_the_wheel_walks() {
    let mut play = grown(120, 40);
    let mouse = |play: &mut Play, kind, text: &str| {
        let screen = play.screen();
        let found = screen.lines().enumerate().find_map(|(row, line)| {
            let at = line.find(text)?;
            Some((line[..at].chars().count() as u16, row as u16))
        });
        let (column, row) = found.unwrap_or_else(|| panic!("{text} is not in\n{screen}"));
        play.act(Action::Mouse(Mouse { kind, column, row }));
    };
    mouse(&mut play, MouseKind::Press, "·lived");
    assert!(play.screen().contains("“·who·lived”"));
    mouse(&mut play, MouseKind::WheelUp, "·lived");
    assert!(play.screen().contains("“·who”"));
    mouse(&mut play, MouseKind::Press, "▾ ·who");
    assert!(play.screen().contains("▸ ·who"), "pressed again it folds");
    play.act(Action::Mouse(Mouse {
        kind: MouseKind::Press,
        column: 0,
        row: 0,
    }));
    assert!(play.state.screen.overlay.is_none(), "beside it closes it");
}
