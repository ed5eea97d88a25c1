//! The Train screen: the form, a run as it goes, and what its keys ask of the trainer.

use crate::fixtures::Play;
use insta::assert_snapshot;
use logitscope::engine::{Command, TrainingCommand, TrainingNews};
use logitscope::training::{
    Allowed, CheckpointNote, CorpusNote, FinishReason, Finished, History, MeanLoss, MeanOf,
    Memorised, Odds, OddsRow, Reading, Restore, RunEvent, SampleText, Samples, Started,
    StepMetrics, Validation,
};
use logitscope::tui::{
    Action, Effect, GoingOn, Mouse, MouseKind, News, Page, ReadRun, Room, TrainAction,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

pub fn at_all_sizes(name: &str, scene: impl Fn(u16, u16) -> Play) {
    for (width, height) in SIZES {
        let screen = scene(width, height).screen();
        assert_snapshot!(format!("{name}_{width}x{height}"), screen);
    }
}

/// The form as it opens.
pub fn form(width: u16, height: u16) -> Play {
    let mut play = Play::inspected("Once upon a time", width, height);
    play.act(Action::Train(TrainAction::Page));
    play
}

/// The run of a form whose corpus was pasted, as it is asked for.
pub fn started(width: u16, height: u16) -> Play {
    let mut play = form(width, height);
    play.act(Action::Paste("poems.txt\n".to_owned()));
    play.acts([Action::First, Action::Train(TrainAction::Enter)]);
    play
}

pub fn news(play: &mut Play, event: RunEvent) {
    play.act(News::Training(TrainingNews::Event(event)));
}

pub fn step(step: u64) -> RunEvent {
    let loss = 4.0 + 2.0 / step as f64 + 0.1 * (step as f64 * 1.7).sin();
    RunEvent::Step(StepMetrics {
        step,
        epoch: step as f64 / 40.0,
        loss: if step == 33 { f64::NAN } else { loss },
        smoothed: 4.0 + 2.2 / step as f64,
        perplexity: loss.exp(),
        accuracy: 0.267,
        learning_rate: 8.2e-4,
        gradient_norm: 0.71,
        tokens: step * 1024,
        tokens_per_second: 11_240.0,
        elapsed: step as f64 * 0.1,
        seconds_left: 4320.0,
        memory: Some(812_000_000),
        ..StepMetrics::default()
    })
}

pub fn samples(step: u64, text: &str) -> RunEvent {
    RunEvent::Samples(Samples {
        step,
        epoch: step as f64 / 40.0,
        texts: vec![SampleText {
            prompt: "this movie is".to_owned(),
            text: text.to_owned(),
            seed: 1,
            ..SampleText::default()
        }],
        memorised: Some(Memorised {
            length: 4,
            ngrams: 141,
            share: 0.021,
        }),
    })
}

pub fn odds(step: u64, good: f32) -> RunEvent {
    let row = |id: u32, display: &str, raw: f32| OddsRow {
        id,
        display: display.to_owned(),
        raw,
        last: raw,
    };
    RunEvent::Odds(Odds {
        step,
        epoch: step as f64 / 40.0,
        prompt: "this movie is".to_owned(),
        entropy: 5.21,
        rows: vec![
            row(1, "·a", good),
            row(2, "·not", good / 3.0),
            row(3, "\u{1b}[2J", 0.01),
        ],
    })
}

/// A run of 100 steps, sampled thrice.
pub fn trained(width: u16, height: u16) -> Play {
    let mut play = started(width, height);
    news(
        &mut play,
        RunEvent::Started(Started {
            memory: logitscope::training::Memory::default(),
            run: "run1".to_owned(),
            directory: "runs/run1".to_owned(),
            device: "cpu".to_owned(),
            parameters: 5_853_184,
            trainable: 5_853_184,
            context: 256,
            training: Default::default(),
            validation: None,
            steps: 400,
            steps_per_epoch: 40,
            resumed_after: None,
        }),
    );
    for at in 1..=100 {
        news(&mut play, step(at));
        if at % 40 == 0 {
            let validation = Validation {
                step: at,
                epoch: at as f64 / 40.0,
                loss: 4.4 - at as f64 / 400.0,
                perplexity: 73.7,
                bits_per_byte: 1.61,
                best: true,
                ..Validation::default()
            };
            news(&mut play, RunEvent::Validation(validation));
            news(
                &mut play,
                samples(at, " a good movie and\nthe \u{1b}[31mrest"),
            );
            news(&mut play, odds(at, at as f32 / 400.0));
            let note = CheckpointNote {
                step: at,
                // A directory that is there, wherever the tests run.
                path: env!("CARGO_MANIFEST_DIR").to_owned(),
                ..CheckpointNote::default()
            };
            news(&mut play, RunEvent::Checkpoint(note));
        }
    }
    play
}

pub fn command(play: &Play) -> Option<&TrainingCommand> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::Train(command) => Some(command.as_ref()),
        _ => None,
    })
}

