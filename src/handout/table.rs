//! Every token with its figures: what paper shows in place of what is pointed at.

use maud::{Markup, html};

use super::Text;
use super::colour::{Borders, origin};
use crate::decoding::{Likely, display_in_text};
use crate::text::numbers::{bits, percent};

/// The table of a text's tokens.
pub fn table(text: &Text, borders: &Borders) -> Markup {
    let tokens = &text.tokens;
    let others = text.likeliest.iter().any(|likely| !likely.is_empty());
    html! {
        div.wide { table.tokens {
            thead { tr {
                th.number { "#" } th { "token" } th { "from" } th.number { "odds" }
                th.number { "rank" } th.number { "bits" } th.number { "after the chain" }
                @if others { th { "likeliest" } }
            } }
            tbody { @for (at, token) in tokens.iter().enumerate() { tr {
                td.number { (at) }
                th scope="row" { (display_in_text(tokens, at)) }
                td { (origin(token.origin)) }
                @match token.odds {
                    Some(odds) => {
                        td class=(format!("number p{}", borders.class(odds.probability))) {
                            (percent(odds.probability))
                        }
                        td.number { (odds.rank) }
                        td.number { (bits(odds.surprisal)) }
                    }
                    None => { td {} td {} td {} }
                }
                td.number { @if let Some(draw) = &token.draw { (percent(draw.probability)) } }
                @if others { td { (named(text.likeliest.get(at).map_or(&[], Vec::as_slice))) } }
            } } }
        } }
    }
}

/// Some tokens with their odds, in a line.
pub fn named(likeliest: &[Likely]) -> String {
    let one = |likely: &Likely| format!("{} {}", likely.display, percent(likely.probability));
    let some = likeliest.iter().take(3).map(one);
    some.collect::<Vec<_>>().join(", ")
}
