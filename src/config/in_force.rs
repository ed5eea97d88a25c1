//! A setting to be shown, with where it was set.

use std::fmt::{self, Display};

use toml::Value;

use super::Origin;
use crate::text::sanitize;

/// A setting in force, which displays as one line of TOML with where it was set behind.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce<'a> {
    /// The key with its table, such as `sampler.top_k`.
    pub key: &'a str,
    pub value: &'a Value,
    pub origin: &'a Origin,
}

impl Display for InForce<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!(
            "{} = {}  # {}",
            self.key,
            in_one_line(self.value),
            self.origin
        );
        formatter.write_str(&sanitize(&line))
    }
}

/// A value as TOML without line breaks, which the library puts into texts that have some.
fn in_one_line(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(in_one_line).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(table) => {
            let entries: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", quoted(key), in_one_line(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A text as JSON writes it, which TOML reads the same.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_one_line_that_reads_back() {
        let document = r##"value = ["\n", "a\"\\", 'é', -inf, 1.0, 3, true, {}, { " the" = -2.5, "#3" = 1 }]"##;
        let table: toml::Table = document.parse().unwrap();
        let value = &table["value"];
        let origin = Origin::Default;
        let shown = InForce {
            key: "value",
            value,
            origin: &origin,
        }
        .to_string();
        assert_eq!(shown.lines().count(), 1, "{shown}");
        assert_eq!(shown.parse::<toml::Table>().unwrap(), table);
    }
}