#[test]
fn the_form_shows_each_default_and_why() {
    at_all_sizes("train_form", form);
}

#[test]
fn a_run_shows_its_losses_numbers_samples_and_odds() {
    at_all_sizes("train_run", trained);
}

#[test]
fn a_run_is_scrubbed_and_drawn_by_its_logarithm() {
    at_all_sizes("train_scrubbed", |width, height| {
        let mut play = trained(width, height);
        play.acts([
            Action::Train(TrainAction::PreviousSamples),
            Action::Train(TrainAction::PreviousSamples),
            Action::Train(TrainAction::Logarithm),
            Action::Train(TrainAction::ZoomIn),
        ]);
        play
    });
}

/// The name of the run that the last action started, and the model it begins with.
fn begun(play: &Play) -> Option<(&str, &str)> {
    let [Effect::Train(command)] = &play.effects[..] else {
        return None;
    };
    match &**command {
        TrainingCommand::Start { recipe, .. } => Some((&recipe.run.name, &recipe.model.from)),
        _ => None,
    }
}

/// Where a demonstration is kept.
pub fn room(names: &[&str], elsewhere: Option<&str>) -> News {
    News::Room(Ok(Room {
        elsewhere: elsewhere.map(Into::into),
        names: names.iter().map(|&name| name.into()).collect(),
    }))
}

#[test]
fn a_demonstration_works_where_nothing_can_be_written_and_says_where_it_is_kept() {
    let mut play = form(120, 40);
    play.act(Action::Train(TrainAction::Demo));
    play.act(room(&[], Some("/tmp/logitscope-runs-7")));
    let Some(TrainingCommand::Start { recipe, .. }) = command(&play) else {
        panic!("{:?}", play.effects);
    };
    let aside = std::path::Path::new("/tmp/logitscope-runs-7");
    assert_eq!(recipe.run.directory, aside);
    assert_eq!(play.state.train.directory(), aside);
    let screen = play.screen();
    assert!(
        screen.contains("is kept in /tmp/logitscope-runs-7"),
        "{screen}"
    );
    // The next one asks anew.
    let mut play = form(120, 40);
    play.act(Action::Train(TrainAction::DemoNothing));
    play.act(News::Room(Err("no room".to_owned())));
    assert_eq!(command(&play), None);
    assert!(play.screen().contains("no room"));
}

#[test]
fn one_key_starts_the_demonstration() {
    let mut play = form(120, 40);
    let demo = Action::Train(TrainAction::Demo);
    let names = |names: &[&str]| room(names, None);
    play.act(demo.clone());
    play.act(names(&[]));
    assert_eq!(begun(&play), Some(("demo", "embedded")));
    // The next one waits for its end and has the next name.
    play.act(demo.clone());
    assert_eq!(play.effects, []);
    let failed = TrainingNews::Ended(Err("no disk".to_owned()));
    play.act(News::Training(failed));
    play.act(demo);
    play.act(names(&["demo"]));
    assert_eq!(begun(&play), Some(("demo-2", "embedded")));
}

