//! The key/value cache of one text, preallocated, which can be rewound to any position, and whose beginning several texts
//! can hold together.

mod shared;

use candle_core::{DType, Device, Tensor};

pub(in crate::model) use self::shared::Shared;
use super::guest::Memory;
use crate::model::ModelError;
use crate::model::gpu::free_memory;
use crate::model::memory::{available_memory, check_left, check_room};

/// Keys and values of every layer for the tokens read so far.
///
/// Room is set aside ahead of need, so that reading a token moves nothing. Long contexts get theirs by doubling: that
/// of a whole one takes gigabytes in some models, and few texts are that long.
///
/// The beginning may be [shared](Cache::share_start): then nobody writes to it, and `layers` hold what is the text's own.
#[derive(Debug)]
pub struct Cache {
    len: usize,
    capacity: usize,
    /// Tokens of its own that fit before the layers must grow.
    room: usize,
    /// Tokens at the start that it holds together with other texts.
    shared: usize,
    layers: Vec<LayerCache>,
    /// What a model without keys and values remembers in their place.
    memory: Option<Memory>,
}

/// Tokens that a new cache has room for, unless its capacity is smaller.
pub(in crate::model) const FIRST_ROOM: usize = 1024;
/// Tokens of its own that a text with a shared beginning has room for at first.
const OWN_ROOM: usize = 256;

/// Keys and values of one layer, each `(heads, room, head width)`, for the tokens after those that are shared.
#[derive(Debug)]
pub(in crate::model) struct LayerCache {
    pub(in crate::model) keys: Tensor,
    pub(in crate::model) values: Tensor,
    pub(in crate::model) shared: Option<Shared>,
}

