//! Numbers and strings of a GGUF file, one after the other, never past its end.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::model::loading::safetensors_file::Source;

/// The longest string that is read: chat templates are long, but not longer than this.
const LONGEST_STRING: u64 = 1 << 24;

/// A file that is read from its beginning.
pub(super) struct Reader {
    source: BufReader<Box<dyn Source>>,
    position: u64,
    length: u64,
}

impl Reader {
    /// # Errors
    /// When the file cannot be read; the error is the rest of a sentence that begins with the file's name, here and
    /// below.
    pub(super) fn new(mut source: Box<dyn Source>) -> Result<Self, String> {
        let length = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
        source.rewind().map_err(unreadable)?;
        Ok(Self {
            source: BufReader::new(source),
            position: 0,
            length,
        })
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Bytes of the whole file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.length - self.position
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        if bytes.len() as u64 > self.left() {
            return Err(truncated(self.length));
        }
        self.source.read_exact(bytes).map_err(unreadable)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn u8(&mut self) -> Result<u8, String> {
        Ok(u8::from_le_bytes(self.bytes()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, String> {
        Ok(u16::from_le_bytes(self.bytes()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    /// A string behind its length. Bytes that are no UTF-8 become U+FFFD.
    pub(super) fn string(&mut self) -> Result<String, String> {
        let length = self.u64()?;
        if length > self.left() {
            return Err(truncated(self.length));
        }
        if length > LONGEST_STRING {
            return Err(format!(
                "holds a string of {length} bytes, more than any model needs"
            ));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length as usize).map_err(|_| {
            format!("holds a string of {length} bytes, for which there is no memory")
        })?;
        bytes.resize(length as usize, 0);
        self.fill(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The file, for reading its tensors.
    pub(super) fn into_source(self) -> Box<dyn Source> {
        self.source.into_inner()
    }
}

fn unreadable(error: std::io::Error) -> String {
    format!("cannot be read: {error}")
}

/// The problem of a file that ends too early.
pub(super) fn truncated(length: u64) -> String {
    format!(
        "ends after {length} bytes, before all that it announces; it is truncated, fetch it again"
    )
}
