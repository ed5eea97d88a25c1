//! Prose with blanks, which are filled in from the screen.

use unicode_width::UnicodeWidthChar;

use super::Problem;

/// A blank: `{name}` or `{name:of}`; with `was` in front, what it was when the step began.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Blank {
    pub name: String,
    /// What it is about: a rank, a token in quotes, the name of a key.
    pub of: Option<String>,
    /// Whether what it was is meant, and not what it is.
    pub was: bool,
}

impl Blank {
    /// Reads what stands between the braces.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let past = text.strip_prefix("was ");
        let (name, of) = match past.unwrap_or(text).split_once(':') {
            // A token may begin with a space, but then it stands in quotes.
            Some((name, of)) => (name, Some(of.trim().to_owned())),
            None => (past.unwrap_or(text), None),
        };
        Self {
            name: name.trim().to_owned(),
            of,
            was: past.is_some(),
        }
    }

    /// The same of the present.
    pub fn now(&self) -> Self {
        Self {
            was: false,
            ..self.clone()
        }
    }
}

impl std::fmt::Display for Blank {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.of {
            Some(of) => write!(out, "{}:{of}", self.name),
            None => write!(out, "{}", self.name),
        }
    }
}

/// A part of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Words {
        text: String,
        strong: bool,
    },
    Blank {
        blank: Blank,
        strong: bool,
        /// The line of the file.
        line: usize,
    },
}

/// One paragraph.
pub type Paragraph = Vec<Piece>;

/// Paragraphs with blanks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose {
    pub paragraphs: Vec<Paragraph>,
}

impl Prose {
    /// Reads Markdown, given as lines with their numbers: paragraphs, and `**what is strong**`. `{{` stands for a brace.
    ///
    /// # Errors
    /// When a brace or a pair of asterisks is not closed in its paragraph.
    pub(super) fn read(file: &str, lines: &[(usize, &str)]) -> Result<Self, Problem> {
        let mut paragraphs = Vec::new();
        for paragraph in lines.split(|(_, line)| line.trim().is_empty()) {
            if !paragraph.is_empty() {
                paragraphs.push(read_paragraph(file, paragraph)?);
            }
        }
        Ok(Self { paragraphs })
    }

    pub fn is_empty(&self) -> bool {
        self.paragraphs.is_empty()
    }

    /// All blanks, each with its line.
    pub fn blanks(&self) -> impl Iterator<Item = (&Blank, usize)> {
        self.paragraphs
            .iter()
            .flatten()
            .filter_map(|piece| match piece {
                Piece::Blank { blank, line, .. } => Some((blank, *line)),
                Piece::Words { .. } => None,
            })
    }

    /// Its paragraphs with the blanks filled in, in runs of text that are strong or not. What is not known yet is an
    /// ellipsis.
    pub fn filled(&self, fill: impl Fn(&Blank) -> Option<String>) -> Vec<Vec<(String, bool)>> {
        let piece = |piece: &Piece| match piece {
            Piece::Words { text, strong } => (text.clone(), *strong),
            Piece::Blank { blank, strong, .. } => {
                (fill(blank).unwrap_or_else(|| "…".to_owned()), *strong)
            }
        };
        let filled = |paragraph: &Paragraph| paragraph.iter().map(piece).collect();
        self.paragraphs.iter().map(filled).collect()
    }
}

/// Whether a line goes on where the one before ended, with no space between: wide characters stand beside each other so,
/// and beside a blank. `last` is none behind a blank.
fn joins(last: Option<char>, line: &str) -> bool {
    let is_wide = |c: char| c.width() == Some(2);
    let line = line.trim_start_matches("**");
    let is_blank = line.starts_with('{') && !line.starts_with("{{");
    let first = line.chars().next().filter(|_| !is_blank);
    match (last, first) {
        (Some(last), Some(first)) => is_wide(last) && is_wide(first),
        (Some(one), None) | (None, Some(one)) => is_wide(one),
        (None, None) => false,
    }
}

