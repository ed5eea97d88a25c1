//! The stages against what transformers gives, and against llama.cpp's formulas written down independently.
//!
//! The values are in `reference/sampling.json`, made by `reference/sampling.py`.

use std::borrow::Cow;
use std::collections::HashMap;

use logitscope::sampling::{Chain, Context, Running, SamplerSettings, Vocabulary};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Largest difference of a probability.
const TOLERANCE: f32 = 2e-6;

#[derive(Deserialize)]
struct Reference {
    /// null stands for −∞.
    logits: HashMap<String, Vec<Option<f32>>>,
    histories: HashMap<String, Vec<u32>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    logits: String,
    history: String,
    /// What differs from the neutral settings.
    settings: Map<String, Value>,
    #[serde(default)]
    prompt_len: usize,
    end_token: Option<u32>,
    #[serde(default)]
    xtc_u: f64,
    #[serde(default)]
    mu: f32,
    #[serde(default)]
    mean: f32,
    /// The tokens that are left, with their probabilities.
    expected: Vec<(u32, f32)>,
}

/// Token `i` is the one character U+4E00 + i.
struct Characters(usize);

const FIRST: u32 = 0x4E00;

impl Vocabulary for Characters {
    fn size(&self) -> usize {
        self.0
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        text.chars()
            .filter_map(|character| (character as u32).checked_sub(FIRST))
            .collect()
    }

    fn text(&self, id: u32) -> Cow<'_, str> {
        char::from_u32(FIRST + id)
            .map(String::from)
            .unwrap_or_default()
            .into()
    }
}

fn settings(changes: &Map<String, Value>) -> SamplerSettings {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(SamplerSettings::neutral()) else {
        panic!("settings are no table");
    };
    fields.extend(changes.clone());
    serde_json::from_value(Value::Object(fields)).expect("the case's settings can be read")
}

#[test]
fn every_case_agrees_with_the_reference() {
    let reference: Reference =
        serde_json::from_str(include_str!("reference/sampling.json")).unwrap();
    assert!(reference.cases.len() > 400, "cases are missing");
    let (mut failures, mut worst) = (Vec::new(), 0.0_f32);
    for case in &reference.cases {
        let logits: Vec<f32> = reference.logits[&case.logits]
            .iter()
            .map(|logit| logit.unwrap_or(f32::NEG_INFINITY))
            .collect();
        let context = Context {
            history: &reference.histories[&case.history],
            second: None,
            prompt_len: case.prompt_len,
            end_tokens: case.end_token.as_slice(),
            xtc_u: case.xtc_u,
            running: Running {
                mu: case.mu,
                mean: case.mean,
            },
        };
        let chain = Chain::new(&settings(&case.settings), &Characters(logits.len())).unwrap();
        let result = chain.run(&logits, &context);
        let expected: HashMap<u32, f32> = case.expected.iter().copied().collect();
        let differences = (0..logits.len() as u32).map(|id| {
            let expected = expected.get(&id).copied().unwrap_or(0.0);
            (
                (result.probability(id) - expected).abs(),
                id,
                expected,
                result.probability(id),
            )
        });
        let (difference, id, expected, found) = differences
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .expect("there are tokens");
        worst = worst.max(difference);
        if difference.is_nan() || difference > TOLERANCE {
            failures.push(format!(
                "{}: token {id}: expected {expected}, found {found}",
                case.name
            ));
        }
        // Which tokens are left must agree also where probabilities are too small to differ.
        if result.kept() != case.expected.len() {
            failures.push(format!(
                "{}: expected {} tokens, found {}",
                case.name,
                case.expected.len(),
                result.kept()
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    println!(
        "{} cases, largest difference {worst:e}",
        reference.cases.len()
    );
}
