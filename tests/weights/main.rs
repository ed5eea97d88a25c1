//! Every way in which a model's directory can be broken gives its own sentence, with the file and the tensor in it.

mod binary;
mod directory;
mod numbers;
mod usable;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use directory::{Directory, Tensor, WEIGHTS};
use logitscope::model::{self, DevicePreference, LoadProgress, LoadRequest, ModelError, Precision};
use safetensors::tensor::Dtype;

#[test]
fn a_missing_file_is_named() {
    Directory::plain()
        .without("config.json")
        .fails_with(&["config.json: does not exist"]);
    Directory::plain()
        .without("tokenizer.json")
        .fails_with(&["tokenizer.json: does not exist, nor do vocab.json and merges.txt"]);
    Directory::plain()
        .without(WEIGHTS)
        .fails_with(&["model.safetensors: does not exist, nor does an index"]);
    Directory::of("gpt2/sharded-untied")
        .without("model-00004-of-00006.safetensors")
        .fails_with(&["model-00004-of-00006.safetensors: does not exist"]);
}

#[test]
fn pickled_weights_are_refused_with_a_way_out() {
    Directory::plain()
        .without(WEIGHTS)
        .with("pytorch_model.bin", b"PK")
        .fails_with(&[
            "pytorch_model.bin: holds pickled weights",
            "save_pretrained",
        ]);
}

#[test]
fn a_malformed_file_is_named() {
    Directory::plain()
        .with("config.json", "{")
        .fails_with(&["config.json: is no valid JSON"]);
    Directory::plain()
        .with("tokenizer.json", "{}")
        .fails_with(&["tokenizer.json"]);
    Directory::plain()
        .with_config("n_head", 5.into())
        .fails_with(&["config.json: n_embd 32 cannot be split into 5 heads"]);
    Directory::of("gpt2/sharded-untied")
        .with("model.safetensors.index.json", "[]")
        .fails_with(&["model.safetensors.index.json: is no index of shards"]);
}

#[test]
fn a_missing_tensor_is_named_with_its_file() {
    let directory = Directory::plain().with_tensors(|tensors| {
        tensors
            .remove("transformer.h.1.mlp.c_fc.bias")
            .expect("it was there");
    });
    directory.fails_with(&["model.safetensors: tensor `transformer.h.1.mlp.c_fc.bias` is missing"]);
    Directory::plain()
        .with_config("tie_word_embeddings", false.into())
        .fails_with(&["model.safetensors: tensor `lm_head.weight` is missing"]);
    Directory::plain()
        .with_config("n_layer", 3.into())
        .fails_with(&["tensor `transformer.h.2.attn.c_attn.weight` is missing"]);
    // Without the prefix, names are given without it.
    Directory::of("gpt2/f16-without-prefix")
        .with_tensors(|tensors| {
            tensors.remove("ln_f.weight").expect("it was there");
        })
        .fails_with(&["tensor `ln_f.weight` is missing"]);
}

#[test]
fn a_shard_without_the_tensor_that_the_index_promises_is_named() {
    let directory = Directory::of("gpt2/sharded-untied");
    let index: serde_json::Value =
        serde_json::from_slice(&directory.bytes("model.safetensors.index.json")).expect("JSON");
    let home = index["weight_map"]["transformer.ln_f.bias"]
        .as_str()
        .expect("a shard")
        .to_owned();
    let other = index["weight_map"]["transformer.wte.weight"]
        .as_str()
        .expect("a shard");
    let copy = directory.bytes(other);
    directory
        .with(&home, copy)
        .fails_with(&[&home, "is missing"]);
}

#[test]
fn an_index_cannot_point_out_of_its_directory() {
    for outside in [
        "../other.safetensors",
        "/etc/passwd",
        ".hidden.safetensors",
        "a/b.safetensors",
        "x.bin",
    ] {
        let index = serde_json::json!({"weight_map": {"transformer.wte.weight": outside}});
        Directory::of("gpt2/sharded-untied")
            .with("model.safetensors.index.json", index.to_string())
            .fails_with(&[
                "model.safetensors.index.json: names",
                "no plain safetensors file name",
            ]);
    }
}