impl Cache {
    /// An empty cache for up to `capacity` tokens; `heads` are those of keys and values. A model without attention has 0 `layers`; it uses only the
    /// length.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn new(
        layers: usize,
        heads: usize,
        capacity: usize,
        head_width: usize,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let room = capacity.min(FIRST_ROOM);
        let numbers = 2 * layers * heads * head_width * room;
        check_in_main(numbers * dtype.size_in_bytes(), room, device)?;
        let empty = || Tensor::zeros((heads, room, head_width), dtype, device);
        let layers = (0..layers)
            .map(|_| {
                Ok(LayerCache {
                    keys: empty()?,
                    values: empty()?,
                    shared: None,
                })
            })
            .collect::<Result<_, ModelError>>()?;
        Ok(Self {
            len: 0,
            capacity,
            room,
            shared: 0,
            layers,
            memory: None,
        })
    }

    /// One of a guest, which is empty.
    pub(in crate::model) fn of_memory(memory: Memory, capacity: usize) -> Self {
        Self {
            len: 0,
            capacity,
            room: capacity,
            shared: 0,
            layers: Vec::new(),
            memory: Some(memory),
        }
    }

    /// What a guest remembers.
    pub(in crate::model) fn memory_mut(&mut self) -> Option<&mut Memory> {
        self.memory.as_mut()
    }

    /// How many tokens were read into it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none were.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Most tokens that it can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forgets all but the first `len` tokens. Costs nothing; a guest reads some again when it reads on.
    pub fn rewind(&mut self, len: usize) {
        self.len = self.len.min(len);
        if len < self.shared {
            self.shared = len;
            for shared in self
                .layers
                .iter_mut()
                .filter_map(|layer| layer.shared.as_mut())
            {
                shared.len = len;
            }
        }
    }

    /// Tokens at the start whose keys and values it holds together with other texts.
    pub fn shared(&self) -> usize {
        self.shared
    }

    /// Counts `tokens` more as read. For implementations of [`crate::model::Model`], after they wrote keys and values.
    ///
    /// # Errors
    /// When there is no room for as many; then the cache is as before.
    pub fn advance(&mut self, tokens: usize) -> Result<(), ModelError> {
        self.check_room(tokens)?;
        self.len += tokens;
        Ok(())
    }

    /// Whether `tokens` more fit.
    pub(in crate::model) fn check_room(&self, tokens: usize) -> Result<(), ModelError> {
        let wanted = self.len + tokens;
        if wanted > self.capacity {
            return Err(ModelError::ContextFull {
                wanted,
                length: self.capacity,
            });
        }
        Ok(())
    }

    /// Makes room for `tokens` more in every layer.
    ///
    /// # Errors
    /// When they are more than the capacity allows, or the device has no room.
    pub(in crate::model) fn reserve(&mut self, tokens: usize) -> Result<(), ModelError> {
        self.check_room(tokens)?;
        let wanted = self.len + tokens;
        if wanted > self.shared + self.room {
            let room = self.room_for(wanted);
            if self.is_in_main() {
                check_left(self.bytes_with(room), &text_of(room))?;
            }
            let own = room - self.shared;
            self.layers = self.copy_layers(own)?;
            self.room = own;
        }
        Ok(())
    }

    /// Whether it lies in main memory.
    fn is_in_main(&self) -> bool {
        let first = self.layers.first();
        first.is_some_and(|layer| layer.keys.device().is_cpu())
    }

    /// Bytes of its own keys and values with room for so many tokens: those of a shared beginning count for none.
    pub fn bytes_with(&self, room: usize) -> u64 {
        let numbers = |tensor: &Tensor| tensor.elem_count() * tensor.dtype().size_in_bytes();
        let layers = self.layers.iter();
        let bytes: usize = layers
            .map(|layer| numbers(&layer.keys) + numbers(&layer.values))
            .sum();
        (bytes / self.room.max(1)) as u64 * room.saturating_sub(self.shared) as u64
    }

    /// Bytes that another text of `len` tokens takes which shares the first `start`: see [`Self::share_start`].
    pub fn bytes_beside(&self, start: usize, len: usize) -> u64 {
        let (each, own) = if self.is_in_main() {
            let own = len.saturating_sub(start);
            (self.bytes_with(self.shared + 1), own.max(OWN_ROOM))
        } else {
            (self.bytes_with(self.shared + 1), self.room_for(len))
        };
        each.saturating_mul(own.min(self.capacity) as u64)
    }

    /// Memory that is left where it lies, if that is known.
    pub fn memory_left(&self) -> Option<u64> {
        let layer = self.layers.first()?;
        match layer.keys.device() {
            Device::Cpu => available_memory(),
            gpu => free_memory(gpu),
        }
    }

    /// Tokens that there is room for at least once `tokens` were read.
    pub fn room_for(&self, tokens: usize) -> usize {
        let room = self.shared + self.room;
        if tokens <= room {
            room
        } else {
            tokens.max(self.shared + 2 * self.room).min(self.capacity)
        }
    }

    /// A copy that grows on its own, for a search that tries several continuations. Copies only what was read.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn try_clone(&self) -> Result<Self, ModelError> {
        if let Some(layer) = self.layers.first() {
            let bytes = self.bytes_with(self.shared + self.room) as usize;
            check_in_main(bytes, self.room, layer.keys.device())?;
        }
        let layers = self.copy_layers(self.room)?;
        Ok(Self {
            layers,
            memory: self.memory.clone(),
            ..*self
        })
    }

    /// Layers with the same shared beginning and room for `room` tokens after it.
    fn empty_layers(&self, room: usize) -> Result<Vec<LayerCache>, ModelError> {
        let empty = |layer: &LayerCache| {
            Ok(LayerCache {
                keys: empty_like(&layer.keys, room)?,
                values: empty_like(&layer.values, room)?,
                shared: layer.shared.clone(),
            })
        };
        self.layers.iter().map(empty).collect()
    }

    /// Copies of all layers with room for `room` tokens of their own, of which those that were read are filled.
    fn copy_layers(&self, room: usize) -> Result<Vec<LayerCache>, ModelError> {
        let copies = self.empty_layers(room)?;
        for (copy, layer) in copies.iter().zip(&self.layers) {
            fill(&copy.keys, &layer.keys, 0, self.len - self.shared)?;
            fill(&copy.values, &layer.values, 0, self.len - self.shared)?;
        }
        Ok(copies)
    }

    pub(in crate::model) fn layers(&self) -> &[LayerCache] {
        &self.layers
    }
}

/// Zeros with room for `room` tokens, otherwise as `tensor (heads, _, width)`.
fn empty_like(tensor: &Tensor, room: usize) -> Result<Tensor, candle_core::Error> {
    let (heads, _, width) = tensor.dims3()?;
    Tensor::zeros((heads, room, width), tensor.dtype(), tensor.device())
}

