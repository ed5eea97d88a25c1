//! What takes long without a screen: its progress is a bar with the time left, whatever becomes of standard output, and an
//! interrupt clears it, says so, and ends with what was done.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::logitscope;
use crate::terminal::Playground;

const SOON: Duration = Duration::from_secs(60);

/// A command that takes long.
struct Long {
    /// The subcommand first.
    args: &'static [&'static str],
    /// What its bar says it does.
    does: &'static str,
    /// What is said after the interrupt.
    says: &'static str,
    /// What standard output begins with by then; empty where there is nothing to keep yet.
    keeps: &'static str,
}

const fn long(args: &'static [&'static str], does: &'static str, keeps: &'static str) -> Long {
    Long {
        args,
        does,
        says: "interrupted",
        keeps,
    }
}

macro_rules! long {
    ($($name:ident: $long:expr;)*) => {
        const LONG: &[Long] = &[$($long),*];

        $(#[test]
        fn $name() {
            is_interrupted(&$long);
        })*
    };
}

long! {
    generate: long(
        &[
            "generate",
            "Once",
            "-n",
            "90",
            "--max-tokens",
            "2000",
            "--ignore-end",
            "--allow-loops",
        ],
        "generating",
        "Once",
    );
    generate_draft: long(
        &[
            "generate",
            "Once",
            "--draft",
            "embedded",
            "--max-tokens",
            "9000",
            "--ignore-end",
            "--allow-loops",
        ],
        "generating",
        "Once",
    );
    generate_prompts: long(
        &[
            "generate",
            "--lines",
            "-f",
            "lines.txt",
            "--batch",
            "8",
            "--json",
            "--ignore-end",
        ],
        "generating",
        "{\"kind\":\"header\"",
    );
    score_file: long(
        &["score", "-f", "long.txt", "--json"],
        "scoring",
        "{\"kind\":\"header\"",
    );
    score_lines: long(
        &["score", "--lines", "-f", "lines.txt", "--summary"],
        "scoring",
        "",
    );
    odds: long(
        &["odds", "--lines", "-f", "lines.txt"],
        "reading prompts",
        "prompt 0",
    );
    odds_over: long(
        &[
            "odds",
            "--lines",
            "-f",
            "lines.txt",
            "--over",
            "temperature=0.1..2/150",
        ],
        "turning",
        "",
    );
    tree: long(
        &[
            "tree", "Once", "--depth", "16", "--top-n", "4", "--tokens", "100000", "--least", "0",
        ],
        "growing the tree",
        "",
    );
    diff: long(
        &["diff", "embedded", "embedded", "-f", "long.txt"],
        "comparing",
        "position",
    );
    compare: long(
        &[
            "compare",
            "Once",
            "-l",
            "top_k=5",
            "-l",
            "top_k=9",
            "--seeds",
            "900",
            "--max-tokens",
            "400",
            "--ignore-end",
        ],
        "drawing",
        "A  top_k=5",
    );
    bench: long(
        &["bench", "--rounds", "900", "--training", "none"],
        "measuring",
        "",
    );
    train: Long {
        args: &[
            "train",
            "long.txt",
            "--run-name",
            "r",
            "--steps",
            "90000",
            "--batch",
            "2",
            "--context",
            "16",
            "--validation",
            "0",
            "--layers",
            "1",
            "--heads",
            "1",
            "--width",
            "16",
            "--tokenizer",
            "embedded",
        ],
        does: "/90000",
        says: "saving and stopping",
        keeps: "",
    };
    finetune: Long {
        args: &[
            "finetune",
            "long.txt",
            "--run-name",
            "r",
            "--steps",
            "90000",
            "--batch",
            "2",
            "--context",
            "16",
            "--validation",
            "0",
        ],
        does: "/90000",
        says: "saving and stopping",
        keeps: "",
    };
    encode: Long {
        args: &["encode", "vast.txt", "--out", "vast.tokens"],
        does: "iB/",
        says: "saving and stopping",
        keeps: "",
    };
    runs_resume: Long {
        args: &["runs", "resume", "r", "--steps", "90000"],
        does: "/90000",
        says: "saving and stopping",
        keeps: "",
    };
}

/// Those that are over at once, or wait for a person, or have a screen of their own.
const SHORT: [&str; 12] = [
    "play",
    "learn",
    "guess",
    "tokens",
    "models",
    "export",
    "session",
    "config",
    "completions",
    "man",
    "runs",
    "help",
];

