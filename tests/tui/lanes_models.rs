//! Lanes of other models on the Compare screen: they are loaded, drawn, looked at, scrubbed by their text, fail and go.

use insta::assert_snapshot;
use logitscope::decoding::{LaneSettings, Origin, StopReason, TokenRecord};
use logitscope::engine::{Command, Event, Given, LookRequest, RunState, Subject, Then};
use logitscope::model::{LoadProgress, ModelInfo};
use logitscope::tui::{Action, Effect, LanesAction, News, Page, Question};

use crate::fixtures::{NEXT_WORDS, Play, model, moment, read, token};
use crate::lanes::{PROMPT, answer, comparing, lanes, say, sent};

/// A model with tokens of its own, unless `tokens` are those of the first.
fn other(tokens: u64) -> ModelInfo {
    ModelInfo {
        name: "SmolLM2-135M".to_owned(),
        token_set: tokens,
        ..model()
    }
}

fn hear(play: &mut Play, event: Event) {
    play.act(News::Lanes(1, event));
}

/// What engines of lanes were sent.
fn sent_lanes(play: &Play) -> Vec<(usize, Command)> {
    let sent = play.effects.iter().filter_map(|effect| match effect {
        Effect::SendLanes(engine, command) => Some((*engine, command.clone())),
        _ => None,
    });
    sent.collect()
}

fn looked_there(play: &Play) -> Vec<LookRequest> {
    let looked = play.effects.iter().find_map(|effect| match effect {
        Effect::LookAtLanes(Some(1), requests) => Some(requests.clone()),
        _ => None,
    });
    looked.unwrap_or_default()
}

/// Adds a lane of a model as one does: by its name.
fn add(play: &mut Play, name: &str) {
    play.act(Action::Ask(Question::LaneModel));
    play.act(Action::Paste(name.to_owned()));
    play.act(Action::Run);
}

/// The prompt is read as the other model cuts it.
fn read_prompt(play: &mut Play, cut: &[&str]) {
    let cut = cut.iter().enumerate();
    let tokens: Vec<TokenRecord> = cut
        .map(|(at, text)| token(at, text.as_bytes(), Origin::Prompt))
        .collect();
    hear(
        play,
        Event::PromptRead {
            subject: Subject::Text,
            tokens,
            seconds: 0.1,
        },
    );
}

/// The other model says something in its only lane, the third one.
fn says(play: &mut Play, word: &str) {
    let position = play.state.play.texts[2].tokens().len();
    let mut record = token(position, word.as_bytes(), Origin::Generated);
    record.id += 500;
    hear(play, Event::Token { sample: 0, record });
}

/// Two lanes that stream, and one of a model with such tokens beside them, whose prompt is cut so.
fn with_another(tokens: u64, cut: &[&str], width: u16, height: u16) -> Play {
    let mut play = comparing(2, 6, width, height);
    add(&mut play, "./smol.gguf");
    assert!(matches!(play.effects.as_slice(),
        [Effect::LoadLanes(1, request)] if request.source == "./smol.gguf"));
    let model = other(tokens);
    hear(&mut play, Event::Loaded { model });
    let asked = sent_lanes(&play);
    let [(1, Command::Lanes(request))] = asked.as_slice() else {
        panic!("its lane is drawn: {asked:?}")
    };
    assert_eq!((request.prompt.as_str(), request.lanes.len()), (PROMPT, 1));
    let state = RunState::Running;
    hear(&mut play, Event::State { state });
    read_prompt(&mut play, cut);
    play
}

/// The looks at all lanes are answered.
fn answer_all(play: &mut Play) {
    for _ in 0..20 {
        play.frame();
        answer(play);
        for request in looked_there(play) {
            let standing = play.state.play.texts[2].tokens();
            let standing = standing.get(request.position).cloned();
            let moment = moment(request.position, standing, &NEXT_WORDS);
            let sample = request.sample;
            hear(play, Event::LaneLook { sample, moment });
        }
    }
}

