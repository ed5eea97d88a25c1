//! The hand-out: sessions of the playground written as pages and Markdown by the binary, and the pages in a real browser.

mod browser;
mod page;
#[path = "../support/mod.rs"]
mod support;
mod webdriver;
mod written;