fn texts(home: &Path) {
    let line = "The king said to the queen that it was late.\n";
    fs::write(home.join("long.txt"), line.repeat(3000)).expect("written");
    fs::write(home.join("lines.txt"), line.repeat(9000)).expect("written");
}

/// The command in a terminal of 80 columns, its standard output in the file `out`.
fn started(args: &[&str]) -> Playground {
    Playground::open_with(80, 24, args, |command| {
        let own: Vec<_> = command.get_argv().clone();
        let argv = command.get_argv_mut();
        *argv = ["/bin/sh", "-c", "exec \"$0\" \"$@\" > out"]
            .map(Into::into)
            .to_vec();
        argv.extend(own);
        let home = command.get_cwd().cloned().expect("a home");
        texts(home.as_ref());
        if args.contains(&"vast.txt") {
            let line = "The king said to the queen that it was late.\n";
            fs::write(Path::new(&home).join("vast.txt"), line.repeat(900_000)).expect("written");
        }
        if args.contains(&"resume") {
            let train = LONG.iter().find(|long| long.args[0] == "train");
            let made = logitscope(home.as_ref())
                .current_dir(&home)
                .args(train.expect("listed").args)
                .args(["--steps", "2"])
                .output();
            assert!(made.expect("it runs").status.success());
        }
    })
}

/// It shows a bar with the time left, and clears it when it is interrupted.
fn is_interrupted(long: &Long) {
    let Long {
        args,
        does,
        says,
        keeps,
    } = *long;
    let mut terminal = started(args);
    let is_bar =
        |line: &str| line.contains(does) && line.contains(['█', '░']) && line.contains(" left");
    let shown = terminal.until(does, |text| text.lines().any(is_bar));
    let bars = shown.lines().filter(|line| line.contains(['█', '░']));
    assert_eq!(bars.count(), 1, "{shown}");
    terminal.press("\x03");
    terminal.until_shows(says);
    let status = terminal.until_ended(SOON);
    assert_eq!(status.exit_code(), 130);
    let left = terminal.rest();
    assert!(!left.contains(['█', '░']), "{left}");
    let kept = fs::read_to_string(terminal.home().join("out")).expect("read");
    assert!(kept.starts_with(keeps), "{kept:.200}");
    assert!(keeps.is_empty() || kept.ends_with('\n'), "{kept}");
    if args.contains(&"r") {
        let kept = terminal.home().join("runs/r/checkpoints");
        assert!(kept.read_dir().expect("checkpoints").count() > 0);
    }
}

#[test]
fn every_subcommand_is_known_to_be_long_or_short() {
    let help = Command::new(env!("CARGO_BIN_EXE_logitscope"))
        .arg("--help")
        .output()
        .expect("it runs");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let (_, commands) = help.split_once("Commands:\n").expect("a list");
    let names: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.contains(&"generate"), "{names:?}");
    for name in names {
        let is_long = LONG.iter().any(|long| long.args[0] == name);
        assert!(
            is_long || SHORT.contains(&name),
            "{name}: how long does it take? List it in this file"
        );
    }
}

#[test]
fn what_is_quiet_shows_no_bar() {
    let args = [
        "--quiet",
        "score",
        "--lines",
        "-f",
        "lines.txt",
        "--summary",
    ];
    let mut terminal = Playground::open_with(80, 24, &args, |command| {
        let own: Vec<_> = command.get_argv().clone();
        let argv = command.get_argv_mut();
        *argv = ["/bin/sh", "-c", "exec \"$0\" \"$@\" > out"]
            .map(Into::into)
            .to_vec();
        argv.extend(own);
        let home = command.get_cwd().cloned().expect("a home");
        let line = "The king said to the queen that it was late.\n";
        fs::write(Path::new(&home).join("lines.txt"), line.repeat(40)).expect("written");
    });
    let status = terminal.until_ended(SOON);
    assert_eq!((status.exit_code(), terminal.rest().trim()), (0, ""));
}

#[test]
fn a_game_of_guesses_ends_with_the_first_interrupt() {
    let mut terminal = Playground::open(80, 24, &["guess"]);
    terminal.until_shows("guess 1:");
    terminal.press("x\n");
    terminal.until_shows("guess 2:");
    terminal.press("\x03");
    terminal.until_shows("interrupted");
    assert_eq!(terminal.until_ended(SOON).exit_code(), 130);
}
