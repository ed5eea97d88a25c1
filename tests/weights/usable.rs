//! Models that are odd, and usable all the same.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use logitscope::decoding::encode_prompt;
use logitscope::model::{self, LoadedModel, Precision, load_raw};
use serde_json::json;

use super::directory::{Directory, Tensor, WEIGHTS, set};

const EMBEDDING: &str = "transformer.wte.weight";
const HEAD: &str = "lm_head.weight";

fn logits(loaded: &LoadedModel) -> Vec<f32> {
    let model = loaded.model.as_ref();
    let mut cache = model.new_cache().expect("room");
    let hidden = model.read(&[5, 9, 2], &mut cache).expect("tokens");
    model.logits(&hidden).expect("logits").as_slice().to_vec()
}

#[test]
fn a_tied_head_may_be_stored_in_place_of_the_embedding() {
    let alone = |tensors: &mut BTreeMap<String, Tensor>| {
        let embedding = tensors.remove(EMBEDDING).expect("it was there");
        tensors.insert(HEAD.to_owned(), embedding);
    };
    let plain = Directory::whole();
    let stored = Directory::whole().with_tensors(alone);
    for precision in [Precision::F32, Precision::Q8_0] {
        let loaded = stored.load_in(precision);
        assert_eq!(loaded.notices, Vec::<String>::new());
        assert!(logits(&loaded) == logits(&plain.load_in(precision)));
    }
    // Where the head is not tied, the embedding is missing.
    let untied = Directory::of("gpt2/untied").with_tensors(|tensors| {
        tensors.remove(EMBEDDING).expect("it was there");
    });
    untied.fails_with(&["tensor `transformer.wte.weight` is missing"]);
    let llama = Directory::of("llama/tied").with_tensors(|tensors| {
        let embedding = tensors.remove("model.embed_tokens.weight");
        tensors.insert(HEAD.to_owned(), embedding.expect("it was there"));
    });
    assert_eq!(
        logits(&llama.load()),
        logits(&Directory::of("llama/tied").load())
    );
}

#[test]
fn a_head_of_its_own_is_used_although_the_configuration_ties_it() {
    let copied = |tensors: &mut BTreeMap<String, Tensor>| {
        let embedding = tensors[EMBEDDING].clone();
        tensors.insert(HEAD.to_owned(), embedding);
    };
    let plain = logits(&Directory::whole().load());
    let same = Directory::whole().with_tensors(copied).load();
    assert_eq!(same.notices, Vec::<String>::new());
    assert!(logits(&same) == plain);

    let other = Directory::whole().with_tensors(|tensors| {
        copied(tensors);
        set(tensors, HEAD, 7 * 32, 2.5);
    });
    let loaded = other.load();
    let [notice] = loaded.notices.as_slice() else {
        panic!("one notice: {:?}", loaded.notices);
    };
    assert!(
        notice.contains("tie_word_embeddings") && notice.contains("that one is used"),
        "{notice}"
    );
    let told = other.with_config("tie_word_embeddings", false.into());
    assert!(logits(&loaded) == logits(&told.load()));
    assert!(logits(&loaded) != plain);

    let request = told.with_config("tie_word_embeddings", true.into());
    let raw = load_raw(&request.request(Precision::F32), &mut |_| {
        ControlFlow::Continue(())
    });
    let raw = raw.unwrap_or_else(|error| panic!("{error}"));
    assert!(!raw.config.tie_word_embeddings && raw.notices.len() == 1);
}

#[test]
fn no_end_token_is_written_as_minus_one_too() {
    let loaded = Directory::whole()
        .with_config("eos_token_id", (-1).into())
        .load();
    // The tokenizer has one.
    assert_eq!(loaded.model.info().end_tokens, [0]);
    let generation = json!({"eos_token_id": [-1, 3], "bos_token_id": -1}).to_string();
    let loaded = Directory::of("llama/tied")
        .with_config("eos_token_id", (-1).into())
        .with_config("bos_token_id", (-1).into())
        .with("generation_config.json", generation)
        .load();
    assert_eq!(loaded.model.info().end_tokens, [3]);
}

#[test]
fn both_names_of_the_kind_of_scaling_may_be_there() {
    let scaled = |rope: serde_json::Value| {
        Directory::of("llama/tied")
            .with_config("rope_parameters", serde_json::Value::Null)
            .with_config("rope_scaling", rope)
    };
    let expected = logits(&scaled(json!({"rope_type": "linear", "factor": 2.0})).load());
    for rope in [
        json!({"type": "linear", "factor": 2.0}),
        json!({"type": "linear", "rope_type": "linear", "factor": 2.0}),
        // As in transformers, the newer name counts.
        json!({"type": "dynamic", "rope_type": "linear", "factor": 2.0}),
    ] {
        assert!(logits(&scaled(rope.clone()).load()) == expected, "{rope}");
    }
    assert!(logits(&scaled(serde_json::Value::Null).load()) != expected);
    for kind in ["yarn", "dynamic"] {
        scaled(json!({"type": kind, "rope_type": kind, "factor": 2.0})).load();
        scaled(json!({"type": kind, "factor": -2.0})).fails_with(&[
            "config.json: scales rope by",
            kind,
            "positive factor",
        ]);
    }
    scaled(json!({"type": "longrope"})).fails_with(&["longrope", "positive short_factors"]);
    scaled(json!({"type": "yarrn"})).fails_with(&["config.json: scales rope by `yarrn`"]);
    let turned = Directory::of("llama/tied").with_config("partial_rotary_factor", 0.5.into());
    assert!(logits(&turned.load()) != logits(&Directory::of("llama/tied").load()));
}

