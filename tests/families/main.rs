//! Each family against transformers: the tiny models that `tests/reference/families.py` describes, read in every way.

mod gguf;
mod guests;
mod halves;
mod larger;
mod tiny;

use std::collections::BTreeMap;

use logitscope::model::{Cache, Observer, Precision, Rows, Site};

use tiny::{
    Reference, TOLERANCE, in_pieces, largest_difference, load, log_probabilities, mean_difference,
    references,
};

/// Where rotary positions are others in long texts, a text that grows token by token is not the text read at once, in
/// transformers neither.
fn depends_on_length(reference: &Reference) -> bool {
    let kind = &reference.told["config"]["rope_parameters"]["rope_type"];
    kind.as_str() == Some("longrope")
}

#[test]
fn odds_are_those_of_transformers() {
    println!("largest difference of log-probabilities from transformers 5.24.0");
    for reference in references() {
        let loaded = load(&reference, Precision::F32);
        let model = loaded.model.as_ref();
        let (tokens, vocabulary) = (&reference.tokens, model.info().vocabulary);
        let n = tokens.len();
        for (way, sizes) in [
            ("in one read", &[n][..]),
            ("in pieces of 7, 1, 12", &[7, 1, 12]),
            ("token by token", &[1]),
        ] {
            if depends_on_length(&reference) && sizes != [n] {
                continue;
            }
            let mut cache = model.new_cache().expect("room");
            let ours = in_pieces(model, tokens, sizes, &mut cache);
            let difference = largest_difference(&ours, &reference.expected);
            println!("{:20} {way:22} {difference:.2e}", reference.name);
            assert!(
                difference < TOLERANCE,
                "{} {way}: {difference}",
                reference.name
            );
        }
        // Three texts together that are the same text, each at another place of it.
        let starts = [1, n / 2, n - 5];
        let mut caches: Vec<Cache> = starts.map(|_| model.new_cache().expect("room")).into();
        for (cache, start) in caches.iter_mut().zip(starts) {
            model.read(&tokens[..start], cache).expect("room");
        }
        for step in 0..5 {
            let next = starts.map(|start| tokens[start + step]);
            let mut together: Vec<&mut Cache> = caches.iter_mut().collect();
            let hidden = model.step(&next, &mut together).expect("room");
            let ours = log_probabilities(&model.logits(&hidden).expect("logits"));
            for (row, start) in ours.chunks(vocabulary).zip(starts) {
                if depends_on_length(&reference) {
                    continue;
                }
                let expected = &reference.expected[(start + step) * vocabulary..][..vocabulary];
                let difference = largest_difference(row, expected);
                assert!(
                    difference < TOLERANCE,
                    "{} in a batch: {difference}",
                    reference.name
                );
            }
        }
    }
}

#[test]
fn blocks_of_eight_and_of_four_bits_serve_every_family() {
    for reference in references() {
        // Where rounding sends a token to another expert, the odds move further than elsewhere.
        for (precision, most) in [(Precision::Q8_0, 0.25), (Precision::Q4_0, 1.5)] {
            let loaded = load(&reference, precision);
            let model = loaded.model.as_ref();
            let mean = mean_difference(model, &reference);
            println!("{:20} {precision:?} {mean:.3}", reference.name);
            assert!(mean < most, "{} {precision:?}: {mean}", reference.name);
        }
    }
}

#[test]
fn what_a_token_costs_is_counted_of_every_family() {
    for reference in references() {
        let loaded = load(&reference, Precision::F32);
        let cost = loaded.model.cost().expect("a cost");
        let (mut layers, mut experts, mut head) = (0.0, 0.0, None);
        for (name, (shape, numbers)) in reference.tensors() {
            let count = numbers.len() as f64;
            if shape.len() < 2
                || name.contains("bias")
                || name.contains("wpe")
                || name.contains("embed_positions")
            {
                continue;
            }
            let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
            if is(&["embed", "wte", "lm_head", "word_embeddings"]) {
                head = Some(count);
            } else if is(&["experts"]) && !is(&["shared"]) {
                experts += count;
            } else {
                layers += count;
            }
        }
        let told = &reference.told["config"];
        let count = |names: [&str; 3]| names.iter().find_map(|name| told[name].as_f64());
        if let Some(all) = count(["num_local_experts", "num_experts", "n_routed_experts"]) {
            layers += experts * told["num_experts_per_tok"].as_f64().expect("a number") / all;
        }
        let name = &reference.name;
        assert_eq!(cost.layers.numbers, layers, "{name}");
        assert_eq!(cost.layers.bytes, 4.0 * layers, "{name}");
        assert_eq!(Some(cost.head.numbers), head, "{name}");
        let quantised = load(&reference, Precision::Q8_0)
            .model
            .cost()
            .expect("a cost");
        assert!(quantised.layers.bytes < 0.4 * cost.layers.bytes, "{name}");
    }
}

/// Notes what it is shown.
#[derive(Default)]
struct Witness(BTreeMap<Site, Rows>);

impl Observer for Witness {
    fn wants(&self, _: Site) -> bool {
        true
    }

    fn see(&mut self, site: Site, values: Rows) {
        assert!(self.0.insert(site, values).is_none(), "{site:?} twice");
    }
}

#[test]
fn every_family_can_be_looked_into() {
    for reference in references() {
        let loaded = load(&reference, Precision::F32);
        let model = loaded.model.as_ref();
        let (mut plain, mut watched) = (model.new_cache(), model.new_cache());
        let (plain, watched) = (
            plain.as_mut().expect("room"),
            watched.as_mut().expect("room"),
        );
        let mut witness = Witness::default();
        let expected = model.read(&reference.tokens, plain).expect("room");
        let hidden = model.read_observed(&reference.tokens, watched, &mut witness);
        assert!(hidden.expect("room") == expected, "{}", reference.name);
        let layers = model.info().layers;
        assert_eq!(witness.0.len(), 2 + 3 * layers, "{}", reference.name);
        let n = reference.tokens.len();
        let window = model.info().sliding_window;
        let mut narrow = 0;
        for layer in 0..layers {
            let pattern = &witness.0[&Site::AttentionPattern(layer)];
            let last = pattern.row(n - 1);
            let sum: f32 = last.iter().sum();
            // What a key that is not there takes is missing.
            let sinks = reference.name == "gpt_oss";
            let fits = sum < 1.0 + 1e-4 && (sinks || sum > 1.0 - 1e-4);
            assert!(fits, "{} {layer}: {sum}", reference.name);
            let seen = last.iter().filter(|weight| **weight > 0.0).count();
            if let Some(window) = window {
                narrow += usize::from(seen <= window);
            }
        }
        assert!(window.is_none() || narrow > 0, "{}", reference.name);
        assert!(
            witness.0[&Site::FinalNorm] == expected,
            "{}",
            reference.name
        );
    }
}
