//! `tree`: what could follow a prompt, and how probable each continuation is as a whole.

use std::path::PathBuf;

use super::chat_args::ChatArgs;
use super::input::TextInput;
use super::json::{Header, Node, Record, TreeTotals};
use super::output::Output;
use super::picture_args::PictureArgs;
use super::progress::Gauge;
use super::sampler_args::SamplerArgs;
use super::table::{Table, TableArgs};
use super::{CliError, interrupt, load, slid, warn};
use crate::chart;
use crate::chart::caption::{end_of, of_model_and_sampler};
use crate::config::Config;
use crate::decoding::{Chooser, Growing, Spread, Tree, TreeSettings, read_prompt};
use crate::text::numbers::percent_in_full;
use crate::tui::GrownTree;

/// Show the most probable continuations of a prompt as a tree, with the probability of each as a whole
#[derive(Debug, clap::Args)]
pub struct TreeArgs {
    #[command(flatten)]
    pub prompt: TextInput,
    /// Tokens from the prompt to a leaf, at most
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub depth: u32,
    /// Follow the N most probable tokens at each place
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub top_n: u32,
    /// Follow the fewest tokens that together have this probability, instead of a number of them
    #[arg(long, value_name = "P", conflicts_with = "top_n", value_parser = probability)]
    pub mass: Option<f64>,
    /// Leave out continuations less probable than this as a whole
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    pub least: f64,
    /// Tokens of the whole tree, at most; the most probable continuations come first
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub tokens: u32,
    /// Draw the tree into a file, .svg or .png (--help: theme, size, title)
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Print a record for each token, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub chat: ChatArgs,
    #[command(flatten)]
    pub sampler: SamplerArgs,
}

const COLUMNS: &[&str] = &[
    "index",
    "parent",
    "depth",
    "id",
    "text",
    "raw_probability",
    "final_probability",
    "joint_probability",
    "ends",
];

/// Characters of the prompt in a chart's title.
const CHART_CONTEXT: usize = 40;

fn probability(typed: &str) -> Result<f64, String> {
    typed
        .parse()
        .ok()
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| "a number from 0 to 1 is expected".to_owned())
}

/// A token of the tree with what hangs on it.
struct Branch {
    /// The token made safe and visible for display.
    display: String,
    probability: f32,
    /// The product of the probabilities from the prompt on.
    cumulated: f64,
    ends: bool,
    children: Vec<Branch>,
}

/// Runs the subcommand.
///
/// # Errors
/// When the prompt is missing, the model cannot be loaded or fails, or the output cannot be written.
pub fn run(args: &TreeArgs, config: &Config) -> Result<(), CliError> {
    args.picture.check("--chart", args.chart.as_deref())?;
    let prompt = args.prompt.require()?;
    let loaded = load(&config.model)?;
    let mut sequence = read_prompt(&loaded, &prompt, &interrupt::came)?;
    if sequence.seen() < sequence.len() {
        let dropped = sequence.len() - sequence.seen();
        warn(&slid(loaded.model.info(), sequence.seen(), dropped));
    }
    let chooser = Chooser::new(&loaded, &config.sampler, config.generation.seed)?;
    let settings = TreeSettings {
        depth: args.depth as usize,
        spread: args
            .mass
            .map_or(Spread::TopN(args.top_n as usize), Spread::Mass),
        least: args.least,
        tokens: args.tokens as usize,
    };
    let mut gauge = Gauge::new();
    let mut growing = Growing::new(&loaded, &mut sequence, &chooser, settings)?;
    let most = most_tokens(settings);
    gauge.count("growing the tree", 0, most);
    while growing.step(&loaded, &chooser, &interrupt::came)? {
        gauge.count("growing the tree", growing.tree().tokens.len(), most);
    }
    drop(gauge);
    let grown = growing.tree();
    if let Some(path) = &args.chart {
        let caption = of_model_and_sampler(loaded.model.info(), &config.sampler);
        let target = args.picture.target(path, &caption);
        let end = end_of(&prompt, CHART_CONTEXT);
        chart::tree(target, grown, &end).map_err(CliError::failed)?;
    }
    let mut output = Output::stdout();
    if args.json {
        let mut header = Header::new("tree")
            .with_model(loaded.model.info(), &config.model)?
            .with_settings(&config.sampler, &config.generation);
        header.prompt = Some(prompt);
        output.json(&Record::Header(&header))?;
        records(&mut output, None, grown)?;
    } else if let Some(table) = args.table.table(COLUMNS) {
        table.head(&mut output)?;
        records(&mut output, Some(table), grown)?;
    } else {
        output.line(&prompt)?;
        print(&mut output, &branches(grown), "")?;
        if grown.is_full {
            output.line(&format!(
                "{} tokens; less probable ones are left out (--tokens)",
                grown.tokens.len()
            ))?;
        }
    }
    output.flush()
}

