//! The form of a new run: what it takes is said before it starts, and what is wrong where it is wrong.

use logitscope::engine::TrainingCommand;
use logitscope::training::{DataSummary, Recipe, Speed, Survey};
use logitscope::tui::{Action, Effect, News, TrainAction};

use crate::fixtures::Play;
use crate::training::{at_all_sizes, command, form};

/// The form when its corpus was read and a step was made.
fn priced(width: u16, height: u16) -> Play {
    let mut play = form(width, height);
    play.act(Action::Paste("'my poems.txt'".to_owned()));
    let Some(Effect::Survey { recipe, measure }) = play.effects.first().cloned() else {
        panic!("{:?}", play.effects);
    };
    assert!(measure);
    play.act(surveyed(*recipe, survey(), true));
    play
}

fn surveyed(recipe: Recipe, survey: Survey, last: bool) -> News {
    News::Surveyed {
        recipe: Box::new(recipe),
        found: Ok(Box::new(survey)),
        last,
    }
}

fn survey() -> Survey {
    Survey {
        bytes: 204_800,
        whole: true,
        documents: 1,
        training: DataSummary {
            documents: 1,
            tokens: 48_640,
            sequences: 190,
        },
        validation: Some(DataSummary {
            documents: 1,
            tokens: 2_560,
            sequences: 9,
        }),
        steps_per_epoch: 24,
        weights: 14_000_000,
        free: Some(30_000_000_000),
        remarks: vec![
            "the corpus is one document, so its end is held out; cut it with --split, or name a --validation-file"
                .to_owned(),
        ],
        prompt: Some("The wind is in".to_owned()),
        probe: Some("rain on the".to_owned()),
        speed: Some(Speed {
            step: 1.0,
            losses: 0.3,
            copy: 0.1,
            token: 0.005,
        }),
        ..Survey::default()
    }
}

#[test]
fn what_a_run_takes_stands_before_its_start() {
    at_all_sizes("form_priced", priced);
}

#[test]
fn the_corpus_is_looked_at_once_and_no_longer_than_the_form_is_shown() {
    let looks = |play: &Play| -> Vec<Effect> {
        let about = |effect: &&Effect| matches!(effect, Effect::Survey { .. } | Effect::EndSurvey);
        play.effects.iter().filter(about).cloned().collect()
    };
    let mut play = form(80, 24);
    assert_eq!(looks(&play), []);
    play.act(Action::Paste("poems.txt".to_owned()));
    let [Effect::Survey { recipe, .. }] = &looks(&play)[..] else {
        panic!("{:?}", play.effects);
    };
    let recipe = (**recipe).clone();
    sees(&play, "The corpus is being read");
    play.act(Action::Down);
    assert_eq!(looks(&play), []);
    // First without the time.
    let mut first = survey();
    first.speed = None;
    play.act(surveyed(recipe.clone(), first, false));
    assert_eq!(looks(&play), []);
    sees(&play, "a step is being measured");
    play.act(surveyed(recipe.clone(), survey(), true));
    sees(&play, "24 steps an epoch · 96 in all · about");
    // What is wrong is said on the row, in the form's words.
    play.act(Action::Up);
    play.act(Action::Paste("none.txt".to_owned()));
    let [Effect::Survey { recipe: other, .. }] = &looks(&play)[..] else {
        panic!("{:?}", play.effects);
    };
    let other = other.clone();
    play.act(surveyed(recipe, survey(), true));
    sees(&play, "The corpus is being read");
    play.act(News::Surveyed {
        recipe: other,
        found: Err("none.txt: No such file".to_owned()),
        last: true,
    });
    let screen = play.screen();
    let row = screen.lines().find(|line| line.contains("corpus"));
    assert!(
        row.is_some_and(|row| row.contains("✗ none.txt: No such")),
        "{screen}"
    );
    // Away from the form the look ends.
    play.act(Action::Paste("poems.txt".to_owned()));
    play.act(Action::Train(TrainAction::Page));
    assert_eq!(looks(&play), [Effect::EndSurvey]);
    play.act(Action::Train(TrainAction::Page));
    assert!(matches!(looks(&play)[..], [Effect::Survey { .. }]));
}

fn sees(play: &Play, said: &str) {
    let screen = play.screen();
    assert!(screen.contains(said), "{said}: {screen}");
}

#[test]
fn one_key_starts_the_run_from_every_row() {
    let rows = priced(80, 24).state.train.form.rows().len();
    for row in 0..rows {
        let mut play = priced(80, 24);
        play.act(Action::First);
        play.acts(vec![Action::Down; row]);
        // All that decides most is in sight, whatever row is.
        for said in ["start the run", "on this machine"] {
            sees(&play, said);
        }
        let key = play.state.key_action("f6".parse().expect("a key"));
        play.act(key.expect("it means something"));
        let Some(TrainingCommand::Start { recipe, .. }) = command(&play) else {
            panic!("{row}: {:?}", play.effects);
        };
        assert_eq!(
            recipe.data.corpus.files,
            [std::path::PathBuf::from("my poems.txt")]
        );
        assert_eq!(recipe.evaluation.prompts, ["The wind is in"]);
        assert_eq!(recipe.training.epochs, 4);
    }
}

#[test]
fn a_path_is_completed_as_it_is_typed() {
    let mut play = form(80, 24);
    play.acts("po".chars().map(Action::Insert));
    play.act(Action::FocusNext);
    assert_eq!(play.effects, [Effect::Complete("po".to_owned())]);
    let completed = |typed: &str, line: &str, names: &[&str]| News::Completed {
        typed: typed.to_owned(),
        line: line.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    play.act(completed("po", "poe", &["poems.txt", "poetry/"]));
    sees(&play, "poems.txt   poetry/");
    // What came late is of something that is typed no more.
    play.act(Action::Insert('m'));
    play.act(completed("poe", "poetry/", &["poetry/"]));
    play.act(completed("poem", "poems.txt", &["poems.txt"]));
    play.act(Action::Run);
    assert_eq!(
        play.state
            .train
            .form
            .to_survey()
            .map(|recipe| recipe.data.corpus.files),
        Some(vec!["poems.txt".into()])
    );
}
