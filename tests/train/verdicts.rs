//! Verdicts on runs that were recorded, a line each in `recorded.jsonl` with its command, and on one that is trained here.
//! `small.txt` of the commands is the first 5,000 bytes of Tiny Shakespeare, `mid.txt` the first 200,000.

use logitscope::training::{
    Divergence, FinishReason, Finished, History, RunEvent, StepMetrics, Validation, Verdict,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{Home, TEXT};

/// A run as it was recorded.
#[derive(Deserialize)]
struct Recorded {
    /// What a person calls it.
    kind: String,
    command: String,
    reason: FinishReason,
    /// The highest learning rate.
    rate: f64,
    /// Steps and losses; step 0 is the model before training.
    validations: Vec<(u64, f64)>,
    /// Of each step from 1.
    losses: Vec<f64>,
}

fn recorded(kind: &str) -> Vec<Recorded> {
    let lines = include_str!("recorded.jsonl").lines();
    let runs = lines.map(|line| serde_json::from_str(line).expect("a run"));
    runs.filter(|run: &Recorded| run.kind == kind).collect()
}

impl Recorded {
    /// What happened, in order.
    fn events(&self) -> Vec<RunEvent> {
        let mut events = Vec::new();
        let mut best = f64::INFINITY;
        for step in 0..=self.losses.len() as u64 {
            if let Some(place) = step.checked_sub(1) {
                events.push(RunEvent::Step(StepMetrics {
                    step,
                    loss: self.losses[place as usize],
                    learning_rate: self.rate,
                    ..StepMetrics::default()
                }));
            }
            let found = self.validations.iter().find(|(at, _)| *at == step);
            if let Some(&(_, loss)) = found {
                let is_best = step > 0 && loss < best;
                best = if is_best { loss } else { best };
                events.push(RunEvent::Validation(Validation {
                    step,
                    loss,
                    best: is_best,
                    ..Validation::default()
                }));
            }
        }
        events.push(RunEvent::Finished(Finished {
            reason: self.reason,
            step: self.losses.len() as u64,
            smoothed: 0.0,
            mean_loss: None,
            best_validation: None,
            elapsed: 0.0,
            checkpoint: None,
            failure: None,
        }));
        events
    }

    /// The verdict after each event.
    fn verdicts(&self) -> Vec<Verdict> {
        let mut history = History::new();
        let events = self.events();
        let verdicts = events.iter().map(|event| {
            history.push(event);
            Verdict::of(&history)
        });
        verdicts.collect()
    }
}

#[test]
fn healthy_runs_give_no_alarm_at_any_step() {
    let runs = recorded("learning");
    assert!(runs.len() >= 10, "{}", runs.len());
    for run in runs {
        let verdicts = run.verdicts();
        for verdict in &verdicts {
            assert!(!verdict.is_alarm(), "{}: {verdict}", run.command);
        }
        let last = verdicts.last().expect("a verdict");
        assert!(
            matches!(last, Verdict::Learning { .. }),
            "{}: {last}",
            run.command
        );
    }
}

/// Made up: a rate that is too high late in a run, which takes both losses back up.
#[test]
fn where_both_losses_rise_the_verdict_says_from_where_to_where() {
    let loss = |step: u64| match step {
        0..=40 => 5.0 - 0.05 * step as f64,
        41..=100 => 3.0 - 0.0001 * (step - 40) as f64,
        _ => 2.994 + 0.006 * (step - 100) as f64,
    };
    let run = Recorded {
        kind: "diverging".to_owned(),
        command: "made up".to_owned(),
        reason: FinishReason::Completed,
        rate: 1e-3,
        validations: (0..=200)
            .step_by(20)
            .map(|step| (step, loss(step)))
            .collect(),
        losses: (1..=200).map(loss).collect(),
    };
    let verdict = run.verdicts().pop().expect("a verdict");
    assert_eq!(verdict.to_string(), "diverging: loss from 2.99 up to 3.59");
}

#[test]
fn a_small_corpus_for_many_epochs_is_memorised_from_its_best_step_on() {
    let runs = recorded("memorising");
    assert!(runs.len() >= 2);
    for run in runs {
        let (best, lowest) =
            run.validations.iter().fold(
                (0, f64::MAX),
                |low, this| {
                    if this.1 < low.1 { *this } else { low }
                },
            );
        let verdicts = run.verdicts();
        let first = verdicts
            .iter()
            .position(Verdict::is_alarm)
            .expect("an alarm");
        assert!(first as u64 > best, "{}: too early", run.command);
        // And from then on to the end.
        for verdict in &verdicts[first..] {
            let Verdict::Memorising {
                best: loss, step, ..
            } = verdict
            else {
                panic!("{}: {verdict}", run.command);
            };
            assert_eq!((*step, *loss), (best, lowest), "{}", run.command);
        }
        // Soon: before a third of the run has been spent beside it.
        let soon = best + run.losses.len() as u64 / 3;
        assert!((first as u64) < soon, "{}: {first}", run.command);
    }
}

#[test]
fn a_rate_of_five_diverges_in_the_step_that_it_does() {
    let runs = recorded("diverging");
    assert!(runs.len() >= 3);
    for run in runs {
        let verdicts = run.verdicts();
        // The validation before training, the first step, and then the jump.
        assert!(!verdicts[1].is_alarm(), "{}: {}", run.command, verdicts[1]);
        for verdict in &verdicts[2..] {
            let Verdict::Diverging { how, try_rate } = verdict else {
                panic!("{}: {verdict}", run.command);
            };
            assert!(matches!(how, Divergence::Jump { .. }), "{how:?}");
            assert_eq!(*try_rate, Some(1e-3), "{}", run.command);
        }
        let said = verdicts[2].to_string();
        assert!(said.starts_with("diverging: loss × "), "{said}");
    }
}

#[test]
fn a_run_whose_loss_has_stopped_falling_is_at_rest() {
    for run in recorded("at_rest") {
        let verdicts = run.verdicts();
        assert!(!verdicts.iter().any(Verdict::is_alarm), "{}", run.command);
        let last = verdicts.last().expect("a verdict");
        assert!(matches!(last, Verdict::AtRest { .. }), "{last}");
        assert!(matches!(verdicts[150], Verdict::Learning { .. }));
    }
}

#[test]
fn without_validation_the_training_loss_is_judged() {
    let steps = |losses: &dyn Fn(u64) -> f64| {
        let mut history = History::new();
        for step in 1..=100 {
            history.push(&RunEvent::Step(StepMetrics {
                step,
                loss: losses(step),
                ..StepMetrics::default()
            }));
        }
        Verdict::of(&history).to_string()
    };
    let falls = steps(&|step| 6.0 - step as f64 * 0.02);
    assert!(
        falls.starts_with("learning: training loss from 5.9"),
        "{falls}"
    );
    let rests = steps(&|_| 3.0);
    assert_eq!(
        rests,
        "at rest: training loss hardly falls any more, best 3.00"
    );
    let lost = steps(&|step| if step == 100 { f64::NAN } else { 3.0 });
    assert_eq!(lost, "diverging: no numbers after step 99");
    assert_eq!(
        Verdict::of(&History::new()),
        Verdict::TooEarly { validations: 0 }
    );
}

#[test]
fn a_single_wild_batch_is_no_divergence() {
    let mut history = History::new();
    for step in 1..=50 {
        history.push(&RunEvent::Step(StepMetrics {
            step,
            loss: if step == 40 { 9.0 } else { 4.0 },
            ..StepMetrics::default()
        }));
        let verdict = Verdict::of(&history);
        assert!(!verdict.is_alarm(), "{step}: {verdict}");
    }
}

#[test]
fn a_real_run_that_memorises_is_called_so_by_the_command_the_list_and_json() {
    let home = Home::new();
    // Two unlike halves: what is learned from says nothing of what is validated on.
    std::fs::write(home.path("learned.txt"), TEXT).expect("a corpus");
    let other = "mud run far old sit hot big wet dim top ran red sun fog map net\n";
    std::fs::write(home.path("other.txt"), other.repeat(4)).expect("a corpus");
    let flags = [
        "train",
        "learned.txt",
        "--validation-file",
        "other.txt",
        "--run-name",
        "parrot",
        "--vocabulary",
        "280",
        "--layers",
        "2",
        "--heads",
        "2",
        "--width",
        "32",
        "--context",
        "12",
        "--batch",
        "4",
        "--steps",
        "120",
        "--learning-rate",
        "0.01",
        "--evaluate-every",
        "10",
        "--no-samples",
    ];
    let said = home.out(&flags);
    let last = said.lines().last().expect("lines");
    assert!(last.starts_with("memorising: best "), "{said}");
    assert!(last.ends_with("parrot plays the best step"), "{last}");
    let listed = home.out(&["runs", "list"]);
    assert!(listed.contains("memorising: best "), "{listed}");
    let again: Vec<&str> = [&flags[..], &["--json", "--overwrite"]].concat();
    let lines = home.out(&again);
    let events: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let judged = |event: &&Value| event.get("verdict").is_some();
    let with: Vec<&Value> = events.iter().filter(judged).collect();
    assert_eq!(with[0]["verdict"]["kind"], "too_early");
    let end = with.last().expect("an end");
    assert_eq!(end["kind"], "finished");
    assert_eq!(end["verdict"]["kind"], "memorising");
    assert!(end["verdict"]["rise"].as_f64() > Some(0.0), "{end}");
}
