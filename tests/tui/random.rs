//! No sequence of actions at any size makes the playground panic or draw outside its rules.

use std::time::Duration;

use crate::fixtures::{Happening, NEXT_WORDS, Play, model, moment, read, token};
use logitscope::decoding::{
    Beam, BranchId, BranchInfo, Lineage, Origin, Otherwise, StopReason, TextStats, Tree, TreeToken,
};
use logitscope::engine::{Event, RunState, Subject, TrainingNews};
use logitscope::model::LoadProgress;
use logitscope::training::{Odds, OddsRow, RunEvent, SampleText, Samples, StepMetrics, Validation};
use logitscope::tui::{
    Action, ColourLevel, Edit, Effect, Mouse, MouseKind, News, Question, TrainAction, TreeAction,
};
use proptest::prelude::*;

fn plain() -> impl Strategy<Value = Action> {
    use Action::*;
    prop::sample::select(vec![
        Interrupt,
        Redraw,
        ToggleHelp,
        Escape,
        ToggleTheme,
        RestartEngine,
        FocusNext,
        FocusPrevious,
        FocusPrompt,
        Up,
        Down,
        Left,
        Right,
        PageUp,
        PageDown,
        First,
        Last,
        Follow,
        Run,
        Step,
        TogglePause,
        Stop,
        Retry,
        Rewind,
        RewindPaused,
        Take,
        TakePaused,
        BigLeft,
        BigRight,
        ToggleStage,
        Neutral,
        StageEarlier,
        StageLater,
        NextPreset,
        PreviousPreset,
        Palette,
        Zoom,
        CopyWhat,
        Models,
        TypeValue,
        Read,
        NextSample,
        PreviousSample,
        Branches,
        NameBranch,
        PruneBranch,
        CompareBranch,
        Funnel,
        Tree(TreeAction::Page),
        Tree(TreeAction::Take),
        Tree(TreeAction::TakePaused),
        Tree(TreeAction::Prune),
        Tree(TreeAction::Fold),
        Tree(TreeAction::Deeper),
        Tree(TreeAction::Narrower),
        Tree(TreeAction::Spread),
        Tree(TreeAction::Before),
        Tree(TreeAction::After),
        CycleMarking,
        MarkMore,
        MarkFewer,
        FindNext,
        Ask(Question::SearchText),
        Ask(Question::SearchNext),
        Ask(Question::ChartText),
    ])
}

fn training() -> impl Strategy<Value = Happening> {
    let acts = prop::sample::select(vec![
        TrainAction::Page,
        TrainAction::Enter,
        TrainAction::New,
        TrainAction::TogglePause,
        TrainAction::Checkpoint,
        TrainAction::Stop,
        TrainAction::Abandon,
        TrainAction::LearningRate,
        TrainAction::Logarithm,
        TrainAction::Window,
        TrainAction::ZoomIn,
        TrainAction::ZoomOut,
        TrainAction::PreviousSamples,
        TrainAction::NextSamples,
        TrainAction::Runs,
        TrainAction::ListBeside,
        TrainAction::DrawAlone,
        TrainAction::Project,
    ])
    .prop_map(|act| Action::Train(act).into());
    let news = (0u64..300, -9.0f64..9.0, ".{0,60}").prop_flat_map(|(step, loss, text)| {
        let sample = SampleText {
            prompt: text.clone(),
            text: text.clone(),
            seed: 1,
            ..SampleText::default()
        };
        let odds = OddsRow {
            id: step as u32 % 3,
            display: text.clone(),
            raw: loss as f32,
            last: 0.0,
        };
        prop::sample::select(vec![
            RunEvent::Step(StepMetrics {
                step,
                loss: if loss > 8.0 { f64::NAN } else { loss },
                smoothed: loss,
                seconds_left: f64::INFINITY,
                ..StepMetrics::default()
            }),
            RunEvent::Validation(Validation {
                step,
                loss,
                ..Validation::default()
            }),
            RunEvent::Samples(Samples {
                step,
                texts: vec![sample.clone(), sample],
                ..Samples::default()
            }),
            RunEvent::Odds(Odds {
                step,
                prompt: text.clone(),
                rows: vec![odds],
                ..Odds::default()
            }),
            RunEvent::Paused { step },
            RunEvent::Resumed { step },
            RunEvent::Notice { message: text },
        ])
    });
    let news = news.prop_map(TrainingNews::Event);
    let ended = ".{0,60}".prop_map(|why| TrainingNews::Ended(Err(why)));
    prop_oneof![
        3 => acts,
        4 => news.prop_map(|news| News::Training(news).into()),
        1 => ended.prop_map(|news| News::Training(news).into()),
    ]
}

