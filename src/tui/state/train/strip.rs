//! Which samples stand beside each other: those that say most of a run, and those of the runs that it is compared with.

use super::{RunInView, Train};
use crate::training::{History, Samples};

/// A set of samples in the strip.
#[derive(Debug, Clone, Copy)]
pub struct Still<'a> {
    pub samples: &'a Samples,
    /// What they are of their run.
    pub is_first: bool,
    /// Those of the lowest validation loss, or the last ones before it.
    pub is_best: bool,
    pub is_newest: bool,
    /// Those of the step in view.
    pub is_in_view: bool,
    /// The run that they are of, with its place among those compared; none of the run in view.
    pub of: Option<(usize, &'a RunInView)>,
}

/// The samples of a run at what stands for a place in its view: at or before the step that was chosen, else the newest.
pub fn at<'a>(train: &Train, run: &'a RunInView) -> Option<&'a Samples> {
    run.history().nearest_samples(train.step_of(run))
}

/// Those that are shown where there is room for so many: the first, the best, the newest and those in view of the run in
/// view, those of each run that it is compared with, and, if `all` is set, as many of the others as fit, evenly chosen.
/// What says most is kept longest. Those of the run in view come first, in their order.
pub fn stills(train: &Train, room: usize, all: bool) -> Vec<Still<'_>> {
    let Some(run) = train.run() else {
        return Vec::new();
    };
    let own: Vec<&Samples> = run.history().samples().collect();
    let others: Vec<Still<'_>> = train
        .compared()
        .filter_map(|(place, other)| Some(of_other(at(train, other)?, (place, other))))
        .collect();
    let Some(last) = own.len().checked_sub(1) else {
        return others.into_iter().take(room).collect();
    };
    let in_view = place(&own, train.step_in_view());
    let best = best(run.history(), &own);
    let room = room.max(1);
    // What says most comes first.
    let mut chosen: Vec<usize> = Vec::new();
    let beside = others.len().min(room - 1);
    let named = [in_view, Some(last), best, Some(0)];
    for place in named.into_iter().flatten() {
        if !chosen.contains(&place) && chosen.len() + beside < room {
            chosen.push(place);
        }
    }
    let spare = room.saturating_sub(chosen.len() + beside);
    if all && spare > 0 {
        chosen.extend(spread(&chosen, own.len(), spare));
    }
    chosen.sort_unstable();
    let own = chosen.into_iter().map(|place| Still {
        samples: own[place],
        is_first: place == 0,
        is_best: best == Some(place),
        is_newest: place == last,
        is_in_view: in_view == Some(place),
        of: None,
    });
    own.chain(others.into_iter().take(beside)).collect()
}

fn of_other<'a>(samples: &'a Samples, (place, run): (usize, &'a RunInView)) -> Still<'a> {
    let history = run.history();
    let is = |other: Option<&Samples>| other.is_some_and(|other| other.step == samples.step);
    let best = history.best_validation();
    Still {
        samples,
        is_first: is(history.samples().next()),
        is_best: is(best.and_then(|best| history.nearest_samples(best.step))),
        is_newest: is(history.samples().next_back()),
        is_in_view: false,
        of: Some((place, run)),
    }
}

/// The place of the last samples at or before a step.
fn place(own: &[&Samples], step: u64) -> Option<usize> {
    own.partition_point(|samples| samples.step <= step)
        .checked_sub(1)
}

fn best(history: &History, own: &[&Samples]) -> Option<usize> {
    place(own, history.best_validation()?.step)
}

/// Places among so many that are not taken, as evenly spread as they can be.
fn spread(taken: &[usize], count: usize, most: usize) -> Vec<usize> {
    let free: Vec<usize> = (0..count).filter(|place| !taken.contains(place)).collect();
    let shown = most.min(free.len());
    (0..shown)
        .map(|at| free[(2 * at + 1) * free.len() / (2 * shown)])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::training::{RunEvent, StepMetrics, Validation};

    fn run(name: &str, steps: u64, best: u64) -> RunInView {
        let mut run = RunInView::new(name.to_owned(), PathBuf::from("runs"), History::new());
        for step in 0..=steps {
            if step > 0 {
                run.push(&RunEvent::Step(StepMetrics {
                    step,
                    ..StepMetrics::default()
                }));
            }
            if step.is_multiple_of(10) {
                run.push(&RunEvent::Validation(Validation {
                    step,
                    best: step == best,
                    ..Validation::default()
                }));
                run.push(&RunEvent::Samples(Samples {
                    step,
                    ..Samples::default()
                }));
            }
        }
        run
    }

    fn train() -> Train {
        Train {
            live: Some(run("one", 100, 60)),
            ..Train::new()
        }
    }

    fn steps(train: &Train, room: usize, all: bool) -> Vec<u64> {
        let stills = stills(train, room, all).into_iter();
        stills.map(|still| still.samples.step).collect()
    }

    #[test]
    fn first_best_and_newest_stay_wherever_the_cursor_is() {
        let mut train = train();
        assert_eq!(steps(&train, 4, false), [0, 60, 100]);
        train.look_at(35);
        assert_eq!(steps(&train, 4, false), [0, 30, 60, 100]);
        let all = stills(&train, 4, false);
        let marks = |still: &Still<'_>| {
            (
                still.is_first,
                still.is_in_view,
                still.is_best,
                still.is_newest,
            )
        };
        assert_eq!(
            all.iter().map(marks).collect::<Vec<_>>(),
            [
                (true, false, false, false),
                (false, true, false, false),
                (false, false, true, false),
                (false, false, false, true),
            ]
        );
        // With less room what is in view stays longest, and then the newest.
        assert_eq!(steps(&train, 2, false), [30, 100]);
        assert_eq!(steps(&train, 1, false), [30]);
        train.look_at(65);
        assert_eq!(steps(&train, 4, false), [0, 60, 100]);
    }

    #[test]
    fn zoomed_as_many_as_fit_are_shown() {
        let train = train();
        assert_eq!(steps(&train, 5, true), [0, 30, 60, 80, 100]);
        assert_eq!(steps(&train, 99, true).len(), 11);
        assert!(steps(&Train::new(), 5, true).is_empty());
    }

    #[test]
    fn compared_runs_have_their_samples_of_the_same_step() {
        let mut train = train();
        train.beside = vec![run("two", 40, 20), run("three", 100, 100)];
        train.look_at(25);
        let shown = stills(&train, 6, false);
        let named = shown.iter().map(|still| {
            let name = still.of.map_or("", |(_, run)| &run.name);
            (name, still.samples.step)
        });
        assert_eq!(
            named.collect::<Vec<_>>(),
            [
                ("", 0),
                ("", 20),
                ("", 60),
                ("", 100),
                ("two", 20),
                ("three", 20),
            ]
        );
        // The newest of each where no step was chosen; others beside what is in view with little room.
        train.look_at(100);
        let shown = stills(&train, 3, false);
        let steps = shown.iter().map(|still| still.samples.step);
        assert_eq!(steps.collect::<Vec<_>>(), [100, 40, 100]);
    }
}
