//! A second model beside the first: it is loaded, reads along, is seen, fails, and goes.

use insta::assert_snapshot;
use logitscope::engine::{Command, Event, LookRequest, RunState, Subject};
use logitscope::model::{LoadProgress, ModelInfo};
use logitscope::tui::{Action, Effect, Focus, Item, News};

use crate::fixtures::{NEXT_WORDS, Play, model, moment, read};

const PROMPT: &str = "Once upon a time";
const WORDS: [&str; 6] = [" there", " was", " a", " little", " girl", " who"];

/// A model with tokens of its own, unless `tokens` are those of the first.
fn other(tokens: u64) -> ModelInfo {
    ModelInfo {
        name: "SmolLM2-135M".to_owned(),
        token_set: tokens,
        ..model()
    }
}

/// A text that has ended, and a model beside that was just loaded.
fn second(tokens: u64, width: u16, height: u16) -> Play {
    let mut play = Play::running(PROMPT, &WORDS, width, height);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.act(Action::LoadSecond("./smol.gguf".to_owned()));
    assert!(matches!(
        play.effects.as_slice(),
        [Effect::LoadSecond(request)] if request.source == "./smol.gguf" && !request.chat
    ));
    hear(
        &mut play,
        Event::Loaded {
            model: other(tokens),
        },
    );
    play.frame();
    play
}

fn hear(play: &mut Play, event: Event) {
    play.act(News::Second(event));
}

/// What the second engine was sent at the last frame.
fn sent(play: &Play) -> Option<Command> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::SendSecond(command) => Some(command.clone()),
        _ => None,
    })
}

fn looked(play: &Play) -> Option<LookRequest> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::LookSecond(request) => Some(request.as_ref().clone()),
        _ => None,
    })
}

/// The second engine has read `text` and answers the look that follows.
fn answer(play: &mut Play, text: &str) {
    let tokens = read(text);
    hear(
        play,
        Event::PromptRead {
            subject: Subject::Draft,
            tokens: tokens.clone(),
            seconds: 0.01,
        },
    );
    play.frame();
    see(play, text);
}

fn see(play: &mut Play, text: &str) {
    let request = looked(play).expect("a look was asked for");
    let standing = read(text).get(request.position).cloned();
    hear(
        play,
        Event::Look {
            subject: Subject::Draft,
            moment: moment(request.position, standing, &NEXT_WORDS),
        },
    );
}

fn whole() -> String {
    [PROMPT, &WORDS.concat()].concat()
}

#[test]
fn both_models_odds_stand_side_by_side() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut play = second(1, width, height);
        answer(&mut play, &whole());
        play.act(Action::FocusNext);
        let name = format!("same_tokens_{width}x{height}");
        assert_snapshot!(name, play.screen());

        let mut play = second(2, width, height);
        // The other one cuts "girl who" as one token.
        let tokens = "Once upon a time there was a little girl_who".replace('_', "\u{a0}");
        answer(&mut play, &tokens);
        let name = format!("other_tokens_{width}x{height}");
        assert_snapshot!(name, play.screen());
    }
}

#[test]
fn the_same_tokens_are_read_as_ids_and_others_as_text() {
    let play = second(1, 120, 40);
    let ids: Vec<u32> = (100..110).collect();
    assert_eq!(sent(&play), Some(Command::InspectTokens { ids }));
    let play = second(2, 120, 40);
    let prompt = whole();
    assert_eq!(sent(&play), Some(Command::Inspect { prompt }));
}

#[test]
fn scrubbing_looks_elsewhere_without_reading_again() {
    let mut play = second(1, 120, 40);
    answer(&mut play, &whole());
    play.act(Action::Left);
    play.frame();
    assert_eq!(sent(&play), None);
    assert_eq!(looked(&play).map(|look| look.position), Some(8));
    play.frame();
    assert_eq!(looked(&play), None, "one look is out at a time");
}

#[test]
fn a_draft_is_read_as_it_is_typed() {
    let mut play = Play::inspected("Once", 120, 40);
    play.act(Action::LoadSecond("embedded".to_owned()));
    hear(&mut play, Event::Loaded { model: other(1) });
    play.frame();
    assert_eq!(sent(&play), Some(Command::InspectTokens { ids: vec![100] }));
    answer(&mut play, "Once");
    play.act(Action::FocusPrompt);
    play.act(Action::Insert('x'));
    play.hear(Event::PromptRead {
        subject: Subject::Draft,
        tokens: read("Once x"),
        seconds: 0.0,
    });
    play.frame();
    let ids = vec![100, 101];
    assert_eq!(sent(&play), Some(Command::InspectTokens { ids }));
}

#[test]
fn tab_in_the_list_of_models_loads_beside_and_the_list_unloads() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(Action::Models);
    let items = Item {
        label: "embedded".to_owned(),
        detail: String::new(),
        action: Action::LoadModel("embedded".to_owned()),
    };
    play.act(News::Listed(vec![items.clone()]));
    assert!(play.screen().contains("⇥ load beside"), "{}", play.screen());
    play.act(Action::FocusNext);
    assert!(matches!(play.effects.as_slice(), [Effect::LoadSecond(_)]));
    hear(
        &mut play,
        Event::Progress(LoadProgress::Weights { done: 1, total: 4 }),
    );
    assert!(play.screen().contains("+ embedded (loading 25 %)"));
    play.act(Action::Models);
    play.act(News::Listed(vec![items]));
    assert!(play.screen().contains("unload embedded, the model beside"));
    play.acts([Action::Down, Action::Run]);
    assert_eq!(play.effects, [Effect::UnloadSecond]);
    assert!(play.state.engine.second.is_none());
}

#[test]
fn what_goes_wrong_is_told_and_the_first_model_lives_on() {
    // A text that it cannot read: told once, not asked for again.
    let mut play = second(1, 120, 40);
    let message = "token 9 is outside the model's vocabulary".to_owned();
    hear(&mut play, Event::Failed { message });
    play.frame();
    assert_eq!(sent(&play), None);
    assert!(
        play.screen()
            .contains("The model beside: token 9 is outside")
    );
    assert!(play.state.engine.second.is_some());

    let died = Event::Died {
        message: "the model's thread panicked: no".to_owned(),
    };
    hear(&mut play, died);
    assert_eq!(play.effects, [Effect::UnloadSecond]);
    assert!(play.state.engine.second.is_none() && play.state.engine.model.is_some());
    assert!(
        play.screen()
            .contains("The model beside is gone, this one stays"),
        "{}",
        play.screen()
    );

    // Too little memory: nothing was loaded, so nothing stays.
    let mut play = Play::inspected(PROMPT, 120, 40);
    play.act(Action::LoadSecond("gpt2-xl".to_owned()));
    let message = "`gpt2-xl` takes about 1700 MB of memory".to_owned();
    hear(&mut play, Event::Failed { message });
    assert_eq!(play.effects, [Effect::UnloadSecond]);
    assert!(play.state.engine.second.is_none());
}

#[test]
fn an_interrupt_ends_the_loading_and_news_of_a_gone_model_mean_nothing() {
    let mut play = Play::inspected(PROMPT, 80, 24);
    play.act(Action::LoadSecond("embedded".to_owned()));
    play.act(Action::Interrupt);
    assert_eq!(play.effects, [Effect::UnloadSecond]);
    hear(&mut play, Event::Loaded { model: other(1) });
    assert!(play.state.engine.second.is_none() && !play.state.leaving);
    play.act(Action::UnloadSecond);
    assert!(play.screen().contains("There is no model beside this one."));
    assert_eq!(play.state.play.focus, Focus::Prompt);
}
