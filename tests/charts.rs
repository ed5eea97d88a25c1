//! Charts as files: what they say, and that they can be read.

#![cfg(feature = "charts")]

use std::fs;

use logitscope::chart::{
    Across, Look, Named, Over, OverStep, Point, Run, RunChart, Target, What, funnel, lanes,
    next_token, over, run_with_samples, runs, surprisal, tree,
};
use logitscope::decoding::{
    Interval, Moment, Origin, Row, TokenOdds, TokenRecord, Tree, TreeToken,
};
use logitscope::sampling::{StageKind, StageTrace};
use logitscope::training::{
    Epoch, FinishReason, Finished, History, Odds, OddsRow, RunEvent, SampleText, Samples,
    StepMetrics, Validation,
};

fn moment() -> Moment {
    let row = |id, display: &str, raw, last, cut_by| Row {
        id,
        display: display.to_owned(),
        logit: 1.0,
        rank: id as usize,
        raw_probability: raw,
        final_probability: last,
        cut_by,
        changes: Vec::new(),
    };
    Moment {
        position: 3,
        rows: vec![
            row(1, "·little", 0.214, 0.279, None),
            row(2, "⏎", 0.1, 0.13, None),
            row(3, "·<b>&", 0.003, 0.0, Some(StageKind::TopP)),
        ],
        vocabulary: 4096,
        kept: 2,
        raw_entropy: 6.1,
        final_entropy: 3.4,
        trace: Vec::new(),
        chosen: Some(2),
        u: 0.5,
        pick: Some(1),
        candidates: Vec::new(),
        mu: None,
        mean: None,
    }
}

fn tokens(count: usize) -> Vec<TokenRecord> {
    (0..count)
        .map(|position| TokenRecord {
            position,
            id: 7,
            bytes: b" king".to_vec(),
            display: "·king".to_owned(),
            origin: Origin::Generated,
            odds: (position > 0).then(|| TokenOdds {
                probability: 0.25,
                rank: 2,
                surprisal: position as f32 % 9.0,
                entropy: 3.0,
                best: 1,
            }),
            draw: None,
        })
        .collect()
}

#[test]
fn odds_say_what_each_token_had() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("odds.svg");
    next_token(&path, &moment(), &[], "there was a").expect("written");
    let svg = fs::read_to_string(&path).expect("read");
    assert_eq!(
        svg.matches("1. ·little").count(),
        1,
        "each token has one label"
    );
    for text in [
        "there was a",
        "1. ·little",
        "21.4 % to 27.9 %, picked",
        "10.0 % to 13.0 %, chosen",
        "0.30 %, cut by top-p",
        "&lt;b&gt;&amp;",
    ] {
        assert!(svg.contains(text), "{text:?} is missing:\n{svg}");
    }
}

#[test]
fn surprisal_names_the_tokens_of_a_short_text_and_counts_those_of_a_long_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("line.svg");
    surprisal(&path, &tokens(12), "A title").expect("written");
    let svg = fs::read_to_string(&path).expect("read");
    assert_eq!(svg.matches("·king").count(), 12);
    assert!(svg.contains("A title") && svg.contains("entropy of the odds"));
    surprisal(&path, &tokens(900), "A title").expect("written");
    let svg = fs::read_to_string(&path).expect("read");
    assert_eq!(svg.matches("·king").count(), 0);
    assert!(svg.contains("\n800\n"), "the axis counts tokens");
}