#[test]
fn reading_the_corpus_is_seen() {
    let mut play = started(120, 40);
    let reading = Reading {
        purpose: "training".to_owned(),
        bytes: 30,
        total_bytes: 120,
        documents: 7,
        skipped: 1,
        tokens: 900,
    };
    news(&mut play, RunEvent::Reading(reading));
    let screen = play.screen();
    for said in ["7 documents, 900 tokens, 1 skipped", "25 %"] {
        assert!(screen.contains(said), "{screen}");
    }
    assert!(screen.contains("preparing"), "{screen}");
}

#[test]
fn what_became_of_the_texts_is_told_with_what_they_are_for() {
    let mut play = started(120, 40);
    for purpose in ["training", "validation"] {
        news(
            &mut play,
            RunEvent::Corpus(CorpusNote {
                purpose: purpose.to_owned(),
                tokens: 620,
                ..CorpusNote::default()
            }),
        );
        let screen = play.screen();
        let told = format!("✓ Texts for {purpose}: 0 files");
        assert!(screen.contains(&told), "{screen}");
    }
}

#[test]
fn the_form_starts_the_run_that_it_describes() {
    let mut play = form(120, 40);
    // Nothing to learn from: the row is named and stays to be filled.
    play.acts([Action::First, Action::Train(TrainAction::Enter)]);
    assert!(command(&play).is_none());
    assert!(play.screen().contains("there is no corpus"));
    play.act(Action::Paste("a.txt; b.csv".to_owned()));
    // What is typed goes into the row, whatever keys do elsewhere.
    let typed = play.state.key_action("q".parse().expect("a key"));
    assert_eq!(typed, Some(Action::Insert('q')));
    play.act(Action::Insert('q'));
    assert!(play.screen().contains("corpus (several with ; between)"));
    play.act(Action::Escape);
    // A number is asked for in a line, and refused with a reason.
    for _ in 0..6 {
        play.act(Action::Down);
    }
    // What decides least is folded: the batch is under memory.
    play.acts([Action::Train(TrainAction::Enter), Action::Down]);
    play.act(Action::Train(TrainAction::Enter));
    play.acts("x".chars().map(Action::Insert));
    play.act(Action::Run);
    let refused = play.screen();
    assert!(refused.contains("is no whole number"), "{refused}");
    play.acts([
        Action::Edit(logitscope::tui::Edit::DeleteToLineStart),
        Action::Insert('3'),
        Action::Run,
    ]);
    play.acts([Action::First, Action::Train(TrainAction::Enter)]);
    let Some(TrainingCommand::Start {
        recipe,
        restore: Restore::Fresh,
        allowed: Allowed {
            overwrite: false,
            changes: false,
        },
    }) = command(&play)
    else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(recipe.data.corpus.files.len(), 2);
    assert_eq!(recipe.training.batch, 3);
    assert_eq!(recipe.evaluation.prompts, ["Once upon a time"]);
    // One run at a time.
    play.acts([
        Action::Train(TrainAction::New),
        Action::First,
        Action::Train(TrainAction::Enter),
    ]);
    assert!(command(&play).is_none());
    assert!(play.screen().contains("A run goes on already"));
}

