//! What the engine's events change.

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
                && matches!(state.loading, Some(LoadProgress::Weights { .. }));
            if !late {
                state.loading = Some(progress);
            }
        }
        Event::Loaded { model } => {
            state.model = Some(model);
            state.loading = None;
            // Speed and end of the last run were the other model's.
            state.finishes.clear();
            state.rate.restart();
            state.context_used = 0;
            show_one_text(state, Vec::new());
            state.branches.clear();
            state.draft.replace(Vec::new());
            state.looking.clear();
            state.inspecting.clear();
            super::session::restore(state, effects);
            effects.push(Effect::RememberModel(state.load.source.clone()));
        }
        Event::Notice { message } => state.tell(message, false),
        Event::PromptRead {
            subject: Subject::Draft,
            tokens,
            ..
        } => {
            state.inspecting.settle();
            state.draft.replace(if state.editor.is_empty() {
                Vec::new()
            } else {
                tokens
            });
            state.looking.give_up();
        }
        Event::PromptRead {
            subject: Subject::Text,
            tokens,
            ..
        } => {
            state.context_used = within_context(state, tokens.len());
            state.beams = Vec::new();
            state.beam_log = BeamLog::default();
            show_one_text(state, tokens);
            for _ in 1..state.samples {
                let tokens = state.texts[0].tokens().to_vec();
                let mut text = Passage::new();
                text.replace(tokens);
                state.texts.push(text);
            }
            state.reflow();
        }
        Event::Token { sample, record } => {
            if sample == state.sample {
                state.context_used = within_context(state, state.context_used + 1);
            }
            if let Some(text) = state.texts.get_mut(sample) {
                text.push(record);
            }
            state.rate.count();
        }
        Event::Rewound { length } => {
            let cut = state.text().tokens().len().saturating_sub(length);
            state.context_used = state.context_used.saturating_sub(cut);
            state.text_mut().truncate(length);
            state.comparing.cut(length);
            state.beam_log = BeamLog::default();
            state.looking.give_up();
        }
        Event::Slid { kept, dropped } => {
            state.context_used = kept;
            state.tell(
                format!("The context is full: the model re-read the last {kept} tokens and no longer sees the {dropped} before."),
                false,
            );
        }
        Event::Look { subject, moment } => look(state, subject, moment),
        Event::LookFailed { .. } => state.looking.refuse(),
        Event::Compared {
            sample,
            from,
            upto,
            otherwise,
        } => state.comparing.answer(sample, from, upto, otherwise),
        Event::Branches { branches } => super::branches::listed(state, branches),
        Event::Switched { seed, tokens, .. } => {
            state.generation.seed = seed;
            state.context_used = within_context(state, tokens.len());
            state.subject = Subject::Text;
            state.beam_log = BeamLog::default();
            show_one_text(state, tokens);
            state.finishes.clear();
        }
        Event::Branch { branch, tokens } => super::branches::show_beside(state, branch, tokens),
        Event::Saved { session } => super::session::saved(state, session, effects),
        Event::Beams { beams } => {
            state.beam_log.step(&beams);
            state.beams = beams;
        }
        Event::Finished {
            sample,
            reason,
            tokens,
            seconds,
        } => {
            state.beams = Vec::new();
            state
                .finishes
                .resize(state.texts.len().max(sample + 1), None);
            state.finishes[sample] = Some(Finish {
                reason,
                tokens,
                seconds,
            });
            state.looking.give_up();
        }
        Event::Failed { message } => {
            state.inspecting.settle();
            state.loading = None;
            state.looking.give_up();
            state.tell(message, true);
        }
        Event::Died { message } => {
            state.died = Some(message);
            state.run = RunState::Empty;
            state.model = None;
            state.loading = None;
            state.inspecting.settle();
            state.looking.give_up();
            state.reflow();
        }
    }
}

/// Tokens of a text that the model can see at once.
fn within_context(state: &State, tokens: usize) -> usize {
    let most = state.model.as_ref().map_or(0, |model| model.context_length);
    tokens.min(most)
}

/// Puts one text in place of all samples.
fn show_one_text(state: &mut State, tokens: Vec<TokenRecord>) {
    state.texts.truncate(1);
    state.sample = 0;
    state.text_mut().replace(tokens);
    state.text_mut().follow();
    state.looking.give_up();
    state.comparing.clear();
}

fn run_state(state: &mut State, run: RunState) {
    state.run = run;
    state.stopping = false;
    // A look that a change of state swept away is asked for again.
    state.looking.give_up();
    if run == RunState::Running {
        state.rate.restart();
        state.finishes.clear();
    }
    if matches!(run, RunState::Empty | RunState::Idle) {
        state.loading = None;
    }
}

fn look(state: &mut State, subject: Subject, moment: crate::decoding::Moment) {
    let before = state.moment().map(|moment| moment.position);
    state.looking.answer(subject, moment);
    let after = state
        .moment()
        .map(|moment| (moment.position, moment.rows.len()));
    if let Some((position, rows)) = after {
        if before != Some(position) {
            // The token that stands there is the row to start from; without one, the likeliest.
            let row = chosen_row(state);
            state.choose_row(row);
            state.why = 0;
        }
        state.row = state.row.min(rows.saturating_sub(1));
    }
}

fn chosen_row(state: &State) -> usize {
    let of = |moment: &crate::decoding::Moment| {
        let chosen = moment.chosen?;
        moment.rows.iter().position(|row| row.id == chosen)
    };
    state.moment().and_then(of).unwrap_or(0)
}
