//! `learn`: lessons, listed, made, checked, and what the teacher gets.

use std::env;
use std::io::{IsTerminal, stdin, stdout};
use std::path::{Path, PathBuf};

use super::output::Output;
use super::play::{self, PlayArgs};
use super::{CliError, print_bytes};
use crate::config::{self, Config};
use crate::lessons::{self, Course, ENGLISH, Lesson, bundled_languages};
use crate::text::sanitize;
use crate::tui::{LearnOptions, LessonProgress, LessonTables, Opening};

/// Lessons in the playground: learn from them, make your own, check them
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LearnArgs {
    /// The lesson, by its number, or a directory of your own lessons
    pub lesson: Option<String>,
    /// Print the teacher's page: minutes, what should have been understood, questions with answers
    #[arg(long)]
    pub answers: bool,
    /// Print the list of lessons
    #[arg(long, conflicts_with = "answers")]
    pub list: bool,
    /// For a room: one thing at a time, in big letters
    #[arg(long, conflicts_with_all = ["answers", "list"])]
    pub present: bool,
    /// The language, such as de; what is not translated is English
    #[arg(long, value_name = "LANGUAGE", global = true)]
    pub lang: Option<String>,
    #[command(subcommand)]
    pub command: Option<LearnCommand>,
}

/// What to do with lessons of one's own.
#[derive(Debug, clap::Subcommand)]
pub enum LearnCommand {
    /// Make a directory with a first lesson in it
    New {
        /// The directory: new, or empty
        directory: PathBuf,
    },
    /// Say what is wrong with the lessons of a directory, with files and lines
    Check {
        /// The directory
        directory: PathBuf,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no such lesson or directory, or something is wrong with the lessons.
pub fn run(args: &LearnArgs, config: &Config) -> Result<(), CliError> {
    match &args.command {
        Some(LearnCommand::New { directory }) => new(directory),
        Some(LearnCommand::Check { directory }) => check(directory, args, config),
        None => {
            let (course, only) = course(args)?;
            if args.answers {
                return print_bytes(lessons::answers(&course, only).as_bytes());
            }
            let is_terminal = stdin().is_terminal() && stdout().is_terminal();
            if args.list || (only.is_none() && !is_terminal) {
                return list(&course);
            }
            let open = only.map_or(Opening::List, |number| Opening::Lesson(number - 1));
            let learn = LearnOptions {
                course: Some(course),
                ..options(open)
            };
            // What was played before a lesson is not written over by its texts.
            let play = PlayArgs {
                present: args.present,
                ..PlayArgs::default()
            };
            play::open(&play, config, None, learn)
        }
    }
}

/// The lessons in the program, in the language of the environment, and how far they were walked.
pub(super) fn options(open: Opening) -> LearnOptions {
    let course = language(None)
        .ok()
        .map(|language| Course::bundled(&language));
    let progress_file = config::state_dir().map(|directory| directory.join("lessons.json"));
    let read = progress_file.as_deref().map(LessonProgress::read);
    LearnOptions {
        // A test holds them valid.
        course: course.and_then(Result::ok),
        open,
        progress: read.unwrap_or_default(),
        progress_file,
    }
}

/// The lessons that are meant, and which of them by its number from 1, if one is.
fn course(args: &LearnArgs) -> Result<(Course, Option<usize>), CliError> {
    let language = language(args.lang.as_deref())?;
    let bundled = || Course::bundled(&language).map_err(CliError::failed);
    let Some(named) = &args.lesson else {
        return Ok((bundled()?, None));
    };
    if let Ok(number) = named.parse::<usize>() {
        let course = bundled()?;
        let count = course.lessons.len();
        return if (1..=count).contains(&number) {
            Ok((course, Some(number)))
        } else {
            Err(CliError::usage(format!(
                "there is no lesson {number}: they go from 1 to {count}"
            )))
        };
    }
    let course = Course::read(Path::new(named), &language).map_err(CliError::failed)?;
    Ok((course, None))
}

/// The language that was asked for, or that of the environment.
fn language(asked: Option<&str>) -> Result<String, CliError> {
    if let Some(asked) = asked {
        let is_code =
            (2..=3).contains(&asked.len()) && asked.chars().all(|c| c.is_ascii_lowercase());
        return if is_code {
            Ok(asked.to_owned())
        } else {
            let known: Vec<&str> = bundled_languages().collect();
            Err(CliError::usage(format!(
                "{asked} is no language: write its code; the lessons in the program are in {}",
                known.join(", ")
            )))
        };
    }
    let set = |name: &&str| env::var(name).ok().filter(|value| !value.is_empty());
    let value = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
    let code = value.unwrap_or_default();
    let code = code.split(['_', '.', '@', '-']).next().unwrap_or_default();
    Ok(match code {
        "" | "C" | "POSIX" => ENGLISH.to_owned(),
        code => code.to_ascii_lowercase(),
    })
}

fn list(course: &Course) -> Result<(), CliError> {
    let mut output = Output::stdout();
    for (number, lesson) in (1..).zip(&course.lessons) {
        let Lesson { title, minutes, .. } = lesson;
        let title = sanitize(title);
        output.line(&format!(
            "{number:>2}  {title}  ({minutes} {})",
            course.words.minutes
        ))?;
    }
    output.flush()
}

fn new(directory: &Path) -> Result<(), CliError> {
    let file = lessons::new(directory).map_err(CliError::failed)?;
    let mut output = Output::stdout();
    output.line(&format!("{}", file.display()))?;
    output.flush()
}

fn check(directory: &Path, args: &LearnArgs, config: &Config) -> Result<(), CliError> {
    let presets = config.presets().into_iter().map(|(name, _)| name);
    let tables = LessonTables::new(presets.collect());
    let language = language(args.lang.as_deref())?;
    let course = Course::read(directory, &language).map_err(CliError::failed)?;
    let problems: Vec<String> = course
        .lessons
        .iter()
        .flat_map(|lesson| lessons::check(lesson, &tables))
        .map(|problem| problem.to_string())
        .collect();
    if !problems.is_empty() {
        return Err(CliError::failed(problems.join("\n")));
    }
    list(&course)
}
