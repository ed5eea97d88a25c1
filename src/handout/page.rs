//! The page itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::{Sheet, chain, lesson, run, table, texts};
use crate::text::sanitize;

const STYLE: &str = include_str!("../../assets/handout/page.css");
const SCRIPT: &str = include_str!("../../assets/handout/page.js");

/// The hand-out as one page of HTML that asks for nothing else.
pub fn page(sheet: &Sheet) -> String {
    let title = sheet.title();
    let said = !sheet.texts.iter().all(|text| text.tokens.is_empty());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy());
                title { (title) " · logitscope" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p.note { "Written by logitscope"
                        @if !sheet.model.is_empty() { " with the model " (sanitize(&sheet.model)) }
                        "." }
                }
                main {
                    @if let Some(done) = &sheet.lesson {
                        (section("lesson", "The lesson", &lesson::lesson(done)))
                    }
                    @if !sheet.prompt.is_empty() && said {
                        (section("prompt", "The prompt", &html! {
                            blockquote.prompt { (sanitize(&sheet.prompt)) }
                        }))
                    }
                    @if said { (of_text(sheet)) }
                    @if let Some(done) = &sheet.run {
                        (section("run", "The training", &run::run(done)))
                    }
                    @if said { (tables(sheet)) }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// What the page may do: show itself and run its own script, whatever is written in it.
fn policy() -> String {
    let own = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{own}'; base-uri 'none'; form-action 'none'"
    )
}

fn section(id: &str, title: &str, inside: &Markup) -> Markup {
    html! { section #(id) { h2 { (title) } (inside) } }
}

/// The text, how it was drawn, and what was left in its favour.
fn of_text(sheet: &Sheet) -> Markup {
    let title = match sheet.texts.len() {
        1 => "The text",
        _ => "The texts, side by side",
    };
    html! {
        (section("text", title, &html! {
            (texts::legend(&sheet.borders))
            (texts::texts(&sheet.texts, &sheet.borders))
        }))
        @if let [text] = &sheet.texts[..] {
            (section("chain", "How it was drawn", &chain::chain(text)))
        }
        @if let Some(funnel) = chain::funnel(sheet) {
            (section("funnel", "The way of one token", &funnel))
        }
        @if !sheet.branches.is_empty() {
            (section("branches", "The branches", &texts::branches(&sheet.branches, &sheet.borders)))
        }
    }
}

fn tables(sheet: &Sheet) -> Markup {
    html! {
        (section("tokens", "Every token", &html! {
            @for text in &sheet.texts {
                @if !text.name.is_empty() { h3 { (text.name) } }
                (table::table(text, &sheet.borders))
            }
        }))
    }
}