#[test]
fn a_run_is_paused_saved_steered_and_stopped() {
    let mut play = trained(120, 40);
    let mut asked = |action: TrainAction| {
        play.act(Action::Train(action));
        command(&play).cloned()
    };
    assert_eq!(
        asked(TrainAction::TogglePause),
        Some(TrainingCommand::Pause)
    );
    assert_eq!(
        asked(TrainAction::Checkpoint),
        Some(TrainingCommand::Checkpoint)
    );
    news(&mut play, RunEvent::Paused { step: 100 });
    assert!(play.screen().contains("‖ training 25 %"));
    play.act(Action::Train(TrainAction::TogglePause));
    assert_eq!(command(&play), Some(&TrainingCommand::Resume));
    news(&mut play, RunEvent::Resumed { step: 100 });
    // The rate is asked for, the present one suggested.
    play.act(Action::Train(TrainAction::LearningRate));
    assert!(play.screen().contains("8.2e-4"));
    play.acts([
        Action::Edit(logitscope::tui::Edit::DeleteToLineStart),
        Action::Paste("-1".to_owned()),
        Action::Run,
    ]);
    assert!(play.screen().contains("`-1` is no rate"));
    play.acts([
        Action::Edit(logitscope::tui::Edit::DeleteToLineStart),
        Action::Paste("1e-5".to_owned()),
        Action::Run,
    ]);
    assert_eq!(
        command(&play),
        Some(&TrainingCommand::SetLearningRate(1e-5))
    );
    let change = RunEvent::LearningRate {
        step: 100,
        rate: 1e-5,
        factor: 0.1,
    };
    news(&mut play, change);
    assert!(play.screen().contains("rate set to 1.00e-5 after step 100"));
    // Giving up is asked for first.
    play.acts([Action::Train(TrainAction::Abandon), Action::Run]);
    assert_eq!(command(&play), None);
    play.act(Action::Train(TrainAction::Stop));
    assert_eq!(command(&play), Some(&TrainingCommand::Stop));
    assert!(play.screen().contains("◌ saving"));
    let finished = Finished {
        reason: FinishReason::Stopped,
        step: 100,
        smoothed: 4.02,
        mean_loss: Some(MeanLoss {
            loss: 4.031,
            of: MeanOf::Steps(50),
        }),
        best_validation: Some(4.2),
        elapsed: 10.0,
        checkpoint: None,
        failure: None,
    };
    play.act(News::Training(TrainingNews::Ended(Ok(finished.clone()))));
    news(&mut play, RunEvent::Finished(finished));
    let screen = play.screen();
    assert!(screen.contains("stopped and saved at step 100"), "{screen}");
    // By its name, so that the lag of a smoothed loss is not taken for the loss.
    assert!(
        screen.contains("mean loss of the last 50 steps 4.0310"),
        "{screen}"
    );
    play.act(Action::Train(TrainAction::TogglePause));
    assert_eq!(command(&play), None);
}

#[test]
fn abandoning_needs_a_yes() {
    let mut play = trained(120, 40);
    play.act(Action::Train(TrainAction::Abandon));
    play.acts("maybe".chars().map(Action::Insert));
    play.act(Action::Run);
    assert!(play.screen().contains("type yes"));
    play.acts([
        Action::Edit(logitscope::tui::Edit::DeleteToLineStart),
        Action::Paste("yes".to_owned()),
        Action::Run,
    ]);
    assert_eq!(command(&play), Some(&TrainingCommand::Abandon));
}

#[test]
fn a_run_that_fails_goes_back_to_the_form_with_its_reason() {
    let mut play = started(120, 40);
    let why = "the run `run1` exists; choose another --run-name".to_owned();
    play.act(News::Training(TrainingNews::Ended(Err(why))));
    let screen = play.screen();
    assert!(
        screen.contains("Training: the run `run1` exists"),
        "{screen}"
    );
    // In the form's own words, on its row.
    assert!(screen.contains("another “run name”"), "{screen}");
    assert_eq!(play.state.train.form.selected(), Some(5));
    assert!(screen.contains("start the run"), "{screen}");
    // One that had made steps stays in view.
    let mut play = trained(120, 40);
    let why = "the loss at step 101 is NaN".to_owned();
    play.act(News::Training(TrainingNews::Ended(Err(why))));
    let screen = play.screen();
    assert!(
        screen.contains("failed") && screen.contains("Loss · run1"),
        "{screen}"
    );
}

#[test]
fn the_checkpoint_in_view_opens_in_play() {
    let mut play = trained(120, 40);
    play.acts([Action::First, Action::Train(TrainAction::Enter)]);
    assert!(
        play.screen()
            .contains("There is no checkpoint at or before this step")
    );
    play.acts([Action::Last, Action::Train(TrainAction::Enter)]);
    let loads = |effect: &Effect| {
        matches!(effect, Effect::Send(Command::Load(request))
            if request.source == env!("CARGO_MANIFEST_DIR"))
    };
    assert!(play.effects.iter().any(loads), "{:?}", play.effects);
    assert_eq!(play.state.screen.page, Page::Play);
}

