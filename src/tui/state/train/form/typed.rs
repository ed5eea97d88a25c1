//! Between what is typed into a field and what the recipe has.

use toml::Value;

use super::paths::{paths, quoted};
use crate::training::recipe::Takes;
use crate::tui::state::train::fields::Field;

/// The name with its number counted on; `-2` is added where it has none.
pub fn next_name(name: &str) -> String {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match name[stem.len()..].parse::<u32>() {
        Ok(number) => format!("{stem}{}", u64::from(number) + 1),
        Err(_) => format!("{name}-2"),
    }
}

/// What was typed, as TOML has it: several values have `;` between.
pub fn value(field: &Field, typed: &str) -> Result<Value, String> {
    if let Takes::Paths = field.takes {
        let paths = paths(typed);
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        return field.takes.read(&paths);
    }
    if !field.takes.is_list() {
        return field.takes.read(&[typed]);
    }
    let parts = typed.split(';').map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    field.takes.read(&parts)
}

/// What was typed, as it stays in the field: paths without the quotes of whoever dropped them.
pub fn tidy(field: &Field, typed: &str) -> String {
    let is_model = field.key.is_some_and(|key| key.path == "model.from");
    match field.takes {
        Takes::Paths => {
            let paths = paths(typed);
            let paths: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
            paths.join("; ")
        }
        _ if is_model => paths(typed).into_iter().next().unwrap_or_default(),
        _ => typed.to_owned(),
    }
}

/// A value of a field as it would be typed into it.
pub fn as_typed(field: &Field, value: &Value) -> String {
    match (field.takes, value) {
        (Takes::Paths, Value::Array(paths)) => {
            let paths = paths.iter().filter_map(Value::as_str).map(quoted);
            paths.collect::<Vec<_>>().join("; ")
        }
        _ => written(value),
    }
}

/// A value as it would be typed.
pub fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().map(written).collect();
            parts.join("; ")
        }
        Value::Float(number) if *number != 0.0 && number.abs() < 1e-3 => format!("{number:e}"),
        // Where a text is cut, which is typed by itself.
        Value::Table(table) if table.contains_key("at") => {
            let text = table.get("at").and_then(Value::as_str).unwrap_or_default();
            text.replace('\\', "\\\\")
                .replace('\n', "\\n")
                .replace('\t', "\\t")
        }
        other => other.to_string(),
    }
}