#[test]
fn another_model_s_lane_stands_beside_the_others_at_all_sizes() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let cut = ["On", "ce", " upon", " a", " time"];
        let mut play = with_another(2, &cut, width, height);
        for word in [" there was", " a", " bold", " frog"] {
            says(&mut play, word);
        }
        play.state.play.sample = 2;
        answer_all(&mut play);
        assert_snapshot!(format!("lanes_model_{width}x{height}"), play.screen());
    }
}

#[test]
fn its_settings_are_the_selected_lane_s_and_its_draws_are_the_first_one_s_with_the_same_tokens() {
    let cut = ["Once", " upon", " a", " time"];
    let mut play = with_another(1, &cut, 120, 40);
    let settings = |at: usize| -> LaneSettings { play.state.lanes.lanes[at].settings.clone() };
    assert_eq!(settings(2), settings(play.state.lane()));
    for word in [" there", " was", " one"] {
        says(&mut play, word);
    }
    // Ids differ from the first one's at once.
    assert!(play.screen().contains("left A at 4"), "{}", play.screen());
    assert_eq!(play.state.apart(2), None);
    let play = with_another(2, &cut, 120, 40);
    assert!(
        play.screen().contains("other tokens, as A so far"),
        "{}",
        play.screen()
    );
}

#[test]
fn one_whose_model_cannot_be_had_says_so_in_its_own_box_and_leaves_the_others() {
    let mut play = comparing(2, 2, 120, 40);
    add(&mut play, "/no/such\u{1b}[31m");
    hear(
        &mut play,
        Event::Progress(LoadProgress::Weights { done: 1, total: 4 }),
    );
    assert!(play.screen().contains("loading 25 %"), "{}", play.screen());
    let message = "there is no directory or file `/no/such`".to_owned();
    hear(&mut play, Event::Failed { message });
    say(&mut play, 0, 2);
    say(&mut play, 1, 2);
    let screen = play.screen();
    assert!(screen.contains("failed: there is no"), "{screen}");
    assert!(!screen.contains('\u{1b}'));
    assert!(play.state.screen.banners.is_empty(), "nothing else is told");
    assert_eq!(play.state.play.texts[0].tokens().len(), 7);
    // Drawing again tries it again; taking it away ends its engine.
    play.act(lanes(LanesAction::Run));
    assert!(
        play.effects
            .iter()
            .any(|it| matches!(it, Effect::LoadLanes(1, _)))
    );
    play.state.lanes.selected = 2;
    play.act(lanes(LanesAction::Remove));
    assert_eq!(play.effects, [Effect::UnloadLanes(1)]);
    assert_eq!(play.state.lanes.lanes.len(), 2);
    assert!(play.state.lanes.others.is_empty());
}

#[test]
fn one_that_dies_while_it_streams_leaves_the_others() {
    let cut = ["Once", " upon", " a", " time"];
    let mut play = with_another(1, &cut, 120, 40);
    says(&mut play, " there");
    let message = "the model's thread panicked: no".to_owned();
    hear(&mut play, Event::Died { message });
    assert_eq!(play.effects, [Effect::UnloadLanes(1)]);
    assert!(play.screen().contains("failed: the model's thread"));
    say(&mut play, 0, 6);
    assert_eq!(play.state.play.texts[0].tokens().len(), 11);

    // A text that fails alone.
    let mut play = with_another(1, &cut, 120, 40);
    hear(
        &mut play,
        Event::Finished {
            sample: 0,
            reason: StopReason::Failed("no room".to_owned()),
            tokens: 0,
            seconds: 1.0,
        },
    );
    assert!(
        play.screen().contains("failed: no room"),
        "{}",
        play.screen()
    );
    // The others begin anew, and it still says so.
    let state = RunState::Running;
    play.hear(Event::State { state });
    assert!(
        play.screen().contains("failed: no room"),
        "{}",
        play.screen()
    );
}