#[test]
fn a_wrong_shape_is_told_with_both_shapes() {
    Directory::plain()
        .with_tensors(|tensors| {
            let (_, shape, _) = tensors
                .get_mut("transformer.h.0.attn.c_proj.weight")
                .expect("it is there");
            *shape = vec![16, 64];
        })
        .fails_with(&[
            "model.safetensors: tensor `transformer.h.0.attn.c_proj.weight` has shape [16, 64]",
            "calls for [32, 32]",
        ]);
    Directory::plain()
        .with_config("vocab_size", 62.into())
        .fails_with(&["`transformer.wte.weight` has shape [61, 32]", "[62, 32]"]);
}

#[test]
fn a_number_type_that_is_not_read_is_named() {
    for (dtype, width) in [(Dtype::F64, 8), (Dtype::I32, 4)] {
        Directory::plain()
            .with_tensors(|tensors| {
                tensors.insert(
                    "transformer.ln_f.bias".to_owned(),
                    (dtype, vec![32], vec![0; 32 * width]),
                );
            })
            .fails_with(&[
                "tensor `transformer.ln_f.bias` has numbers of type",
                &dtype.to_string(),
            ]);
    }
}

#[test]
fn a_truncated_file_is_told_wherever_it_ends() {
    let whole = Directory::plain().bytes(WEIGHTS);
    for length in [0, 7] {
        Directory::plain()
            .with(WEIGHTS, &whole[..length])
            .fails_with(&["model.safetensors: has", "too few", "truncated"]);
    }
    Directory::plain()
        .with(WEIGHTS, &whole[..500])
        .fails_with(&["announces a header of", "truncated"]);
    for length in [whole.len() / 2, whole.len() - 1] {
        Directory::plain()
            .with(WEIGHTS, &whole[..length])
            .fails_with(&[
                "model.safetensors: tensor `transformer.",
                "truncated, fetch it again",
            ]);
    }
}

#[test]
fn a_lying_header_is_an_error_and_not_a_crash() {
    const TENSOR: &str = "transformer.wpe.weight";
    let whole = Directory::plain().bytes(WEIGHTS);
    for length in [u64::MAX, 100_000_001, 99_999_999, whole.len() as u64 - 7] {
        let lie = [&length.to_le_bytes()[..], &whole[8..]].concat();
        Directory::plain()
            .with(WEIGHTS, lie)
            .fails_with(&["announces a header of", &length.to_string()]);
    }
    Directory::plain()
        .with(WEIGHTS, [&4u64.to_le_bytes()[..], b"{{{{"].concat())
        .fails_with(&["model.safetensors: has a header that is no valid JSON"]);

    let lies = [
        (
            "data_offsets",
            serde_json::json!([128, 64]),
            "before its start",
        ),
        (
            "data_offsets",
            serde_json::json!([0, u64::MAX]),
            "truncated",
        ),
        (
            "data_offsets",
            serde_json::json!([0, 4]),
            "does not fill exactly",
        ),
        (
            "data_offsets",
            serde_json::json!([-4, 4]),
            "cannot be understood",
        ),
        (
            "shape",
            serde_json::json!([u64::MAX, u64::MAX]),
            "does not fill exactly",
        ),
        ("shape", serde_json::json!("wide"), "cannot be understood"),
        ("dtype", serde_json::json!("F99"), "cannot be understood"),
    ];
    for (field, value, expected) in lies {
        let directory = Directory::plain().with_header(|header| header[TENSOR][field] = value);
        directory.fails_with(&[
            "model.safetensors: tensor `transformer.wpe.weight`",
            expected,
        ]);
    }
}

