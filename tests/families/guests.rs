//! Models that another library computes, against transformers.

use logitscope::model::{self, Cache, DevicePreference, LoadRequest, Precision, Site};

use super::Witness;
use super::tiny::{
    Reference, TOLERANCE, in_pieces, largest_difference, load, log_probabilities, reference_in,
    write,
};

fn mamba() -> Reference {
    reference_in("guests", "mamba".to_owned())
}

#[test]
fn a_mambas_odds_are_those_of_transformers() {
    let reference = mamba();
    let loaded = load(&reference, Precision::F32);
    let model = loaded.model.as_ref();
    let tokens = &reference.tokens;
    for sizes in [&[tokens.len()][..], &[7, 1, 12], &[1]] {
        let mut cache = model.new_cache().expect("room");
        let ours = in_pieces(model, tokens, sizes, &mut cache);
        let difference = largest_difference(&ours, &reference.expected);
        println!("mamba {sizes:?} {difference:.2e}");
        assert!(difference < TOLERANCE, "{sizes:?}: {difference}");
    }
}

#[test]
fn a_mamba_goes_back_in_its_text_branches_and_reads_several_together() {
    let reference = mamba();
    let loaded = load(&reference, Precision::Auto);
    let model = loaded.model.as_ref();
    let (tokens, width) = (&reference.tokens, model.info().vocabulary);
    let mut cache = model.new_cache().expect("room");
    let _ = model.read(tokens, &mut cache).expect("room");
    // Back, and on along another way.
    cache.rewind(20);
    let _ = model.read(&[3, 4, 5], &mut cache).expect("room");
    cache.rewind(20);
    let branch = cache.try_clone().expect("room");
    let ours = in_pieces(model, &tokens[20..], &[5], &mut cache);
    let difference = largest_difference(&ours, &reference.expected[20 * width..]);
    assert!(difference < TOLERANCE, "{difference}");

    let mut fresh = model.new_cache().expect("room");
    let _ = model.read(&tokens[..9], &mut fresh).expect("room");
    let mut caches = [branch, fresh];
    let mut together: Vec<&mut Cache> = caches.iter_mut().collect();
    let hidden = model.step(&[tokens[20], tokens[9]], &mut together);
    let rows = log_probabilities(&model.logits(&hidden.expect("room")).expect("logits"));
    for (row, at) in rows.chunks(width).zip([20, 9]) {
        let difference = largest_difference(row, &reference.expected[at * width..][..width]);
        assert!(difference < TOLERANCE, "at {at}: {difference}");
    }
}

#[test]
fn a_mamba_shows_what_it_has() {
    let reference = mamba();
    let loaded = load(&reference, Precision::F32);
    let model = loaded.model.as_ref();
    let (mut plain, mut watched) = (
        model.new_cache().expect("room"),
        model.new_cache().expect("room"),
    );
    let expected = model.read(&reference.tokens, &mut plain).expect("room");
    let mut witness = Witness::default();
    let hidden = model.read_observed(&reference.tokens, &mut watched, &mut witness);
    assert!(hidden.expect("room") == expected);
    let sites: Vec<Site> = witness.0.keys().copied().collect();
    let residuals = (0..3).map(Site::Residual);
    let all: Vec<Site> = [Site::Embedding]
        .into_iter()
        .chain(residuals)
        .chain([Site::FinalNorm])
        .collect();
    assert_eq!(sites, all);
    assert!(witness.0[&Site::FinalNorm] == expected);
}

#[test]
fn a_mamba_is_described_and_refused_where_it_differs() {
    let mut reference = mamba();
    let directory = tempfile::tempdir().expect("a folder");
    write(&reference, directory.path());
    let summary = model::describe(directory.path()).expect("a model");
    assert_eq!(summary.architecture.as_deref(), Some("mamba"));
    assert_eq!((summary.parameters, summary.problem), (Some(NUMBERS), None));

    let mut request = LoadRequest {
        source: directory.path().display().to_string(),
        device: DevicePreference::Cpu,
        precision: Precision::Q8_0,
        ..LoadRequest::default()
    };
    let refused = |request: &LoadRequest| {
        let loaded = model::load(request, &mut |_| std::ops::ControlFlow::Continue(()));
        loaded.err().expect("a refusal").to_string()
    };
    let error = refused(&request);
    assert!(error.contains("computed in f32 alone"), "{error}");
    reference.told["config"]["state_size"] = 32.into();
    write(&reference, directory.path());
    request.precision = Precision::Auto;
    let error = refused(&request);
    assert!(error.contains("state_size of 32"), "{error}");
}

/// Counted by hand: 32 tokens of 32; in three layers the mixer's matrices of 128 x 32, 64 x 4, 34 x 64, 64 x 2, 64 x 16 and
/// 32 x 64, its vectors of 64, three, and a norm; a last norm.
const NUMBERS: usize = 32 * 32 + 3 * (4096 + 256 + 2176 + 128 + 1024 + 2048 + 3 * 64 + 32) + 32;