fn read_paragraph(file: &str, lines: &[(usize, &str)]) -> Result<Paragraph, Problem> {
    let mut pieces = Vec::new();
    let (mut words, mut strong) = (String::new(), None);
    let end_words = |words: &mut String, strong: bool, pieces: &mut Paragraph| {
        if !words.is_empty() {
            pieces.push(Piece::Words {
                text: std::mem::take(words),
                strong,
            });
        }
    };
    for (at, (number, line)) in lines.iter().enumerate() {
        let wrong = |message: &str| Problem {
            file: file.to_owned(),
            line: *number,
            message: message.to_owned(),
        };
        let mut rest = line.trim();
        if at > 0 && !joins(words.chars().last(), rest) {
            words.push(' ');
        }
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{") {
                words.push('{');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let end = after.find('}');
                let end = end.ok_or_else(|| {
                    wrong("a brace is open at the end of the line: write } behind the name, or {{ for a brace")
                })?;
                end_words(&mut words, strong.is_some(), &mut pieces);
                pieces.push(Piece::Blank {
                    blank: Blank::read(&after[..end]),
                    strong: strong.is_some(),
                    line: *number,
                });
                rest = &after[end + 1..];
            } else if let Some(after) = rest.strip_prefix("**") {
                end_words(&mut words, strong.is_some(), &mut pieces);
                strong = match strong {
                    Some(_) => None,
                    None => Some(*number),
                };
                rest = after;
            } else {
                words.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if let Some(line) = strong {
        return Err(Problem {
            file: file.to_owned(),
            line,
            message: "** is open at the end of the paragraph: write ** behind what is strong"
                .to_owned(),
        });
    }
    end_words(&mut words, false, &mut pieces);
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Prose, Problem> {
        let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
        Prose::read("a.md", &lines)
    }

    fn plain(prose: &Prose) -> Vec<String> {
        let fill = |blank: &Blank| (blank.name != "unknown").then(|| format!("<{blank}>"));
        let paragraphs = prose.filled(fill).into_iter();
        let joined = paragraphs.map(|pieces| pieces.into_iter().map(|(text, _)| text).collect());
        joined.collect()
    }

    #[test]
    fn blanks_are_filled_and_lines_joined() {
        let prose =
            read("One {p:1} of\n{ token:\" a\" }.\n\nTwo {unknown} {{sets}.").expect("fine");
        assert_eq!(
            plain(&prose),
            ["One <p:1> of <token:\" a\">.", "Two … {sets}."]
        );
        let lines: Vec<usize> = prose.blanks().map(|(_, line)| line).collect();
        assert_eq!(lines, [1, 2, 4]);
    }

    #[test]
    fn lines_of_wide_characters_are_joined_without_a_space() {
        let joined = |text| plain(&read(text).expect("fine")).swap_remove(0);
        assert_eq!(joined("模型看到\n词元。\n它"), "模型看到词元。它");
        assert_eq!(joined("按\n{key}\n看。"), "按<key>看。");
        assert_eq!(joined("这是\n**强**的"), "这是强的");
        // Between others, and beside them, a space stands as ever.
        assert_eq!(joined("词元 token\ntoken 词元"), "词元 token token 词元");
        assert_eq!(joined("词\ntoken"), "词 token");
        assert_eq!(joined("press\n{key}\n{key}\nnow"), "press <key> <key> now");
    }

    #[test]
    fn what_was_is_told_from_what_is() {
        let blank = Blank::read("was p:1");
        assert!(blank.was && blank.name == "p" && blank.of.as_deref() == Some("1"));
        assert_eq!(blank.now(), Blank::read("p:1"));
        assert!(!Blank::read("wasp").was);
    }

    #[test]
    fn what_is_strong_is_marked() {
        let prose = read("a **b {u}** c").expect("fine");
        let strong: Vec<(String, bool)> = prose.filled(|_| Some("0.5".to_owned())).swap_remove(0);
        let expected = [("a ", false), ("b ", true), ("0.5", true), (" c", false)];
        assert_eq!(strong, expected.map(|(text, on)| (text.to_owned(), on)));
    }

    #[test]
    fn what_is_open_is_named_with_its_line() {
        assert_eq!(read("a\n{b").expect_err("open").line, 2);
        assert_eq!(read("a\n\n**b\nc").expect_err("open").line, 3);
    }
}
