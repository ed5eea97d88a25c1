//! Weights of 16 bits: as a file has them, and made of others.

use std::path::Path;

use logitscope::model::{Cache, Model, Precision};
use safetensors::{Dtype, tensor::TensorView};

use super::tiny::{
    in_pieces, load, load_from, log_probabilities, mean_difference, references, write,
};

/// Has the weights of a model that was written lie in 16 bits.
fn narrow(directory: &Path, dtype: Dtype) {
    let file = directory.join("model.safetensors");
    let bytes = std::fs::read(&file).expect("weights");
    let all = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let round = |word: &[u8]| {
        let number = f32::from_le_bytes(word.try_into().expect("4 bytes"));
        if dtype == Dtype::BF16 {
            half::bf16::from_f32(number).to_le_bytes()
        } else {
            half::f16::from_f32(number).to_le_bytes()
        }
    };
    let narrow: Vec<(String, Vec<usize>, Vec<u8>)> = all
        .iter()
        .map(|(name, tensor)| {
            let bytes = tensor.data().chunks_exact(4).flat_map(round).collect();
            (name.to_owned(), tensor.shape().to_vec(), bytes)
        })
        .collect();
    let views = narrow.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(dtype, shape.clone(), bytes).expect("a tensor");
        (name.as_str(), view)
    });
    safetensors::serialize_to_file(views, None, &file).expect("writable");
}

/// What a model makes of a text that is read in each way, and of eight texts at once.
fn all_ways(model: &dyn Model, tokens: &[u32]) -> Vec<Vec<f32>> {
    let n = tokens.len();
    let ways = [&[n][..], &[7, 1, 12], &[1]];
    let mut all: Vec<Vec<f32>> = ways
        .into_iter()
        .map(|sizes| in_pieces(model, tokens, sizes, &mut model.new_cache().expect("room")))
        .collect();
    let starts: Vec<usize> = (1..=8).collect();
    let mut caches: Vec<Cache> = starts
        .iter()
        .map(|start| {
            let mut cache = model.new_cache().expect("room");
            model.read(&tokens[..*start], &mut cache).expect("room");
            cache
        })
        .collect();
    for step in 0..5 {
        let next: Vec<u32> = starts.iter().map(|start| tokens[start + step]).collect();
        let mut together: Vec<&mut Cache> = caches.iter_mut().collect();
        let hidden = model.step(&next, &mut together).expect("room");
        all.push(log_probabilities(&model.logits(&hidden).expect("logits")));
    }
    all
}

#[test]
fn weights_of_sixteen_bits_are_used_as_they_lie_with_the_odds_of_f32_to_the_bit() {
    for reference in references() {
        for (dtype, own) in [(Dtype::BF16, Precision::Bf16), (Dtype::F16, Precision::F16)] {
            let directory = tempfile::tempdir().expect("a folder");
            write(&reference, directory.path());
            narrow(directory.path(), dtype);
            let odds = |precision| {
                let loaded = load_from(directory.path(), &reference.name, precision);
                let used = loaded.model.info().precision;
                (used, all_ways(loaded.model.as_ref(), &reference.tokens))
            };
            let (as_they_lie, wide) = (odds(Precision::Auto), odds(Precision::F32));
            assert_eq!((as_they_lie.0, wide.0), (own, Precision::F32));
            assert!(as_they_lie.1 == wide.1, "{} in {own:?}", reference.name);
        }
    }
}

#[test]
fn weights_of_f32_can_be_rounded_to_sixteen_bits() {
    for reference in references() {
        // Eight bits of precision, and eleven.
        for (precision, most) in [(Precision::Bf16, 0.2), (Precision::F16, 0.05)] {
            let loaded = load(&reference, precision);
            let model = loaded.model.as_ref();
            assert_eq!(model.info().precision, precision);
            let mean = mean_difference(model, &reference);
            println!("{:20} {precision:?} {mean:.4}", reference.name);
            assert!(mean > 0.0 && mean < most, "{} {mean}", reference.name);
        }
    }
}
