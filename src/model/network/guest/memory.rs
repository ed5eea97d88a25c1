//! What a guest remembers of a text, and where it can go back to.

use candle_core::Tensor;

/// What a guest remembers after so many tokens. A copy shares the tensors, which are never written to.
#[derive(Debug, Clone)]
pub(in crate::model) struct Remembered {
    pub(in crate::model) tensors: Vec<Tensor>,
    pub(in crate::model) tokens: usize,
}

/// A text's tokens with what is remembered of them now, and at places before.
#[derive(Debug, Clone)]
pub(in crate::model) struct Memory {
    tokens: Vec<u32>,
    pub(in crate::model) now: Remembered,
    /// The first is that before all tokens.
    marks: Vec<Remembered>,
    /// Tokens from one mark to the next.
    apart: usize,
}

/// As marks are apart at first.
const APART: usize = 64;
/// Most marks: when there are more, they are twice as far apart from then on.
const MOST_MARKS: usize = 32;

impl Memory {
    /// That of an empty text.
    pub(in crate::model) fn new(start: Remembered) -> Self {
        Self {
            tokens: Vec::new(),
            marks: vec![start.clone()],
            apart: APART,
            now: start,
        }
    }

    /// How many tokens were read.
    pub(in crate::model) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Notes a token that was read.
    pub(in crate::model) fn note(&mut self, token: u32) {
        self.tokens.push(token);
        if !self.len().is_multiple_of(self.apart) {
            return;
        }
        self.marks.push(self.now.clone());
        if self.marks.len() > MOST_MARKS {
            self.apart *= 2;
            let apart = self.apart;
            self.marks.retain(|mark| mark.tokens.is_multiple_of(apart));
        }
    }

    /// Goes back to the last place before the token after `length` at which it knows what was remembered. The tokens that
    /// are to be read again from there.
    pub(in crate::model) fn back_to(&mut self, length: usize) -> Vec<u32> {
        if length == self.len() && self.now.tokens == length {
            return Vec::new();
        }
        while self.marks.len() > 1 && self.marks.last().is_some_and(|mark| mark.tokens > length) {
            self.marks.pop();
        }
        if let Some(mark) = self.marks.last() {
            self.now = mark.clone();
        }
        let again = self.tokens[self.now.tokens..length].to_vec();
        self.tokens.truncate(self.now.tokens);
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(memory: &mut Memory, tokens: impl IntoIterator<Item = u32>) {
        for token in tokens {
            memory.now.tokens += 1;
            memory.note(token);
        }
    }

    #[test]
    fn it_goes_back_to_a_mark_and_says_what_lies_between() {
        let mut memory = Memory::new(Remembered {
            tensors: Vec::new(),
            tokens: 0,
        });
        read(&mut memory, 0..200);
        assert_eq!(memory.back_to(200), [0u32; 0]);
        assert_eq!(memory.back_to(131), [128, 129, 130]);
        assert_eq!((memory.len(), memory.now.tokens), (128, 128));
        read(&mut memory, [7, 8]);
        assert_eq!(memory.back_to(63), (0..63).collect::<Vec<_>>());
        assert_eq!(memory.len(), 0);
    }

    #[test]
    fn marks_do_not_grow_without_end() {
        let mut memory = Memory::new(Remembered {
            tensors: Vec::new(),
            tokens: 0,
        });
        read(&mut memory, 0..100_000);
        assert!(memory.marks.len() <= MOST_MARKS);
        assert_eq!(memory.marks[0].tokens, 0);
        let again = memory.back_to(50_000);
        assert_eq!(memory.len() + again.len(), 50_000);
        assert!(again.len() <= 100_000 / 16, "{}", again.len());
    }
}
