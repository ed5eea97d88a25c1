//! What help and manual pages say beside the options: examples first, then the environment, files and exit codes; and
//! which of the options of every subcommand matter to which.

mod examples;

use clap::{Arg, Command};

use self::examples::EXAMPLES;
pub use self::examples::examples;
use super::sampler_args;

/// Environment variables and what they do.
pub const ENVIRONMENT: [(&str, &str); 8] = [
    (
        "LOGITSCOPE_SECTION_KEY",
        "a setting of the configuration, as LOGITSCOPE_SAMPLER_TOP_K=20",
    ),
    ("LOGITSCOPE_CONFIG", "the file of --config"),
    ("HF_TOKEN", "for models of the hub that ask for one"),
    ("HF_HOME, HF_HUB_CACHE", "where models of the hub are kept"),
    ("HF_ENDPOINT", "another hub"),
    ("HF_HUB_OFFLINE", "1: the network is not asked"),
    ("NO_COLOR", "no colours"),
    ("LC_ALL, LC_CTYPE, LANG", "C: nothing but ASCII"),
];

/// Files and what is in them.
pub const FILES: [(&str, &str); 4] = [
    (
        "~/.config/logitscope/config.toml",
        "settings; `logitscope config path` says where it is looked for",
    ),
    (
        "~/.local/state/logitscope",
        "the last session, the history of prompts, how far lessons were walked, the log",
    ),
    ("~/.cache/huggingface/hub", "models of the hub"),
    (
        "runs",
        "what was trained, in the directory it was trained from",
    ),
];

/// Exit codes and what they mean.
pub const EXIT_STATUS: [(&str, &str); 5] = [
    ("0", "done; a closed pipe too"),
    ("1", "it failed"),
    ("2", "wrong arguments or settings"),
    ("3", "the loss of a run became no number"),
    ("130", "interrupted"),
];

/// Options of every subcommand that do nothing in these.
const IDLE: [(&str, &[&str]); 10] = [
    ("models", &["model", "device", "precision", "offline"]),
    ("train", &["model"]),
    ("diff", &["model"]),
    ("encode", &["device", "precision"]),
    (
        "runs",
        &["model", "device", "precision", "offline", "config"],
    ),
    (
        "export",
        &["model", "device", "precision", "offline", "config"],
    ),
    (
        "session",
        &["model", "device", "precision", "offline", "config"],
    ),
    ("config", &["model", "device", "precision", "offline"]),
    (
        "completions",
        &["model", "device", "precision", "offline", "config"],
    ),
    (
        "man",
        &["model", "device", "precision", "offline", "config"],
    ),
];

/// The command line with all that help says.
pub fn with_help(command: Command) -> Command {
    let everywhere: Vec<Arg> = command.get_arguments().cloned().collect();
    let mut command = command
        .before_long_help(text_of(examples("")))
        .after_long_help(after());
    for (name, examples) in EXAMPLES.iter().filter(|(name, _)| !name.is_empty()) {
        let text = text_of(examples);
        command = command.mut_subcommand(name, |sub| sub.before_long_help(text));
    }
    // How samples of a run are drawn is not what one trains for.
    for name in ["train", "finetune"] {
        command = command.mut_subcommand(name, |sub| {
            sub.mut_args(|arg| match arg.get_help_heading() {
                Some(sampler_args::HEADING) => arg.hide_short_help(true),
                _ => arg,
            })
        });
    }
    for (name, idle) in IDLE {
        // A subcommand that has an option itself is not given that of the program, and hands its own on.
        let hidden = everywhere
            .iter()
            .filter(|arg| idle.contains(&arg.get_id().as_str()));
        let hidden: Vec<Arg> = hidden.map(|arg| arg.clone().hide(true)).collect();
        command = command.mut_subcommand(name, |sub| sub.args(hidden));
    }
    command
}

fn text_of(examples: &[(&str, &str)]) -> String {
    let lines: Vec<String> = examples
        .iter()
        .map(|(command, what)| format!("  {command}\n      {what}"))
        .collect();
    format!("Examples:\n{}", lines.join("\n"))
}

/// Environment and exit codes, below the options.
fn after() -> String {
    let table = |rows: &[(&str, &str)]| {
        let rows = rows.iter();
        let rows: Vec<String> = rows
            .map(|(name, what)| format!("  {name:<24} {what}"))
            .collect();
        rows.join("\n")
    };
    format!(
        "Environment:\n{}\n\nExit codes:\n{}",
        table(&ENVIRONMENT),
        table(&EXIT_STATUS)
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn each_subcommand_has_examples_that_it_understands() {
        let mut command = with_help(Cli::command());
        command.clone().debug_assert();
        command.build();
        for sub in command.get_subcommands() {
            let name = sub.get_name();
            if !["completions", "help"].contains(&name) {
                assert_eq!(examples(name).len(), 3, "{name}");
            }
        }
        for (line, _) in EXAMPLES.iter().flat_map(|(_, examples)| examples) {
            let from = line.find("logitscope").expect("the program");
            let own = line[from..].split(['|', '>']).next().expect("a command");
            let words = own.split('"').enumerate().flat_map(|(at, part)| {
                // Every second part stood in quotation marks.
                if at % 2 == 1 {
                    vec![part]
                } else {
                    part.split_whitespace().collect()
                }
            });
            let words: Vec<&str> = words.collect();
            // A prompt alone is taken before the arguments are read.
            if words.len() != 2 || !words[1].contains(' ') {
                let parsed = command.clone().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn options_that_do_nothing_are_not_shown() {
        let mut command = with_help(Cli::command());
        command.build();
        let mut help = |name: &str| {
            let sub = command.find_subcommand_mut(name).expect(name);
            sub.render_long_help().to_string()
        };
        assert!(!help("runs").contains("--precision"));
        assert!(!help("man").contains("--model"));
        assert!(help("generate").contains("--precision"));
        assert!(!help("train").contains("--model <"));
        assert!(help("finetune").contains("--model <"));
    }

    /// The subcommands with `--json`, each with what it is a part of.
    fn with_json(command: &Command, path: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for sub in command.get_subcommands() {
            let path = [path, &[sub.get_name()]].concat();
            if sub.get_arguments().any(|arg| arg.get_id() == "json") {
                found.push(path.join("\", \""));
            }
            found.extend(with_json(sub, &path));
        }
        found
    }

    #[test]
    fn the_notebook_reads_every_subcommand_with_records() {
        let mut command = Cli::command();
        command.build();
        let all = with_json(&command, &[]);
        assert!(all.len() >= 14, "{all:?}");
        let notebook = include_str!("../../examples/python/tables.py");
        for path in all {
            let call = format!("records(\"{path}\"");
            assert!(notebook.contains(&call), "{call}");
        }
    }

    /// Of a tall terminal.
    const MOST: usize = 60;

    #[test]
    fn short_help_is_a_screen() {
        let mut command = with_help(Cli::command());
        command.build();
        let names: Vec<String> = command
            .get_subcommands()
            .map(|sub| sub.get_name().to_owned())
            .collect();
        for name in names {
            let sub = command.find_subcommand_mut(&name).expect("it is there");
            let help = sub.render_help().to_string();
            let lines = help.lines().count();
            assert!(lines <= MOST, "{name}: {lines} lines\n{help}");
        }
    }
}
