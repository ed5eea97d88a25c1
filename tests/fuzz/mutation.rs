//! How an input that is right becomes one that is wrong.

use proptest::prelude::*;

/// One change. Places are parts of 65,536 of the input, so that they fit inputs of any length.
#[derive(Debug, Clone)]
pub enum Mutation {
    FlipBit(u16, u8),
    /// A number of one, two, four or eight bytes, little-endian: in headers they are counts and lengths.
    Number(u16, u8, u64),
    /// Digits put in place of the next number in a text.
    Digits(u16, u64),
    Remove(u16, u16),
    /// A piece again, many times over.
    Repeat(u16, u8, u16),
    /// One of the target's own words.
    Word(u16, usize),
    /// An opening bracket, so deep.
    Nest(u16, u8, u16),
    Cut(u16),
}

/// Numbers at which something overflows, or is zero.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(i64::MAX as u64),
        Just(1 << 63),
        Just(u64::from(u32::MAX)),
        Just(1 << 31),
        Just(1 << 40),
        any::<u64>(),
        0u64..70_000,
    ]
}

pub fn mutation() -> impl Strategy<Value = Mutation> {
    use Mutation::*;
    prop_oneof![
        4 => (any::<u16>(), any::<u8>()).prop_map(|(at, bit)| FlipBit(at, bit)),
        4 => (any::<u16>(), any::<u8>(), number()).prop_map(|(at, size, n)| Number(at, size, n)),
        4 => (any::<u16>(), number()).prop_map(|(at, n)| Digits(at, n)),
        2 => (any::<u16>(), 1u16..200).prop_map(|(at, length)| Remove(at, length)),
        1 => (any::<u16>(), any::<u8>(), any::<u16>()).prop_map(|(at, length, times)| Repeat(at, length, times)),
        4 => (any::<u16>(), any::<usize>()).prop_map(|(at, word)| Word(at, word)),
        1 => (any::<u16>(), any::<u8>(), any::<u16>()).prop_map(|(at, which, depth)| Nest(at, which, depth)),
        1 => any::<u16>().prop_map(Cut),
    ]
}

impl Mutation {
    /// Changes `bytes`, which may lie anywhere in their first `reach`.
    pub fn apply(&self, bytes: &mut Vec<u8>, reach: usize, words: &[&str]) {
        let reach = reach.min(bytes.len());
        let place = |at: u16| reach * usize::from(at) / 65_536;
        match *self {
            Self::FlipBit(at, bit) => {
                if let Some(byte) = bytes.get_mut(place(at)) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Self::Number(at, size, number) => {
                let number = &number.to_le_bytes()[..1 << (size % 4)];
                let at = place(at);
                if let Some(slot) = bytes.get_mut(at..at + number.len()) {
                    slot.copy_from_slice(number);
                }
            }
            Self::Digits(at, number) => {
                let digit = |byte: &u8| byte.is_ascii_digit();
                let at = place(at);
                if let Some(begin) = bytes[at..].iter().position(digit) {
                    let begin = at + begin;
                    let length = bytes[begin..].iter().take_while(|byte| digit(byte)).count();
                    bytes.splice(begin..begin + length, number.to_string().into_bytes());
                }
            }
            Self::Remove(at, length) => {
                let at = place(at);
                let end = (at + usize::from(length)).min(bytes.len());
                bytes.drain(at..end);
            }
            Self::Repeat(at, length, times) => {
                let at = place(at);
                let end = (at + usize::from(length)).min(bytes.len());
                let piece = bytes[at..end].repeat(usize::from(times) % 2000);
                bytes.splice(at..at, piece);
            }
            Self::Word(at, word) => {
                if let Some(word) = words.get(word % words.len().max(1)) {
                    let at = place(at);
                    bytes.splice(at..at, word.bytes());
                }
            }
            Self::Nest(at, which, depth) => {
                let brackets = ["[", "{\"a\":", "(", "{{", "{%", "-", "not "];
                let bracket = brackets[usize::from(which) % brackets.len()];
                let at = place(at);
                bytes.splice(at..at, bracket.repeat(usize::from(depth)).into_bytes());
            }
            Self::Cut(at) => bytes.truncate(place(at)),
        }
    }
}
