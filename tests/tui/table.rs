//! The table of runs, and what is done with a run from it.

use std::path::PathBuf;

use crate::fixtures::Play;
use crate::training::{command, form, news, read, room, step, trained};
use logitscope::engine::{TrainingCommand, TrainingNews};
use logitscope::training::{FinishReason, History, Recipe, Restore, RunEvent};
use logitscope::tui::{
    Action, Effect, GoingOn, News, ReadRecipe, RunProgress, RunRow, TrainAction,
};

fn row(name: &str, best: f64) -> RunRow {
    RunRow {
        name: name.to_owned(),
        path: PathBuf::from("runs").join(name),
        state: RunProgress::Ended(FinishReason::Completed),
        step: 60,
        planned: 100,
        validation: Some(best + 0.1),
        best: Some((best, 40)),
        rate: Some(1e-4),
        corpus: "poems.txt".to_owned(),
        when: None,
        verdict: None,
    }
}

/// The table of three runs over a screen, the first one selected.
fn table(mut play: Play) -> Play {
    play.act(Action::Train(TrainAction::Runs));
    assert!(matches!(&play.effects[..], [Effect::WatchRuns(_)]));
    let rows = vec![row("alpha", 3.5), row("beta", 3.2), row("run1", 4.2)];
    play.act(News::RunsWatched(rows));
    play
}

fn act(play: &mut Play, action: TrainAction) {
    play.act(Action::Train(action));
}

#[test]
fn runs_stand_in_a_table_and_are_sorted_by_any_column() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut play = table(form(width, height));
        let screen = play.screen();
        for said in ["alpha", "beta", "completed", "60/100", "★3.200 40"] {
            assert!(screen.contains(said), "{said}: {screen}");
        }
        let place = |play: &Play, name: &str| {
            let screen = play.screen();
            screen.lines().position(|line| line.contains(name))
        };
        for _ in 0..5 {
            act(&mut play, TrainAction::Sort);
        }
        assert!(play.screen().contains("by best at ↓"), "{}", play.screen());
        assert!(place(&play, "beta") < place(&play, "alpha"));
        act(&mut play, TrainAction::SortBackwards);
        assert!(place(&play, "beta") > place(&play, "alpha"));
        play.act(Action::Escape);
        assert!(play.effects.contains(&Effect::ForgetRuns));
        assert!(!play.screen().contains("beta"));
    }
}

#[test]
fn letters_are_commands_in_the_table_over_a_form_too() {
    let play = table(form(80, 24));
    let meant = |key: &str| play.state.key_action(key.parse().expect("a key"));
    assert_eq!(meant("R"), Some(Action::Train(TrainAction::Resume)));
    assert_eq!(meant("space"), Some(Action::Train(TrainAction::Show)));
}

#[test]
fn space_compares_and_enter_opens() {
    let mut play = table(trained(120, 40));
    act(&mut play, TrainAction::Show);
    let path = PathBuf::from("runs/alpha");
    assert!(play.effects.contains(&Effect::ReadRun {
        path: path.clone(),
        beside: true
    }));
    play.act(read("alpha", 60, false, true));
    // Its own letter stands on its row and on its line, whatever the colours.
    let screen = play.screen();
    let row = screen.lines().find(|line| line.contains("completed"));
    assert!(
        row.is_some_and(|row| row.contains("│a alpha") || row.contains("┃a alpha")),
        "{screen}"
    );
    assert!(screen.contains("─ run1 "), "{screen}");
    act(&mut play, TrainAction::Show);
    assert!(play.effects.is_empty() && play.state.train.beside.is_empty());
    act(&mut play, TrainAction::Enter);
    assert!(play.effects.contains(&Effect::ReadRun {
        path,
        beside: false
    }));
    assert!(play.state.train.table.is_none());
}

#[test]
fn rows_go_on_as_the_runs_do() {
    let mut play = table(form(120, 40));
    play.act(Action::Down);
    let mut later = row("beta", 3.1);
    later.state = RunProgress::Training;
    later.step = 75;
    play.act(News::RunsWatched(vec![row("alpha", 3.5), later]));
    let screen = play.screen();
    assert!(
        screen.contains("training") && screen.contains("75/100"),
        "{screen}"
    );
    let table = play.state.train.table.as_ref().expect("a table");
    assert_eq!(table.selected().map(|row| row.name.as_str()), Some("beta"));
}

#[test]
fn a_key_offers_both_demonstrations() {
    let mut play = form(80, 24);
    act(&mut play, TrainAction::Demos);
    let screen = play.screen();
    for said in [
        "style in seconds",
        "learns weather reports",
        "language from nothing in seconds",
        "from noise to sentences",
    ] {
        assert!(screen.contains(said), "{screen}");
    }
    play.acts([Action::Down, Action::Run]);
    play.act(room(&["nothing"], None));
    let Some(TrainingCommand::Start { recipe, .. }) = command(&play) else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(recipe.run.name, "nothing-2");
    assert_eq!(
        (recipe.model.layers, recipe.model.width),
        (Some(2), Some(128))
    );
    assert_eq!(recipe.tokenizer.train.vocabulary, 512);
}

#[test]
fn a_run_goes_on_to_the_end_of_the_epoch_and_pause_says_resume() {
    let mut play = trained(120, 40);
    let meant = play.state.key_action(".".parse().expect("a key"));
    assert_eq!(meant, Some(Action::Train(TrainAction::ToEpochEnd)));
    act(&mut play, TrainAction::ToEpochEnd);
    assert_eq!(command(&play), Some(&TrainingCommand::ToEpochEnd));
    assert!(play.screen().contains("p pause"), "{}", play.screen());
    news(&mut play, RunEvent::Paused { step: 120 });
    assert!(play.screen().contains("p resume"), "{}", play.screen());
}

