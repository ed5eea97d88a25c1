//! Settings side by side in a terminal: lanes are drawn, one is turned and looked at, and one becomes the text.

use crate::terminal::opened;

const F8: &str = "\x1b[19~";

#[test]
fn lanes_are_drawn_turned_and_the_best_becomes_the_text() {
    let mut playground = opened(120, 40);
    playground.press(F8);
    playground.until_shows("draws all lanes");
    playground.press("\r");
    // Both lanes run to their end, and the second one leaves the first.
    playground.until_shows("left A at");
    playground.until("both lanes to end", |text| text.matches(" ■ ").count() >= 3);
    playground.until_shows("── token");
    let before = playground.text();
    playground.press("\x1b[D");
    playground.until("the token before to come into view", |text| text != before);
    // The second lane, its temperature up.
    playground.press("\t+");
    playground.until_shows("B temperature 1.05, neutral");
    playground.press("K");
    playground.until_shows("Lane B is the text now");
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
