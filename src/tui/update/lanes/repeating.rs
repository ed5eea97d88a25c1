//! More runs of all lanes with other seeds, and what the first model finds of texts of other models.

use crate::chart::Point;
use crate::decoding::LaneFigures;
use crate::engine::{Command, Given, LanesRequest, RepeatRequest, Then};
use crate::tui::Effect;
use crate::tui::state::State;
use crate::tui::state::lanes::{Ticket, letter, prompt_of};

/// Runs that are asked for at once.
const MORE: u64 = 4;

/// Asks for some more runs of all lanes, besides those that were asked for before.
pub fn more(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.lanes.live {
        return state.tell("There is no text yet: draw the lanes first.", false);
    }
    let lanes = &state.lanes;
    let made = lanes.lanes.iter().map(|lane| lane.runs() as u64).max();
    let repeating = &lanes.repeating;
    let goes_on = !repeating.engines.is_empty() && repeating.edition == lanes.edition;
    let before = if goes_on {
        repeating.wanted
    } else {
        made.unwrap_or(0)
    };
    let wanted = before + MORE;
    let others = lanes.others.iter().filter(|other| other.live);
    let engines: Vec<Option<usize>> = [None]
        .into_iter()
        .chain(others.map(|other| Some(other.engine)))
        .collect();
    for &engine in &engines {
        let own: Vec<_> = lanes
            .lanes
            .iter()
            .filter(|it| it.engine == engine)
            .collect();
        let made = own.iter().map(|lane| lane.runs() as u64).min().unwrap_or(0);
        let request = RepeatRequest {
            batch: lanes.edition,
            lanes: LanesRequest {
                prompt: state.play.last_prompt.clone().unwrap_or_default(),
                generation: state.play.settings.generation.clone(),
                lanes: own.iter().map(|lane| lane.settings.clone()).collect(),
                prompt_odds: false,
                then: Then::Continue,
            },
            runs: made + 1..wanted + 1,
        };
        effects.push(to(engine, Command::Repeat(Box::new(request))));
    }
    let edition = lanes.edition;
    let repeating = &mut state.lanes.repeating;
    (repeating.engines, repeating.wanted, repeating.edition) = (engines, wanted, edition);
}

fn to(engine: Option<usize>, command: Command) -> Effect {
    match engine {
        Some(engine) => Effect::SendLanes(engine, command),
        None => Effect::Send(command),
    }
}

/// Runs that were asked for of other lanes than there are now are not wanted any more.
pub fn end_what_is_stale(state: &mut State, effects: &mut Vec<Effect>) {
    if state.lanes.repeating.edition != state.lanes.edition {
        stop(state, effects);
    }
}

/// Ends the runs that go on. Whether any did.
pub fn stop(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let engines = std::mem::take(&mut state.lanes.repeating.engines);
    for engine in &engines {
        let nothing = RepeatRequest {
            batch: state.lanes.edition,
            lanes: LanesRequest {
                prompt: String::new(),
                generation: state.play.settings.generation.clone(),
                lanes: Vec::new(),
                prompt_odds: false,
                then: Then::Pause,
            },
            runs: 0..0,
        };
        effects.push(to(*engine, Command::Repeat(Box::new(nothing))));
    }
    !engines.is_empty()
}

/// Takes in that an engine makes no more runs.
pub fn repeated(state: &mut State, engine: Option<usize>) {
    let lanes = &mut state.lanes;
    let made = |at: &usize| lanes.lanes[*at].runs() as u64 >= lanes.repeating.wanted;
    let mut own = (0..lanes.lanes.len()).filter(|at| lanes.lanes[*at].engine == engine);
    // Else it is the end of what was asked for before.
    if own.all(|at| made(&at)) {
        lanes.repeating.engines.retain(|it| *it != engine);
    }
}

/// Takes in a run of a lane. What another model has said is given to the first one.
pub fn ran(
    state: &mut State,
    (engine, batch): (Option<usize>, u64),
    (sample, run): (usize, u64),
    figures: LaneFigures,
    (tokens, bytes): (&[u32], &[u8]),
    effects: &mut Vec<Effect>,
) {
    let at = match engine {
        None => Some(sample),
        Some(engine) => state.lanes.place(engine, sample),
    };
    let Some(at) = at.filter(|at| batch == state.lanes.edition && *at < state.lanes.lanes.len())
    else {
        return;
    };
    state.lanes.lanes[at].ran(run, figures);
    if engine.is_some() {
        effects.extend(judgement(state, at, run, tokens, bytes).map(Effect::Send));
    }
}

/// What asks the first model of the text of another model's lane that is shown.
pub fn shown(state: &State, at: usize) -> Option<Command> {
    let tokens = state.play.texts[at].tokens();
    let said = &tokens[prompt_of(tokens)..];
    let ids: Vec<u32> = said.iter().map(|token| token.id).collect();
    let bytes = said.iter().flat_map(|token| token.bytes.iter().copied());
    judgement(state, at, 0, &ids, &bytes.collect::<Vec<_>>())
}

/// What asks the first model how surprising it finds what another model's lane said in a run.
fn judgement(state: &State, at: usize, run: u64, said: &[u32], bytes: &[u8]) -> Option<Command> {
    let prompt = |at: usize| {
        let tokens = state.play.texts.get(at)?.tokens();
        Some(&tokens[..prompt_of(tokens)])
    };
    let (given, prompt) = if said.is_empty() {
        return None;
    } else if state.has_own_tokens(at) {
        let prompt = prompt(at)?;
        let ids = prompt.iter().map(|token| token.id);
        (
            Given::Tokens(ids.chain(said.iter().copied()).collect()),
            prompt.len(),
        )
    } else if state.engine.load.chat {
        // A conversation is written otherwise for each model.
        return None;
    } else {
        let said = String::from_utf8_lossy(bytes);
        let text = format!("{}{said}", state.play.last_prompt.as_deref()?);
        (Given::Text(text), prompt(0)?.len())
    };
    let ticket = Ticket {
        edition: state.lanes.edition,
        run,
        lane: at,
    };
    Some(Command::Judge {
        lane: ticket.number(),
        given,
        prompt,
    })
}

/// Takes in how surprising the first model finds the text of another model's lane.
pub fn judged(state: &mut State, number: u64, surprisal: Option<f32>) {
    let ticket = Ticket::of(number);
    let now = Ticket {
        edition: state.lanes.edition,
        ..ticket
    };
    let lane = state.lanes.lanes.get_mut(ticket.lane);
    if let Some(lane) = lane.filter(|_| now.number() == number) {
        match ticket.run {
            0 => lane.refer(surprisal),
            run => lane.refer_run(run, surprisal),
        }
    }
}

/// Quality against diversity, a point for each lane that has said something.
pub fn points(state: &State) -> Vec<Point> {
    let lanes = state.lanes.lanes.iter().enumerate();
    let point = |(at, lane): (usize, &crate::tui::state::lanes::Lane)| {
        let means = lane.means()?;
        Some(Point {
            name: format!("{} {}", letter(at), lane.name()),
            diversity: means.distinct_2?,
            surprisal: means.reference?,
        })
    };
    lanes.filter_map(point).collect()
}
