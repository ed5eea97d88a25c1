//! Whether a chat template hands a namespace on. Attributes of a namespace can be set, so one that is handed on can be
//! put into itself, and what holds itself has no end when it is written or compared.

/// A word or a sign of a template's code.
type Piece<'a> = &'a str;

/// Whether a namespace stands anywhere but where it is made (`set name = namespace(…)`) and before what it holds
/// (`name.attribute`, `name['attribute']`).
pub(super) fn are_handed_on(source: &str) -> bool {
    let pieces = pieces(source);
    let at = |index: usize| pieces.get(index).copied().unwrap_or_default();
    let made = |index: usize| {
        // `set name = namespace (`
        index >= 3 && at(index - 3) == "set" && at(index - 1) == "=" && at(index + 1) == "("
    };
    let mut names: Vec<Piece<'_>> = Vec::new();
    for index in (0..pieces.len()).filter(|&index| at(index) == "namespace") {
        if !made(index) {
            return true;
        }
        names.push(at(index - 2));
    }
    (0..pieces.len()).any(|index| {
        let before = index.checked_sub(1).map_or("", at);
        let is_attribute = before == ".";
        let leads_on = [".", "["].contains(&at(index + 1));
        let is_set = before == "set" && at(index + 1) == "=";
        names.contains(&at(index)) && !is_attribute && !leads_on && !is_set
    })
}

/// The code of all tags, without what stands in quotes.
fn pieces(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(begin) = rest.find(['{', '}']) {
        rest = &rest[begin..];
        if !rest.starts_with("{{") && !rest.starts_with("{%") {
            rest = &rest[1..];
            continue;
        }
        rest = &rest[2..];
        while let Some(c) = rest.chars().next() {
            if rest.starts_with("}}") || rest.starts_with("%}") {
                break;
            }
            let length = match c {
                '"' | '\'' => quoted(rest, c),
                c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            let piece = &rest[..length];
            if !c.is_whitespace() && !matches!(c, '"' | '\'' | '-' | '+') {
                pieces.push(piece);
            }
            rest = &rest[length..];
        }
    }
    pieces
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Bytes of the text in quotes that `rest` begins with.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_may_hold_things_and_be_held_by_none() {
        for kept in [
            "{%- set ns = namespace(found=false, n=0) -%}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% if ns['found'] %}ns{% endif %}",
            "ns {{ 'ns' }} {{ other.ns }}{% set ns = namespace() %}",
            "{{ messages }}",
        ] {
            assert!(!are_handed_on(kept), "{kept}");
        }
        for handed_on in [
            "{% set ns = namespace(n=0) %}{% set ns.n = ns %}{{ ns.n }}",
            "{% set ns = namespace() %}{% set a = [ns] %}",
            "{% for n in [namespace()] %}{% set n.n = n %}{% endfor %}",
            "{% set make = namespace %}",
            "{% set ns = namespace() %}{{ f(ns) }}",
        ] {
            assert!(are_handed_on(handed_on), "{handed_on}");
        }
    }
}
