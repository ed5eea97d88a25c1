//! A matrix in blocks, sixteen rows together, so that one instruction multiplies four numbers of each.

use std::marker::PhantomData;

use super::forms::{BLOCK, Form, Parts, half};
use crate::kernels::for_each_piece;

/// Rows of a group.
pub(super) const ROWS: usize = 16;
/// Numbers of a row in a line, or twice as many where a byte holds two.
pub(super) const RUN: usize = 4;

/// Bytes of all rows of a group: [`RUN`] of each.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [[u8; RUN]; ROWS]);

/// A matrix `(rows rounded up, in)`. In a block of a group the numbers from `RUN l` on stand in line `l`; where they take
/// four bits, those are the low halves of its bytes, and the high ones have the numbers from `BLOCK / 2 + RUN l` on.
pub(super) struct Packed<F: Form> {
    /// Group after group, block after block, [`lines`] of each.
    lines: Vec<Line>,
    /// Half-precision numbers, one for each row of a group.
    scales: Vec<[u16; ROWS]>,
    /// The same, or nothing where the form has none.
    leasts: Vec<[u16; ROWS]>,
    /// Blocks in a row.
    in_row: usize,
    form: PhantomData<F>,
}

/// How many lines a block has.
pub(super) const fn lines<F: Form>() -> usize {
    if F::WIDE {
        BLOCK / RUN
    } else {
        BLOCK / RUN / 2
    }
}

/// The blocks of sixteen rows.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) lines: &'a [Line],
    pub(super) scales: &'a [[u16; ROWS]],
    pub(super) leasts: &'a [[u16; ROWS]],
}

impl<F: Form> Packed<F> {
    /// The first `rows` rows of a matrix of ggml's blocks, `in_row` in each; zeros follow to the end of a group.
    ///
    /// # Panics
    /// When there are fewer blocks.
    pub(super) fn of(bytes: &[u8], rows: usize, in_row: usize) -> Self {
        let blocks = &F::blocks(bytes)[..rows * in_row];
        let groups = rows.div_ceil(ROWS);
        let mut lines = vec![Line([[0; RUN]; ROWS]); groups * in_row * lines::<F>()];
        let mut scales = vec![[0; ROWS]; groups * in_row];
        let mut leasts = vec![[0; ROWS]; if F::HAS_LEAST { groups * in_row } else { 0 }];
        let mut least_numbers = leasts.chunks_mut(in_row);
        let pieces = blocks
            .chunks(in_row * ROWS)
            .zip(lines.chunks_mut(in_row * self::lines::<F>()))
            .zip(scales.chunks_mut(in_row));
        let pieces = pieces.map(|piece| (piece, least_numbers.next().unwrap_or_default()));
        for_each_piece(pieces, |_, (((blocks, lines), scales), leasts)| {
            pack::<F>(blocks, in_row, lines, scales, leasts);
        });
        Self {
            lines,
            scales,
            leasts,
            in_row,
            form: PhantomData,
        }
    }

    /// Blocks in a row.
    pub(super) fn in_row(&self) -> usize {
        self.in_row
    }

    /// The rows from `ROWS index` on.
    pub(super) fn group(&self, index: usize) -> Group<'_> {
        let (start, end) = (index * self.in_row, (index + 1) * self.in_row);
        Group {
            lines: &self.lines[start * lines::<F>()..end * lines::<F>()],
            scales: &self.scales[start..end],
            leasts: if F::HAS_LEAST {
                &self.leasts[start..end]
            } else {
                &[]
            },
        }
    }

    /// Appends the numbers of a row.
    pub(super) fn row(&self, row: usize, numbers: &mut Vec<f32>) {
        let group = self.group(row / ROWS);
        for at in 0..self.in_row {
            let parts = group.parts::<F>(at, row % ROWS);
            let (scale, least) = (half(parts.scale), half(parts.least));
            numbers.extend(parts.small.map(|small| scale * f32::from(small) + least));
        }
    }
}

impl Group<'_> {
    /// Block `at` of a row.
    pub(super) fn parts<F: Form>(&self, at: usize, row: usize) -> Parts {
        let mut small = [0; BLOCK];
        let block = &self.lines[at * lines::<F>()..][..lines::<F>()];
        for (line, Line(rows)) in block.iter().enumerate() {
            for (at, byte) in rows[row].into_iter().enumerate() {
                let at = line * RUN + at;
                if F::WIDE {
                    small[at] = byte.cast_signed();
                } else {
                    small[at] = (byte & 15).cast_signed() - F::ZERO;
                    small[BLOCK / 2 + at] = (byte >> 4).cast_signed() - F::ZERO;
                }
            }
        }
        Parts {
            small,
            scale: self.scales[at][row],
            least: self.leasts.get(at).map_or(0, |leasts| leasts[row]),
        }
    }
}

fn pack<F: Form>(
    blocks: &[F::Bytes],
    in_row: usize,
    lines: &mut [Line],
    scales: &mut [[u16; ROWS]],
    leasts: &mut [[u16; ROWS]],
) {
    for (row, blocks) in blocks.chunks(in_row).enumerate() {
        let (first, row) = (row / ROWS * in_row, row % ROWS);
        for (at, block) in blocks.iter().enumerate() {
            let parts = F::parts(block);
            let lines = &mut lines[(first + at) * self::lines::<F>()..][..self::lines::<F>()];
            for (line, Line(rows)) in lines.iter_mut().enumerate() {
                for (at, byte) in rows[row].iter_mut().enumerate() {
                    let at = line * RUN + at;
                    let bits = |at: usize| (parts.small[at] + F::ZERO).cast_unsigned();
                    *byte = if F::WIDE {
                        bits(at)
                    } else {
                        bits(at) | bits(BLOCK / 2 + at) << 4
                    };
                }
            }
            scales[first + at][row] = parts.scale;
            if F::HAS_LEAST {
                leasts[first + at][row] = parts.least;
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::forms::{Q4_0, Q4_1, Q8_0};
    use super::*;

    /// Random blocks of ggml's with scales, and least numbers where there are some, that are small.
    pub(in super::super) fn blocks<F: Form>(count: usize) -> Vec<u8> {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut bytes = Vec::new();
        for _ in 0..count {
            let start = bytes.len();
            bytes.extend((0..size_of::<F::Bytes>()).map(|_| next()));
            for half in 0..1 + usize::from(F::HAS_LEAST) {
                let scale = half::f16::from_f32(f32::from(next() as i8) / 512.0);
                bytes[start + 2 * half..][..2].copy_from_slice(&scale.to_le_bytes());
            }
        }
        bytes
    }

    fn compare<F: Form>() {
        for (rows, in_row) in [(1, 1), (16, 2), (37, 3)] {
            let bytes = blocks::<F>(rows * in_row);
            let packed = Packed::<F>::of(&bytes, rows, in_row);
            for (index, block) in F::blocks(&bytes).iter().enumerate() {
                let (row, at) = (index / in_row, index % in_row);
                let (ours, expected) = (
                    packed.group(row / ROWS).parts::<F>(at, row % ROWS),
                    F::parts(block),
                );
                assert_eq!(
                    (ours.small, ours.scale, ours.least),
                    (expected.small, expected.scale, expected.least)
                );
            }
        }
    }

    #[test]
    fn what_is_packed_is_there() {
        compare::<Q8_0>();
        compare::<Q4_0>();
        compare::<Q4_1>();
    }
}
