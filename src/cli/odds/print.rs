//! The odds as a table for people, and the chain stage by stage.

use crate::cli::CliError;
use crate::cli::json::NamedOdds;
use crate::cli::output::Output;
use crate::decoding::Moment;
use crate::sampling::Method;
use crate::text::display_token;
use crate::text::numbers::percent_in_full;

/// Prints a moment and the continuations that were named.
///
/// # Errors
/// When the output is closed or full.
pub fn print(
    output: &mut Output,
    moment: &Moment,
    candidates: &[NamedOdds],
    method: Method,
) -> Result<(), CliError> {
    let taken = if method.draws() {
        "  <- drawn"
    } else {
        "  <- taken"
    };
    output.line("  rank      id       logit        raw      final  token")?;
    for row in &moment.rows {
        let last = match row.cut_by {
            Some(stage) => format!("cut by {}", stage.name()),
            None => percent_in_full(f64::from(row.final_probability)),
        };
        let changes: String = row
            .own_changes()
            .map(|change| format!("  {} {:+.3}", change.stage.name(), change.amount()))
            .collect();
        let mark = if Some(row.id) == moment.pick {
            taken
        } else {
            ""
        };
        output.line(&format!(
            "{:>6}  {:>6}  {:>10.4}  {:>9}  {last:>9}  {}{changes}{mark}",
            row.rank,
            row.id,
            row.logit,
            percent_in_full(f64::from(row.raw_probability)),
            row.display
        ))?;
    }
    output.line("")?;
    output.line(&format!(
        "{} logits, entropy {:.3} bits",
        moment.vocabulary, moment.raw_entropy
    ))?;
    for step in &moment.trace {
        output.line(&format!(
            "  {:<19} {:>6} left  {:>9} cut  entropy {:.3} bits",
            step.stage.name(),
            step.kept,
            percent_in_full(f64::from(step.mass_cut)),
            step.entropy
        ))?;
    }
    let how = match method {
        Method::Greedy => "greedy takes the most probable".to_owned(),
        Method::Contrastive => "contrastive search takes the best of what it weighs".to_owned(),
        Method::Beam => {
            "beam search weighs whole texts: generate --method beam shows them".to_owned()
        }
        _ => format!("u = {:.6}", moment.u),
    };
    output.line(&format!(
        "{} left, entropy {:.3} bits, {how}",
        moment.kept, moment.final_entropy
    ))?;
    for candidate in &moment.candidates {
        output.line(&format!(
            "  {:>9}  likeness {:>6.3}  score {:>7.4}  {}",
            percent_in_full(f64::from(candidate.probability)),
            candidate.penalty,
            candidate.score,
            candidate.display
        ))?;
    }
    for candidate in candidates {
        let final_probability = match candidate.final_probability {
            Some(probability) => format!("  final {}", percent_in_full(f64::from(probability))),
            None => String::new(),
        };
        output.line(&format!(
            "{}  raw {}{final_probability}  {:.4} times the first  ({} tokens)",
            display_token(candidate.text.as_bytes()),
            percent_in_full(candidate.raw_probability),
            candidate.ratio,
            candidate.ids.len()
        ))?;
    }
    Ok(())
}
