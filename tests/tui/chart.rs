//! The chart of the Train screen: what it draws, over what, and how it is looked at.

use crate::fixtures::Play;
use crate::training::{news, read, step, trained};
use logitscope::training::{RunEvent, StepMetrics, Validation};
use logitscope::tui::{Action, Mouse, MouseKind, TrainAction};

/// The chart's lines, on a screen of 120 columns and 40 lines.
fn chart(play: &Play) -> Vec<String> {
    let screen = play.screen();
    let lines = screen.lines().skip(1).take(21);
    lines.map(|line| line.chars().take(72).collect()).collect()
}

fn has(play: &Play, said: &str) -> bool {
    chart(play).iter().any(|line| line.contains(said))
}

/// The numbers below the axis, and those beside it.
fn labels(play: &Play) -> (Vec<String>, Vec<f64>) {
    let lines = chart(play);
    let axis = lines.iter().position(|line| line.contains('└'));
    let below = &lines[axis.expect("an axis") + 1];
    let across = below.trim_matches('┃').split_whitespace();
    let up = lines.iter().filter_map(|line| {
        let (label, _) = line.split_once('┤')?;
        label.trim_matches(['┃', ' ']).parse().ok()
    });
    (across.map(str::to_owned).collect(), up.collect())
}

#[test]
fn ticks_are_round_few_and_never_below_nothing() {
    let mut play = trained(120, 40);
    for at in 101..=400 {
        news(
            &mut play,
            RunEvent::Step(StepMetrics {
                step: at,
                loss: 0.001,
                ..StepMetrics::default()
            }),
        );
    }
    let (across, up) = labels(&play);
    assert_eq!(across, ["100", "200", "300", "400"]);
    assert!(
        up.len() >= 4 && up.iter().all(|value| *value >= 0.0),
        "{up:?}"
    );
    for (width, height) in [(80, 24), (200, 60)] {
        let screen = trained(width, height).screen();
        assert!(screen.contains("100") && screen.contains("400"), "{screen}");
    }
}

#[test]
fn what_is_planned_is_empty_and_epochs_are_lines() {
    let play = trained(120, 40);
    let (across, _) = labels(&play);
    assert_eq!(across.last().map(String::as_str), Some("400"));
    // The right half is still to come: there are the ends of epochs, and nothing else.
    for line in &chart(&play)[1..17] {
        let right: String = line.chars().skip(40).take(31).collect();
        let free = |c: char| " ┊".contains(c);
        assert!(right.chars().all(free), "{right}");
        assert_eq!(right.matches('┊').count(), 5, "{right}");
    }
}

#[test]
fn a_spike_is_named_with_its_height_and_flattens_nothing() {
    let mut play = trained(120, 40);
    let spike = StepMetrics {
        step: 101,
        loss: 77.3,
        ..StepMetrics::default()
    };
    news(&mut play, RunEvent::Step(spike));
    news(&mut play, step(102));
    assert!(has(&play, "↑77.3"), "{}", play.screen());
    let (_, up) = labels(&play);
    assert!(up.iter().all(|value| *value < 10.0), "{up:?}");
    // By its logarithm it has its place.
    play.act(Action::Train(TrainAction::Logarithm));
    assert!(!has(&play, "↑77.3"), "{}", play.screen());
}

#[test]
fn other_curves_come_in_place_and_over_other_axes() {
    let mut play = trained(120, 40);
    for title in [
        "Validation loss · run1",
        "Perplexity · run1",
        "Accuracy · run1",
        "Learning rate · run1",
        "Gradient norm · run1",
        "Speed · run1",
        "Memory · run1",
        "Loss · run1",
    ] {
        play.act(Action::Train(TrainAction::Curve));
        assert!(has(&play, title), "{title}: {}", play.screen());
        // Each has values, and an axis for them.
        assert!(has(&play, "┤"), "{title}: {}", play.screen());
    }
    play.act(Action::Train(TrainAction::CurveBefore));
    assert!(has(&play, "Memory"), "{}", play.screen());
    assert!(
        has(&play, "800M") || has(&play, "810M"),
        "{}",
        play.screen()
    );
    play.act(Action::Train(TrainAction::Curve));
    for (name, last) in [("tokens", "400k"), ("epochs", "10"), ("time", "40 s")] {
        play.act(Action::Train(TrainAction::Across));
        assert!(has(&play, &format!("by {name}")), "{}", play.screen());
        let below = chart(&play);
        assert!(
            below.iter().any(|line| line.contains(last)),
            "{}",
            play.screen()
        );
    }
    play.act(Action::Train(TrainAction::Across));
    assert!(!has(&play, " by "), "{}", play.screen());
    // The step in view and a press on the chart agree over each axis.
    for _ in 0..4 {
        let press = |column| {
            Action::Mouse(Mouse {
                kind: MouseKind::Press,
                column,
                row: 8,
            })
        };
        play.act(press(16));
        let step = play.state.train.step_in_view();
        assert!((45..=60).contains(&step), "{step}");
        play.act(Action::Train(TrainAction::Across));
    }
}

