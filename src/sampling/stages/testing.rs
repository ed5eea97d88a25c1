//! What the stages' tests share.

use std::borrow::Cow;

use crate::sampling::{Chain, Context, Distribution, Running, SamplerSettings, Vocabulary};

/// A vocabulary of this size: the letters a to z, a space, and " ab".
pub(super) struct Letters(pub usize);

impl Vocabulary for Letters {
    fn size(&self) -> usize {
        self.0
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        if text == " ab" {
            return vec![27];
        }
        let id = |letter: char| match letter {
            'a'..='z' => Some(letter as u32 - 'a' as u32),
            ' ' => Some(26),
            _ => None,
        };
        text.chars().filter_map(id).collect()
    }

    fn text(&self, id: u32) -> Cow<'_, str> {
        match id {
            26 => Cow::Borrowed(" "),
            27 => Cow::Borrowed(" ab"),
            letter => char::from(b'a' + letter as u8).to_string().into(),
        }
    }
}

pub(in crate::sampling) fn chain(settings: &SamplerSettings) -> Chain {
    Chain::new(settings, &Letters(28)).expect("the test's settings are valid")
}

/// After this text, nothing else of note.
pub(in crate::sampling) fn at(history: &[u32]) -> Context<'_> {
    Context {
        history,
        prompt_len: 0,
        end_tokens: &[],
        xtc_u: 0.5,
        running: Running {
            mu: 10.0,
            mean: 0.5,
        },
        second: None,
    }
}

pub(in crate::sampling) fn probabilities(distribution: &Distribution, size: usize) -> Vec<f32> {
    (0..size as u32)
        .map(|id| distribution.probability(id))
        .collect()
}

/// The softmax as the chain computes it, for exact comparison.
pub(in crate::sampling) fn softmax(logits: &[f32]) -> Vec<f32> {
    probabilities(
        &chain(&SamplerSettings::neutral()).run(logits, &at(&[])),
        logits.len(),
    )
}