#[test]
fn added_tokens_are_read_with_the_two_files() {
    let directory = Directory::whole();
    let json: serde_json::Value =
        serde_json::from_slice(&directory.bytes("tokenizer.json")).expect("JSON");
    let mut vocabulary = json["model"]["vocab"].clone();
    let fields = vocabulary.as_object_mut().expect("a vocabulary");
    fields.retain(|_, id| id.as_u64() < Some(58));
    let directory = directory
        .without("tokenizer.json")
        .with("vocab.json", vocabulary.to_string())
        .with("merges.txt", "#version: 0.2\n");
    let loaded = directory.load();
    let [notice] = loaded.notices.as_slice() else {
        panic!("one notice: {:?}", loaded.notices);
    };
    assert!(
        notice.contains("3 of the model's 61 tokens") && notice.contains("⟨token 60⟩"),
        "{notice}"
    );
    assert_eq!(loaded.tokenizer.display(59), "⟨token 59⟩");

    let added = json!({"<|im_start|>": 58, "<|im_end|>": 59, "[x]": 60});
    let directory = directory.with("added_tokens.json", added.to_string()).with(
        "special_tokens_map.json",
        json!({"additional_special_tokens": ["<|im_start|>", {"content": "<|im_end|>"}]})
            .to_string(),
    );
    let loaded = directory.load();
    assert_eq!(loaded.notices, Vec::<String>::new());
    let ids = encode_prompt(&loaded, "<|im_start|>a[x]<|im_end|>").expect("ids");
    assert_eq!(ids, [58, 1, 60, 59]);
    assert_eq!(loaded.tokenizer.display(59), "<|im_end|>");
    let special = loaded.tokenizer.special_ids();
    assert!(special.contains(&58) && special.contains(&59) && !special.contains(&60));
    // The end of a turn is known by its text, where nothing names it.
    assert_eq!(loaded.model.info().end_tokens, [0, 59]);

    directory
        .with("added_tokens.json", "[1]")
        .fails_with(&["added_tokens.json: is no list of tokens and their ids"]);
}

#[test]
fn the_end_of_a_turn_is_found_by_its_text() {
    for name in ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>"] {
        let directory = Directory::whole();
        let mut json: serde_json::Value =
            serde_json::from_slice(&directory.bytes("tokenizer.json")).expect("JSON");
        let added = json["added_tokens"].as_array_mut().expect("a list");
        let mut token = added[0].clone();
        token["id"] = 61.into();
        token["content"] = name.into();
        added.push(token);
        let end_tokens = |vocabulary: usize| {
            Directory::whole()
                .with("tokenizer.json", json.to_string())
                .with_config("vocab_size", vocabulary.into())
                .with_tensors(|tensors| {
                    let (_, shape, bytes) = tensors.get_mut(EMBEDDING).expect("it is there");
                    shape[0] = vocabulary;
                    bytes.resize(vocabulary * 32 * 4, 0);
                })
                .load()
                .model
                .info()
                .end_tokens
                .clone()
        };
        assert_eq!(end_tokens(62), [0, 61], "{name}");
        assert_eq!(
            end_tokens(61),
            [0],
            "{name}, which the model has no row for"
        );
    }
}

#[test]
fn pointers_of_git_lfs_are_named_as_what_they_are() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 548105171\n";
    for file in [WEIGHTS, "tokenizer.json", "config.json"] {
        Directory::whole().with(file, pointer).fails_with(&[
            file,
            "is a Git LFS pointer and not the file of 548105171 bytes itself; run `git lfs pull`",
        ]);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gguf");
    std::fs::write(&path, pointer).expect("writable");
    let request = model::LoadRequest {
        source: path.display().to_string(),
        ..model::LoadRequest::default()
    };
    let error = model::load(&request, &mut |_| ControlFlow::Continue(())).err();
    let error = error.expect("a pointer").to_string();
    assert!(error.contains("a.gguf: is a Git LFS pointer"), "{error}");
}

#[test]
fn a_model_that_no_memory_holds_is_refused_before_it_is_read() {
    // Six terabytes in 16 bits.
    let Some(directory) = Directory::hollow(1 << 19, 1) else {
        return;
    };
    for precision in [Precision::F32, Precision::Q8_0, Precision::Auto] {
        let loaded = model::load(&directory.request(precision), &mut |progress| {
            panic!("nothing may be read: {progress:?}")
        });
        let error = loaded.err().expect("no machine has as much").to_string();
        assert!(error.contains("GB of memory in"), "{error}");
        assert!(error.contains("even q4_0 would take"), "{error}");
        assert!(error.ends_with("choose a smaller model"), "{error}");
    }
}
