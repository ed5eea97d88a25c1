//! The teacher's page: what each lesson takes, what the pupils should have understood, what to ask, and what the answers
//! are.

use std::fmt::Write;

use super::{Course, Lesson};

/// The page as Markdown, to be printed: of one lesson by its number from 1, or of all.
pub fn answers(course: &Course, only: Option<usize>) -> String {
    let words = &course.words;
    let chosen = (1..)
        .zip(&course.lessons)
        .filter(|(number, _)| only.is_none_or(|only| only == *number));
    let mut page = format!("# {}\n", words.for_teachers);
    for (number, lesson) in chosen {
        let Lesson {
            title,
            minutes,
            understood,
            steps,
            questions,
            ..
        } = lesson;
        let _ = write!(
            page,
            "\n## {} {number}: {title} ({minutes} {})\n",
            words.lesson, words.minutes
        );
        if !understood.is_empty() {
            let _ = write!(page, "\n{}\n\n", words.understood);
            for sentence in understood {
                let _ = writeln!(page, "- {sentence}");
            }
        }
        let _ = write!(page, "\n{}\n\n", words.steps);
        for (number, step) in (1..).zip(steps) {
            let _ = writeln!(page, "{number}. {}", step.title);
        }
        if !questions.is_empty() {
            let _ = write!(page, "\n{}\n\n", words.questions);
            for (number, question) in (1..).zip(questions) {
                let _ = writeln!(page, "{number}. {}", question.ask);
                let _ = writeln!(page, "   {}: {}", words.answer, question.answer);
            }
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::super::ENGLISH;
    use super::*;

    #[test]
    fn the_page_has_every_lesson_with_its_minutes_questions_and_answers() {
        let course = Course::bundled(ENGLISH).expect("valid");
        let page = answers(&course, None);
        for (number, lesson) in (1..).zip(&course.lessons) {
            assert!(page.contains(&lesson.title), "{}", lesson.title);
            assert!(page.contains(&format!("({} minutes)", lesson.minutes)));
            assert!(!lesson.understood.is_empty() && !lesson.questions.is_empty());
            let alone = answers(&course, Some(number));
            for question in &lesson.questions {
                assert!(alone.contains(&question.ask) && alone.contains(&question.answer));
            }
            assert_eq!(alone.matches("\n## ").count(), 1);
        }
    }
}
