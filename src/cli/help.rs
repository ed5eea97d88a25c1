//! What help and manual pages say beside the options: examples first, then the environment, files and exit codes; and
//! which of the options of every subcommand matter to which.

use clap::{Arg, Command};

use super::sampler_args;

/// A subcommand and what a person would type: a command, and what it does.
type Examples = (&'static str, [(&'static str, &'static str); 3]);

/// Of each subcommand, by the words after the program's name.
const EXAMPLES: [Examples; 16] = [
    (
        "",
        [
            ("logitscope", "open the playground"),
            ("logitscope \"Once upon a time\"", "with this prompt"),
            (
                "logitscope odds \"Once upon a\" --top 5",
                "what comes next, and how likely it is",
            ),
        ],
    ),
    (
        "play",
        [
            (
                "logitscope play --resume",
                "go on where the last session ended",
            ),
            ("logitscope play --model gpt2", "with a model of the hub"),
            (
                "logitscope play --preset creative \"The fox\"",
                "with other knobs",
            ),
        ],
    ),
    (
        "generate",
        [
            (
                "logitscope generate \"Once upon a time\" --seed 7",
                "one text, the same each time",
            ),
            (
                "logitscope generate \"The king\" -n 20 --batch 5 --out samples.txt",
                "twenty, five at once",
            ),
            (
                "echo \"The king\" | logitscope generate --temperature 1.2 --min-p 0.05",
                "a prompt from a pipe",
            ),
        ],
    ),
    (
        "odds",
        [
            (
                "logitscope odds \"Once upon a\" --top 10",
                "the table, and the chain stage by stage",
            ),
            (
                "logitscope odds \"The queen was\" -c \" happy\" -c \" sad\"",
                "two words and their ratio",
            ),
            ("logitscope odds \"Once\" --chart odds.svg", "as a picture"),
        ],
    ),
    (
        "score",
        [
            (
                "logitscope score \"The fox ran over the hill.\"",
                "each token's odds",
            ),
            (
                "logitscope score --file story.txt --summary",
                "perplexity and bits a byte",
            ),
            (
                "logitscope score --file story.txt --json | head -3",
                "for a program",
            ),
        ],
    ),
    (
        "tree",
        [
            (
                "logitscope tree \"Once upon a\"",
                "the most probable continuations",
            ),
            (
                "logitscope tree \"Once\" --depth 4 --top-n 3",
                "three of each token, four deep",
            ),
            ("logitscope tree \"Once\" --chart tree.svg", "as a picture"),
        ],
    ),
    (
        "tokens",
        [
            (
                "logitscope tokens \"Zoë said “hello”\"",
                "each token and its bytes",
            ),
            ("logitscope tokens --ids \"hello\"", "the ids alone"),
            ("logitscope tokens --decode 464 2068", "ids back into text"),
        ],
    ),
    (
        "models",
        [
            ("logitscope models", "what is at hand without a download"),
            ("logitscope models DIR", "what a directory holds"),
            ("logitscope models model.gguf --json", "for a program"),
        ],
    ),
    (
        "train",
        [
            (
                "logitscope train --recipe mini-books book.txt",
                "a small model of one book",
            ),
            (
                "logitscope train --layers 4 --width 128 --epochs 3 texts/",
                "a shape of one's own",
            ),
            (
                "logitscope train --recipe gpt2 --print-recipe > mine.toml",
                "a recipe to edit",
            ),
        ],
    ),
    (
        "finetune",
        [
            ("logitscope finetune --demo", "see a model change its style"),
            (
                "logitscope finetune --model gpt2 poems.txt --epochs 2",
                "on texts of one's own",
            ),
            (
                "logitscope finetune --lora-rank 8 --model gpt2 poems.txt",
                "with small matrices beside the weights",
            ),
        ],
    ),
    (
        "encode",
        [
            (
                "logitscope encode book.txt --out book.tokens",
                "a corpus as tokens, once",
            ),
            (
                "logitscope encode --model gpt2 texts/ --out texts.tokens",
                "for another model",
            ),
            (
                "logitscope train book.tokens",
                "to be learned from anywhere",
            ),
        ],
    ),
    (
        "runs",
        [
            ("logitscope runs list", "what was trained, and how it went"),
            (
                "logitscope runs chart run1 run2 --out runs.svg",
                "two runs as a picture",
            ),
            ("logitscope runs resume run1 --epochs 5", "go on with one"),
        ],
    ),
    (
        "export",
        [
            (
                "logitscope export run1 model",
                "the best checkpoint, for transformers",
            ),
            (
                "logitscope export run1 model --checkpoint latest",
                "the newest instead",
            ),
            ("logitscope export run1 model --half", "in half the size"),
        ],
    ),
    (
        "bench",
        [
            (
                "logitscope bench",
                "the model, beside what this machine allows",
            ),
            ("logitscope bench --shape gpt2", "the shape of GPT-2"),
            (
                "logitscope bench --precision q8_0 --works decode --rounds 3",
                "one work in one precision",
            ),
        ],
    ),
    (
        "config",
        [
            ("logitscope config path", "where the file of settings is"),
            (
                "logitscope config show",
                "each setting, and where it comes from",
            ),
            ("logitscope config default > config.toml", "a file to edit"),
        ],
    ),
    (
        "man",
        [
            ("logitscope man | man -l -", "read the manual"),
            (
                "logitscope man generate | man -l -",
                "the page of a subcommand",
            ),
            (
                "logitscope man --to ~/.local/share/man/man1",
                "install all pages",
            ),
        ],
    ),
];

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
        "the last session, the history of prompts, the log",
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
const IDLE: [(&str, &[&str]); 8] = [
    ("models", &["model", "device", "precision", "offline"]),
    ("train", &["model"]),
    ("encode", &["device", "precision"]),
    (
        "runs",
        &["model", "device", "precision", "offline", "config"],
    ),
    (
        "export",
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

/// What a person would type to use a subcommand.
pub fn examples(name: &str) -> &'static [(&'static str, &'static str)] {
    let found = EXAMPLES.iter().find(|(known, _)| *known == name);
    found.map_or(&[], |(_, examples)| examples)
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
