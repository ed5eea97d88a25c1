//! Starting, stepping, stopping, and going back to take another way.

use super::{Effect, knobs, lanes};
use crate::engine::{Command, GenerateRequest, RunState, Subject, Then};
use crate::tui::state::State;
use crate::tui::vocabulary::focus::Focus;

/// Generates from the prompt in the editor.
pub fn run(state: &mut State, effects: &mut Vec<Effect>) {
    generate(state, state.play.editor.text(), Then::Continue, effects);
}

/// Makes a text of the prompt.
pub fn open(state: &mut State, then: Then, effects: &mut Vec<Effect>) {
    generate(state, state.play.editor.text(), then, effects);
}

/// The prompt of the newest run again, with the next seed.
pub fn retry(state: &mut State, effects: &mut Vec<Effect>) {
    state.play.settings.generation.seed = state.play.settings.generation.seed.wrapping_add(1);
    let prompt = state
        .play
        .last_prompt
        .clone()
        .unwrap_or_else(|| state.play.editor.text());
    generate(state, prompt, Then::Continue, effects);
}

/// One token. Pauses a run that goes on; where none does, continues the text in view, or starts one from the draft.
pub fn step(state: &mut State, effects: &mut Vec<Effect>) {
    match state.engine.run {
        RunState::Running => effects.push(Effect::Send(Command::Pause)),
        RunState::Paused => {
            state.play.subject = Subject::Text;
            state.play.text_mut().follow();
            effects.push(Effect::Send(Command::Step));
        }
        RunState::Idle | RunState::Loading | RunState::Empty => {
            if reopen(state, Then::Pause, effects) {
                effects.push(Effect::Send(Command::Step));
            }
        }
    }
}

/// Pauses or resumes; where no run goes on, continues as [`step`] does, but without pausing.
pub fn toggle_pause(state: &mut State, effects: &mut Vec<Effect>) {
    match state.engine.run {
        RunState::Running => effects.push(Effect::Send(Command::Pause)),
        RunState::Paused => {
            follow_text(state);
            effects.push(Effect::Send(Command::Resume));
        }
        RunState::Idle | RunState::Loading | RunState::Empty => {
            reopen(state, Then::Continue, effects);
        }
    }
}

/// Reads the prompt as a text of its own: every token with its odds, nothing generated.
pub fn read(state: &mut State, effects: &mut Vec<Effect>) {
    let most = std::mem::replace(&mut state.play.settings.generation.max_tokens, 0);
    generate(state, state.play.editor.text(), Then::Pause, effects);
    state.play.settings.generation.max_tokens = most;
}

/// Makes the selected one of several samples the text; the others stay as branches.
pub fn settle(state: &mut State, effects: &mut Vec<Effect>) {
    if state.play.texts.len() > 1 {
        let sample = state.play.sample;
        effects.push(Effect::Send(Command::Select { sample }));
        state.lanes.end();
        state.play.texts.swap(0, sample);
        state.play.texts.truncate(1);
        state.play.finishes.clear();
        state.play.choose_sample(0);
        state.play.comparing.clear();
        state.play.looking.give_up();
        state.reflow();
    }
}

/// Loads another model. The one before stays until it is there.
pub fn load(state: &mut State, source: &str, effects: &mut Vec<Effect>) {
    if state.engine.died.take().is_some() {
        effects.push(Effect::RestartEngine);
        state.reflow();
    }
    if state.engine.has_run() {
        stop(state, effects);
    }
    state.engine.load.source = source.to_owned();
    effects.push(Effect::Send(Command::Load(state.engine.load.clone())));
}

/// Ends the run, or the loading.
pub fn stop(state: &mut State, effects: &mut Vec<Effect>) {
    lanes::stop(state, effects);
    if state.engine.has_run() {
        effects.push(Effect::CancelRun);
        effects.push(Effect::Send(Command::Cancel));
    } else if state.engine.run == RunState::Loading {
        effects.push(Effect::CancelRun);
    }
}

/// Cuts before the token in view.
pub fn rewind(state: &mut State, then: Then, effects: &mut Vec<Effect>) {
    let length = state.play.passage().in_view();
    if length == 0 || is_away(state) || !text_is_open(state, effects) {
        return;
    }
    settle(state, effects);
    follow_text(state);
    knobs::tell(state, effects);
    effects.push(Effect::Send(Command::Rewind { length, then }));
}

