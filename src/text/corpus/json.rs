//! Documents out of JSON: one record a line, lists of records, or one record after another. What a file holds is seen
//! from its beginning, whatever its name says.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::chat_rows::{conversation, is_messages};
use super::open::Input;
use super::{CorpusError, MALFORMED, Reader, Reason, lost};

/// The fields that are taken where none is named.
const USUAL: [&str; 3] = ["text", "document", "content"];

impl Reader<'_> {
    /// Reads JSON. `lines`: the name says that each line is a record.
    pub(super) fn json(
        &mut self,
        path: &Path,
        mut input: Input,
        lines: bool,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let wrong = |error: io::Error| CorpusError::file(path, error);
        let (mut first, mut number) = (String::new(), 0);
        while first.trim().is_empty() {
            first.clear();
            number += 1;
            // A list may be one line of gigabytes, and is read record by record.
            let is_list = first_of(&mut input).map_err(wrong)? == Some(b'[');
            if is_list && !lines {
                return self.json_values(path, input, number, bytes);
            }
            if input.read_line(&mut first).map_err(wrong)? == 0 {
                return self.skip(path, number, 0, Reason::Empty);
            }
        }
        let whole = serde_json::from_str::<Value>(&first).is_ok();
        let opens = matches!(first.trim(), "[" | "{") || first.starts_with('[');
        let rest = Cursor::new(first.into_bytes()).chain(input);
        if whole || (lines && !opens) {
            self.json_lines(path, rest, number, bytes)
        } else {
            self.json_values(path, rest, number, bytes)
        }
    }

    fn json_lines(
        &mut self,
        path: &Path,
        mut input: impl BufRead,
        first: u64,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let mut line = String::new();
        for number in first.. {
            line.clear();
            let read = input.read_line(&mut line);
            if read.map_err(|error| CorpusError::file(path, error))? == 0 {
                break;
            }
            let text = line.trim();
            if text.is_empty() {
                continue;
            }
            let place = Place {
                line: number,
                bytes: lost(text),
                read: bytes(),
            };
            if text.contains(MALFORMED) {
                self.skip(path, number, place.bytes, Reason::NotUtf8)?;
                continue;
            }
            match serde_json::from_str(text) {
                Ok(Value::Array(records)) if !is_record(&records) => {
                    for record in &records {
                        self.record(path, &place, record)?;
                    }
                }
                Ok(record) => self.record(path, &place, &record)?,
                Err(error) => {
                    let problem = format!("not valid JSON: {error}");
                    self.skip(path, number, place.bytes, Reason::Malformed(problem))?;
                }
            }
        }
        Ok(())
    }

    /// Values one after the other, of which lists are lists of records.
    fn json_values(
        &mut self,
        path: &Path,
        input: impl Read,
        first: u64,
        bytes: &dyn Fn() -> u64,
    ) -> Result<(), CorpusError> {
        let line = Rc::new(Cell::new(first));
        // Buffered below the count: the parser takes byte by byte, and is never a line ahead of the record it gives.
        let counting = Lines {
            inner: io::BufReader::new(input),
            line: Rc::clone(&line),
        };
        let mut failure = None;
        let mut deserializer = serde_json::Deserializer::from_reader(counting);
        while deserializer.end().is_err() {
            let visited = deserializer.deserialize_any(Records {
                each: &mut |record: Value| {
                    let place = Place {
                        // That of its last byte.
                        line: line.get(),
                        bytes: record.to_string().len() as u64,
                        read: bytes(),
                    };
                    self.record(path, &place, &record)
                        .map_err(|error| failure = Some(error))
                },
            });
            if let Some(error) = failure {
                return Err(error);
            }
            match visited {
                Ok(()) => {}
                Err(error) if error.is_io() => return Err(CorpusError::file(path, error)),
                // Where the next record begins cannot be told, and to learn from a part would be a loss unseen.
                Err(error) => {
                    let line = first - 1 + error.line() as u64;
                    let problem = format!(
                        "is no valid JSON from line {line} on ({error}), so that the records after it cannot be read; mend it, or write one record a line (.jsonl)"
                    );
                    return Err(CorpusError::file(path, problem));
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, path: &Path, place: &Place, record: &Value) -> Result<(), CorpusError> {
        let (name, value) = match &self.settings.field {
            Some(field) => {
                let mut parts = field.split('.');
                let found = parts.try_fold(record, |value, part| value.get(part));
                (field.as_str(), found)
            }
            None if record.is_string() || record.is_array() => ("the record", Some(record)),
            None => {
                let found = USUAL
                    .iter()
                    .find_map(|name| Some((*name, record.get(*name)?)));
                found.map_or((USUAL[0], None), |(name, value)| (name, Some(value)))
            }
        };
        if let Some(what) = self.conversation(record, value) {
            let line = place.line;
            return Err(CorpusError::file(
                path,
                format!(
                    "line {line} holds {what}, which no run learns from as they are: write each conversation as one text, as the model's chat template has it, or name a field of texts with --field"
                ),
            ));
        }
        let skip = |reader: &mut Self, reason| reader.skip(path, place.line, place.bytes, reason);
        let text = match value {
            None | Some(Value::Null) => return skip(self, Reason::Missing(name.to_owned())),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                let lines: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                lines.join(&self.settings.join)
            }
            Some(_) => return skip(self, Reason::NotText(name.to_owned())),
        };
        let text = if text.contains('\r') {
            self.returns = true;
            text.replace("\r\n", "\n").replace('\r', "\n")
        } else {
            text
        };
        self.document(path, place.line, &text, place.read)
    }

    /// What a record holds, if that is a conversation and no field of it was named that is a text.
    fn conversation(&self, record: &Value, value: Option<&Value>) -> Option<&'static str> {
        match value {
            Some(Value::Array(list)) if is_messages(list) => Some("messages of a chat"),
            None if self.settings.field.is_none() => conversation(record),
            _ => None,
        }
    }
}

/// Whether a list is one record, of lines or of messages, and not a list of records.
fn is_record(list: &[Value]) -> bool {
    list.iter().all(Value::is_string) || is_messages(list)
}

/// Where a record stands.
struct Place {
    line: u64,
    /// Its length.
    bytes: u64,
    /// Bytes of all files that were read so far.
    read: u64,
}

/// The first byte of a text that is no blank, if it is near.
fn first_of(input: &mut Input) -> io::Result<Option<u8>> {
    let start = input.fill_buf()?;
    Ok(start
        .iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace()))
}

/// Hands on the elements of an array, or a single record, as they are read.
struct Records<'a> {
    each: &'a mut dyn FnMut(Value) -> Result<(), ()>,
}

impl Records<'_> {
    fn one<E: serde::de::Error>(self, record: Value) -> Result<(), E> {
        (self.each)(record).map_err(|()| E::custom("stopped"))
    }
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
        self.one(Value::deserialize(MapAccessDeserializer::new(map))?)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.one(Value::from(text))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.one(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.one(Value::from(value))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.one(Value::from(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.one(Value::from(number))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        self.one(Value::from(number))
    }
}

/// Counts line breaks.
struct Lines<R> {
    inner: R,
    line: Rc<Cell<u64>>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let breaks = buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        self.line.set(self.line.get() + breaks as u64);
        Ok(read)
    }
}
