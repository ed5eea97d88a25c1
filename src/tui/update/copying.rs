//! What goes to the clipboard.

use super::continuations;
use crate::tui::state::State;
use crate::tui::{Copied, Effect};

/// Copies something, or says that there is nothing.
pub fn copy(state: &mut State, what: Copied, effects: &mut Vec<Effect>) {
    let text = match what {
        Copied::Text => text(state),
        Copied::NextTable => next_table(state),
        Copied::TokenTable => token_table(state),
        Copied::Record => record(state),
        Copied::Path => continuations::path(state),
        Copied::TreeTable => continuations::table(state),
    };
    match text {
        Some(text) => effects.push(Effect::Copy(text)),
        None => state.tell("There is nothing to copy yet.", false),
    }
}

fn text(state: &State) -> Option<String> {
    let tokens = state.play.passage().tokens();
    let bytes: Vec<u8> = tokens
        .iter()
        .flat_map(|token| token.bytes.iter().copied())
        .collect();
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn next_table(state: &State) -> Option<String> {
    let moment = state.play.moment()?;
    let mut out = "rank\tid\ttoken\tlogit\traw_probability\tfinal_probability\tcut_by\n".to_owned();
    for row in &moment.rows {
        let cut = row.cut_by.map_or("", |stage| stage.name());
        out += &format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{cut}\n",
            row.rank, row.id, row.display, row.logit, row.raw_probability, row.final_probability
        );
    }
    Some(out)
}

fn token_table(state: &State) -> Option<String> {
    let tokens = state.play.passage().tokens();
    let mut out =
        "position\tid\ttoken\tprobability\trank\tsurprisal_bits\tentropy_bits\n".to_owned();
    for token in tokens {
        let odds = token.odds.map_or_else(
            || "\t\t\t".to_owned(),
            |odds| {
                format!(
                    "{}\t{}\t{}\t{}",
                    odds.probability, odds.rank, odds.surprisal, odds.entropy
                )
            },
        );
        out += &format!(
            "{}\t{}\t{}\t{odds}\n",
            token.position, token.id, token.display
        );
    }
    (!tokens.is_empty()).then_some(out)
}

fn record(state: &State) -> Option<String> {
    let token = state.play.passage().token_in_view()?;
    serde_json::to_string_pretty(token).ok()
}
