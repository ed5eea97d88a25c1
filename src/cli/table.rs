//! Tables for spreadsheets: `--csv` and `--tsv`, from the records of `--json`.

use serde::Serialize;
use serde_json::Value;

use super::CliError;
use super::output::Output;

/// In what form a table is printed.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct TableArgs {
    /// Print the table as comma-separated values
    #[arg(long, conflicts_with_all = ["json", "tsv"])]
    csv: bool,
    /// Print the table as tab-separated values
    #[arg(long, conflicts_with = "json", hide_short_help = true)]
    tsv: bool,
}

impl TableArgs {
    /// A table of these columns, if one was asked for: names of fields, in records within records after dots.
    pub fn table(self, columns: &'static [&'static str]) -> Option<Table> {
        let separator = match (self.csv, self.tsv) {
            (true, _) => ',',
            (_, true) => '\t',
            _ => return None,
        };
        Some(Table { columns, separator })
    }
}

/// Writes a table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    columns: &'static [&'static str],
    separator: char,
}

impl Table {
    /// The names of the columns.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn head(self, output: &mut Output) -> Result<(), CliError> {
        let names = self.columns.iter().map(|name| self.cell(name));
        self.line(output, names.collect())
    }

    /// A record as a row.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn row(self, output: &mut Output, record: &impl Serialize) -> Result<(), CliError> {
        let record = serde_json::to_value(record)?;
        let cells = self.columns.iter().map(|name| {
            let value = name.split('.').fold(&record, |value, part| &value[part]);
            match value {
                Value::Null => String::new(),
                Value::String(text) => self.cell(text),
                other => self.cell(&other.to_string()),
            }
        });
        self.line(output, cells.collect())
    }

    fn line(self, output: &mut Output, cells: Vec<String>) -> Result<(), CliError> {
        output.line(&cells.join(&self.separator.to_string()))
    }

    /// A value as RFC 4180 has it: in quotes where it holds a quote, a separator or a line break.
    fn cell(self, text: &str) -> String {
        let special = |c: char| c == self.separator || matches!(c, '"' | '\n' | '\r');
        if text.contains(special) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let table = |separator| Table {
            columns: &[],
            separator,
        };
        for (text, comma, tab) in [
            ("a", "a", "a"),
            ("a,b", "\"a,b\"", "a,b"),
            ("a\tb", "a\tb", "\"a\tb\""),
            ("say \"no\"", "\"say \"\"no\"\"\"", "\"say \"\"no\"\"\""),
            ("\n", "\"\n\"", "\"\n\""),
        ] {
            assert_eq!(table(',').cell(text), comma);
            assert_eq!(table('\t').cell(text), tab);
        }
    }
}
