//! Three runs, two of them of the command line: seen in the table, compared, resumed, branched off, exported.

use std::fs;
use std::path::Path;

use crate::support::logitscope;
use crate::terminal::Playground;

const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";
const DOWN: &str = "\x1b[B";
const F2: &str = "\x1b[12~";
const F4: &str = "\x1bOS";

/// A run of a few steps, as the command line makes it.
fn train(home: &Path, name: &str, more: &[&str]) {
    let ended = logitscope(home)
        .args(["train", "poems.txt", "--run-name", name, "--steps", "6"])
        .args(["--layers", "1", "--heads", "2", "--width", "32"])
        .args(["--vocabulary", "300", "--context", "32", "--batch", "2"])
        .args(["--validation", "0.2"])
        .args(more)
        .current_dir(home)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

/// Dismisses what is told. A key that follows at once would be one with Alt.
fn dismiss(playground: &mut Playground) {
    while playground.text().contains("esc dismisses") {
        let before = playground.text();
        playground.press(ESCAPE);
        playground.until("it is gone", |text| text != before);
    }
}

fn walk(cols: u16, rows: u16) {
    let mut playground = Playground::open(cols, rows, &["play", "Once upon a time"]);
    playground.until_shows("■ ready");
    let home = playground.home().to_owned();
    let line = "The wind is in the north tonight, and the rain is on the hill.\n";
    fs::write(home.join("poems.txt"), line.repeat(80)).expect("written");
    train(&home, "high", &["--learning-rate", "1e-2"]);
    train(&home, "low", &["--learning-rate", "1e-4"]);

    // Seen, and compared in the chart: each has its sign on its row and on its line.
    playground.press(F2);
    playground.until_shows("start the run");
    playground.press(F4);
    let table = playground.until("both runs", |text| {
        text.contains("high") && text.contains("low") && text.contains("6/6")
    });
    assert!(table.contains("★"), "{table}");
    // The newest comes first.
    playground.press(" ");
    playground.until_shows("Loss · low");
    playground.press(DOWN);
    playground.press(" ");
    let chart = playground.until("both lines", |text| {
        text.contains("a high") && text.contains("─ low")
    });
    assert!(chart.contains("step 6 of 6"), "{chart}");

    // All steps were made: that is said, with the key that goes on.
    playground.press("R");
    playground.until_shows("All steps of the run `high` were made");
    dismiss(&mut playground);

    // Exported: what Play can load.
    playground.press("E");
    playground.until_shows("Export the run's best model");
    playground.press(ENTER);
    playground.until_shows("was written to high-model");
    assert!(home.join("high-model/model.safetensors").is_file());
    dismiss(&mut playground);

    // Branched off: the third run, of this screen, begins with the second's weights under the next free name.
    playground.press("f");
    let form = playground.until_shows("high-2");
    assert!(form.contains("runs/high/checkpoints/step-"), "{form}");
    playground.press(ENTER);
    playground.until_shows("Run high-2: all steps were made");
    dismiss(&mut playground);
    playground.press(F4);
    playground.until("three runs", |text| {
        ["high-2", "high ", "low "]
            .iter()
            .all(|name| text.contains(name))
    });
}

#[test]
fn three_runs_are_compared_branched_and_exported_on_80_columns() {
    walk(80, 24);
}

#[test]
fn three_runs_are_compared_branched_and_exported_on_120_columns() {
    walk(120, 40);
}
