//! TOML values into settings, with errors that say what would have been right.

use std::fmt::{self, Display};

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, SeqAccess, Unexpected,
    Visitor,
};
use toml::Value;

use super::nearest::did_you_mean;

/// Why a value does not fit its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// What is wrong and what would be right, without the key's name.
    pub(super) message: String,
    /// Which element of a list it is, if it is one.
    pub(super) element: Option<usize>,
}

/// Reads settings from `key = value` alone; all other fields take their default.
pub(super) fn settings_with<T: DeserializeOwned>(key: &str, value: &Value) -> Result<T, Misfit> {
    let entry = std::iter::once((key, Source(value)));
    T::deserialize(MapDeserializer::new(entry))
}

/// Reads a value by itself.
pub(super) fn value_as<T: DeserializeOwned>(value: &Value) -> Result<T, Misfit> {
    T::deserialize(Source(value))
}

/// Reads settings from a whole table.
pub(super) fn settings_from<'a, T: DeserializeOwned>(
    table: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Result<T, Misfit> {
    T::deserialize(MapDeserializer::new(
        table.map(|(key, value)| (key, Source(value))),
    ))
}

/// A value to read from.
#[derive(Clone, Copy)]
struct Source<'a>(&'a Value);

impl<'a> IntoDeserializer<'a, Misfit> for Source<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Source<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(value) => visitor.visit_str(value),
            Value::Array(values) => visitor.visit_seq(Elements { values, next: 0 }),
            Value::Table(table) => visitor.visit_map(MapDeserializer::new(
                table
                    .iter()
                    .map(|(key, value)| (key.as_str(), Source(value))),
            )),
            Value::Datetime(_) => Err(de::Error::invalid_type(
                Unexpected::Other("a date"),
                &visitor,
            )),
        }
    }

    /// Names may also be written as the numbers or truth values that they look like: `color = 256`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let text = match self.0 {
            Value::String(text) => text.clone(),
            Value::Integer(_) | Value::Boolean(_) => self.0.to_string(),
            other => return Err(not_one_of(variants, &format!("a {}", other.type_str()))),
        };
        StrDeserializer::new(&text).deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The elements of a list; an error says which one it is about.
struct Elements<'a> {
    values: &'a [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let index = self.next;
        let Some(value) = self.values.get(index) else {
            return Ok(None);
        };
        self.next += 1;
        seed.deserialize(Source(value))
            .map(Some)
            .map_err(|misfit| Misfit {
                element: Some(index),
                ..misfit
            })
    }
}

impl Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            element: None,
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!(
            "expected {}, found {}",
            in_words(expected),
            found_in_words(found)
        ))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(found: &str, variants: &'static [&'static str]) -> Self {
        not_one_of(
            variants,
            &format!("{found:?}{}", did_you_mean(found, variants.iter().copied())),
        )
    }
}

fn not_one_of(variants: &[&str], found: &str) -> Misfit {
    de::Error::custom(format!(
        "expected one of {}; found {found}",
        variants.join(", ")
    ))
}

/// What a setting takes, in the words of the configuration file rather than of Rust.
fn in_words(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "usize" | "u64" | "u32" => "a whole number from 0",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "path string" => "a text in quotes",
        "a sequence" => "a list in [ ]",
        "a map" => "a table",
        other => return other.to_owned(),
    }
    .to_owned()
}

fn found_in_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Float(value) => format!("{value:?}"),
        Unexpected::Str(value) => format!("{value:?}"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}
