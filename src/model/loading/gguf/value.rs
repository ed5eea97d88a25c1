//! Values of a GGUF file's metadata.

use super::reader::{Reader, truncated};

/// Most entries of an array: a vocabulary is the longest.
const LONGEST_ARRAY: u64 = 1 << 24;
/// Most arrays within each other.
const DEEPEST: usize = 4;

/// A value, as far as anything here asks for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    Numbers(Vec<f32>),
    /// Arrays of other things.
    Other,
}

impl Value {
    /// Reads a type and a value of it.
    ///
    /// # Errors
    /// With the rest of a sentence that begins with the key.
    pub(super) fn read(reader: &mut Reader) -> Result<Self, String> {
        let kind = reader.u32()?;
        match kind {
            9 => Self::read_array(reader, 0),
            kind => Self::read_one(reader, kind),
        }
    }

    /// A value of a type that is no array.
    fn read_one(reader: &mut Reader, kind: u32) -> Result<Self, String> {
        Ok(match kind {
            0 => Self::Unsigned(reader.u8()?.into()),
            1 => Self::Signed(reader.u8()?.cast_signed().into()),
            2 => Self::Unsigned(reader.u16()?.into()),
            3 => Self::Signed(reader.u16()?.cast_signed().into()),
            4 => Self::Unsigned(reader.u32()?.into()),
            5 => Self::Signed(reader.u32()?.cast_signed().into()),
            6 => Self::Float(f32::from_bits(reader.u32()?).into()),
            7 => Self::Bool(reader.u8()? != 0),
            8 => Self::Text(reader.string()?),
            10 => Self::Unsigned(reader.u64()?),
            11 => Self::Signed(reader.u64()?.cast_signed()),
            12 => Self::Float(f64::from_bits(reader.u64()?)),
            other => {
                return Err(format!(
                    "has a value of unknown type {other}; the file is damaged"
                ));
            }
        })
    }

    fn read_array(reader: &mut Reader, depth: usize) -> Result<Self, String> {
        let kind = reader.u32()?;
        let length = reader.u64()?;
        if depth == DEEPEST {
            return Err("has arrays within arrays within arrays; the file is damaged".to_owned());
        }
        // No entry takes less than a byte.
        if length > reader.left() {
            return Err(truncated(reader.length()));
        }
        if length > LONGEST_ARRAY {
            return Err(format!(
                "is an array of {length} entries, more than any vocabulary has"
            ));
        }
        match kind {
            8 => (0..length)
                .map(|_| reader.string())
                .collect::<Result<_, _>>()
                .map(Self::Texts),
            9 => {
                for _ in 0..length {
                    Self::read_array(reader, depth + 1)?;
                }
                Ok(Self::Other)
            }
            kind => (0..length)
                .map(|_| {
                    let value = Self::read_one(reader, kind)?;
                    Ok(value.number().unwrap_or_default() as f32)
                })
                .collect::<Result<_, String>>()
                .map(Self::Numbers),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Signed(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// Any number.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Unsigned(value) => Some(*value as f64),
            Self::Signed(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            _ => None,
        }
    }
}