fn mouse() -> impl Strategy<Value = Action> {
    let kind = prop::sample::select(vec![
        MouseKind::Press,
        MouseKind::Drag,
        MouseKind::Release,
        MouseKind::WheelUp,
        MouseKind::WheelDown,
    ]);
    (kind, 0u16..230, 0u16..70)
        .prop_map(|(kind, column, row)| Action::Mouse(Mouse { kind, column, row }))
}

fn branch() -> impl Strategy<Value = BranchInfo> {
    (0u32..6, prop::option::of(0u32..6), 0usize..20, ".{0,40}").prop_map(
        |(id, parent, fork, preview)| BranchInfo {
            lineage: Lineage {
                id: BranchId(id),
                name: None,
                parent: parent.map(BranchId),
                fork,
                prompt_len: 3,
                seed: 1,
            },
            current: id == 0,
            length: fork + 4,
            preview,
            stats: TextStats::default(),
        },
    )
}

fn edit() -> impl Strategy<Value = Action> {
    use Edit::*;
    prop::sample::select(vec![
        Newline,
        DeleteBack,
        DeleteForward,
        DeleteWordBack,
        DeleteWordForward,
        DeleteToLineStart,
        DeleteToLineEnd,
        WordLeft,
        WordRight,
        TextStart,
        TextEnd,
        Undo,
        Redo,
        Yank,
        HistoryPrevious,
        HistoryNext,
    ])
    .prop_map(Action::Edit)
}

/// A tree of tokens that hang each on one before it, or on none.
fn tree(tokens: Vec<(usize, u32, String)>) -> Tree {
    let mut tree = Tree::default();
    for (at, (before, id, display)) in tokens.into_iter().enumerate() {
        let parent = before.checked_sub(1).filter(|parent| *parent < at);
        let depth = parent.map_or(1, |parent: usize| tree.tokens[parent].depth + 1);
        tree.tokens.push(TreeToken {
            parent,
            depth,
            id,
            bytes: display.clone().into_bytes(),
            display,
            raw_probability: f32::NAN,
            probability: 0.3,
            cumulated: if id == 1 { f64::NAN } else { 0.1 },
            ends: id == 0,
        });
    }
    tree
}

