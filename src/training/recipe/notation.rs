//! How values of a recipe are written on the command line and in the form.

use std::path::Path;

use toml::{Table, Value};

use crate::text::read_text;

/// A list of words that is larger is none, in bytes.
const LARGEST_LIST: u64 = 16_000_000;

pub(super) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    Value::Array(texts.map(|text| Value::String(text.to_owned())).collect())
}

pub(super) fn whole(text: &str) -> Result<Value, String> {
    match text.parse::<u32>() {
        Ok(number) => Ok(Value::Integer(i64::from(number))),
        Err(_) => Err(format!("`{text}` is no whole number from 0 up")),
    }
}

pub(super) fn real(text: &str) -> Result<Value, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        _ => Err(format!("`{text}` is no number")),
    }
}

/// What is false and what is true, by their names.
pub(super) fn truth(names: &[&str; 2], text: &str) -> Result<Value, String> {
    match names.iter().position(|name| *name == text) {
        Some(at) => Ok(Value::Boolean(at == 1)),
        None => Err(format!("`{text}` is none of {}", names.join(", "))),
    }
}

pub(super) fn one_of(choices: &[&str], text: &str) -> Result<Value, String> {
    if choices.contains(&text) {
        Ok(Value::String(text.to_owned()))
    } else {
        Err(format!("`{text}` is none of {}", choices.join(", ")))
    }
}

/// The words of a list, one a line, without remarks.
pub(super) fn lines(path: &str) -> Result<Value, String> {
    let text = read_text(Path::new(path), LARGEST_LIST).map_err(|error| error.to_string())?;
    let lines = text.lines().map(str::trim);
    Ok(texts(
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')),
    ))
}

/// What stays as it is: a word, or the first blocks.
pub(super) fn frozen(text: &str) -> Result<Value, String> {
    let first = text.strip_prefix("first=").map(whole);
    match (text, first) {
        ("nothing" | "all_but_layers", _) => Ok(Value::String(text.to_owned())),
        (_, Some(Ok(blocks))) => Ok(table("first", blocks)),
        _ => Err("use nothing, all_but_layers or first=N".to_owned()),
    }
}

/// What separates columns.
pub(super) fn separator(text: &str) -> Result<Value, String> {
    match text {
        "tab" | "\\t" => Ok(Value::String("\t".to_owned())),
        one if one.len() == 1 => Ok(Value::String(one.to_owned())),
        _ => Err("give one ASCII character, or `tab`".to_owned()),
    }
}

/// What is put around a text.
pub(super) fn around(text: &str) -> Result<Value, String> {
    let (start, end) = text
        .split_once(',')
        .ok_or("give a start and an end with a comma between")?;
    Ok(texts([start, end].into_iter()))
}

/// Where a file is cut into documents.
pub(super) fn cut(text: &str) -> Result<Value, String> {
    match text {
        "file" | "lines" => Ok(Value::String(text.to_owned())),
        text => Ok(table("at", unescaped(text)?)),
    }
}

fn table(key: &str, value: Value) -> Value {
    Value::Table(Table::from_iter([(key.to_owned(), value)]))
}

/// A text in which `\n`, `\r`, `\t` and `\\` stand for what they do elsewhere, since no shell's quotes are alike.
pub(super) fn unescaped(given: &str) -> Result<Value, String> {
    let mut text = String::new();
    let mut rest = given.chars();
    while let Some(c) = rest.next() {
        let escaped = match (c, rest.clone().next()) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('\\')) => Some('\\'),
            _ => None,
        };
        if escaped.is_some() {
            rest.next();
        }
        text.push(escaped.unwrap_or(c));
    }
    Ok(Value::String(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_can_be_written() {
        let text = |given: &str| unescaped(given).expect("a text");
        let value = |text: &str| Value::String(text.to_owned());
        assert_eq!(text(r"\n====\n"), value("\n====\n"));
        assert_eq!(text("\n\n"), value("\n\n"));
        assert_eq!(text(r"a\tb\\n\x\"), value("a\tb\\n\\x\\"));
    }

    #[test]
    fn blocks_are_frozen_by_their_number() {
        assert_eq!(frozen("first=3"), Ok(table("first", Value::Integer(3))));
        assert!(frozen("nothing").is_ok() && frozen("all_but_layers").is_ok());
        for wrong in ["", "first", "first=", "first=-1", "second=3"] {
            assert!(frozen(wrong).is_err(), "{wrong}");
        }
    }
}
