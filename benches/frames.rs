//! What the screen costs with a long text: a frame, a token, a change of size: `cargo bench --bench frames`.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use fixtures::Play;
use logitscope::tui::{ColourLevel, News, Theme, ThemeName, view};
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

fn play(criterion: &mut Criterion) {
    let theme = Theme::new(ThemeName::Dark, ColourLevel::True);
    let mut group = criterion.benchmark_group("play, 2,000 tokens");
    for (width, height) in SIZES {
        let mut play = long_text(2000, width, height);
        let mut terminal =
            Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
        let size = format!("{width}x{height}");
        group.bench_function(BenchmarkId::new("frame", &size), |bencher| {
            bencher.iter(|| {
                terminal
                    .draw(|frame| {
                        black_box(view(&play.state, &theme, frame));
                    })
                    .expect("drawn in memory");
            });
        });
        // The text grows by a token each time.
        let mut at = 0;
        group.bench_function(BenchmarkId::new("token and frame", &size), |bencher| {
            bencher.iter(|| {
                generate(&mut play, at);
                at += 1;
                play.frame();
                terminal
                    .draw(|frame| {
                        black_box(view(&play.state, &theme, frame));
                    })
                    .expect("drawn in memory");
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

criterion_group!(benches, play);
criterion_main!(benches);
