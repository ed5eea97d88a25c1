//! The hand-out as Markdown (CommonMark with tables), for those who go on writing in it.

use std::fmt::Write;

use super::colour::origin;
use super::figures::figures;
use super::lesson::ended;
use super::sheet::Paragraphs;
use super::{LessonDone, RunDone, Sheet, Text, chain, run, table, texts};
use crate::decoding::{TokenRecord, display_in_text};
use crate::text::numbers::{bits, percent};
use crate::text::sanitize;

/// The hand-out as Markdown.
pub fn markdown(sheet: &Sheet) -> String {
    let mut out = format!("# {}\n", escaped(&sheet.title()));
    if !sheet.model.is_empty() {
        let _ = write!(
            out,
            "\nWritten by logitscope with the model {}.\n",
            escaped(&sheet.model)
        );
    }
    if let Some(done) = &sheet.lesson {
        lesson(&mut out, done);
    }
    if !sheet.texts.iter().all(|text| text.tokens.is_empty()) {
        if !sheet.prompt.is_empty() {
            let _ = write!(out, "\n## The prompt\n\n{}\n", quoted(&sheet.prompt));
        }
        out.push_str("\n## The text\n");
        for text in &sheet.texts {
            of_text(&mut out, text);
        }
        branches(&mut out, sheet);
    }
    if let Some(done) = &sheet.run {
        training(&mut out, done);
    }
    out
}

fn of_text(out: &mut String, text: &Text) {
    if !text.name.is_empty() {
        let _ = write!(out, "\n### {}\n", escaped(&text.name));
    }
    let _ = write!(out, "\n{}\n\n", quoted(&said(&text.tokens)));
    let _ = writeln!(out, "Drawn with: {}.\n", escaped(&texts::settings(text)));
    for (name, value) in figures(text) {
        let _ = writeln!(out, "- {name}: {value}");
    }
    let chain = chain::rows(text);
    if !chain.is_empty() {
        out.push_str(
            "\n| stage | set to | left, on average | cut, on average |\n|---|---|---:|---:|\n",
        );
        for row in chain {
            let mean = row.mean.map_or_else(
                || "– | –".to_owned(),
                |(kept, cut)| format!("{kept:.1} | {}", percent(cut as f32)),
            );
            let (name, settings) = (row.stage.name(), row.settings);
            let _ = writeln!(out, "| {name} | {settings} | {mean} |");
        }
    }
    out.push_str("\n| # | token | from | odds | rank | bits | after the chain | likeliest |\n|---:|---|---|---:|---:|---:|---:|---|\n");
    for (at, token) in text.tokens.iter().enumerate() {
        let odds = token.odds.map_or_else(
            || " | | ".to_owned(),
            |odds| {
                format!(
                    "{} | {} | {}",
                    percent(odds.probability),
                    odds.rank,
                    bits(odds.surprisal)
                )
            },
        );
        let draw = token.draw.as_ref();
        let after = draw.map_or_else(String::new, |draw| percent(draw.probability));
        let likeliest = text.likeliest.get(at).map_or(&[][..], Vec::as_slice);
        let _ = writeln!(
            out,
            "| {at} | {} | {} | {odds} | {after} | {} |",
            escaped(&display_in_text(&text.tokens, at)),
            origin(token.origin),
            escaped(&table::named(likeliest))
        );
    }
}

fn branches(out: &mut String, sheet: &Sheet) {
    if sheet.branches.is_empty() {
        return;
    }
    out.push_str("\n## The branches\n\n");
    for branch in &sheet.branches {
        let indent = "  ".repeat(branch.depth.min(8));
        let own = branch.tokens.get(branch.fork..).unwrap_or_default();
        let what = if branch.current {
            "the text above".to_owned()
        } else {
            let line = said(own).split_whitespace().collect::<Vec<_>>().join(" ");
            format!("from token {}: {}", branch.fork, escaped(&line))
        };
        let _ = writeln!(out, "{indent}- **{}**, {what}", escaped(&branch.name));
    }
}

