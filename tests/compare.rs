//! `compare` in a pipe: its table, its events beside those of the engine, its chart, and what it refuses.

mod support;

use std::fs;
use std::process::{Output, Stdio};

use logitscope::config::LaneSpec;
use logitscope::decoding::{
    GenerationSettings, LaneFigures, LaneSettings, StopReason, TokenRecord,
};
use logitscope::engine::{Command, EngineHandle, Event, LanesRequest, RunState, Then};
use logitscope::model::LoadRequest;
use logitscope::sampling::SamplerSettings;
use serde_json::Value;
use support::logitscope;

const PROMPT: &str = "Once upon a time there was a king who";

fn run(args: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    logitscope(home.path())
        .arg("compare")
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn out(args: &[&str]) -> String {
    let output = run(args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{error}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What a run that must fail says, and its exit code.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = run(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

/// The row of a lane in the table.
fn row(table: &str, lane: char) -> Vec<String> {
    let rows = table.lines().skip_while(|line| !line.starts_with("lane "));
    let row = rows.skip(1).find(|line| line.starts_with(lane));
    let row = row.unwrap_or_else(|| panic!("no row of {lane}: {table}"));
    row.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_table_says_how_likely_and_how_varied_each_lane_is() {
    let table = out(&[
        PROMPT,
        "-l",
        "temperature=0.7",
        "-l",
        "preset=neutral,temperature=1.4",
        "-l",
        "seed=9",
        "--max-tokens",
        "30",
        "--ignore-end",
        "--allow-loops",
    ]);
    for head in [
        "A  temperature=0.7",
        "B  preset=neutral,temperature=1.4",
        "C  seed=9",
    ] {
        assert!(table.contains(head), "{table}");
    }
    let [a, b, c] = ['A', 'B', 'C'].map(|lane| row(&table, lane));
    assert_eq!([&a[1], &b[1], &c[1]], ["30"; 3]);
    assert_eq!((a[9].as_str(), b[9].as_str()), ("seed 1", "as A"));
    assert_eq!(c[9], "drawn by another seed");
    assert_eq!(a[8], "-", "it cannot leave itself");
    assert!(b[8].parse::<usize>().is_ok(), "{table}");
    let surprisal = |row: &[String]| row[2].parse::<f64>().expect("a number");
    assert!(
        surprisal(&a) < surprisal(&b),
        "hotter is less likely: {table}"
    );
}

/// What the engine tells of the same lanes, asked by the library.
fn engine_events(lanes: &[&str]) -> Vec<Event> {
    let (engine, mut events) = EngineHandle::spawn();
    let lane = |text: &&str| {
        let spec = LaneSpec::parse(text).expect("a lane");
        let sampler = spec.sampler(&SamplerSettings::default(), |_, _| None);
        LaneSettings {
            sampler: sampler.expect("settings"),
            seed: spec.seed.unwrap_or(1),
        }
    };
    let request = LanesRequest {
        prompt: PROMPT.to_owned(),
        generation: GenerationSettings {
            max_tokens: 16,
            ..GenerationSettings::default()
        },
        lanes: lanes.iter().map(lane).collect(),
        prompt_odds: true,
        then: Then::Continue,
    };
    let load = Command::Load(LoadRequest::default());
    for command in [load, Command::Lanes(Box::new(request))] {
        engine.send(command).expect("there is room");
    }
    let mut told = Vec::new();
    let mut running = false;
    loop {
        let event = events.blocking_recv().expect("the engine lives");
        running |= matches!(
            event,
            Event::State {
                state: RunState::Running
            }
        );
        let ended = running
            && matches!(
                event,
                Event::State {
                    state: RunState::Idle
                }
            );
        told.push(event);
        if ended {
            return told;
        }
    }
}

/// A value as a line of JSON says it.
fn as_printed(value: &impl serde::Serialize) -> Value {
    let line = serde_json::to_string(value).expect("JSON");
    serde_json::from_str(&line).expect("JSON")
}

/// What a record must say of an event, if it is told: its letter stands for the lane's place.
fn as_told(event: &Event) -> Option<Vec<(&'static str, Value)>> {
    let of_lane = |kind: &str, place: &usize| {
        let letter = char::from(b'A' + *place as u8);
        vec![
            ("kind", kind.into()),
            ("lane", letter.to_string().into()),
            ("run", 0.into()),
        ]
    };
    let mut told;
    match event {
        Event::Lane {
            sample,
            lane,
            apart,
        } => {
            told = of_lane("lane", sample);
            let sampler = serde_json::to_value(&lane.sampler).expect("JSON");
            told.extend([
                ("seed", lane.seed.into()),
                ("sampler", as_printed(&sampler)),
                ("apart", apart.map(|why| why.to_string()).into()),
            ]);
        }
        Event::Token { sample, record } => {
            told = of_lane("lane_token", sample);
            let (odds, draw) = (record.odds.expect("odds"), record.draw.as_ref());
            let draw = draw.expect("a draw");
            told.extend([
                ("position", record.position.into()),
                ("id", record.id.into()),
                ("bytes", record.bytes.clone().into()),
                ("display", record.display.clone().into()),
                ("raw_probability", as_printed(&odds.probability)),
                ("rank", odds.rank.into()),
                ("surprisal_bits", as_printed(&odds.surprisal)),
                ("raw_entropy_bits", as_printed(&odds.entropy)),
                ("best_id", odds.best.into()),
                ("final_probability", as_printed(&draw.probability)),
                ("final_entropy_bits", as_printed(&draw.entropy)),
                ("u", as_printed(&draw.u)),
            ]);
        }
        Event::Finished {
            sample,
            reason,
            tokens,
            ..
        } => {
            assert_eq!(reason, &StopReason::MaxTokens);
            told = of_lane("lane_end", sample);
            told.extend([
                ("reason", "max_tokens".into()),
                ("tokens", (*tokens).into()),
            ]);
        }
        Event::PromptRead { tokens, .. } => {
            told = vec![
                ("kind", "lane_prompt".into()),
                ("model", "embedded".into()),
                ("lanes", vec!["A", "B", "C"].into()),
                ("tokens", tokens.len().into()),
            ];
        }
        _ => return None,
    }
    Some(told)
}

#[test]
fn json_tells_what_the_engine_tells_the_screen_and_the_figures_of_its_tokens() {
    let lanes = ["temperature=0.7", "top_k=5", "method=greedy"];
    let json = out(&[
        PROMPT,
        "-l",
        lanes[0],
        "-l",
        lanes[1],
        "-l",
        lanes[2],
        "--max-tokens",
        "16",
        "--json",
    ]);
    let printed: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(printed[0]["kind"], "header");
    assert_eq!(printed[0]["command"], "compare");
    let told = engine_events(&lanes);
    let expected: Vec<_> = told.iter().filter_map(as_told).collect();
    let kinds = ["lane", "lane_prompt", "lane_token", "lane_end"];
    let records: Vec<&Value> = printed
        .iter()
        .filter(|record| kinds.iter().any(|kind| record["kind"] == *kind))
        .filter(|record| record["origin"] != "prompt")
        .collect();
    assert!(expected.len() > 3 * 16);
    assert_eq!(records.len(), expected.len());
    for (record, expected) in records.iter().zip(&expected) {
        for (field, value) in expected {
            assert_eq!(&record[field], value, "{field} of {record}");
        }
    }
    let read = told.iter().find_map(|event| match event {
        Event::PromptRead { tokens, .. } => Some(tokens),
        _ => None,
    });
    let of_prompt = printed.iter().filter(|one| one["origin"] == "prompt");
    let ids: Vec<u64> = of_prompt.filter_map(|one| one["id"].as_u64()).collect();
    let read = read.expect("the prompt").iter();
    assert_eq!(
        ids,
        read.map(|token| u64::from(token.id)).collect::<Vec<_>>()
    );

    let of =
        |kind: &str| -> Vec<&Value> { printed.iter().filter(|one| one["kind"] == kind).collect() };
    let (runs, totals) = (of("lane_run"), of("lane_totals"));
    assert_eq!((runs.len(), totals.len()), (3, 3));
    for (place, run) in runs.iter().enumerate() {
        let tokens: Vec<TokenRecord> = told
            .iter()
            .filter_map(|event| match event {
                Event::Token { sample, record } if *sample == place => Some(record.clone()),
                _ => None,
            })
            .collect();
        let figures = LaneFigures::of(&tokens, 8192, true);
        for (field, value) in [
            ("surprisal_bits", figures.text.surprisal),
            ("reference_bits", figures.reference.expect("its own model")),
            ("entropy_bits", figures.text.entropy),
            ("left", figures.left.expect("it drew")),
            ("repetition", figures.text.repetition),
            ("distinct_1", figures.text.distinct_1),
            ("distinct_2", figures.text.distinct_2),
        ] {
            assert_eq!(run[field], as_printed(&value), "{field} of lane {place}");
            let mean = totals[place]["means"][field]["mean"].as_f64();
            assert!((mean.expect("a mean") - f64::from(value)).abs() < 1e-6);
        }
        let said: Vec<u8> = tokens.iter().flat_map(|it| it.bytes.clone()).collect();
        assert_eq!(run["text"], String::from_utf8_lossy(&said).as_ref());
        assert_eq!(totals[place]["text"], run["text"]);
    }
    assert_eq!(
        totals[2]["apart"],
        "nothing is drawn: the best token is taken"
    );
}

#[test]
fn several_seeds_give_intervals_and_a_sweep_a_chart() {
    let home = tempfile::tempdir().expect("a directory");
    let chart = home.path().join("plane.svg");
    let args = |last: &'static str| {
        let chart = chart.to_str().expect("UTF-8").to_owned();
        let mut args = vec![PROMPT.to_owned()];
        for arg in [
            "--sweep",
            "temperature=0.4..1.2/3",
            "--seeds",
            "3",
            "--max-tokens",
            "12",
        ] {
            args.push(arg.to_owned());
        }
        args.extend(["--chart".to_owned(), chart]);
        args.extend((!last.is_empty()).then(|| last.to_owned()));
        args
    };
    let run = |last: &'static str| {
        let args = args(last);
        out(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let table = run("");
    for lane in ['A', 'B', 'C'] {
        assert!(row(&table, lane)[2].contains('±'), "{table}");
    }
    if cfg!(feature = "charts") {
        let svg = fs::read_to_string(&chart).expect("a chart");
        for text in ["Quality against diversity", "temperature=0.8", "distinct-2"] {
            assert!(svg.contains(text), "{text}");
        }
    }
    let json = run("--json");
    let records: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let of_b = |kind: &str| -> Vec<&Value> {
        let of_b = |one: &&Value| one["kind"] == kind && one["lane"] == "B";
        records.iter().filter(of_b).collect()
    };
    let runs = of_b("lane_run");
    assert_eq!(
        (runs.len(), &of_b("lane_totals")[0]["runs"]),
        (3, &3.into())
    );
    let seeds: Vec<_> = of_b("lane")
        .iter()
        .map(|one| one["seed"].as_u64())
        .collect();
    assert_eq!(seeds, [Some(1), Some(2), Some(3)]);
    let prompts = records.iter().filter(|one| one["kind"] == "lane_prompt");
    assert_eq!(prompts.count(), 1, "it is read once");
    let values: Vec<f64> = runs
        .iter()
        .map(|run| run["reference_bits"].as_f64().expect("a number"))
        .collect();
    let mean = values.iter().sum::<f64>() / 3.0;
    let told = &of_b("lane_totals")[0]["means"]["reference_bits"];
    assert!((mean - told["mean"].as_f64().expect("a mean")).abs() < 1e-6);
    assert_eq!(told["count"], 3);
    assert_ne!(values[0], values[1], "each run has a seed of its own");
}

#[test]
fn another_model_is_a_lane_and_one_that_cannot_be_had_leaves_the_others() {
    // The embedded model from its files, and a tiny one with other tokens.
    let repository = env!("CARGO_MANIFEST_DIR");
    let model = |path: &str| format!("model={repository}/{path}");
    let (same, tiny) = (model("assets/model"), model("tests/reference/gpt2/plain"));
    let output = run(&[
        PROMPT,
        "-l",
        "",
        "-l",
        &same,
        "-l",
        &tiny,
        "--max-tokens",
        "12",
    ]);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let other = row(&table, 'C');
    assert_eq!(other[9], "other tokens: a position is another place");
    assert!(
        other[2].parse::<f64>().is_ok(),
        "A's model reads it: {table}"
    );
    let (own, other) = (row(&table, 'A'), row(&table, 'B'));
    assert_eq!(other[9], "as A");
    assert_eq!(own[1..8], other[1..8], "the same weights: {table}");

    let output = run(&[
        PROMPT,
        "-l",
        "",
        "-l",
        "model=/no/such/model",
        "-l",
        "top_k=3",
        "--max-tokens",
        "5",
    ]);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(row(&table, 'A')[1], "5");
    assert_eq!(row(&table, 'C')[1], "5");
    let why = "there is no directory or file `/no/such/model`";
    assert!(table.contains(&format!("failed: {why}")), "{table}");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("lane B: {why}")), "{said}");
}

#[test]
fn mistakes_are_one_sentence_and_exit_code_2_before_a_model_is_loaded() {
    for (args, said) in [
        (vec!["x"], "there is nothing to compare"),
        (
            vec!["x", "-l", "temprature=1"],
            "--lane temprature=1: a lane has no temprature; did you mean temperature?",
        ),
        (
            vec!["x", "-l", "top_p=7"],
            "--lane top_p=7: a number from 0 to 1",
        ),
        (
            vec!["x", "-l", "preset=mild"],
            "--lane preset=mild: there is no such preset",
        ),
        (
            vec!["x", "--sweep", "temperature=0.2..1.6"],
            "--sweep temperature=0.2..1.6: say in how many steps: FROM..TO/STEPS",
        ),
        (
            vec!["x", "--sweep", "top_k=1..90/9"],
            "9 lanes cannot be told apart",
        ),
        (
            vec!["x", "-l", "top_k=3", "--chart", "x.pdf"],
            "x.pdf: a chart's file must end in",
        ),
    ] {
        let mut args = args;
        args.extend(["--model", "/no/such/model"]);
        let (code, error) = refused(&args);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(said), "{error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    }
}