/// Puts the selected row of the next-token table in place of the token in view.
pub fn take(state: &mut State, then: Then, effects: &mut Vec<Effect>) {
    if state.learn.hides(Focus::Next) && state.game().is_none() {
        let hidden = state.lesson_words().map(|words| words.hidden.clone());
        return state.tell(hidden.unwrap_or_default(), false);
    }
    let in_view = state.play.passage().in_view();
    // The table may still show the token that was in view before.
    let chosen = state
        .play
        .moment()
        .filter(|moment| moment.position == in_view)
        .and_then(|moment| moment.rows.get(state.play.row))
        .map(|row| row.id);
    let Some(token) = chosen else {
        return;
    };
    put(state, in_view, vec![token], then, effects);
}

/// Cuts the text in view to its first `position` tokens and puts others there.
pub fn put(
    state: &mut State,
    position: usize,
    tokens: Vec<u32>,
    then: Then,
    effects: &mut Vec<Effect>,
) {
    if !is_away(state) && text_is_open(state, effects) {
        settle(state, effects);
        follow_text(state);
        knobs::tell(state, effects);
        effects.push(Effect::Send(Command::Replace {
            position,
            tokens,
            then,
        }));
    }
}

/// Starts a dead engine again, or loads again what could not be loaded.
pub fn restart_engine(state: &mut State, effects: &mut Vec<Effect>) {
    if state.engine.died.take().is_some() {
        effects.push(Effect::RestartEngine);
    } else if state.engine.run != RunState::Empty {
        return;
    }
    state.reflow();
    effects.push(Effect::Send(Command::Load(state.engine.load.clone())));
}

/// Whether the text in view is another model's, which has to be said: it cannot be changed here.
pub fn is_away(state: &mut State) -> bool {
    let away = state.away().is_some();
    if away {
        state.tell(
            "This text is another model's: make the lane Play's text first, on the Compare screen.",
            false,
        );
    }
    away
}

/// Makes sure that there is a text to cut: the run's, or the draft as a paused run.
fn text_is_open(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    match state.play.subject {
        Subject::Text => !state.play.text().tokens().is_empty(),
        Subject::Draft => generate(state, state.play.editor.text(), Then::Pause, effects),
    }
}

/// Takes a finished text up again where it ended, or starts one from the draft.
fn reopen(state: &mut State, then: Then, effects: &mut Vec<Effect>) -> bool {
    if state.play.subject == Subject::Draft || state.play.text().tokens().is_empty() {
        return generate(state, state.play.editor.text(), then, effects);
    }
    if is_away(state) {
        return false;
    }
    settle(state, effects);
    follow_text(state);
    knobs::tell(state, effects);
    effects.push(Effect::Send(Command::Rewind {
        length: state.play.text().tokens().len(),
        then,
    }));
    true
}

fn generate(state: &mut State, prompt: String, then: Then, effects: &mut Vec<Effect>) -> bool {
    if state.engine.model.is_none() && state.engine.run != RunState::Loading {
        state.tell("No model is loaded, so nothing can be generated.", true);
        return false;
    }
    if state.play.history.add(&prompt) {
        effects.push(Effect::Remember(prompt.clone()));
    }
    if state.engine.has_run() {
        // In order with what follows; the flag could come late and end the new run.
        effects.push(Effect::Send(Command::Cancel));
    }
    state.play.last_prompt = Some(prompt.clone());
    state.play.knobs.turned = false;
    state.play.knobs.at_run = state.play.knobs.turns;
    follow_text(state);
    if state.play.editor.text() == prompt {
        // The prompt stays ready: what is typed next takes its place.
        state.play.editor.select();
        if state.play.focus == Focus::Prompt {
            state.focus_on(Focus::Text);
            state.play.ready = true;
            state.play.subject = Subject::Text;
        }
    }
    effects.push(Effect::Send(Command::Generate(Box::new(GenerateRequest {
        prompt,
        sampler: state.play.settings.sampler.clone(),
        generation: state.play.settings.generation.clone(),
        samples: state.play.settings.samples,
        prompt_odds: true,
        then,
    }))));
    true
}

fn follow_text(state: &mut State) {
    state.play.subject = Subject::Text;
    state.play.text_mut().follow();
    state.play.finishes.clear();
    state.engine.rate.restart();
}
