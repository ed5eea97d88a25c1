//! Block characters that draw numbers.

/// From the lowest to a whole cell.
pub const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A share from 0 to 1 as one of eight heights, the nearest.
pub fn height(share: f64) -> char {
    HEIGHTS[((share * 7.0).round() as usize).min(7)]
}