fn event() -> impl Strategy<Value = Event> {
    let subject = || prop::sample::select(vec![Subject::Draft, Subject::Text]);
    prop_oneof![
        prop::sample::select(vec![
            RunState::Empty,
            RunState::Loading,
            RunState::Idle,
            RunState::Running,
            RunState::Paused
        ])
        .prop_map(|state| Event::State { state }),
        Just(Event::Loaded { model: model() }),
        ".{0,80}".prop_map(|message| Event::Notice { message }),
        ".{0,300}".prop_map(|message| Event::Failed { message }),
        ".{0,80}".prop_map(|message| Event::Died { message }),
        (0usize..9, 0usize..9)
            .prop_map(|(done, total)| Event::Progress(LoadProgress::Weights { done, total })),
        (any::<u64>(), any::<u64>(), any::<f64>()).prop_map(|(bytes, total, speed)| {
            Event::Progress(LoadProgress::Download {
                file: "\u{1b}x".to_owned(),
                bytes,
                total,
                bytes_per_second: speed,
                seconds_left: Some(speed),
            })
        }),
        (subject(), ".{0,60}").prop_map(|(subject, text)| Event::PromptRead {
            subject,
            tokens: read(&text),
            seconds: 0.1
        }),
        (
            0usize..30,
            prop::collection::vec(any::<u8>(), 0..6),
            0usize..4
        )
            .prop_map(|(position, bytes, sample)| {
                Event::Token {
                    sample,
                    record: token(position, &bytes, Origin::Generated),
                }
            }),
        (0usize..30).prop_map(|length| Event::Rewound { length }),
        (0usize..300, 0usize..300).prop_map(|(kept, dropped)| Event::Slid {
            sample: 0,
            kept,
            dropped
        }),
        (subject(), 0usize..30, 0usize..8).prop_map(|(subject, position, rows)| Event::Look {
            subject,
            moment: moment(position, None, &NEXT_WORDS[..rows])
        }),
        prop::collection::vec(branch(), 0..6).prop_map(|branches| Event::Branches { branches }),
        ".{0,60}".prop_map(|text| Event::Switched {
            branch: BranchId(1),
            seed: 7,
            tokens: read(&text),
        }),
        (0u32..6, ".{0,60}").prop_map(|(id, text)| Event::Branch {
            branch: BranchId(id),
            tokens: read(&text),
        }),
        (0usize..3, 0usize..30, 0usize..30).prop_map(|(sample, from, upto)| Event::Compared {
            sample,
            from,
            upto,
            otherwise: vec![Otherwise {
                position: upto,
                id: 3,
                display: "\u{1b}".to_owned(),
            }],
        }),
        prop::collection::vec(prop::collection::vec(0u32..3, 0..4), 0..4).prop_map(|beams| {
            let beam = |ids: Vec<u32>| Beam {
                ids,
                text: "a \u{7} b".to_owned(),
                log_probability: f64::NAN,
                score: -1.0,
                finished: None,
            };
            Event::Beams {
                sample: 0,
                beams: beams.into_iter().map(beam).collect(),
            }
        }),
        (
            1u64..4,
            prop::collection::vec((0usize..9, 0u32..4, ".{0,9}"), 0..9),
            any::<bool>()
        )
            .prop_map(|(number, tokens, done)| Event::Grown {
                number,
                tree: tree(tokens),
                done,
            }),
        (1u64..4, ".{0,80}").prop_map(|(number, message)| Event::GrowFailed { number, message }),
        (0usize..99, 0usize..4).prop_map(|(tokens, sample)| Event::Finished {
            sample,
            reason: StopReason::StopText("\n\n".to_owned()),
            tokens,
            seconds: 0.0
        }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let (width, height, millis) = (0u16..230, 0u16..70, 0u64..100_000);
    let news = prop_oneof![
        4 => event().prop_map(News::Engine),
        1 => (width, height).prop_map(|(width, height)| News::Resize(width, height)),
        2 => millis.prop_map(|millis| News::Frame(Duration::from_millis(millis))),
    ];
    let action = prop_oneof![
        4 => plain(),
        2 => mouse(),
        1 => any::<char>().prop_map(Action::Insert),
        1 => ".{0,200}".prop_map(Action::Paste),
        2 => edit(),
    ];
    prop_oneof![
        10 => action.prop_map(Happening::from),
        3 => training(),
        7 => news.prop_map(Happening::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(
        all in prop::collection::vec((happening(), any::<bool>()), 1..60),
        width in 1u16..220, height in 1u16..70,
    ) {
        let mut play = Play::running("Once upon a time", &[" there", " was"], width, height);
        play.state.play.settings.samples = 3;
        for (what, late) in all {
            if late {
                play.act_on_old(what);
            } else {
                play.act(what);
            }
            for look in play.effects.iter().filter_map(|effect| match effect {
                Effect::Look(look) => Some(look),
                _ => None,
            }) {
                let passage = match look.subject {
                    Subject::Draft => &play.state.play.draft,
                    Subject::Text => play.state.play.text(),
                };
                prop_assert!(look.position > 0 && look.position <= passage.tokens().len());
            }
            play.buffer(ColourLevel::Sixteen);
        }
        // The terminal may have another size than the last event said.
        play.buffer_at(height.max(1), width.max(1), ColourLevel::None);
    }

    #[test]
    fn every_size_can_be_drawn(width in 1u16..=240, height in 1u16..=80, help in any::<bool>()) {
        let mut play = Play::running("Once upon a time", &[" there", " was", " 日本語\n"], width, height);
        if help {
            play.act(Action::ToggleHelp);
        }
        play.buffer(ColourLevel::True);
    }
}
