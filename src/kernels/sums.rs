//! Sums that vectorise, in one order on every platform: sixteen partial sums side by side, then those in pairs.

/// Partial sums side by side.
const LANES: usize = 16;

/// The sum of partial sums.
#[inline(always)]
fn total(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The sum of some numbers.
#[inline(always)]
pub fn sum(x: &[f32]) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    for (lane, x) in rest.iter().enumerate() {
        lanes[lane] += x;
    }
    total(lanes)
}

/// The sum of products of two slices of equal length.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        lanes[lane] += a * b;
    }
    total(lanes)
}

/// The largest of some numbers; minus infinity for none.
#[inline(always)]
pub fn highest(x: &[f32]) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = if chunk[lane] > lanes[lane] {
                chunk[lane]
            } else {
                lanes[lane]
            };
        }
    }
    let mut highest = f32::NEG_INFINITY;
    for &x in lanes.iter().chain(rest) {
        highest = if x > highest { x } else { highest };
    }
    highest
}

/// Adds `x` to `sum`, number by number.
#[inline(always)]
pub fn add(sum: &mut [f32], x: &[f32]) {
    for (sum, x) in sum.iter_mut().zip(x) {
        *sum += x;
    }
}

/// The sum of the rows of `partial`, first to last.
pub fn rows(partial: &[f32], width: usize) -> Vec<f32> {
    let mut sum = vec![0.0; width];
    for row in partial.chunks_exact(width) {
        add(&mut sum, row);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_lengths_count_every_number() {
        for length in [0, 1, 15, 16, 17, 100] {
            let x: Vec<f32> = (0..length).map(|i| i as f32).collect();
            let ones = vec![1.0; length];
            let expected = (0..length).sum::<usize>() as f32;
            assert_eq!((sum(&x), dot(&x, &ones)), (expected, expected));
            let last = length
                .checked_sub(1)
                .map_or(f32::NEG_INFINITY, |last| last as f32);
            assert_eq!(highest(&x), last);
        }
    }
}
