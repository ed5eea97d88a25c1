//! Which lessons there are: those in the program, or a directory of somebody's own; each in a language, and in English
//! where a translation is missing.

use std::fs;
use std::path::{Path, PathBuf};

use super::parse::{self, Written};
use super::words::Words;
use super::{Lesson, Problem, Problems};

/// The language of the originals.
pub const ENGLISH: &str = "en";

/// A language's files: names, and what is in them.
type Files = [(&'static str, &'static str)];

/// A language in the program: what it is called, the words around lessons, the lessons.
struct Bundled {
    code: &'static str,
    words: &'static str,
    lessons: &'static Files,
}

/// One language: its folder, and the lessons in it.
macro_rules! language {
    ($code:literal: $($name:literal)*) => {
        Bundled {
            code: $code,
            words: include_str!(concat!("../../assets/lessons/", $code, "/words.toml")),
            lessons: &[$((
                concat!("assets/lessons/", $code, "/", $name, ".md"),
                include_str!(concat!("../../assets/lessons/", $code, "/", $name, ".md")),
            ),)*],
        }
    };
}

/// The languages in the program, the originals first.
static BUNDLED: &[Bundled] = &[
    language!("en":
        "01-tokens" "02-next-token" "03-greedy" "04-draw" "05-temperature" "06-cuts" "07-penalties" "08-surprise"
        "09-search" "10-seeds" "11-noise" "12-tuned" "13-limits"),
    language!("de": "01-tokens" "02-next-token" "03-greedy" "04-draw" "05-temperature"),
    language!("zh": "01-tokens" "02-next-token" "03-greedy" "04-draw" "05-temperature"),
];

/// The lessons, and the words around them.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    pub lessons: Vec<Lesson>,
    pub words: Words,
    /// The directory, where it is somebody's own.
    pub home: Option<PathBuf>,
}

/// A file of a language.
struct File {
    /// As it is named in problems.
    name: String,
    text: String,
}

/// The languages that the lessons in the program were translated into, English among them.
pub fn bundled_languages() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|language| language.code)
}

impl Course {
    /// The lessons in the program, in a language as far as it has them.
    ///
    /// # Errors
    /// When one of them is not as it should be, which a test denies.
    pub fn bundled(language: &str) -> Result<Self, Problems> {
        let files = |language: &Bundled| -> Vec<File> {
            let lessons = language.lessons.iter();
            let file = |(name, text): &(&str, &str)| File {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            };
            lessons.map(file).collect()
        };
        let other = BUNDLED.iter().skip(1).find(|other| other.code == language);
        Ok(Self {
            lessons: assemble(files(&BUNDLED[0]), other.map(files).unwrap_or_default())?,
            words: words(other.unwrap_or(&BUNDLED[0]))?,
            home: None,
        })
    }

    /// The lessons in a directory: its files that end in `.md`, by their names; or those in its folder `en`, and
    /// translations in others that are called as their languages.
    ///
    /// # Errors
    /// When it cannot be read or has no lesson, or what is wrong with the lessons, with files and lines.
    pub fn read(directory: &Path, language: &str) -> Result<Self, Problems> {
        let nested = directory.join(ENGLISH).is_dir();
        let originals = if nested {
            files_in(&directory.join(ENGLISH))?
        } else {
            files_in(directory)?
        };
        let translated = directory.join(language);
        let translations = if nested && language != ENGLISH && translated.is_dir() {
            files_in(&translated)?
        } else {
            Vec::new()
        };
        if originals.is_empty() {
            let message = "there is no lesson: no file that ends in .md (learn new makes one)";
            return Err(of_path(directory, message.to_owned()));
        }
        let of_language = BUNDLED.iter().find(|bundled| bundled.code == language);
        Ok(Self {
            lessons: assemble(originals, translations)?,
            words: words(of_language.unwrap_or(&BUNDLED[0]))?,
            home: Some(
                directory
                    .canonicalize()
                    .unwrap_or_else(|_| directory.to_owned()),
            ),
        })
    }
}

fn words(language: &Bundled) -> Result<Words, Problems> {
    Words::read(language.words).map_err(|(line, message)| {
        Problems(vec![Problem {
            file: format!("assets/lessons/{}/words.toml", language.code),
            line,
            message,
        }])
    })
}

fn of_path(path: &Path, message: String) -> Problems {
    Problems(vec![Problem {
        file: path.display().to_string(),
        line: 0,
        message,
    }])
}

/// The lessons' files in a directory, in the order of their names.
fn files_in(directory: &Path) -> Result<Vec<File>, Problems> {
    /// Longer is no lesson.
    const LONGEST: u64 = 1 << 20;
    let unread = |path: &Path, error: &std::io::Error| of_path(path, error.to_string());
    let entries = fs::read_dir(directory).map_err(|error| unread(directory, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unread(directory, &error))?.path();
        let is_lesson = path.extension().is_some_and(|extension| extension == "md")
            && path.file_stem().is_some_and(|stem| stem != "README");
        if is_lesson && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let length = fs::metadata(path)
            .map_err(|error| unread(path, &error))?
            .len();
        if length > LONGEST {
            return Err(of_path(
                path,
                format!("it has {length} bytes, too many for a lesson"),
            ));
        }
        Ok(File {
            name: path.display().to_string(),
            text: fs::read_to_string(path).map_err(|error| unread(path, &error))?,
        })
    };
    paths.iter().map(read).collect()
}