/// A recipe that can be started.
fn recipe(name: &str) -> Recipe {
    let mut recipe = Recipe::default();
    recipe.run.name = name.to_owned();
    recipe.data.corpus.files = vec!["poems.txt".into()];
    recipe.training.batch = 3;
    recipe.model.from = "embedded".to_owned();
    recipe
}

#[test]
fn a_run_is_resumed_by_its_own_recipe() {
    let mut play = table(form(120, 40));
    act(&mut play, TrainAction::Resume);
    assert_eq!(play.effects, [Effect::ReadResume("runs/alpha".into())]);
    let start = {
        play.act(Action::Escape);
        play.act(Action::Paste("poems.txt".to_owned()));
        play.state.train.form.start().expect("a run")
    };
    let found = |changes: &[&str]| {
        let mut start = start.clone();
        start.restore = Restore::Latest;
        start.recipe = recipe("alpha");
        News::GoingOn(Ok(Box::new(GoingOn {
            start,
            history: History::new(),
            changes: changes.iter().map(|&change| change.to_owned()).collect(),
        })))
    };
    // What stands in the way is said where it was asked.
    let mut asked = table(form(120, 40));
    let why = "the run `alpha` goes on already".to_owned();
    asked.act(News::GoingOn(Err(why)));
    assert!(
        asked.screen().contains("✗ the run `alpha` goes on"),
        "{}",
        asked.screen()
    );
    play.act(found(&[]));
    let Some(TrainingCommand::Start {
        recipe, restore, ..
    }) = command(&play)
    else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(
        (recipe.run.name.as_str(), recipe.training.batch),
        ("alpha", 3)
    );
    assert_eq!(*restore, Restore::Latest);
}

#[test]
fn a_run_fills_the_form_at_the_step_in_view_under_the_next_free_name() {
    let mut play = trained(120, 40);
    play.act(Action::First);
    act(&mut play, TrainAction::Fill);
    assert_eq!(
        play.effects,
        [Effect::ReadRecipe {
            path: "runs/run1".into(),
            step: Some(1)
        }]
    );
    play.act(News::RecipeRead(Ok(Box::new(ReadRecipe {
        recipe: recipe("run1"),
        checkpoint: Some("runs/run1/checkpoints/step-40".to_owned()),
    }))));
    play.act(News::RunNames(["run1", "run2"].map(str::to_owned).into()));
    let start = play.state.train.form.start().expect("a run");
    assert_eq!(start.recipe.model.from, "runs/run1/checkpoints/step-40");
    assert_eq!(start.recipe.training.batch, 3);
    assert_eq!(start.recipe.run.name, "run3");
    assert!(play.screen().contains("run3"), "{}", play.screen());
}

#[test]
fn the_best_is_exported_in_both_forms_and_deleting_asks() {
    for (action, half) in [
        (TrainAction::Export, false),
        (TrainAction::ExportHalf, true),
    ] {
        let mut play = table(form(120, 40));
        act(&mut play, action);
        assert!(play.screen().contains("Export the run's best model"));
        play.act(Action::Run);
        assert_eq!(
            play.effects,
            [Effect::ExportRun {
                run: "runs/alpha".into(),
                target: "alpha-model".into(),
                half
            }]
        );
    }
    let mut play = table(form(120, 40));
    act(&mut play, TrainAction::Delete);
    play.act(Action::Run);
    assert!(play.effects.is_empty(), "an empty answer is no");
    act(&mut play, TrainAction::Delete);
    play.acts("yes".chars().map(Action::Insert));
    play.act(Action::Run);
    assert_eq!(play.effects, [Effect::DeleteRun("runs/alpha".into())]);
}

#[test]
fn a_second_start_waits_for_the_first_to_end() {
    let mut play = trained(120, 40);
    act(&mut play, TrainAction::New);
    play.acts([Action::First, Action::Train(TrainAction::Enter)]);
    assert!(command(&play).is_none());
    let screen = play.screen();
    assert!(screen.contains("run2 begins when it is over"), "{screen}");
    // It is not lost without a word.
    play.act(Action::Quit);
    let screen = play.screen();
    assert!(
        screen.contains("the one that waits will not begin"),
        "{screen}"
    );
    assert_eq!(play.effects, []);
    play.act(Action::Escape);
    play.acts([Action::Interrupt]);
    let screen = play.screen();
    assert!(
        screen.contains("the run that waits will not begin"),
        "{screen}"
    );
    play.act(Action::Escape);
    news(&mut play, step(101));
    assert!(command(&play).is_none());
    let ended = TrainingNews::Ended(Err("no disk".to_owned()));
    play.act(News::Training(ended));
    let Some(TrainingCommand::Start { recipe, .. }) = command(&play) else {
        panic!("{:?}", play.effects);
    };
    assert_eq!(recipe.run.name, "run2");
}

#[test]
fn the_palette_finds_what_is_done_with_runs() {
    for (typed, first) in [
        ("resume", "train-resume"),
        ("compare", "train-show"),
        ("best", "best: open the run's best checkpoint"),
        ("export", "train-export"),
        ("demo", "demo-style"),
    ] {
        let mut play = trained(120, 40);
        play.act(Action::Palette);
        play.acts(typed.chars().map(Action::Insert));
        let screen = play.screen();
        assert!(screen.contains(first), "{typed}: {screen}");
    }
}
