//! A page in a real browser: pointing at tokens, keys, the console, what was written by strangers, dark and light, paper.

use serde_json::json;

use crate::page::{of_lanes, of_text, page, with_branch, wrote};
use crate::webdriver::{Browser, DOWN, RIGHT, TAB};

/// Whether the card of the token at a place is seen.
fn card_shows(place: usize) -> String {
    format!(
        "getComputedStyle(document.querySelectorAll('.t')[{place}].querySelector('.card')).display === 'block'"
    )
}

/// The place of the token that has the focus; -1 for none.
const FOCUS: &str = "Array.from(document.querySelectorAll('.t')).indexOf(document.activeElement)";

#[test]
fn a_page_answers_to_the_pointer_and_to_keys_and_runs_nothing_of_strangers() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let home = tempfile::tempdir().expect("a directory");
    let mut session = of_text(120);
    wrote(
        &mut session,
        9,
        "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
    );
    browser.open(&page(home.path(), &session));

    // What was written is text, and nothing was asked for.
    assert!(browser.is_so("document.title.startsWith('Once upon a time')"));
    assert_eq!(browser.tells("document.scripts.length"), 1);
    assert_eq!(browser.tells("document.images.length"), 0);
    assert!(browser.is_so("document.querySelectorAll('.t')[9].textContent.includes(\"<script>document.title='owned'</script>\")"));
    assert_eq!(
        browser.tells("performance.getEntriesByType('resource').length"),
        0
    );

    // Pointing.
    assert!(!browser.is_so(&card_shows(6)));
    browser.point_at(".t:nth-of-type(7)");
    assert!(browser.is_so(&card_shows(6)) && !browser.is_so(&card_shows(5)));
    let card = "document.querySelectorAll('.t')[6].querySelector('.card').textContent";
    assert!(browser.is_so(&format!("/rank \\d+, \\d+\\.\\d\\d bits/.test({card})")));
    assert!(browser.is_so(
        "(() => { const box = document.querySelectorAll('.t')[6].querySelector('.card').getBoundingClientRect(); \
         return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight; })()"
    ));
    browser.keep_picture("pointed.png");
    browser.point_at("h1");

    // Keys.
    browser.press(TAB);
    assert_eq!(browser.tells(FOCUS), 0);
    browser.press(RIGHT);
    browser.press(RIGHT);
    assert_eq!(browser.tells(FOCUS), 2);
    assert!(browser.is_so(&card_shows(2)) && !browser.is_so(&card_shows(0)));
    browser.press(DOWN);
    assert!(browser.is_so(&format!(
        "document.activeElement.getBoundingClientRect().top > document.querySelectorAll('.t')[2].getBoundingClientRect().top && {FOCUS} > 2"
    )));

    // Dark, light, and paper.
    let paper = "getComputedStyle(document.body).backgroundColor";
    let colours = ["light", "dark"].map(|scheme| {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.own(
            "Emulation.setEmulatedMedia",
            json!({ "media": "", "features": features }),
        );
        browser.keep_picture(&format!("{scheme}.png"));
        browser.tells(paper)
    });
    assert_eq!(colours, ["rgb(255, 255, 255)", "rgb(22, 24, 29)"]);
    browser.own("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    assert!(
        browser.is_so(&format!("{FOCUS} > 0")),
        "its card would show"
    );
    assert!(browser.is_so("Array.from(document.querySelectorAll('.card')).every((card) => getComputedStyle(card).display === 'none')"));
    assert!(browser.is_so("document.querySelectorAll('.tokens tbody tr').length > 120"));
    browser.keep_picture("print.png");
    assert_eq!(browser.console(), [json!(null); 0]);
}

#[test]
fn a_page_is_read_without_scripts_and_texts_stand_side_by_side() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let home = tempfile::tempdir().expect("a directory");
    browser.own(
        "Emulation.setScriptExecutionDisabled",
        json!({ "value": true }),
    );
    browser.open(&page(home.path(), &of_lanes()));
    assert!(!browser.is_so("document.documentElement.classList.contains('with-script')"));
    browser.press(TAB);
    browser.press(TAB);
    assert_eq!(
        browser.tells(FOCUS),
        1,
        "each token is gone to by the Tab key"
    );
    assert!(browser.is_so(&card_shows(1)));
    browser.point_at(".lane + .lane .t:nth-of-type(5)");
    assert!(browser.is_so(
        "getComputedStyle(document.querySelectorAll('.lane')[1].querySelectorAll('.t')[4].querySelector('.card')).display === 'block'"
    ));
    assert!(browser.is_so(
        "(([a, b]) => a.getBoundingClientRect().top === b.getBoundingClientRect().top)(document.querySelectorAll('.lane'))"
    ));
    browser.keep_picture("lanes.png");
    browser.open(&page(home.path(), &with_branch()));
    assert_eq!(
        browser.tells("document.querySelectorAll('.branch').length"),
        2
    );
    browser.keep_picture("branches.png");
    assert_eq!(browser.console(), [json!(null); 0]);
}