/// Reads the originals, and puts the translations in their places.
fn assemble(originals: Vec<File>, translations: Vec<File>) -> Result<Vec<Lesson>, Problems> {
    let mut problems = Vec::new();
    let mut lessons = Vec::new();
    for file in originals {
        match parse::parse(&file.name, &file.text) {
            Ok(lesson) => lessons.push(lesson),
            Err(found) => problems.extend(found.0),
        }
    }
    let complete = problems.is_empty();
    for file in translations {
        match parse::read(&file.name, &file.text) {
            Ok(translation) => {
                let name = &translation.lesson.name;
                match lessons.iter_mut().find(|lesson| lesson.name == *name) {
                    Some(original) => match translated(original, translation) {
                        Ok(lesson) => *original = lesson,
                        Err(problem) => problems.push(problem),
                    },
                    None if complete => problems.push(Problem {
                        file: file.name,
                        line: 1,
                        message: format!("there is no lesson {name} that this translates"),
                    }),
                    None => {}
                }
            }
            Err(found) => problems.extend(found.0),
        }
    }
    if problems.is_empty() {
        Ok(lessons)
    } else {
        Err(Problems(problems))
    }
}

/// A translation with what it leaves to the original: what its steps set up and wait for, its minutes, its model.
fn translated(original: &Lesson, translation: Written) -> Result<Lesson, Problem> {
    let Written {
        mut lesson,
        has_setup,
    } = translation;
    if lesson.steps.len() != original.steps.len() {
        return Err(Problem {
            file: lesson.file,
            line: 1,
            message: format!(
                "it has {} steps, and {} has {}: a translation has the same steps",
                lesson.steps.len(),
                original.file,
                original.steps.len()
            ),
        });
    }
    let steps = lesson.steps.iter_mut().zip(&original.steps);
    for ((step, of), has) in steps.zip(has_setup) {
        if !has {
            step.setup = of.setup.clone();
        }
    }
    if lesson.minutes == 0 {
        lesson.minutes = original.minutes;
    }
    lesson.model = lesson.model.or_else(|| original.model.clone());
    Ok(lesson)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "+++\ntitle = \"Tokens\"\nminutes = 5\n+++\n## A\n```toml\nwait = [\"p:1 > 0\"]\n```\nText.\n";
    const EINS: &str = "+++\ntitle = \"Tokens, übersetzt\"\n+++\n## Ä\nEin Satz.\n";

    #[test]
    fn what_is_in_the_program_is_what_is_in_the_folder() {
        for language in BUNDLED {
            let folder = Path::new("assets/lessons").join(language.code);
            let mut names: Vec<String> = fs::read_dir(&folder)
                .expect("the folder of lessons")
                .map(|entry| entry.expect("an entry").path().display().to_string())
                .filter(|name| name.ends_with(".md"))
                .collect();
            names.sort();
            let listed: Vec<&str> = language.lessons.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, listed);
            let course = Course::bundled(language.code).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(course.lessons.len(), BUNDLED[0].lessons.len());
        }
    }

    #[test]
    fn a_translation_leaves_out_what_the_original_says_and_the_rest_falls_back() {
        let home = tempfile::tempdir().expect("a directory");
        for (folder, name, text) in [
            ("en", "01-a.md", ONE),
            ("en", "02-b.md", ONE),
            ("xx", "01-a.md", EINS),
        ] {
            fs::create_dir_all(home.path().join(folder)).expect("made");
            fs::write(home.path().join(folder).join(name), text).expect("written");
        }
        let course = Course::read(home.path(), "xx").unwrap_or_else(|error| panic!("{error}"));
        let [a, b] = &course.lessons[..] else {
            panic!("two lessons")
        };
        assert_eq!((a.title.as_str(), a.minutes), ("Tokens, übersetzt", 5));
        assert_eq!(a.steps[0].title, "Ä");
        assert_eq!(a.steps[0].setup.wait.len(), 1);
        assert_eq!(b.title, "Tokens");
        let english = Course::read(home.path(), "en").expect("valid");
        assert_eq!(english.lessons[0].title, "Tokens");

        let more = format!("{EINS}## B\nNoch einer.\n");
        fs::write(home.path().join("xx/01-a.md"), more).expect("written");
        fs::write(home.path().join("xx/03-c.md"), EINS).expect("written");
        let problems = Course::read(home.path(), "xx").expect_err("wrong").0;
        assert!(problems[0].message.contains("2 steps"), "{problems:?}");
        assert!(problems[1].message.contains("03-c"), "{problems:?}");
    }

    #[test]
    fn a_folder_of_files_is_a_course_and_an_empty_one_is_none() {
        let home = tempfile::tempdir().expect("a directory");
        let error = |path: &Path| Course::read(path, "en").expect_err("none").to_string();
        assert!(error(home.path()).contains("learn new"));
        assert!(error(&home.path().join("no")).contains("no"));
        fs::write(home.path().join("README.md"), "no lesson").expect("written");
        fs::write(home.path().join("2.md"), ONE).expect("written");
        fs::write(home.path().join("1.md"), ONE).expect("written");
        let course = Course::read(home.path(), "de").expect("two lessons");
        let names: Vec<&str> = course
            .lessons
            .iter()
            .map(|lesson| lesson.name.as_str())
            .collect();
        assert_eq!(names, ["1", "2"]);
    }
}
