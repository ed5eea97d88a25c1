//! What a network computes on its way is shown by name, as it is, and changes nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use logitscope::model::{LoadRequest, LoadedModel, Observer, Rows, Site, load};

const TEXT: &str = "Once upon a time there was a king";

#[derive(Default)]
struct Keep {
    /// None: all.
    only: Option<Site>,
    seen: BTreeMap<Site, Rows>,
}

impl Observer for Keep {
    fn wants(&self, site: Site) -> bool {
        self.only.is_none_or(|only| only == site)
    }

    fn see(&mut self, site: Site, values: Rows) {
        assert!(self.wants(site), "{site:?} was not asked for");
        assert!(self.seen.insert(site, values).is_none(), "{site:?} twice");
    }
}

fn embedded() -> LoadedModel {
    let loaded = load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(()));
    loaded.expect("the embedded model")
}

/// The largest difference of two matrices of one shape.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    off.fold(0.0, |most, new| if new <= most { most } else { new })
}

#[test]
fn all_places_are_shown_and_the_result_stays() {
    let loaded = embedded();
    let (model, ids) = (&loaded.model, loaded.tokenizer.encode(TEXT).expect("ids"));
    let plain = model
        .read(&ids, &mut model.new_cache().expect("room"))
        .expect("a read");
    let mut keep = Keep::default();
    let mut cache = model.new_cache().expect("room");
    let hidden = model
        .read_observed(&ids, &mut cache, &mut keep)
        .expect("a read");
    assert_eq!(hidden, plain);
    assert_eq!(cache.len(), ids.len());
    let layers = model.info().layers;
    let expected = [Site::Embedding, Site::FinalNorm]
        .into_iter()
        .chain((0..layers).flat_map(|layer| {
            [
                Site::AttentionPattern(layer),
                Site::FeedForward(layer),
                Site::Residual(layer),
            ]
        }));
    let mut expected: Vec<_> = expected.collect();
    expected.sort();
    assert_eq!(keep.seen.keys().copied().collect::<Vec<_>>(), expected);
    assert_eq!(keep.seen[&Site::FinalNorm], plain);
    for (site, rows) in &keep.seen {
        match site {
            Site::AttentionPattern(_) => {
                assert_eq!(rows.len(), model.info().heads * ids.len());
            }
            _ => assert_eq!((rows.len(), rows.width()), (ids.len(), model.info().width)),
        }
    }
}

#[test]
fn a_pattern_adds_up_to_one_over_what_came_before() {
    let loaded = embedded();
    let (model, ids) = (&loaded.model, loaded.tokenizer.encode(TEXT).expect("ids"));
    let (heads, n) = (model.info().heads, ids.len());
    let mut keep = Keep {
        only: Some(Site::AttentionPattern(1)),
        ..Keep::default()
    };
    let mut cache = model.new_cache().expect("room");
    model
        .read_observed(&ids, &mut cache, &mut keep)
        .expect("a read");
    let pattern = &keep.seen[&Site::AttentionPattern(1)];
    for head in 0..heads {
        for token in 0..n {
            let row = pattern.row(head * n + token);
            let (past, future) = row.split_at(token + 1);
            assert!(
                (past.iter().sum::<f32>() - 1.0).abs() < 1e-5,
                "{head} {token}"
            );
            assert!(future.iter().all(|weight| *weight == 0.0), "{head} {token}");
        }
    }
    // Attention is no mean: some token of some head looks mostly at one other.
    let strongest = pattern.iter().flatten().copied();
    let beyond_first = pattern
        .iter()
        .enumerate()
        .filter(|(row, _)| row % n > 1)
        .flat_map(|(_, row)| row.iter().copied());
    assert!(strongest.fold(0.0, f32::max) <= 1.0 + 1e-6);
    assert!(beyond_first.fold(0.0, f32::max) > 0.5);
}

#[test]
fn what_is_read_in_pieces_is_the_same_inside() {
    let loaded = embedded();
    let (model, ids) = (&loaded.model, loaded.tokenizer.encode(TEXT).expect("ids"));
    let last = Site::Residual(model.info().layers - 1);
    let read = |pieces: &[&[u32]]| {
        let mut cache = model.new_cache().expect("room");
        let mut all = Vec::new();
        for piece in pieces {
            let mut keep = Keep {
                only: Some(last),
                ..Keep::default()
            };
            model
                .read_observed(piece, &mut cache, &mut keep)
                .expect("a read");
            all.extend_from_slice(keep.seen[&last].as_slice());
        }
        all
    };
    let whole = read(&[&ids]);
    let (first, second) = ids.split_at(3);
    assert!(difference(&read(&[first, second]), &whole) < 1e-3);
    // The feed-forward part is within the sum: what is shown as one is not the other.
    let mut keep = Keep::default();
    let mut cache = model.new_cache().expect("room");
    model
        .read_observed(&ids, &mut cache, &mut keep)
        .expect("a read");
    let fed = &keep.seen[&Site::FeedForward(model.info().layers - 1)];
    assert!(difference(fed.as_slice(), &whole) > 0.1);
}
