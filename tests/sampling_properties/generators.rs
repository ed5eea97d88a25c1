//! Logits, settings and texts of every kind.

use std::borrow::Cow;

use logitscope::sampling::{
    Context, KNOBS, Method, Running, SamplerSettings, StageKind, Vocabulary,
};
use proptest::prelude::*;

/// Token `i` is the character `a` + i.
pub struct Letters(pub usize);

impl Vocabulary for Letters {
    fn size(&self) -> usize {
        self.0
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        text.chars()
            .filter_map(|letter| (letter as u32).checked_sub('a' as u32))
            .collect()
    }

    fn text(&self, id: u32) -> Cow<'_, str> {
        char::from_u32('a' as u32 + id)
            .map(String::from)
            .unwrap_or_default()
            .into()
    }
}

/// Large enough that the head of an order must be looked for more than once.
pub const LARGEST: usize = 200;

/// Logits with ties (quarters), some plain numbers, and now and then what a broken model may give.
pub fn logits() -> impl Strategy<Value = Vec<f32>> {
    let ordinary = prop_oneof![
        (-40_i32..40).prop_map(|quarters| quarters as f32 / 4.0),
        -30.0_f32..30.0
    ];
    let odd = prop::sample::select(vec![
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        0.0,
        -0.0,
        f32::MIN_POSITIVE,
    ]);
    prop_oneof![
        4 => prop::collection::vec(ordinary.clone(), 1..LARGEST),
        1 => prop::collection::vec(prop_oneof![8 => ordinary, 1 => odd.clone()], 1..LARGEST),
        1 => prop::collection::vec(odd, 1..12),
    ]
}

pub fn finite_logits() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        prop_oneof![(-40_i32..40).prop_map(|q| q as f32 / 4.0), -30.0_f32..30.0],
        1..LARGEST,
    )
}

/// Without ties, which go by id.
pub fn distinct_logits() -> impl Strategy<Value = Vec<f32>> {
    finite_logits().prop_map(|mut logits| {
        logits.sort_by(f32::total_cmp);
        logits.dedup_by(|a, b| comparable(*a) == comparable(*b));
        logits
    })
}

/// Settings in which every knob is neutral or anywhere within its slider, in any order, some stages disabled.
pub fn settings() -> impl Strategy<Value = SamplerSettings> {
    let knobs = prop::collection::vec(prop::option::weighted(0.3, 0.0..=1.0_f64), KNOBS.len());
    let order = Just(StageKind::ALL.to_vec()).prop_shuffle();
    let disabled = prop::sample::subsequence(StageKind::ALL.to_vec(), 0..4);
    let biases = prop::collection::btree_map(
        "#[0-9]|[a-f]{1,2}",
        prop_oneof![-9.0_f32..9.0, Just(f32::NEG_INFINITY)],
        0..3,
    );
    let banned = prop::collection::vec("[a-e]{1,2}", 0..3);
    let method = prop_oneof![
        3 => Just(Method::Sample), 1 => Just(Method::MirostatV1), 1 => Just(Method::MirostatV2),
        1 => Just(Method::AdaptiveP),
    ];
    (knobs, order, disabled, biases, banned, method).prop_map(
        |(knobs, order, disabled, logit_bias, banned, method)| {
            let mut settings = SamplerSettings {
                order,
                disabled,
                logit_bias,
                banned,
                method,
                dry_breakers: vec!["c".to_owned(), "de".to_owned()],
                ..SamplerSettings::neutral()
            };
            for (knob, place) in KNOBS.iter().zip(knobs) {
                if let Some(place) = place {
                    let value = knob.slider_min + place * (knob.slider_max - knob.slider_min);
                    knob.set(&mut settings, value);
                }
            }
            // A second context serves one of the two, and no search.
            if matches!(settings.method, Method::Beam | Method::Contrastive) {
                settings.guidance_scale = 1.0;
            }
            if settings.guidance_scale != 1.0 || settings.method != Method::Sample {
                settings.difference_weight = 1.0;
            }
            settings
        },
    )
}

/// A text and the numbers drawn for it.
#[derive(Debug, Clone)]
pub struct Place {
    history: Vec<u32>,
    prompt_len: usize,
    xtc_u: f64,
    running: Running,
}

impl Place {
    pub fn context(&self) -> Context<'_> {
        Context {
            history: &self.history,
            second: None,
            prompt_len: self.prompt_len.min(self.history.len()),
            end_tokens: &[0],
            xtc_u: self.xtc_u,
            running: self.running,
        }
    }
}

pub fn place() -> impl Strategy<Value = Place> {
    (
        prop::collection::vec(0_u32..8, 0..40),
        0_usize..40,
        0.0..1.0_f64,
        -2.0_f32..20.0,
        0.0_f32..1.0,
    )
        .prop_map(|(history, prompt_len, xtc_u, mu, mean)| Place {
            history,
            prompt_len,
            xtc_u,
            running: Running { mu, mean },
        })
}

/// NaN counts as −∞, and −0 as 0.
pub fn comparable(logit: f32) -> f32 {
    if logit.is_nan() {
        f32::NEG_INFINITY
    } else {
        logit + 0.0
    }
}
