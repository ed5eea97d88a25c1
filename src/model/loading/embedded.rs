//! The small model inside of this program, so that it runs offline. Its card is `assets/model/README.md`.

/// Its name as a source.
pub const EMBEDDED: &str = "embedded";

const CONFIG: &[u8] = include_bytes!("../../../assets/model/config.json");
const TOKENIZER: &[u8] = include_bytes!("../../../assets/model/tokenizer.json");
const CARD: &[u8] = include_bytes!("../../../assets/model/README.md");
const WEIGHTS: &[u8] = include_bytes!("../../../assets/model/model.safetensors");

/// One of its files.
pub(super) fn file(name: &str) -> Option<&'static [u8]> {
    match name {
        "config.json" => Some(CONFIG),
        "tokenizer.json" => Some(TOKENIZER),
        "README.md" => Some(CARD),
        "model.safetensors" => Some(WEIGHTS),
        _ => None,
    }
}

/// How many bytes of the program it takes.
pub fn embedded_size() -> u64 {
    [CONFIG, TOKENIZER, WEIGHTS]
        .iter()
        .map(|file| file.len() as u64)
        .sum()
}
