//! Documents out of JSON: one record a line, or one array of records.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, Read};
use std::path::Path;
use std::rc::Rc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::open::Input;
use super::{CorpusError, Reader, Reason};

impl Reader<'_> {
    pub(super) fn json_lines(
        &mut self,
        path: &Path,
        mut input: Input,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let mut raw = Vec::new();
        let mut number = 0;
        loop {
            raw.clear();
            let read = input.read_until(b'\n', &mut raw);
            if read.map_err(|error| CorpusError::file(path, error))? == 0 {
                return Ok(());
            }
            number += 1;
            if raw.trim_ascii().is_empty() {
                continue;
            }
            if std::str::from_utf8(&raw).is_err() {
                self.skip(path, number, Reason::NotUtf8)?;
                continue;
            }
            match serde_json::from_slice(&raw) {
                Ok(record) => self.record(path, number, &record, bytes())?,
                Err(error) => {
                    let problem = format!("not valid JSON: {error}");
                    self.skip(path, number, Reason::Malformed(problem))?;
                }
            }
        }
    }

    pub(super) fn json(
        &mut self,
        path: &Path,
        input: Input,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let line = Rc::new(Cell::new(1));
        let counting = Lines {
            inner: input,
            line: Rc::clone(&line),
        };
        let mut failure = None;
        let mut deserializer =
            serde_json::Deserializer::from_reader(std::io::BufReader::new(counting));
        let visited = deserializer.deserialize_any(Records {
            each: &mut |record: Value| {
                // The buffer reads ahead, so this is the line at most 8 KB further on.
                self.record(path, line.get(), &record, bytes())
                    .map_err(|error| failure = Some(error))
            },
        });
        if let Some(error) = failure {
            return Err(error);
        }
        // A file that breaks off half-way has given its whole records.
        match visited {
            Ok(()) => Ok(()),
            Err(error) if error.is_io() => Err(CorpusError::file(path, error)),
            Err(error) => {
                let (line, problem) = (error.line() as u64, format!("not valid JSON: {error}"));
                self.skip(path, line, Reason::Malformed(problem))
            }
        }
    }

    fn record(
        &mut self,
        path: &Path,
        line: u64,
        record: &Value,
        bytes: u64,
    ) -> Result<(), CorpusError> {
        let (name, value) = match &self.settings.field {
            Some(field) => {
                let mut parts = field.split('.');
                let found = parts.try_fold(record, |value, part| value.get(part));
                (field.clone(), found)
            }
            None => match record {
                Value::String(_) => ("the record".to_owned(), Some(record)),
                _ => {
                    let usual = ["text", "document", "content"].into_iter();
                    let found = usual
                        .filter_map(|name| Some((name, record.get(name)?)))
                        .next();
                    found.map_or(("text".to_owned(), None), |(name, value)| {
                        (name.to_owned(), Some(value))
                    })
                }
            },
        };
        let text = match value {
            None | Some(Value::Null) => return self.skip(path, line, Reason::Missing(name)),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                let lines: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                lines.join("\n")
            }
            Some(_) => return self.skip(path, line, Reason::NotText(name)),
        };
        self.document(path, line, &text, bytes)
    }
}

/// Hands on the elements of an array, or a single record, as they are read.
struct Records<'a> {
    each: &'a mut dyn FnMut(Value) -> Result<(), ()>,
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of records, or one record")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element::<Value>()? {
            if (self.each)(record).is_err() {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let record = Value::deserialize(MapAccessDeserializer::new(map))?;
        (self.each)(record).map_err(|()| serde::de::Error::custom("stopped"))
    }
}

/// Counts line breaks.
struct Lines<R> {
    inner: R,
    line: Rc<Cell<u64>>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let breaks = buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        self.line.set(self.line.get() + breaks as u64);
        Ok(read)
    }
}
