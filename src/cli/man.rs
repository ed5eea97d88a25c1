//! `man`: manual pages.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;
use super::help::{ENVIRONMENT, EXIT_STATUS, FILES, examples, with_help};
use super::{CliError, print_bytes};

/// Print the manual page of the program or of a subcommand, or write all pages
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The subcommand
    pub subcommand: Option<String>,
    /// Write a page for the program and for each subcommand into this directory
    #[arg(long, value_name = "DIR", conflicts_with = "subcommand")]
    pub to: Option<PathBuf>,
}

/// Runs the subcommand.
///
/// # Errors
/// When there is no such subcommand, or a page cannot be written.
pub fn run(args: &ManArgs) -> Result<(), CliError> {
    let mut command = with_help(Cli::command());
    // Puts what stands for every subcommand into each.
    command.build();
    if let Some(directory) = &args.to {
        let failed =
            |error: io::Error| CliError::failed(format!("{}: {error}", directory.display()));
        fs::create_dir_all(directory).map_err(failed)?;
        let subcommands = command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help");
        for sub in std::iter::once(&command).chain(subcommands) {
            let path = directory.join(format!("{}.1", title(sub)));
            fs::write(path, page(sub)?).map_err(failed)?;
        }
        return Ok(());
    }
    let Some(name) = &args.subcommand else {
        return print_bytes(&page(&command)?);
    };
    let found = command.get_subcommands().find(|sub| sub.get_name() == name);
    let found = found.ok_or_else(|| {
        let names = command.get_subcommands().map(Command::get_name);
        let names: Vec<&str> = names.filter(|name| *name != "help").collect();
        CliError::usage(format!(
            "there is no subcommand `{name}`; there are {}",
            names.join(", ")
        ))
    })?;
    print_bytes(&page(found)?)
}

/// The page's name: that of the program, and of the subcommand after a hyphen.
fn title(command: &Command) -> String {
    match command.get_name() {
        "logitscope" => "logitscope".to_owned(),
        sub => format!("logitscope-{sub}"),
    }
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let of_program = command.get_name() == "logitscope";
    let man = Man::new(command.clone()).title(title(command));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::new();
    let name = if of_program { "" } else { command.get_name() };
    section(&mut rest, "EXAMPLES", examples(name));
    section(&mut rest, "ENVIRONMENT", &ENVIRONMENT);
    section(&mut rest, "FILES", &FILES);
    section(&mut rest, "EXIT STATUS", &EXIT_STATUS);
    rest.to_writer(&mut page)?;
    if of_program {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

/// A list of things, each with what it is.
fn section(roff: &mut Roff, head: &str, rows: &[(&str, &str)]) {
    if rows.is_empty() {
        return;
    }
    roff.control("SH", [head]);
    for (name, what) in rows {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*what)]);
    }
}