#[test]
fn other_tokens_are_scrubbed_by_the_text() {
    let cut = ["On", "ce", " upon", " a", " time"];
    let mut play = with_another(2, &cut, 120, 40);
    // The first says " there was a little girl who".
    for word in [" there was", " a", " bold", " frog"] {
        says(&mut play, word);
    }
    let places = |play: &Play| -> Vec<usize> {
        let texts = play.state.play.texts.iter();
        texts.map(|text| text.in_view()).collect()
    };
    play.acts([Action::First, Action::Right, Action::Right]);
    assert_eq!(places(&play), [2, 2, 3], "·a");
    for _ in 0..3 {
        play.act(Action::Right);
    }
    assert_eq!(places(&play), [5, 5, 5], "·was lies within ·there·was");
    play.act(Action::Right);
    assert_eq!(places(&play), [6, 6, 6], "·a");
    // The other one guides where it is selected.
    play.state.play.sample = 2;
    play.act(Action::Right);
    assert_eq!(places(&play), [7, 7, 7], "·bold, ·little");
    play.act(Action::Right);
    assert_eq!(
        places(&play),
        [7, 8, 8],
        "·frog begins within ·little, and with what comes after ·girl"
    );
}

#[test]
fn its_knob_is_turned_and_its_token_fills_play_s_panes() {
    let cut = ["Once", " upon", " a", " time"];
    let mut play = with_another(1, &cut, 120, 40);
    says(&mut play, " there");
    play.state.play.sample = 2;
    play.act(lanes(LanesAction::TurnUp));
    play.frame();
    let told = sent_lanes(&play);
    assert!(
        matches!(told.as_slice(), [(1, Command::SetLane { sample: 0, .. })]),
        "{told:?}"
    );
    assert_eq!(sent(&play), []);
    play.act(lanes(LanesAction::Open));
    assert_eq!(play.state.screen.page, Page::Play);
    play.frame();
    let look = play.effects.iter().find_map(|effect| match effect {
        Effect::LookLane(1, request) => Some(request.as_ref().clone()),
        _ => None,
    });
    let look = look.expect("its own engine is asked");
    assert_eq!((look.sample, look.position), (0, 4));
    assert_eq!(look.sampler, play.state.lanes.lanes[2].settings.sampler);
    let standing = play.state.play.texts[2].tokens().get(4).cloned();
    hear(
        &mut play,
        Event::Look {
            subject: Subject::Text,
            moment: moment(4, standing, &NEXT_WORDS),
        },
    );
    assert!(play.state.play.moment().is_some());
    // Each text is told with its own lane's seed, not with the seeds of samples.
    assert!(play.screen().contains("▶ C seed 1"), "{}", play.screen());
    // It cannot be cut here.
    play.act(Action::Rewind);
    assert_eq!(sent(&play), []);
    assert!(play.screen().contains("This text is another model's"));
}

#[test]
fn it_is_paused_added_to_and_ended_with_the_others() {
    let cut = ["Once", " upon", " a", " time"];
    let mut play = with_another(1, &cut, 120, 40);
    play.act(Action::TogglePause);
    assert_eq!(sent(&play), [Command::Pause]);
    assert_eq!(sent_lanes(&play), [(1, Command::Pause)]);
    play.state.play.sample = 2;
    play.act(lanes(LanesAction::Copy));
    let told = sent_lanes(&play);
    assert!(
        matches!(told.as_slice(), [(1, Command::AddLane(_))]),
        "{told:?}"
    );
    let lane = play.state.lanes.lanes[3].settings.clone();
    let (sample, lane) = (1, Box::new(lane));
    hear(
        &mut play,
        Event::Lane {
            sample,
            lane,
            apart: None,
        },
    );
    assert_eq!(play.state.play.texts[3].tokens().len(), 4, "its prompt");
    // One of Play's model stands before them.
    play.act(lanes(LanesAction::Add));
    assert_eq!(play.state.lanes.own(), 3);
    assert_eq!(play.state.lanes.away(4), Some((1, 1)));
    play.hear(Event::Failed {
        message: "there is no room".to_owned(),
    });
    assert_eq!(play.state.lanes.own(), 2);
    play.act(lanes(LanesAction::Remove));
    let asked = [(1, Command::RemoveLane { sample: 0 })];
    assert_eq!(sent_lanes(&play), asked);
    hear(&mut play, Event::LaneRemoved { sample: 0 });
    assert_eq!(play.state.lanes.lanes.len(), 3);
    play.act(Action::Stop);
    assert_eq!(sent_lanes(&play), [(1, Command::Cancel)]);
    // A text of Play ends the lanes: what still runs is ended.
    play.hear(Event::PromptRead {
        subject: Subject::Text,
        tokens: read(PROMPT),
        seconds: 0.0,
    });
    play.frame();
    assert_eq!(sent_lanes(&play), [(1, Command::Cancel)]);
    play.frame();
    assert_eq!(sent_lanes(&play), []);
}

