//! The beginning that several texts hold together: made, taken part in, and left.

use candle_core::Tensor;

use super::{Cache, FIRST_ROOM, OWN_ROOM, empty_like, fill, text_of};
use crate::model::ModelError;
use crate::model::memory::check_left;

/// Keys and values of the first `len` tokens, which several texts hold together. They are never written to.
#[derive(Debug, Clone)]
pub(in crate::model) struct Shared {
    keys: Tensor,
    values: Tensor,
    pub(super) len: usize,
}

impl Shared {
    /// Views of keys and values of those tokens, `(heads, len, head width)` each.
    pub(in crate::model) fn views(&self) -> Result<(Tensor, Tensor), candle_core::Error> {
        Ok((
            self.keys.narrow(1, 0, self.len)?,
            self.values.narrow(1, 0, self.len)?,
        ))
    }
}

impl Cache {
    /// A text of the first `start` tokens that grows on its own. In main memory both hold what they have in common
    /// together, and each adds its own tokens alone; elsewhere it is a copy.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn share_start(&mut self, start: usize) -> Result<Self, ModelError> {
        let start = start.min(self.len);
        if !self.is_in_main() || start == 0 {
            let mut copy = self.try_clone()?;
            copy.rewind(start);
            return Ok(copy);
        }
        if start > self.shared {
            self.freeze()?;
        }
        let mut beside = Self {
            layers: self.empty_layers(OWN_ROOM)?,
            memory: None,
            len: self.shared,
            room: OWN_ROOM,
            ..*self
        };
        beside.rewind(start);
        Ok(beside)
    }

    /// Makes all that was read a beginning that can be shared: what follows is written elsewhere.
    fn freeze(&mut self) -> Result<(), ModelError> {
        self.unshare()?;
        let mut layers = self.empty_layers(OWN_ROOM)?;
        for (layer, frozen) in layers.iter_mut().zip(&self.layers) {
            layer.shared = Some(Shared {
                keys: frozen.keys.clone(),
                values: frozen.values.clone(),
                len: self.len,
            });
        }
        self.layers = layers;
        self.room = OWN_ROOM;
        self.shared = self.len;
        Ok(())
    }

    /// Makes what is shared its own, for readings that want keys and values in one piece.
    ///
    /// # Errors
    /// When the device has no room.
    pub(in crate::model) fn unshare(&mut self) -> Result<(), ModelError> {
        if self.layers.iter().all(|layer| layer.shared.is_none()) {
            return Ok(());
        }
        let (shared, own) = (self.shared, self.len - self.shared);
        let room = (shared + self.room).max(FIRST_ROOM).min(self.capacity);
        check_left(self.bytes_with(self.shared + room), &text_of(room))?;
        let joined = |start: &Tensor, rest: &Tensor| -> Result<Tensor, candle_core::Error> {
            let joined = empty_like(rest, room)?;
            fill(&joined, start, 0, shared)?;
            fill(&joined, rest, shared, own)?;
            Ok(joined)
        };
        for layer in &mut self.layers {
            if let Some(start) = &layer.shared {
                layer.keys = joined(&start.keys, &layer.keys)?;
                layer.values = joined(&start.values, &layer.values)?;
            }
            layer.shared = None;
        }
        self.shared = 0;
        self.room = room;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::super::tests::numbers;
    use super::*;

    /// What a cache holds of its first tokens, in one piece.
    fn held(cache: &Cache) -> Result<Vec<Vec<Vec<f32>>>, ModelError> {
        let mut whole = cache.try_clone()?;
        whole.unshare()?;
        Ok(whole.layers[0]
            .values
            .narrow(1, 0, whole.len)?
            .to_vec3::<f32>()?)
    }

    #[test]
    fn texts_hold_their_beginning_together_and_what_follows_alone() -> Result<(), ModelError> {
        let mut first = Cache::new(1, 2, 3 * FIRST_ROOM, 3, DType::F32, &Device::Cpu)?;
        first.layers[0].write(&numbers(0.0, 5), &numbers(100.0, 5), 0)?;
        first.advance(5)?;
        let alone = first.try_clone()?;
        let mut beside = first.share_start(5)?;
        let mut shorter = first.share_start(3)?;
        assert_eq!([&first, &beside, &shorter].map(Cache::shared), [5, 5, 3]);
        assert_eq!(held(&first)?, held(&alone)?);
        for (cache, from) in [
            (&mut first, 500.0),
            (&mut beside, 600.0),
            (&mut shorter, 700.0),
        ] {
            cache.reserve(1)?;
            cache.layers[0].write(&numbers(from, 1), &numbers(from + 50.0, 1), 0)?;
            cache.advance(1)?;
        }
        let last = |cache: &Cache| -> Result<_, ModelError> { Ok(held(cache)?[0].concat()) };
        let start = held(&alone)?[0].concat();
        assert_eq!(last(&first)?, [&start[..], &[550.0, 551.0, 552.0]].concat());
        assert_eq!(
            last(&beside)?,
            [&start[..], &[650.0, 651.0, 652.0]].concat()
        );
        assert_eq!(
            last(&shorter)?,
            [&start[..9], &[750.0, 751.0, 752.0]].concat()
        );
        // One that is cut within the beginning leaves that of the others as it is.
        beside.rewind(2);
        assert_eq!((beside.shared(), beside.len()), (2, 2));
        beside.layers[0].write(&numbers(0.0, 1), &numbers(-9.0, 1), 0)?;
        beside.advance(1)?;
        assert_eq!(last(&beside)?[6..], [-9.0, -8.0, -7.0]);
        assert_eq!(last(&first)?[6..9], start[6..9]);
        // Room is added to its own tokens alone.
        let (each, own) = (first.bytes_with(first.shared() + 1), 700);
        first.reserve(own)?;
        assert_eq!(first.layers[0].keys.dim(1)?, 701);
        assert_eq!(first.bytes_with(5 + 701), 701 * each);
        assert_eq!(last(&first)?[15..], [550.0, 551.0, 552.0]);
        Ok(())
    }
}