#[test]
fn a_tree_has_a_row_for_each_continuation() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tree.svg");
    let token = |display: &str, parent, depth, probability: f32, cumulated, ends| TreeToken {
        parent,
        depth,
        id: 1,
        bytes: Vec::new(),
        display: display.to_owned(),
        raw_probability: 0.5,
        probability,
        cumulated,
        ends,
    };
    let grown = Tree {
        tokens: vec![
            token("·time", None, 1, 0.5, 0.5, false),
            token("<end>", None, 1, 0.25, 0.25, true),
            token("·there", Some(0), 2, 0.75, 0.375, false),
            token("·in", Some(0), 2, 0.125, 0.0625, false),
        ],
        is_full: false,
    };
    tree(&path, &grown, "once upon a").expect("written");
    let svg = fs::read_to_string(&path).expect("read");
    for text in [
        "once upon a",
        "·time  50.0 %",
        "&lt;end&gt;  25.0 %",
        "·there  75.0 %",
        "in all 37.5 %",
        "in all 6.25 %",
    ] {
        assert!(svg.contains(text), "{text:?} is missing:\n{svg}");
    }
    // Three leaves.
    assert!(svg.contains(&format!("height=\"{}\"", 48 + 40 + 3 * 44)));
    assert!(tree(&path, &Tree::default(), "x").is_err());
}

#[test]
fn png_pictures_have_text_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("odds.PNG");
    next_token(&path, &moment(), &[], "a").expect("written");
    let png = fs::read(&path).expect("read");
    assert_eq!(&png[1..4], b"PNG");
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((size(16), size(20)), (968, 264));
    // The same chart with a longer title has other pixels: text is drawn.
    let other = directory.path().join("other.png");
    next_token(&other, &moment(), &[], "something else").expect("written");
    assert_ne!(fs::read(&other).expect("read"), png);
}

/// A run whose loss falls to 2, and is no number at the steps of `broken`.
fn history(steps: u64, broken: &[u64], padded: bool) -> History {
    let mut history = History::new();
    for step in 1..=steps {
        let loss = if broken.contains(&step) {
            f64::NAN
        } else {
            2.0 + 5.0 / step as f64
        };
        history.push(&RunEvent::Step(StepMetrics {
            step,
            loss,
            masked_loss: padded.then_some(loss + 0.5),
            smoothed: 2.0 + 5.0 / step as f64,
            perplexity: loss.exp(),
            learning_rate: 1e-3,
            tokens: step * 1000,
            elapsed: step as f64 * 60.0,
            memory: Some(400_000_000 + 1_000_000 * step),
            ..StepMetrics::default()
        }));
        if step % 10 == 0 {
            history.push(&RunEvent::Validation(Validation {
                step,
                loss: 2.5,
                padded_loss: padded.then_some(2.0),
                ..Validation::default()
            }));
        }
    }
    history
}

const LOSS: RunChart = RunChart {
    what: What::Loss,
    across: Across::Steps,
    log: false,
};

fn run_svg(named: &[(&str, &History)], chart: RunChart) -> Result<String, String> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("run.svg");
    let named: Vec<Run<'_>> = named
        .iter()
        .map(|(name, history)| Run { name, history })
        .collect();
    runs(&path, &named, chart).map_err(|error| error.to_string())?;
    Ok(fs::read_to_string(&path).expect("read"))
}

/// The texts of an SVG, each as it stands.
fn texts(svg: &str) -> Vec<&str> {
    svg.split("</text>")
        .filter_map(|part| Some(part[part.rfind("<text")?..].split_once('>')?.1.trim()))
        .collect()
}

