use std::fs;

use proptest::prelude::*;

use super::*;
use crate::training::{DataSummary, FinishReason, OddsRow, SampleText};

fn step(step: u64, loss: f64) -> StepMetrics {
    StepMetrics {
        step,
        loss,
        smoothed: loss,
        tokens: step * 100,
        epoch: step as f64 / 10.0,
        ..StepMetrics::default()
    }
}

fn started(resumed_after: Option<u64>) -> RunEvent {
    RunEvent::Started(Started {
        memory: crate::training::Memory::default(),
        run: "one".to_owned(),
        directory: "runs/one".to_owned(),
        device: "cpu".to_owned(),
        parameters: 10,
        trainable: 10,
        context: 8,
        training: DataSummary::default(),
        validation: None,
        steps: 100,
        steps_per_epoch: 10,
        resumed_after,
    })
}

fn samples(step: u64, text: &str) -> RunEvent {
    RunEvent::Samples(Samples {
        step,
        texts: vec![SampleText {
            prompt: "a".to_owned(),
            text: text.to_owned(),
            seed: 1,
            ..SampleText::default()
        }],
        ..Samples::default()
    })
}

fn odds(step: u64) -> RunEvent {
    RunEvent::Odds(Odds {
        step,
        rows: vec![OddsRow::default()],
        ..Odds::default()
    })
}

fn validation(step: u64, loss: f64) -> RunEvent {
    RunEvent::Validation(Validation {
        step,
        loss,
        best: step > 0,
        ..Validation::default()
    })
}

const ALL: RangeInclusive<u64> = 0..=u64::MAX;

#[test]
fn a_short_run_is_kept_step_by_step() {
    let mut history = History::new();
    for number in 1..=600 {
        history.push(&RunEvent::Step(step(number, number as f64)));
    }
    let points = history.points(Curve::Loss, ALL);
    assert_eq!(points.len(), 600);
    assert_eq!((points[599].first, points[599].last), (600, 600));
    assert_eq!((points[599].mean, points[599].end.tokens), (600.0, 60_000));
    assert!(history.points(Curve::MaskedLoss, ALL).is_empty());
    assert_eq!(history.recent().count(), RECENT);
    assert_eq!(history.last_step(), 600);
    assert_eq!(history.points(Curve::Loss, 100..=199).len(), 100);
}

#[test]
fn a_long_run_is_kept_by_the_bucket_and_its_end_step_by_step() {
    let mut history = History::new();
    for number in 1..=1_000_000 {
        history.push(&RunEvent::Step(step(number, number as f64)));
    }
    let points = history.points(Curve::Loss, ALL);
    assert!((1024..=2048).contains(&points.len()), "{}", points.len());
    assert_eq!(
        (points[0].first, points[0].last, points[0].min),
        (1, 512, 1.0)
    );
    assert_eq!((points[0].mean, points[0].max), (256.5, 512.0));
    let end = points.last().expect("a point");
    assert_eq!((end.last, end.max), (1_000_000, 1_000_000.0));
    let recent = history.points(Curve::Loss, 999_900..=1_000_000);
    assert_eq!(recent.len(), 101);
    assert!(recent.iter().all(|point| point.first == point.last));
}

#[test]
fn what_is_no_number_is_a_gap() {
    let mut history = History::with_buckets(2);
    for (number, loss) in [(1, 2.0), (2, f64::NAN), (3, f64::INFINITY), (4, 4.0)] {
        history.push(&RunEvent::Step(step(number, loss)));
    }
    let points = history.buckets.list();
    let losses: Vec<_> = points.iter().map(|bucket| bucket.curves[0]).collect();
    assert_eq!((losses[0].mean, losses[0].gap), (2.0, true));
    assert_eq!((losses[1].mean, losses[1].gap), (4.0, true));
    let whole = history.points(Curve::Loss, 1..=4);
    let gaps: Vec<bool> = whole.iter().map(|point| point.gap).collect();
    assert_eq!(gaps, [false, true, true, false]);
    assert!(whole[1].mean.is_nan());
}

