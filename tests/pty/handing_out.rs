//! Handing out from a terminal: a page, Markdown, and a picture of the screen, each by its key.

use std::fs;

use crate::terminal::{PROMPT, opened};

#[test]
fn a_text_is_handed_out_as_a_page_as_markdown_and_as_a_picture() {
    let mut playground = opened(80, 24);
    playground.press("\r");
    playground.until_shows("ended: max tokens");
    for (key, name) in [("\x18", "story.html"), ("\tE", "story.md")] {
        playground.press(key);
        playground.until_shows("Write the hand-out");
        playground.press("\x15");
        playground.press(name);
        playground.press("\r");
        // Where it lies is said in full; the line may be broken anywhere.
        let whole = playground.home().join(name).display().to_string();
        playground.until("where it lies", |text| {
            let said: String = text.split_whitespace().collect();
            said.contains(&format!("waswrittento{whole}."))
        });
        let written = fs::read_to_string(playground.home().join(name)).expect("read");
        assert!(written.contains(PROMPT) && written.contains("temperature"));
        // By itself: together with what follows it would be another key.
        playground.press("\x1b");
        playground.until("the sentence to leave", |text| {
            !text.contains("was written")
        });
    }
    playground.press("\x18");
    playground.until_shows("Write the hand-out");
    playground.press("\x15screen.svg\r");
    playground.until_shows("was drawn into ");
    let drawn = fs::read_to_string(playground.home().join("screen.svg")).expect("read");
    assert!(drawn.starts_with("<svg") && !drawn.contains("hand-out"));
    playground.press("\x1b");
    playground.until("the sentence to leave", |text| !text.contains("was drawn"));
    // A second one of the same name takes nothing away.
    playground.press("\x18");
    playground.until_shows("Write the hand-out");
    playground.press("\x15story.html\r");
    playground.until_shows("story-2.html");
    assert!(playground.home().join("story-2.html").exists());
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}

#[cfg(feature = "charts")]
#[test]
fn charts_say_the_model_and_the_settings_below() {
    let mut playground = opened(120, 40);
    playground.press("\r");
    playground.until_shows("ended: max tokens");
    for (asked, name, settings) in [
        ("draw-odds", "odds.svg", true),
        ("draw-text", "text.svg", false),
    ] {
        playground.press("\x10");
        playground.until_shows("┏ Commands");
        playground.press(asked);
        playground.until_shows(&format!("{asked}:"));
        playground.press("\r");
        playground.until_shows("(.svg or .png)");
        playground.press("\x15");
        playground.press(name);
        playground.press("\r");
        playground.until_shows(&format!("was written to {name}"));
        let drawn = fs::read_to_string(playground.home().join(name)).expect("read");
        assert!(
            drawn.contains("embedded, 5,322,240 parameters, f16"),
            "{name}"
        );
        assert_eq!(drawn.contains(" · "), settings, "{name}");
    }
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
