//! From a drawing to a file: an SVG with its font in it, or that SVG as the pixels of a PNG.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;

use super::fonts::{self, FAMILY, FONT_FOR_WEB};
use super::sheet::{Drawn, Room, SMALL, Sheet, Words};
use super::text::{self, Others};
use super::theme::{DARK, LIGHT};
use crate::chart::look::is_possible;
use crate::chart::{ChartError, Format, Look, Target};

/// Pixels: of the edge, the title with what is below it, its text, and a line below the picture.
const EDGE: i32 = 24;
const TITLE: i32 = 40;
const TITLE_TEXT: i32 = 20;
const LINE: i32 = 20;

/// Something that can be drawn in a room that is as large as it asks for, or larger.
pub trait Drawing {
    /// The least width and height in pixels, without title and captions.
    fn size(&self) -> (i32, i32);

    /// Its own title.
    fn title(&self) -> String;

    /// What is to be known of it: what is left out, what the picture cannot show.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Draws it.
    ///
    /// # Errors
    /// Those of the canvas.
    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn;
}

/// Draws into a file whose name says the format.
///
/// # Errors
/// When the name says no format, the picture is too large, or the file cannot be written.
pub fn write(target: &Target<'_>, drawing: &impl Drawing) -> Result<(), ChartError> {
    text::use_own_font();
    let Target { path, look } = target;
    let format = Format::of(path)?;
    let unwritten = |detail: String| ChartError::Unwritten {
        path: path.to_path_buf(),
        detail,
    };
    let bytes = match (format, look.outlines) {
        (Format::Svg, false) => with_font(&svg(drawing, look, Others::Viewer, false)?).into_bytes(),
        (Format::Svg, true) => {
            let tree = tree(&svg(drawing, look, Others::System, false)?).map_err(unwritten)?;
            tree.to_string(&usvg::WriteOptions::default()).into_bytes()
        }
        (Format::Png, _) => png(&svg(drawing, look, Others::System, true)?).map_err(unwritten)?,
    };
    fs::write(path, bytes).map_err(|error| unwritten(error.to_string()))
}

/// The drawing in its look, with title and captions.
fn svg(
    drawing: &impl Drawing,
    look: &Look,
    others: Others,
    is_pixels: bool,
) -> Result<String, ChartError> {
    let notes = drawing.notes();
    let mut below: Vec<&str> = notes.iter().map(String::as_str).collect();
    below.extend(look.caption.as_deref());
    let (width, height) = drawing.size();
    let beside = TITLE + LINE * below.len() as i32;
    let own = (width + 2 * EDGE, height + 2 * EDGE + beside);
    // In a size that is asked for, text grows as far as all still fits, and the drawing has what room is left over.
    let (wanted, grown) = match look.size {
        Some(wanted) => {
            let across = f64::from(wanted.0) / f64::from(own.0);
            let up = f64::from(wanted.1) / f64::from(own.1);
            (wanted, across.min(up))
        }
        None => ((own.0 as u32, own.1 as u32), 1.0),
    };
    if is_pixels && !is_possible(wanted, look.scale) {
        return Err(ChartError::Size {
            width: wanted.0,
            height: wanted.1,
            scale: look.scale,
        });
    }
    let inside = |wanted: u32, own: i32| ((f64::from(wanted) / grown).round() as i32).max(own);
    let whole = (inside(wanted.0, own.0), inside(wanted.1, own.1));
    let mut svg = String::new();
    let drawn = {
        let size = (whole.0 as u32, whole.1 as u32);
        let sheet = Sheet {
            area: SVGBackend::with_string(&mut svg, size).into_drawing_area(),
            theme: if look.dark { &DARK } else { &LIGHT },
            others,
        };
        let title = look.title.clone().unwrap_or_else(|| drawing.title());
        let page = Room::new((0, 0), whole);
        framed(drawing, &sheet, page, look.transparent, &title, &below)
    };
    drawn.map_err(|error: DrawingAreaErrorKind<_>| ChartError::Undrawn(error.to_string()))?;
    let scaled = |side: u32| f64::from(side) * f64::from(look.scale);
    let head = format!(
        "<svg width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" xmlns=\"http://www.w3.org/2000/svg\">",
        scaled(wanted.0),
        scaled(wanted.1),
        whole.0,
        whole.1
    );
    let rest = svg.split_once('>').map_or("", |(_, rest)| rest);
    Ok(head + rest)
}

