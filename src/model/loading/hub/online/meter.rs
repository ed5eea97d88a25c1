//! How fast a file comes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::model::LoadProgress;

/// Over how much of the past speed is taken.
const WINDOW: Duration = Duration::from_secs(5);

/// Turns counts over time into a gauge.
pub(super) struct Gauge {
    file: String,
    total: u64,
    /// Counts in the order of time; the first is the one speed is taken from.
    samples: VecDeque<(Instant, u64)>,
}

impl Gauge {
    pub(super) fn new(file: &str, total: u64) -> Self {
        Self {
            file: file.to_owned(),
            total,
            samples: VecDeque::new(),
        }
    }

    /// What to show when `bytes` are here `now`.
    pub(super) fn show(&mut self, bytes: u64, now: Instant) -> LoadProgress {
        let (speed, seconds_left) = self.measure(bytes, now);
        LoadProgress::Download {
            file: self.file.clone(),
            bytes,
            total: self.total,
            bytes_per_second: speed,
            seconds_left,
        }
    }

    /// What to show when another program has fetched `bytes` `now`.
    pub(super) fn show_other(&mut self, bytes: u64, now: Instant) -> LoadProgress {
        let (_, seconds_left) = self.measure(bytes, now);
        LoadProgress::Waiting {
            reason: format!("another program fetches {}", self.file),
            part: (bytes as f64 / self.total.max(1) as f64) as f32,
            seconds_left,
        }
    }

    /// Bytes a second, and seconds that are left at that speed.
    fn measure(&mut self, bytes: u64, now: Instant) -> (f64, Option<f64>) {
        // What was here before the first byte came is no speed.
        if self
            .samples
            .back()
            .is_none_or(|(_, last)| *last == 0 && bytes > 0)
        {
            self.samples.clear();
        }
        self.samples.push_back((now, bytes));
        while self.samples.len() > 2 && now - self.samples[1].0 >= WINDOW {
            self.samples.pop_front();
        }
        let (since, before) = self.samples[0];
        let seconds = (now - since).as_secs_f64();
        let speed = if seconds > 0.0 {
            (bytes - before.min(bytes)) as f64 / seconds
        } else {
            0.0
        };
        let left = self.total.saturating_sub(bytes) as f64;
        (speed, (speed > 0.0).then(|| left / speed))
    }
}

/// What is shown while a file is compared with its digest.
pub(super) fn comparing(bytes: u64, total: u64) -> LoadProgress {
    LoadProgress::Waiting {
        reason: "comparing what is here with its hash".to_owned(),
        part: (bytes as f64 / total.max(1) as f64) as f32,
        seconds_left: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_of_the_last_seconds_and_without_what_was_there() {
        let start = Instant::now();
        let mut gauge = Gauge::new("a", 10_000);
        let mut show = |second: u64, bytes: u64| match gauge
            .show(bytes, start + Duration::from_secs(second))
        {
            LoadProgress::Download {
                bytes_per_second,
                seconds_left,
                ..
            } => (bytes_per_second, seconds_left),
            other => unreachable!("a gauge shows downloads, not {other:?}"),
        };
        assert_eq!(show(0, 0), (0.0, None));
        assert_eq!(show(1, 4000), (0.0, None), "4000 bytes were there already");
        assert_eq!(show(3, 4200), (100.0, Some(58.0)));
        for second in 4..=20 {
            show(second, 4200 + (second - 3) * 10);
        }
        let (speed, left) = show(21, 4380);
        assert_eq!(speed, 10.0);
        assert_eq!(left, Some(562.0));
    }
}
