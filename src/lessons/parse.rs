//! Reads a lesson's file.

use serde::Deserialize;

use super::{Lesson, Problem, Problems, Prose, Question, SetUp, Step};

/// What opens and closes the head.
const FENCE: &str = "+++";
/// What opens a step's block.
const BLOCK: &str = "```toml";
const END_OF_BLOCK: &str = "```";

/// A lesson as one file has it: a translation leaves out what the original says.
pub(super) struct Written {
    pub(super) lesson: Lesson,
    /// Whether a step has a block of its own.
    pub(super) has_setup: Vec<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    minutes: Option<u32>,
    model: Option<String>,
    #[serde(default)]
    understood: Vec<String>,
    #[serde(default)]
    questions: Vec<Question>,
}

/// Reads a lesson that stands for itself. `file` is how problems name it; its name without folders and ending is the
/// lesson's.
///
/// # Errors
/// All that is wrong with its form. What it names is for [`super::check`].
pub fn parse(file: &str, text: &str) -> Result<Lesson, Problems> {
    let written = read(file, text)?;
    let missing = |(has, step): (&bool, &Step)| {
        (!has).then(|| Problem {
            file: file.to_owned(),
            line: step.line,
            message: "the step waits for nothing: begin it with a block of ```toml that has wait = [\"…\"]"
                .to_owned(),
        })
    };
    let steps = written.has_setup.iter().zip(&written.lesson.steps);
    let mut problems: Vec<Problem> = steps.filter_map(missing).collect();
    if written.lesson.minutes == 0 {
        problems.push(Problem {
            file: file.to_owned(),
            line: 1,
            message: "the head does not say how long it takes: minutes = 10".to_owned(),
        });
    }
    if problems.is_empty() {
        Ok(written.lesson)
    } else {
        Err(Problems(problems))
    }
}

