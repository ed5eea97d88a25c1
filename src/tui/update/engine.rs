//! What the engine's events change.

use super::learn;
use crate::decoding::TokenRecord;
use crate::engine::{Event, RunState, Subject};
use crate::model::LoadProgress;
use crate::tui::Effect;
use crate::tui::state::beam_log::BeamLog;
use crate::tui::state::passage::Passage;
use crate::tui::state::{Finish, State};

/// Takes one event in.
pub fn heard(state: &mut State, event: Event, effects: &mut Vec<Effect>) {
    if matches!(
        event,
        Event::Token { .. }
            | Event::PromptRead { .. }
            | Event::Rewound { .. }
            | Event::Branches { .. }
    ) {
        state.saving.due = true;
    }
    state.saving.texts |= matches!(
        event,
        Event::Token { .. }
            | Event::Rewound { .. }
            | Event::PromptRead {
                subject: Subject::Text,
                ..
            }
    );
    match event {
        Event::State { state: run } => run_state(state, run),
        Event::Progress(progress) => {
            // Weights come after the download, never before: late news of a download is old news.
            let late = !matches!(progress, LoadProgress::Weights { .. })
                && matches!(state.engine.loading, Some(LoadProgress::Weights { .. }));
            if !late {
                state.engine.loading = Some(progress);
            }
        }
        Event::Loaded { model } => {
            state.engine.model = Some(model);
            super::second::first_changed(state, true);
            state.engine.loading = None;
            // Speed and end of the last run were the other model's.
            state.play.finishes.clear();
            state.engine.rate.restart();
            state.engine.context_used = 0;
            show_one_text(state, Vec::new());
            state.lanes.end();
            state.play.branches.clear();
            state.play.draft.replace(Vec::new());
            state.play.continuations.give_up();
            state.play.looking.clear();
            state.play.inspecting.clear();
            super::session::restore(state, effects);
            effects.push(Effect::RememberModel(state.engine.load.source.clone()));
        }
        Event::Notice { message } => state.tell(message, false),
        Event::PromptRead {
            subject: Subject::Draft,
            tokens,
            ..
        } => {
            state.play.inspecting.settle();
            state.play.draft.replace(if state.play.editor.is_empty() {
                Vec::new()
            } else {
                tokens
            });
            state.play.looking.give_up();
        }
        Event::PromptRead {
            subject: Subject::Text,
            tokens,
            ..
        } => {
            state.engine.context_used = within_context(state, tokens.len());
            state.play.beams = Vec::new();
            state.play.beam_log = BeamLog::default();
            show_one_text(state, tokens);
            let samples = if super::lanes::started(state, effects) {
                1
            } else {
                state.play.settings.samples
            };
            for _ in 1..samples {
                let tokens = state.play.texts[0].tokens().to_vec();
                let mut text = Passage::new();
                text.replace(tokens);
                state.play.texts.push(text);
            }
            state.reflow();
        }
        // The playground goes on with one prompt at a time.
        Event::Prompted { .. } => {}
        Event::Token { sample, record } => {
            if sample == state.play.sample {
                state.engine.context_used = within_context(state, state.engine.context_used + 1);
            }
            if let Some(text) = state.play.texts.get_mut(sample) {
                text.push(record);
            }
            state.engine.rate.count();
        }
        Event::Rewound { length } => {
            let cut = state.play.text().tokens().len().saturating_sub(length);
            state.engine.context_used = state.engine.context_used.saturating_sub(cut);
            state.play.text_mut().truncate(length);
            state.play.comparing.cut(length);
            state.play.beam_log = BeamLog::default();
            state.play.looking.give_up();
        }
        Event::Slid { kept, dropped, .. } => {
            state.engine.context_used = kept;
            state.tell(
                format!("The context is full: the model re-read the last {kept} tokens and no longer sees the {dropped} before."),
                false,
            );
        }
        Event::Look { subject, moment } => look(state, subject, moment),
        Event::LookFailed { .. } => state.play.looking.refuse(),
        Event::Logits(logits) => super::second::handed(state, logits, effects),
        // The first model is never the base.
        Event::Diverged(_) => {}
        Event::Lane {
            sample,
            lane,
            apart,
        } => super::lanes::added(state, sample, *lane, apart),
        Event::LaneRun {
            batch,
            sample,
            run,
            figures,
            tokens,
            bytes,
        } => super::lanes::ran(
            state,
            (None, batch),
            (sample, run),
            figures,
            (&tokens, &bytes),
            effects,
        ),
        Event::Repeated => super::lanes::repeated(state, None),
        Event::Judged { lane, surprisal } => super::lanes::judged(state, lane, surprisal),
        Event::LaneRemoved { sample } => super::lanes::removed(state, sample),
        Event::LaneLook { sample, moment } => super::lanes::seen(state, sample, moment),
        Event::Compared {
            sample,
            from,
            upto,
            otherwise,
        } => state.play.comparing.answer(sample, from, upto, otherwise),
        Event::Grown { number, tree, done } => {
            state.play.continuations.answer(number, tree, done);
        }
        Event::GrowFailed { number, message } => state.play.continuations.refuse(number, message),
        Event::Branches { branches } => super::branches::listed(state, branches),
        Event::Switched { seed, tokens, .. } => {
            state.saving.resumed = false;
            state.lanes.end();
            state.play.settings.generation.seed = seed;
            state.engine.context_used = within_context(state, tokens.len());
            state.play.subject = Subject::Text;
            state.play.beam_log = BeamLog::default();
            show_one_text(state, tokens);
            state.play.finishes.clear();
            learn::returned(state);
        }
        Event::Branch { branch, tokens } => super::branches::show(state, branch, tokens),
        Event::Saved { session } => super::session::saved(state, session, effects),
        Event::Examined { session, likeliest } => {
            super::handout::examined(state, session, likeliest, effects);
        }
        Event::Beams { beams, .. } => {
            state.play.beam_log.step(&beams);
            state.play.beams = beams;
        }
        Event::Finished {
            sample,
            reason,
            tokens,
            seconds,
        } => {
            state.play.beams = Vec::new();
            state
                .play
                .finishes
                .resize(state.play.texts.len().max(sample + 1), None);
            state.play.finishes[sample] = Some(Finish {
                reason,
                tokens,
                seconds,
            });
            state.play.looking.give_up();
        }
        Event::Failed { message } => {
            super::lanes::failed(state);
            super::second::first_changed(state, false);
            learn::returned(state);
            state.play.inspecting.settle();
            state.engine.loading = None;
            state.play.looking.give_up();
            state.tell(message, true);
            super::session::keep_what_was_refused(state, effects);
        }
        Event::Died { message } => {
            learn::returned(state);
            state.engine.died = Some(message);
            super::second::first_changed(state, true);
            state.engine.run = RunState::Empty;
            state.engine.model = None;
            state.engine.loading = None;
            state.play.inspecting.settle();
            state.play.looking.give_up();
            state.play.continuations.give_up();
            state.reflow();
        }
    }
}

