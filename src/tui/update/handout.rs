//! The hand-out: what is on the screen and behind it, asked of the engine and put on a page.

use std::path::PathBuf;

use crate::decoding::{Likely, Origin, TokenRecord};
use crate::engine::{Command, Session, Subject};
use crate::handout::{Borders, Format, LIKELIEST, Place, RunDone, Sheet, Text, model_name, unfold};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::lanes::letter;

/// Takes the name of the file in: a page or Markdown is made once the engine has told its texts, a picture of the screen at
/// once.
///
/// # Errors
/// With what is wrong with the name, or that there is nothing to hand out.
pub fn ask(state: &mut State, path: PathBuf, effects: &mut Vec<Effect>) -> Result<(), String> {
    let is_picture = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("svg"));
    if is_picture {
        effects.push(Effect::DrawScreen(path));
        return Ok(());
    }
    let format = Format::of(&path).map_err(|error| format!("{error}, or .svg for this screen"))?;
    if sheet(state, Session::default(), Vec::new()).is_empty() {
        return Err("there is nothing to hand out yet: run a prompt first".to_owned());
    }
    if state.engine.model.is_some() {
        state.saving.handout = Some((path, format));
        effects.push(Effect::Send(Command::Examine { rows: LIKELIEST }));
    } else {
        let sheet = Box::new(sheet(state, Session::default(), Vec::new()));
        effects.push(Effect::WriteHandout(path, format, sheet));
    }
    Ok(())
}

/// Puts what the engine told on the page that waits for it.
pub fn examined(
    state: &mut State,
    session: Session,
    likeliest: Vec<Vec<Vec<Likely>>>,
    effects: &mut Vec<Effect>,
) {
    if let Some((path, format)) = state.saving.handout.take() {
        let sheet = Box::new(sheet(state, session, likeliest));
        effects.push(Effect::WriteHandout(path, format, sheet));
    }
}

/// What is to be handed out.
fn sheet(state: &State, session: Session, likeliest: Vec<Vec<Vec<Likely>>>) -> Sheet {
    let play = &state.play;
    let model = state.engine.model.as_ref();
    let mut likeliest = likeliest.into_iter();
    let texts = play.texts.iter().enumerate().map(|(sample, text)| {
        let lane = state.lanes.lanes.get(sample).filter(|_| state.lanes.live);
        let seed = play.settings.generation.seed.wrapping_add(sample as u64);
        Text {
            name: match lane {
                Some(lane) => format!("{} · {}", letter(sample), lane.name()),
                None if play.texts.len() > 1 => format!("Sample {}", sample + 1),
                None => String::new(),
            },
            sampler: lane
                .map_or(&play.settings.sampler, |lane| &lane.settings.sampler)
                .clone(),
            seed: lane.map_or(seed, |lane| lane.settings.seed),
            prompt_len: prompt_len(text.tokens()),
            tokens: text.tokens().to_vec(),
            likeliest: likeliest.next().unwrap_or_default(),
        }
    });
    let in_view = (play.subject == Subject::Text).then(|| Place {
        text: play.sample,
        position: play.text().in_view(),
    });
    let run = state.train.run().map(|run| RunDone {
        name: run.name.clone(),
        history: run.history().clone(),
    });
    Sheet {
        model: model_name(&state.engine.load.source),
        vocabulary: model.map(|model| model.vocabulary),
        prompt: play.last_prompt.clone().unwrap_or_default(),
        texts: texts.collect(),
        in_view,
        // The engine's own texts always fit together.
        branches: unfold(session).map_or_else(|_| Vec::new(), |unfolded| unfolded.branches),
        lesson: state.lesson_told(),
        run,
        borders: Borders(play.thresholds.probability),
    }
}

/// Tokens of the prompt: those that a text begins with and nobody drew or put there.
fn prompt_len(tokens: &[TokenRecord]) -> usize {
    let of_prompt = |token: &&TokenRecord| token.origin == Origin::Prompt;
    tokens.iter().take_while(of_prompt).count()
}
