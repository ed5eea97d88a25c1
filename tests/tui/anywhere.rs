//! Looking anywhere: other knobs along the text, branches, samples, the funnel, searching, copying.

use crate::fixtures::{Play, read, token};
use insta::assert_snapshot;
use logitscope::decoding::{
    Beam, BranchId, BranchInfo, Lineage, Origin, Otherwise, StopReason, TextStats, TokenRecord,
};
use logitscope::engine::{Command, Event, RunState, Session, Subject};
use logitscope::tui::{Action, Copied, Effect, News, Question, SessionFile};

const PROMPT: &str = "Once upon a time";
const WORDS: [&str; 6] = [" there", " was", " a", " little", " girl", " who"];
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn at_all_sizes(name: &str, scene: impl Fn(u16, u16) -> Play) {
    for (width, height) in SIZES {
        assert_snapshot!(
            format!("{name}_{width}x{height}"),
            scene(width, height).screen()
        );
    }
}

/// A text that has ended.
fn ended(width: u16, height: u16) -> Play {
    let mut play = Play::running(PROMPT, &WORDS, width, height);
    play.hear(Event::Finished {
        sample: 0,
        reason: StopReason::MaxTokens,
        tokens: 6,
        seconds: 0.05,
    });
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play
}

fn branch(id: u32, parent: Option<u32>, fork: usize, preview: &str) -> BranchInfo {
    BranchInfo {
        lineage: Lineage {
            id: BranchId(id),
            name: (id == 0).then(|| "the first".to_owned()),
            parent: parent.map(BranchId),
            fork,
            prompt_len: 4,
            seed: 1,
        },
        current: id == 2,
        length: fork + 6,
        preview: preview.to_owned(),
        stats: TextStats {
            tokens: 6,
            surprisal: 3.25,
            ..TextStats::default()
        },
    }
}

fn with_branches(width: u16, height: u16) -> Play {
    let mut play = ended(width, height);
    play.hear(Event::Branches {
        branches: vec![
            branch(0, None, 0, "Once upon a time there was a king"),
            branch(1, Some(0), 6, " an old\nwoman"),
            branch(2, Some(0), 4, " there was a little girl"),
        ],
    });
    play.act(Action::Branches);
    play
}

/// Three samples of the same prompt.
fn sampled(width: u16, height: u16) -> Play {
    let mut play = Play::inspected(PROMPT, width, height);
    play.state.play.settings.samples = 3;
    play.act(Action::Run);
    play.hear(Event::State {
        state: RunState::Running,
    });
    play.hear(Event::PromptRead {
        subject: Subject::Text,
        tokens: read(PROMPT),
        seconds: 0.01,
    });
    for (sample, words) in [
        [" there", " was", " a", " king"],
        [" a", " fox", " a", " fox"],
        [" in", " a", " far", " land"],
    ]
    .iter()
    .enumerate()
    {
        for (at, word) in words.iter().enumerate() {
            play.hear(Event::Token {
                sample,
                record: token(4 + at, word.as_bytes(), Origin::Generated),
            });
        }
    }
    play.frame();
    play
}

fn sent(play: &Play) -> Vec<Command> {
    let commands = play.effects.iter().filter_map(|effect| match effect {
        Effect::Send(command) => Some(command.clone()),
        _ => None,
    });
    commands.collect()
}

#[test]
fn other_knobs_are_told_along_the_text() {
    at_all_sizes("otherwise", |width, height| {
        let mut play = ended(width, height);
        play.acts([Action::FocusNext, Action::FocusNext, Action::FocusNext]);
        play.act(Action::Right);
        play.frame();
        let asked = play
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Compare(_)));
        assert!(asked, "a turned knob asks for a comparison");
        play.hear(Event::Compared {
            sample: 0,
            from: 0,
            upto: 10,
            otherwise: vec![
                Otherwise {
                    position: 7,
                    id: 9,
                    display: "·tiny".to_owned(),
                },
                Otherwise {
                    position: 9,
                    id: 8,
                    display: "·in".to_owned(),
                },
            ],
        });
        play
    });
}

#[test]
fn what_is_compared_is_asked_for_once_and_again_after_a_turn() {
    let compares = |play: &Play| {
        let compare = |effect: &&Effect| matches!(effect, Effect::Compare(_));
        play.effects.iter().filter(compare).count()
    };
    let mut play = ended(120, 40);
    play.frame();
    play.frame();
    assert_eq!(compares(&play), 0, "it was asked for while the run went on");
    play.state.play.knobs.selected = 0;
    play.acts([Action::FocusNext, Action::FocusNext, Action::FocusNext]);
    play.act(Action::NextPreset);
    play.frame();
    assert_eq!(compares(&play), 1);
    play.frame();
    assert_eq!(compares(&play), 0);
}

