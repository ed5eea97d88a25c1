//! Keys of the metadata that change the odds: obeyed, or refused by name.

use std::path::PathBuf;

use logitscope::model::Precision;
use tempfile::TempDir;

use super::edit::{File, Tensor, boolean, float, small, text, whole, wholes};
use super::{path, try_load};

const LLAMA: &str = "llama-f32.gguf";
/// The tensor of factors, one for each speed.
const FACTORS: &str = "rope_freqs.weight";

fn file(name: &str) -> File {
    File::read(&path(name))
}

fn written(file: &File) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file.write(folder.path(), "a.gguf");
    (folder, path)
}

/// The logits after some tokens, and what was said at loading.
fn logits(file: &File) -> Result<(Vec<f32>, Vec<String>), String> {
    let (_folder, path) = written(file);
    let loaded = try_load(&path, Precision::Auto, false).map_err(|error| error.to_string())?;
    let model = loaded.model.as_ref();
    let mut cache = model.new_cache().expect("room");
    let hidden = model.read(&[5, 9, 2, 7], &mut cache).expect("tokens");
    let logits = model.logits(&hidden).expect("logits");
    Ok((logits.as_slice().to_vec(), loaded.notices))
}

#[track_caller]
fn sound(file: &File) -> Vec<f32> {
    let (logits, notices) = logits(file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(notices, Vec::<String>::new());
    logits
}

#[test]
fn a_file_put_together_again_is_the_same_model() {
    for name in [LLAMA, "gpt2-f32.gguf", "llama-q8_0.gguf"] {
        let bytes = std::fs::read(path(name)).expect("a model");
        assert_eq!(file(name).bytes().len(), bytes.len(), "{name}");
        sound(&file(name));
    }
}

#[test]
fn linear_scaling_is_obeyed_however_it_is_written() {
    let plain = sound(&file(LLAMA));
    let typed = file(LLAMA).with("llama.rope.scaling.type", text("linear"));
    let expected = sound(&typed.clone().with("llama.rope.scaling.factor", float(2.0)));
    assert!(expected != plain);
    for (what, file) in [
        (
            "no type",
            file(LLAMA).with("llama.rope.scaling.factor", float(2.0)),
        ),
        (
            "the older key",
            file(LLAMA).with("llama.rope.scale_linear", float(2.0)),
        ),
        (
            "both",
            file(LLAMA)
                .with("llama.rope.scale_linear", float(3.0))
                .with("llama.rope.scaling.factor", float(2.0)),
        ),
        (
            "with what says nothing",
            typed
                .clone()
                .with("llama.rope.scaling.factor", float(2.0))
                .with("llama.rope.scaling.finetuned", boolean(true))
                .with("llama.rope.scaling.original_context_length", whole(64))
                .with("llama.attention.causal", boolean(true))
                .with("llama.rope.scaling.attn_factor", float(1.0)),
        ),
    ] {
        assert!(sound(&file) == expected, "{what}");
    }
    for (what, file) in [
        ("a type without a factor", typed.clone()),
        (
            "a factor of 1",
            file(LLAMA).with("llama.rope.scaling.factor", float(1.0)),
        ),
        (
            "a factor of 0",
            typed.with("llama.rope.scaling.factor", float(0.0)),
        ),
        (
            "none",
            file(LLAMA)
                .with("llama.rope.scaling.type", text("none"))
                .with("llama.rope.scaling.factor", float(2.0)),
        ),
    ] {
        assert!(sound(&file) == plain, "{what}");
    }
}

#[test]
fn factors_for_each_speed_are_scaled_too() {
    let mut plain = file(LLAMA);
    plain.tensors.retain(|tensor| tensor.name != FACTORS);
    let width = plain
        .entries
        .iter()
        .find(|(key, _)| key == "llama.attention.key_length");
    let (_, width) = width.expect("a width");
    let pairs = u32::from_le_bytes(width[4..8].try_into().expect("4 bytes")) / 2;
    let mut each = plain.clone();
    each.tensors.push(Tensor {
        name: FACTORS.to_owned(),
        dimensions: vec![pairs.into()],
        dtype: 0,
        bytes: (0..pairs).flat_map(|_| 4f32.to_le_bytes()).collect(),
    });
    let factor = "llama.rope.scaling.factor";
    let expected = sound(&plain.clone().with(factor, float(8.0)));
    assert!(sound(&each.with(factor, float(2.0))) == expected);
    assert!(sound(&plain) != expected);
}

#[test]
fn what_cannot_be_obeyed_is_refused_by_name() {
    for (key, value, said) in [
        ("rope.scaling.attn_factor", float(0.5), "(0.5)"),
        ("rope.scaling.yarn_log_multiplier", float(0.1), "(0.1"),
        ("rope.dimension_sections", wholes(&[1, 1, 2]), ""),
        ("rope.freq_base_swa", float(10_000.0), "(10000)"),
        ("attention.causal", boolean(false), "(false)"),
        ("attention.scale", float(0.25), "(0.25)"),
        ("attention.clamp_kqv", float(8.0), "(8)"),
        ("attention.max_alibi_bias", float(8.0), "(8)"),
        ("attention.something_new", text("yes"), "(yes)"),
        ("logit_scale", float(0.5), "(0.5)"),
        ("final_logit_softcapping", float(30.0), "(30)"),
    ] {
        let key = format!("llama.{key}");
        let error = logits(&file(LLAMA).with(&key, value)).expect_err(&key);
        let expected = format!("has the key `{key}` {said}");
        assert!(error.contains(expected.trim_end()), "{error}");
        assert!(error.contains("changes the odds"), "{error}");
    }
    for kind in ["longrope", "dynamic"] {
        let file = file(LLAMA)
            .with("llama.rope.scaling.type", text(kind))
            .with("llama.rope.scaling.factor", float(2.0));
        let error = logits(&file).expect_err(kind);
        assert!(
            error.contains(&format!(
                "scales rope by `{kind}` (`llama.rope.scaling.type`)"
            )),
            "{error}"
        );
    }
    for (key, value) in [
        ("llama.attention.head_count_kv", wholes(&[2, 1])),
        ("llama.rope.freq_base", text("many")),
        ("llama.rope.scaling.type", whole(1)),
        ("llama.rope.scaling.factor", float(-2.0)),
    ] {
        let error = logits(&file(LLAMA).with(key, value)).expect_err(key);
        assert!(
            error.contains(&format!("`{key}` that cannot be used")),
            "{error}"
        );
    }
    let error = logits(&file("gpt2-f32.gguf").with("gpt2.rope.freq_base", float(1e4)));
    let error = error.expect_err("GPT-2 turns nothing");
    assert!(error.contains("`gpt2.rope.freq_base`"), "{error}");
    // Keys of other architectures are nobody's.
    sound(&file(LLAMA).with("qwen2.attention.causal", boolean(false)));
}

#[test]
fn a_sliding_window_is_obeyed_where_it_is_narrower_than_the_context() {
    let (_folder, path) = written(&file(LLAMA).with("llama.attention.sliding_window", whole(8)));
    let loaded = try_load(&path, Precision::Auto, false).expect("a model");
    let info = loaded.model.info();
    assert_eq!((info.context_length, info.sliding_window), (120, Some(8)));
    for window in [0, 1 << 20] {
        let wide = file(LLAMA).with("llama.attention.sliding_window", whole(window));
        let (_folder, path) = written(&wide);
        let loaded = try_load(&path, Precision::Auto, false).expect("a model");
        assert_eq!(loaded.model.info().sliding_window, None, "{window}");
    }
}

#[test]
fn a_tokenizer_that_does_not_say_how_it_cuts_is_told() {
    for (file, expected) in [
        (
            file(LLAMA).without("tokenizer.ggml.pre"),
            "does not say how this model's tokenizer cuts words (`tokenizer.ggml.pre`)",
        ),
        (
            file(LLAMA).with("tokenizer.ggml.pre", text("nobody-knows")),
            "the way `nobody-knows`",
        ),
    ] {
        let (_, notices) = logits(&file).expect("a model");
        let [notice] = notices.as_slice() else {
            panic!("one notice: {notices:?}");
        };
        assert!(
            notice.contains(expected)
                && notice.ends_with("text is cut as GPT-2 does, which can differ"),
            "{notice}"
        );
    }
    // Sentencepiece does not cut.
    sound(&file("llama-q8_0.gguf").without("tokenizer.ggml.pre"));
}

/// A model in three files, as `gguf-split` writes them.
fn split(folder: &std::path::Path, name: &str) -> Vec<PathBuf> {
    let all = file(LLAMA);
    let total = all.tensors.len() as u32;
    let parts = all.tensors.chunks(all.tensors.len().div_ceil(3));
    let write = |(no, tensors): (usize, &[Tensor])| {
        let entries = match no {
            0 => all.entries.clone(),
            _ => Vec::new(),
        };
        let part = File {
            entries,
            tensors: tensors.to_vec(),
        }
        .with("split.no", small(no as u16))
        .with("split.count", small(3))
        .with("split.tensors.count", whole(total));
        part.write(folder, &format!("{name}-{:05}-of-00003.gguf", no + 1))
    };
    parts.enumerate().map(write).collect()
}

#[test]
fn a_split_model_is_loaded_from_its_first_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = split(folder.path(), "model");
    let expected = sound(&file(LLAMA));
    for source in [&parts[0], &folder.path().to_owned()] {
        let loaded = try_load(source, Precision::Auto, false).expect("a model");
        assert_eq!(loaded.notices, Vec::<String>::new());
        let model = loaded.model.as_ref();
        let mut cache = model.new_cache().expect("room");
        let hidden = model.read(&[5, 9, 2, 7], &mut cache).expect("tokens");
        let logits = model.logits(&hidden).expect("logits");
        assert!(logits.as_slice() == expected, "{}", source.display());
    }
    let fails = |source: &PathBuf, expected: &str| {
        let error = try_load(source, Precision::Auto, false)
            .err()
            .expect("an error")
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    fails(&parts[1], "is part 2 of 3 of a split model; name ");
    fails(&parts[1], "model-00001-of-00003.gguf");
    let alone = folder.path().join("alone.gguf");
    std::fs::copy(&parts[0], &alone).expect("a copy");
    fails(&alone, "must end in `-00001-of-00003.gguf`");
    std::fs::copy(&parts[1], &parts[2]).expect("a copy");
    fails(&parts[0], "is not part 3 of 3 of the same model");
    std::fs::remove_file(&parts[2]).expect("it was there");
    fails(&parts[0], "is the first of 3 parts of a split model, and ");
    fails(
        &parts[0],
        "model-00003-of-00003.gguf is missing: put all parts into one directory",
    );
}

#[test]
fn a_norm_that_is_no_number_is_named_where_blocks_would_hide_it() {
    for (name, precision) in [
        ("llama-q4_1.gguf", Precision::Auto),
        (LLAMA, Precision::F32),
    ] {
        let mut damaged = file(name);
        let norm = damaged
            .tensors
            .iter_mut()
            .find(|tensor| tensor.name == "blk.0.ffn_norm.weight")
            .expect("a norm");
        norm.bytes[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
        let (_folder, path) = written(&damaged);
        let error = match try_load(&path, precision, false) {
            Err(error) => error,
            Ok(loaded) => {
                let mut cache = loaded.model.new_cache().expect("room");
                loaded.model.read(&[5, 9], &mut cache).expect_err(name)
            }
        };
        let error = error.to_string();
        assert!(
            error.contains("tensor `blk.0.ffn_norm.weight` holds what is no number")
                || error.contains("first in layer 1 of"),
            "{error}"
        );
    }
}
