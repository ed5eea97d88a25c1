//! The log file. Nothing is logged to the terminal: the playground owns it.

use std::fs::File;
use std::path::Path;

use tracing_subscriber::filter::LevelFilter;

use crate::config::{LogSettings, private};

/// Starts logging to the file that the settings name. Returns a sentence if that is impossible; the program then
/// runs without a log.
pub fn start(settings: &LogSettings) -> Option<String> {
    let level: LevelFilter = settings.level.name().parse().unwrap_or(LevelFilter::INFO);
    let path = settings.path()?;
    if level == LevelFilter::OFF {
        return None;
    }
    match open(&path) {
        Ok(file) => {
            tracing_subscriber::fmt()
                .with_max_level(level)
                .with_ansi(false)
                .with_writer(file)
                .init();
            None
        }
        Err(error) => Some(format!("{}: {error}: nothing is logged", path.display())),
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    if let Some(directory) = path.parent() {
        private::directory(directory)?;
    }
    private::append(path)
}
