//! What stands on a hand-out.

use std::fs;
use std::path::Path;

use logitscope::tui::SessionFile;

use crate::page::{PROMPT, export, of_lanes, of_samples, of_text, page, with_branch, wrote};
use crate::support::logitscope;

fn html(session: &SessionFile) -> String {
    let home = tempfile::tempdir().expect("a directory");
    fs::read_to_string(page(home.path(), session)).expect("read")
}

fn count(page: &str, part: &str) -> usize {
    page.matches(part).count()
}

/// Tokens on the page that have the focus in turn.
const TOKEN: &str = "tabindex=\"0\"";

#[test]
fn a_page_has_each_token_with_its_odds_and_what_the_model_would_rather_have_said() {
    let session = of_text(500);
    let page = html(&session);
    let tokens = &session.texts.branches[0].tokens;
    assert!(tokens.len() >= 500);
    assert_eq!(count(&page, TOKEN), tokens.len());
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    // Five likeliest tokens for each but the first.
    assert_eq!(
        count(&page, "--w:"),
        5 * (tokens.len() - 1) + funnel_bars(&page)
    );
    let token = &tokens[20];
    let odds = token.odds.expect("odds");
    let told = format!("rank {}, {:.2} bits", odds.rank, odds.surprisal);
    assert!(page.contains(&told), "{told}");
    for part in [
        PROMPT,
        "temperature 0.8",
        "top-k",
        "The way of one token",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for asked in ["http:", "https:", " src=", "@import", "url("] {
        assert!(!page.contains(asked), "{asked}");
    }
    assert_eq!(count(&page, "<script>"), 1);
    assert!(page.contains("The text</h2>") && !page.contains("The branches"));
}

/// Bars of the funnel's table.
fn funnel_bars(page: &str) -> usize {
    count(page, "class=\"bar\"")
}

#[test]
fn its_colours_are_those_that_are_configured() {
    let home = tempfile::tempdir().expect("a directory");
    let session = of_text(40);
    let config = home.path().join("config.toml");
    fs::write(&config, "[ui]\nmarks_probability = [0.8, 0.3, 0.02]\n").expect("written");
    let file = home.path().join("session.json");
    session.write(&file).expect("written");
    let output = logitscope(home.path())
        .current_dir(home.path())
        .args(["--config", "config.toml", "session", "export", "--recorded"])
        .args(["session.json", "--html", "page.html"])
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{output:?}");
    let page = fs::read_to_string(home.path().join("page.html")).expect("read");
    for said in ["at least 80 %", "at least 30 %", "at least 2 %"] {
        assert!(page.contains(said), "{said}");
    }
    let odds = session.texts.branches[0].tokens.iter();
    let odds = odds.filter_map(|token| Some(token.odds?.probability));
    let within = odds.filter(|odds| (0.3..0.8).contains(odds)).count();
    // In the text and in the table of its tokens.
    assert!(within > 0);
    assert_eq!(count(&page, "class=\"t p1"), within);
    assert_eq!(count(&page, "class=\"number p1\""), within);
}

#[test]
fn branches_samples_and_lanes_stand_on_it() {
    let page = html(&with_branch());
    assert!(page.contains("The branches") && page.contains("(the text above)"));
    assert!(page.contains("leaves its parent at token 10"), "{page}");

    let page = html(&of_samples());
    assert!(page.contains("side by side"));
    for name in ["Sample 1", "Sample 2", "Sample 3"] {
        assert!(page.contains(&format!("<h3>{name}</h3>")), "{name}");
    }
    assert!(!page.contains("The branches"), "samples are none");

    let session = of_lanes();
    let page = html(&session);
    assert!(page.contains("<h3>balanced</h3>") && page.contains("<h3>greedy</h3>"));
    let tokens = session.texts.branches.iter();
    let first = tokens.map(|branch| branch.tokens.len()).max();
    assert!(count(&page, TOKEN) > first.expect("a text"));
}

#[test]
fn what_was_written_stays_text_on_pages_and_in_markdown() {
    let mut session = of_text(12);
    wrote(&mut session, 8, "<script>alert(1)</script>\u{1b}[2J | `x`");
    session.texts.branches[0].lineage.name = Some("<b>name".to_owned());
    let page = html(&session);
    assert_eq!(count(&page, "<script>"), 1, "its own");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;⟨1B⟩[2J"));

    let home = tempfile::tempdir().expect("a directory");
    let output = export(home.path(), &session, &["--markdown", "page.md"]);
    assert!(output.status.success());
    let page = fs::read_to_string(home.path().join("page.md")).expect("read");
    assert!(page.contains("\\<script\\>alert(1)\\<"), "{page}");
    assert!(!page.contains('\u{1b}'));
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("stage"));
    let unescaped = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(rows.clone().count() > 12);
    let widths: Vec<usize> = rows.map(unescaped).collect();
    assert!(
        widths.iter().all(|width| [5, 9].contains(width)),
        "{widths:?}"
    );
}

#[test]
fn without_its_model_a_session_is_told_as_it_was_recorded() {
    let mut session = of_text(12);
    let home = tempfile::tempdir().expect("a directory");
    let recorded = export(
        home.path(),
        &session,
        &["--html", "page.html", "--recorded"],
    );
    assert!(recorded.status.success());
    let page = fs::read_to_string(home.path().join("page.html")).expect("read");
    assert_eq!(count(&page, "--w:"), funnel_bars(&page));
    session.model.source = "/nowhere/private/model".to_owned();
    let output = export(home.path(), &session, &["--html", "page.html"]);
    assert!(output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("is left out"), "{error}");
    let page = fs::read_to_string(home.path().join("page.html")).expect("read");
    assert!(
        !page.contains("private"),
        "where it lies is nobody's business"
    );
}

#[test]
fn what_cannot_be_written_is_said_in_a_sentence() {
    let home = tempfile::tempdir().expect("a directory");
    let said = |args: &[&str]| {
        let mut command = logitscope(home.path());
        let output = command.args(["session", "export"]).args(args).output();
        let output = output.expect("the binary runs");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said(&["--html", "x.html"]).contains("no session yet"));
    assert!(said(&["none.json", "--html", "x.html"]).contains("none.json"));
    assert!(said(&["none.json"]).contains("--html"));
    let mut ring = of_text(3);
    ring.texts.branches[0].lineage.parent = Some(ring.texts.branches[0].lineage.id);
    let output = export(home.path(), &ring, &["--html", "x.html"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && error.contains("no session file"),
        "{error}"
    );
    assert!(!Path::new("x.html").exists());
}
