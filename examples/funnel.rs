//! Draws the chain's funnel: what each stage leaves of the tokens, of the odds and of the doubt, as bars.
//!
//! usage: cargo run --release --example funnel -- "Once upon a time there was a"

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;

use logitscope::decoding::ModelVocabulary;
use logitscope::model::{LoadRequest, load};
use logitscope::sampling::{Chain, Context, RawOdds, Running, SamplerSettings};

/// Cells of a bar for the whole vocabulary, on a scale of logarithms.
const CELLS: f64 = 40.0;

fn main() -> Result<(), Box<dyn Error>> {
    let prompt = std::env::args().nth(1);
    let prompt = prompt.unwrap_or_else(|| "Once upon a time there was a".to_owned());
    let loaded = load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(()))?;
    let settings = SamplerSettings {
        min_p: 0.02,
        ..SamplerSettings::default()
    };
    let chain = Chain::new(&settings, &ModelVocabulary(&loaded))?;
    let history = loaded.tokenizer.encode(&prompt)?;
    let mut cache = loaded.model.new_cache()?;
    let hidden = loaded.model.read(&history, &mut cache)?;
    let logits = loaded.model.logits(&hidden)?;
    let logits = logits.last().ok_or("the prompt has no token")?;
    let context = Context {
        history: &history,
        second: None,
        prompt_len: history.len(),
        end_tokens: &[],
        xtc_u: 0.0,
        running: Running::start(&settings),
    };
    let all = logits.len();
    let bar = |kept: usize| {
        let share = (kept as f64).ln_1p() / (all as f64).ln_1p();
        "█".repeat((CELLS * share).round() as usize)
    };
    let mut out = std::io::stdout().lock();
    let entropy = RawOdds::new(logits).entropy();
    writeln!(
        out,
        "{:<20} {all:>6}          {entropy:>6.2} bits {}",
        "logits",
        bar(all)
    )?;
    for stage in chain.run(logits, &context).trace() {
        writeln!(
            out,
            "{:<20} {:>6} -{:>5.1} % {:>6.2} bits {}",
            stage.stage.name(),
            stage.kept,
            100.0 * stage.mass_cut,
            stage.entropy,
            bar(stage.kept)
        )?;
    }
    Ok(())
}
