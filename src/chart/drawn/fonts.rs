//! What pixels and outlines are set in: our own font, and for signs that it lacks the fonts of the system, if there are any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use resvg::usvg::fontdb::{Database, ID, Style};
use resvg::usvg::{FontResolver, Options};
use skrifa::{FontRef, MetadataProvider};

/// What all text is set in; the family after it is for what it lacks.
pub const FONT: &str = "Noto Sans, sans-serif";
/// Its family alone.
pub const FAMILY: &str = "Noto Sans";
pub const FONT_FILE: &[u8] = include_bytes!("../../../assets/font/NotoSans-Regular.ttf");
/// The same, smaller, as browsers read it.
pub const FONT_FOR_WEB: &[u8] = include_bytes!("../../../assets/font/NotoSans-Regular.woff2");

/// Fonts, of which the first is our own.
pub struct Fonts {
    database: Arc<Database>,
    /// Those after the first, upright ones of common weight before others.
    others: Vec<ID>,
    /// Which of them has a sign, as far as that was asked.
    found: Mutex<HashMap<char, Option<ID>>>,
}

static OWN: OnceLock<Fonts> = OnceLock::new();
static WITH_SYSTEM: OnceLock<Fonts> = OnceLock::new();

/// Our own with those of the system, which are looked for when they are first asked for.
pub fn with_system() -> &'static Fonts {
    WITH_SYSTEM.get_or_init(|| Fonts::beside_own(Database::load_system_fonts))
}

/// Those that are at hand: with the system's, if a sign was looked for among them.
pub fn at_hand() -> &'static Fonts {
    WITH_SYSTEM
        .get()
        .unwrap_or_else(|| OWN.get_or_init(|| Fonts::beside_own(|_| ())))
}

impl Fonts {
    /// Our own, and those that `load` brings.
    fn beside_own(load: impl FnOnce(&mut Database)) -> Self {
        let mut database = Database::new();
        database.load_font_data(FONT_FILE.to_vec());
        load(&mut database);
        database.set_sans_serif_family(FAMILY);
        let mut others: Vec<_> = database.faces().skip(1).collect();
        others.sort_by_key(|face| (face.style != Style::Normal, face.weight.0.abs_diff(400)));
        Self {
            others: others.into_iter().map(|face| face.id).collect(),
            database: Arc::new(database),
            found: Mutex::default(),
        }
    }

    /// Whether one beside our own can draw a sign.
    pub fn have(&self, sign: char) -> bool {
        self.face_of(sign).is_some()
    }

    /// The first of the others that can draw a sign.
    fn face_of(&self, sign: char) -> Option<ID> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        *found.entry(sign).or_insert_with(|| {
            let draws = |&id: &ID| {
                let drawn = |data: &[u8], index: u32| draws(data, index, sign);
                self.database.with_face_data(id, drawn).unwrap_or(false)
            };
            self.others.iter().copied().find(draws)
        })
    }

    /// How text is set in them: in our own, whatever the system has, and only what that lacks in others.
    pub fn options(&'static self) -> Options<'static> {
        let own = self.database.faces().next().map(|face| face.id);
        Options {
            font_family: FAMILY.to_owned(),
            fontdb: Arc::clone(&self.database),
            font_resolver: FontResolver {
                select_font: Box::new(move |_, _| own),
                select_fallback: Box::new(|sign, used, _| {
                    self.face_of(sign).filter(|id| !used.contains(id))
                }),
            },
            ..Options::default()
        }
    }
}

/// Whether a font has an outline for a sign: some have pictures in its place.
fn draws(font: &[u8], index: u32, sign: char) -> bool {
    FontRef::from_index(font, index).is_ok_and(|font| {
        let glyph = font.charmap().map(sign);
        glyph.is_some_and(|glyph| font.outline_glyphs().get(glyph).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_that_ours_lacks_is_drawn_by_another_font_if_there_is_one() {
        const SQUARE: &[u8] = include_bytes!("../../../tests/reference/font.ttf");
        let sign = '月';
        let alone = Fonts::beside_own(|_| ());
        assert!(!alone.have(sign) && !alone.have('a'));
        let beside = Fonts::beside_own(|fonts| fonts.load_font_data(SQUARE.to_vec()));
        assert!(beside.have(sign) && !beside.have('水'));
        assert!(!draws(b"no font", 0, sign));
        let drawn = |fonts: Fonts| {
            let fonts: &'static Fonts = Box::leak(Box::new(fonts));
            let svg = format!(
                "<svg width=\"40\" height=\"40\" xmlns=\"http://www.w3.org/2000/svg\"><text y=\"30\" font-size=\"16\">{sign}</text></svg>"
            );
            let tree = resvg::usvg::Tree::from_str(&svg, &fonts.options()).expect("an SVG");
            tree.root().bounding_box().width()
        };
        // Another sign than what stands for one that no font has.
        assert!((drawn(beside) - drawn(alone)).abs() > 0.1);
    }
}