pub(super) fn read(file: &str, text: &str) -> Result<Written, Problems> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let wrong = |line: usize, message: &str| Problem {
        file: file.to_owned(),
        line,
        message: message.to_owned(),
    };
    let only = |problem| Problems(vec![problem]);
    let end = lines
        .iter()
        .skip(1)
        .position(|(_, line)| line.trim_end() == FENCE)
        .map(|at| at + 1);
    let (Some((_, first)), Some(end)) = (lines.first(), end) else {
        return Err(only(wrong(
            1,
            "there is no head: begin with a line of +++, then title and minutes, then +++",
        )));
    };
    if first.trim_end() != FENCE {
        return Err(only(wrong(
            1,
            "the first line is not +++, which begins the head",
        )));
    }
    let head_text: String = lines[1..end]
        .iter()
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let head: Head = toml::from_str(&head_text).map_err(|error| {
        let before = error
            .span()
            .map_or(0, |span| head_text[..span.start].matches('\n').count());
        only(wrong(2 + before, error.message()))
    })?;
    let body = &lines[end + 1..];
    let first_step = body.iter().position(|(_, line)| line.starts_with("## "));
    let Some(first_step) = first_step else {
        return Err(only(wrong(
            lines.len(),
            "there is no step: each begins with a heading of ##",
        )));
    };
    let mut problems = Vec::new();
    if let Some((line, _)) = body[..first_step]
        .iter()
        .find(|(_, line)| !line.trim().is_empty())
    {
        problems.push(wrong(
            *line,
            "this stands before the first step, which begins with a heading of ##",
        ));
    }
    let (mut steps, mut has_setup) = (Vec::new(), Vec::new());
    let mut rest = &body[first_step..];
    while let Some(((line, heading), after)) = rest.split_first() {
        let length = after.iter().position(|(_, line)| line.starts_with("## "));
        let (inside, next) = after.split_at(length.unwrap_or(after.len()));
        rest = next;
        match read_step(file, *line, &heading[3..], inside) {
            Ok((step, has)) => {
                steps.push(step);
                has_setup.push(has);
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = name.strip_suffix(".md").unwrap_or(name).to_owned();
    let lesson = Lesson {
        name,
        file: file.to_owned(),
        title: head.title,
        minutes: head.minutes.unwrap_or(0),
        model: head.model,
        understood: head.understood,
        questions: head.questions,
        steps,
    };
    Ok(Written { lesson, has_setup })
}

/// Reads a step: its block, if it has one, its text, and what `### Hint` and `### Done` say.
fn read_step(
    file: &str,
    line: usize,
    title: &str,
    inside: &[(usize, &str)],
) -> Result<(Step, bool), Vec<Problem>> {
    let wrong = |line: usize, message: String| Problem {
        file: file.to_owned(),
        line,
        message,
    };
    let blank = |(_, line): &&(usize, &str)| line.trim().is_empty();
    let skipped = inside.iter().take_while(blank).count();
    let mut rest = &inside[skipped..];
    let mut setup = None;
    if let Some((opened, _)) = rest.first().filter(|(_, line)| line.trim_end() == BLOCK) {
        let end = rest
            .iter()
            .skip(1)
            .position(|(_, line)| line.trim_end() == END_OF_BLOCK);
        let Some(end) = end.map(|at| at + 1) else {
            return Err(vec![wrong(
                *opened,
                "the block is not closed: end it with a line of ```".to_owned(),
            )]);
        };
        let block: String = rest[1..end]
            .iter()
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        let read = SetUp::read(&block, opened + 1);
        setup = Some(read.map_err(|found| {
            let found = found.into_iter();
            found
                .map(|(line, message)| wrong(line, message))
                .collect::<Vec<_>>()
        })?);
        rest = &rest[end + 1..];
    }
    let mut parts: [Vec<(usize, &str)>; 3] = Default::default();
    let mut part = 0;
    let mut problems = Vec::new();
    for &(line, text) in rest {
        match text.trim_end() {
            "### Hint" => part = 1,
            "### Done" => part = 2,
            other if other.starts_with('#') || other.starts_with("```") => problems.push(wrong(
                line,
                format!("“{other}” is no part of a step: after the block come the text, ### Hint and ### Done"),
            )),
            _ => parts[part].push((line, text)),
        }
    }
    let [text, hint, done] = parts.map(|lines| Prose::read(file, &lines));
    let mut prose = |read: Result<Prose, Problem>| {
        read.map_err(|problem| problems.push(problem))
            .unwrap_or_default()
    };
    let (text, hint, done) = (prose(text), prose(hint), prose(done));
    if text.is_empty() && problems.is_empty() {
        problems.push(wrong(line, "the step has no text".to_owned()));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let has_setup = setup.is_some();
    let step = Step {
        title: title.trim().to_owned(),
        line,
        setup: setup.unwrap_or_default(),
        text,
        hint,
        done,
    };
    Ok((step, has_setup))
}

#[cfg(test)]
mod tests {
    use super::super::{Condition, Key, Run};
    use super::*;

    const WHOLE: &str = r#"+++
title = "A draw"
minutes = 7
understood = ["A number decides."]

[[questions]]
ask = "Which?"
answer = "u."
+++

## Look

```toml
prompt = "Once"
knobs = { temperature = 0.8, method = "greedy" }
run = "pause"
wait = ["position changed", "focus = why"]
wrong = ["right"]
try = ["left", "'dog"]
```

The model has {vocabulary}
tokens.

Second.

### Hint
Press {key:left}.

### Done
**{u}** it was.

## On

```toml
wait = ["focus = next"]
try = ["focus-next"]
```
Go.
"#;

    fn problems(text: &str) -> Vec<(usize, String)> {
        let found = parse("dir/x.md", text)
            .expect_err("not valid")
            .0
            .into_iter();
        found
            .map(|problem| (problem.line, problem.message))
            .collect()
    }

    #[test]
    fn a_lesson_is_read_as_it_is_written() {
        let lesson = parse("dir/04-draw.md", WHOLE).expect("valid");
        assert_eq!((lesson.name.as_str(), lesson.minutes), ("04-draw", 7));
        assert_eq!(lesson.questions[0].answer, "u.");
        let [look, on] = &lesson.steps[..] else {
            panic!("two steps")
        };
        assert_eq!((look.title.as_str(), look.line), ("Look", 11));
        let knobs: Vec<(&str, &str)> = look
            .setup
            .knobs
            .iter()
            .map(|knob| (knob.value.0.as_str(), knob.value.1.as_str()))
            .collect();
        assert_eq!(knobs, [("method", "greedy"), ("temperature", "0.8")]);
        assert_eq!(
            look.setup.run.as_ref().map(|run| run.value),
            Some(Run::Pause)
        );
        assert_eq!(
            look.setup.wait[1].value,
            Condition::read("focus = why").expect("one")
        );
        assert_eq!(look.setup.wait[1].line, 17);
        assert_eq!(look.setup.right[1].value, Key::Text("dog".to_owned()));
        assert_eq!(look.text.paragraphs.len(), 2);
        assert_eq!(look.hint.blanks().next().map(|(_, line)| line), Some(28));
        assert!(on.done.is_empty() && on.hint.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(problems("")[0].0, 1);
        assert_eq!(problems("# Hello\n+++\n+++\n")[0].0, 1);
        assert_eq!(problems("+++\ntitle = 3\n+++\n## a\nb")[0].0, 2);
        assert_eq!(
            problems("+++\ntitle = \"a\"\ncolour = 3\n+++\n## a\nb")[0].0,
            3
        );
        assert_eq!(problems("+++\ntitle = \"a\"\n+++\n\nhello\n")[0].0, 5);
        let broken = |from: &str, to: &str| problems(&WHOLE.replace(from, to));
        assert_eq!(broken("focus = why", "focus is why")[0].0, 17);
        assert_eq!(broken("run = \"pause\"", "run = \"stop\"")[0].0, 16);
        assert_eq!(broken("run = \"pause\"", "rum = \"pause\"")[0].0, 16);
        assert_eq!(broken("{u}**", "{u}")[0].0, 31);
        assert_eq!(broken("### Done", "### Dome")[0].0, 30);
        assert_eq!(
            broken(
                "```toml\nwait = [\"focus = next\"]\ntry = [\"focus-next\"]\n```",
                ""
            )[0]
            .0,
            33
        );
        assert_eq!(broken("minutes = 7\n", "")[0].0, 1);
        let both = WHOLE
            .replace("{u}**", "{u}")
            .replace("focus = next", "focus ~ next");
        assert_eq!(problems(&both).len(), 2, "all at once");
    }
}
