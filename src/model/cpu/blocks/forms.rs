//! How ggml holds 32 numbers of a row: the layouts are those of its `ggml-common.h`.

/// Numbers in a block.
pub(super) const BLOCK: usize = 32;

/// A layout of a block.
pub(super) trait Form: 'static {
    /// A block as it lies in memory.
    type Bytes: Copy + Sync;

    /// A matrix' bytes as blocks.
    fn blocks(bytes: &[u8]) -> &[Self::Bytes];

    /// The numbers of a block.
    fn numbers(block: &Self::Bytes) -> [f32; BLOCK];
}

/// `scale n` with `n` from -127 to 127.
pub(super) struct Q8_0;

impl Form for Q8_0 {
    type Bytes = [u8; 2 + BLOCK];

    fn blocks(bytes: &[u8]) -> &[Self::Bytes] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn numbers(block: &Self::Bytes) -> [f32; BLOCK] {
        let scale = half(block[0], block[1]);
        let mut numbers = [0.0; BLOCK];
        for at in 0..BLOCK {
            numbers[at] = scale * f32::from(block[2 + at] as i8);
        }
        numbers
    }
}

/// `scale (n - 8)` with `n` from 0 to 15, the first half of the numbers in the low halves of the bytes.
pub(super) struct Q4_0;

impl Form for Q4_0 {
    type Bytes = [u8; 2 + BLOCK / 2];

    fn blocks(bytes: &[u8]) -> &[Self::Bytes] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn numbers(block: &Self::Bytes) -> [f32; BLOCK] {
        let scale = half(block[0], block[1]);
        let mut numbers = [0.0; BLOCK];
        for at in 0..BLOCK / 2 {
            let both = i32::from(block[2 + at]);
            numbers[at] = scale * ((both & 15) - 8) as f32;
            numbers[BLOCK / 2 + at] = scale * ((both >> 4) - 8) as f32;
        }
        numbers
    }
}

/// `least + scale n` with `n` from 0 to 15, ordered as in [`Q4_0`].
pub(super) struct Q4_1;

impl Form for Q4_1 {
    type Bytes = [u8; 4 + BLOCK / 2];

    fn blocks(bytes: &[u8]) -> &[Self::Bytes] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn numbers(block: &Self::Bytes) -> [f32; BLOCK] {
        let (scale, least) = (half(block[0], block[1]), half(block[2], block[3]));
        let mut numbers = [0.0; BLOCK];
        for at in 0..BLOCK / 2 {
            let both = i32::from(block[4 + at]);
            numbers[at] = scale * (both & 15) as f32 + least;
            numbers[BLOCK / 2 + at] = scale * (both >> 4) as f32 + least;
        }
        numbers
    }
}

/// A finite half-precision number. Without a branch, and inlined where the `half` crate would call a function.
#[inline(always)]
fn half(low: u8, high: u8) -> f32 {
    /// From the exponent's bias of 15 to that of 127.
    const REBIAS: f32 = f32::from_bits((127 + 127 - 15) << 23);
    let bits = u32::from(u16::from_le_bytes([low, high]));
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
                let [low, high] = bits.to_le_bytes();
                assert_eq!(ours(low, high).to_bits(), expected.to_f32().to_bits());
            }
        }
    }
}
