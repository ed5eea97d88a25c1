//! The methods of Python's strings in chat templates, within bounds: the library counts what its own filters and operators
//! make, but not what these do.

use minijinja::value::Value;
use minijinja::{Error, ErrorKind, State};

/// Most bytes that one call may make.
const LARGEST: usize = 2_000_000;
/// Most digits of a width or precision.
const WIDEST: usize = 4;

/// `value.method(args)`, if that is a method that Python's strings, lists or dictionaries have.
///
/// # Errors
/// When it is none, the arguments do not fit, or the result would be too large.
pub(super) fn call(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let fits = value.as_str().is_none_or(|text| match method {
        "format" => !has_long_number(text),
        "replace" => replaced(text, args) <= LARGEST,
        "join" => joined(text, args) <= LARGEST,
        _ => true,
    });
    if !fits {
        let problem = format!("`{method}` would make too long a text");
        return Err(Error::new(ErrorKind::InvalidOperation, problem));
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args)
}

/// Whether a format may ask for a width or a precision of more than [`WIDEST`] digits.
fn has_long_number(format: &str) -> bool {
    format
        .as_bytes()
        .windows(WIDEST + 1)
        .any(|bytes| bytes.iter().all(u8::is_ascii_digit))
}

/// Bytes of `text` with every `args[0]` made `args[1]`, or more.
fn replaced(text: &str, args: &[Value]) -> usize {
    let [Some(old), Some(new)] = [0, 1].map(|at| args.get(at).and_then(Value::as_str)) else {
        // No text in the place of one is an error.
        return 0;
    };
    let times = text.matches(old).count();
    text.len().saturating_add(times.saturating_mul(new.len()))
}

/// Bytes of the texts of `args[0]` with `separator` between them.
fn joined(separator: &str, args: &[Value]) -> usize {
    let parts = args.first().and_then(|list| list.try_iter().ok());
    let mut bytes = 0usize;
    for part in parts.into_iter().flatten() {
        let length = part.as_str().map_or(0, str::len);
        bytes = bytes.saturating_add(length).saturating_add(separator.len());
        if bytes > LARGEST {
            break;
        }
    }
    bytes
}
