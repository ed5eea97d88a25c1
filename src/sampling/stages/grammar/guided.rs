//! The stage itself.

use std::sync::{Arc, Mutex, PoisonError};

use super::Source;
use super::reading::Grammar;
use crate::sampling::{Candidates, Context, SamplerSettings, SettingsError, Stage, Vocabulary};

/// Grammars that are kept ready. A knob that is turned compiles the chain again, and a grammar takes longer than all
/// other stages together: it must be read, and its tables fill as it is used.
const MOST_KEPT: usize = 4;

/// Those asked for last, the newest at the end, by vocabulary and text.
static KEPT: Mutex<Vec<(Key, Arc<Grammar>)>> = Mutex::new(Vec::new());

#[derive(Debug, Clone, PartialEq)]
struct Key {
    vocabulary: u64,
    field: &'static str,
    text: String,
}

/// Cuts the tokens with which the text after the prompt could no longer become one of the grammar's. The tokens that
/// end a text stay where it is one already, and nowhere else.
///
/// Nothing is cut where no token of those in the running is possible, and where the text has left the grammar by a
/// token that was not drawn under it. After an end token the next text begins. Where a text is too much for the library,
/// the stage has failed, and says so.
///
/// Source: llguidance (<https://github.com/guidance-ai/llguidance>).
#[derive(Debug)]
struct Guided(Arc<Grammar>);

pub(super) fn compile(
    settings: &SamplerSettings,
    vocabulary: &dyn Vocabulary,
) -> Result<Box<dyn Stage>, SettingsError> {
    let source = Source::of(settings).unwrap_or(Source::Lark(""));
    let Some(identity) = vocabulary.identity() else {
        let grammar = Grammar::new(source, vocabulary, None)?;
        return Ok(Box::new(Guided(Arc::new(grammar))));
    };
    let key = Key {
        vocabulary: identity,
        field: source.field(),
        text: source.text().to_owned(),
    };
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let found = match kept.iter().position(|(known, _)| *known == key) {
        Some(at) => kept.remove(at).1,
        None => {
            let same = kept.iter().find(|(known, _)| known.vocabulary == identity);
            let words = same.map(|(_, grammar)| grammar.words());
            Arc::new(Grammar::new(source, vocabulary, words)?)
        }
    };
    kept.push((key, Arc::clone(&found)));
    if kept.len() > MOST_KEPT {
        kept.remove(0);
    }
    Ok(Box::new(Guided(found)))
}

/// What follows the prompt, or the last token that ended a text.
fn text<'a>(context: &Context<'a>) -> &'a [u32] {
    let said = &context.history[context.prompt_len.min(context.history.len())..];
    let ends = |id: &u32| context.end_tokens.contains(id);
    let start = said.iter().rposition(ends).map_or(0, |at| at + 1);
    &said[start..]
}

impl Stage for Guided {
    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) {
        let Some(possible) = self.0.possible(text(context)) else {
            return;
        };
        candidates.keep_allowed(|id| {
            if context.end_tokens.contains(&id) {
                possible.ends() || (self.0.is_special(id) && possible.has(id))
            } else {
                possible.has(id)
            }
        });
    }

    fn failure(&self, context: &Context<'_>) -> Option<String> {
        self.0.failure(text(context))
    }

    fn is_over(&self, context: &Context<'_>) -> bool {
        let possible = self.0.possible(text(context));
        possible.is_some_and(|possible| possible.only_ends())
    }
}