#[test]
fn what_it_says_before_the_first_model_has_read_the_prompt_waits() {
    let cut = ["Once", " upon", " a", " time"];
    let mut play = with_another(1, &cut, 120, 40);
    play.act(lanes(LanesAction::Run));
    read_prompt(&mut play, &cut);
    let record = token(4, b" one", Origin::Generated);
    hear(&mut play, Event::Token { sample: 0, record });
    play.hear(Event::PromptRead {
        subject: Subject::Text,
        tokens: read(PROMPT),
        seconds: 0.1,
    });
    let texts = &play.state.play.texts;
    assert_eq!(texts.len(), 3);
    assert_eq!(
        texts[2].tokens().last().map(|it| &*it.display),
        Some("·one")
    );
    assert_eq!(texts[1].tokens().len(), 4);
}

#[test]
fn the_first_model_judges_what_it_has_said_once() {
    let cut = ["Once", " upon", " a", " time"];
    let mut play = with_another(2, &cut, 200, 60);
    says(&mut play, " there was");
    for sample in 0..2 {
        play.hear(Event::Finished {
            sample,
            reason: StopReason::MaxTokens,
            tokens: 6,
            seconds: 1.0,
        });
    }
    let state = RunState::Idle;
    play.hear(Event::State { state });
    hear(&mut play, Event::State { state });
    play.frame();
    let given = Given::Text(format!("{PROMPT} there was"));
    let asked = sent(&play);
    let [
        Command::Judge {
            lane,
            given: of,
            prompt: 4,
        },
    ] = asked.as_slice()
    else {
        panic!("it is asked: {asked:?}")
    };
    assert_eq!(*of, given);
    assert!(play.screen().contains("S –"), "{}", play.screen());
    // What was asked of lanes that are no more is not taken for an answer.
    for (lane, surprisal) in [(lane ^ (1 << 32), 9.75), (*lane, 6.25)] {
        let surprisal = Some(surprisal);
        play.hear(Event::Judged { lane, surprisal });
        assert!(!play.screen().contains("S 9.75"));
    }
    assert!(play.screen().contains("S 6.25"), "{}", play.screen());
    play.frame();
    assert_eq!(sent(&play), []);
}

#[test]
fn kept_it_becomes_the_text_with_its_model() {
    let cut = ["Once", " upon", " a", " time"];
    let mut play = with_another(1, &cut, 120, 40);
    says(&mut play, " there");
    play.state.play.sample = 2;
    play.act(lanes(LanesAction::Keep));
    let asked = [
        (1, Command::Cancel),
        (1, Command::Select { sample: 0 }),
        (1, Command::Save),
    ];
    assert_eq!(sent_lanes(&play), asked);
    let session = logitscope::engine::Session::default();
    hear(&mut play, Event::Saved { session });
    let load = sent(&play);
    assert!(
        matches!(load.as_slice(), [.., Command::Load(request)] if request.source == "./smol.gguf"),
        "{load:?}"
    );
    assert_eq!(play.state.screen.page, Page::Play);
    assert_eq!(play.state.play.texts.len(), 2);
    play.hear(Event::Loaded { model: other(1) });
    assert!(matches!(sent(&play).as_slice(), [.., Command::Restore(_)]));
}

#[test]
fn before_the_lanes_are_drawn_it_waits_for_them() {
    let mut play = Play::inspected(PROMPT, 120, 40);
    play.act(lanes(LanesAction::Page));
    add(&mut play, "./smol.gguf");
    hear(&mut play, Event::Loaded { model: other(1) });
    assert_eq!(sent_lanes(&play), []);
    play.act(lanes(LanesAction::Run));
    let asked = sent_lanes(&play);
    let [(1, Command::Lanes(request))] = asked.as_slice() else {
        panic!("it is drawn with the others: {asked:?}")
    };
    assert_eq!(request.then, Then::Continue);
}
