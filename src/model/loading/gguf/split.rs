//! Models that were split into several GGUF files, as llama.cpp's `gguf-split` writes them: the first has the metadata,
//! each has some of the tensors.

use std::path::{Path, PathBuf};

use super::{Gguf, Value};
use crate::model::ModelError;

/// Most parts that a model is taken to have.
const MOST_PARTS: u64 = 10_000;

impl Gguf {
    /// Opens the other parts, if this is the first of several.
    ///
    /// # Errors
    /// When it is another part than the first, or one is missing, damaged, or of something else.
    pub(super) fn join_parts(&mut self, path: &Path) -> Result<(), ModelError> {
        let number = |file: &Self, key: &str| file.value(key).and_then(Value::unsigned);
        let Some(count) = number(self, "split.count").filter(|count| *count > 1) else {
            return Ok(());
        };
        if count > MOST_PARTS {
            return Err(self.unfit("split.count"));
        }
        let no = number(self, "split.no").unwrap_or(0);
        if no != 0 {
            let first = part_path(path, 1, count);
            let first = first.map_or_else(
                || "the first part".to_owned(),
                |first| first.display().to_string(),
            );
            return Err(ModelError::file(
                &self.name,
                format!(
                    "is part {} of {count} of a split model; name {first}",
                    no + 1
                ),
            ));
        }
        let named_first = part_path(path, 1, count).as_deref() == Some(path);
        for no in 1..count {
            let Some(part) = part_path(path, no + 1, count).filter(|_| named_first) else {
                return Err(ModelError::file(
                    &self.name,
                    format!(
                        "is the first of {count} parts of a split model, which cannot be found by its name: it must end in `-00001-of-{count:05}.gguf`"
                    ),
                ));
            };
            if !part.is_file() {
                return Err(ModelError::file(
                    &self.name,
                    format!(
                        "is the first of {count} parts of a split model, and {} is missing: put all parts into one directory",
                        part.display()
                    ),
                ));
            }
            let other = Self::open_one(&part)?;
            if number(&other, "split.no") != Some(no)
                || number(&other, "split.count") != Some(count)
            {
                return Err(ModelError::file(
                    &other.name,
                    format!("is not part {} of {count} of the same model", no + 1),
                ));
            }
            self.join(other)?;
        }
        match number(self, "split.tensors.count") {
            Some(tensors) if tensors != self.header.tensors.len() as u64 => Err(ModelError::file(
                &self.name,
                format!(
                    "announces {tensors} tensors in its {count} parts, but they hold {}; fetch them again",
                    self.header.tensors.len()
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Adds the tensors of another file.
    fn join(&mut self, other: Self) -> Result<(), ModelError> {
        for (name, mut info) in other.header.tensors {
            if self.header.tensors.contains_key(&name) {
                return Err(ModelError::tensor(
                    &other.name,
                    &name,
                    "is in another part of the model as well",
                ));
            }
            info.part = self.parts.len();
            self.header.tensors.insert(name, info);
        }
        self.parts.extend(other.parts);
        Ok(())
    }
}

/// Which part of how many a file's name says that it is, counted from 1.
fn part_of(name: &str) -> Option<(u64, u64)> {
    let (stem, _) = name.split_at_checked(name.len().checked_sub(".gguf".len())?)?;
    let (stem, count) = stem.rsplit_once("-of-")?;
    let (_, no) = stem.rsplit_once('-')?;
    let number = |digits: &str| digits.parse().ok().filter(|_| digits.len() == 5);
    Some((number(no)?, number(count)?))
}

/// The name of part `to` of the model that a file is a part of, counted from 1; none where the name has no number.
fn part_name(name: &str, to: u64) -> Option<String> {
    let (no, count) = part_of(name)?;
    let ending = name.len() - ".gguf".len();
    let stem = name[..ending].strip_suffix(&format!("{no:05}-of-{count:05}"))?;
    Some(format!("{stem}{to:05}-of-{count:05}{}", &name[ending..]))
}

/// Whether a file's name is that of another part of a split model than its first.
pub(in crate::model) fn is_later_part(name: &str) -> bool {
    part_of(name).is_some_and(|(no, _)| no != 1)
}

/// The names of the other parts of a split model whose first part is called `name`; none of a whole one.
pub(in crate::model) fn other_parts(name: &str) -> Vec<String> {
    let count = part_of(name).map_or(0, |(_, count)| count.min(MOST_PARTS));
    (2..=count).filter_map(|no| part_name(name, no)).collect()
}

/// The path of part `to` beside another part, counted from 1, where its name says that there are `count`.
fn part_path(path: &Path, to: u64, count: u64) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    part_of(name).filter(|(_, said)| *said == count)?;
    Some(path.with_file_name(part_name(name, to)?))
}

/// Of some GGUF files, the first part of the one split model that they all are.
pub(in crate::model) fn first_of_split(paths: &[PathBuf]) -> Option<&PathBuf> {
    let count = paths.len() as u64;
    let first = paths.iter().find(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(part_of) == Some((1, count))
    })?;
    let mut parts = (1..=count).map(|no| part_path(first, no, count));
    parts
        .all(|part| part.is_some_and(|part| paths.contains(&part)))
        .then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_beside_each_other() {
        let path = Path::new("models/a-00001-of-00003.GGUF");
        let third = part_path(path, 3, 3);
        assert_eq!(third, Some(PathBuf::from("models/a-00003-of-00003.GGUF")));
        for other in ["a.gguf", "a-00001-of-00002.gguf", "gguf", "é-1-of-3.gguf"] {
            assert_eq!(part_path(Path::new(other), 2, 3), None, "{other}");
        }
        let others = other_parts("a-00001-of-00003.gguf");
        assert_eq!(others, ["a-00002-of-00003.gguf", "a-00003-of-00003.gguf"]);
        assert!(other_parts("a.gguf").is_empty());
        assert!(is_later_part(&others[0]) && !is_later_part("a-00001-of-00003.gguf"));
    }

    #[test]
    fn the_parts_of_one_model_are_one_model() {
        let part = |name: &str, no: usize| PathBuf::from(format!("{name}-{no:05}-of-00002.gguf"));
        let paths = [part("a", 2), part("a", 1)];
        assert_eq!(first_of_split(&paths), Some(&paths[1]));
        assert_eq!(first_of_split(&[part("a", 1), part("b", 2)]), None);
        assert_eq!(first_of_split(&[part("a", 1)]), None);
        assert_eq!(first_of_split(&["a.gguf".into(), "b.gguf".into()]), None);
    }
}
