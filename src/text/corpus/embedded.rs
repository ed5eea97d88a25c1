//! The corpus inside of the program.

use std::path::Path;

/// The name of 200 weather reports from imaginary places, where that of a file would stand.
pub const WEATHER: &str = "embedded:weather";

/// The text of that name.
pub(super) fn embedded(path: &Path) -> Option<&'static [u8]> {
    static TEXT: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/demo/weather.txt"
    ));
    (path == Path::new(WEATHER)).then_some(TEXT.as_bytes())
}
