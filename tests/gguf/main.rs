//! GGUF models against transformers on the same dequantised weights, their tokenizers against Hugging Face's and
//! sentencepiece, and files that are damaged. `tests/reference/gguf.py` wrote the models.

mod edit;
mod keys;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use logitscope::model::{
    self, DevicePreference, LoadRequest, LoadedModel, ModelError, Precision, describe,
};
use proptest::prelude::*;
use safetensors::SafeTensors;

const CASES: [(&str, &str, Precision); 7] = [
    ("llama-f32", "llama", Precision::F32),
    ("llama-f16-biases", "llama", Precision::F16),
    ("llama-q8_0", "llama", Precision::Q8_0),
    ("llama-q4_1", "llama", Precision::Q4_1),
    ("qwen2-f32", "qwen2", Precision::F32),
    ("gpt2-f32", "gpt2", Precision::F32),
    ("gpt2-q8_0", "gpt2", Precision::Q8_0),
];

/// What rounding may change in a logit on average; the logits of these random models spread over about 10.
const MEAN_BOUND: f32 = 0.1;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference/gguf")
        .join(name)
}

fn try_load(path: &Path, precision: Precision, chat: bool) -> Result<LoadedModel, ModelError> {
    let request = LoadRequest {
        source: path.to_str().expect("UTF-8").to_owned(),
        device: DevicePreference::Cpu,
        precision,
        chat,
        ..LoadRequest::default()
    };
    model::load(&request, &mut |_| ControlFlow::Continue(()))
}

fn load(name: &str, precision: Precision) -> LoadedModel {
    let loaded = try_load(&path(&format!("{name}.gguf")), precision, false);
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded.notices, Vec::<String>::new(), "{name}");
    loaded
}

/// The tokens and logits of the reference.
fn reference(name: &str) -> (Vec<u32>, Vec<f32>) {
    let bytes = std::fs::read(path(&format!("{name}.safetensors"))).expect("a reference");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let words = |name: &str| -> Vec<[u8; 4]> {
        let tensor = tensors.tensor(name).expect("a tensor");
        let words = tensor.data().chunks_exact(4);
        words
            .map(|word| word.try_into().expect("4 bytes"))
            .collect()
    };
    (
        words("tokens")
            .into_iter()
            .map(u32::from_le_bytes)
            .collect(),
        words("logits")
            .into_iter()
            .map(f32::from_le_bytes)
            .collect(),
    )
}

/// The differences from the reference, all tokens read at once and one by one: the largest, and the mean.
fn differences(loaded: &LoadedModel, name: &str) -> (f32, f32) {
    let (tokens, expected) = reference(name);
    let model = loaded.model.as_ref();
    let (mut most, mut sum) = (0.0, 0.0);
    for size in [tokens.len(), 1] {
        let mut cache = model.new_cache().expect("room");
        let mut logits = Vec::new();
        for piece in tokens.chunks(size) {
            let hidden = model.read(piece, &mut cache).expect("room");
            logits.extend_from_slice(model.logits(&hidden).expect("logits").as_slice());
        }
        assert_eq!(logits.len(), expected.len());
        for (ours, theirs) in logits.iter().zip(&expected) {
            let off = (ours - theirs).abs();
            // Not `max`, which would hide a NaN.
            most = if off <= most { most } else { off };
            sum += off;
        }
    }
    (most, sum / (2 * expected.len()) as f32)
}

#[test]
fn dequantised_logits_are_those_of_transformers() {
    for (name, architecture, _) in CASES {
        let loaded = load(name, Precision::F32);
        let info = loaded.model.info();
        assert_eq!(
            (info.architecture.as_str(), info.precision),
            (architecture, Precision::F32)
        );
        let (difference, _) = differences(&loaded, name);
        println!("{name:20} {difference:.2e}");
        assert!(difference < 1e-4, "{name}: {difference}");
    }
}

