//! Each fact of each description counts: changed alone, it changes the odds that transformers gives, or no model can be
//! made of it. Models and odds are those of `tests/reference/families.py`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use serde_json::Value;

use super::Described;
use crate::model::loading::shards::Shards;
use crate::model::loading::weights::Weights;
use crate::model::network::Transformer;
use crate::model::network::decoder::Decoder;
use crate::model::network::description::{Description, HeadNorm, LayerFacts, NormKind, Order};
use crate::model::network::linear::Storage;
use crate::model::network::rope::Scaling;
use crate::model::{Activation, Model, ModelError, Precision};

/// What `tests/families.rs` demands of every model.
const TOLERANCE: f32 = 1e-4;

struct Reference {
    name: String,
    described: Described,
    tensors: HashMap<String, Vec<f32>>,
    tokens: Vec<u32>,
    expected: Vec<f32>,
}

fn references() -> Vec<Reference> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/families");
    let entries = std::fs::read_dir(&folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort_unstable();
    paths.iter().map(|path| reference(path)).collect()
}

fn reference(path: &Path) -> Reference {
    let told: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    let config = told["config"].to_string();
    let described = Described::from_json(config.as_bytes(), "config.json").expect("a description");
    let tensors = told["tensors"].as_object().expect("tensors").iter();
    // Without what all names start with, as weights in memory have them.
    let inner = |name: &str| {
        let prefixes = ["transformer.", "gpt_neox.", "model.decoder.", "model."];
        let found = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
        found.unwrap_or(name).to_owned()
    };
    let bytes = std::fs::read(path.with_extension("f32")).expect("numbers");
    let words = bytes.chunks_exact(4);
    Reference {
        name: path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned(),
        described,
        tensors: tensors
            .map(|(name, how)| (inner(name), drawn(name, how)))
            .collect(),
        tokens: serde_json::from_value(told["tokens"].clone()).expect("tokens"),
        expected: words
            .map(|word| f32::from_le_bytes(word.try_into().expect("4 bytes")))
            .collect(),
    }
}

/// As the script and `tests/families.rs` draw it.
fn drawn(name: &str, how: &Value) -> Vec<f32> {
    let shape: Vec<u64> = serde_json::from_value(how[0].clone()).expect("a shape");
    let number = |at: usize| how[at].as_f64().expect("a number");
    let (centre, spread) = (number(1), number(2));
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let draw = |at: u64| {
        let mut x = seed.wrapping_add(at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        (centre + spread * (2.0 * ((x >> 40) as f64 / f64::from(1 << 24)) - 1.0)) as f32
    };
    (1..=shape.iter().product()).map(draw).collect()
}

/// The largest difference of log-probabilities from transformers.
fn difference(reference: &Reference, description: &Description) -> Result<f32, ModelError> {
    description.check().map_err(ModelError::Foreign)?;
    let described = Described {
        description: description.clone(),
        ..reference.described.clone()
    };
    let shards = Shards::in_memory(reference.tensors.clone(), &described.family.form);
    let mut weights = Weights::of_files(shards, &described);
    let storage = Storage {
        device: Device::Cpu,
        dtype: DType::F32,
        matrices: None,
        cache: DType::F32,
        quantised: None,
    };
    let network = Transformer::load(description, storage, &mut weights, &mut |_, _| Ok(()))?;
    let info = description.info("flipped".to_owned(), &Device::Cpu, Precision::F32);
    let model = Decoder::new(info, network);
    let mut cache = model.new_cache()?;
    let hidden = model.read(&reference.tokens, &mut cache)?;
    let logits = model.logits(&hidden)?;
    let mut most = 0f32;
    for (row, expected) in logits.iter().zip(reference.expected.chunks(logits.width())) {
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|x| f64::from(x - highest).exp()).sum();
        let whole = f64::from(highest) + sum.ln();
        for (x, expected) in row.iter().zip(expected) {
            most = most.max(((f64::from(*x) - whole) as f32 - expected).abs());
        }
    }
    Ok(most)
}

