//! How ggml holds 32 numbers of a row: the layouts are those of its `ggml-common.h`.

/// Numbers in a block.
pub(super) const BLOCK: usize = 32;

/// A layout of a block.
pub(super) trait Form: Send + Sync + 'static {
    /// A block as it lies in memory.
    type Bytes: Copy + Sync;

    /// Whether a number takes eight bits, else four.
    const WIDE: bool;

    /// What is added to [`Parts::small`] so that it has no sign, where it takes four bits.
    const ZERO: i8;

    /// What is added to each weight so that it has no sign where bytes are multiplied.
    const OFFSET: i32 = if Self::WIDE { 128 } else { Self::ZERO as i32 };

    /// Whether [`Parts::least`] can be other than zero.
    const HAS_LEAST: bool;

    /// A matrix' bytes as blocks.
    fn blocks(bytes: &[u8]) -> &[Self::Bytes];

    /// What a block holds.
    fn parts(block: &Self::Bytes) -> Parts;
}

/// 32 numbers, `scale small + least` each.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    pub(super) small: [i8; BLOCK],
    /// The bits of a half-precision number.
    pub(super) scale: u16,
    /// As well.
    pub(super) least: u16,
}

/// From -127 to 127, nothing least.
pub(super) struct Q8_0;

impl Form for Q8_0 {
    type Bytes = [u8; 2 + BLOCK];

    const WIDE: bool = true;
    const ZERO: i8 = 0;
    const HAS_LEAST: bool = false;

    fn blocks(bytes: &[u8]) -> &[Self::Bytes] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn parts(block: &Self::Bytes) -> Parts {
        let mut small = [0; BLOCK];
        for at in 0..BLOCK {
            small[at] = block[2 + at].cast_signed();
        }
        Parts {
            small,
            scale: u16::from_le_bytes([block[0], block[1]]),
            least: 0,
        }
    }
}

/// From -8 to 7, nothing least.
pub(super) struct Q4_0;

impl Form for Q4_0 {
    type Bytes = [u8; 2 + BLOCK / 2];

    const WIDE: bool = false;
    const ZERO: i8 = 8;
    const HAS_LEAST: bool = false;

    fn blocks(bytes: &[u8]) -> &[Self::Bytes] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn parts(block: &Self::Bytes) -> Parts {
        Parts {
            small: halves::<Self>(&block[2..]),
            scale: u16::from_le_bytes([block[0], block[1]]),
            least: 0,
        }
    }
}

/// From 0 to 15.
pub(super) struct Q4_1;

impl Form for Q4_1 {
    type Bytes = [u8; 4 + BLOCK / 2];

    const WIDE: bool = false;
    const ZERO: i8 = 0;
    const HAS_LEAST: bool = true;

    fn blocks(bytes: &[u8]) -> &[Self::Bytes] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn parts(block: &Self::Bytes) -> Parts {
        Parts {
            small: halves::<Self>(&block[4..]),
            scale: u16::from_le_bytes([block[0], block[1]]),
            least: u16::from_le_bytes([block[2], block[3]]),
        }
    }
}

/// The first half of the numbers from the low halves of the bytes, the second from the high ones.
#[inline(always)]
fn halves<F: Form>(bytes: &[u8]) -> [i8; BLOCK] {
    let mut small = [0; BLOCK];
    for (at, both) in bytes.iter().enumerate() {
        small[at] = (both & 15).cast_signed() - F::ZERO;
        small[BLOCK / 2 + at] = (both >> 4).cast_signed() - F::ZERO;
    }
    small
}

/// A finite half-precision number. Without a branch, and inlined where the `half` crate would call a function.
#[inline(always)]
pub(super) fn half(bits: u16) -> f32 {
    /// From the exponent's bias of 15 to that of 127.
    const REBIAS: f32 = f32::from_bits((127 + 127 - 15) << 23);
    let bits = u32::from(bits);
    let size = f32::from_bits((bits & 0x7fff) << 13) * REBIAS;
    f32::from_bits(size.to_bits() | (bits & 0x8000) << 16)
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::half as ours;

    #[test]
    fn every_finite_half_is_itself() {
        for bits in 0..=u16::MAX {
            let expected = f16::from_bits(bits);
            if expected.is_finite() {
                assert_eq!(ours(bits).to_bits(), expected.to_f32().to_bits());
            }
        }
    }
}
