//! The prompt being typed: read again at each change, from where it changed.

use crate::decoding::{DecodingError, Origin, Sequence, encode_prompt};
use crate::model::LoadedModel;

/// A prompt that was read, with the odds of its tokens.
pub struct Draft {
    sequence: Sequence,
}

impl Draft {
    /// Reads `prompt`, keeping of `previous` what both have in common.
    ///
    /// # Errors
    /// When the prompt cannot be encoded, or the model fails.
    pub fn read(
        previous: Option<Self>,
        loaded: &LoadedModel,
        prompt: &str,
    ) -> Result<Self, DecodingError> {
        let ids = encode_prompt(loaded, prompt)?;
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
        sequence.catch_up(loaded, &|| false)?;
        sequence.fill_odds(loaded, common, &|| false)?;
        Ok(Self { sequence })
    }

    /// What was read.
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }
}
