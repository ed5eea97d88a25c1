//! What the playground does outside of its screen: the clipboard, files. Whatever may take long is done by a thread, which
//! tells the loop how it ended.

use std::path::PathBuf;
use std::thread;

use crossterm::queue;
use crossterm::style::Print;

use super::{App, TuiError};
use crate::chart;
use crate::handout::{Format, Sheet};
use crate::sampling::SamplerSettings;
use crate::text;
use crate::training;
use crate::tui::app::{beside, clipboard, models, picture, presets};
use crate::tui::state::continuations::GrownTree;
use crate::tui::state::history;
use crate::tui::state::learn::Progress;
use crate::tui::state::train::{Start, room, runs};
use crate::tui::{Chart, EngineLink, News, SessionFile, Tone};

impl<L: EngineLink> App<'_, L> {
    pub(super) fn copy(&mut self, text: &str) -> Result<(), TuiError> {
        let sequence = clipboard::sequence(text);
        let (message, tone) = if sequence.len() > clipboard::MOST {
            let message = "That is too long for the clipboards of terminals: write it to a file with generate --json or odds instead.";
            (message.to_owned(), Tone::Error)
        } else {
            queue!(self.terminal.backend_mut(), Print(sequence))?;
            let bytes = text.len();
            (
                format!("{bytes} bytes went to the terminal's clipboard (OSC 52)."),
                Tone::Done,
            )
        };
        self.hear(News::Told { message, tone })
    }

    /// Does what may take long in a thread, whose last word comes back as news. Where the system has no thread left,
    /// that is told instead.
    pub(super) fn in_background(&self, work: impl FnOnce() -> News + Send + 'static) {
        let told = self.told.0.clone();
        let thread = thread::Builder::new().name("files".to_owned());
        let started = thread.spawn(move || {
            // The playground may have been left meanwhile.
            let _ = told.send(work());
        });
        if let Err(error) = started {
            let message = format!("That cannot be done: the system has no thread for it: {error}.");
            let _ = self.told.0.send(News::Told {
                message,
                tone: Tone::Error,
            });
        }
    }

    pub(super) fn write_session(&mut self, path: PathBuf, session: Box<SessionFile>, tell: bool) {
        self.after_writing(move || {
            let shown = path.display();
            match session.write(&path) {
                Ok(()) if tell => Some(News::Told {
                    message: format!("The session was saved to {shown}."),
                    tone: Tone::Done,
                }),
                Ok(()) => None,
                Err(error) => {
                    tracing::warn!("{shown}: {error}");
                    let message = format!("The session could not be saved to {shown}: {error}.");
                    Some(News::SaveFailed(message))
                }
            }
        });
    }

    /// Keeps how far lessons were walked. Where that cannot be, only the log says so: the lesson goes on.
    pub(super) fn keep_progress(&mut self, progress: Progress) {
        if let Some(path) = self.progress_file.clone() {
            self.after_writing(move || {
                if let Err(error) = progress.write(&path) {
                    tracing::warn!("{}: {error}", path.display());
                }
                None
            });
        }
    }

    /// Gives a session that cannot be brought back another name.
    pub(super) fn set_session_aside(&mut self, path: PathBuf) {
        self.after_writing(move || {
            let aside = path.with_added_extension("refused");
            let message = match std::fs::rename(&path, &aside) {
                Ok(()) => format!("That session is kept as {}.", aside.display()),
                Err(error) => format!("That session cannot be kept: {}: {error}.", path.display()),
            };
            tracing::warn!("{message}");
            Some(News::Told {
                message,
                tone: Tone::Remark,
            })
        });
    }

    /// Works in the background on the session's file; the newest wins because each waits for the one before.
    fn after_writing(&mut self, work: impl FnOnce() -> Option<News> + Send + 'static) {
        let (before, told) = (self.writing.take(), self.told.0.clone());
        let thread = thread::Builder::new().name("session".to_owned());
        let started = thread.spawn(move || {
            if let Some(before) = before {
                let _ = before.join();
            }
            if let Some(news) = work() {
                // The playground may have been left meanwhile.
                let _ = told.send(news);
            }
        });
        if let Err(error) = &started {
            tracing::warn!("the session could not be saved: {error}");
        }
        self.writing = started.ok();
    }

    /// Reads headers of files, in the background.
    pub(super) fn list_models(&self, directory: Option<PathBuf>) {
        let recent = self.models_file.clone();
        let runs = self.state.train.directory();
        self.in_background(move || {
            let items = match directory {
                Some(directory) => models::in_directory(&directory),
                None => {
                    let recent = recent.and_then(|path| history::read(&path).ok());
                    models::at_hand(&recent.unwrap_or_default(), &runs)
                }
            };
            News::Listed(items)
        });
    }

    /// Reads the runs of a directory at a glance, in the background.
    pub(super) fn list_runs(&self, directory: PathBuf, beside: bool) {
        self.in_background(move || match runs::list(&directory, beside) {
            Ok(items) => News::RunsListed(items),
            Err(message) => News::Told {
                message,
                tone: Tone::Error,
            },
        });
    }

    /// Writes the model of a run's best checkpoint to a directory, in the background.
    pub(super) fn export_run(&self, run: PathBuf, target: PathBuf, half: bool) {
        self.in_background(move || {
            let exported = runs::open(&run).and_then(|run| {
                let best = run.best_checkpoint().map_err(|error| error.to_string())?;
                let best =
                    best.ok_or_else(|| format!("the run `{}` has no checkpoint yet", run.name()))?;
                training::export(&best.path, &target, half).map_err(|error| error.to_string())?;
                Ok(best.step)
            });
            told(exported.map(|step| {
                format!(
                    "The model of step {step} was written to {}.",
                    target.display()
                )
            }))
        });
    }

    /// Deletes a run, in the background.
    pub(super) fn delete_run(&self, path: PathBuf) {
        self.in_background(move || {
            let deleted = runs::open(&path).and_then(|run| {
                run.delete().map_err(|error| error.to_string())?;
                Ok(run.name())
            });
            told(deleted.map(|name| format!("The run {name} was deleted.")))
        });
    }

    /// Reads what a run is so far that is to go on, in the background.
    pub(super) fn read_going_on(&self, start: Start) {
        self.in_background(move || News::GoingOn(runs::going_on(start).map(Box::new)));
    }

    /// Lists the names of a directory's runs, in the background.
    pub(super) fn list_run_names(&self, directory: PathBuf) {
        self.in_background(move || News::RunNames(runs::names(&directory)));
    }

    /// Looks in the background where a demonstration can be kept.
    pub(super) fn find_room(&self, directory: PathBuf) {
        let aside = std::env::temp_dir();
        self.in_background(move || News::Room(room::find(&directory, &aside)));
    }

    /// Draws in the background.
    pub(super) fn draw_chart(&self, path: PathBuf, drawn: Chart, caption: Option<String>) {
        self.in_background(move || {
            let look = chart::Look {
                caption,
                ..chart::Look::default()
            };
            let target = chart::Target { path: &path, look };
            let written = match &drawn {
                Chart::Run { runs, what, log } => {
                    let shown: Vec<chart::Run> = runs
                        .iter()
                        .map(|(name, history)| chart::Run { name, history })
                        .collect();
                    let drawn = chart::RunChart {
                        what: *what,
                        log: *log,
                        across: chart::Across::Steps,
                    };
                    chart::runs(target, &shown, drawn)
                }
                Chart::NextToken { moment, after } => chart::next_token(target, moment, &[], after),
                Chart::Lanes(points) => chart::lanes(target, points),
                Chart::Tree { tree, after } => chart::tree(target, tree, after),
                Chart::Text(tokens) => {
                    let title = format!("Surprisal of {} tokens", tokens.len());
                    chart::surprisal(target, tokens, &title)
                }
            };
            told(match written {
                Ok(()) => Ok(format!("The chart was written to {}.", path.display())),
                Err(error) => Err(error.to_string()),
            })
        });
    }

    /// Reads a text that is to be guessed, in the background.
    pub(super) fn read_text(&self, path: PathBuf, letters: bool) {
        /// Longer ones nobody guesses.
        const LARGEST: u64 = 1 << 20;
        self.in_background(move || {
            let text = text::read_text(&path, LARGEST)
                .map_err(|error| format!("{}: {error}", path.display()));
            News::TextRead { text, letters }
        });
    }

    /// Writes a hand-out in the background, beside one of the same name.
    pub(super) fn write_handout(&self, path: PathBuf, format: Format, sheet: Box<Sheet>) {
        self.in_background(move || {
            told(match beside::write(&path, &sheet.written(format)) {
                Ok(written) => Ok(format!(
                    "The hand-out was written to {}.",
                    written.display()
                )),
                Err(error) => Err(format!(
                    "The hand-out could not be written to {}: {error}.",
                    path.display()
                )),
            })
        });
    }

    /// Writes the tree of what could follow in the background: its header has hashes of the model's files.
    pub(super) fn write_tree(&self, path: PathBuf, tree: Box<GrownTree>) {
        let records = self.tree_records;
        self.in_background(move || {
            let written = records(&tree)
                .and_then(|text| beside::write(&path, &text).map_err(|error| error.to_string()));
            told(match written {
                Ok(written) => Ok(format!("The tree was written to {}.", written.display())),
                Err(error) => Err(format!(
                    "The tree could not be written to {}: {error}.",
                    path.display()
                )),
            })
        });
    }

    /// Draws the screen as it is now into a file.
    pub(super) fn draw_screen(&self, path: PathBuf) {
        let drawn = picture::of_state(&self.state);
        self.in_background(move || {
            told(match beside::write(&path, &drawn) {
                Ok(written) => Ok(format!("The screen was drawn into {}.", written.display())),
                Err(error) => Err(format!(
                    "The screen could not be drawn into {}: {error}.",
                    path.display()
                )),
            })
        });
    }

    pub(super) fn save_preset(
        &mut self,
        name: String,
        sampler: Box<SamplerSettings>,
    ) -> Result<(), TuiError> {
        let Some(path) = &self.presets_file else {
            return self.hear(News::Told {
                message: "There is no home directory to save presets in.".to_owned(),
                tone: Tone::Error,
            });
        };
        match presets::save(path, &name, &sampler) {
            Ok(()) => self.hear(News::PresetSaved(name, sampler)),
            Err(error) => {
                let message = format!("{}: the preset could not be saved: {error}", path.display());
                self.hear(News::Told {
                    message,
                    tone: Tone::Error,
                })
            }
        }
    }
}

/// How something ended, as news.
fn told(ended: Result<String, String>) -> News {
    let tone = match ended {
        Ok(_) => Tone::Done,
        Err(_) => Tone::Error,
    };
    let (Ok(message) | Err(message)) = ended;
    News::Told { message, tone }
}
