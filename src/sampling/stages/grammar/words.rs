//! A vocabulary as grammars read it.

use std::collections::HashSet;
use std::sync::Arc;

use llguidance::ParserFactory;
use llguidance::toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie};

use crate::sampling::Vocabulary;

/// Longer tokens are left out: the tree of tokens has no room for them, and no grammar misses them.
const LONGEST: usize = 1000;

/// The tokens in a tree of their bytes, shared by all grammars of a vocabulary.
pub(super) struct Words {
    pub factory: ParserFactory,
    /// Stands for all tokens that end a text: one more than there are.
    pub end: u32,
    /// Tokens that are no text, but that a Lark grammar can name.
    pub special: HashSet<u32>,
}

impl Words {
    pub fn new(vocabulary: &dyn Vocabulary) -> Result<Self, String> {
        let end = vocabulary.size() as u32;
        let special = vocabulary.special();
        let word = |id| {
            let bytes = vocabulary.bytes(id);
            if bytes.len() > LONGEST {
                Vec::new()
            } else if special.contains(&id) && !bytes.is_empty() {
                marked(&bytes)
            } else {
                bytes.into_owned()
            }
        };
        let mut words: Vec<Vec<u8>> = (0..end).map(word).collect();
        words.push(marked(b"end"));
        let trie = TokTrie::from(&TokRxInfo::new(end + 1, end), &words);
        let environment: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory =
            ParserFactory::new_simple(&environment).map_err(|error| error.to_string())?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        Ok(Self {
            factory,
            end,
            special,
        })
    }
}

/// What is no text begins with a byte that no text has.
fn marked(bytes: &[u8]) -> Vec<u8> {
    [&[TokTrie::SPECIAL_TOKEN_MARKER], bytes].concat()
}
