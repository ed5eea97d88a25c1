//! The date and the time for chat templates.

use jiff::ZonedDateTime;
use minijinja::{Environment, Error, ErrorKind};

/// Tells the time.
pub(super) type Clock = fn() -> ZonedDateTime;

/// Gives templates `strftime_now(format)`: the local time, written as Python's `datetime.now().strftime(format)` does.
/// Templates ask for it to tell the model which day it is.
pub(super) fn add_strftime_now(environment: &mut Environment<'_>, clock: Clock) {
    environment.add_function("strftime_now", move |format: &str| {
        jiff::fmt::strtime::format(format, &clock()).map_err(|error| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("strftime_now cannot write the time as `{format}`: {error}"),
            )
        })
    });
}
