//! Scores a text file: its perplexity, and the tokens that surprised the model most.
//!
//! usage: cargo run --release --example score_file -- FILE.txt

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;

use logitscope::decoding::{DecodingError, TokenRecord, Totals, encode_prompt, score};
use logitscope::model::{LoadRequest, load};
use logitscope::text::sanitize;

const SHOWN: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1);
    let path = path.ok_or("usage: score_file FILE.txt")?;
    let text = std::fs::read_to_string(&path)?;
    let loaded = load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(()))?;
    let ids = encode_prompt(&loaded, &text)?;
    let mut totals = Totals::default();
    let mut records: Vec<TokenRecord> = Vec::new();
    score(
        &loaded,
        &ids,
        logitscope::decoding::View::default(),
        |record| {
            totals.add(&record);
            records.push(record);
            Ok::<_, DecodingError>(())
        },
    )?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} tokens predicted: perplexity {:.2}, {:.3} bits a byte",
        totals.predicted,
        totals.perplexity(),
        totals.bits_per_byte()
    )?;
    let surprisal = |record: &TokenRecord| record.odds.map_or(0.0, |odds| odds.surprisal);
    records.sort_by(|a, b| surprisal(b).total_cmp(&surprisal(a)));
    for record in records.iter().take(SHOWN) {
        let token = String::from_utf8_lossy(&record.bytes);
        writeln!(
            out,
            "{:>6.2} bits {:?}",
            surprisal(record),
            sanitize(&token)
        )?;
    }
    Ok(())
}