#[test]
fn another_run_is_opened_and_drawn_beside() {
    let mut play = trained(120, 40);
    play.act(Action::Train(TrainAction::ListBeside));
    assert!(matches!(
        &play.effects[..],
        [Effect::ListRuns { beside: true, .. }]
    ));
    play.act(Action::Escape);
    let mut other = History::new();
    for at in 1..=60 {
        other.push(&step(at));
    }
    let path = std::path::PathBuf::from("runs/other");
    for beside in [true, false] {
        play.act(News::RunRead {
            path: path.clone(),
            beside,
            read: Ok(Box::new(ReadRun {
                history: other.clone(),
                running: false,
            })),
        });
    }
    let screen = play.screen();
    assert!(screen.contains("Loss · other"), "{screen}");
    // What goes on is a key away.
    play.act(Action::Escape);
    let screen = play.screen();
    assert!(
        screen.contains("Loss · run1") && screen.contains("a other"),
        "{screen}"
    );
    play.act(Action::Train(TrainAction::DrawAlone));
    assert!(!play.screen().contains("a other"));
    play.act(News::RunRead {
        path,
        beside: false,
        read: Err("there is no run `other` in runs".to_owned()),
    });
    assert!(play.screen().contains("there is no run `other`"));
}

/// A run that was read from the disk.
pub fn read(name: &str, steps: u64, running: bool, beside: bool) -> News {
    let mut history = History::new();
    for at in 1..=steps {
        history.push(&step(at));
    }
    News::RunRead {
        path: std::path::Path::new("runs").join(name),
        beside,
        read: Ok(Box::new(ReadRun { history, running })),
    }
}

/// The field that says what becomes of a run of the same name.
const RESTORE: usize = 6;

#[test]
fn going_on_with_another_recipe_is_asked_for_and_keeps_the_steps() {
    let mut play = form(120, 40);
    play.act(Action::Paste("poems.txt".to_owned()));
    play.state.train.form.select(RESTORE);
    play.act(Action::Right);
    assert_eq!(play.state.train.form.value(RESTORE), "go on");
    play.acts([Action::First, Action::Train(TrainAction::Enter)]);
    let [Effect::ReadGoingOn(start)] = &play.effects[..] else {
        panic!("{:?}", play.effects);
    };
    let start = (**start).clone();
    let mut history = History::new();
    for at in 1..=30 {
        history.push(&step(at));
    }
    let found = |changes: &[&str]| {
        News::GoingOn(Ok(Box::new(GoingOn {
            start: start.clone(),
            history: history.clone(),
            changes: changes.iter().map(|&change| change.to_owned()).collect(),
        })))
    };
    play.act(found(&["corpus: a.txt → poems.txt"]));
    let screen = play.screen();
    assert!(screen.contains("corpus: a.txt → poems.txt"), "{screen}");
    assert_eq!(command(&play), None);
    play.acts("yes".chars().map(Action::Insert));
    play.act(Action::Run);
    let Some(TrainingCommand::Start { allowed, .. }) = command(&play) else {
        panic!("{:?}", play.effects);
    };
    assert!(allowed.changes);
    assert_eq!(play.state.train.step_in_view(), 30);
    // What cannot change is told in the form's words, on the form, although the run has steps to be seen.
    let why = "the run `run1` was started with 32 as data.context and cannot go on with 64: leave that as it was, or choose another --run-name";
    play.act(News::Training(TrainingNews::Ended(Err(why.to_owned()))));
    let screen = play.screen();
    assert!(
        screen.contains("start the run") && screen.contains("“context”"),
        "{screen}"
    );
    assert!(
        !screen.contains("data.context") && !screen.contains("--run-name"),
        "{screen}"
    );
}

