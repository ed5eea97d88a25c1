//! Lines of tables: of each token, and of what rose and fell at one place.

use crate::cli::CliError;
use crate::cli::output::Output;
use crate::decoding::{Shift, ShiftedToken, TokenDifference};
use crate::model::LoadedModel;
use crate::text::numbers::percent_in_full;

/// Above the lines of tokens.
pub const HEAD: &str =
    "position      id  KL bits         base        tuned  token  base -> tuned most probable";

/// A token's line.
pub fn line(token: &TokenDifference, base: &LoadedModel) -> String {
    let Some(odds) = token.odds else {
        return format!(
            "{:>8}  {:>6}        -            -            -  {}",
            token.position, token.id, token.display
        );
    };
    let name = |id| base.tokenizer.display(id);
    let best = if odds.base.best == odds.tuned.best {
        format!("{} =", name(odds.base.best))
    } else {
        format!("{} -> {}", name(odds.base.best), name(odds.tuned.best))
    };
    format!(
        "{:>8}  {:>6}  {:>7.4}  {:>11}  {:>11}  {}  {best}",
        token.position,
        token.id,
        odds.kl,
        percent_in_full(f64::from(odds.base.probability)),
        percent_in_full(f64::from(odds.tuned.probability)),
        token.display
    )
}

/// What rose and what fell at one place, after the text `before` it.
///
/// # Errors
/// When the output is closed or full.
pub fn shift(shift: &Shift, before: &str, output: &mut Output) -> Result<(), CliError> {
    output.line(&format!(
        "token {}, {} after {before}",
        shift.position, shift.display
    ))?;
    output.line(&format!(
        "KL(base, tuned) {:.4} bits, KL(tuned, base) {:.4} bits",
        shift.odds.kl, shift.odds.kl_reverse
    ))?;
    output.line(&format!(
        "{} itself: {} -> {}, rank {} -> {}",
        shift.display,
        percent_in_full(f64::from(shift.odds.base.probability)),
        percent_in_full(f64::from(shift.odds.tuned.probability)),
        shift.odds.base.rank,
        shift.odds.tuned.rank
    ))?;
    for (title, tokens) in [("rose", &shift.rose), ("fell", &shift.fell)] {
        output.line("")?;
        output.line(&format!(
            "{title}            base       tuned     change    bits   rank    token"
        ))?;
        for token in tokens {
            output.line(&row(token))?;
        }
    }
    Ok(())
}

fn row(token: &ShiftedToken) -> String {
    let (base, tuned) = (f64::from(token.base), f64::from(token.tuned));
    let ranks = format!("{}->{}", token.base_rank, token.tuned_rank);
    format!(
        "    {:>12} {:>11} {:>+8.3} pp {:>+7.2}  {ranks:<9} {}",
        percent_in_full(base),
        percent_in_full(tuned),
        100.0 * (tuned - base),
        token.log_ratio,
        token.display
    )
}