#[test]
fn branches_are_a_tree() {
    at_all_sizes("branches", with_branches);
    let mut play = with_branches(120, 40);
    play.hear(Event::Branch {
        branch: BranchId(0),
        tokens: read("Once upon a time there was a king in a castle"),
    });
    assert_snapshot!("branches_compared_120x40", play.screen());
}

#[test]
fn branches_are_walked_named_pruned_and_compared() {
    let mut play = with_branches(120, 40);
    play.act(Action::First);
    play.act(Action::Run);
    assert_eq!(sent(&play), [Command::Switch(BranchId(0))]);
    play.act(Action::Branches);
    play.acts([Action::Last, Action::PruneBranch]);
    assert_eq!(sent(&play), [Command::Prune(BranchId(1))]);
    play.act(Action::CompareBranch);
    assert_eq!(sent(&play), [Command::Show(BranchId(1))]);
    play.act(Action::NameBranch);
    play.acts("a fox".chars().map(Action::Insert));
    play.act(Action::Run);
    assert_eq!(
        sent(&play),
        [Command::Name {
            branch: BranchId(1),
            name: Some("a fox".to_owned())
        }]
    );
}

#[test]
fn a_branch_that_is_switched_to_is_the_text() {
    let mut play = with_branches(120, 40);
    play.hear(Event::Switched {
        branch: BranchId(1),
        seed: 77,
        tokens: read("Once upon a time there lived"),
    });
    assert_eq!(play.state.play.text().tokens().len(), 6);
    assert_eq!(play.state.play.settings.generation.seed, 77);
}

#[test]
fn samples_stand_beside_each_other() {
    at_all_sizes("samples", sampled);
}

#[test]
fn acting_on_a_sample_makes_it_the_text() {
    let mut play = sampled(120, 40);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.act(Action::PreviousSample);
    assert_eq!(play.state.play.sample, 2);
    play.acts([Action::FocusNext, Action::Left]);
    let place = play.state.play.text().in_view();
    play.act(Action::RewindPaused);
    let sent = sent(&play);
    assert_eq!(sent[0], Command::Select { sample: 2 });
    assert!(
        matches!(sent[1], Command::Rewind { length, .. } if length == place),
        "{sent:?}"
    );
    assert_eq!(play.state.play.texts.len(), 1);
    let last = play
        .state
        .play
        .text()
        .tokens()
        .last()
        .map(|token| token.bytes.clone());
    assert_eq!(last.as_deref(), Some(&b" land"[..]));
}

#[test]
fn the_funnel_shows_the_whole_way() {
    at_all_sizes("funnel", |width, height| {
        let mut play = ended(width, height);
        play.act(Action::Funnel);
        play
    });
}

#[test]
fn beams_live_and_die_in_the_funnel() {
    let mut play = Play::running(PROMPT, &[" in"], 120, 40);
    let beam = |ids: &[u32], text: &str, score: f64| Beam {
        ids: ids.to_vec(),
        text: text.to_owned(),
        log_probability: score,
        score,
        finished: None,
    };
    play.hear(Event::Beams {
        sample: 0,
        beams: vec![beam(&[1], " there", -0.5), beam(&[2], " in", -0.75)],
    });
    play.hear(Event::Beams {
        sample: 0,
        beams: vec![
            beam(&[1, 3], " there was", -0.6),
            beam(&[1, 4], " there lived", -0.9),
        ],
    });
    play.act(Action::Funnel);
    assert_snapshot!("beams_120x40", play.screen());
}

#[test]
fn the_palette_finds_and_does_what_is_typed() {
    at_all_sizes("palette", |width, height| {
        let mut play = ended(width, height);
        play.act(Action::Palette);
        play.acts("preset".chars().map(Action::Insert));
        play
    });
    let mut play = ended(120, 40);
    play.act(Action::Palette);
    play.acts("sampler preset: greedy".chars().map(Action::Insert));
    play.act(Action::Run);
    let name = play
        .state
        .play
        .preset()
        .map(|at| play.state.play.knobs.presets[at].0.clone());
    assert_eq!(name.as_deref(), Some("greedy"));
}

#[test]
fn values_are_typed_and_checked() {
    let mut play = ended(120, 40);
    play.acts([Action::FocusNext, Action::FocusNext, Action::FocusNext]);
    play.act(Action::TypeValue);
    play.act(Action::Edit(logitscope::tui::Edit::DeleteToLineStart));
    play.acts("-3".chars().map(Action::Insert));
    play.act(Action::Run);
    assert_snapshot!("typed_value_120x40", play.screen());
    let before = play.state.play.settings.sampler.clone();
    play.act(Action::Edit(logitscope::tui::Edit::DeleteToLineStart));
    play.acts("1.35".chars().map(Action::Insert));
    play.act(Action::Run);
    assert_ne!(play.state.play.settings.sampler, before);
    assert_eq!(play.state.play.settings.sampler.temperature, 1.35);
}

