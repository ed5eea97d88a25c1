//! Adds a stage of one's own to the chain, which forbids every token with a letter e, and shows what it did.
//!
//! usage: cargo run --release --example own_stage

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;

use logitscope::decoding::ModelVocabulary;
use logitscope::model::{LoadRequest, load};
use logitscope::sampling::{
    Candidates, Chain, Context, Running, SamplerSettings, Stage, Vocabulary,
};

/// Cuts the tokens that hold a letter. As in Perec's novel without an e.
#[derive(Debug)]
struct Without {
    /// Whether each token of the vocabulary does not hold it.
    allowed: Vec<bool>,
}

impl Without {
    fn new(letter: char, vocabulary: &dyn Vocabulary) -> Self {
        let ids = 0..vocabulary.size() as u32;
        let allowed = ids.map(|id| !vocabulary.text(id).to_lowercase().contains(letter));
        Self {
            allowed: allowed.collect(),
        }
    }
}

impl Stage for Without {
    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) {
        let allowed = |id: u32| self.allowed.get(id as usize).copied().unwrap_or(true);
        let softmax = candidates.softmax();
        // A stage leaves at least one token.
        if softmax.ids.iter().any(|&id| allowed(id)) {
            candidates.cut(|token| allowed(token.id));
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let loaded = load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(()))?;
    let vocabulary = ModelVocabulary(&loaded);
    let settings = SamplerSettings {
        top_k: 40,
        ..SamplerSettings::neutral()
    };
    let own: Box<dyn Stage> = Box::new(Without::new('e', &vocabulary));
    let chain = Chain::new(&settings, &vocabulary)?.with_stages([("without-e", own)]);

    let prompt = loaded.tokenizer.encode("Once upon a time there was a")?;
    let mut cache = loaded.model.new_cache()?;
    let hidden = loaded.model.read(&prompt, &mut cache)?;
    let logits = loaded.model.logits(&hidden)?;
    let context = Context {
        history: &prompt,
        second: None,
        prompt_len: prompt.len(),
        end_tokens: &[],
        xtc_u: 0.0,
        running: Running::start(&settings),
    };
    let logits = logits.last().ok_or("a prompt has tokens")?;
    let distribution = chain.run_explained(logits, &context);
    let mut out = std::io::stdout().lock();
    for stage in distribution.trace() {
        let (name, kept) = (stage.stage.name(), stage.kept);
        writeln!(
            out,
            "{name:<10} leaves {kept:>5} tokens, {:.2} bits",
            stage.entropy
        )?;
    }
    for (id, probability) in distribution.top(8) {
        let text = loaded.tokenizer.token_bytes(id);
        let text = logitscope::text::sanitize(&String::from_utf8_lossy(text)).into_owned();
        writeln!(out, "{:>6.2} % {text:?}", 100.0 * probability)?;
    }
    Ok(())
}
