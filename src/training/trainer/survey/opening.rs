//! What a corpus proposes to be watched by: how its texts begin, and words that it continues in one way.

use std::collections::HashMap;

/// Words of a prompt.
const PROMPT: usize = 4;
/// Words of a probe; what is watched is the next one.
const PROBE: usize = 3;
/// So often words have to stand in a corpus to be a habit of it.
const HABIT: usize = 3;

/// How lines begin most often; else how the first does that has words.
pub(super) fn prompt(texts: &[String]) -> Option<String> {
    let lines = || texts.iter().flat_map(|text| text.lines());
    let beginnings = lines().filter_map(|line| {
        let words: Vec<&str> = plain_words(line).take(PROMPT).collect();
        (words.len() == PROMPT).then_some(words)
    });
    let first = || {
        let words = lines().map(|line| plain_words(line).take(PROMPT).collect::<Vec<_>>());
        words.into_iter().find(|words| !words.is_empty())
    };
    let usual = most_frequent(beginnings).filter(|(_, times)| *times >= HABIT);
    let words = usual.map(|(words, _)| words).or_else(first)?;
    Some(words.join(" "))
}

/// The words before the one that most often follows the same words, within a line: how lines begin is the prompt's.
pub(super) fn probe(texts: &[String]) -> Option<String> {
    let lines = texts.iter().flat_map(|text| text.lines());
    let runs = lines.flat_map(|line| {
        let words: Vec<&str> = plain_words(line).collect();
        let runs: Vec<Vec<&str>> = words
            .windows(PROBE + 1)
            .skip(1)
            .map(<[&str]>::to_vec)
            .collect();
        runs
    });
    let (words, _) = most_frequent(runs).filter(|(_, times)| *times >= HABIT)?;
    Some(words[..PROBE].join(" "))
}

/// Words that can be shown and typed: up to the first one that holds a control character.
fn plain_words(line: &str) -> impl Iterator<Item = &str> {
    /// A longer one is no word.
    const LONGEST: usize = 30;
    let is_plain = |word: &&str| word.len() <= LONGEST && !word.chars().any(char::is_control);
    line.split_whitespace().take_while(is_plain)
}

/// The one that comes most often; of several, the one that comes first.
fn most_frequent<'a>(all: impl Iterator<Item = Vec<&'a str>>) -> Option<(Vec<&'a str>, usize)> {
    let mut found: HashMap<Vec<&str>, (usize, usize)> = HashMap::new();
    for (place, words) in all.enumerate() {
        found.entry(words).or_insert((0, place)).0 += 1;
    }
    let most = found
        .into_iter()
        .max_by_key(|(_, (times, place))| (*times, std::cmp::Reverse(*place)));
    most.map(|(words, (times, _))| (words, times))
}
