//! Questions and what their answers do.

use std::path::PathBuf;

use super::{caption, continuations, handout, knobs, train};
use crate::engine::Command;
use crate::training::Verdict;
use crate::tui::state::ask::Ask;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::train::Job;
use crate::tui::state::{State, knob_values};
use crate::tui::vocabulary::question::{Question, Staying};
use crate::tui::{Chart, Effect};

/// A question with the answer that is likeliest.
pub fn ask(state: &State, question: Question) -> Ask {
    let suggestion = match question {
        Question::Knob(row) => knob_values::written(row, &state.play.settings),
        Question::SaveSession | Question::OpenSession => {
            state.saving.session_file.as_ref().map_or_else(
                || "session.json".to_owned(),
                |path| path.display().to_string(),
            )
        }
        Question::SearchNext => state.play.search.clone(),
        Question::SearchText => state.play.search_text.clone(),
        Question::Model => state.engine.load.source.clone(),
        Question::SecondModel => state
            .engine
            .second
            .as_ref()
            .map_or_else(String::new, |second| second.source.clone()),
        Question::ChartNext => "odds.svg".to_owned(),
        Question::ChartText => "surprisal.svg".to_owned(),
        Question::ChartTree => "tree.svg".to_owned(),
        Question::Handout => "handout.html".to_owned(),
        Question::ChartLanes => "lanes.svg".to_owned(),
        Question::Field(field) => state.train.form.value(field),
        Question::LearningRate => {
            let newest = state.train.run().and_then(|run| run.history().newest());
            let rate = match state.train.verdict() {
                Some(Verdict::Diverging { try_rate, .. }) => try_rate,
                _ => None,
            };
            let rate = rate.or(newest.map(|step| step.learning_rate));
            rate.map_or_else(String::new, |rate| format!("{rate:e}"))
        }
        Question::ChartRun(what) => format!("{}.svg", what.name()),
        Question::Quit(_) => "yes".to_owned(),
        Question::BranchName(_)
        | Question::PresetName
        | Question::LanePreset
        | Question::LaneModel
        | Question::GoOn
        | Question::AbandonRun
        | Question::GuessFile { .. }
        | Question::Export { .. }
        | Question::DeleteRun => String::new(),
    };
    Ask::new(question, &suggestion)
}

/// Why leaving now has to be asked for, if it has to: something goes on, or would be lost.
pub fn staying(state: &State) -> Option<Staying> {
    let saved = state.saving.autosave_file.is_some() && !state.saving.failed;
    let waiting = state.train.queue.len();
    if waiting > 0 {
        Some(Staying::Queued(waiting))
    } else if state.train.job != Job::Idle {
        Some(Staying::Training)
    } else if state.engine.has_run() || state.lanes.others_run() {
        Some(Staying::Run)
    } else {
        (state.saving.texts && !saved).then_some(Staying::Texts)
    }
}

/// Takes in how a path that was typed goes on, if it is still what is typed.
pub fn completed(state: &mut State, typed: &str, line: &str, names: &[String]) {
    /// More are not listed.
    const MOST: usize = 12;
    let Some(Overlay::Ask(ask)) = &mut state.screen.overlay else {
        return;
    };
    if ask.answer.text() != typed {
        return;
    }
    if line != typed {
        let more = Ask::begun(ask.question, line);
        ask.answer = more.answer;
    }
    let mut listed = names
        .iter()
        .take(MOST)
        .cloned()
        .collect::<Vec<_>>()
        .join("   ");
    if names.len() > MOST {
        listed += &format!("   and {} more", names.len() - MOST);
    }
    ask.problem = None;
    ask.note = match names.len() {
        0 => Some("Nothing is there that begins so.".to_owned()),
        1 => None,
        _ => Some(listed),
    };
}

/// Takes the answer of the question that is open. One that cannot be stays, with what is wrong with it.
pub fn answer(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Overlay::Ask(ask)) = &state.screen.overlay else {
        return;
    };
    let (question, typed) = (ask.question, ask.answer.text());
    match accept(state, question, typed.trim(), effects) {
        Ok(()) => state.uncover(),
        Err(problem) => {
            if let Some(Overlay::Ask(ask)) = &mut state.screen.overlay {
                ask.problem = Some(problem);
            }
        }
    }
}

