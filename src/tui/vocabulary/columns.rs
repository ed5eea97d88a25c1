//! The columns of samples beside each other.

/// Least cells of a column.
const NARROWEST: u16 = 26;

/// Columns that fit beside each other, and the cells of each, its border included.
pub fn columns(width: u16, samples: usize) -> (usize, u16) {
    let fitting = usize::from((width / NARROWEST).max(1)).min(samples);
    (fitting, width / fitting as u16)
}

/// Cells that a sample's text is wrapped to.
pub fn width(width: u16, samples: usize) -> u16 {
    if samples <= 1 {
        return width;
    }
    columns(width, samples).1.saturating_sub(1).max(1)
}