#[test]
fn going_on_with_changed_texts_is_asked_for() {
    let mut play = started(120, 40);
    let why = "the corpus changed since the run `run1` was started: bring back what it was, go on all the same with --accept-changes, or choose another --run-name";
    play.act(News::Training(TrainingNews::Ended(Err(why.to_owned()))));
    let screen = play.screen();
    assert!(
        screen.contains("the corpus changed since the run"),
        "{screen}"
    );
    assert!(!screen.contains("--accept-changes"), "{screen}");
    play.acts("yes".chars().map(Action::Insert));
    play.act(Action::Run);
    let Some(TrainingCommand::Start { allowed, .. }) = command(&play) else {
        panic!("{:?}", play.effects);
    };
    assert!(allowed.changes);
}

#[test]
fn something_is_shown_when_an_opened_run_is_left() {
    let mut play = form(120, 40);
    play.act(read("other", 60, false, false));
    assert!(play.screen().contains("Loss · other"));
    play.act(Action::Escape);
    let screen = play.screen();
    assert!(screen.contains("start the run"), "{screen}");
}

#[test]
fn a_run_of_another_terminal_is_followed() {
    let mut play = form(120, 40);
    play.act(read("other", 60, true, false));
    let screen = play.screen();
    assert!(screen.contains("training elsewhere"), "{screen}");
    assert!(screen.contains("h 12 min left"), "{screen}");
    let News::RunRead { path, read, .. } = read("other", 75, false, false) else {
        panic!("a run that was read");
    };
    let read = read.expect("a history");
    play.act(News::RunGrew { path, read });
    let screen = play.screen();
    assert!(screen.contains("broken off"), "{screen}");
    assert_eq!(play.state.train.step_in_view(), 75);
    assert!(!screen.contains(" left"), "{screen}");
}

#[test]
fn the_demonstration_takes_a_name_that_is_free() {
    let mut play = form(120, 40);
    play.act(Action::Train(TrainAction::Demo));
    assert!(matches!(&play.effects[..], [Effect::FindRoom(_)]));
    play.act(room(&["demo"], None));
    let Some(TrainingCommand::Start { recipe, .. }) = command(&play) else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(recipe.run.name, "demo-2");
}

#[test]
fn the_legend_shortens_and_stays() {
    let mut play = trained(120, 40);
    for name in ["sonnets-of-1609", "plays"] {
        play.act(read(name, 60, false, true));
    }
    let screen = play.screen();
    let top = screen.lines().nth(1).unwrap_or_default().to_owned();
    assert!(
        top.contains("smoothed") && top.contains("validation"),
        "{top}"
    );
    assert!(
        top.contains("a sonnets") && top.contains("b plays"),
        "{top}"
    );
    // Without colours too, since letters stand on the curves.
    let chart = |letter| {
        screen
            .lines()
            .skip(2)
            .take(20)
            .any(|line: &str| line.contains(letter))
    };
    assert!(chart('a') && chart('b'), "{screen}");
}

#[test]
fn a_new_run_is_shown_whole() {
    let mut play = trained(120, 40);
    play.acts([Action::First, Action::Train(TrainAction::ZoomIn)]);
    assert!(play.state.train.span().to < 100);
    play.act(read("other", 100, false, false));
    let span = play.state.train.span();
    assert_eq!((span.from, span.to), (1, 100));
}

#[test]
fn an_earlier_step_says_nothing_of_the_time_left() {
    let mut play = trained(120, 40);
    assert!(play.screen().contains(" left"));
    play.act(Action::Left);
    let screen = play.screen();
    assert!(!screen.contains("min left"), "{screen}");
}

