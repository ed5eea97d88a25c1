//! Runs a target for a while.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::mutation::mutation;

/// No input is worth more: the user would think that the program hangs.
const LONGEST: Duration = Duration::from_secs(20);

/// What is damaged, and how.
pub struct Target<'a> {
    pub name: &'a str,
    /// Inputs that are right.
    pub seeds: Vec<Vec<u8>>,
    /// How far into an input it is worth damaging.
    pub reach: usize,
    /// What means something to whoever reads the input.
    pub words: &'a [&'a str],
}

impl Target<'_> {
    /// Gives `read` damaged inputs until the time is over. It says what must not be by an error or a panic.
    #[track_caller]
    pub fn run(&self, read: impl Fn(&[u8]) -> Result<(), TestCaseError>) {
        for seed in &self.seeds {
            assert!(read(seed).is_ok(), "{}: an input that is right", self.name);
        }
        let last = last_input(self.name);
        let end = Instant::now() + seconds();
        let config = ProptestConfig {
            cases: 16,
            failure_persistence: None,
            max_shrink_time: 20_000,
            ..ProptestConfig::default()
        };
        let input = (0..self.seeds.len(), prop::collection::vec(mutation(), 1..6));
        for round in 0.. {
            if Instant::now() >= end {
                break;
            }
            let mut runner = TestRunner::new_with_rng(config.clone(), random(round));
            let result = runner.run(&input, |(seed, mutations)| {
                let mut bytes = self.seeds[seed].clone();
                for mutation in &mutations {
                    mutation.apply(&mut bytes, self.reach, self.words);
                }
                std::fs::write(&last, &bytes).expect("target/tmp is writable");
                let begun = Instant::now();
                read(&bytes)?;
                let taken = begun.elapsed();
                prop_assert!(taken < LONGEST, "it took {taken:?}");
                Ok(())
            });
            match result {
                Ok(()) => {}
                Err(TestError::Fail(reason, (seed, mutations))) => panic!(
                    "{}: {reason}\nseed {seed}, {mutations:?}; the input is in {}",
                    self.name,
                    last.display()
                ),
                Err(error) => panic!("{}: {error}", self.name),
            }
        }
    }
}

/// Where the inputs of a round come from: the same on every machine, so that a failure can be repeated and the gate
/// does not fail by chance, unless `FUZZ_SEED` asks for others.
fn random(round: u64) -> TestRng {
    let other = std::env::var("FUZZ_SEED").ok();
    let other: u64 = other.and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&round.to_le_bytes());
    seed[8..16].copy_from_slice(&other.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
}

/// How long each target runs.
fn seconds() -> Duration {
    let seconds = std::env::var("FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(1.0))
}

fn last_input(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    std::fs::create_dir_all(&folder).expect("target/tmp is writable");
    folder.join(name)
}