/// The drawing between its title and what stands below it.
fn framed(
    drawing: &impl Drawing,
    sheet: &Sheet<'_>,
    page: Room,
    transparent: bool,
    title: &str,
    below: &[&str],
) -> Drawn {
    let theme = sheet.theme;
    if !transparent {
        sheet.fill(page, theme.ground)?;
    }
    let room = page.within(EDGE, EDGE, EDGE, EDGE);
    let title = sheet.fitting(title, room.width(), TITLE_TEXT);
    let style = Words::new(TITLE_TEXT, theme.ink).below();
    sheet.words(&title, (room.left, room.top), style)?;
    let end = room.bottom - LINE * below.len() as i32;
    for (row, line) in below.iter().enumerate() {
        let line = sheet.fitting(line, room.width(), SMALL);
        let at = (room.left, end + LINE * row as i32 + 8);
        sheet.words(&line, at, Words::new(SMALL, theme.quiet).below())?;
    }
    let inner = Room {
        top: room.top + TITLE,
        bottom: end,
        ..room
    };
    drawing.draw(sheet, inner)?;
    sheet.area.present()
}

/// An SVG that looks alike wherever a browser opens it.
fn with_font(svg: &str) -> String {
    let font = STANDARD.encode(FONT_FOR_WEB);
    let face = format!(
        "<style>@font-face{{font-family:\"{FAMILY}\";src:url(data:font/woff2;base64,{font})}}</style>"
    );
    let (head, rest) = svg.split_once('>').unwrap_or((svg, ""));
    format!("{head}>\n{face}{rest}")
}

/// An SVG as it is understood, its text set in fonts.
fn tree(svg: &str) -> Result<usvg::Tree, String> {
    usvg::Tree::from_str(svg, &fonts::at_hand().options()).map_err(|error| error.to_string())
}

