//! The playground's own tables, by which lessons are checked.

use super::figures::FIGURES;
use crate::lessons::{Kind, Tables};
use crate::sampling::{Method, SamplerSettings};
use crate::training::presets::{NOTHING, STYLE};
use crate::tui::state::knob_values::{self, Settings};
use crate::tui::vocabulary::bindings::BINDINGS;
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::knob_rows::{self, KnobRow};

/// The playground's own tables, by which lessons are checked.
#[derive(Debug, Clone)]
pub struct LessonTables {
    presets: Vec<String>,
}

impl LessonTables {
    /// With the presets that the configuration has.
    pub fn new(presets: Vec<String>) -> Self {
        Self { presets }
    }
}

/// The knob of a name.
pub fn knob(name: &str) -> Option<KnobRow> {
    knob_rows::all().find(|row| row.name() == name)
}

impl Tables for LessonTables {
    fn panes(&self) -> Vec<&'static str> {
        Focus::ALL.map(Focus::word).to_vec()
    }

    fn actions(&self) -> Vec<&'static str> {
        BINDINGS.iter().map(|binding| binding.name).collect()
    }

    fn presets(&self) -> Vec<String> {
        self.presets.clone()
    }

    fn knobs(&self) -> Vec<String> {
        knob_rows::all().map(KnobRow::name).collect()
    }

    fn try_knob(&self, name: &str, value: &str) -> Result<(), String> {
        let row = knob(name).ok_or_else(|| format!("there is no knob {name}"))?;
        let mut trial = Settings {
            sampler: SamplerSettings::neutral(),
            generation: crate::decoding::GenerationSettings::default(),
            samples: 1,
        };
        knob_values::read(row, value, &mut trial)
    }

    fn figures(&self) -> Vec<String> {
        let own = FIGURES.iter().map(|figure| figure.name.to_owned());
        own.chain(self.knobs()).collect()
    }

    fn kind(&self, name: &str, of: Option<&str>) -> Result<Kind, String> {
        let Some(figure) = FIGURES.iter().find(|figure| figure.name == name) else {
            return match (of, knob(name)) {
                (None, Some(KnobRow::Method)) => Ok(Kind::OneOf(
                    Method::ALL.map(|one| one.name().to_owned()).to_vec(),
                )),
                (None, Some(KnobRow::Stage(_) | KnobRow::Text(_) | KnobRow::Stop)) => {
                    Ok(Kind::Text)
                }
                (None, Some(_)) => Ok(Kind::Number),
                _ => Err("nothing is asked behind its name".to_owned()),
            };
        };
        figure.takes.check(of)?;
        Ok(match (figure.words)() {
            None if figure.is_text => Kind::Text,
            None => Kind::Number,
            Some(words) if figure.name == "preset" => {
                Kind::OneOf(words.into_iter().chain(self.presets.clone()).collect())
            }
            Some(words) => Kind::OneOf(words),
        })
    }

    fn demonstrations(&self) -> Vec<&'static str> {
        vec![STYLE, NOTHING]
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::Takes;
    use super::*;
    use crate::config::Config;
    use crate::lessons::{Course, bundled_languages, check};

    fn tables() -> LessonTables {
        let config = Config::load(&crate::config::Sources::defaults()).expect("the default");
        LessonTables::new(config.presets().into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn lessons_in_the_program_name_what_is_there() {
        for language in bundled_languages() {
            let course = Course::bundled(language).unwrap_or_else(|error| panic!("{error}"));
            for lesson in &course.lessons {
                let problems = check(lesson, &tables());
                let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
                assert!(said.is_empty(), "{}", said.join("\n"));
                for step in &lesson.steps {
                    let walked = !step.setup.right.is_empty() && !step.setup.wrong.is_empty();
                    assert!(walked, "{}:{}: no keys to walk it", lesson.file, step.line);
                }
            }
        }
    }

    #[test]
    fn a_new_lesson_is_right() {
        let home = tempfile::tempdir().expect("a directory");
        crate::lessons::new(home.path()).expect("made");
        let course = Course::read(home.path(), "en").expect("valid");
        assert_eq!(check(&course.lessons[0], &tables()), []);
    }

    #[test]
    fn figures_and_knobs_have_names_of_their_own() {
        let tables = tables();
        let mut names = tables.figures();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        for name in names {
            let of = FIGURES.iter().find(|figure| figure.name == name);
            let of = of.and_then(|figure| match figure.takes {
                Takes::Nothing | Takes::Token => None,
                Takes::Two => Some("1/2"),
            });
            assert!(tables.kind(&name, of).is_ok(), "{name}");
        }
        assert!(tables.kind("p", Some("0")).is_err());
        assert!(tables.kind("p", Some("\" a\"")).is_ok());
        assert!(tables.kind("ratio", Some("1")).is_err());
        assert!(tables.kind("temperature", Some("1")).is_err());
    }
}
