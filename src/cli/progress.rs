//! How far loading has come, on standard error, if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::LoadProgress;
use crate::text::sanitize;

/// A gauge that is drawn only on a terminal.
pub struct Gauge {
    bar: ProgressBar,
    file: String,
}

impl Gauge {
    /// A gauge that shows nothing yet.
    pub fn new() -> Self {
        Self {
            // indicatif hides a bar whose standard error is no terminal.
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            file: String::new(),
        }
    }

    /// Shows how far loading has come.
    pub fn load(&mut self, progress: &LoadProgress) {
        match progress {
            LoadProgress::Download {
                file, bytes, total, ..
            } => {
                if self.file != *file {
                    self.file.clone_from(file);
                    self.style("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left");
                    self.bar.set_message(sanitize(file).into_owned());
                    self.bar.reset();
                }
                self.bar.set_length(*total);
                self.bar.set_position(*bytes);
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
                    self.style("{msg} {wide_bar}");
                    self.bar.set_message(sanitize(reason).into_owned());
                    self.bar.reset();
                }
                self.bar.set_length(1000);
                self.bar.set_position((part * 1000.0) as u64);
            }
            LoadProgress::Weights { done, total } => self.count("reading weights", *done, *total),
        }
    }

    /// Shows a count of things done.
    pub fn count(&mut self, what: &str, done: usize, total: usize) {
        if self.file != what {
            what.clone_into(&mut self.file);
            self.style("{msg} {wide_bar} {pos}/{len} {eta} left");
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