fn lesson(out: &mut String, done: &LessonDone) {
    out.push_str("\n## The lesson\n");
    for step in &done.steps {
        let _ = write!(
            out,
            "\n### {} ({})\n\n{}{}",
            escaped(&step.title),
            ended(step.end),
            paragraphs(&step.text),
            paragraphs(&step.said)
        );
    }
    for (title, sentences) in [
        ("What should be clear now", &done.understood),
        ("To think about", &done.questions),
    ] {
        if !sentences.is_empty() {
            let _ = write!(out, "\n### {title}\n\n");
            for sentence in sentences {
                let _ = writeln!(out, "- {}", escaped(sentence));
            }
        }
    }
}

fn paragraphs(paragraphs: &Paragraphs) -> String {
    let run = |(text, strong): &(String, bool)| {
        let text = escaped(text);
        if *strong && !text.trim().is_empty() {
            format!("**{text}**")
        } else {
            text
        }
    };
    paragraphs
        .iter()
        .map(|paragraph| paragraph.iter().map(run).collect::<String>() + "\n\n")
        .collect()
}

fn training(out: &mut String, done: &RunDone) {
    let _ = write!(
        out,
        "\n## The training\n\nThe run {}: {}.\n",
        escaped(&done.name),
        run::so_far(&done.history)
    );
    let validations: Vec<_> = done.history.validations().collect();
    if !validations.is_empty() {
        out.push_str("\n| step | validation loss |\n|---:|---:|\n");
        for validation in validations {
            let _ = writeln!(out, "| {} | {:.4} |", validation.step, validation.loss);
        }
    }
    for set in run::sets(&done.history) {
        let _ = write!(out, "\n### Epoch {:.1}, step {}\n", set.epoch, set.step);
        for text in &set.texts {
            let whole = format!("{}{}", text.prompt, text.text);
            let _ = write!(out, "\n{}\n", quoted(&whole));
        }
    }
}

/// What some tokens say together.
fn said(tokens: &[TokenRecord]) -> String {
    let bytes = |token: &TokenRecord| match token.bytes.as_slice() {
        [] => token.display.clone().into_bytes(),
        bytes => bytes.to_vec(),
    };
    let bytes: Vec<u8> = tokens.iter().flat_map(bytes).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text as a quotation, its lines kept.
fn quoted(text: &str) -> String {
    let line = |line: &str| format!("> {}", escaped(line));
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\\\n").replace("> \\\n", ">\n")
}

/// A text of which no character means anything: control characters are shown as what they are, and all punctuation that
/// Markdown or HTML reads is escaped.
fn escaped(text: &str) -> String {
    let text = sanitize(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' {
            out.push(' ');
            continue;
        }
        if c.is_ascii_punctuation()
            && !matches!(
                c,
                '.' | ',' | ';' | ':' | '?' | '\'' | '"' | '%' | '/' | '(' | ')'
            )
        {
            out.push('\\');
        }
        out.push(c);
    }
    // A number with a dot at the start of a line begins a list, and links begin by their name.
    let ordered = out
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    if ordered.len() < out.trim_start().len() && ordered.starts_with('.') {
        let at = out.len() - ordered.len();
        out.insert(at, '\\');
    }
    out.replace("://", "\\://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_written_means_anything() {
        assert_eq!(
            escaped("<script>|`*_[x](y)"),
            "\\<script\\>\\|\\`\\*\\_\\[x\\](y)"
        );
        assert_eq!(escaped("1. first"), "1\\. first");
        assert_eq!(escaped("a\u{1b}[2J"), "a⟨1B⟩\\[2J");
        assert_eq!(escaped("http://x.y"), "http\\://x.y");
        assert_eq!(quoted("# one\n\ntwo"), "> \\# one\\\n>\n> two");
    }
}
