//! The list of lessons, and what can be done with the one that goes on.

use crate::tui::state::State;
use crate::tui::state::picker::{Item, LESSONS, Picker};
use crate::tui::{Action, LearnAction};

/// The lessons with how far each was walked, the one that goes on selected, or the first that was not done.
pub fn list(state: &State) -> Picker {
    let Some(course) = &state.learn.course else {
        return Picker::new(LESSONS, Vec::new());
    };
    let words = &course.words;
    let reached = |at: usize| {
        let lesson = &course.lessons[at];
        state.learn.progress.of(&state.learn.key(lesson))
    };
    let lesson = |(at, lesson): (usize, &crate::lessons::Lesson)| {
        let reached = reached(at);
        let far = if reached.done {
            format!(" · {} ✓", words.done)
        } else if reached.step > 0 {
            let (step, of, all) = (&words.step, &words.of, lesson.steps.len());
            format!(" · {step} {} {of} {all}", reached.step + 1)
        } else {
            String::new()
        };
        Item {
            label: format!("{}. {}", at + 1, lesson.title),
            detail: format!("{} {}{far}", lesson.minutes, words.minutes),
            action: Action::Learn(LearnAction::Open(at)),
        }
    };
    let mut items: Vec<Item> = course.lessons.iter().enumerate().map(lesson).collect();
    let going = state.learn.going.as_ref();
    if going.is_some() {
        let item = |label: &str, action| Item {
            label: label.to_owned(),
            detail: String::new(),
            action: Action::Learn(action),
        };
        items.push(item(&words.again, LearnAction::Again));
        items.push(item(&words.leave, LearnAction::Leave));
    }
    let undone = (0..course.lessons.len()).find(|at| !reached(*at).done);
    let mut picker = Picker::new(LESSONS, items);
    picker.row = going.map_or(undone.unwrap_or(0), |going| going.lesson);
    picker
}
