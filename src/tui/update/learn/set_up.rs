//! Sets a step up: what is at hand at once, and what the engine has to do for it first.

use crate::engine::{RunState, Subject, Then, TrainingCommand};
use crate::lessons::{Run, Screen, SetUp};
use crate::tui::state::State;
use crate::tui::state::learn::figures::figure;
use crate::tui::state::learn::{Before, SetUpTraining, Stage, knob};
use crate::tui::state::train::Job;
use crate::tui::update::{editing, game, knobs, run, train};
use crate::tui::vocabulary::focus::{Focus, Page};
use crate::tui::{Effect, TrainAction};

/// Sets up what is at hand, once the lesson's model is there.
pub fn begin(state: &mut State, effects: &mut Vec<Effect>) {
    if state.engine.run == RunState::Loading || state.learn.returning.is_some() {
        return;
    }
    let wanted = state.learn.lesson().and_then(|lesson| lesson.model.clone());
    if let Some(source) = wanted.filter(|source| *source != state.engine.load.source) {
        return run::load(state, &source, effects);
    }
    if state.engine.model.is_none() {
        return;
    }
    let Some(setup) = state.learn.step().map(|step| step.setup.clone()) else {
        return;
    };
    let left = state
        .learn
        .going
        .as_mut()
        .and_then(|going| going.left.take());
    let before = Before::of(state, left.unwrap_or_default());
    let text = apply(state, &setup, effects);
    let since = state.screen.now;
    if let Some(going) = &mut state.learn.going {
        going.before.push(before);
        going.since = since;
        let look = setup.look.map(|look| look.value);
        let training = match &setup.demonstration {
            Some(_) => SetUpTraining::Begins,
            None => SetUpTraining::None,
        };
        going.stage = Stage::SettingUp {
            text,
            look,
            training,
        };
    }
    state.reflow();
}

/// Changes the screen. Returns the edition of the text before a run that is started.
fn apply(state: &mut State, setup: &SetUp, effects: &mut Vec<Effect>) -> Option<u64> {
    game::close(state);
    (state.screen.overlay, state.screen.help) = (None, None);
    if let Some(screen) = &setup.screen {
        let page = match screen.value {
            Screen::Play => Page::Play,
            Screen::Train => Page::Train,
        };
        if page != state.screen.page {
            train::turn_page(state, effects);
        }
    }
    if let Some(preset) = &setup.preset {
        knobs::choose_named(state, &preset.value);
    }
    for set in &setup.knobs {
        let (name, value) = &set.value;
        if let Some(row) = knob(name)
            && let Err(problem) = knobs::set(state, row, value)
        {
            state.tell(format!("{name}: {problem}"), true);
        }
    }
    if let Some(prompt) = &setup.prompt {
        editing::put(state, &prompt.value);
        if setup.run.is_none() {
            // What stood there is of another prompt, and nothing is said of it.
            state.play.draft_alone = true;
            state.play.subject = Subject::Draft;
            state.play.draft.follow();
        }
    }
    let edition = state.play.texts[0].edition();
    if let Some(wanted) = &setup.run {
        let before = effects.len();
        match wanted.value {
            Run::Generate => run::run(state, effects),
            Run::Pause => run::open(state, Then::Pause, effects),
            Run::Read => run::read(state, effects),
        }
        // A lesson's prompts are none of the user's.
        let own = effects.split_off(before);
        let kept = own
            .into_iter()
            .filter(|effect| !matches!(effect, Effect::Remember(_)));
        effects.extend(kept);
    }
    if let Some(pane) = setup
        .focus
        .as_ref()
        .and_then(|pane| Focus::of_word(&pane.value))
    {
        editing::go_to(state, pane);
    }
    if let Some(row) = setup.knob.as_ref().and_then(|named| knob(&named.value)) {
        knobs::select_row(state, row);
    }
    state.play.zoomed = setup.zoom.as_ref().is_some_and(|zoom| zoom.value);
    if let Some(demonstration) = &setup.demonstration {
        let action = match demonstration.value.as_str() {
            crate::training::presets::STYLE => TrainAction::Demo,
            _ => TrainAction::DemoNothing,
        };
        train::act(state, action, effects);
    }
    setup.run.is_some().then_some(edition)
}

/// Asks what the step asks for once all that it set up is there: what the figures are then is where it began.
pub fn settle(state: &mut State, effects: &mut Vec<Effect>) {
    pause_after_epoch(state, effects);
    if !is_settled(state) {
        return;
    }
    let Some(Stage::SettingUp { look, .. }) =
        state.learn.going.as_mut().map(|going| &mut going.stage)
    else {
        return;
    };
    if let Some(position) = look.take() {
        // The odds there have to come first.
        return state.play.passage_mut().go_to(position);
    }
    let Some(step) = state.learn.step() else {
        return;
    };
    let compared = step.setup.wait.iter().map(|condition| &condition.value);
    let compared = compared.filter(|condition| condition.test.looks_back());
    let said = [&step.text, &step.hint, &step.done]
        .into_iter()
        .flat_map(|prose| prose.blanks());
    let said = said
        .filter(|(blank, _)| blank.was)
        .map(|(blank, _)| blank.now());
    let blanks = compared
        .map(|condition| condition.figure.clone())
        .chain(said);
    let start = blanks.filter_map(|blank| figure(state, &blank).map(|shown| (blank, shown)));
    let start = start.collect();
    let since = state.screen.now;
    let asked = state.step_text();
    if let Some(going) = &mut state.learn.going {
        going.start = start;
        going.since = since;
        going.typed = None;
        going.asked = asked;
        going.stage = Stage::Asked;
    }
}

/// Has a training that the step began pause at the end of its first epoch, so that there is time to look.
fn pause_after_epoch(state: &mut State, effects: &mut Vec<Effect>) {
    let stage = state.learn.going.as_mut().map(|going| &mut going.stage);
    if let Some(Stage::SettingUp { training, .. }) = stage
        && *training == SetUpTraining::Begins
        && state.train.job == Job::Training
    {
        *training = SetUpTraining::GoesOn;
        effects.push(Effect::Train(Box::new(TrainingCommand::ToEpochEnd)));
    }
}

/// Remembers what the figures are of which is spoken when the step is done. Those that are on their way stay what they
/// were.
pub fn remember(state: &mut State) {
    if !rests(state) {
        return;
    }
    let Some(step) = state.learn.step() else {
        return;
    };
    let blanks = step.done.blanks().filter(|(blank, _)| !blank.was);
    let known: Vec<_> = blanks
        .filter_map(|(blank, _)| Some((blank.clone(), figure(state, blank)?)))
        .collect();
    if let Some(going) = &mut state.learn.going {
        going.end.get_or_insert_default().extend(known);
    }
}

/// Whether the engine has nothing to do, and what is looked at is known.
fn rests(state: &State) -> bool {
    let idle = matches!(state.engine.run, RunState::Idle | RunState::Paused);
    let looked = state.aim().is_none_or(|aim| state.play.looking.knows(&aim));
    idle && state.play.inspecting.is_settled() && looked
}

/// Whether the engine has done all that was asked of it.
fn is_settled(state: &State) -> bool {
    let Some(Stage::SettingUp { text, training, .. }) =
        state.learn.going.as_ref().map(|going| &going.stage)
    else {
        return false;
    };
    let begun = text.is_none_or(|before| state.play.texts[0].edition() != before);
    let trained = match training {
        SetUpTraining::None => true,
        SetUpTraining::Begins => false,
        SetUpTraining::GoesOn => matches!(state.train.job, Job::Paused | Job::Idle),
    };
    begun && trained && rests(state)
}
