//! A text in colours: each token by how likely it was, with a card of its odds that shows while it is pointed at or has
//! the focus.

use std::ops::Range;

use maud::{Markup, html};

use crate::config::UiSettings;
use crate::decoding::{Likely, Origin, TokenRecord, display_in_text};
use crate::text::numbers::{bits, percent};
use crate::text::sanitize;

/// Raw probabilities, falling, at which one class of colour ends and the next begins: `marks_probability` of the
/// configuration, or where the screen has them now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Borders(pub [f32; 3]);

impl Default for Borders {
    fn default() -> Self {
        Self(UiSettings::default().marks_probability)
    }
}

impl Borders {
    /// The class of a probability, from the most expected on: 0 to 3.
    pub fn class(&self, probability: f32) -> usize {
        let within = |border: &f32| probability >= *border;
        self.0.iter().position(within).unwrap_or(self.0.len())
    }

    /// The borders as they are read: in percent, with no more digits than say something.
    pub fn labels(&self) -> [String; 3] {
        self.0.map(|border| {
            let percent = 100.0 * f64::from(border);
            let digits = if percent < 0.1 { 1e4 } else { 100.0 };
            format!("{} %", (percent * digits).round() / digits)
        })
    }
}

/// The tokens of a range, coloured, each with its card.
pub fn coloured(
    tokens: &[TokenRecord],
    range: Range<usize>,
    likeliest: &[Vec<Likely>],
    borders: &Borders,
) -> Markup {
    let range = range.start.min(tokens.len())..range.end.min(tokens.len());
    html! {
        div.text {
            @for at in range {
                @let token = &tokens[at];
                span class=(classes(token, borders)) tabindex="0" {
                    (said(tokens, at))
                    (card(tokens, at, likeliest.get(at).map_or(&[], Vec::as_slice)))
                }
            }
        }
    }
}

fn classes(token: &TokenRecord, borders: &Borders) -> String {
    let origin = match token.origin {
        Origin::Prompt => " given",
        Origin::Generated => "",
        Origin::Chosen => " put",
    };
    match token.odds {
        Some(odds) => format!("t p{}{origin}", borders.class(odds.probability)),
        None => format!("t{origin}"),
    }
}

/// What a token adds to the text. Newlines have a sign to point at; a part of a character is shown as what it is.
fn said(tokens: &[TokenRecord], at: usize) -> Markup {
    let token = &tokens[at];
    let text = match str::from_utf8(&token.bytes) {
        Ok(text) if !text.is_empty() => sanitize(text).into_owned(),
        _ => display_in_text(tokens, at),
    };
    html! {
        @for (place, line) in text.split('\n').enumerate() {
            @if place > 0 { i.sign { "⏎" } "\n" }
            (line)
        }
    }
}

fn card(tokens: &[TokenRecord], at: usize, likeliest: &[Likely]) -> Markup {
    let token = &tokens[at];
    html! {
        span.card role="tooltip" {
            b { (display_in_text(tokens, at)) }
            span.line { "token " (at) ", " (origin(token.origin)) }
            @if let Some(odds) = token.odds {
                span.line {
                    (percent(odds.probability)) ", rank " (odds.rank) ", "
                    (bits(odds.surprisal)) " bits"
                }
            } @else {
                span.line { "the first: nothing predicts it" }
            }
            @if let Some(draw) = &token.draw {
                span.line {
                    "after the chain " (percent(draw.probability))
                    @if let Some(u) = draw.u { ", u = " (format!("{u:.4}")) }
                }
                @for stage in &draw.trace {
                    span.line.stage {
                        (stage.stage.name()) ": " (stage.kept) " left, "
                        (percent(stage.mass_cut)) " cut"
                    }
                }
            }
            @for likely in likeliest {
                span.row.here[likely.id == token.id] style=(width(likely.probability)) {
                    span { (likely.display) } span { (percent(likely.probability)) }
                }
            }
        }
    }
}

/// How long a bar is.
pub fn width(share: f32) -> String {
    let share = if share.is_finite() { share } else { 0.0 };
    format!("--w:{:.1}%", 100.0 * share.clamp(0.0, 1.0))
}

/// Where a token comes from, in words.
pub fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Prompt => "of the prompt",
        Origin::Generated => "drawn",
        Origin::Chosen => "put there",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::TokenOdds;

    fn token(text: &[u8], probability: f32) -> TokenRecord {
        TokenRecord {
            position: 0,
            id: 7,
            bytes: text.to_vec(),
            display: "x".to_owned(),
            origin: Origin::Generated,
            odds: Some(TokenOdds {
                probability,
                rank: 3,
                surprisal: 1.5,
                entropy: 2.0,
                best: 1,
            }),
            draw: None,
        }
    }

    #[test]
    fn what_a_model_wrote_stays_text() {
        let tokens = [token(b"<script>alert(1)</script>", 0.3)];
        let likeliest = vec![vec![Likely {
            id: 7,
            display: "\"><img src=x onerror=alert(1)>".to_owned(),
            probability: 0.3,
        }]];
        let page = coloured(&tokens, 0..1, &likeliest, &Borders::default()).into_string();
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("class=\"t p1\""), "{page}");
        let hidden = [token("a\u{1b}[2J\u{202e}b\n".as_bytes(), f32::NAN)];
        let page = coloured(&hidden, 0..1, &[], &Borders::default()).into_string();
        let is_plain = |c: char| !c.is_control() || c == '\n';
        assert!(page.chars().all(is_plain) && !page.contains('\u{202e}'));
        assert!(page.contains("t p3"), "{page}");
    }

    #[test]
    fn a_character_in_several_tokens_is_shown_in_each() {
        let tokens = [token(b"\xC3", 0.6), token(b"\xA9", 0.6)];
        let page = coloured(&tokens, 0..2, &[], &Borders::default()).into_string();
        assert_eq!(page.matches("é⟨").count(), 4, "{page}");
    }

    #[test]
    fn classes_are_those_of_the_screen() {
        let of = |borders: Borders| {
            [1.0, 0.5, 0.49, 0.1, 0.05, 0.01, 0.009, 0.0].map(|p| borders.class(p))
        };
        assert_eq!(of(Borders::default()), [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(Borders::default().labels(), ["50 %", "10 %", "1 %"]);
        let own = Borders([0.9, 0.4, 0.005]);
        assert_eq!(of(own), [0, 1, 1, 2, 2, 2, 2, 3]);
        assert_eq!(own.labels(), ["90 %", "40 %", "0.5 %"]);
        let told = Borders([0.1234, 0.001, 0.000_02]).labels();
        assert_eq!(told, ["12.34 %", "0.1 %", "0.002 %"]);
    }
}
