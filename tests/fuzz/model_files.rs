//! The files of a model, in Hugging Face layout and in GGUF.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use logitscope::model::{
    self, DevicePreference, LoadRequest, LoadedModel, ModelError, Precision, describe,
};
use logitscope::text::Tokenizer;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::harness::Target;

fn reference(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(path)
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(reference(path)).expect("a reference")
}

fn load(path: &Path) -> Result<LoadedModel, ModelError> {
    let request = LoadRequest {
        source: path.to_str().expect("UTF-8").to_owned(),
        device: DevicePreference::Cpu,
        precision: Precision::Auto,
        chat: false,
        ..LoadRequest::default()
    };
    model::load(&request, &mut |_| ControlFlow::Continue(()))
}

/// What may become of loading: a model that can be used, or one sentence.
fn used_or_told(path: &Path) -> Result<(), TestCaseError> {
    let described = describe(path).map_err(|error| error.to_string());
    prop_assert!(described.is_ok(), "{:?}", described);
    match load(path) {
        Ok(loaded) => {
            use_tokenizer(&loaded.tokenizer);
            let ids: Vec<u32> = (0..loaded.model.info().vocabulary.min(3) as u32).collect();
            if let Ok(mut cache) = loaded.model.new_cache() {
                // Whatever the weights have become: numbers come out, or an error.
                let _ = loaded.model.read(&ids, &mut cache);
            }
            Ok(())
        }
        Err(error) => told(&error),
    }
}

fn told(error: &ModelError) -> Result<(), TestCaseError> {
    let sentence = error.to_string();
    prop_assert!(!matches!(error, ModelError::Panicked(_)), "{}", sentence);
    prop_assert!(!sentence.contains(char::is_control), "{:?}", sentence);
    prop_assert!(sentence.len() < 4000, "{}", sentence);
    Ok(())
}

fn use_tokenizer(tokenizer: &Tokenizer) {
    for text in ["Once upon a time, “Zoë” said:\n 12345\t🦀", "", "\u{0}"] {
        if let Ok(ids) = tokenizer.encode(text) {
            tokenizer.decode(&ids);
            tokenizer.decode_from_start(&ids);
        }
    }
    tokenizer.token_bytes(u32::MAX);
    tokenizer.display(0);
    tokenizer.end_of_text();
}

#[test]
fn gguf_header() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.gguf");
    let names = ["llama-f16-biases", "qwen2-f32", "llama-q4_1", "gpt2-f32"];
    let target = Target {
        name: "gguf-header",
        seeds: names
            .map(|name| read(&format!("gguf/{name}.gguf")))
            .to_vec(),
        // Their weights begin there or before.
        reach: 20_000,
        words: &[
            "GGUF",
            "general.alignment",
            "tokenizer.ggml.tokens",
            "llama.",
            "\u{0}",
        ],
    };
    target.run(|bytes| {
        std::fs::write(&path, bytes).expect("writable");
        used_or_told(&path)
    });
}

/// A directory in which one file is damaged.
fn damaged(name: &'static str, model: &str, file: &str, reach: usize, words: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(reference(model))
        .expect("a reference")
        .flatten()
    {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("writable");
    }
    let target = Target {
        name,
        seeds: vec![read(&format!("{model}/{file}"))],
        reach,
        words,
    };
    let path = folder.path().join(file);
    target.run(|bytes| {
        std::fs::write(&path, bytes).expect("writable");
        used_or_told(folder.path())
    });
}

#[test]
fn safetensors_header() {
    let words = [
        "\"data_offsets\":",
        "\"shape\":[",
        "\"dtype\":\"F64\"",
        "[0,0]",
        "-1",
        "1e308",
        ",",
    ];
    damaged(
        "safetensors-header",
        "gpt2/plain",
        "model.safetensors",
        4000,
        &words,
    );
}

const SETTINGS: [&str; 12] = [
    "null",
    "-1",
    "1e308",
    "1e-320",
    "[]",
    "{}",
    "\"\"",
    "true",
    "\"n_embd\": 0,",
    "\"vocab_size\": 18446744073709551615,",
    "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 0},",
    "\"num_key_value_heads\": 3,",
];

#[test]
fn gpt2_settings() {
    damaged(
        "gpt2-settings",
        "gpt2/plain",
        "config.json",
        usize::MAX,
        &SETTINGS,
    );
}

#[test]
fn llama_settings() {
    damaged(
        "llama-settings",
        "llama/rope-llama3",
        "config.json",
        usize::MAX,
        &SETTINGS,
    );
}

#[test]
fn shard_index() {
    let words = [
        "\"../x.safetensors\"",
        "\"/dev/zero\"",
        "model",
        ".safetensors",
        "null",
    ];
    damaged(
        "shard-index",
        "gpt2/sharded-untied",
        "model.safetensors.index.json",
        usize::MAX,
        &words,
    );
}

#[test]
fn tokenizer_file() {
    let embedded = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/model/tokenizer.json");
    let mut seeds = vec![read("gpt2/plain/tokenizer.json")];
    seeds.extend(std::fs::read(embedded));
    let target = Target {
        name: "tokenizer-file",
        seeds,
        reach: usize::MAX,
        words: &[
            "null",
            "\"type\":\"BPE\"",
            "\"type\":\"WordPiece\"",
            "\"type\":\"Unigram\"",
            "\"byte_fallback\":true,",
            "\"pattern\":{\"Regex\":\"(((a*)*)*)*\"}",
            "\"id\":4294967295,",
            "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"x\"}",
            "{\"type\":\"Strip\",\"content\":\"a\",\"start\":99999999,\"stop\":99999999}",
            "\"max_input_chars_per_word\":0,",
            "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}",
            "\"unk_id\":99,",
            "\"merges\":[\"a b\"],",
            "\"dropout\":0.5,",
            "{\"type\":\"Truncate\"}",
            "\"truncation\":{\"max_length\":0,\"stride\":9,\"strategy\":\"LongestFirst\",\"direction\":\"Right\"},",
            "\"padding\":{\"strategy\":{\"Fixed\":1000000000},\"direction\":\"Right\",\"pad_to_multiple_of\":0,\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"x\"},",
        ],
    };
    target.run(|bytes| {
        match Tokenizer::from_bytes(bytes, "a file") {
            Ok(tokenizer) => use_tokenizer(&tokenizer),
            Err(error) => told(&error.into())?,
        }
        Ok(())
    });
}
