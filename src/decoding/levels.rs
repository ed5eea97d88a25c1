//! The distribution over a token at each stage of the chain, worked out of what the stages did to each token.

use super::{Moment, Row};
use crate::sampling::StageKind;

/// The distribution as it is before the chain, or after one of its stages.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The stage; none before the chain.
    pub stage: Option<StageKind>,
    /// By row of the moment, among the tokens that are left (0 to 1); 0 once cut.
    pub probabilities: Vec<f64>,
    /// Tokens left.
    pub kept: usize,
    /// What the stage cut of the probability that entered it (0 to 1).
    pub mass_cut: f32,
    /// In bits.
    pub entropy: f32,
}

/// The distribution before the chain and after each of its stages. None unless the moment has a row for every token of
/// the vocabulary: what is left out would be missing in the sums.
pub fn levels(moment: &Moment) -> Option<Vec<Level>> {
    if moment.rows.len() != moment.vocabulary || moment.rows.is_empty() {
        return None;
    }
    let logits: Vec<f32> = moment.rows.iter().map(|row| row.logit).collect();
    let mut levels = vec![Level {
        stage: None,
        probabilities: softmax(&logits),
        kept: moment.vocabulary,
        mass_cut: 0.0,
        entropy: moment.raw_entropy,
    }];
    let mut logits = logits;
    let mut left = vec![true; logits.len()];
    for trace in &moment.trace {
        for (at, row) in moment.rows.iter().enumerate() {
            logits[at] = after(row, trace.stage).unwrap_or(logits[at]);
            left[at] &= row.cut_by != Some(trace.stage);
        }
        let still = logits.iter().zip(&left);
        let still: Vec<f32> = still
            .map(|(logit, left)| if *left { *logit } else { f32::NEG_INFINITY })
            .collect();
        levels.push(Level {
            stage: Some(trace.stage),
            probabilities: softmax(&still),
            kept: trace.kept,
            mass_cut: trace.mass_cut,
            entropy: trace.entropy,
        });
    }
    Some(levels)
}

/// A token's logit after a stage that changed it.
fn after(row: &Row, stage: StageKind) -> Option<f32> {
    let change = row.changes.iter().find(|change| change.stage == stage)?;
    Some(change.after)
}

/// NaN counts as −∞. Logits at +∞ share all; where all are at −∞, all are alike.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: f32| {
        if logit.is_nan() {
            0.0
        } else if logit == highest {
            1.0
        } else {
            f64::from(logit - highest).exp()
        }
    };
    let weights: Vec<f64> = logits.iter().map(|&logit| weight(logit)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::decoding::{Chooser, LookAt, look, read_prompt};
    use crate::model::{LoadRequest, load};
    use crate::sampling::SamplerSettings;

    #[test]
    fn levels_agree_with_what_the_chain_says_of_itself() {
        let loaded = load(&LoadRequest::default(), &mut |_| ControlFlow::Continue(()));
        let loaded = loaded.expect("the embedded model");
        let prompt = "Once upon a time there was a little girl. There was a";
        let sequence = read_prompt(&loaded, prompt, &|| false).expect("read");
        let settings = SamplerSettings {
            repetition_penalty: 1.3,
            presence_penalty: 0.4,
            temperature: 1.4,
            top_k: 200,
            typical_p: 0.95,
            top_p: 0.9,
            min_p: 0.01,
            ..SamplerSettings::neutral()
        };
        for settings in [
            settings,
            SamplerSettings::neutral(),
            SamplerSettings::default(),
        ] {
            let chooser = Chooser::new(&loaded, &settings, 1).expect("a chooser");
            let place = LookAt {
                second: None,
                position: sequence.len(),
                prompt_len: sequence.len(),
                running: chooser.start(),
                search: "",
                rows: loaded.model.info().vocabulary,
            };
            let moment = look(&loaded, &sequence, &chooser, place).expect("a moment");
            let levels = levels(&moment).expect("all rows");
            assert_eq!(levels.len(), moment.trace.len() + 1);
            for (level, before) in levels
                .iter()
                .zip([None].into_iter().chain(levels.iter().map(Some)))
            {
                let sum: f64 = level.probabilities.iter().sum();
                assert!((sum - 1.0).abs() < 1e-9, "{:?}: {sum}", level.stage);
                let entropy: f64 = level
                    .probabilities
                    .iter()
                    .filter(|p| **p > 0.0)
                    .map(|p| -p * p.log2())
                    .sum();
                assert!(
                    (entropy - f64::from(level.entropy)).abs() < 2e-3,
                    "{:?}: {entropy} {}",
                    level.stage,
                    level.entropy
                );
                let Some(before) = before.filter(|_| {
                    level.stage.is_some_and(|stage| {
                        moment.rows.iter().all(|row| after(row, stage).is_none())
                    })
                }) else {
                    continue;
                };
                // A stage that only cuts: what it cuts is what is no longer there.
                let gone = before.probabilities.iter().zip(&level.probabilities);
                let gone: f64 = gone
                    .filter(|(_, now)| **now == 0.0)
                    .map(|(then, _)| then)
                    .sum();
                assert!(
                    (gone - f64::from(level.mass_cut)).abs() < 1e-3,
                    "{:?}: {gone} {}",
                    level.stage,
                    level.mass_cut
                );
            }
            let last = levels.last().expect("a level");
            for (row, probability) in moment.rows.iter().zip(&last.probabilities) {
                assert!(
                    (f64::from(row.final_probability) - probability).abs() < 1e-5,
                    "{row:?} {probability}"
                );
            }
        }
        let mut some = look(
            &loaded,
            &sequence,
            &Chooser::new(&loaded, &SamplerSettings::neutral(), 1).expect("a chooser"),
            LookAt {
                second: None,
                position: sequence.len(),
                prompt_len: sequence.len(),
                running: crate::sampling::Running::start(&SamplerSettings::neutral()),
                search: "",
                rows: 10,
            },
        )
        .expect("a moment");
        assert!(levels(&some).is_none());
        some.rows.clear();
        assert!(levels(&some).is_none());
    }
}