#[test]
fn a_press_on_the_chart_looks_at_its_step_and_one_on_a_row_edits_it() {
    let mut play = trained(120, 40);
    let press = |column, row| {
        Action::Mouse(Mouse {
            kind: MouseKind::Press,
            column,
            row,
        })
    };
    play.act(press(8, 5));
    assert_eq!(play.state.train.step_in_view(), 1);
    play.act(Action::Train(TrainAction::New));
    // The row of memory: chosen by the first press, opened by the second.
    play.act(press(20, 10));
    assert!(!play.screen().contains('▾'));
    play.act(press(20, 10));
    assert!(play.screen().contains('▾'));
    // The row of the batch: chosen by the first press, edited by the second.
    play.act(press(20, 11));
    assert!(play.state.screen.overlay.is_none());
    play.act(press(20, 11));
    assert!(play.screen().contains("batch (empty: the default)"));
}

#[test]
fn play_is_a_key_away_and_keeps_its_place() {
    let mut play = trained(120, 40);
    play.act(Action::Train(TrainAction::Page));
    let screen = play.screen();
    assert!(
        screen.contains("Sampler") && screen.contains("● training 25 %"),
        "{screen}"
    );
    // Nothing that belongs to Play happens on the other screen.
    play.act(Action::Train(TrainAction::Page));
    play.act(Action::Rewind);
    assert!(play.effects.is_empty());
    assert_eq!(play.state.screen.page, Page::Train);
}

/// A run that memorises since step 40, as it goes on.
fn memorising(width: u16, height: u16) -> Play {
    let mut play = trained(width, height);
    for (at, loss) in [(101, 4.5), (120, 4.6)] {
        news(&mut play, step(at));
        let validation = Validation {
            step: at,
            loss,
            perplexity: 81.2,
            bits_per_byte: 1.71,
            ..Validation::default()
        };
        news(&mut play, RunEvent::Validation(validation));
    }
    play
}

pub fn finished(play: &mut Play, reason: FinishReason) {
    let finished = Finished {
        reason,
        step: 120,
        smoothed: 4.02,
        mean_loss: None,
        best_validation: Some(4.2),
        elapsed: 10.0,
        checkpoint: None,
        failure: None,
    };
    news(play, RunEvent::Finished(finished.clone()));
    play.act(News::Training(TrainingNews::Ended(Ok(finished))));
}

fn loaded(play: &Play) -> bool {
    let loads = |effect: &Effect| matches!(effect, Effect::Send(Command::Load(_)));
    play.effects.iter().any(loads)
}

#[test]
fn a_run_that_memorises_says_so_and_which_keys_act_on_it() {
    at_all_sizes("train_memorising", memorising);
    // The smallest screen has room for the rate and the norm all the same.
    let small = memorising(80, 24).screen();
    assert!(small.contains("rate 8.20e-4 · grad norm"), "{small}");
    let mut play = memorising(120, 40);
    // Without colours too, which this checks: words and signs say it all.
    play.marks();
    let screen = play.screen();
    assert!(
        screen.contains("▲ memorising: best 4.20 at step 80"),
        "{screen}"
    );
    assert!(screen.contains("opens step 80 · S stops"), "{screen}");
    // On the chart too.
    let chart: String = screen
        .lines()
        .skip(2)
        .take(18)
        .map(|line| line.chars().take(70).collect::<String>())
        .collect();
    assert!(chart.contains('★'), "{screen}");
    // Enter means what is said, also where newer checkpoints exist.
    news(
        &mut play,
        RunEvent::Checkpoint(CheckpointNote {
            step: 120,
            path: env!("CARGO_TARGET_TMPDIR").to_owned(),
            ..CheckpointNote::default()
        }),
    );
    finished(&mut play, FinishReason::Stopped);
    let screen = play.screen();
    assert!(
        screen.contains("memorising: best 4.20 at step 80, since then +0.40."),
        "{screen}"
    );
    play.act(Action::Train(TrainAction::Enter));
    let best = |effect: &Effect| {
        matches!(effect, Effect::Send(Command::Load(request))
            if request.source == env!("CARGO_MANIFEST_DIR"))
    };
    assert!(play.effects.iter().any(best), "{:?}", play.effects);
    // The newest is a key away.
    play.acts([
        Action::Train(TrainAction::Page),
        Action::Last,
        Action::Train(TrainAction::Enter),
    ]);
    assert!(
        loaded(&play) && !play.effects.iter().any(best),
        "{:?}",
        play.effects
    );
}

