//! A GGUF file taken apart, so that it can be put together otherwise.

use std::path::{Path, PathBuf};

/// A file's metadata, as bytes of a type and a value, and its tensors, in order.
#[derive(Clone)]
pub struct File {
    pub entries: Vec<(String, Vec<u8>)>,
    pub tensors: Vec<Tensor>,
}

#[derive(Clone)]
pub struct Tensor {
    pub name: String,
    /// In the order of the file.
    pub dimensions: Vec<u64>,
    pub dtype: u32,
    pub bytes: Vec<u8>,
}

/// Reads on in some bytes.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        self.at += count;
        &self.bytes[self.at - count..self.at]
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().expect("4 bytes"))
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().expect("8 bytes"))
    }

    fn text(&mut self) -> String {
        let length = self.u64() as usize;
        String::from_utf8(self.take(length).to_vec()).expect("UTF-8")
    }

    fn skip_value(&mut self, kind: u32) {
        match kind {
            0 | 1 | 7 => self.at += 1,
            2 | 3 => self.at += 2,
            4..=6 => self.at += 4,
            10..=12 => self.at += 8,
            8 => {
                self.text();
            }
            9 => {
                let kind = self.u32();
                for _ in 0..self.u64() {
                    self.skip_value(kind);
                }
            }
            other => panic!("type {other}"),
        }
    }
}

impl File {
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).expect("a model");
        let mut cursor = Cursor {
            bytes: &bytes,
            at: 8,
        };
        let (tensors, entries) = (cursor.u64(), cursor.u64());
        let entries = (0..entries)
            .map(|_| {
                let (key, start) = (cursor.text(), cursor.at);
                let kind = cursor.u32();
                cursor.skip_value(kind);
                (key, bytes[start..cursor.at].to_vec())
            })
            .collect();
        let infos: Vec<(String, Vec<u64>, u32, u64)> = (0..tensors)
            .map(|_| {
                let name = cursor.text();
                let dimensions = (0..cursor.u32()).map(|_| cursor.u64()).collect();
                (name, dimensions, cursor.u32(), cursor.u64())
            })
            .collect();
        let data = cursor.at.next_multiple_of(32);
        let mut ends: Vec<u64> = infos.iter().map(|(_, _, _, start)| *start).collect();
        ends.push((bytes.len() - data) as u64);
        ends.sort_unstable();
        let tensors = infos
            .into_iter()
            .map(|(name, dimensions, dtype, start)| {
                let end = ends.iter().find(|end| **end > start).expect("an end");
                Tensor {
                    bytes: bytes[data + start as usize..data + *end as usize].to_vec(),
                    name,
                    dimensions,
                    dtype,
                }
            })
            .collect();
        Self { entries, tensors }
    }

    /// With another value of a key.
    pub fn with(mut self, key: &str, value: Vec<u8>) -> Self {
        self.entries.retain(|(name, _)| name != key);
        self.entries.push((key.to_owned(), value));
        self
    }

    pub fn without(mut self, key: &str) -> Self {
        self.entries.retain(|(name, _)| name != key);
        self
    }

    /// The file, put together.
    pub fn bytes(&self) -> Vec<u8> {
        let text = |text: &str| {
            let length = (text.len() as u64).to_le_bytes();
            [&length[..], text.as_bytes()].concat()
        };
        let mut bytes = [&b"GGUF"[..], &3u32.to_le_bytes()].concat();
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.entries.len() as u64).to_le_bytes());
        for (key, value) in &self.entries {
            bytes.extend(text(key));
            bytes.extend(value);
        }
        let mut start = 0u64;
        for tensor in &self.tensors {
            bytes.extend(text(&tensor.name));
            bytes.extend((tensor.dimensions.len() as u32).to_le_bytes());
            for size in &tensor.dimensions {
                bytes.extend(size.to_le_bytes());
            }
            bytes.extend(tensor.dtype.to_le_bytes());
            bytes.extend(start.to_le_bytes());
            start += tensor.bytes.len().next_multiple_of(32) as u64;
        }
        for tensor in &self.tensors {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            bytes.extend(&tensor.bytes);
        }
        bytes
    }

    /// Writes the file into a folder.
    pub fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, self.bytes()).expect("writable");
        path
    }
}

pub fn float(value: f32) -> Vec<u8> {
    [&6u32.to_le_bytes()[..], &value.to_le_bytes()].concat()
}

pub fn whole(value: u32) -> Vec<u8> {
    [&4u32.to_le_bytes()[..], &value.to_le_bytes()].concat()
}

pub fn small(value: u16) -> Vec<u8> {
    [&2u32.to_le_bytes()[..], &value.to_le_bytes()].concat()
}

pub fn boolean(value: bool) -> Vec<u8> {
    [&7u32.to_le_bytes()[..], &[u8::from(value)]].concat()
}

pub fn text(value: &str) -> Vec<u8> {
    let length = (value.len() as u64).to_le_bytes();
    [&8u32.to_le_bytes()[..], &length, value.as_bytes()].concat()
}

/// An array of whole numbers.
pub fn wholes(values: &[u32]) -> Vec<u8> {
    let mut bytes = [9u32.to_le_bytes(), 4u32.to_le_bytes()].concat();
    bytes.extend((values.len() as u64).to_le_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}