#[test]
fn buffers_of_older_files_are_passed_over_and_strangers_are_told() {
    let mask = |tensors: &mut BTreeMap<String, Tensor>| {
        tensors.insert(
            "transformer.h.0.attn.bias".to_owned(),
            (Dtype::U8, vec![1, 1, 4, 4], vec![1; 16]),
        );
        tensors.insert(
            "transformer.h.0.attn.masked_bias".to_owned(),
            (Dtype::F32, vec![], vec![0; 4]),
        );
    };
    let loaded = Directory::whole().with_tensors(mask).load();
    assert_eq!(loaded.notices, Vec::<String>::new());
    let stranger = |tensors: &mut BTreeMap<String, Tensor>| {
        tensors.insert(
            "transformer.h.0.adapter\u{1b}".to_owned(),
            (Dtype::F32, vec![1], vec![0; 4]),
        );
    };
    let loaded = Directory::whole().with_tensors(stranger).load();
    assert_eq!(loaded.notices.len(), 1);
    assert!(
        loaded.notices[0].contains("was left out"),
        "{:?}",
        loaded.notices
    );
    assert!(
        loaded.notices[0].contains("adapter\\u{1b}"),
        "{:?}",
        loaded.notices
    );
}

#[test]
fn the_two_tokenizer_files_of_gpt2_do_as_well() {
    let directory = Directory::plain();
    let json: serde_json::Value =
        serde_json::from_slice(&directory.bytes("tokenizer.json")).expect("JSON");
    let mut vocabulary = json["model"]["vocab"].clone();
    vocabulary["he"] = 27.into();
    vocabulary["hel"] = 28.into();
    vocabulary["Ġ"] = 29.into();
    let loaded = directory
        .without("tokenizer.json")
        .with("vocab.json", vocabulary.to_string())
        .with("merges.txt", "#version: 0.2\nh e\nhe l\n")
        .load();
    let letter = |letter: char| letter as u32 - 'a' as u32 + 1;
    let ids = loaded
        .tokenizer
        .encode("hello he<|endoftext|>")
        .expect("text");
    assert_eq!(ids, [28, letter('l'), letter('o'), 29, 27, 0]);
    assert_eq!(loaded.tokenizer.token_id("<|endoftext|>"), Some(0));

    Directory::plain()
        .without("tokenizer.json")
        .with("vocab.json", vocabulary.to_string())
        .fails_with(&["merges.txt: does not exist"]);
}

#[test]
fn progress_runs_to_its_end_and_can_be_broken_off() {
    let directory = Directory::plain();
    let mut seen = Vec::new();
    let loaded = directory.load_watched(&mut |progress| {
        if let LoadProgress::Weights { done, total } = progress {
            seen.push((done, total));
        }
        ControlFlow::Continue(())
    });
    assert!(loaded.is_ok());
    assert_eq!(seen.first(), Some(&(0, 4)));
    assert_eq!(seen.last(), Some(&(4, 4)));
    assert!(seen.is_sorted());

    let broken_off = directory.load_watched(&mut |progress| match progress {
        LoadProgress::Weights { done: 2, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(broken_off, Err(ModelError::Cancelled)));
}

#[test]
fn settings_that_cannot_be_had_are_told() {
    let load = |name: &str, precision| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference/gpt2")
            .join(name);
        let request = LoadRequest {
            source: path.to_str().expect("UTF-8").to_owned(),
            device: DevicePreference::Cpu,
            precision,
            offline: true,
            ..LoadRequest::default()
        };
        model::load(&request, &mut |_| ControlFlow::Continue(()))
    };
    let error = load("odd-heads", Precision::Q8_0)
        .err()
        .expect("45 is no multiple of 32")
        .to_string();
    assert!(
        error.contains("width of 45 is no multiple of 32"),
        "{error}"
    );
    let error = load("plain", Precision::Q4K)
        .err()
        .expect("no such blocks")
        .to_string();
    assert!(error.contains("q4_k is had only from a GGUF"), "{error}");
    assert!(load("plain", Precision::Q8_0).is_ok());
    for (name, own) in [
        ("plain", Precision::F32),
        ("bf16", Precision::Bf16),
        ("f16-without-prefix", Precision::F16),
    ] {
        for (asked, expected) in [
            (Precision::Auto, own),
            (Precision::F32, Precision::F32),
            (Precision::Bf16, Precision::Bf16),
            (Precision::F16, Precision::F16),
        ] {
            let loaded = load(name, asked).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(loaded.model.info().precision, expected, "{name}");
        }
    }
}
