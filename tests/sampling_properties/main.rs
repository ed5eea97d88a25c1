//! What must hold of the sampler for any logits, settings and texts.

mod generators;

use generators::*;
use logitscope::sampling::{Chain, Distribution, Method, RawOdds, SamplerSettings, StageKind};
use proptest::prelude::*;

/// The vocabulary is never so small that a setting names a token beyond it: that is an error of its own.
fn chain(settings: &SamplerSettings) -> Chain {
    Chain::new(settings, &Letters(LARGEST)).expect("settings within their sliders are valid")
}

fn run(settings: &SamplerSettings, logits: &[f32], place: &Place) -> Distribution {
    chain(settings).run_explained(logits, &place.context())
}

fn ids(logits: &[f32]) -> impl Iterator<Item = u32> {
    0..logits.len() as u32
}

/// The softmax by its definition, in `f64`; for logits without infinities or NaN.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits
        .iter()
        .map(|&logit| (f64::from(logit) - f64::from(max)).exp())
        .collect();
    let mass: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / mass).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_result_is_a_distribution(logits in logits(), settings in settings(), place in place()) {
        let result = run(&settings, &logits, &place);
        prop_assert!(result.kept() >= 1 && result.kept() <= logits.len());
        let probabilities: Vec<f64> = ids(&logits).map(|id| f64::from(result.probability(id))).collect();
        prop_assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
        let mass: f64 = probabilities.iter().sum();
        prop_assert!((mass - 1.0).abs() < 1e-5, "mass is {}", mass);
        let entropy: f64 = probabilities.iter().filter(|&&p| p > 0.0).map(|p| -p * p.log2()).sum();
        prop_assert!((f64::from(result.entropy()) - entropy).abs() < 1e-3, "{} {}", result.entropy(), entropy);
    }

    #[test]
    fn top_lists_the_kept_tokens_in_order(logits in logits(), settings in settings(), place in place()) {
        let result = run(&settings, &logits, &place);
        let top = result.top(logits.len());
        prop_assert_eq!(top.len(), result.kept());
        prop_assert_eq!(top[0].0, result.best());
        for &(id, probability) in &top {
            prop_assert_eq!(probability, result.probability(id));
        }
        // Two units in the last place are what the exponential may be off.
        prop_assert!(top.windows(2).all(|pair| pair[0].1 >= pair[1].1 * (1.0 - 4.0 * f32::EPSILON)));
        let kept: std::collections::HashSet<u32> = top.iter().map(|&(id, _)| id).collect();
        prop_assert_eq!(kept.len(), top.len());
        prop_assert!(ids(&logits).all(|id| kept.contains(&id) || result.probability(id) == 0.0));
        let head = result.top(3);
        prop_assert_eq!(&head[..], &top[..head.len()]);
    }

    #[test]
    fn what_was_cut_has_a_stage_to_blame(logits in logits(), settings in settings(), place in place()) {
        let chain = chain(&settings);
        let result = chain.run_explained(&logits, &place.context());
        let kept: std::collections::HashSet<u32> = result.top(logits.len()).iter().map(|&(id, _)| id).collect();
        // Without stages only what the logits themselves rule out is gone.
        let at_start: std::collections::HashSet<u32> = run(&SamplerSettings::neutral(), &logits, &place)
            .top(logits.len()).iter().map(|&(id, _)| id).collect();
        for id in ids(&logits) {
            match result.cut_by(id) {
                Some(stage) => {
                    prop_assert_eq!(result.probability(id), 0.0);
                    prop_assert!(!kept.contains(&id) && settings.is_active(stage));
                    let step = result.trace().iter().find(|step| step.stage == stage);
                    prop_assert!(step.is_some());
                }
                None => prop_assert!(kept.contains(&id) || !at_start.contains(&id)),
            }
        }
        let plain = chain.run(&logits, &place.context());
        prop_assert_eq!(plain.top(logits.len()), result.top(logits.len()));
        prop_assert_eq!(plain.trace(), result.trace());
        prop_assert!(ids(&logits).all(|id| plain.cut_by(id).is_none()));
    }

    #[test]
    fn the_trace_tells_what_happened(logits in logits(), settings in settings(), place in place()) {
        let result = run(&settings, &logits, &place);
        let expected: Vec<StageKind> = settings.order.iter().copied().chain(StageKind::LAST)
            .filter(|&stage| settings.is_active(stage)).collect();
        let stages: Vec<StageKind> = result.trace().iter().map(|step| step.stage).collect();
        prop_assert_eq!(stages, expected);
        let mut before = run(&SamplerSettings::neutral(), &logits, &place).kept();
        for step in result.trace() {
            let cut = ids(&logits).filter(|&id| result.cut_by(id) == Some(step.stage)).count();
            prop_assert_eq!(step.kept, before - cut);
            prop_assert!((0.0..=1.0).contains(&step.mass_cut));
            prop_assert!(cut > 0 || step.mass_cut == 0.0);
            let most = (step.kept as f32).log2();
            prop_assert!(step.entropy >= 0.0 && step.entropy <= most + 1e-3, "{:?}", step);
            before = step.kept;
        }
        if let Some(last) = result.trace().last() {
            prop_assert_eq!((last.kept, last.entropy), (result.kept(), result.entropy()));
        }
    }

    #[test]
    fn each_step_of_the_trace_is_the_end_of_a_shorter_chain(
        logits in finite_logits(), settings in settings(), place in place(),
    ) {
        // Mirostat is not in the order and changes which stages act.
        let settings = SamplerSettings { method: Method::Sample, ..settings };
        let whole = run(&settings, &logits, &place);
        let mut before = run(&SamplerSettings::neutral(), &logits, &place);
        let active: Vec<StageKind> = settings.order.iter().copied().filter(|&s| settings.is_active(s)).collect();
        for (step, end) in whole.trace().iter().zip(1..) {
            let shorter = SamplerSettings { order: active[..end].to_vec(), ..settings.clone() };
            let after = run(&shorter, &logits, &place);
            prop_assert_eq!((step.kept, step.entropy), (after.kept(), after.entropy()));
            let cut: f64 = ids(&logits).filter(|&id| after.cut_by(id) == Some(step.stage))
                .map(|id| f64::from(before.probability(id))).sum();
            prop_assert!((f64::from(step.mass_cut) - cut).abs() < 1e-5, "{:?} cut {}", step, cut);
            before = after;
        }
    }

    #[test]
    fn the_changes_of_a_logit_lead_from_the_models_to_the_final_one(
        logits in finite_logits(), settings in settings(), place in place(),
    ) {
        let result = run(&settings, &logits, &place);
        let stages: Vec<StageKind> = result.trace().iter().map(|step| step.stage).collect();
        for id in ids(&logits) {
            let changes = result.changes(id);
            let mut logit = logits[id as usize];
            for change in &changes {
                prop_assert_eq!(change.before, logit, "{:?} begins where the one before ended", change);
                prop_assert!(change.before != change.after && !change.stage.truncates());
                logit = change.after;
            }
            let order: Vec<usize> = changes.iter()
                .filter_map(|change| stages.iter().position(|stage| *stage == change.stage)).collect();
            prop_assert!(order.len() == changes.len() && order.windows(2).all(|pair| pair[0] < pair[1]));
            if let Some(last) = result.logit(id) {
                prop_assert_eq!(logit, last);
                let sum: f64 = changes.iter().map(|c| f64::from(c.after) - f64::from(c.before)).sum();
                let whole = f64::from(last) - f64::from(logits[id as usize]);
                prop_assert!((sum - whole).abs() <= 1e-6 * whole.abs().max(1.0), "{} {}", sum, whole);
            } else {
                prop_assert!(result.cut_by(id).is_some());
            }
        }
        let plain = chain(&settings).run(&logits, &place.context());
        prop_assert!(ids(&logits).all(|id| plain.changes(id).is_empty()));
    }

    #[test]
    fn a_change_tells_the_probability_before_and_after_its_stage(
        logits in finite_logits(), settings in settings(), place in place(),
    ) {
        let settings = SamplerSettings { method: Method::Sample, ..settings };
        let whole = run(&settings, &logits, &place);
        let mut before = run(&SamplerSettings::neutral(), &logits, &place);
        let active: Vec<StageKind> = settings.order.iter().copied().filter(|&s| settings.is_active(s)).collect();
        for (stage, end) in active.iter().zip(1..) {
            let shorter = SamplerSettings { order: active[..end].to_vec(), ..settings.clone() };
            let after = run(&shorter, &logits, &place);
            for id in ids(&logits) {
                let found = whole.changes(id).into_iter().find(|change| change.stage == *stage);
                match found {
                    Some(change) => {
                        prop_assert_eq!((Some(change.before), Some(change.after)), (before.logit(id), after.logit(id)));
                        prop_assert!((change.probability_before - before.probability(id)).abs() < 1e-5);
                        prop_assert!((change.probability_after - after.probability(id)).abs() < 1e-5);
                    }
                    // What the stage did not change, it left as it was or cut.
                    None => prop_assert!(after.logit(id).is_none() || after.logit(id) == before.logit(id)),
                }
            }
            before = after;
        }
    }

    #[test]
    fn truncating_keeps_the_order_and_the_ratios(logits in finite_logits(), settings in settings(), place in place()) {
        let mut settings = settings;
        settings.order.retain(|stage| stage.truncates());
        // Adaptive-p cuts nothing, and bends the odds.
        if settings.method == Method::AdaptiveP {
            settings.method = Method::Sample;
        }
        let result = run(&settings, &logits, &place);
        let top = result.top(logits.len());
        let in_order = |a: u32, b: u32| {
            let (x, y) = (comparable(logits[a as usize]), comparable(logits[b as usize]));
            x > y || (x == y && a < b)
        };
        prop_assert!(top.windows(2).all(|pair| in_order(pair[0].0, pair[1].0)));
        let exact = softmax(&logits);
        let left: f64 = top.iter().map(|&(id, _)| exact[id as usize]).sum();
        for &(id, probability) in &top {
            prop_assert!((f64::from(probability) - exact[id as usize] / left).abs() < 1e-5);
        }
    }

    #[test]
    fn temperature_keeps_the_order_and_all_tokens(
        logits in finite_logits(), temperature in 0.05_f32..5.0, place in place(),
    ) {
        let settings = SamplerSettings { temperature, ..SamplerSettings::neutral() };
        let result = run(&settings, &logits, &place);
        prop_assert_eq!(result.kept(), logits.len());
        let top = result.top(logits.len());
        prop_assert!(top.windows(2).all(|pair| logits[pair[0].0 as usize] >= logits[pair[1].0 as usize] - 1e-5));
        let cooled: Vec<f32> = logits.iter().map(|logit| logit / temperature).collect();
        for (id, expected) in softmax(&cooled).into_iter().enumerate() {
            prop_assert!((f64::from(result.probability(id as u32)) - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn neutral_settings_give_the_softmax(logits in finite_logits(), place in place()) {
        let result = run(&SamplerSettings::neutral(), &logits, &place);
        prop_assert!(result.trace().is_empty());
        prop_assert_eq!(result.kept(), logits.len());
        for (id, expected) in softmax(&logits).into_iter().enumerate() {
            prop_assert!((f64::from(result.probability(id as u32)) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn disabled_stages_and_an_empty_order_do_nothing(logits in logits(), settings in settings(), place in place()) {
        let neutral = run(&SamplerSettings::neutral(), &logits, &place);
        let off = [
            SamplerSettings { method: Method::Sample, disabled: StageKind::ALL.to_vec(), ..settings.clone() },
            SamplerSettings { method: Method::Sample, order: Vec::new(), ..settings },
        ];
        for settings in off {
            let result = run(&settings, &logits, &place);
            prop_assert!(result.trace().is_empty());
            prop_assert_eq!(result.top(logits.len()), neutral.top(logits.len()));
        }
    }

    #[test]
    fn a_disabled_stage_is_as_good_as_unlisted(
        logits in logits(), settings in settings(), place in place(), off in 0..StageKind::ALL.len(),
    ) {
        let off = StageKind::ALL[off];
        let mut disabled = settings.clone();
        disabled.disabled = vec![off];
        let mut unlisted = settings;
        unlisted.disabled.clear();
        unlisted.order.retain(|&stage| stage != off);
        prop_assert_eq!(run(&disabled, &logits, &place).top(LARGEST), run(&unlisted, &logits, &place).top(LARGEST));
    }

    #[test]
    fn the_coldest_temperature_is_greedy(logits in logits(), settings in settings(), place in place(), u in 0.0..1.0_f64) {
        let mut settings = settings;
        settings.order.retain(|&stage| stage != StageKind::Temperature);
        settings.disabled.clear();
        // It would take the place of the temperature.
        settings.dynatemp_range = 0.0;
        // Last in the order, it leaves the best of the chain.
        settings.method = Method::Sample;
        let without = run(&settings, &logits, &place).best();
        settings.order.push(StageKind::Temperature);
        settings.temperature = 0.0;
        let frozen = run(&settings, &logits, &place);
        prop_assert_eq!((frozen.kept(), frozen.best(), frozen.draw(u)), (1, without, without));
        prop_assert_eq!((frozen.probability(without), frozen.entropy()), (1.0, 0.0));
    }

    #[test]
    fn cooling_tends_to_the_greedy_choice(logits in finite_logits(), place in place(), u in 0.0..0.999_f64) {
        let best = RawOdds::new(&logits).best();
        let settings = SamplerSettings { temperature: 1e-5, ..SamplerSettings::neutral() };
        let cold = run(&settings, &logits, &place);
        let equals = logits.iter().filter(|&&l| l >= logits[best as usize] - 1e-3).count();
        prop_assert_eq!(cold.best(), best);
        prop_assert!(equals > 1 || cold.draw(u) == best);
    }

    #[test]
    fn the_draw_is_monotone_in_u_and_fits_the_odds(
        logits in logits(), settings in settings(), place in place(), us in prop::collection::vec(0.0..1.0_f64, 1..8),
    ) {
        let result = run(&settings, &logits, &place);
        let top = result.top(logits.len());
        let rank = |id: u32| top.iter().position(|&(other, _)| other == id);
        let mut us = us;
        us.extend([0.0, f64::EPSILON, 1.0 - f64::EPSILON]);
        us.sort_by(f64::total_cmp);
        let mut last = 0;
        for u in us {
            let Some(rank) = rank(result.draw(u)) else {
                return Err(TestCaseError::fail(format!("u = {u} draws a token that was cut")));
            };
            prop_assert!(rank >= last && top[rank].1 > 0.0, "u = {} draws rank {} after {}", u, rank, last);
            let below: f64 = top[..rank].iter().map(|&(_, p)| f64::from(p)).sum();
            prop_assert!(below <= u + 1e-5 && below + f64::from(top[rank].1) >= u - 1e-5);
            last = rank;
        }
        prop_assert_eq!(result.draw(0.0), result.best());
    }

    #[test]
    fn renaming_tokens_renames_the_result(
        (original, shuffled) in distinct_logits().prop_flat_map(|logits| {
            let places: Vec<usize> = (0..logits.len()).collect();
            (Just(logits), Just(places).prop_shuffle())
        }),
        settings in settings(), place in place(),
    ) {
        // Stages that name tokens aside.
        let mut settings = settings;
        settings.order.retain(|stage| stage.truncates() || *stage == StageKind::Temperature);
        let renamed: Vec<f32> = shuffled.iter().map(|&old| original[old]).collect();
        let (a, b) = (run(&settings, &original, &place), run(&settings, &renamed, &place));
        // A sum in another order may round a border token in or out.
        prop_assume!(a.kept() == b.kept());
        for (new, &old) in shuffled.iter().enumerate() {
            prop_assert!((a.probability(old as u32) - b.probability(new as u32)).abs() < 1e-5);
        }
    }

    #[test]
    fn truncating_stages_cut_no_more_when_they_are_loosened(
        logits in finite_logits(), place in place(), a in 0.0..1.0_f64, b in 0.0..1.0_f64,
    ) {
        let (low, high) = (a.min(b), a.max(b));
        // Whether a higher value keeps more.
        for (field, loosens) in [
            ("top_k", true), ("top_p", true), ("typical_p", true), ("top_n_sigma", true),
            ("min_p", false), ("epsilon_cutoff", false), ("eta_cutoff", false),
            ("top_h", true), ("min_k", true), ("p_less", false),
        ] {
            let knob = logitscope::sampling::knob(field).unwrap();
            let kept = |place_on_slider: f64| {
                let mut settings = SamplerSettings::neutral();
                // Away from the ends, where a value can mean "off".
                let value = knob.slider_max * (0.01 + 0.98 * place_on_slider);
                knob.set(&mut settings, if knob.whole { value.max(1.0) } else { value });
                run(&settings, &logits, &place).kept()
            };
            let (tight, loose) = if loosens { (low, high) } else { (high, low) };
            prop_assert!(kept(tight) <= kept(loose), "{}: {} {}", field, kept(tight), kept(loose));
        }
    }

    #[test]
    fn a_wider_dynamic_temperature_lies_between_its_ends(
        logits in distinct_logits(), place in place(), t in 0.2..2.0_f32, range in 0.01..1.5_f32, exponent in 0.0..4.0_f32,
    ) {
        let at = |temperature: f32| {
            run(&SamplerSettings { temperature, ..SamplerSettings::neutral() }, &logits, &place).entropy()
        };
        let dynamic = SamplerSettings {
            temperature: t, dynatemp_range: range, dynatemp_exponent: exponent, ..SamplerSettings::neutral()
        };
        let found = run(&dynamic, &logits, &place).entropy();
        let (cold, hot) = (at((t - range).max(0.0)), at(t + range));
        prop_assert!(cold - 1e-3 <= found && found <= hot + 1e-3, "{} is not in {}..{}", found, cold, hot);
        // Without an exponent it stands at the upper end.
        let top = SamplerSettings { dynatemp_exponent: 0.0, ..dynamic };
        prop_assert!((run(&top, &logits, &place).entropy() - hot).abs() < 1e-3);
    }

    #[test]
    fn smoothing_keeps_the_order_up_to_a_curve_of_three(
        logits in finite_logits(), place in place(), factor in 0.01..3.0_f32, curve in 1.0..=3.0_f32,
    ) {
        let settings = SamplerSettings {
            smoothing_factor: factor, smoothing_curve: curve, ..SamplerSettings::neutral()
        };
        let smoothed = run(&settings, &logits, &place);
        let order: Vec<f32> = run(&SamplerSettings::neutral(), &logits, &place).top(logits.len())
            .into_iter().filter_map(|(id, _)| smoothed.logit(id)).collect();
        prop_assert_eq!(order.len(), logits.len());
        prop_assert!(order.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn min_k_does_not_see_the_temperature(logits in distinct_logits(), place in place(), quarters in 1_i32..40) {
        // Powers of two divide without rounding, so that no border token moves.
        let scale = 2.0_f32.powi(quarters % 5 - 2);
        let settings = |temperature: f32| SamplerSettings {
            temperature, min_k: 1e-6, order: vec![StageKind::Temperature, StageKind::MinK],
            ..SamplerSettings::neutral()
        };
        let ids_of = |result: Distribution| result.top(logits.len()).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        prop_assert_eq!(
            ids_of(run(&settings(1.0), &logits, &place)), ids_of(run(&settings(scale), &logits, &place))
        );
    }

    #[test]
    fn p_less_and_top_h_keep_the_best_and_its_share(logits in finite_logits(), place in place(), share in 0.05..=1.0_f32) {
        let odds = softmax(&logits);
        let best = odds.iter().copied().fold(0.0, f64::max);
        let kept = run(&SamplerSettings { p_less: share, ..SamplerSettings::neutral() }, &logits, &place);
        let threshold = f64::from(share) * odds.iter().map(|p| p * p).sum::<f64>();
        for id in ids(&logits) {
            let p = odds[id as usize];
            // At the border a float decides.
            prop_assume!((p - threshold).abs() > 1e-6 * threshold);
            prop_assert_eq!(kept.probability(id) > 0.0, p >= threshold || p == best, "{} of {}", p, threshold);
        }
        let head = run(&SamplerSettings { top_h: share, ..SamplerSettings::neutral() }, &logits, &place);
        prop_assert!(head.kept() <= 100 && head.best() == RawOdds::new(&logits).best());
    }

    #[test]
    fn raw_odds_are_the_neutral_chain(logits in logits(), place in place()) {
        let odds = RawOdds::new(&logits);
        let neutral = run(&SamplerSettings::neutral(), &logits, &place);
        prop_assert_eq!(odds.best(), neutral.best());
        prop_assert!((odds.entropy() - neutral.entropy()).abs() < 1e-4);
        let order = odds.top(&logits, logits.len());
        for (id, rank) in order.iter().copied().zip(1..) {
            prop_assert_eq!(odds.rank(&logits, id), rank);
            let (raw, chained) = (odds.probability(&logits, id), neutral.probability(id));
            prop_assert!((raw - chained).abs() < 1e-5, "{} {}", raw, chained);
            if raw > 1e-30 {
                prop_assert!((odds.surprisal_bits(&logits, id) + raw.log2()).abs() < 1e-3);
            }
        }
        let kept: Vec<u32> = neutral.top(logits.len()).iter().map(|&(id, _)| id).collect();
        prop_assert_eq!(&order[..kept.len()], &kept[..]);
    }
}
