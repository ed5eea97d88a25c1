//! Between what is typed into a field and what the recipe has.

use toml::Value;

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
    if !field.takes.is_list() {
        return field.takes.read(&[typed]);
    }
    let parts = typed.split(';').map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    field.takes.read(&parts)
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