type Flip = (&'static str, fn(&mut Description));
type LayerFlip = (&'static str, fn(&mut LayerFacts));

/// Facts of a whole model, each with a change. One that changes nothing of a description is not tried on it.
const FLIPS: &[Flip] = &[
    ("kind of norm", |d| {
        d.norm.kind = match d.norm.kind {
            NormKind::Layer => NormKind::Rms,
            NormKind::Rms => NormKind::Layer,
        };
    }),
    ("epsilon", |d| d.norm.epsilon *= 10.0),
    ("norms' weight", |d| d.norm.weight = false),
    ("one added to it", |d| d.norm.plus_one ^= true),
    ("norms' bias", |d| {
        d.norm.bias &= d.norm.kind == NormKind::Rms
    }),
    ("norm before attention", |d| {
        d.places.before_attention ^= true
    }),
    ("norm after attention", |d| d.places.after_attention ^= true),
    ("norm before feed-forward", |d| {
        d.places.before_feed_forward ^= true
    }),
    ("norm after feed-forward", |d| {
        d.places.after_feed_forward ^= true
    }),
    ("order", |d| {
        d.places.order = match d.places.order {
            Order::InTurn => Order::Parallel,
            _ => Order::InTurn,
        };
    }),
    ("norms after sums", |d| {
        if d.places.before_attention {
            d.places.order = Order::NormsAfterSums;
        }
    }),
    ("last norm", |d| d.places.last ^= true),
    ("embedding's scale", |d| d.embedding.scale *= 1.1),
    ("embedding's norm", |d| d.embedding.norm ^= true),
    ("learned positions", |d| d.embedding.positions = None),
    ("their offset", |d| {
        d.embedding.offset += usize::from(d.embedding.positions.is_some())
    }),
    ("biases", |d| d.attention.bias ^= true),
    ("bias of attention's output", |d| {
        d.attention.out_bias ^= true
    }),
    ("norms of queries and keys", |d| {
        d.attention.norms = match d.attention.norms {
            None => Some(HeadNorm::Each),
            Some(_) => None,
        };
    }),
    ("what they are taken over", |d| {
        d.attention.norms = d.attention.norms.map(|norms| match norms {
            HeadNorm::Each => HeadNorm::All,
            HeadNorm::All => HeadNorm::Each,
            HeadNorm::Own => HeadNorm::All,
        });
    }),
    ("clamp", |d| {
        d.attention.clamp = match d.attention.clamp {
            None => Some(0.1),
            Some(_) => None,
        };
    }),
    ("growth of queries", |d| {
        d.attention.growth = match d.attention.growth {
            None => Some((0.3, 8.0)),
            Some(_) => None,
        };
    }),
    ("cap of scores", |d| {
        d.attention.cap = match d.attention.cap {
            None => Some(3.0),
            Some(_) => None,
        };
    }),
    ("alibi", |d| {
        d.attention.alibi = match d.attention.alibi {
            None => Some(0.3),
            Some(scale) => (scale == 1.0).then_some(1.1),
        };
    }),
    ("sinks", |d| d.attention.sinks ^= true),
    ("activation", |d| {
        // Clamped experts have their own.
        if d.mixture.is_some_and(|mixture| mixture.clamped.is_some()) {
            return;
        }
        d.feed_forward.activation = match d.feed_forward.activation {
            Activation::GeluTanh => Activation::GeluErf,
            _ => Activation::GeluTanh,
        };
    }),
    ("gate", |d| d.feed_forward.gated ^= true),
    ("feed-forward's biases", |d| {
        d.feed_forward.bias ^= d.layers.iter().any(|layer| !layer.mixture);
    }),
    ("experts' biases", |d| {
        d.mixture
            .iter_mut()
            .for_each(|mixture| mixture.bias ^= true);
    }),
    ("router's bias", |d| {
        d.mixture
            .iter_mut()
            .for_each(|mixture| mixture.router_bias ^= true);
    }),
    ("clamp of experts", |d| {
        d.mixture.iter_mut().for_each(|mixture| {
            mixture.clamped = match mixture.clamped {
                None => Some(7.0),
                Some(limit) => Some(limit + 1.0),
            };
        });
    }),
    ("experts without a clamp", |d| {
        d.mixture
            .iter_mut()
            .for_each(|mixture| mixture.clamped = None);
    }),
    ("shared expert", |d| {
        d.mixture
            .iter_mut()
            .for_each(|mixture| mixture.shared = None);
    }),
    ("experts of a token", |d| {
        d.mixture.iter_mut().for_each(|mixture| mixture.chosen += 1);
    }),
    ("experts' shares", |d| {
        d.mixture
            .iter_mut()
            .for_each(|mixture| mixture.normalised ^= true);
    }),
    ("residual's multiplier", |d| d.residual_scale *= 1.1),
    ("tied head", |d| d.head.tied ^= true),
    ("head's bias", |d| d.head.bias ^= true),
    ("logits' scale", |d| d.head.scale *= 1.1),
    ("logits' cap", |d| {
        d.head.cap = match d.head.cap {
            None => Some(5.0),
            Some(_) => None,
        };
    }),
    ("first rotary base", |d| {
        d.ropes
            .iter_mut()
            .take(1)
            .for_each(|rope| rope.theta *= 2.0)
    }),
    ("second rotary base", |d| {
        d.ropes
            .iter_mut()
            .skip(1)
            .for_each(|rope| rope.theta *= 2.0)
    }),
    ("turned width", |d| {
        d.ropes.iter_mut().take(1).for_each(|rope| rope.width -= 2)
    }),
    ("scaling of positions", |d| {
        d.ropes.iter_mut().take(1).for_each(|rope| {
            rope.scaling = match rope.scaling {
                Scaling::None => Scaling::Linear(2.0),
                _ => Scaling::None,
            };
        });
    }),
];

/// Facts of a layer.
const FLIPS_OF_LAYERS: &[LayerFlip] = &[
    ("scale", |layer| layer.scale *= 1.1),
    ("window", |layer| {
        layer.window = match layer.window {
            None => Some(9),
            Some(_) => None,
        };
    }),
    ("one more in the window", |layer| {
        layer.window = layer.window.map(|window| window + 1);
    }),
    ("rotary positions", |layer| {
        layer.rope = match layer.rope {
            None => Some(0),
            Some(_) => None,
        };
    }),
    ("mixture", |layer| layer.mixture ^= true),
];

#[test]
fn every_fact_counts() {
    let (mut tried, mut idle) = (0, Vec::new());
    for reference in references() {
        let own = &reference.described.description;
        let plain = difference(&reference, own).expect("a model");
        assert!(plain < TOLERANCE, "{}: {plain}", reference.name);
        let mut counts = |fact: String, flipped: &Description| {
            // What no model can be made of is seen, too.
            if flipped != own
                && let Ok(difference) = difference(&reference, flipped)
            {
                tried += 1;
                if difference <= TOLERANCE {
                    idle.push(format!("{}: {fact}: {difference}", reference.name));
                }
            }
        };
        for (fact, flip) in FLIPS {
            let mut flipped = own.clone();
            flip(&mut flipped);
            if !(flipped.ropes.is_empty()
                && flipped.layers.iter().any(|layer| layer.rope.is_some()))
            {
                counts((*fact).to_owned(), &flipped);
            }
        }
        for layer in 0..own.layers.len() {
            for (fact, flip) in FLIPS_OF_LAYERS {
                let mut flipped = own.clone();
                flip(&mut flipped.layers[layer]);
                let turned = flipped.layers[layer].rope;
                let mixed = flipped.layers[layer].mixture;
                if turned.is_none_or(|rope| rope < own.ropes.len())
                    && (!mixed || own.mixture.is_some())
                {
                    counts(format!("layer {layer}: {fact}"), &flipped);
                }
            }
        }
    }
    assert!(idle.is_empty(), "changed nothing:\n{}", idle.join("\n"));
    assert!(tried > 500, "{tried}");
}
