//! What the screen costs with a long text (a frame, a token, a change of size) and with long runs of training (read, a
//! frame): `cargo bench --bench frames`.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use fixtures::Play;
use logitscope::training::{History, Recipe, RunDirectory, RunEvent as TrainingEvent, StepMetrics};
use logitscope::tui::{ColourLevel, News, ReadRun, RunRow, Theme, ThemeName, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

// A playground without an engine, as the tests have it.
#[path = "../tests/tui/fixtures.rs"]
#[allow(dead_code, reason = "tests ask for more of it")]
mod fixtures;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

const WORDS: [&str; 4] = [" little", " girl", " who", " lived"];

/// A text of so many tokens that goes on.
fn long_text(tokens: usize, width: u16, height: u16) -> Play {
    let mut play = Play::running("Once upon a time", &WORDS, width, height);
    for at in 0..tokens {
        generate(&mut play, at);
    }
    play
}

fn generate(play: &mut Play, at: usize) {
    play.generate(WORDS[at % WORDS.len()].as_bytes());
}

fn in_memory(width: u16, height: u16) -> Terminal<TestBackend> {
    Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory")
}

fn draw(terminal: &mut Terminal<TestBackend>, play: &Play, theme: &Theme) {
    let drawn = terminal.draw(|frame| {
        black_box(view(&play.state, theme, frame));
    });
    drawn.expect("drawn in memory");
}

fn play(criterion: &mut Criterion) {
    let theme = Theme::new(ThemeName::Dark, ColourLevel::True);
    let mut group = criterion.benchmark_group("play, 2,000 tokens");
    for (width, height) in SIZES {
        let mut play = long_text(2000, width, height);
        let mut terminal = in_memory(width, height);
        let size = format!("{width}x{height}");
        group.bench_function(BenchmarkId::new("frame", &size), |bencher| {
            bencher.iter(|| draw(&mut terminal, &play, &theme));
        });
        // The text grows by a token each time.
        let mut at = 0;
        group.bench_function(BenchmarkId::new("token and frame", &size), |bencher| {
            bencher.iter(|| {
                generate(&mut play, at);
                at += 1;
                play.frame();
                draw(&mut terminal, &play, &theme);
            });
        });
        group.bench_function(BenchmarkId::new("resize", &size), |bencher| {
            bencher.iter_batched(
                || long_text(2000, width, height),
                |mut play| {
                    play.act_on_old(News::Resize(width - 1, height));
                    play
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Steps of a run, and runs.
const STEPS: u64 = 20_000;
const RUNS: usize = 10;

/// What a run of so many steps has on the disk.
fn write_run(directory: &Path, name: &str) {
    let run = directory.join(name);
    fs::create_dir_all(run.join("checkpoints")).expect("a directory");
    let recipe = toml::to_string(&Recipe::default()).expect("TOML");
    fs::write(run.join("recipe.toml"), recipe).expect("written");
    let mut lines = String::new();
    for step in 1..=STEPS {
        let loss = 4.0 + 6.0 / (step as f64).sqrt() + 0.1 * (step as f64 * 1.7).sin();
        let metrics = StepMetrics {
            step,
            epoch: step as f64 / 1000.0,
            loss,
            smoothed: loss,
            perplexity: loss.exp(),
            accuracy: 0.27,
            learning_rate: 8.2e-4,
            gradient_norm: 0.713_421,
            tokens: step * 1024,
            tokens_per_second: 11_240.3,
            elapsed: step as f64 * 0.1,
            seconds_left: 4320.5,
            memory: Some(812_000_000),
            ..StepMetrics::default()
        };
        lines += &serde_json::to_string(&TrainingEvent::Step(metrics)).expect("JSON");
        lines.push('\n');
    }
    fs::write(run.join("metrics.jsonl"), lines).expect("written");
}

fn train(criterion: &mut Criterion) {
    let home = tempfile::tempdir().expect("a directory");
    let names: Vec<String> = (0..RUNS).map(|at| format!("run{at}")).collect();
    for name in &names {
        write_run(home.path(), name);
    }
    let runs = RunDirectory::all(home.path()).expect("runs");
    let mut group = criterion.benchmark_group("train, 10 runs of 20,000 steps");
    group.sample_size(10);
    group.bench_function("table read", |bencher| {
        bencher.iter(|| {
            let rows = runs.iter().map(|run| RunRow::read(run).expect("a run"));
            black_box(rows.collect::<Vec<_>>())
        });
    });
    group.bench_function("one run read", |bencher| {
        bencher.iter(|| black_box(History::read(&runs[0]).expect("a run")));
    });
    let theme = Theme::new(ThemeName::Dark, ColourLevel::True);
    for (width, height) in SIZES {
        let mut play = Play::new("", width, height);
        for (at, run) in runs.iter().enumerate() {
            let read = ReadRun {
                history: History::read(run).expect("a run"),
                running: false,
            };
            play.act_on_old(News::RunRead {
                path: run.path().to_owned(),
                beside: at > 0,
                read: Ok(Box::new(read)),
            });
        }
        let mut terminal = in_memory(width, height);
        let size = format!("{width}x{height}");
        group.bench_function(BenchmarkId::new("frame", &size), |bencher| {
            bencher.iter(|| draw(&mut terminal, &play, &theme));
        });
    }
    group.finish();
}

criterion_group!(benches, play, train);
criterion_main!(benches);
