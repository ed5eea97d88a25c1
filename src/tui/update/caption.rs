//! What stands below the charts that the playground writes: the model, and the settings that made what they show.

use crate::chart::Run;
use crate::chart::caption::{end_of, of_model, of_run, of_sampler};
use crate::text::numbers::counted;
use crate::training::History;
use crate::tui::state::State;
use crate::tui::state::lanes::{Lane, prompt_of};

/// Characters of the prompt.
const CONTEXT: usize = 48;

/// Below the odds of a token, which go by the settings as they stand.
pub fn of_odds(state: &State) -> Option<String> {
    let sampler = of_sampler(&state.play.settings.sampler);
    Some(format!("{} · {sampler}", of_text(state)?))
}

/// Below a text, whose surprisal is the model's, whatever it was drawn with.
pub fn of_text(state: &State) -> Option<String> {
    state.engine.model.as_ref().map(of_model)
}

/// Below lanes.
pub fn of_lanes(state: &State) -> Option<String> {
    let lanes = state.lanes.lanes.iter();
    // The text that is shown, and the runs beside it.
    let seeds = 1 + lanes.map(Lane::runs).max().unwrap_or(0);
    let said = state.play.texts[0].tokens();
    let said = said[..prompt_of(said)].iter();
    let bytes: Vec<u8> = said.flat_map(|token| token.bytes.iter().copied()).collect();
    let prompt = String::from_utf8_lossy(&bytes);
    Some(format!(
        "{} · after “{}” · {} a lane",
        of_text(state)?,
        end_of(&prompt, CONTEXT),
        counted(seeds as u64, "seed")
    ))
}

/// Below runs.
pub fn of_runs(runs: &[(String, History)]) -> String {
    let runs = runs.iter();
    let said = runs.map(|(name, history)| of_run(&Run { name, history }));
    said.collect::<Vec<_>>().join("; ")
}
