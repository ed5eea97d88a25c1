//! From a file's name to something to draw on.

use std::fs::File;
use std::path::Path;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    BitMapBackend, DrawingArea, DrawingBackend, IntoDrawingArea, SVGBackend, WHITE,
};
use plotters::style::{FontStyle, IntoFont, register_font};

use crate::chart::{ChartError, Format};

/// What all text is set in. Viewers of SVG files fall back to their own if they lack it.
pub const FONT: &str = "Noto Sans, sans-serif";

/// Something that draws itself on any kind of canvas.
pub trait Drawing {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it.
    ///
    /// # Errors
    /// Those of the canvas.
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>>;
}

/// Draws into a file whose name says the format.
///
/// # Errors
/// When the name says no format, or the file cannot be written.
pub fn write(path: &Path, drawing: &impl Drawing) -> Result<(), ChartError> {
    use_own_font();
    let format = Format::of(path)?;
    let unwritten = |detail: String| ChartError::Unwritten {
        path: path.to_owned(),
        detail,
    };
    // Asked here, since what a canvas says of it is for programmers.
    let file = File::options().create(true).append(true).open(path);
    file.map_err(|error| unwritten(error.to_string()))?;
    let drawn = match format {
        Format::Svg => on(SVGBackend::new(path, drawing.size()), drawing),
        Format::Png => on(BitMapBackend::new(path, drawing.size()), drawing),
    };
    drawn.map_err(unwritten)
}

fn on<B: DrawingBackend>(backend: B, drawing: &impl Drawing) -> Result<(), String> {
    let area = backend.into_drawing_area();
    let draw = || {
        area.fill(&WHITE)?;
        drawing.draw(&area)?;
        area.present()
    };
    draw().map_err(|error: DrawingAreaErrorKind<B::ErrorType>| error.to_string())
}

/// Without a registered font plotters draws no text at all.
fn use_own_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let font = include_bytes!("../../../assets/font/NotoSans-Regular.ttf");
        if register_font(FONT, FontStyle::Normal, font).is_err() {
            tracing::error!("the charts' font is broken");
        }
    });
}

/// How wide a text is, in pixels.
pub fn text_width(text: &str, size: i32) -> i32 {
    use_own_font();
    let width = (FONT, size).into_font().box_size(text);
    // Only without a font is there no width: about that of Latin letters.
    width.map_or(size * text.len() as i32 / 2, |(width, _)| width as i32)
}

/// A token as the font can show it.
pub fn label(display: &str) -> String {
    let known = display.replace('⏎', "¶");
    let mut short: String = known.chars().take(18).collect();
    if known.chars().count() > 18 {
        short.push('…');
    }
    short
}
