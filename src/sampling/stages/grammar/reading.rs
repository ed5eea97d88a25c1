//! A grammar made ready for a vocabulary, and how far it has read the texts that it is asked about.

use std::sync::{Arc, Mutex, PoisonError};

use llguidance::Matcher;
use llguidance::api::{StopReason, TopLevelGrammar};
use llguidance::toktrie::SimpleVob;
use serde_json::Value;

use super::Source;
use super::sentence;
use super::words::Words;
use crate::sampling::{SettingsError, Vocabulary};
use crate::text::unless_panicked;

/// Texts that are followed at once: as many as lanes, and a few to look back.
const MOST_READINGS: usize = 12;

/// A grammar that was compiled.
pub(super) struct Grammar {
    words: Arc<Words>,
    /// At the beginning of a text.
    fresh: Matcher,
    /// The texts that were asked about, the one asked about last at the end.
    readings: Mutex<Vec<Reading>>,
    /// The text that was too much last, and what the library said.
    failed: Mutex<Option<(Vec<u32>, String)>>,
}

/// How far a text was read. A text that goes on from it, or from a part of it, need not be read anew: what is asked
/// depends on the tokens alone, so that other tokens, rewinds and branches need no word to it.
#[derive(Clone)]
struct Reading {
    matcher: Matcher,
    read: Vec<u32>,
}

/// The tokens that may follow.
pub(super) struct Possible {
    tokens: SimpleVob,
    end: u32,
}

impl Possible {
    /// Whether a token may follow that is a part of the text.
    pub fn has(&self, id: u32) -> bool {
        id < self.end && self.tokens.is_allowed(id)
    }

    /// Whether the text may end.
    pub fn ends(&self) -> bool {
        self.tokens.is_allowed(self.end)
    }

    /// Whether nothing else may follow.
    pub fn only_ends(&self) -> bool {
        self.ends() && self.tokens.num_set() == 1
    }
}

impl std::fmt::Debug for Grammar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grammar").finish_non_exhaustive()
    }
}

impl Grammar {
    pub fn new(
        source: Source<'_>,
        vocabulary: &dyn Vocabulary,
        words: Option<Arc<Words>>,
    ) -> Result<Self, SettingsError> {
        if let Source::Regex(regex) = source
            && let Some(wrong) = sentence::of_regex(regex)
        {
            return Err(source.refused(wrong));
        }
        let made = || {
            let grammar = top_level(source)?;
            let words = match words {
                Some(words) => words,
                None => Arc::new(Words::new(vocabulary)?),
            };
            let mut fresh = Matcher::new(words.factory.create_parser(grammar));
            fresh
                .compute_mask_or_eos()
                .map_err(|error| error.to_string())?;
            Ok((words, fresh))
        };
        let made = unless_panicked(made).unwrap_or_else(Err);
        let (words, fresh) =
            made.map_err(|error| source.refused(sentence::of_library(source, &error)))?;
        Ok(Self {
            words,
            fresh,
            readings: Mutex::default(),
            failed: Mutex::default(),
        })
    }

    pub fn words(&self) -> Arc<Words> {
        Arc::clone(&self.words)
    }

    /// Whether a token is no text.
    pub fn is_special(&self, id: u32) -> bool {
        self.words.special.contains(&id)
    }

    /// The tokens that are possible after `text`; none where it has left the grammar, or has become too much for it.
    pub fn possible(&self, text: &[u32]) -> Option<Possible> {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reading = self.nearest(&mut readings, text);
        let rest = &text[reading.read.len()..];
        let read = reading.matcher.try_consume_tokens(rest);
        let tokens = match &read {
            Ok(count) if *count == rest.len() => reading.matcher.compute_mask_or_eos().ok(),
            _ => None,
        };
        let why = too_much(&reading.matcher);
        let tokens = tokens.filter(|_| why.is_none());
        self.remember(text, why);
        // Where it left the grammar it stands before the token that led out, and can be used again.
        reading.read.extend(&rest[..read.unwrap_or(0)]);
        if !reading.matcher.is_error() {
            readings.push(reading);
        }
        Some(Possible {
            tokens: tokens?,
            end: self.words.end,
        })
    }

    /// Why nothing could be said of what may follow `text`, if it was asked about last and was too much for the library.
    pub fn failure(&self, text: &[u32]) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, why) = failed.as_ref()?;
        (of == text).then(|| why.clone())
    }

    fn remember(&self, text: &[u32], why: Option<String>) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => *failed = Some((text.to_vec(), why)),
            None if failed.as_ref().is_some_and(|(of, _)| of == text) => *failed = None,
            None => {}
        }
    }

    /// The reading that has most in common with `text`, back at where both part.
    fn nearest(&self, readings: &mut Vec<Reading>, text: &[u32]) -> Reading {
        let common = |reading: &Reading| {
            let both = reading.read.iter().zip(text);
            both.take_while(|(here, there)| here == there).count()
        };
        let nearest = (0..readings.len()).max_by_key(|&at| common(&readings[at]));
        let mut reading = match nearest {
            Some(at) if common(&readings[at]) == readings[at].read.len() => readings.remove(at),
            // Another text may go on from there.
            Some(at) if common(&readings[at]) > 0 => readings[at].clone(),
            _ => self.begin(),
        };
        if readings.len() >= MOST_READINGS {
            readings.remove(0);
        }
        let back = reading.read.len() - common(&reading);
        if reading.matcher.rollback(back).is_err() {
            return self.begin();
        }
        reading.read.truncate(reading.read.len() - back);
        reading
    }

    fn begin(&self) -> Reading {
        Reading {
            matcher: self.fresh.deep_clone(),
            read: Vec::new(),
        }
    }
}

/// What a matcher came to an end by, if that is a limit of the library.
fn too_much(matcher: &Matcher) -> Option<String> {
    if let Some(error) = matcher.get_error() {
        return Some(sentence::one_line(&error));
    }
    match matcher.stop_reason() {
        StopReason::LexerTooComplex => Some("the words are too complex".to_owned()),
        StopReason::ParserTooComplex => Some("the rules are too complex".to_owned()),
        StopReason::MaxTokensTotal => Some("the text is too long".to_owned()),
        StopReason::InternalError => Some("it failed".to_owned()),
        _ => None,
    }
}

/// The field of a schema that holds settings of llguidance.
const OPTIONS: &str = "x-guidance";

/// Of white space between a text's parts a schema says nothing, and small models write it without end: as much as an
/// indented text has is enough (the bounds are those of llama.cpp's grammars), where the schema asks for nothing else.
fn with_little_space(mut schema: Value) -> Value {
    const SPACE: &str = r" |\n{1,2}[ \t]{0,20}";
    if let Some(fields) = schema.as_object_mut()
        && !fields.contains_key(OPTIONS)
    {
        fields.insert(
            OPTIONS.to_owned(),
            serde_json::json!({ "whitespace_pattern": SPACE }),
        );
    }
    schema
}

fn top_level(source: Source<'_>) -> Result<TopLevelGrammar, String> {
    Ok(match source {
        Source::Regex(regex) => TopLevelGrammar::from_regex(regex),
        Source::Lark(grammar) => TopLevelGrammar::from_lark(grammar.to_owned()),
        Source::JsonSchema(schema) => {
            let schema = serde_json::from_str(schema).map_err(|error| error.to_string())?;
            TopLevelGrammar::from_json_schema(with_little_space(schema))
        }
    })
}
