//! `models`: what can be loaded without a download, and what a directory or file holds.

use std::path::{Path, PathBuf};

use indicatif::{HumanBytes, HumanCount};

use super::CliError;
use super::json::{Header, Record};
use super::output::Output;
use super::table::TableArgs;
use crate::model::{ModelSummary, describe, models_at_hand};
use crate::text::sanitize;
use crate::training::{RUNS, run_model};
use crate::tui::cell_width;

/// List the models at hand, the embedded one and those in the hub's cache, or describe one
#[derive(Debug, clap::Args)]
pub struct ModelsArgs {
    /// Describe this directory, GGUF file or run instead
    pub path: Option<PathBuf>,
    /// Print a record for each model, one line of JSON each (docs/json.md)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub table: TableArgs,
}

const COLUMNS: &[&str] = &[
    "source",
    "path",
    "size_bytes",
    "architecture",
    "parameters",
    "context_length",
    "form",
    "licence",
    "chat",
    "problem",
];

/// Runs the subcommand.
///
/// # Errors
/// When there is no such path, or the output cannot be written.
pub fn run(args: &ModelsArgs) -> Result<(), CliError> {
    let models = match &args.path {
        Some(path) => {
            let run = run_model(&path.to_string_lossy(), Path::new(RUNS));
            let run = run.map_err(CliError::failed)?.map(|run| run.path);
            let path = run.as_deref().unwrap_or(path);
            vec![describe(path).map_err(CliError::failed)?]
        }
        None => models_at_hand(),
    };
    let mut output = Output::stdout();
    if let Some(table) = args.table.table(COLUMNS) {
        table.head(&mut output)?;
        for model in &models {
            table.row(&mut output, model)?;
        }
        return output.flush();
    }
    if args.json {
        output.json(&Record::Header(&Header::new("models")))?;
        for model in &models {
            output.json(&Record::Model(model))?;
        }
        return output.flush();
    }
    let rows: Vec<_> = models.iter().map(row).collect();
    let widths = widths(&rows);
    output.line(&line(&HEADS.map(|(head, _)| head.to_owned()), &widths))?;
    for (model, row) in models.iter().zip(&rows) {
        output.line(&line(row, &widths))?;
        if let Some(problem) = &model.problem {
            output.line(&format!("  cannot be loaded: {problem}"))?;
        }
    }
    if args.path.is_none() {
        output.line(
            "\nAlso: --model DIR for a directory in Hugging Face layout, --model FILE.gguf, --model ID for a hub model such as gpt2 or distilgpt2.",
        )?;
    }
    output.flush()
}

/// The columns, and whether their values stand at the right.
const HEADS: [(&str, bool); 8] = [
    ("model", false),
    ("size", true),
    ("architecture", false),
    ("parameters", true),
    ("context", true),
    ("weights", false),
    ("licence", false),
    ("chat", false),
];

type Cells = [String; HEADS.len()];

/// As wide as the widest value of each column, whatever a path's length.
fn widths(rows: &[Cells]) -> [usize; HEADS.len()] {
    std::array::from_fn(|at| {
        let values = rows.iter().map(|row| cell_width(&row[at]));
        values.max().unwrap_or(0).max(HEADS[at].0.len())
    })
}

fn line(cells: &Cells, widths: &[usize; HEADS.len()]) -> String {
    let mut line = String::new();
    for ((cell, width), (_, right)) in cells.iter().zip(widths).zip(HEADS) {
        let fill = " ".repeat(width - cell_width(cell));
        let (before, after) = if right {
            (fill.as_str(), "")
        } else {
            ("", fill.as_str())
        };
        line += &format!("{before}{cell}{after}  ");
    }
    line.trim_end().to_owned()
}

fn row(model: &ModelSummary) -> Cells {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let count = |value: Option<usize>| {
        value.map_or_else(
            || "-".to_owned(),
            |value| HumanCount(value as u64).to_string(),
        )
    };
    [
        sanitize(&model.source).into_owned(),
        HumanBytes(model.bytes).to_string(),
        text(&model.architecture),
        count(model.parameters),
        count(model.context_length),
        text(&model.form),
        text(&model.licence),
        if model.chat { "yes" } else { "-" }.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_their_heads_whatever_a_path_is_long() {
        let model = |source: &str, licence: Option<&str>| ModelSummary {
            source: source.to_owned(),
            path: None,
            bytes: 21_000_000,
            architecture: Some("gpt2".to_owned()),
            parameters: Some(5_300_000),
            context_length: Some(256),
            quantisation: None,
            form: Some("safetensors f32".to_owned()),
            licence: licence.map(str::to_owned),
            chat: false,
            problem: None,
        };
        let models = [
            model("embedded", Some("mit or apache-2.0")),
            model("/a/very/long/path/to/a/模型/that/someone/has", None),
        ];
        let rows: Vec<_> = models.iter().map(row).collect();
        let widths = widths(&rows);
        let table: Vec<String> = std::iter::once(HEADS.map(|(head, _)| head.to_owned()))
            .chain(rows)
            .map(|cells| line(&cells, &widths))
            .collect();
        // The cells before a text, since some characters take two.
        let place = |line: &str, text: &str| cell_width(&line[..line.find(text).expect(text)]);
        for line in &table[1..] {
            assert_eq!(
                place(line, "gpt2"),
                place(&table[0], "architecture"),
                "{table:#?}"
            );
            let end = place(line, "5,300,000") + "5,300,000".len();
            assert_eq!(end, place(&table[0], "parameters") + "parameters".len());
        }
        assert_eq!(place(&table[1], "mit"), place(&table[0], "licence"));
        assert!(place(&table[0], "chat") > place(&table[1], "apache-2.0"));
    }
}
