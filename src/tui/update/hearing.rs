//! What news of the outside changes, whatever is shown; and what is asked of the engines before a frame.

use ratatui::layout::Size;

use super::effect::Effect;
use super::news::News;
use super::{
    continuations, engine, game, knobs, lanes, learn, overlay, questions, second, session, train,
};
use crate::engine::{Command, LookRequest, RunState, SendError, Subject, Unsent};
use crate::tui::state::State;
use crate::tui::vocabulary::focus::Page;

/// Takes one piece of news in, whatever is shown.
pub fn hear(state: &mut State, news: News) -> Vec<Effect> {
    let mut effects = Vec::new();
    heard(state, news, &mut effects);
    train::survey(state, &mut effects);
    game::heed(state);
    learn::heed(state, &mut effects);
    effects
}

fn heard(state: &mut State, news: News, effects: &mut Vec<Effect>) {
    match news {
        News::Leave => effects.push(Effect::Quit),
        News::Resize(width, height) => {
            state.screen.size = Size::new(width, height);
            state.reflow();
        }
        News::Engine(event) => engine::heard(state, event, effects),
        News::Second(event) => second::heard(state, event, effects),
        News::Lanes(engine, event) => lanes::heard(state, engine, event, effects),
        News::SessionRead(Ok(session)) => session::open(state, *session, effects),
        News::SessionRead(Err(message)) => state.tell(message, true),
        News::TextRead {
            text: Ok(text),
            letters,
        } => game::own(state, &text, letters),
        News::TextRead {
            text: Err(message), ..
        } => state.tell(message, true),
        News::Listed(items) => overlay::listed(state, items),
        News::PresetSaved(name, sampler) => knobs::keep_preset(state, name, *sampler),
        News::Told { message, tone } => state.tell_in(tone, message),
        News::SaveFailed(message) => {
            state.saving.failed = true;
            state.saving.texts |= state.saving.sent;
            state.tell(message, true);
        }
        News::Refused(unsent) => refused(state, unsent),
        News::RestartFailed(message) => {
            state.engine.died = Some(message);
            state.reflow();
        }
        News::Frame(now) => {
            state.screen.now = now;
            state.let_notices_leave();
            learn::hint(state, now);
            if state.engine.run == RunState::Running {
                state.engine.rate.tick(now);
            }
            session::autosave(state, effects);
            flush(state, effects);
            continuations::flush(state, effects);
            lanes::flush(state, effects);
            second::flush(state, effects);
        }
        News::Training(news) => train::heard(state, news, effects),
        News::TrainingRefused(message) => train::ended_outside(state, &message),
        News::RunsListed(items) => train::listed(state, items),
        News::RunsWatched(rows) => train::watched(state, rows),
        News::RecipeRead(read) => train::fill(state, read, effects),
        News::GoingOn(read) => train::going_on(state, read, effects),
        News::Surveyed {
            recipe,
            found,
            last,
        } => train::surveyed(state, &recipe, found, last),
        News::Completed { typed, line, names } => {
            questions::completed(state, &typed, &line, &names);
        }
        News::RunNames(names) => train::names_listed(state, names),
        News::Room(room) => train::room_found(state, room, effects),
        News::RunRead { path, beside, read } => train::read(state, &path, beside, read),
        News::RunGrew { path, read } => train::grew(state, &path, *read),
    }
}

/// Sends what waited for the frame: the newest draft, the newest settings, the newest look.
fn flush(state: &mut State, effects: &mut Vec<Effect>) {
    if state.engine.model.is_none() {
        return;
    }
    knobs::tell(state, effects);
    if state.play.inspecting.is_due() && state.engine.run != RunState::Running {
        if state.play.editor.is_empty() {
            state.play.inspecting.skip();
            state.play.draft.replace(Vec::new());
        } else {
            state.play.inspecting.ask();
            effects.push(Effect::Send(Command::Inspect {
                prompt: state.play.editor.text(),
            }));
        }
    }
    // The Compare screen looks at all lanes with their own knobs.
    if state.screen.page == Page::Compare {
        return;
    }
    if let Some(stand) = state.stand() {
        effects.extend(
            state
                .play
                .comparing
                .request(stand, &state.play.settings.sampler)
                .map(|request| Effect::Compare(Box::new(request))),
        );
    }
    // While a newer draft is on its way, positions of the old one mean nothing to the engine.
    if state.play.subject == Subject::Draft && !state.play.inspecting.is_settled() {
        return;
    }
    let away = state.away();
    if let Some(aim) = state.aim() {
        effects.extend(
            state
                .play
                .looking
                .request(aim, &state.play.settings.sampler)
                .map(|request| match away {
                    Some((engine, sample)) => {
                        Effect::LookLane(engine, Box::new(LookRequest { sample, ..request }))
                    }
                    None => Effect::Look(Box::new(request)),
                }),
        );
    }
}

/// A command did not arrive. What can be sent again at the next frame is; the rest the user has to know.
fn refused(state: &mut State, unsent: Unsent) {
    let error = unsent.error;
    match (*unsent.command, error) {
        (Command::Inspect { .. }, SendError::Full) => {
            state.play.inspecting.give_up();
        }
        (Command::Logits(_), SendError::Full) => second::first_changed(state, false),
        (Command::SetSampler { .. }, SendError::Full) => state.play.knobs.turned = true,
        _ => state.tell(error.to_string(), true),
    }
}