/// Tokens of a text that the model can see at once.
fn within_context(state: &State, tokens: usize) -> usize {
    let most = state
        .engine
        .model
        .as_ref()
        .map_or(0, |model| model.context_length);
    tokens.min(most)
}

/// Puts one text in place of all samples.
fn show_one_text(state: &mut State, tokens: Vec<TokenRecord>) {
    state.play.draft_alone = false;
    state.play.texts.truncate(1);
    state.play.sample = 0;
    state.play.text_mut().replace(tokens);
    state.play.text_mut().follow();
    state.play.looking.give_up();
    state.play.comparing.clear();
}

fn run_state(state: &mut State, run: RunState) {
    state.engine.run = run;
    state.engine.stopping = false;
    // A look that a change of state swept away is asked for again.
    state.play.looking.give_up();
    if run == RunState::Running {
        state.engine.rate.restart();
        // How lanes of other models ended is their engines' to tell.
        let own = if state.lanes.live {
            state.lanes.own()
        } else {
            usize::MAX
        };
        state
            .play
            .finishes
            .iter_mut()
            .take(own)
            .for_each(|it| *it = None);
    }
    if matches!(run, RunState::Empty | RunState::Idle) {
        state.engine.loading = None;
    }
}

/// Takes in what is expected at a place of the draft or of the text.
pub fn look(state: &mut State, subject: Subject, moment: crate::decoding::Moment) {
    let before = state.play.moment().map(|moment| moment.position);
    state.play.looking.answer(subject, moment);
    let after = state
        .play
        .moment()
        .map(|moment| (moment.position, moment.rows.len()));
    if let Some((position, rows)) = after {
        if before != Some(position) {
            // The token that stands there is the row to start from; without one, the likeliest.
            let row = chosen_row(state);
            state.choose_row(row);
            state.play.why = 0;
        }
        state.play.row = state.play.row.min(rows.saturating_sub(1));
    }
}

fn chosen_row(state: &State) -> usize {
    let of = |moment: &crate::decoding::Moment| {
        let chosen = moment.chosen?;
        moment.rows.iter().position(|row| row.id == chosen)
    };
    state.play.moment().and_then(of).unwrap_or(0)
}
