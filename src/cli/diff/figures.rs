//! The totals in words.

use super::Summary;
use crate::cli::CliError;
use crate::cli::output::Output;
use crate::decoding::{LlamaCppFigures, Uncertain};
use crate::text::numbers::percent_in_full;

/// Prints them, and the places that changed most.
///
/// # Errors
/// When the output is closed or full.
pub fn print(summary: &Summary<'_>, output: &mut Output) -> Result<(), CliError> {
    output.line(&format!(
        "base {} ({}), tuned {} ({}): {} tokens, {} predicted",
        summary.base.name,
        summary.base.precision.name(),
        summary.tuned.name,
        summary.tuned.precision.name(),
        summary.tokens,
        summary.predicted
    ))?;
    output.line(&format!(
        "KL(base, tuned) {:.5} bits a token on average, half below {:.5}, 99 % below {:.4}, at most {:.4}",
        summary.mean_kl, summary.median_kl, summary.kl_99, summary.max_kl
    ))?;
    output.line(&format!(
        "KL(tuned, base) {:.5} bits a token on average",
        summary.mean_kl_reverse
    ))?;
    output.line(&format!(
        "same most probable token: {}",
        percent_in_full(summary.top_agreement)
    ))?;
    output.line(&format!(
        "perplexity {:.4} -> {:.4}, {:.4} -> {:.4} bits a byte",
        summary.base.perplexity,
        summary.tuned.perplexity,
        summary.base.bits_per_byte,
        summary.tuned.bits_per_byte
    ))?;
    if !summary.changed.is_empty() {
        output.line("\nwhere it changed most:")?;
        output.line("position  KL bits         base        tuned  text [token]  most probable")?;
    }
    for place in summary.changed {
        output.line(&format!(
            "{:>8}  {:>7.4}  {:>11}  {:>11}  {}[{}]  {} -> {}",
            place.position,
            place.kl,
            percent_in_full(f64::from(place.base_probability)),
            percent_in_full(f64::from(place.tuned_probability)),
            place.before,
            place.display,
            place.base_best,
            place.tuned_best
        ))?;
    }
    match &summary.llama_cpp {
        Some(figures) => llama_cpp(figures, output),
        None => Ok(()),
    }
}

/// The figures under the names that the tool gives them.
fn llama_cpp(figures: &LlamaCppFigures, output: &mut Output) -> Result<(), CliError> {
    let percent = |it: Uncertain| Uncertain {
        value: 100.0 * it.value,
        error: 100.0 * it.error,
    };
    output.line(&format!(
        "\nas llama.cpp's perplexity tool states it (nats; second half of each of {} windows of {}, {} tokens):",
        figures.windows, figures.window, figures.tokens
    ))?;
    let with_error = [
        ("Mean PPL(Q)", figures.tuned_perplexity, ""),
        ("Mean PPL(base)", figures.base_perplexity, ""),
        (
            "Mean ln(PPL(Q)/PPL(base))",
            figures.log_perplexity_ratio,
            "",
        ),
        ("Mean KLD", figures.mean_kld, ""),
        ("Mean Δp", percent(figures.mean_change), " %"),
        ("RMS Δp", percent(figures.rms_change), " %"),
        ("Same top p", percent(figures.same_top), " %"),
    ];
    for (name, figure, unit) in with_error {
        let (value, error) = (figure.value, figure.error);
        output.line(&format!("{name:<26} {value:>11.6} ± {error:.6}{unit}"))?;
    }
    let alone = [
        ("Maximum KLD", figures.maximum_kld),
        ("99.9 % KLD", figures.kld_99_9),
        ("99.0 % KLD", figures.kld_99),
        ("90.0 % KLD", figures.kld_90),
        ("Median KLD", figures.median_kld),
        ("Minimum KLD", figures.minimum_kld),
    ];
    for (name, value) in alone {
        output.line(&format!("{name:<26} {value:>11.6}"))?;
    }
    Ok(())
}
