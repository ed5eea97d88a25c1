//! Whether a proposal is taken, and what comes in its place (Leviathan et al. 2023, algorithm 1).

use crate::sampling::Distribution;

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub accepted: bool,
    /// The proposal, or the token that takes its place.
    pub id: u32,
}

/// Judges the token `id`, which was drawn from `q`, so that what comes out is drawn from `p`: it is taken with probability
/// min(1, p / q), and replaced otherwise by a token drawn from max(0, p − q), normalised. `accept` and `replace` are uniform
/// numbers in [0, 1).
pub fn judge(
    p: &Distribution,
    q: &Distribution,
    id: u32,
    vocabulary: usize,
    accept: f64,
    replace: f64,
) -> Verdict {
    let of = |distribution: &Distribution, id: u32| f64::from(distribution.probability(id));
    if accept * of(q, id) < of(p, id) {
        return Verdict { accepted: true, id };
    }
    let over = |id: u32| (of(p, id) - of(q, id)).max(0.0);
    let ids = 0..vocabulary as u32;
    let target = replace * ids.clone().map(over).sum::<f64>();
    let mut reached = 0.0;
    let mut last = None;
    for id in ids {
        let share = over(id);
        if share > 0.0 {
            reached += share;
            last = Some(id);
            if reached > target {
                break;
            }
        }
    }
    Verdict {
        accepted: false,
        // Two distributions that differ by rounding alone have nothing over each other.
        id: last.unwrap_or_else(|| p.best()),
    }
}