#[test]
fn weights_keep_the_quantisation_of_the_file() {
    for (name, _, precision) in CASES {
        let loaded = load(name, Precision::Auto);
        assert_eq!(loaded.model.info().precision, precision, "{name}");
        let (most, mean) = differences(&loaded, name);
        println!(
            "{name:20} {:5} at most {most:.2e}, {mean:.2e} on average",
            precision.name()
        );
        // Activations may be rounded to brain floats or 8 bits; logits reach 10.
        match precision {
            Precision::F32 | Precision::F16 => assert!(most < 1e-4, "{name}: {most}"),
            _ => assert!(mean < MEAN_BOUND, "{name}: {mean}"),
        }
    }
}

#[test]
fn a_quantisation_that_the_file_lacks_is_refused() {
    let error = try_load(&path("llama-q8_0.gguf"), Precision::Q4K, false).err();
    let error = error.expect("no q4_k there").to_string();
    assert!(
        error.contains("q4_k") && error.contains("choose auto"),
        "{error}"
    );
    // Any model can be had in q8_0.
    let requantised = load("llama-q4_1", Precision::Q8_0);
    assert_eq!(requantised.model.info().precision, Precision::Q8_0);
    let (_, mean) = differences(&requantised, "llama-q4_1");
    assert!(mean < MEAN_BOUND, "{mean}");
}

#[test]
fn tokenizers_are_those_that_the_files_were_made_from() {
    let json = std::fs::read(path("tokenizers.json")).expect("a reference");
    let cases: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    for (name, texts) in cases.as_object().expect("an object") {
        let tokenizer = load(name, Precision::Auto).tokenizer;
        for pair in texts.as_array().expect("texts") {
            let text = pair[0].as_str().expect("a text");
            let expected: Vec<u32> = serde_json::from_value(pair[1].clone()).expect("ids");
            let ids = tokenizer.encode(text).expect("ids");
            assert_eq!(ids, expected, "{name}: {text:?}");
            let composed = name == "qwen2-f32" && text.contains('\u{301}');
            assert!(
                composed || tokenizer.decode_from_start(&ids) == text,
                "{name}: {text:?}"
            );
        }
    }
}

#[test]
fn special_tokens_are_known_from_the_metadata() {
    let llama = load("llama-f32", Precision::Auto);
    let info = llama.model.info();
    assert_eq!(
        (info.start_token, info.end_tokens.as_slice()),
        (Some(0), &[1, 2][..])
    );
    assert_eq!(llama.tokenizer.start_ids(), [0]);
    let gpt2 = load("gpt2-f32", Precision::Auto);
    assert_eq!(gpt2.tokenizer.start_ids(), [0; 0]);
    let sentencepiece = load("llama-q8_0", Precision::Auto);
    let (info, tokenizer) = (sentencepiece.model.info(), &sentencepiece.tokenizer);
    assert_eq!(
        (info.start_token, info.end_tokens.as_slice()),
        (Some(1), &[2][..])
    );
    assert_eq!(tokenizer.start_ids(), [1]);
    assert_eq!(tokenizer.token_bytes(3 + 0xE2), [0xE2]);
}

#[test]
fn prompts_become_messages_when_asked() {
    let loaded = try_load(&path("llama-f32.gguf"), Precision::Auto, true).expect("a template");
    let chat = loaded.chat.as_ref().expect("a chat");
    let text = chat.render("Hi").expect("a prompt");
    assert_eq!(text, "<s>user: Hi<|end|><s>assistant: ");
    let ids = logitscope::decoding::encode_prompt(&loaded, "Hi").expect("ids");
    assert_eq!(ids, loaded.tokenizer.encode(&text).expect("ids"));
    assert_eq!(
        ids.iter().filter(|id| **id == 0).count(),
        2,
        "special tokens, and none added"
    );
    let error = try_load(&path("llama-q8_0.gguf"), Precision::Auto, true).err();
    let error = error.expect("no template").to_string();
    assert!(
        error.contains("`llama-q8_0.gguf` has no chat template"),
        "{error}"
    );
}

