//! Between what is typed into a field and what the recipe has.

use toml::Value;

use crate::tui::state::train::fields::{Field, Kind};

/// The name with its number counted on; `-2` is added where it has none.
pub fn next_name(name: &str) -> String {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match name[stem.len()..].parse::<u32>() {
        Ok(number) => format!("{stem}{}", u64::from(number) + 1),
        Err(_) => format!("{name}-2"),
    }
}

/// What was typed, as TOML has it.
pub fn value(field: &Field, typed: &str) -> Result<Value, String> {
    match field.kind {
        Kind::Text => Ok(Value::String(typed.to_owned())),
        Kind::List => {
            let parts = typed.split(';').map(str::trim);
            let parts = parts.filter(|part| !part.is_empty());
            Ok(Value::Array(
                parts.map(|part| Value::String(part.to_owned())).collect(),
            ))
        }
        Kind::Whole => match typed.parse::<u32>() {
            Ok(number) => Ok(Value::Integer(i64::from(number))),
            Err(_) => Err(format!("`{typed}` is no whole number from 0 up")),
        },
        Kind::Number => match typed.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(format!("`{typed}` is no number")),
        },
        Kind::Choice(choices) if !choices.contains(&typed) => {
            Err(format!("`{typed}` is none of {}", choices.join(", ")))
        }
        Kind::Choice(_) => Ok(match typed.parse::<bool>() {
            Ok(flag) => Value::Boolean(flag),
            Err(_) => Value::String(typed.to_owned()),
        }),
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
        other => other.to_string(),
    }
}
