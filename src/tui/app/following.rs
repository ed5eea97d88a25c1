//! Runs on the disk: read in the background, and followed while another process works on them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::training::RunDirectory;
use crate::tui::state::train::runs;
use crate::tui::state::train::table::RunRow;
use crate::tui::{News, Tone};

/// How often the disk is asked whether a run went on.
const LOOK: Duration = Duration::from_millis(500);
/// How much longer than reading a run takes it is left alone after that.
const REST: u32 = 10;

/// The runs that are followed: dropping a sender ends its thread.
#[derive(Default)]
pub struct Followed {
    runs: HashMap<PathBuf, Sender<()>>,
    /// The table of runs.
    table: Option<Sender<()>>,
}

impl Followed {
    /// Reads a run and tells of it, and again each time that it went on, until no process works on it any more or it
    /// is read anew.
    pub fn read(&mut self, path: PathBuf, beside: bool, told: UnboundedSender<News>) {
        let (alive, ended) = mpsc::channel();
        self.runs.insert(path.clone(), alive);
        let refused = told.clone();
        let thread = thread::Builder::new().name("follow".to_owned());
        let started = thread.spawn(move || {
            let opened = runs::open(&path).and_then(|run| Ok((runs::read(&run)?, run)));
            let (read, run) = match opened {
                Ok((read, run)) => (Ok(Box::new(read)), Some(run)),
                Err(message) => (Err(message), None),
            };
            let goes_on = read.as_ref().is_ok_and(|read| read.running);
            let news = News::RunRead {
                path: path.clone(),
                beside,
                read,
            };
            let arrived = told.send(news).is_ok();
            if let Some(run) = run.filter(|_| goes_on && arrived) {
                follow(&run, &path, &told, |rest| {
                    ended.recv_timeout(rest) == Err(RecvTimeoutError::Timeout)
                });
            }
        });
        if let Err(error) = started {
            let message =
                format!("The run cannot be read: the system has no thread for it: {error}.");
            let _ = refused.send(News::Told {
                message,
                tone: Tone::Error,
            });
        }
    }
}

/// What a run is at a glance, with what it was read from: how much was written, and whether a process works on it.
type Known = HashMap<PathBuf, ((u64, bool), RunRow)>;

impl Followed {
    /// Reads the runs of a directory at a glance, and again as they go on, until they are forgotten.
    pub fn watch(&mut self, directory: PathBuf, told: UnboundedSender<News>) {
        let (alive, ended) = mpsc::channel();
        self.table = Some(alive);
        let thread = thread::Builder::new().name("runs".to_owned());
        let started = thread.spawn(move || {
            let mut known = Known::new();
            loop {
                let begun = Instant::now();
                let rows = runs::rows(&directory, |run| at_a_glance(run, &mut known));
                if told.send(News::RunsWatched(rows)).is_err() {
                    return;
                }
                let rest = LOOK.max(begun.elapsed() * REST);
                if ended.recv_timeout(rest) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        if let Err(error) = started {
            tracing::warn!("the runs cannot be watched: {error}");
        }
    }

    /// Ends that.
    pub fn forget(&mut self) {
        self.table = None;
    }
}

/// A run at a glance, read anew only if it went on.
fn at_a_glance(run: &RunDirectory, known: &mut Known) -> Option<RunRow> {
    let now = (run.recorded(), run.is_claimed());
    match known.get(run.path()) {
        Some((before, row)) if *before == now => Some(row.clone()),
        _ => {
            let row = RunRow::read(run).ok()?;
            known.insert(run.path().to_owned(), (now, row.clone()));
            Some(row)
        }
    }
}

/// Tells how a run went on, for as long as it does and `wait` allows.
fn follow(
    run: &RunDirectory,
    path: &Path,
    told: &UnboundedSender<News>,
    wait: impl Fn(Duration) -> bool,
) {
    // Nothing is known: what was written since it was read is read soon.
    let (mut known, mut rest) = (0, LOOK);
    while wait(rest) {
        rest = LOOK;
        let (recorded, running) = (run.recorded(), run.is_claimed());
        if recorded == known && running {
            continue;
        }
        known = recorded;
        let begun = Instant::now();
        // A file that cannot be read just now is read next time.
        if let Ok(read) = runs::read(run) {
            rest = LOOK.max(begun.elapsed() * REST);
            let over = !read.running;
            let news = News::RunGrew {
                path: path.to_owned(),
                read: Box::new(read),
            };
            if told.send(news).is_err() || over {
                return;
            }
        }
    }
}
