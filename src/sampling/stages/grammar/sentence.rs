//! What is wrong with a grammar, in one sentence with its place.

use super::Source;

/// Characters of a sentence: a library may list all that would have been possible.
const LONGEST: usize = 200;

/// What is wrong with a regular expression by itself.
pub(super) fn of_regex(regex: &str) -> Option<String> {
    let (reason, start) = match regex_syntax::parse(regex).err()? {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start),
        error => return Some(one_line(&error.to_string())),
    };
    let line = match start.line {
        1 => String::new(),
        line => format!("line {line}, "),
    };
    Some(format!("{line}character {}: {reason}", start.column))
}

/// The library's words about `source`. It writes the place as `line(column): `, may draw the line below, and has words for
/// regular expressions within that span lines.
pub(super) fn of_library(source: Source<'_>, error: &str) -> String {
    let error = error.trim();
    if error.starts_with("NoExtensionBias") {
        return "no text of the model's tokens fits it".to_owned();
    }
    let (place, reason) = placed(error);
    let reason = match reason.split_once("(in regex): ") {
        Some((_, inner)) => inner
            .lines()
            .find_map(|line| line.strip_prefix("error: "))
            .unwrap_or(inner),
        None => reason,
    };
    let reason = one_line(reason);
    match (place, source) {
        (Some((line, column)), Source::Lark(_)) => {
            format!("line {line}, column {column}: {reason}")
        }
        _ => reason,
    }
}

/// The line and the column that an error begins with, and the rest of it.
fn placed(error: &str) -> (Option<(usize, usize)>, &str) {
    let place = || {
        let (place, reason) = error.split_once("): ")?;
        let (line, column) = place.strip_prefix("at ").unwrap_or(place).split_once('(')?;
        Some(((line.parse().ok()?, column.parse().ok()?), reason))
    };
    match place() {
        Some((place, reason)) => (Some(place), reason),
        None => (None, error),
    }
}

/// The first line, as a fragment of a sentence.
pub(super) fn one_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    // A feature of the library is nothing that a user can turn on.
    let line = line.replace(" without 'referencing' feature", "");
    let line = line.trim_end_matches(['.', ';']);
    let is_word = line.chars().nth(1).is_some_and(char::is_lowercase);
    let mut line = match line.chars().next() {
        Some(first) if is_word => {
            first.to_lowercase().collect::<String>() + &line[first.len_utf8()..]
        }
        _ => line.to_owned(),
    };
    if let Some((cut, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(cut);
        line.push('…');
    }
    line
}