#[test]
fn a_run_that_diverges_says_so_and_suggests_a_rate() {
    let mut play = trained(120, 40);
    news(
        &mut play,
        RunEvent::Step(StepMetrics {
            step: 101,
            loss: 1240.0,
            learning_rate: 8.2e-4,
            ..StepMetrics::default()
        }),
    );
    let screen = play.screen();
    let said = ["✗ diverging: loss × 3", " in one step, 101"];
    assert!(said.iter().all(|said| screen.contains(said)), "{screen}");
    assert!(screen.contains("r: try 8e-5"), "{screen}");
    play.act(Action::Train(TrainAction::LearningRate));
    assert!(play.screen().contains("8e-5"));
    play.act(Action::Run);
    assert_eq!(
        command(&play),
        Some(&TrainingCommand::SetLearningRate(8e-5))
    );
    news(
        &mut play,
        RunEvent::Finished(Finished {
            reason: FinishReason::Diverged,
            step: 101,
            smoothed: 9.0,
            mean_loss: None,
            best_validation: None,
            elapsed: 10.0,
            checkpoint: None,
            failure: None,
        }),
    );
    let why = "the loss at step 102 is NaN".to_owned();
    play.act(News::Training(TrainingNews::Ended(Err(why))));
    let screen = play.screen();
    assert!(
        screen.contains("Training: ✗ diverging: loss × "),
        "{screen}"
    );
    assert!(screen.contains("n: try 8e-5"), "{screen}");
}

#[test]
fn a_step_of_a_finished_run_without_a_checkpoint_says_that_it_is_over_and_where_to_ask_for_more() {
    let mut play = trained(120, 40);
    finished(&mut play, FinishReason::Completed);
    play.act(Action::Escape);
    play.acts([Action::First, Action::Train(TrainAction::Enter)]);
    let screen = play.screen();
    assert!(
        screen.contains("There is no checkpoint at or before this step: the run is over"),
        "{screen}"
    );
    assert!(screen.contains("in the form (n)"), "{screen}");
    assert!(!loaded(&play));
}

#[test]
fn no_line_of_the_run_is_cut_on_a_small_terminal() {
    let mut play = started(80, 24);
    let before = Validation {
        loss: 5.087,
        perplexity: 161.9,
        bits_per_byte: 2.1034,
        ..Validation::default()
    };
    news(&mut play, RunEvent::Validation(before));
    news(&mut play, step(1));
    let screen = play.screen();
    assert!(screen.contains("validation 5.0870 untrained"), "{screen}");
    assert!(
        screen.contains("2.1034 bits/byte") || screen.contains("2.103 b/B"),
        "{screen}"
    );
}

#[test]
fn help_on_the_train_screen_begins_with_its_words() {
    let mut play = trained(120, 40);
    play.act(Action::ToggleHelp);
    let screen = play.screen();
    let first = |screen: &str, said: &str| screen.lines().position(|line| line.contains(said));
    assert_eq!(first(&screen, "What Train, Loss says"), Some(2), "{screen}");
    for said in ["smooth", "★", "ppl", "acc", "grad norm"] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    assert!(first(&screen, "What Next token says").is_none(), "{screen}");
    // At the pane in hand.
    for (go_on, said) in [
        (Action::FocusNext, "What Train, Run says"),
        (Action::FocusNext, "What Train, Samples says"),
        (Action::FocusNext, "What Train, Odds says"),
        (
            Action::Train(TrainAction::New),
            "What Train, a new run says",
        ),
        (Action::Train(TrainAction::Runs), "What Train, runs says"),
    ] {
        play.act(Action::Escape);
        play.act(go_on);
        play.act(Action::ToggleHelp);
        let screen = play.screen();
        assert_eq!(first(&screen, said), Some(2), "{said}: {screen}");
    }
}
