//! What the screen shows after odd characters and at odd sizes.

use crate::terminal::{PROMPT, opened};

#[test]
fn nothing_of_a_deleted_character_stays() {
    let mut playground = opened(120, 40);
    for (typed, rest) in [("กำ", "ำ"), ("🇩🇪", "🇪")] {
        playground.press(typed);
        playground.until_shows(rest);
        playground.press("\x7f!");
        // The text that is shown beside the prompt follows it, as soon as the model has read it.
        playground.until(&format!("no {rest:?} beside the prompt"), |text| {
            text.contains(&format!("{PROMPT}!")) && !text.contains(rest)
        });
        playground.press("\x7f");
    }
}

#[test]
fn an_absurd_size_takes_no_absurd_memory() {
    let mut playground = opened(120, 40);
    playground.report(10_000, 10_000);
    playground.until_drawn_to(100);
    let status = format!("/proc/{}/status", playground.process());
    // On systems without it there is nothing to read.
    if let Ok(status) = std::fs::read_to_string(status) {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes: u64 = peak
            .and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok())
            .expect("a size");
        assert!(kibibytes < 1_000_000, "{kibibytes} kB");
    }
}
