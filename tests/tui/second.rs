//! A second model beside the first: it is loaded, reads along, is seen, fails, and goes.

use std::sync::Arc;

use insta::assert_snapshot;
use logitscope::decoding::{Change, ShiftedToken};
use logitscope::engine::{
    Command, Diverged, Event, HandedLogits, LogitsRequest, LookRequest, RunState, Subject,
};
use logitscope::model::{LoadProgress, ModelInfo, Rows};
use logitscope::tui::{Action, Effect, Focus, Item, Marking, News};

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

/// What the first engine was asked for at the last frame.
fn asked(play: &Play) -> Option<LogitsRequest> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::Send(Command::Logits(request)) => Some(request.clone()),
        _ => None,
    })
}

/// The first engine hands out what it was asked for, and the second one compares: `bits` says what it finds at a place.
fn compare(play: &mut Play, bits: impl Fn(usize) -> f64) -> LogitsRequest {
    let request = asked(play).expect("logits were asked for");
    let places = request.positions.clone();
    let all = read(&whole());
    let end = places.end.min(all.len());
    play.hear(Event::Logits(HandedLogits {
        ids: all[..end].iter().map(|token| token.id).collect(),
        from: places.start,
        rows: Arc::new(Rows::new(4, vec![0.0; 4 * places.len()])),
    }));
    let rows = match sent(play) {
        Some(Command::Diverge { rows, .. }) => rows,
        other => panic!("nothing was handed on: {other:?}"),
    };
    let standing = all.get(places.start);
    let diverged = Diverged {
        from: places.start,
        bits: places.clone().map(&bits).collect(),
        change: (rows > 0).then(|| change(places.start, standing.map(|it| it.id))),
    };
    hear(play, Event::Diverged(diverged));
    play.frame();
    request
}

fn change(position: usize, standing: Option<u32>) -> Change {
    let token = |id: u32, display: &str, base: f32, tuned: f32| ShiftedToken {
        id,
        display: display.to_owned(),
        base,
        tuned,
        base_rank: 1,
        tuned_rank: 2,
        log_ratio: (tuned / base).log2(),
    };
    Change {
        position,
        kl: 0.1234,
        kl_reverse: 0.2,
        standing: standing.map(|id| token(id, "·who", 0.084, 0.0839)),
        rose: vec![
            token(1, "·little", 0.214, 0.35),
            token(2, "·\u{7}bell", 0.01, 0.04),
        ],
        fell: vec![
            token(3, "·castle", 0.2, 0.0512),
            token(4, "·house", 0.03, 0.00001),
        ],
    }
}

#[test]
fn what_rises_and_what_falls_stands_in_the_place_of_its_odds() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut play = second(1, width, height);
        answer(&mut play, &whole());
        play.act(Action::FocusNext);
        play.frame();
        assert_eq!(asked(&play), None, "nobody wants to know");
        play.act(Action::Change);
        play.frame();
        assert!(play.screen().contains("reading …"), "{}", play.screen());
        let request = compare(&mut play, |_| 0.1234);
        assert_eq!((request.subject, request.positions), (Subject::Text, 9..10));
        assert_snapshot!(format!("rise_and_fall_{width}x{height}"), play.screen());
        play.frame();
        assert_eq!(asked(&play), None, "known");
        play.act(Action::Change);
        assert!(!play.screen().contains("beside    here"));
    }
}

#[test]
fn the_text_is_coloured_by_how_far_both_lie_apart() {
    let mut play = second(1, 120, 40);
    answer(&mut play, &whole());
    let to = |play: &mut Play, marking: Marking| {
        for _ in 0..5 {
            if play.state.play.marking != marking {
                play.act(Action::CycleMarking);
            }
        }
        assert_eq!(play.state.play.marking, marking);
        play.frame();
    };
    to(&mut play, Marking::Divergence);
    let request = compare(&mut play, |at| if at == 5 { 2.0 } else { 0.01 });
    assert_eq!(request.positions, 1..10);
    let second = play.state.engine.second.as_ref().expect("a second model");
    let along = second.divergence.along(play.state.play.passage().tokens());
    assert_eq!((along.len(), along[4]), (9, 2.0));
    let screen = play.screen();
    assert!(
        screen.contains("KL beside ≤0.03b ≤0.3b ≤1b >1b"),
        "{screen}"
    );
    // The first token has no place before it; "was" at 5 stands out, and the others do not.
    assert_snapshot!("marks_of_divergence_120x40", play.marks());
    play.frame();
    assert_eq!(asked(&play), None, "all is known");
    // Another model in the first one's place: nothing of it holds any more.
    play.hear(Event::Loaded { model: model() });
    let second = play.state.engine.second.as_ref().expect("a second model");
    assert!(second.divergence.along(&read(&whole())).is_empty());
}

#[test]
fn without_common_tokens_the_reason_is_told() {
    let mut play = second(2, 80, 24);
    answer(&mut play, &whole());
    play.act(Action::FocusNext);
    play.act(Action::Change);
    for _ in 0..4 {
        play.act(Action::CycleMarking);
    }
    play.frame();
    assert_eq!(asked(&play), None);
    let screen = play.screen();
    assert!(
        screen.contains("no KL: the one beside has other tokens"),
        "{screen}"
    );
    assert!(screen.contains("No rise and fall"), "{screen}");
    // Alone there is nothing to be coloured by, and nothing to be shown.
    let mut play = Play::inspected(PROMPT, 80, 24);
    for _ in 0..4 {
        assert_ne!(play.state.play.marking, Marking::Divergence);
        play.act(Action::CycleMarking);
    }
    play.act(Action::Change);
    assert!(play.screen().contains("Load a model beside this one first"));
}
