//! Models that hold more than the part for text, and what is told of a model that is not loaded.

use logitscope::model::{self, Precision};

use super::tiny::{
    Reference, TOLERANCE, in_pieces, largest_difference, load_any, reference, write,
};

/// A model that sees images too, whose part for text is this one: as files had it, and as they have it now.
fn with_images(mut reference: Reference, outer: &str, inner: &str) -> Reference {
    let tensors = reference.told["tensors"].as_object().expect("tensors");
    let mut renamed = serde_json::Map::new();
    for (name, how) in tensors {
        let mut how = how.clone();
        how.as_array_mut()
            .expect("a list")
            .push(name.as_str().into());
        let outside = match inner {
            "language_model.model." => "language_model.",
            _ => "",
        };
        let renamed_to = match name.strip_prefix("model.") {
            Some(rest) => format!("{inner}{rest}"),
            None => format!("{outside}{name}"),
        };
        renamed.insert(renamed_to, how);
    }
    renamed.insert(
        "vision_tower.patches.weight".to_owned(),
        serde_json::json!([[4, 4], 0.0, 1.0]),
    );
    reference.told["tensors"] = renamed.into();
    let text = reference.told["config"].take();
    let tied = text["tie_word_embeddings"].clone();
    reference.told["config"] = serde_json::json!({
        "model_type": outer, "text_config": text, "vision_config": {"hidden_size": 4}, "tie_word_embeddings": tied,
    });
    reference
}

#[test]
fn the_part_for_text_is_taken_out_of_a_model_that_sees_images() {
    for (outer, name, inner) in [
        ("gemma3", "gemma3", "language_model.model."),
        ("gemma3", "gemma3-older", "model.language_model."),
        ("mistral3", "mistral", "language_model.model."),
        ("mistral3", "ministral3", "model.language_model."),
    ] {
        let reference = with_images(reference(name.to_owned()), outer, inner);
        let loaded = load_any(&reference, Precision::F32);
        let [part, left] = loaded.notices.as_slice() else {
            panic!("{:?}", loaded.notices);
        };
        assert!(
            part.contains(&format!(
                "only the part of this {outer} model that reads and writes text"
            )),
            "{part}"
        );
        assert!(left.contains("`vision_tower.patches.weight`"), "{left}");
        let model = loaded.model.as_ref();
        let mut cache = model.new_cache().expect("room");
        let ours = in_pieces(model, &reference.tokens, &[7], &mut cache);
        let difference = largest_difference(&ours, &reference.expected);
        assert!(difference < TOLERANCE, "{outer} {name}: {difference}");
    }
}

#[test]
fn a_model_is_described_with_its_family_form_and_size_whether_it_can_be_loaded_or_not() {
    let directory = tempfile::tempdir().expect("a folder");
    let mut reference = reference("qwen3".to_owned());
    write(&reference, directory.path());
    let summary = model::describe(directory.path()).expect("a model");
    assert_eq!(summary.architecture.as_deref(), Some("qwen3"));
    assert_eq!(summary.form.as_deref(), Some("safetensors f32"));
    assert_eq!(summary.problem, None);
    let parameters = summary.parameters.expect("a number");
    assert!(summary.bytes > 4 * parameters as u64);

    reference.told["config"]["model_type"] = "qwen3_next".into();
    write(&reference, directory.path());
    let refused = model::describe(directory.path()).expect("a model");
    assert_eq!(refused.architecture.as_deref(), Some("qwen3_next"));
    assert_eq!(refused.form, summary.form);
    assert_eq!(refused.parameters, Some(parameters));
    assert_eq!(refused.bytes, summary.bytes + 5);
    let problem = refused.problem.expect("a problem");
    assert!(
        problem.contains("gated delta rule") && problem.contains("`qwen3_moe`"),
        "{problem}"
    );
}
