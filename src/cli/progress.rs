//! How far loading has come, on standard error, if that is a terminal.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::bar;
use super::output::Output;
use crate::model::LoadProgress;
use crate::text::sanitize;

/// After so long the speed of a file is known.
const SETTLED: Duration = Duration::from_secs(5);
/// What takes longer is told where no bar is shown.
const LONG: Duration = Duration::from_secs(60);

/// A gauge that is drawn only on a terminal.
pub struct Gauge {
    bar: ProgressBar,
    file: String,
    /// When the file began to come, until it was told to be slow.
    begun: Option<Instant>,
}

impl Gauge {
    /// A gauge that shows nothing yet.
    pub fn new() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, bar::target(20)),
            file: String::new(),
            begun: None,
        }
    }

    /// A gauge of work whose results go to `output`: none where that is a terminal on which they come as the work goes
    /// on, unless they come `last`.
    pub fn beside(output: &Output, last: bool) -> Self {
        let gauge = Self::new();
        if output.is_terminal() && !last {
            gauge.bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        gauge
    }

    /// Shows how far loading has come.
    pub fn load(&mut self, progress: &LoadProgress) {
        match progress {
            LoadProgress::Download {
                file,
                bytes,
                total,
                bytes_per_second,
                seconds_left,
            } => {
                if self.file != *file {
                    self.begun = Some(Instant::now());
                    self.file.clone_from(file);
                    self.style(
                        "{bar:20} {bytes}/{total_bytes} {bytes_per_sec} {eta} left {wide_msg}",
                    );
                    self.bar.set_message(sanitize(file).into_owned());
                    self.bar.reset();
                }
                self.bar.set_length(*total);
                self.bar.set_position(*bytes);
                self.tell_if_slow(file, *bytes_per_second, *seconds_left);
            }
            LoadProgress::Waiting {
                reason,
                part,
                seconds_left,
            } => {
                let hidden = self.bar.is_hidden();
                if self.file != *reason && (seconds_left.is_some() || !hidden) {
                    if hidden {
                        // A script may wonder too what is waited for.
                        super::warn(reason);
                    }
                    self.file.clone_from(reason);
                    self.style("{bar:20} {wide_msg}");
                    self.bar.set_message(sanitize(reason).into_owned());
                    self.bar.reset();
                }
                self.bar.set_length(1000);
                self.bar.set_position((part * 1000.0) as u64);
            }
            LoadProgress::Weights { done, total } => self.count("reading weights", *done, *total),
        }
    }

    /// Says once of a file that it takes long, where no bar shows it.
    fn tell_if_slow(&mut self, file: &str, speed: f64, left: Option<f64>) {
        let settled = self.begun.is_some_and(|begun| begun.elapsed() > SETTLED);
        let long = left.map(Duration::try_from_secs_f64);
        let long = long.map(|left| left.unwrap_or(Duration::MAX));
        if let (true, true, Some(left)) = (settled, self.bar.is_hidden(), long)
            && left > LONG
        {
            self.begun = None;
            super::warn(&format!(
                "{file} comes at {}/s, {} left; after an interrupt, the next try goes on from there",
                HumanBytes(speed as u64),
                HumanDuration(left)
            ));
        }
    }

    /// Shows a count of things done.
    pub fn count(&mut self, what: &str, done: usize, total: usize) {
        if self.file != what {
            what.clone_into(&mut self.file);
            self.style("{msg} {bar:20} {pos}/{len} {eta} left");
            self.bar.set_message(what.to_owned());
            self.bar.reset();
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    /// Takes the gauge off the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }
}

impl Drop for Gauge {
    /// Whatever ends the work, an error or an interrupt, finds a clean line.
    fn drop(&mut self) {
        self.clear();
    }
}
