//! Vocabulary-sized buffers that go from one token to the next.
//!
//! Allocated anew for every token they are large enough for the allocator to hand them back to the system each time,
//! and faulting the pages in again was measured to cost more than the whole chain.

use std::cell::RefCell;

/// The tokens of a distribution, one entry each in all three.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers {
    pub ids: Vec<u32>,
    pub logits: Vec<f32>,
    pub weights: Vec<f32>,
}

/// How many buffers a thread keeps: one for the chain at work, one for the last distribution.
const MOST: usize = 2;

/// From this size on, buffers are worth keeping.
const WORTH_KEEPING: usize = 4096;

thread_local! {
    static SPARE: RefCell<Vec<Buffers>> = const { RefCell::new(Vec::new()) };
}

impl Buffers {
    /// Empty buffers, with room if there are some to spare.
    pub fn take() -> Self {
        let mut buffers = SPARE
            .with_borrow_mut(|spare| spare.pop())
            .unwrap_or_default();
        buffers.ids.clear();
        buffers.logits.clear();
        buffers.weights.clear();
        buffers
    }

    /// Keeps the room of these buffers for the next ones.
    pub fn give_back(self) {
        if self.ids.capacity() >= WORTH_KEEPING {
            // At the end of a thread there is nothing to keep them in any more.
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < MOST {
                    spare.push(self);
                }
            });
        }
    }

    /// The same tokens without room to spare, if there is much.
    pub fn compact(self) -> Self {
        if self.ids.capacity() < WORTH_KEEPING || self.ids.len() > self.ids.capacity() / 4 {
            return self;
        }
        let compact = self.clone();
        self.give_back();
        compact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large() -> Buffers {
        let mut buffers = Buffers::take();
        buffers.ids.resize(WORTH_KEEPING, 7);
        buffers.logits.resize(WORTH_KEEPING, 0.5);
        buffers.weights.resize(WORTH_KEEPING, 0.5);
        buffers
    }

    #[test]
    fn room_is_used_again_and_what_was_in_it_is_not() {
        large().give_back();
        let again = Buffers::take();
        assert!(again.ids.capacity() >= WORTH_KEEPING);
        assert!(again.ids.is_empty() && again.logits.is_empty() && again.weights.is_empty());
        assert_eq!(Buffers::take().ids.capacity(), 0);
    }

    #[test]
    fn no_more_is_kept_than_is_of_use() {
        let all: Vec<Buffers> = (0..MOST + 3).map(|_| large()).collect();
        all.into_iter().for_each(Buffers::give_back);
        assert_eq!(SPARE.with_borrow(Vec::len), MOST);
    }

    #[test]
    fn what_is_left_of_many_tokens_takes_little_room() {
        let mut buffers = large();
        buffers.ids.truncate(3);
        buffers.logits.truncate(3);
        buffers.weights.truncate(3);
        let compact = buffers.compact();
        assert_eq!((compact.ids.len(), compact.ids.capacity()), (3, 3));
        assert_eq!(SPARE.with_borrow(Vec::len), 1);
        assert!(large().compact().ids.capacity() >= WORTH_KEEPING);
    }
}
