//! The rows of the sampler pane, and what turning each of them does.

use crate::decoding::GenerationSettings;
use crate::sampling::{
    KNOBS, Knob, KnobOwner, Method, SamplerSettings, StageKind, TEXT_KNOBS, TextKnob,
};

/// Most texts that can be sampled together here.
pub const MOST_SAMPLES: usize = 16;
/// Steps of a big turn.
const BIG: i32 = 10;

/// A row that can be selected.
#[derive(Debug, Clone, Copy)]
pub enum KnobRow {
    Method,
    /// A scalar setting.
    Knob(&'static Knob),
    /// A setting that is a text.
    Text(&'static TextKnob),
    /// A stage with neither: logit bias, banned texts.
    Stage(StageKind),
    Seed,
    MaxTokens,
    /// Texts that are sampled together.
    Samples,
    /// Texts that end a run.
    Stop,
}

impl PartialEq for KnobRow {
    /// Whether two rows are the same knob, wherever they stand.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Knob(a), Self::Knob(b)) => a.field == b.field,
            (Self::Text(a), Self::Text(b)) => a.field == b.field,
            (Self::Stage(a), Self::Stage(b)) => a == b,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl KnobRow {
    /// The stage that the row belongs to.
    pub fn stage(self) -> Option<StageKind> {
        match self {
            Self::Knob(knob) => match knob.owner {
                KnobOwner::Stage(stage) => Some(stage),
                KnobOwner::Method(_) => None,
            },
            Self::Text(knob) => Some(knob.owner),
            Self::Stage(stage) => Some(stage),
            Self::Method | Self::Seed | Self::MaxTokens | Self::Samples | Self::Stop => None,
        }
    }

    /// What it is called.
    pub fn name(self) -> String {
        match self {
            Self::Method => "method".to_owned(),
            Self::Knob(knob) => knob.field.replace('_', "-"),
            Self::Text(knob) => knob.field.replace('_', "-"),
            Self::Stage(stage) => stage.name().to_owned(),
            Self::Seed => "seed".to_owned(),
            Self::MaxTokens => "max-tokens".to_owned(),
            Self::Samples => "samples".to_owned(),
            Self::Stop => "stop texts".to_owned(),
        }
    }

    /// What it is good for, in one sentence.
    pub fn why(self) -> &'static str {
        match self {
            Self::Method => "How the next token is chosen from the odds that the chain leaves.",
            Self::Knob(knob) => knob.why,
            Self::Text(knob) => knob.why,
            Self::Stage(stage) => stage.one_line(),
            Self::Seed => "The same seed, model and settings give the same text.",
            Self::MaxTokens => "Most tokens that a run generates.",
            Self::Samples => {
                "Texts sampled together from one prompt, each with the next seed, shown beside each other."
            }
            Self::Stop => {
                "A run ends where one of these texts comes up, also across token borders."
            }
        }
    }
}

/// The rows for some settings: the method and its knobs, the stages in their order, and the run's own.
pub fn rows(settings: &SamplerSettings) -> Vec<KnobRow> {
    let of = |owner: KnobOwner| {
        KNOBS
            .iter()
            .filter(move |knob| knob.owner == owner)
            .map(KnobRow::Knob)
    };
    let mut rows = vec![KnobRow::Method];
    rows.extend(of(KnobOwner::Method(settings.method)));
    for stage in StageKind::LAST {
        if settings.is_active(stage) {
            rows.extend(of(KnobOwner::Stage(stage)));
        }
    }
    for &stage in &settings.order {
        let before = rows.len();
        rows.extend(of(KnobOwner::Stage(stage)));
        let texts = TEXT_KNOBS.iter().filter(|text| text.owner == stage);
        rows.extend(texts.map(KnobRow::Text));
        if rows.len() == before {
            rows.push(KnobRow::Stage(stage));
        }
    }
    rows.extend([
        KnobRow::Seed,
        KnobRow::MaxTokens,
        KnobRow::Samples,
        KnobRow::Stop,
    ]);
    rows
}

/// Every row that there is, whatever the method.
pub fn all() -> impl Iterator<Item = KnobRow> {
    [KnobRow::Method]
        .into_iter()
        .chain(KNOBS.iter().map(KnobRow::Knob))
        .chain(TEXT_KNOBS.iter().map(KnobRow::Text))
        .chain([
            KnobRow::Stage(StageKind::LogitBias),
            KnobRow::Stage(StageKind::Banned),
            KnobRow::Seed,
            KnobRow::MaxTokens,
            KnobRow::Samples,
            KnobRow::Stop,
        ])
}

/// Turns a knob by some steps, big ones if `big`.
pub fn turn(
    row: KnobRow,
    steps: i32,
    big: bool,
    sampler: &mut SamplerSettings,
    generation: &mut GenerationSettings,
    samples: &mut usize,
) {
    let amount = if big { steps * BIG } else { steps };
    match row {
        KnobRow::Method => {
            let at = Method::ALL
                .iter()
                .position(|method| *method == sampler.method)
                .unwrap_or(0);
            let count = Method::ALL.len() as i32;
            sampler.method = Method::ALL[(at as i32 + steps).rem_euclid(count) as usize];
        }
        KnobRow::Knob(knob) => knob.set(sampler, knob.moved(knob.get(sampler), amount)),
        KnobRow::Stage(_) | KnobRow::Text(_) | KnobRow::Stop => {}
        KnobRow::Samples => {
            *samples = samples
                .saturating_add_signed(steps as isize)
                .clamp(1, MOST_SAMPLES);
        }
        KnobRow::Seed => generation.seed = generation.seed.saturating_add_signed(amount.into()),
        KnobRow::MaxTokens => {
            generation.max_tokens = generation
                .max_tokens
                .saturating_add_signed(amount as isize)
                .max(1);
        }
    }
}

/// Sets a knob to the value that does nothing.
pub fn neutral(row: KnobRow, sampler: &mut SamplerSettings, generation: &mut GenerationSettings) {
    match row {
        KnobRow::Stop => generation.stop.clear(),
        KnobRow::Stage(StageKind::LogitBias) => sampler.logit_bias.clear(),
        KnobRow::Stage(StageKind::Banned) => sampler.banned.clear(),
        KnobRow::Method => sampler.method = Method::Sample,
        KnobRow::Knob(knob) => knob.set(sampler, knob.neutral),
        KnobRow::Text(knob) => knob.set(sampler, String::new()),
        KnobRow::Stage(_) | KnobRow::Seed | KnobRow::MaxTokens | KnobRow::Samples => {}
    }
}

/// Switches a stage off, its settings kept, or on again.
pub fn toggle(stage: StageKind, sampler: &mut SamplerSettings) {
    match sampler
        .disabled
        .iter()
        .position(|disabled| *disabled == stage)
    {
        Some(at) => drop(sampler.disabled.remove(at)),
        None => sampler.disabled.push(stage),
    }
}

/// Moves a stage one place in the chain. Returns whether it could move.
pub fn reorder(stage: StageKind, later: bool, sampler: &mut SamplerSettings) -> bool {
    let Some(at) = sampler.order.iter().position(|listed| *listed == stage) else {
        return false;
    };
    let to = if later { at + 1 } else { at.wrapping_sub(1) };
    let can = to < sampler.order.len();
    if can {
        sampler.order.swap(at, to);
    }
    can
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_and_the_methods_knobs_have_a_row() {
        let mut settings = SamplerSettings::neutral();
        for stage in StageKind::ALL {
            assert!(
                rows(&settings).iter().any(|row| row.stage() == Some(stage)),
                "{stage:?}"
            );
        }
        assert!(
            !rows(&settings)
                .iter()
                .any(|row| matches!(row, KnobRow::Knob(knob) if knob.field == "num_beams"))
        );
        settings.method = Method::Beam;
        assert!(
            rows(&settings)
                .iter()
                .any(|row| matches!(row, KnobRow::Knob(knob) if knob.field == "num_beams"))
        );
        let last = |method| {
            let settings = SamplerSettings {
                method,
                ..SamplerSettings::neutral()
            };
            StageKind::LAST
                .map(|stage| rows(&settings).iter().any(|row| row.stage() == Some(stage)))
        };
        assert_eq!(last(Method::Sample), [false, false]);
        assert_eq!(last(Method::MirostatV1), [true, false]);
        assert_eq!(last(Method::MirostatV2), [true, false]);
        assert_eq!(last(Method::AdaptiveP), [false, true]);
    }

    #[test]
    fn every_row_of_every_method_is_among_all_of_them() {
        let mut settings = SamplerSettings::neutral();
        for method in Method::ALL {
            settings.method = method;
            for row in rows(&settings) {
                assert!(all().any(|one| one == row), "{}", row.name());
            }
        }
    }

    #[test]
    fn stages_move_within_the_chain_only() {
        let mut settings = SamplerSettings::neutral();
        let first = settings.order[0];
        assert!(!reorder(first, false, &mut settings));
        assert!(reorder(first, true, &mut settings));
        assert_eq!(settings.order[1], first);
        assert!(!reorder(StageKind::Mirostat, true, &mut settings));
    }

    #[test]
    fn methods_go_round_and_numbers_stay_in_range() {
        let (mut sampler, mut generation) =
            (SamplerSettings::neutral(), GenerationSettings::default());
        let mut samples = 1;
        let mut turn = |row, steps, big, sampler: &mut _, generation: &mut _| {
            turn(row, steps, big, sampler, generation, &mut samples);
        };
        turn(KnobRow::Method, -1, false, &mut sampler, &mut generation);
        assert_eq!(sampler.method, *Method::ALL.last().expect("methods"));
        generation.seed = 3;
        turn(KnobRow::Seed, -1, true, &mut sampler, &mut generation);
        turn(
            KnobRow::MaxTokens,
            -100,
            true,
            &mut sampler,
            &mut generation,
        );
        assert_eq!((generation.seed, generation.max_tokens), (0, 1));
    }
}
