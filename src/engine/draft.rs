//! The prompt being typed: read again at each change, from where it changed.

use crate::decoding::{DecodingError, Origin, Sequence, encode_prompt};
use crate::model::LoadedModel;

/// What is to be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Text(String),
    /// Of the model's own vocabulary.
    Tokens(Vec<u32>),
}

impl Given {
    /// The tokens, all of them in the model's vocabulary.
    fn into_ids(self, loaded: &LoadedModel) -> Result<Vec<u32>, DecodingError> {
        let vocabulary = loaded.model.info().vocabulary;
        match self {
            Self::Text(prompt) => encode_prompt(loaded, &prompt),
            Self::Tokens(ids) => match ids.iter().find(|&&id| id as usize >= vocabulary) {
                Some(&id) => Err(DecodingError::NoSuchId { id, vocabulary }),
                None => Ok(ids),
            },
        }
    }
}

/// A prompt that was read, with the odds of its tokens.
pub struct Draft {
    sequence: Sequence,
}

impl Draft {
    /// Reads what is given, keeping of `previous` what both have in common. Stops between chunks when `cancelled` says
    /// so.
    ///
    /// # Errors
    /// When it cannot be encoded, the model fails, or with [`DecodingError::Cancelled`].
    pub fn read(
        previous: Option<Self>,
        loaded: &LoadedModel,
        given: Given,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, DecodingError> {
        let ids = given.into_ids(loaded)?;
        let mut sequence = match previous {
            Some(draft) => draft.sequence,
            None => Sequence::new(loaded)?,
        };
        let pairs = sequence.ids().iter().zip(&ids);
        let common = pairs.take_while(|(old, new)| old == new).count();
        sequence.rewind(common);
        for &id in &ids[common..] {
            sequence.push(loaded, id, Origin::Prompt, None, None);
        }
        sequence.catch_up(loaded, cancelled)?;
        sequence.fill_odds(loaded, common, cancelled)?;
        Ok(Self { sequence })
    }

    /// What was read.
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// As [`Self::sequence`], for texts that begin like it.
    pub fn sequence_mut(&mut self) -> &mut Sequence {
        &mut self.sequence
    }
}