/// The pixels of an SVG.
fn png(svg: &str) -> Result<Vec<u8>, String> {
    let tree = tree(svg)?;
    let size = tree.size().to_int_size();
    let mut pixmap = Pixmap::new(size.width(), size.height()).ok_or("it has no pixels")?;
    resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::chart::drawn::theme::Theme;

    /// A title, a note, and two words at the ends of its room.
    struct Ends;

    impl Drawing for Ends {
        fn size(&self) -> (i32, i32) {
            (352, 62)
        }

        fn title(&self) -> String {
            "A title of its own".to_owned()
        }

        fn notes(&self) -> Vec<String> {
            vec!["2 of 9 rows".to_owned()]
        }

        fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
            let words = Words::new(16, sheet.theme.ink);
            sheet.words("learning rate", (room.left, room.top + 10), words)?;
            sheet.words("end", (room.right, room.bottom - 10), words.before())
        }
    }

    fn drawn(name: &str, look: Look) -> Vec<u8> {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join(name);
        write(&Target { path: &path, look }, &Ends).expect("it is written");
        fs::read(&path).expect("the file")
    }

    fn svg_of(look: Look) -> String {
        String::from_utf8(drawn("a.svg", look)).expect("UTF-8")
    }

    fn pixels(look: Look) -> Pixmap {
        Pixmap::decode_png(&drawn("a.png", look)).expect("a PNG")
    }

    /// The share of pixels that are no ground.
    fn ink(pixels: &Pixmap) -> f64 {
        let ground = pixels.pixels()[0];
        let inked = pixels.pixels().iter().filter(|pixel| **pixel != ground);
        inked.count() as f64 / pixels.pixels().len() as f64
    }

    /// The columns of a picture, from the left, in which something stands between two rows.
    fn columns(pixels: &Pixmap, rows: std::ops::Range<u32>) -> Vec<bool> {
        let ground = pixels.pixels()[0];
        let at = |x: u32, y: u32| pixels.pixel(x, y).expect("inside");
        let stands = |x| rows.clone().any(|y| at(x, y) != ground);
        (0..pixels.width()).map(stands).collect()
    }

    #[test]
    fn a_png_has_the_size_that_is_asked_for_and_its_text_scales() {
        let own = pixels(Look::default());
        assert_eq!((own.width(), own.height()), (400, 170));
        assert!(ink(&own) > 0.01, "{}", ink(&own));
        let twice = pixels(Look {
            scale: 2.0,
            ..Look::default()
        });
        assert_eq!((twice.width(), twice.height()), (800, 340));
        assert!((ink(&own) - ink(&twice)).abs() < 0.02);
        let slide = Look {
            size: Some((1920, 1080)),
            ..Look::default()
        };
        let slide = pixels(slide);
        assert_eq!((slide.width(), slide.height()), (1920, 1080));
        // The room reaches to the edges, and text is 4.8 times as large: as far as all still fits.
        let last = columns(&slide, 0..1080).iter().rposition(|ink| *ink);
        assert!(
            last.is_some_and(|last| (1770..1820).contains(&last)),
            "{last:?}"
        );
    }

    #[test]
    fn letters_of_a_png_stand_as_far_apart_as_those_of_the_font() {
        // "learning rate" ten times as large: one gap is as wide as a space, and no other is a third of that.
        let look = Look {
            scale: 10.0,
            ..Look::default()
        };
        let pixels = pixels(look);
        let rows = 10 * (24 + 40)..10 * (24 + 40 + 22);
        let columns = columns(&pixels, rows);
        let first = columns.iter().position(|ink| *ink).expect("ink");
        let last = columns.iter().rposition(|ink| *ink).expect("ink");
        assert!((235..260).contains(&first), "{first}");
        let width = text::width("learning rate", 160) as usize;
        assert!(
            (last - first).abs_diff(width) < 40,
            "{} {width}",
            last - first
        );
        let mut gaps: Vec<usize> = columns[first..=last]
            .split(|ink| *ink)
            .map(<[bool]>::len)
            .filter(|gap| *gap > 0)
            .collect();
        gaps.sort_unstable();
        let space = gaps.pop().expect("a space");
        assert!((40..80).contains(&space), "{space} {gaps:?}");
        assert!(gaps.iter().all(|gap| *gap < space / 2), "{space} {gaps:?}");
    }

    #[test]
    fn themes_change_ground_and_ink() {
        let first = |look| {
            let pixel = pixels(look).pixels()[0];
            (pixel.red(), pixel.green(), pixel.blue(), pixel.alpha())
        };
        let ground = |theme: &Theme| (theme.ground.0, theme.ground.1, theme.ground.2, 255);
        let dark = Look {
            dark: true,
            ..Look::default()
        };
        assert_eq!(first(Look::default()), ground(&LIGHT));
        assert_eq!(first(dark.clone()), ground(&DARK));
        let transparent = |dark| Look {
            dark,
            transparent: true,
            ..Look::default()
        };
        assert_eq!(first(transparent(false)).3, 0);
        assert_eq!(first(transparent(true)).3, 0);
        let colours = |svg: &str| -> HashSet<String> {
            let parts = svg.split("fill=\"#").skip(1);
            parts.map(|part| part[..6].to_owned()).collect()
        };
        let (light, dark) = (colours(&svg_of(Look::default())), colours(&svg_of(dark)));
        assert!(light.is_disjoint(&dark), "{light:?} {dark:?}");
    }

    #[test]
    fn titles_and_captions_are_said_and_cut_where_they_are_too_long() {
        let svg = svg_of(Look::default());
        assert!(svg.contains("A title of its own") && svg.contains("2 of 9 rows"));
        let look = Look {
            title: Some("Words ".repeat(20)),
            caption: Some("embedded, top-k 40".to_owned()),
            ..Look::default()
        };
        let svg = svg_of(look);
        assert!(svg.contains("embedded, top-k 40") && svg.contains("height=\"190\""));
        assert!(!svg.contains("A title of its own") && svg.contains("Words Words"));
        assert!(svg.contains('…') && !svg.contains(&"Words ".repeat(19)));
        assert!(svg.contains("2 of 9 rows"), "another title hides nothing");
    }

    #[test]
    fn an_svg_has_its_font_in_it_or_its_text_as_outlines() {
        let svg = svg_of(Look::default());
        assert!(svg.contains("@font-face") && svg.contains("learning rate"));
        let family = svg.split("font-family=\"").nth(1).expect("a text");
        assert!(family.starts_with(FAMILY));
        let outlined = svg_of(Look {
            outlines: true,
            ..Look::default()
        });
        assert!(!outlined.contains("font") && !outlined.contains("<text"));
        assert!(outlined.matches("<path").count() >= 3);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let look = Look {
            size: Some((16_000, 16_000)),
            scale: 4.0,
            ..Look::default()
        };
        let path = std::path::Path::new("never.png");
        let error = write(&Target { path, look }, &Ends).expect_err("too large");
        assert!(error.to_string().contains("16000x16000"), "{error}");
        assert!(!path.exists());
    }
}