#[test]
fn smoothing_has_a_key_and_the_raw_line_stays_beneath() {
    let mut play = trained(120, 40);
    let smoothed = chart(&play).join("\n");
    assert!(smoothed.contains("─ loss ─ smoothed"), "{smoothed}");
    play.act(Action::Train(TrainAction::Smoothing));
    assert!(has(&play, "smoothed strongly"), "{}", play.screen());
    play.act(Action::Train(TrainAction::Smoothing));
    assert!(has(&play, "not smoothed"), "{}", play.screen());
    assert!(!has(&play, "─ smoothed •"), "{}", play.screen());
}

#[test]
fn the_wheel_zooms_around_the_pointer_and_zoom_belongs_to_a_run() {
    let mut play = trained(120, 40);
    let wheel = |kind| {
        Action::Mouse(Mouse {
            kind,
            column: 16,
            row: 8,
        })
    };
    play.act(wheel(MouseKind::WheelUp));
    let span = play.state.train.span();
    assert!(span.len() <= 50 && span.from > 1, "{span:?}");
    assert!(has(&play, "zoomed"), "{}", play.screen());
    // Another run is whole, and this one is as it was left.
    play.act(read("other", 60, false, false));
    assert_eq!(play.state.train.span().len(), 60);
    play.act(Action::Escape);
    assert_eq!(play.state.train.span(), span);
    play.act(wheel(MouseKind::WheelDown));
    assert!(!has(&play, "zoomed"), "{}", play.screen());
}

#[test]
fn all_runs_have_their_values_at_the_step_in_view() {
    let mut play = trained(120, 40);
    play.act(read("sonnets", 60, false, true));
    let said = |play: &Play| {
        let lines = chart(play);
        let line = lines
            .iter()
            .find(|line| line.contains("a sonnets ") && line.contains("─ run1 "));
        line.cloned().unwrap_or_else(|| panic!("{}", play.screen()))
    };
    let newest = said(&play);
    assert!(newest.contains("•4.20"), "{newest}");
    assert!(has(&play, " step 100 of 400 "), "{}", play.screen());
    play.act(Action::First);
    let first = said(&play);
    assert_ne!(first, newest);
    // Both begin alike, and nothing was validated by then.
    assert_eq!(first.matches("6.10").count(), 2, "{first}");
    assert!(
        has(&play, " step 1 of 400 · end: live "),
        "{}",
        play.screen()
    );
}

#[test]
fn changed_rates_and_checkpoints_are_marked_on_the_axis() {
    let mut play = trained(120, 40);
    let axis = |play: &Play| {
        let lines = chart(play);
        let line = lines.iter().find(|line| line.contains('└'));
        line.cloned().expect("an axis")
    };
    assert_eq!(axis(&play).matches('◆').count(), 2, "{}", axis(&play));
    let change = RunEvent::LearningRate {
        step: 60,
        rate: 1e-5,
        factor: 0.1,
    };
    news(&mut play, change);
    assert_eq!(axis(&play).matches('r').count(), 1, "{}", axis(&play));
}

#[test]
fn validations_are_a_line_of_each_run() {
    let mut play = trained(120, 40);
    let validation = |step, loss| {
        RunEvent::Validation(Validation {
            step,
            loss,
            ..Validation::default()
        })
    };
    for _ in 0..1 {
        play.act(Action::Train(TrainAction::Curve));
    }
    // Between two validations, and nothing but them, there is a line.
    let dotted = |play: &Play| {
        let text = chart(play)[1..18].join("");
        text.chars()
            .filter(|c| ('\u{2801}'..='\u{28ff}').contains(c))
            .count()
    };
    let before = dotted(&play);
    assert!(before > 3, "{}", play.screen());
    news(&mut play, validation(100, 4.9));
    assert!(dotted(&play) > before, "{}", play.screen());
}

#[test]
fn the_legend_is_cut_and_never_vanishes() {
    let mut play = trained(80, 24);
    for at in 0..8 {
        play.act(read(
            &format!("a-run-with-a-long-name-{at}"),
            60,
            false,
            true,
        ));
    }
    let screen = play.screen();
    let top = screen.lines().nth(1).unwrap_or_default();
    assert!(top.contains("─ loss") && top.contains("val"), "{screen}");
}