/// The records of a tree that was grown on the screen, a line each.
///
/// # Errors
/// With the sentence that says why not.
pub fn of_screen(grown: &GrownTree) -> Result<String, String> {
    let line = |record: &Record| serde_json::to_string(record).map_err(|error| error.to_string());
    let mut header = Header::new("tree")
        .with_model(&grown.model, &grown.load)
        .map_err(|error| error.to_string())?
        .with_settings(&grown.sampler, &grown.generation);
    header.prompt = Some(grown.before.clone());
    let mut lines = vec![line(&Record::Header(&header))?];
    for (index, token) in grown.tree.tokens.iter().enumerate() {
        lines.push(line(&Record::Node(Node::of(index, token)))?);
    }
    lines.push(line(&Record::TreeTotals(totals(&grown.tree)))?);
    Ok(lines.join("\n") + "\n")
}

fn totals(tree: &Tree) -> TreeTotals {
    TreeTotals {
        tokens: tree.tokens.len(),
        is_full: tree.is_full,
    }
}

/// How many tokens a tree has at most.
fn most_tokens(settings: TreeSettings) -> usize {
    let Spread::TopN(each) = settings.spread else {
        return settings.tokens;
    };
    let (mut level, mut all) = (1usize, 0usize);
    for _ in 0..settings.depth {
        level = level.saturating_mul(each);
        all = all.saturating_add(level);
    }
    all.min(settings.tokens)
}

/// The tree as records, or as rows of a table.
fn records(output: &mut Output, table: Option<Table>, tree: &Tree) -> Result<(), CliError> {
    for (index, token) in tree.tokens.iter().enumerate() {
        let node = Node::of(index, token);
        match table {
            Some(table) => table.row(output, &node)?,
            None => output.json(&Record::Node(node))?,
        }
    }
    if table.is_some() {
        return Ok(());
    }
    output.json(&Record::TreeTotals(totals(tree)))
}

/// The tree by its branches. Children stand behind their parents, so that those are filled from the last one on.
fn branches(tree: &Tree) -> Vec<Branch> {
    let mut filled: Vec<Vec<Branch>> = tree.tokens.iter().map(|_| Vec::new()).collect();
    let mut roots = Vec::new();
    for (index, token) in tree.tokens.iter().enumerate().rev() {
        let mut children = std::mem::take(&mut filled[index]);
        children.reverse();
        let branch = Branch {
            display: token.display.clone(),
            probability: token.probability,
            cumulated: token.cumulated,
            ends: token.ends,
            children,
        };
        match token.parent {
            Some(parent) => filled[parent].push(branch),
            None => roots.push(branch),
        }
    }
    roots.reverse();
    roots
}

/// A line a token: its probability as a whole, and where it hangs.
fn print(output: &mut Output, branches: &[Branch], before: &str) -> Result<(), CliError> {
    for (index, branch) in branches.iter().enumerate() {
        let is_last = index + 1 == branches.len();
        let (tick, below) = if is_last {
            ("└ ", "  ")
        } else {
            ("├ ", "│ ")
        };
        output.line(&format!(
            "{:>9}  {before}{tick}{}  {}{}",
            percent_in_full(branch.cumulated),
            branch.display,
            percent_in_full(f64::from(branch.probability)),
            if branch.ends { "  end" } else { "" },
        ))?;
        print(output, &branch.children, &format!("{before}{below}"))?;
    }
    Ok(())
}