#[test]
fn going_on_after_a_checkpoint_drops_what_was_lost() {
    let mut history = History::with_buckets(8);
    history.push(&started(None));
    for number in 1..=100 {
        history.push(&RunEvent::Step(step(number, number as f64)));
        if number % 10 == 0 {
            history.push(&validation(number, 1000.0 - number as f64));
            history.push(&samples(number, "b"));
            history.push(&odds(number));
        }
    }
    history.push(&RunEvent::LearningRate {
        step: 50,
        rate: 1e-4,
        factor: 0.5,
    });
    history.push(&RunEvent::Paused { step: 60 });
    history.push(&started(Some(45)));
    assert_eq!((history.last_step(), history.is_paused()), (45, false));
    assert_eq!(history.best_validation().map(|best| best.step), Some(40));
    assert_eq!(history.nearest_samples(u64::MAX).map(|s| s.step), Some(40));
    assert_eq!(
        history.nearest_odds(u64::MAX).map(|odds| odds.step),
        Some(40)
    );
    assert_eq!(
        (history.rate_changes().count(), history.pauses().count()),
        (0, 0)
    );
    // The bucket that the cut goes through was made again of whole steps.
    let points = history.points(Curve::Loss, ALL);
    let end = points.last().expect("a point");
    assert_eq!((end.last, end.max), (45, 45.0));
    history.push(&RunEvent::Step(step(46, 7.0)));
    let points = history.buckets.list();
    assert_eq!(points.last().map(|bucket| bucket.end.step), Some(46));
    assert!(
        points
            .windows(2)
            .all(|pair| pair[0].end.step < pair[1].first)
    );

    history.push(&started(None));
    assert_eq!(history.last_step(), 0);
    assert!(history.points(Curve::Loss, ALL).is_empty());
    assert!(history.best_validation().is_none());
}

#[test]
fn going_far_back_leaves_no_numbers_of_lost_steps() {
    let mut history = History::new();
    for number in 1..=100_000 {
        history.push(&RunEvent::Step(step(number, number as f64)));
    }
    history.push(&started(Some(5000)));
    let end = history.points(Curve::Loss, ALL).pop().expect("a point");
    assert!(end.last <= 5000 && end.last > 4900 && end.max <= 5000.0);
}

#[test]
fn the_nearest_are_at_or_before_a_step() {
    let mut history = History::new();
    for number in [10, 20, 30] {
        history.push(&samples(number, "b"));
        history.push(&odds(number));
    }
    let nearest = |step| history.nearest_samples(step).map(|samples| samples.step);
    assert_eq!(
        (nearest(9), nearest(10), nearest(29)),
        (None, Some(10), Some(20))
    );
    assert_eq!(history.nearest_odds(25).map(|odds| odds.step), Some(20));

    let directory = tempfile::tempdir().expect("a directory");
    for number in [10, 20] {
        let path = directory.path().join(number.to_string());
        history.push(&RunEvent::Checkpoint(CheckpointNote {
            step: number,
            path: path.display().to_string(),
            ..CheckpointNote::default()
        }));
    }
    assert!(
        history.nearest_checkpoint(30).is_none(),
        "both were deleted"
    );
    fs::create_dir(directory.path().join("10")).expect("a directory");
    assert_eq!(
        history.nearest_checkpoint(30).map(|note| note.step),
        Some(10)
    );
    assert!(history.nearest_checkpoint(9).is_none());
}

#[test]
fn a_place_is_found_between_known_steps() {
    let mut history = History::with_buckets(4);
    assert!(history.place(3).is_none());
    for number in 1..=64 {
        history.push(&RunEvent::Step(step(number, 1.0)));
    }
    for number in [1, 5, 33, 64] {
        let place = history.place(number).expect("a place");
        assert_eq!((place.step, place.tokens), (number, number * 100));
    }
    assert_eq!(history.place(70).map(|place| place.step), Some(64));
    assert!(history.place(0).is_none());
}

#[test]
fn long_texts_are_cut_and_old_notices_go() {
    let mut history = History::new();
    history.push(&samples(1, &"ä".repeat(5000)));
    let kept = &history.nearest_samples(1).expect("samples").texts[0].text;
    assert!(kept.len() < 3000 && kept.ends_with('…'));
    for number in 0..20 {
        history.push(&RunEvent::Notice {
            message: number.to_string(),
        });
    }
    let notices: Vec<&str> = history.notices().collect();
    assert_eq!(notices, ["12", "13", "14", "15", "16", "17", "18", "19"]);
}

