//! What the trainer tells.

use crate::engine::TrainingNews;
use crate::training::{FinishReason, Finished, RunEvent, Verdict};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::train::Job;
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::tone::Tone;

/// The flag by which the command line goes on with what has changed.
const ACCEPT_CHANGES: &str = "go on all the same with --accept-changes";

/// Takes news of the trainer in.
pub fn heard(state: &mut State, news: TrainingNews, effects: &mut Vec<Effect>) {
    let ended = matches!(news, TrainingNews::Ended(_));
    take_in(state, news);
    if ended {
        super::form::launch_next(state, effects);
    }
}

fn take_in(state: &mut State, news: TrainingNews) {
    match news {
        TrainingNews::Event(event) => happened(state, &event),
        TrainingNews::Ended(Ok(finished)) => {
            state.train.job = Job::Idle;
            let mut sentence = sentence(&finished);
            let tone = match finished.reason {
                FinishReason::Diverged | FinishReason::DiskFull | FinishReason::Failed => {
                    Tone::Remark
                }
                _ => Tone::Done,
            };
            if let Some(run) = &state.train.live {
                let verdict = run.verdict().map(judged).unwrap_or_default();
                sentence = format!("Run {}: {sentence} {verdict}", run.name);
            }
            // What Enter opens is what is in view.
            let advice = state
                .advice_on_run()
                .filter(|_| state.train.opened.is_none());
            let advice = advice.unwrap_or_else(|| {
                let key = state.keymap.hint(Bound::TrainEnter, false);
                format!(
                    "{} opens the checkpoint in view in Play",
                    key.unwrap_or_default()
                )
            });
            if state.train.live.is_some() {
                state.tell_in(tone, format!("{sentence} {advice}."));
            }
        }
        TrainingNews::Ended(Err(message)) => ended_outside(state, &message),
    }
}

/// The run ended, or never began, for a reason.
pub fn ended_outside(state: &mut State, message: &str) {
    let began = std::mem::take(&mut state.train.job) != Job::Preparing;
    // What was asked on the command line by a flag is asked here by a question.
    if let Some((changed, _)) = message.split_once(ACCEPT_CHANGES) {
        state.train.asks = true;
        return super::form::ask_in_spite_of(state, changed.trim_end_matches([' ', ',', ':']));
    }
    let problem = state.train.form.problem_of(message);
    let mut said = message.to_owned();
    if let Some(run) = &mut state.train.live {
        let is_to_be_mended = !began || run.last_step() == 0;
        // The steps that it had before are none of the failure's.
        if began || run.last_step() == 0 {
            run.failure = Some(said.clone());
        }
        // What never began is not a run to look at: back to the form, where it can be mended.
        if is_to_be_mended {
            said.clone_from(&problem.message);
            state.train.asks = true;
            state.train.form.show(problem);
        }
    }
    let verdict = state.train.live.as_ref().and_then(|run| run.verdict());
    if let Some(verdict @ Verdict::Diverging { .. }) = verdict {
        let advice = state
            .advice_on_run()
            .filter(|_| state.train.opened.is_none());
        let advice = advice.map_or_else(String::new, |advice| format!(" {advice}."));
        said = format!("{}{advice} {said}", judged(verdict));
    }
    state.tell(format!("Training: {said}"), true);
}

fn happened(state: &mut State, event: &RunEvent) {
    let train = &mut state.train;
    if let Some(run) = &mut train.live {
        run.push(event);
    }
    let ending = train.job == Job::Ending;
    match event {
        RunEvent::Started(_) | RunEvent::Resumed { .. } if !ending => train.job = Job::Training,
        RunEvent::Paused { .. } if !ending => train.job = Job::Paused,
        RunEvent::Corpus(note) => {
            let tone = if note.tally.is_plain() {
                Tone::Done
            } else {
                Tone::Remark
            };
            let sentences = note.sentences().join(". ");
            state.tell_in(tone, format!("Texts for {sentences}"));
        }
        RunEvent::Notice { message } => state.tell(format!("Training: {message}"), false),
        _ => {}
    }
}

fn sentence(finished: &Finished) -> String {
    let step = finished.step;
    let how = match finished.reason {
        FinishReason::Completed => "all steps were made",
        FinishReason::LossReached => "the loss that was asked for was reached",
        FinishReason::NoImprovement => "validation got no better",
        FinishReason::Stopped => "stopped and saved",
        FinishReason::Abandoned => "abandoned",
        FinishReason::Diverged | FinishReason::DiskFull | FinishReason::Failed => {
            finished.reason.name()
        }
    };
    let mean = finished.mean_loss;
    let mean = mean.map_or_else(String::new, |mean| format!(", {mean}"));
    format!("{how} at step {step}{mean}.")
}

/// A verdict as a sentence, with its sign.
fn judged(verdict: Verdict) -> String {
    format!("{} {verdict}.", verdict.sign())
}
