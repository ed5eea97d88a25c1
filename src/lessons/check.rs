//! What is wrong with a lesson beyond its form: names that nothing has, values that cannot be, sentences that do not fit.

use unicode_width::UnicodeWidthStr;

use super::condition::{Relation, Test, Value};
use super::setup::At;
use super::tables::Kind;
use super::{Blank, Condition, Key, Lesson, Piece, Problem, Prose, Step, Tables};

/// Cells of a line, and lines, that a step's text has on a terminal of 80 columns and 24 rows.
const COLUMNS: usize = 76;
const ROWS: usize = 4;
/// The hint comes below the text.
const HINT_ROWS: usize = 3;
/// What is counted for a blank.
const CELLS_OF_BLANK: usize = 7;

/// All that is wrong with a lesson that was read, in the order of its lines.
pub fn check(lesson: &Lesson, tables: &dyn Tables) -> Vec<Problem> {
    let mut check = Check {
        file: &lesson.file,
        tables,
        problems: Vec::new(),
    };
    for step in &lesson.steps {
        check.step(step);
    }
    check.problems.sort_by_key(|problem| problem.line);
    check.problems
}

struct Check<'a> {
    file: &'a str,
    tables: &'a dyn Tables,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn wrong(&mut self, line: usize, message: String) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line,
            message,
        });
    }

    fn step(&mut self, step: &Step) {
        let setup = &step.setup;
        if setup.wait.is_empty() {
            self.wrong(
                step.line,
                "the step waits for nothing: its block needs wait = [\"…\"]".to_owned(),
            );
        }
        let panes = self.tables.panes();
        for pane in setup.focus.iter().chain(&setup.hide) {
            self.known("pane", pane.line, &pane.value, &panes);
        }
        if let Some(preset) = &setup.preset {
            self.known("preset", preset.line, &preset.value, &self.tables.presets());
        }
        if let Some(knob) = &setup.knob {
            self.known("knob", knob.line, &knob.value, &self.tables.knobs());
        }
        if let Some(demonstration) = &setup.demonstration {
            let known = self.tables.demonstrations();
            self.known(
                "demonstration",
                demonstration.line,
                &demonstration.value,
                &known,
            );
        }
        for At {
            line,
            value: (name, value),
        } in &setup.knobs
        {
            if self.known("knob", *line, name, &self.tables.knobs())
                && let Err(message) = self.tables.try_knob(name, value)
            {
                self.wrong(*line, format!("{name}: {message}"));
            }
        }
        for condition in &setup.wait {
            self.condition(condition);
        }
        let actions = self.tables.actions();
        for key in setup.wrong.iter().chain(&setup.right) {
            if let Key::Action(name) = &key.value {
                self.known("key", key.line, name, &actions);
            }
        }
        for (prose, rows) in [
            (&step.text, ROWS),
            (&step.hint, HINT_ROWS),
            (&step.done, ROWS),
        ] {
            self.prose(prose, rows, step.line);
        }
    }

    /// Says so where a name is nobody's. Returns whether it is somebody's.
    fn known(&mut self, what: &str, line: usize, name: &str, known: &[impl AsRef<str>]) -> bool {
        let is_known = known.iter().any(|one| one.as_ref() == name);
        if !is_known {
            let nearest = nearest(name, known);
            self.wrong(
                line,
                format!("there is no {what} {name}; did you mean {nearest}?"),
            );
        }
        is_known
    }

    fn condition(&mut self, At { line, value }: &At<Condition>) {
        let Some(kind) = self.figure(*line, &value.figure) else {
            return;
        };
        let name = &value.figure;
        let Test::Compared(relation, to) = &value.test else {
            if kind != Kind::Number && value.test != Test::Changed {
                self.wrong(*line, format!("{name} is a word, which can only change"));
            }
            return;
        };
        match (kind, to) {
            (Kind::Number, Value::Text(text)) => {
                self.wrong(*line, format!("{name} is a number, and {text} is none"));
            }
            (Kind::OneOf(words), Value::Text(text)) => {
                self.known(&format!("{name} that is"), *line, text, &words);
            }
            (Kind::OneOf(_) | Kind::Text, _)
                if !matches!(
                    relation,
                    Relation::Is | Relation::IsNot | Relation::Contains
                ) =>
            {
                self.wrong(*line, format!("{name} is a word, which has no order"));
            }
            (Kind::OneOf(words), Value::Number(number)) => {
                self.known(
                    &format!("{name} that is"),
                    *line,
                    &number.to_string(),
                    &words,
                );
            }
            (Kind::Text, Value::Number(_)) => {
                self.wrong(
                    *line,
                    format!("{name} is a text; write the value in quotes to compare it"),
                );
            }
            (Kind::Number, Value::Number(_)) | (Kind::Text, Value::Text(_)) => {}
        }
    }

    fn figure(&mut self, line: usize, figure: &Blank) -> Option<Kind> {
        let figures = self.tables.figures();
        if !self.known("figure", line, &figure.name, &figures) {
            return None;
        }
        match self.tables.kind(&figure.name, figure.of.as_deref()) {
            Ok(kind) => Some(kind),
            Err(message) => {
                self.wrong(line, format!("{figure}: {message}"));
                None
            }
        }
    }

    fn prose(&mut self, prose: &Prose, rows: usize, line: usize) {
        for (blank, line) in prose.blanks() {
            let of = blank.of.as_deref().unwrap_or_default();
            match blank.name.as_str() {
                "key" => self.known("key", line, of, &self.tables.actions()),
                "pane" => self.known("pane", line, of, &self.tables.panes()),
                "knob" => self.known("knob", line, of, &self.tables.knobs()),
                "preset" => self.known("preset", line, of, &self.tables.presets()),
                _ => self.figure(line, blank).is_some(),
            };
        }
        let taken = lines(prose);
        if taken > rows {
            let line = prose.blanks().next().map_or(line, |(_, line)| line);
            self.wrong(
                line,
                format!(
                    "this takes about {taken} lines on a terminal of 80 columns, where there are {rows}: make it \
                     shorter, or two steps of it"
                ),
            );
        }
    }
}

