//! Block characters that draw numbers.

/// From the lowest to a whole cell.
pub const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A share from 0 to 1 as one of eight heights, the nearest.
pub fn height(share: f64) -> char {
    HEIGHTS[((share * 7.0).round() as usize).min(7)]
}

/// From nothing to a whole cell: a sign for each that tells them apart without colours.
const HEAT: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// A share from 0 to 1 as one of five signs, with its place among them. What is not next to nothing is seen.
pub fn heat(share: f64) -> (char, usize) {
    let level = match share {
        share if share < 0.01 => 0,
        share => (1.0 + share * 3.0).round() as usize,
    };
    let level = level.min(HEAT.len() - 1);
    (HEAT[level], level)
}

#[cfg(test)]
mod tests {
    use super::heat;

    #[test]
    fn the_more_the_hotter() {
        let signs: String = [0.0, 0.009, 0.01, 0.3, 0.6, 0.9, 7.0]
            .into_iter()
            .map(|share| heat(share).0)
            .collect();
        assert_eq!(signs, "  ░▒▓██");
        assert_eq!(heat(f64::NAN).1, 0);
    }
}
