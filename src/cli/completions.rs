//! Completions: the shell asks the program itself each time, so that it is told the presets, runs, recipes and models
//! that there are now.

use std::env;
use std::ffi::OsStr;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::{EnvCompleter, Shells};
use clap_complete::{ArgValueCompleter, CompleteEnv, Shell};

use super::args::Cli;
use super::{CliError, config_sources, help, print_bytes};
use crate::config::Config;
use crate::lessons::{self, Course};
use crate::model::models_at_hand;
use crate::training::presets::{PRESETS, preset};
use crate::training::{RUNS, RunDirectory};

/// Set by the code that [`run`] prints, where it asks.
const ASKING: &str = "LOGITSCOPE_COMPLETE";

/// Answers a shell that asks, and ends the process; does nothing where none does.
pub fn answer() {
    CompleteEnv::with_factory(|| with_values(help::with_help(Cli::command())))
        .var(ASKING)
        .complete();
}

/// Prints the code by which a shell asks.
///
/// # Errors
/// When it cannot be printed.
pub fn run(shell: Shell) -> Result<(), CliError> {
    let shells = Shells::builtins();
    let completer = shells
        .completer(&shell.to_string())
        .ok_or_else(|| CliError::usage(format!("there are no completions for {shell}")))?;
    let mut code = Vec::new();
    registration(completer, &mut code).map_err(CliError::failed)?;
    print_bytes(&code)
}

fn registration(completer: &dyn EnvCompleter, code: &mut Vec<u8>) -> std::io::Result<()> {
    // Found by the shell where it is installed, and by its path where it was called by one.
    let called = env::args_os().next().unwrap_or_default();
    let program = if Path::new(&called).components().count() > 1 {
        env::current_exe()?.to_string_lossy().into_owned()
    } else {
        "logitscope".to_owned()
    };
    completer.write_registration(ASKING, "logitscope", "logitscope", &program, code)
}

/// What the values of an argument are names of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Presets,
    Runs,
    Recipes,
    Shapes,
    Models,
    Lessons,
}

impl Names {
    /// Of an argument of the subcommands `path`.
    fn of(path: &[&str], arg: &Arg) -> Option<Self> {
        match (path, arg.get_id().as_str()) {
            (["runs", ..], "name" | "names") | (["export"], "run") => Some(Self::Runs),
            (["learn"], "lesson") => Some(Self::Lessons),
            (["models"], "path") | (["diff"], "base" | "tuned") => Some(Self::Models),
            (_, "preset") => Some(Self::Presets),
            (_, "recipe") => Some(Self::Recipes),
            (_, "shape") => Some(Self::Shapes),
            _ => {
                let name = arg.get_value_names()?.first()?;
                (name == "MODEL").then_some(Self::Models)
            }
        }
    }

    /// All that there are now, with what is said beside each.
    fn all(self) -> Vec<(String, &'static str)> {
        let named = |names: Vec<String>, what| names.into_iter().map(|name| (name, what)).collect();
        match self {
            Self::Presets => {
                let config = Config::load(&config_sources(None, Vec::new()));
                let names = config.iter().flat_map(Config::preset_names);
                named(names.map(str::to_owned).collect(), "preset")
            }
            Self::Runs => {
                let runs = RunDirectory::all(Path::new(RUNS)).unwrap_or_default();
                named(runs.iter().map(RunDirectory::name).collect(), "run")
            }
            Self::Recipes => named(PRESETS.map(str::to_owned).to_vec(), "recipe"),
            Self::Shapes => {
                let shapes = PRESETS.into_iter().filter(|name| {
                    preset(name).is_some_and(|recipe| recipe.model.from.is_empty())
                        && !name.starts_with("demo")
                });
                named(shapes.map(str::to_owned).collect(), "shape")
            }
            Self::Models => {
                let models = models_at_hand().into_iter().map(|model| model.source);
                let mut all = named(models.collect(), "model");
                all.extend(Self::Runs.all());
                all
            }
            Self::Lessons => {
                let course = Course::bundled(lessons::ENGLISH).ok();
                let lessons = course.map_or(0, |course| course.lessons.len());
                let numbers = (1..=lessons).map(|number| number.to_string());
                named(numbers.collect(), "lesson")
            }
        }
    }

    /// Whether a path may stand there as well.
    fn or_path(self) -> bool {
        !matches!(self, Self::Presets | Self::Shapes)
    }
}

impl ValueCompleter for Names {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let begun = current.to_string_lossy();
        let names = self.all().into_iter();
        let mut found: Vec<_> = names
            .filter(|(name, _)| name.starts_with(&*begun))
            .map(|(name, what)| CompletionCandidate::new(name).help(Some(what.into())))
            .collect();
        if self.or_path() {
            found.extend(PathCompleter::any().complete(current));
        }
        found
    }
}

/// Tells the arguments of all subcommands what their values are names of.
fn with_values(command: Command) -> Command {
    fn below(command: Command, path: &[&str]) -> Command {
        let command = command.mut_args(|arg| match Names::of(path, &arg) {
            Some(names) => arg.add(ArgValueCompleter::new(names)),
            None => arg,
        });
        command.mut_subcommands(|sub| {
            let name = sub.get_name().to_owned();
            let mut path = path.to_vec();
            path.push(&name);
            below(sub, &path)
        })
    }
    below(command, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments that names are known for, as `subcommand option`.
    fn known(command: &Command, path: &[&str]) -> Vec<(String, Names)> {
        let own = command.get_arguments().filter_map(|arg| {
            let id = arg.get_id().as_str();
            Some((format!("{} {id}", path.join(" ")), Names::of(path, arg)?))
        });
        let mut all: Vec<_> = own.collect();
        for sub in command.get_subcommands() {
            let mut path = path.to_vec();
            path.push(sub.get_name());
            all.extend(known(sub, &path));
        }
        all
    }

    #[test]
    fn what_is_a_name_is_completed() {
        let all = known(&Cli::command(), &[]);
        for (arg, names) in [
            (" model", Names::Models),
            ("generate preset", Names::Presets),
            ("generate draft", Names::Models),
            ("diff base", Names::Models),
            ("diff tuned", Names::Models),
            ("models path", Names::Models),
            ("train recipe", Names::Recipes),
            ("finetune recipe", Names::Recipes),
            ("bench shape", Names::Shapes),
            ("runs show name", Names::Runs),
            ("runs compare names", Names::Runs),
            ("runs chart names", Names::Runs),
            ("runs resume name", Names::Runs),
            ("runs delete name", Names::Runs),
            ("export run", Names::Runs),
            ("learn lesson", Names::Lessons),
        ] {
            assert!(all.contains(&(arg.to_owned(), names)), "{arg}: {all:?}");
        }
        assert!(
            Names::Models
                .all()
                .iter()
                .any(|(name, _)| name == "embedded")
        );
        assert!(
            Names::Presets
                .all()
                .iter()
                .any(|(name, _)| name == "balanced")
        );
        assert_eq!(Names::Lessons.all().len(), 13);
    }
}