#[test]
fn a_run_is_drawn_with_its_validations_and_its_gaps() {
    let whole = run_svg(&[("one", &history(40, &[], false))], LOSS).expect("a chart");
    let said = texts(&whole);
    for text in [
        "Loss of one",
        "loss",
        "loss, smoothed",
        "validation",
        "step",
        "nats a token",
    ] {
        assert_eq!(
            said.iter().filter(|said| **said == text).count(),
            1,
            "{text}: {said:?}"
        );
    }
    // One line of each, and those of the legend.
    let lines = |svg: &str| svg.matches("stroke=\"#56B4E9\"").count();
    assert_eq!(
        (lines(&whole), whole.matches("<circle").count()),
        (2, 2 * 4 + 2)
    );
    let broken = run_svg(&[("one", &history(40, &[7, 8, 20], false))], LOSS).expect("a chart");
    assert_eq!(lines(&broken), 4, "two gaps make three pieces");
    assert!(texts(&broken).contains(&"infinite or no number"));
    assert!(!said.contains(&"infinite or no number"));
    // Behind the font, which is text too.
    let drawn = broken.split("</style>").nth(1).expect("a drawing");
    assert!(!drawn.contains("NaN"));

    let padded = run_svg(&[("one", &history(40, &[], true))], LOSS).expect("a chart");
    let said = texts(&padded);
    for text in [
        "loss, padding counted",
        "loss of text alone",
        "validation, padding counted",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
}

#[test]
fn runs_are_compared_over_what_one_likes() {
    let (one, two) = (history(100, &[], false), history(300, &[], false));
    let both = [("one", &one), ("<two>\u{1b}", &two)];
    let svg = run_svg(&both, LOSS).expect("a chart");
    let said = texts(&svg);
    for text in ["Loss of 2 runs", "one", "&lt;two&gt;‹1B›", "300"] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    for (across, name, last) in [
        (Across::Tokens, "tokens learned from", "300k"),
        (Across::Time, "hours of training", "5.0"),
        (Across::Epochs, "epoch", "0"),
    ] {
        let svg = run_svg(&both, RunChart { across, ..LOSS }).expect("a chart");
        let said = texts(&svg);
        assert!(said.contains(&name) && said.contains(&last), "{said:?}");
    }
    for what in What::ALL {
        let chart = RunChart { what, ..LOSS };
        for named in [&both[..], &both[..1]] {
            let svg = run_svg(named, chart).expect("a chart");
            let mut said = texts(&svg);
            said.sort_unstable();
            // Zero stands on both axes.
            said.retain(|text| *text != "0" && *text != "1.0");
            let all = said.len();
            said.dedup();
            let shared = matches!(
                what,
                What::LearningRate | What::Speed | What::Perplexity | What::Memory
            );
            assert!(shared || said.len() == all, "{what:?}: {said:?}");
        }
    }
}

#[test]
fn a_run_of_a_million_steps_is_one_small_picture() {
    let svg = run_svg(&[("long", &history(1_000_000, &[], false))], LOSS).expect("a chart");
    assert!(svg.len() < 400_000, "{}", svg.len());
    assert!(texts(&svg).contains(&"1M"));
    assert!(svg.contains("<polygon"), "what a bucket holds is a band");
}

#[test]
fn a_run_with_nothing_to_draw_is_named() {
    let (some, none) = (history(5, &[], false), History::new());
    let said = |named: &[(&str, &History)], chart| run_svg(named, chart).expect_err("no chart");
    assert!(said(&[("one", &some), ("two", &none)], LOSS).contains("`two`: it has made no step"));
    let validation = RunChart {
        what: What::Validation,
        ..LOSS
    };
    assert!(said(&[("one", &some)], validation).contains("`one`: nothing was validated"));
    let flat = RunChart {
        what: What::Accuracy,
        log: true,
        ..LOSS
    };
    assert!(said(&[("one", &some)], flat).contains("leave --log away"));
    assert!(said(&[("one", &some); 9], LOSS).contains("name at most 8"));
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = |name: &str| {
        let error = next_token(&directory.path().join(name), &moment(), &[], "");
        error.expect_err("no chart").to_string()
    };
    assert!(said("odds.pdf").contains("must end in .svg or .png"));
    assert!(said("no/such/odds.png").contains("could not be written"));
    assert!(said("no/such/odds.svg").contains("could not be written"));
    let nothing = surprisal(&directory.path().join("a.svg"), &tokens(1), "");
    assert!(
        nothing
            .expect_err("no odds")
            .to_string()
            .contains("nothing to draw")
    );
}

#[test]
fn epochs_the_model_before_training_and_the_end_are_drawn_and_a_spike_flattens_nothing() {
    let mut run = history(40, &[], false);
    let calm = run_svg(&[("one", &run)], LOSS).expect("a chart");
    let marks = |svg: &str| svg.matches("<circle").count();
    run.push(&RunEvent::Validation(Validation {
        step: 0,
        loss: 6.0,
        ..Validation::default()
    }));
    run.push(&RunEvent::Epoch(Epoch {
        step: 40,
        epoch: 1,
        whole: true,
        loss: 3.0,
        ..Epoch::default()
    }));
    let svg = run_svg(&[("one", &run)], LOSS).expect("a chart");
    assert!(texts(&svg).contains(&"mean of an epoch"), "{svg}");
    // One mark more of a validation; the epoch's, and its legend's.
    assert_eq!(marks(&svg), marks(&calm) + 2 + 2 * 2);
    for (step, loss) in [(41, 3.8e14), (42, 2.1)] {
        run.push(&RunEvent::Step(StepMetrics {
            step,
            loss,
            smoothed: 2.1,
            ..StepMetrics::default()
        }));
    }
    run.push(&RunEvent::Finished(Finished {
        reason: FinishReason::Diverged,
        step: 42,
        smoothed: 2.1,
        mean_loss: None,
        best_validation: None,
        elapsed: 1.0,
        checkpoint: None,
        failure: None,
    }));
    let svg = run_svg(&[("one", &run)], LOSS).expect("a chart");
    let said = texts(&svg);
    for text in [
        "7",
        "nats a token (spikes are cut off)",
        "Loss of one, diverged at step 42",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
}

fn in_directory(draw: impl Fn(&std::path::Path)) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.svg");
    draw(&path);
    fs::read_to_string(&path).expect("read")
}

#[test]
fn what_is_named_is_drawn_and_what_is_left_out_is_said() {
    let mut many = moment();
    let row = many.rows[0].clone();
    many.rows.extend((4..100).map(|id| Row {
        id,
        rank: id as usize,
        ..row.clone()
    }));
    many.pick = Some(97);
    let named = |display: &str, raw, last, ratio| Named {
        display: display.to_owned(),
        raw,
        last,
        ratio,
    };
    let named = [
        named("·happy·end", 0.02, None, 1.0),
        named("·sad", 0.01, Some(0.03), 0.5),
    ];
    let svg = in_directory(|path| next_token(path, &many, &named, "a").expect("written"));
    let said = texts(&svg);
    for text in [
        "named, as a whole:",
        "·happy·end",
        "2.00 %",
        "·sad",
        "1.00 % to 3.00 %, 0.500 times the first of these",
        "97. ·little",
        "61 of 99 tokens that were looked at are drawn: the most probable ones, and those that are marked",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    let few = in_directory(|path| next_token(path, &moment(), &[], "a").expect("written"));
    assert!(!few.contains("looked at"), "nothing is left out");
}

#[test]
fn shares_of_all_end_at_all() {
    let mut sure = moment();
    sure.rows[0].final_probability = 0.999;
    let svg = in_directory(|path| next_token(path, &sure, &[], "a").expect("written"));
    let percentages = |svg: &str| -> Vec<f64> {
        let said = texts(svg);
        let numbers = said
            .iter()
            .filter_map(|text| text.strip_suffix(" %")?.parse().ok());
        numbers.collect()
    };
    let all = percentages(&svg);
    assert!(
        all.contains(&100.0) && all.iter().all(|it| *it <= 100.0),
        "{all:?}"
    );

    let at = |mean| Interval {
        mean,
        half: Some(0.2),
        count: 3,
    };
    let point = |name: &str, diversity| Point {
        name: name.to_owned(),
        diversity: at(diversity),
        surprisal: at(3.0),
    };
    let points = [point("one", 0.9), point("two", 1.0)];
    let svg = in_directory(|path| lanes(path, &points).expect("written"));
    let numbers: Vec<f64> = texts(&svg)
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    assert!(
        numbers.contains(&100.0) && numbers.iter().all(|it| *it <= 100.0),
        "{numbers:?}"
    );
}

#[test]
fn names_are_level_where_they_fit_and_no_token_of_a_long_text_is_left_out() {
    let svg =
        |count| in_directory(|path| surprisal(path, &tokens(count), "A title").expect("written"));
    assert_eq!(svg(12).matches("rotate(").count(), 1, "the axis alone");
    assert_eq!(svg(60).matches("rotate(").count(), 61);
    let long = svg(25_368);
    let said = texts(&long);
    for text in [
        "surprisal, moving mean of 507 tokens",
        "entropy, moving mean of 507 tokens",
        "all 25,368 tokens are drawn: a column of a strip is the mean of about 23",
        "25k",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    // A cell for each pixel of both strips, and those of the scales.
    let cells = long.matches("<rect").count();
    assert!((2 * 1100..2 * 1200 + 100).contains(&cells), "{cells}");
}

#[test]
fn a_tree_says_what_it_leaves_out() {
    let grown = |count: usize, is_full| Tree {
        tokens: (0..count)
            .map(|_| TreeToken {
                parent: None,
                depth: 1,
                id: 1,
                bytes: b"x".to_vec(),
                display: "x".to_owned(),
                raw_probability: 0.001,
                probability: 0.001,
                cumulated: 0.001,
                ends: false,
            })
            .collect(),
        is_full,
    };
    let svg = |count, is_full| {
        in_directory(|path| tree(path, &grown(count, is_full), "a").expect("written"))
    };
    assert!(svg(450, false).contains("360 of 450 tokens are drawn"));
    assert!(svg(3, true).contains("less probable than these are left out"));
    assert!(!svg(3, false).contains("left out"));
}

/// Four tokens, of which temperature changes all and top-k leaves two.
fn chained() -> Moment {
    let mut moment = moment();
    let logits = [2.0f32, 1.0, 0.0, -1.0];
    let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
    let left: f32 = logits[..2].iter().map(|logit| logit.exp()).sum();
    moment.rows = logits
        .iter()
        .enumerate()
        .map(|(at, logit)| Row {
            id: at as u32,
            display: format!("·t{at}"),
            logit: *logit,
            rank: at + 1,
            raw_probability: logit.exp() / sum,
            final_probability: if at < 2 { logit.exp() / left } else { 0.0 },
            cut_by: (at >= 2).then_some(StageKind::TopK),
            changes: Vec::new(),
        })
        .collect();
    moment.vocabulary = 4;
    moment.chosen = None;
    moment.u = 0.9;
    moment.pick = Some(1);
    moment.trace = vec![StageTrace {
        stage: StageKind::TopK,
        kept: 2,
        mass_cut: 1.0 - left / sum,
        entropy: 0.84,
    }];
    moment
}

#[test]
fn a_funnel_goes_from_logits_through_the_stages_to_the_draw() {
    let moment = chained();
    let svg = in_directory(|path| funnel(path, &moment, true, "a b").expect("written"));
    let said = texts(&svg);
    for text in [
        "From logits to a token after “a b”",
        "logits",
        "top-k",
        "4 left",
        "2 left",
        "11.9 % cut",
        "64.4 %",
        "73.1 %",
        "drawn by u = 0.9000",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    assert_eq!(
        said.iter().filter(|text| **text == "·t1").count(),
        3,
        "twice as a block, and drawn"
    );
    assert_eq!(said.iter().filter(|text| **text == "·t2").count(), 1, "cut");
    let taken = in_directory(|path| funnel(path, &moment, false, "a").expect("written"));
    assert!(taken.contains("taken, not drawn") && !taken.contains("u = "));
    let mut some = moment;
    some.vocabulary = 9;
    assert!(funnel(std::path::Path::new("never.svg"), &some, true, "a").is_err());
}

fn turned(values: &[&str], tokens: usize) -> Over {
    Over {
        setting: "top_k".to_owned(),
        after: "a b".to_owned(),
        vocabulary: 4096,
        tokens: (0..tokens).map(|at| format!("·t{at}")).collect(),
        steps: values
            .iter()
            .enumerate()
            .map(|(at, value)| OverStep {
                value: (*value).to_owned(),
                kept: 10 * (at + 1),
                entropy: at as f32,
                probabilities: (0..tokens)
                    .map(|token| if token == at { 0.0 } else { 0.05 })
                    .collect(),
                taken: Some(0),
            })
            .collect(),
    }
}

#[test]
fn odds_are_drawn_over_a_knob_and_side_by_side() {
    let svg = in_directory(|path| over(path, &turned(&["1", "40", "20"], 3)).expect("written"));
    let said = texts(&svg);
    for text in [
        "After “a b”, over top-k",
        "top-k",
        "entropy, bits",
        "tokens left",
        // The last in the order of the knob is the second.
        "·t0 5.00 %",
        "·t1 0 %",
        "20 left",
        "3 tokens, of 4,096 in the vocabulary; together they have 10.0 % to 10.0 % of all probability",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    assert_eq!(
        svg.matches("<polyline").count(),
        svg.matches("fill=\"none\"").count()
    );
    let many = in_directory(|path| over(path, &turned(&["1", "2"], 11)).expect("written"));
    assert!(many.contains("8 of the 11 tokens that were followed are drawn"));

    let names = ["neutral", "wild"];
    let svg = in_directory(|path| over(path, &turned(&names, 2)).expect("written"));
    let said = texts(&svg);
    for text in [
        "neutral",
        "wild",
        "10 left",
        "20 left",
        "1.00 bits",
        "cut",
        "5.00 %",
        "·t1",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    assert!(over(std::path::Path::new("never.svg"), &turned(&["1"], 2)).is_err());
}

#[test]
fn a_run_is_drawn_with_what_it_wrote_and_its_probe() {
    let mut run = history(60, &[], false);
    let draw = |run: &History, size| {
        in_directory(|path| {
            let run = Run {
                name: "one",
                history: run,
            };
            let look = Look {
                size,
                ..Look::default()
            };
            run_with_samples(Target { path, look }, run, LOSS).expect("written");
        })
    };
    let never = Run {
        name: "one",
        history: &run,
    };
    let error = run_with_samples(std::path::Path::new("never.svg"), never, LOSS);
    assert!(
        error
            .expect_err("nothing")
            .to_string()
            .contains("`one`: it wrote no samples")
    );
    for step in (0..=60).step_by(5) {
        let row = |id: u32, raw| OddsRow {
            id,
            display: format!("·p{id}"),
            raw,
            last: 0.0,
        };
        run.push(&RunEvent::Samples(Samples {
            step,
            epoch: step as f64 / 20.0,
            texts: vec![
                SampleText {
                    prompt: "The cat".to_owned(),
                    text: format!(" said {step}.\u{1b}"),
                    ..SampleText::default()
                },
                SampleText::default(),
            ],
            memorised: None,
        }));
        run.push(&RunEvent::Odds(Odds {
            step,
            epoch: step as f64 / 20.0,
            prompt: "It is".to_owned(),
            entropy: 2.0,
            rows: (0..9).map(|id| row(id, 0.3 / (id + 1) as f32)).collect(),
        }));
    }
    let svg = draw(&run, None);
    let said = texts(&svg);
    for text in [
        "Loss of one",
        "What it wrote (6 of 13 times)",
        "before training",
        "epoch 3.0, step 60",
        "The cat said 60.‹1B›",
        "Probability of the token after “It is”",
        "·p0",
        "raw probability",
        "the first of 2 samples of each time is shown",
        "the 6 tokens of the probe that were the most probable at some time, of 9 that it kept",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    assert!(!said.contains(&"·p6"));
    // A higher picture has room for all.
    let high = draw(&run, Some((1300, 1900)));
    assert!(
        texts(&high).contains(&"What it wrote"),
        "{:?}",
        texts(&high)
    );
}

#[test]
fn the_smoothed_curves_of_several_runs_are_said_to_be_smoothed() {
    let one = history(40, &[], false);
    let svg = run_svg(&[("one", &one), ("two", &one)], LOSS).expect("a chart");
    assert!(
        texts(&svg).contains(&"nats a token, smoothed"),
        "{:?}",
        texts(&svg)
    );
}