#[test]
fn it_is_read_from_a_run_whose_last_lines_are_torn() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("one");
    fs::create_dir(&path).expect("a directory");
    let line = |event: &RunEvent| serde_json::to_string(event).expect("JSON") + "\n";
    let mut metrics = line(&started(None));
    metrics += &line(&RunEvent::Step(step(1, 3.0)));
    // JSON has no infinity: the journal says null.
    metrics += &line(&RunEvent::Step(StepMetrics {
        perplexity: f64::INFINITY,
        ..step(2, 800.0)
    }));
    metrics += &line(&validation(2, 2.5));
    let mut torn = metrics.into_bytes();
    torn.extend(b"{\"kind\":\"notice\",\"message\":\"\xc3");
    fs::write(path.join("metrics.jsonl"), torn).expect("a file");
    let set = line(&samples(2, "b")) + "{\"kind\":\"samp";
    fs::write(path.join("samples.jsonl"), set).expect("a file");

    let history = History::read(&RunDirectory::of(directory.path(), "one")).expect("read");
    assert_eq!(history.last_step(), 2);
    assert_eq!(history.points(Curve::Loss, ALL)[1].mean, 800.0);
    let perplexity = history.points(Curve::Perplexity, ALL);
    assert!(perplexity[1].gap && !perplexity[0].gap);
    assert_eq!(history.validations().count(), 1);
    assert!(history.nearest_samples(2).is_some() && history.started().is_some());
    assert_eq!(history.checkpoints().count(), 0);
}

#[test]
fn the_end_is_known_until_it_goes_on() {
    let mut history = History::new();
    history.push(&RunEvent::Step(step(1, 1.0)));
    history.push(&RunEvent::Finished(Finished {
        reason: FinishReason::Stopped,
        step: 1,
        smoothed: 1.0,
        best_validation: None,
        elapsed: 1.0,
        checkpoint: None,
        mean_loss: None,
        failure: None,
    }));
    assert!(history.finished().is_some());
    history.push(&RunEvent::Step(step(2, 1.0)));
    assert!(history.finished().is_none());
}

proptest! {
    #[test]
    fn any_run_is_bounded_in_order_and_means_what_it_was(
        values in prop::collection::vec((1u64..50, prop_oneof![9 => 0.0..20.0f64, 1 => Just(f64::NAN)]), 1..600),
        capacity in 2usize..64,
    ) {
        let mut history = History::with_buckets(capacity);
        let (mut number, mut sum, mut count) = (0, 0.0, 0u64);
        for (skipped, value) in values {
            number += skipped;
            history.push(&RunEvent::Step(step(number, value)));
            if value.is_finite() {
                sum += value;
                count += 1;
            }
        }
        let buckets = history.buckets.list();
        prop_assert!(buckets.len() <= capacity);
        prop_assert!(buckets.iter().all(|bucket| bucket.first <= bucket.end.step));
        prop_assert!(buckets.windows(2).all(|pair| pair[0].end.step < pair[1].first));
        prop_assert_eq!(buckets.last().map(|bucket| bucket.end.step), Some(number));
        let losses = buckets.iter().map(|bucket| &bucket.curves[Curve::Loss as usize]);
        let (mut weighted, mut seen) = (0.0, 0);
        for loss in losses.filter(|loss| loss.count > 0) {
            prop_assert!(loss.min <= loss.mean && loss.mean <= loss.max);
            weighted += loss.mean * loss.count as f64;
            seen += loss.count;
        }
        prop_assert_eq!(seen, count);
        prop_assert!((weighted - sum).abs() <= 1e-9 * sum.max(1.0), "{} {}", weighted, sum);
    }
}

#[test]
fn epochs_and_the_mean_of_the_end_are_kept_and_what_was_before_training_is_no_best() {
    let mut history = History::new();
    history.push(&started(None));
    history.push(&validation(0, 1.0));
    for number in 1..=20 {
        history.push(&RunEvent::Step(step(number, 3.0)));
        if number % 10 == 0 {
            history.push(&RunEvent::Epoch(Epoch {
                step: number,
                epoch: number / 10,
                whole: true,
                loss: 3.5,
                ..Epoch::default()
            }));
        }
    }
    history.push(&validation(20, 2.0));
    assert_eq!(history.validations().count(), 2);
    assert_eq!(history.best_validation().map(|best| best.step), Some(20));
    let mean = history.mean_loss().expect("a mean");
    assert_eq!(mean.to_string(), "mean loss of epoch 2 3.5000");
    history.push(&started(Some(15)));
    assert_eq!(history.epochs().count(), 1);
    let mean = history.mean_loss().expect("a mean");
    assert_eq!(mean.to_string(), "mean loss of the last 5 steps 3.0000");
}