/// Puts the first `count` tokens of `from` into `to`, from `start` on.
fn fill(to: &Tensor, from: &Tensor, start: usize, count: usize) -> Result<(), candle_core::Error> {
    if count == 0 {
        return Ok(());
    }
    to.slice_set(&from.narrow(1, 0, count)?.contiguous()?, 1, start)
}

/// Whether main memory has room for a cache, if it is to be there.
fn check_in_main(bytes: usize, tokens: usize, device: &Device) -> Result<(), ModelError> {
    if device.is_cpu() {
        check_room(bytes as u64, &text_of(tokens))
    } else {
        Ok(())
    }
}

fn text_of(tokens: usize) -> String {
    format!("the keys and values of a text of {tokens} tokens")
}

impl LayerCache {
    /// Writes `keys` and `values`, each a contiguous `(heads, n, head width)`, at position `start`, and returns views
    /// of all up to and with them.
    pub(in crate::model) fn write(
        &self,
        keys: &Tensor,
        values: &Tensor,
        start: usize,
    ) -> Result<(Tensor, Tensor), candle_core::Error> {
        self.keys.slice_set(keys, 1, start)?;
        self.values.slice_set(values, 1, start)?;
        let end = start + keys.dim(1)?;
        Ok((self.keys.narrow(1, 0, end)?, self.values.narrow(1, 0, end)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn numbers(from: f32, tokens: usize) -> Tensor {
        let values: Vec<f32> = (0..2 * tokens * 3).map(|i| from + i as f32).collect();
        Tensor::from_vec(values, (2, tokens, 3), &Device::Cpu).expect("a tensor")
    }

    #[test]
    fn a_copy_holds_the_same_and_grows_alone() -> Result<(), ModelError> {
        let mut cache = Cache::new(1, 2, 5, 3, DType::F32, &Device::Cpu)?;
        cache.layers[0].write(&numbers(0.0, 2), &numbers(100.0, 2), 0)?;
        cache.advance(2)?;
        let copy = cache.try_clone()?;
        assert_eq!((copy.len(), copy.capacity()), (2, 5));
        copy.layers[0].write(&numbers(500.0, 1), &numbers(600.0, 1), 2)?;
        let used = |cache: &Cache| -> Result<_, ModelError> {
            Ok(cache.layers[0].values.narrow(1, 0, 2)?.to_vec3::<f32>()?)
        };
        assert_eq!(used(&copy)?, used(&cache)?);
        let third = cache.layers[0].values.narrow(1, 2, 1)?.abs()?.max_all()?;
        assert_eq!(
            third.to_scalar::<f32>()?,
            0.0,
            "the original was written to"
        );
        Ok(())
    }

    #[test]
    fn growing_keeps_what_was_read() -> Result<(), ModelError> {
        let mut cache = Cache::new(1, 2, 3 * FIRST_ROOM, 3, DType::F32, &Device::Cpu)?;
        cache.reserve(2)?;
        cache.layers[0].write(&numbers(0.0, 2), &numbers(100.0, 2), 0)?;
        cache.advance(2)?;
        let before = cache.layers[0].keys.narrow(1, 0, 2)?.to_vec3::<f32>()?;
        cache.reserve(FIRST_ROOM)?;
        assert_eq!(cache.layers[0].keys.dim(1)?, 2 * FIRST_ROOM);
        let after = cache.layers[0].keys.narrow(1, 0, 2)?.to_vec3::<f32>()?;
        assert_eq!(after, before);
        cache.reserve(3 * FIRST_ROOM - 2)?;
        assert_eq!(cache.layers[0].keys.dim(1)?, 3 * FIRST_ROOM);
        assert!(cache.reserve(3 * FIRST_ROOM - 1).is_err());
        Ok(())
    }

    #[test]
    fn it_never_counts_past_its_room() -> Result<(), ModelError> {
        let mut cache = Cache::new(0, 1, 4, 1, DType::F32, &Device::Cpu)?;
        cache.advance(3)?;
        let error = cache.advance(2).expect_err("5 tokens in room for 4");
        assert!(matches!(
            error,
            ModelError::ContextFull {
                wanted: 5,
                length: 4
            }
        ));
        assert_eq!(cache.len(), 3);
        cache.rewind(9);
        assert_eq!(cache.len(), 3);
        cache.rewind(1);
        assert_eq!(cache.len(), 1);
        Ok(())
    }
}
