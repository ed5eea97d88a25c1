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

#[test]
fn another_model_is_a_lane_and_one_that_cannot_be_had_leaves_the_others() {
    let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/gpt2/plain");
    let mut playground = opened(200, 60);
    playground.press(F8);
    playground.until_shows("draws all lanes");
    for (model, lane) in [("/no/such/model", "╭ C "), (tiny, "╭ D ")] {
        playground.press("m");
        playground.until_shows("Add a lane of the model");
        playground.press(&format!("{model}\r"));
        playground.until_shows(lane);
    }
    playground.until_shows("failed: there is no directory");
    playground.press("\r");
    playground.until_shows("left A at");
    playground.until_shows("other tokens, left A at");
    // Three lanes run to their end; then the first model reads what the other one has said.
    playground.until("its surprisal under the first model", |text| {
        text.matches(" ■ ").count() >= 4 && !text.contains("S –")
    });
    // More seeds, and the chart of all.
    playground.press("n");
    playground.until("5 seeds of three lanes", |text| {
        text.matches("5 seeds").count() == 3
    });
    playground.press("P");
    playground.until_shows("Quality against diversity");
    playground.until_shows("d2 ");
    playground.press("P\x1b[D\t\t\to");
    // Its token in view fills Play's panes.
    playground.until_shows("Why");
    playground.until_shows("after “");
    playground.press("\x03\x03\x03");
    assert_eq!(playground.until_over(), 0);
}

#[test]
fn lanes_come_back_with_the_session() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("lanes.json");
    let mut playground = opened(120, 40);
    playground.press(F8);
    playground.until_shows("draws all lanes");
    playground.press("+\r");
    playground.until_shows("left A at");
    playground.until("both lanes to end", |text| text.matches(" ■ ").count() >= 3);
    playground.press(F8);
    for (command, question) in [
        ("save-session", "Save the session to the file"),
        ("open-session", "Open the session file"),
    ] {
        playground.press("\x10");
        playground.until_shows("┏ Commands");
        playground.press(command);
        playground.until_shows(&format!("{command}:"));
        playground.press("\r");
        playground.until_shows(question);
        playground.press(&format!("{}\r", file.display()));
        playground.until("the answer to be taken", |text| !text.contains(question));
        if command == "save-session" {
            playground.until_shows("The session was saved");
        }
    }
    playground.press(F8);
    playground.until_shows("said before:");
    playground.until_shows("A temperature 0.85, ");
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