/// Lines that a prose takes at [`COLUMNS`].
fn lines(prose: &Prose) -> usize {
    let cells = |piece: &Piece| match piece {
        Piece::Words { text, .. } => text.width(),
        Piece::Blank { .. } => CELLS_OF_BLANK,
    };
    let of = |paragraph: &Vec<Piece>| {
        let cells: usize = paragraph.iter().map(cells).sum();
        cells.div_ceil(COLUMNS)
    };
    prose.paragraphs.iter().map(of).sum()
}

/// The name that is most alike.
pub fn nearest<'a>(name: &str, known: &'a [impl AsRef<str>]) -> &'a str {
    known
        .iter()
        .map(AsRef::as_ref)
        .max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)))
        .unwrap_or("none at all")
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    struct Few;

    impl Tables for Few {
        fn panes(&self) -> Vec<&'static str> {
            vec!["text", "next"]
        }

        fn actions(&self) -> Vec<&'static str> {
            vec!["left", "right"]
        }

        fn presets(&self) -> Vec<String> {
            vec!["creative".to_owned()]
        }

        fn knobs(&self) -> Vec<String> {
            vec!["temperature".to_owned(), "top-k".to_owned()]
        }

        fn try_knob(&self, _: &str, value: &str) -> Result<(), String> {
            let is_number = value.parse::<f64>().is_ok();
            is_number.then_some(()).ok_or_else(|| "a number".to_owned())
        }

        fn figures(&self) -> Vec<String> {
            ["p", "focus", "prompt"].map(str::to_owned).to_vec()
        }

        fn kind(&self, name: &str, of: Option<&str>) -> Result<Kind, String> {
            match (name, of) {
                ("p", Some(rank)) if rank.parse::<usize>().is_ok() => Ok(Kind::Number),
                ("p", _) => Err("a rank".to_owned()),
                ("focus", _) => Ok(Kind::OneOf(vec!["text".to_owned(), "next".to_owned()])),
                _ => Ok(Kind::Text),
            }
        }

        fn demonstrations(&self) -> Vec<&'static str> {
            vec!["nothing"]
        }
    }

    /// Of a block and a text that begin at lines 7 and after.
    fn found(block: &str, text: &str) -> Vec<(usize, String)> {
        let file =
            format!("+++\ntitle = \"a\"\nminutes = 1\n+++\n## a\n```toml\n{block}\n```\n{text}\n");
        let lesson = parse("a.md", &file).unwrap_or_else(|error| panic!("{error}"));
        let problems = check(&lesson, &Few).into_iter();
        problems
            .map(|problem| (problem.line, problem.message))
            .collect()
    }

    #[test]
    fn what_is_named_has_to_be_there() {
        let fine = "focus = \"next\"\nwait = [\"p:1 >= 20%\", \"focus = text\", \"prompt contains king\"]\n\
                    preset = \"creative\"\nknobs = { top-k = 3 }\ntry = [\"left\", \"'anything\"]";
        assert_eq!(found(fine, "{p:2} {key:left} {knob:top-k}"), []);
        for (block, text, line, said) in [
            (
                "wait = [\"p:1 > 0\"]\nfocus = \"nxt\"",
                "a",
                8,
                "no pane nxt; did you mean next?",
            ),
            (
                "wait = [\"p:1 > 0\"]\nhide = [\"text\", \"nxt\"]",
                "a",
                8,
                "no pane nxt",
            ),
            (
                "wait = [\"p:1 > 0\"]\npreset = \"creativ\"",
                "a",
                8,
                "no preset creativ",
            ),
            (
                "wait = [\"p:1 > 0\"]\n[knobs]\ntop-j = 3",
                "a",
                9,
                "no knob top-j; did you mean top-k?",
            ),
            (
                "wait = [\"p:1 > 0\"]\n[knobs]\ntop-k = \"x\"",
                "a",
                9,
                "top-k: a number",
            ),
            (
                "wait = [\"p:1 > 0\"]\nknob = \"top-j\"",
                "a",
                8,
                "no knob top-j",
            ),
            (
                "wait = [\"p:1 > 0\"]\ntry = [\"lft\"]",
                "a",
                8,
                "no key lft; did you mean left?",
            ),
            (
                "wait = [\"p:1 > 0\"]\ndemonstration = \"nothin\"",
                "a",
                8,
                "no demonstration nothin",
            ),
            ("wait = [\"q > 0\"]", "a", 7, "no figure q"),
            ("wait = [\"p:x > 0\"]", "a", 7, "p:x: a rank"),
            (
                "wait = [\"p:1 = much\"]",
                "a",
                7,
                "a number, and much is none",
            ),
            ("wait = [\"focus = nxt\"]", "a", 7, "no focus that is nxt"),
            ("wait = [\"prompt > next\"]", "a", 7, "has no order"),
            ("wait = [\"focus rose\"]", "a", 7, "can only change"),
            ("wait = [\"prompt = 3\"]", "a", 7, "is a text"),
            ("", "a", 5, "waits for nothing"),
            ("wait = [\"p:1 > 0\"]", "a\n{q}", 10, "no figure q"),
            (
                "wait = [\"p:1 > 0\"]",
                "a\n### Done\n{key:lft}",
                11,
                "no key lft",
            ),
            ("wait = [\"p:1 > 0\"]", "{pane:nxt}", 9, "no pane nxt"),
        ] {
            let problems = found(block, text);
            assert_eq!(problems.len(), 1, "{block}: {problems:?}");
            assert_eq!(problems[0].0, line, "{block}: {problems:?}");
            assert!(problems[0].1.contains(said), "{block}: {problems:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let long = "word ".repeat(70);
        let problems = found("wait = [\"p:1 > 0\"]", &long);
        assert!(problems[0].1.contains("5 lines"), "{problems:?}");
        assert_eq!(found("wait = [\"p:1 > 0\"]", &"word ".repeat(60)), []);
    }
}
