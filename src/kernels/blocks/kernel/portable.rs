//! Plain loops, for any processor.

use super::super::activations::Activations;
use super::super::forms::{BLOCK, Form, half};
use super::super::packed::{Group, Line, ROWS, RUN, lines};
use super::Rows;

pub(super) fn products<F: Form>(
    groups: &[Group<'_>],
    rows: Rows<'_>,
    put: &mut impl FnMut(usize, usize, &[f32; ROWS]),
) {
    for row in 0..rows.count() {
        let [x] = rows.from(row);
        for (index, group) in groups.iter().enumerate() {
            put(row, index, &of_row::<F>(group, x));
        }
    }
}

fn of_row<F: Form>(group: &Group<'_>, x: &[Activations]) -> [f32; ROWS] {
    let mut products = [0.0; ROWS];
    for (at, x) in x.iter().enumerate() {
        let mut whole = [0i32; ROWS];
        let block = &group.lines[at * lines::<F>()..][..lines::<F>()];
        for (line, bytes) in block.iter().enumerate() {
            add_line::<F>(&mut whole, bytes, &x.small, line * RUN);
        }
        for (row, product) in products.iter_mut().enumerate() {
            *product += half(group.scales[at][row]) * x.scale * whole[row] as f32;
            if F::HAS_LEAST {
                *product += half(group.leasts[at][row]) * x.total;
            }
        }
    }
    products
}

/// Adds the products of a line, whose numbers stand from `start` on in a block, with activations.
#[inline(always)]
fn add_line<F: Form>(sums: &mut [i32; ROWS], line: &Line, x: &[i8; BLOCK], start: usize) {
    for (sum, bytes) in sums.iter_mut().zip(&line.0) {
        for (at, &byte) in bytes.iter().enumerate() {
            let first = i16::from(x[start + at]);
            if F::WIDE {
                *sum += i32::from(i16::from(byte.cast_signed()) * first);
            } else {
                let second = i16::from(x[BLOCK / 2 + start + at]);
                *sum += i32::from((i16::from(byte & 15) - i16::from(F::ZERO)) * first);
                *sum += i32::from((i16::from(byte >> 4) - i16::from(F::ZERO)) * second);
            }
        }
    }
}