#[test]
fn a_text_is_searched_and_a_table_too() {
    let mut play = ended(120, 40);
    play.acts([Action::FocusNext, Action::FocusNext]);
    play.act(Action::Ask(Question::SearchText));
    play.acts("WAS".chars().map(Action::Insert));
    play.act(Action::Run);
    assert_eq!(play.state.play.text().in_view(), 5);
    play.act(Action::Ask(Question::SearchText));
    play.act(Action::Edit(logitscope::tui::Edit::DeleteToLineStart));
    play.acts("zebra".chars().map(Action::Insert));
    play.act(Action::Run);
    assert!(play.screen().contains("no token of the text contains that"));
    play.act(Action::Escape);
    play.act(Action::Ask(Question::SearchNext));
    play.acts("qu".chars().map(Action::Insert));
    play.act(Action::Run);
    play.frame();
    let searches = play
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Look(request) if request.search == "qu"));
    assert!(searches, "{:?}", play.effects);
}

#[test]
fn what_is_copied_is_what_is_seen() {
    let mut play = ended(120, 40);
    let copied = |play: &mut Play, what| {
        play.act(Action::Copy(what));
        match &play.effects[..] {
            [Effect::Copy(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    };
    let text = copied(&mut play, Copied::Text);
    assert_eq!(text, "Once upon a time there was a little girl who");
    let table = copied(&mut play, Copied::NextTable);
    let columns = |line: &str| line.split('\t').count();
    assert!(
        table.lines().count() > 3 && table.lines().all(|line| columns(line) == 7),
        "{table}"
    );
    let tokens = copied(&mut play, Copied::TokenTable);
    assert_eq!(tokens.lines().count(), 11);
    assert!(tokens.lines().all(|line| columns(line) == 7), "{tokens}");
    let record = copied(&mut play, Copied::Record);
    let record: TokenRecord = serde_json::from_str(&record).expect("a record");
    assert_eq!(Some(&record), play.state.play.text().token_in_view());
}

#[test]
fn a_session_is_saved_and_opened() {
    let mut play = ended(120, 40);
    play.act(Action::Ask(Question::SaveSession));
    play.act(Action::Run);
    assert!(sent(&play).contains(&Command::Save), "{:?}", play.effects);
    play.hear(Event::Saved {
        session: Session::default(),
    });
    let [
        Effect::WriteSession {
            path,
            session,
            tell: true,
        },
    ] = &play.effects[..]
    else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(path.to_str(), Some("session.json"));
    let mut session: SessionFile = (**session).clone();
    session.sampler.temperature = 0.33;
    session.prompt = "Another".to_owned();
    play.act(News::SessionRead(Ok(Box::new(session))));
    assert_eq!(play.state.play.settings.sampler.temperature, 0.33);
    assert!(play.screen().contains("Another"));
    assert!(
        matches!(&sent(&play)[..], [Command::Restore(_)]),
        "{:?}",
        play.effects
    );
}

#[test]
fn the_session_is_saved_all_along_but_not_at_every_frame() {
    let mut play = ended(120, 40);
    play.state.saving.autosave_file = Some("auto.json".into());
    play.state.saving.due = true;
    play.frame();
    assert!(sent(&play).contains(&Command::Save));
    play.frame();
    assert!(!sent(&play).contains(&Command::Save), "nothing is new");
}

#[test]
fn a_zoomed_pane_has_the_whole_screen() {
    let mut play = ended(80, 24);
    play.act(Action::FocusNext);
    play.act(Action::Zoom);
    assert_snapshot!("zoomed_80x24", play.screen());
    play.act(Action::Zoom);
    assert!(play.screen().contains("Prompt"));
}

#[test]
fn colours_go_round_and_their_borders_move() {
    let mut play = ended(120, 40);
    for name in ["rank", "surprisal", "entropy", "probability"] {
        play.act(Action::CycleMarking);
        assert!(play.screen().contains(name), "{name}");
    }
    play.act(Action::MarkMore);
    assert!(play.screen().contains("≥62%"), "{}", play.screen());
}

#[test]
fn a_prompt_is_examined_without_generating() {
    let mut play = Play::inspected(PROMPT, 120, 40);
    play.act(Action::Read);
    let [Command::Generate(request)] = &sent(&play)[..] else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(request.generation.max_tokens, 0);
    assert!(
        play.state.play.settings.generation.max_tokens > 0,
        "the knob stays"
    );
}

#[test]
fn the_first_screen_and_the_help_name_the_lessons() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut options = crate::fixtures::options("Once upon a time");
        options.suggested = true;
        let mut play = Play::with(&options, width, height);
        assert!(play.screen().contains("F7 lessons"), "{}", play.screen());
        play.act(Action::ToggleHelp);
        assert!(
            play.screen().contains("New here? F7 has lessons"),
            "{}",
            play.screen()
        );
    }
}
