//! The lists to choose from: commands, knobs, models.

use logitscope::engine::{Command, Event, RunState};
use logitscope::sampling::Method;
use logitscope::tui::{Action, Effect, Item, News, TrainAction};

use crate::asked::{PROMPT, commands};
use crate::fixtures::Play;

fn ended() -> Play {
    let mut play = Play::running(PROMPT, &[" there", " was"], 120, 40);
    play.hear(Event::State {
        state: RunState::Idle,
    });
    play.frame();
    play
}

fn type_text(play: &mut Play, text: &str) {
    play.acts(text.chars().map(Action::Insert));
}

/// The palette after something was typed: its first line.
fn first(play: &mut Play, typed: &str) -> String {
    play.act(Action::Palette);
    type_text(play, typed);
    let screen = play.screen();
    let mut lines = screen.lines().skip_while(|line| !line.contains(" › "));
    let line = lines.nth(1).unwrap_or_default().to_owned();
    play.act(Action::Escape);
    line
}

#[test]
fn words_that_people_type_are_found_first() {
    let mut play = ended();
    for (typed, expected) in [
        ("temperature", "temperature = 0.8"),
        ("top-k", "top-k = 40"),
        ("top k", "top-k = 40"),
        ("seed", "seed = 1"),
        ("samples", "samples = 1"),
        ("method", "method = sample"),
        ("max-tokens", "max-tokens = 200"),
        ("num-beams", "num-beams = 5"),
        ("zoom", "zoom: give the pane"),
        ("beside", "beside: load a model beside"),
        ("theme", "theme: switch between"),
        ("default", "default: every knob"),
        ("help", "help: this page"),
    ] {
        let line = first(&mut play, typed);
        assert!(line.contains(expected), "{typed}: {line}");
    }
}

#[test]
fn a_knob_is_set_from_the_palette() {
    let mut play = ended();
    play.act(Action::Palette);
    type_text(&mut play, "temperature");
    play.act(Action::Run);
    type_text(&mut play, "1.35");
    play.act(Action::Run);
    assert_eq!(play.state.play.settings.sampler.temperature, 1.35);

    for typed in ["temperature 0.5", "temperature=0.5", "temperature = 0.5"] {
        play.state.play.settings.sampler.temperature = 1.0;
        assert!(
            first(&mut play, typed).contains("set temperature to 0.5"),
            "{typed}"
        );
        play.act(Action::Palette);
        type_text(&mut play, typed);
        play.act(Action::Run);
        assert_eq!(play.state.play.settings.sampler.temperature, 0.5, "{typed}");
    }
    play.act(Action::Palette);
    type_text(&mut play, "top_k 7");
    play.act(Action::Run);
    assert_eq!(play.state.play.settings.sampler.top_k, 7);
    let selected = play.state.play.knob_rows()[play.state.play.knobs.selected].name();
    assert_eq!(selected, "top-k", "the row is selected, to be turned on");
    play.act(Action::Palette);
    type_text(&mut play, "method greedy");
    play.act(Action::Run);
    assert_eq!(play.state.play.settings.sampler.method, Method::Greedy);
    play.act(Action::Palette);
    type_text(&mut play, "default");
    play.act(Action::Run);
    assert_eq!(
        play.state.play.settings.sampler,
        play.state.play.knobs.configured.sampler
    );
    assert!(!first(&mut play, "temperature lots").contains("set temperature"));
}

#[test]
fn what_means_nothing_on_a_screen_is_not_offered_there() {
    let mut play = ended();
    for typed in ["branch-prune", "train-pause"] {
        assert!(
            !first(&mut play, typed).contains(&format!("{typed}:")),
            "{typed}"
        );
    }
    play.act(Action::Train(TrainAction::Page));
    assert!(first(&mut play, "train-pause").contains("train-pause:"));
    assert!(!first(&mut play, "temperature").contains("temperature ="));
}

#[test]
fn where_nothing_matches_enter_leaves_the_list_open() {
    let mut play = ended();
    play.act(Action::Palette);
    type_text(&mut play, "qqqq");
    play.act(Action::Run);
    assert!(
        play.screen().contains("nothing matches"),
        "{}",
        play.screen()
    );
    assert_eq!(play.effects, []);
}

#[test]
fn a_path_that_is_not_listed_is_loaded_as_it_was_typed() {
    let embedded = || Item {
        label: "embedded".to_owned(),
        detail: "gpt2".to_owned(),
        action: Action::LoadModel("embedded".to_owned()),
    };
    let loads = |play: &Play, source: &str| {
        commands(play)
            .iter()
            .any(|command| matches!(command, Command::Load(request) if request.source == source))
    };
    let path = "runs/shakes2/checkpoints/step-00000090";
    let mut play = ended();
    play.act(Action::Models);
    // What is typed before the list is there counts too.
    type_text(&mut play, path);
    play.act(News::Listed(vec![embedded()]));
    assert!(
        play.screen().contains(&format!("load {path}")),
        "{}",
        play.screen()
    );
    play.act(Action::Run);
    assert!(loads(&play, path), "{:?}", play.effects);

    let mut play = ended();
    play.act(Action::Models);
    play.act(News::Listed(vec![embedded()]));
    type_text(&mut play, "embed");
    play.act(Action::Run);
    assert!(loads(&play, "embedded"), "what is listed comes first");

    let mut play = ended();
    play.act(Action::Models);
    type_text(&mut play, path);
    play.act(Action::FocusNext);
    let beside = play
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::LoadSecond(request) if request.source == path));
    assert!(beside, "Tab loads it beside: {:?}", play.effects);
}
