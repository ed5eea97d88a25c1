//! Samples a text with a chain of one's own settings: logits from the model, a distribution from the chain, a token from
//! a seeded draw, and again.
//!
//! usage: cargo run --release --example sample -- "Once upon a time"

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;

use logitscope::decoding::ModelVocabulary;
use logitscope::model::{LoadRequest, load};
use logitscope::sampling::{Chain, Context, Running, SamplerSettings, Uniforms};

const TOKENS: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let prompt = std::env::args().nth(1);
    let prompt = prompt.unwrap_or_else(|| "Once upon a time".to_owned());
    let loaded = load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(()))?;
    let model = &loaded.model;
    let settings = SamplerSettings {
        temperature: 0.7,
        min_p: 0.05,
        repetition_penalty: 1.1,
        ..SamplerSettings::neutral()
    };
    let chain = Chain::new(&settings, &ModelVocabulary(&loaded))?;
    let uniforms = Uniforms::new(1);

    let mut text = loaded.tokenizer.encode(&prompt)?;
    let prompt_len = text.len();
    let mut cache = model.new_cache()?;
    let mut hidden = model.read(&text, &mut cache)?;
    let mut out = std::io::stdout().lock();
    write!(out, "{prompt}")?;
    while text.len() < prompt_len + TOKENS && text.len() < model.info().context_length {
        let logits = model.logits(&hidden)?;
        let Some(logits) = logits.last() else { break };
        let context = Context {
            second: None,
            history: &text,
            prompt_len,
            end_tokens: &model.info().end_tokens,
            xtc_u: uniforms.xtc(text.len()),
            running: Running::start(&settings),
        };
        let token = chain.run(logits, &context).draw(uniforms.token(text.len()));
        if model.info().end_tokens.contains(&token) {
            break;
        }
        // What a model says is untrusted: a terminal is not to obey it.
        let said = String::from_utf8_lossy(loaded.tokenizer.token_bytes(token)).into_owned();
        write!(out, "{}", logitscope::text::sanitize(&said))?;
        text.push(token);
        hidden = model.step(&[token], &mut [&mut cache])?;
    }
    writeln!(out)?;
    Ok(())
}