fn accept(
    state: &mut State,
    question: Question,
    typed: &str,
    effects: &mut Vec<Effect>,
) -> Result<(), String> {
    match question {
        Question::BranchName(branch) => {
            let name = Some(typed.to_owned()).filter(|name| !name.is_empty());
            effects.push(Effect::Send(Command::Name { branch, name }));
        }
        Question::PresetName | Question::LanePreset => {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if typed.is_empty() || !typed.chars().all(plain) {
                return Err("a name has letters, digits, - _ and . only".to_owned());
            }
            let lane = state.lanes.lanes.get(state.lane());
            let lane = lane.filter(|_| question == Question::LanePreset);
            let sampler = lane.map_or(&state.play.settings.sampler, |it| &it.settings.sampler);
            effects.push(Effect::SavePreset(
                typed.to_owned(),
                Box::new(sampler.clone()),
            ));
        }
        Question::SaveSession => {
            state.saving.session_file = Some(file(typed)?);
            super::session::save(state, effects);
        }
        Question::OpenSession => effects.push(Effect::ReadSession(file(typed)?)),
        Question::Knob(row) => {
            knobs::set(state, row, typed)?;
        }
        Question::SearchNext => state.play.search = typed.to_owned(),
        Question::SearchText => {
            state.play.search_text = typed.to_owned();
            if !typed.is_empty() && !super::movement::find_next(state) {
                return Err("no token of the text contains that".to_owned());
            }
        }
        Question::ChartNext => {
            let path = file(typed)?;
            let moment = state
                .play
                .moment()
                .ok_or("no token was looked at yet")?
                .clone();
            let after = before(state, moment.position);
            effects.push(Effect::DrawChart {
                path,
                chart: Box::new(Chart::NextToken { moment, after }),
                caption: caption::of_odds(state),
            });
        }
        Question::ChartText => {
            let path = file(typed)?;
            let tokens = state.play.passage().tokens();
            if tokens.len() < 2 {
                return Err("there is no text yet".to_owned());
            }
            effects.push(Effect::DrawChart {
                path,
                chart: Box::new(Chart::Text(tokens.to_vec())),
                caption: caption::of_text(state),
            });
        }
        Question::ChartTree => continuations::write(state, file(typed)?, effects)?,
        Question::GuessFile { letters } => effects.push(Effect::ReadText {
            path: file(typed)?,
            letters,
        }),
        Question::Handout => handout::ask(state, file(typed)?, effects)?,
        Question::ChartLanes => {
            let path = file(typed)?;
            let points = super::lanes::points(state);
            if points.is_empty() {
                return Err("no lane has said anything yet".to_owned());
            }
            effects.push(Effect::DrawChart {
                path,
                chart: Box::new(Chart::Lanes(points)),
                caption: caption::of_lanes(state),
            });
        }
        Question::Field(field) => state.train.form.set(field, typed)?,
        Question::LearningRate => train::set_learning_rate(typed, effects)?,
        Question::GoOn => train::go_on(state, typed, effects)?,
        Question::Export { half } => train::export(state, typed, half, effects)?,
        Question::DeleteRun => train::delete(state, typed, effects)?,
        Question::AbandonRun => train::abandon(state, typed, effects)?,
        Question::Quit(_) => match typed {
            "yes" | "y" => effects.push(Effect::Quit),
            "" | "no" | "n" => {}
            _ => return Err("type yes to leave, or no to stay".to_owned()),
        },
        Question::ChartRun(what) => train::draw(state, file(typed)?, what, effects)?,
        Question::Model | Question::SecondModel | Question::LaneModel => {
            if typed.is_empty() {
                return Err("give embedded, a directory, a file or a hub id".to_owned());
            }
            match question {
                Question::Model => super::run::load(state, typed, effects),
                Question::LaneModel => super::lanes::add_model(state, typed, effects),
                _ => super::second::load(state, typed, effects),
            }
        }
    }
    Ok(())
}

/// The end of the text before a position.
fn before(state: &State, position: usize) -> String {
    const TOKENS: usize = 12;
    let tokens = state.play.passage().tokens();
    let end = position.min(tokens.len());
    let bytes: Vec<u8> = tokens[end.saturating_sub(TOKENS)..end]
        .iter()
        .flat_map(|token| token.bytes.iter().copied())
        .collect();
    let said = String::from_utf8_lossy(&bytes).replace('\n', "¶");
    crate::text::sanitize(&said).into_owned()
}

fn file(typed: &str) -> Result<PathBuf, String> {
    if typed.is_empty() {
        return Err("give the name of a file".to_owned());
    }
    Ok(PathBuf::from(typed))
}