#[test]
fn files_are_described_without_loading() {
    let summary = describe(&path("llama-q4_1.gguf")).expect("a file");
    assert_eq!(summary.architecture.as_deref(), Some("llama"));
    assert_eq!(summary.quantisation.as_deref(), Some("q4_1"));
    assert_eq!(summary.licence.as_deref(), Some("mit"));
    let loaded = load("llama-q4_1", Precision::Auto);
    let info = loaded.model.info();
    assert_eq!(summary.parameters, Some(info.parameters));
    assert_eq!(summary.context_length, Some(info.context_length));
    assert!(!summary.chat && summary.problem.is_none());
    assert!(describe(&path("llama-f32.gguf")).expect("a file").chat);
    let several = describe(&path("")).expect("a directory");
    assert!(
        several
            .problem
            .expect("a problem")
            .contains("holds 7 GGUF files")
    );
}

#[test]
fn a_directory_with_one_file_is_that_file() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(path("gpt2-f32.gguf"), folder.path().join("a.GGUF")).expect("a copy");
    let loaded = try_load(folder.path(), Precision::Auto, false).expect("a model");
    assert_eq!(loaded.model.info().architecture, "gpt2");
}

/// Loading this file must fail with a sentence that names it, or work.
fn is_harmless(bytes: &[u8]) -> Option<String> {
    let mut file = tempfile::Builder::new()
        .suffix(".gguf")
        .tempfile()
        .expect("a file");
    file.write_all(bytes).expect("room");
    let error = try_load(file.path(), Precision::Auto, true)
        .err()?
        .to_string();
    let name = file.path().file_name().expect("a name").to_string_lossy();
    assert!(
        error.contains(&*name) || error.contains("chat template"),
        "{error}"
    );
    assert!(!error.contains(['\n', '\x1b']), "{error:?}");
    Some(error)
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = std::fs::read(path("llama-f16-biases.gguf")).expect("a model");
    for end in (0..bytes.len() - 32).step_by(61) {
        let error = is_harmless(&bytes[..end]).expect("an error");
        assert!(
            error.contains("truncated") || error.contains("no GGUF file"),
            "cut at {end}: {error}"
        );
    }
}

#[test]
fn lies_in_the_header_are_caught() {
    let bytes = std::fs::read(path("llama-f16-biases.gguf")).expect("a model");
    let with = |at: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        is_harmless(&bytes).expect("an error")
    };
    assert!(with(0, b"GGML").contains("does not begin with `GGUF`"));
    assert!(with(4, &[9]).contains("version 9"));
    assert!(with(4, &[0, 0, 0, 3]).contains("big-endian"));
    assert!(with(8, &u64::MAX.to_le_bytes()).contains("tensors"));
    assert!(with(16, &u64::MAX.to_le_bytes()).contains("metadata"));
    assert!(with(24, &u64::MAX.to_le_bytes()).contains("truncated"));
    let place = |text: &str| {
        let found = bytes
            .windows(text.len())
            .position(|part| part == text.as_bytes());
        found.expect("in the header") + text.len()
    };
    let huge = u64::MAX.to_le_bytes();
    // Behind a key are a type, the type of the array's entries, and their number.
    assert!(with(place("tokenizer.ggml.tokens") + 8, &huge).contains("truncated"));
    assert!(with(place("llama.block_count") + 4, &[0xFF; 4]).contains("layers"));
    assert!(with(place("llama.attention.head_count_kv") + 4, &[3]).contains("evenly"));
    // Behind a tensor's name are the number of its dimensions and the first of them.
    assert!(with(place("blk.0.attn_q.weight") + 4, &huge).contains("no file can hold"));
    assert!(with(place("blk.0.attn_q.weight"), &[200]).contains("200 dimensions"));
    assert!(with(place("blk.0.attn_q.weight") + 20, &[77]).contains("type 77"));
    assert!(with(place("general.architecture") + 12, b"mamba").contains("`mamba` model"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damage_is_never_a_crash(at in 0..9_000usize, byte: u8, run in 1..9usize) {
        let mut bytes = std::fs::read(path("llama-f16-biases.gguf")).expect("a model");
        bytes[at..at + run].fill(byte);
        is_harmless(&bytes);
    }
}
