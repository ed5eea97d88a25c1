//! What the words and signs of each pane mean, in plain words: over the pane, and first on the help page.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

use super::draw;
use super::train::TrainTopic;
use crate::tui::state::overlay::{Legend, Topic};
use crate::tui::state::seen::{Hit, Seen};
use crate::tui::vocabulary::focus::Focus;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::scroll_mark;
use crate::tui::vocabulary::wrapped::wrapped;

/// A word or sign, and what it means.
type Entry = (&'static str, &'static str);

const PROMPT: &[Entry] = &[
    (
        "token",
        "a piece of text that the model reads and writes as one: a word, a part of one, a sign",
    ),
    (
        "tokens",
        "how many of them the prompt has; the top line says how many the model can look at",
    ),
];

const TEXT: &[Entry] = &[
    (
        "dim to bold",
        "and underlined: the less the model expected it, the heavier; italics: the prompt",
    ),
    (
        "surprisal",
        "how unexpected the token was, in bits: 1 is a coin's toss, 10 one in a thousand",
    ),
    (
        "entropy",
        "how unsure the model was before it, in bits: each one more doubles the choice",
    ),
    (
        "KL beside",
        "how far the odds of the model beside lie from those here, in bits: 0 is the same",
    ),
    (
        "otherwise with these knobs",
        "how many of the drawn tokens would be others, had the knobs stood as they do now: by the same random numbers, after the same text",
    ),
    ("◆ ◇", "the first such token, and the rest"),
    (
        "d1 d2",
        "different tokens, and pairs of neighbours, divided by all: 1 says nothing twice",
    ),
    (
        "rep",
        "the share of runs of four tokens that stood in the text before",
    ),
    ("S H", "mean surprisal and mean entropy, in bits a token"),
    (
        "▶ ■",
        "beam search: a beam that grows, and one that has ended, with its score",
    ),
];

const NEXT: &[Entry] = &[
    ("rank", "the place among all tokens by what the model says"),
    (
        "raw",
        "how likely the model says the token is, before the sampler",
    ),
    ("final", "how likely it is to be drawn, after the sampler"),
    ("cut by", "the stage of the sampler that took the token out"),
    (
        "▼ ▲ rep -0.42",
        "a stage lowered or raised the token's logit by so much; 0.7 makes it half or twice as likely against the others, 2.3 a tenth or ten times",
    ),
    (
        "left",
        "tokens that can still be drawn, of all that there are",
    ),
    (
        "◀ stands there",
        "the token that stands in the text at this place",
    ),
    (
        "◇ these knobs pick",
        "the token that would be taken there with the knobs as they are now, by the same number u",
    ),
    ("…", "ranks that are left out between the rows"),
    (
        "bits a byte",
        "surprisal of the whole text divided by its bytes, b/B in short: less is better, whatever the tokens",
    ),
    (
        "▲ ▼ beside here ±",
        "likelier here than in the model beside, or less: by how many percentage points",
    ),
    ("KL bits", "what the token adds to the distance of both"),
];

const TOKENS: &[Entry] = &[
    ("p +", "a token of the prompt; one that you put there"),
    (
        "raw p",
        "how likely the model said the token was, before the sampler",
    ),
    ("rank", "its place among all tokens by that"),
    (
        "bits",
        "its surprisal: 1 bit is as a coin's toss, 10 bits as one in a thousand",
    ),
    (
        "H",
        "the entropy before it in bits: 0 is sure of one token, each bit more doubles the choice",
    ),
    ("· ⏎ ⇥", "a space, a new line and a tab in a token"),
    (
        "⟨E2⟩",
        "a byte that is no character by itself; é⟨C3…⟩ is the first byte of a character that the next token completes",
    ),
];

const KNOBS: &[Entry] = &[
    (
        "● ○ ·",
        "a stage that acts, one that is switched off, one that has nothing to do",
    ),
    ("method", "how a token is taken from the final odds"),
    (
        "seed",
        "numbers the draws: the same seed, model and knobs give the same text",
    ),
    ("samples", "how many texts are drawn beside each other"),
    (
        "a → b",
        "the settings that do something, in the order in which they act",
    ),
    ("↑ ↓", "rows that are out of sight above and below"),
];

const WHY: &[Entry] = &[
    (
        "logits",
        "the model's score of each token; the odds follow from their differences",
    ),
    (
        "left",
        "tokens that are left after each stage of the sampler",
    ),
    (
        "cut",
        "how likely the tokens were together that the stage took out",
    ),
    (
        "H bits",
        "entropy of the odds after the stage: 0 is sure of one token, each bit more doubles the choice",
    ),
    (
        "u",
        "the random number from 0 to 1 of this place: the final odds are laid end to end, and the token is taken on which u falls; it depends on the seed alone",
    ),
    (
        "→ … ◇",
        "the token that u picks with the knobs as they are now",
    ),
    ("there stands", "the token in the text, where it is another"),
    (
        "drawn then",
        "how that one was drawn, by the knobs of that time",
    ),
    (
        "mu",
        "Mirostat: tokens more surprising than this many bits are cut; it falls after a surprise and rises after none",
    ),
    (
        "mean p",
        "adaptive-p: how likely the tokens drawn so far were on average; the aim, which tokens are favoured that lie near, makes up for it",
    ),
    (
        "score",
        "contrastive search: likely, less alike to what was said; likeness is 1 for the same and 0 for nothing in common",
    ),
];

const FUNNEL: &[Entry] = &[
    (
        "mass cut",
        "how likely the tokens were together that the stage took out",
    ),
    (
        "changed token",
        "a token that a stage lowered or raised, by how much in its logit, and how likely it was before and after that stage",
    ),
    (
        "0 █▒█ 1",
        "the final odds laid end to end; u is a random number, and the token is taken on which it falls",
    ),
];

const LANES: &[Entry] = &[
    (
        "A B C",
        "lanes: one prompt, and one number u at each position in all",
    ),
    ("S", "mean surprisal under A's model, in bits a token"),
    ("H", "mean entropy of the lane's own model, in bits"),
    (
        "left",
        "tokens that the sampler leaves to draw from, on average",
    ),
    ("rep", "share of runs of four tokens that stood before"),
    ("d1 d2", "different tokens, and pairs of neighbours, of all"),
    ("±", "how far the 95 % interval over several seeds reaches"),
    (
        "left A at 7",
        "from this position on the text is another than A's",
    ),
    (
        "other tokens",
        "the model cuts text otherwise: places go by bytes, and u has nothing in common",
    ),
    ("◀", "the token that stands there"),
    ("◇", "where u falls with the lane's knobs as they are now"),
    ("A", "in a row of odds: what lane A has at this position"),
    (
        "cut by, dry -7",
        "the stage that took the token out, or changed its logit",
    ),
];

const CONTINUATIONS: &[Entry] = &[
    (
        "in all",
        "how likely the text goes on exactly so up to this token: the product of the p along the path; the bar is as long as it is beside the likeliest",
    ),
    (
        "p",
        "how likely the token is after those before it, after the sampler",
    ),
    (
        "raw p",
        "how likely the model says it is, before the sampler",
    ),
    ("▾ ▸", "what follows the token is open, or folded"),
    ("■ end", "a token that ends the text"),
    (
        "× pruned",
        "taken away by hand, with what follows; files leave it out",
    ),
    ("◀", "the text goes on so"),
    (
        "top, top-p",
        "how many tokens follow at each place: so many, or those that together have a probability",
    ),
    (
        "leaves hold",
        "how likely it is that the text goes on to one of the tree's ends",
    ),
    (
        "bits",
        "the surprisal of the whole path: each bit more is half as likely",
    ),
];

/// What a pane shows, by topic.
fn entries(topic: Topic) -> Vec<Entry> {
    let pane = |focus| match focus {
        Focus::Prompt => PROMPT,
        Focus::Text => TEXT,
        Focus::Next => NEXT,
        Focus::Tokens => TOKENS,
        Focus::Knobs => KNOBS,
        Focus::Why => WHY,
    };
    match topic {
        Topic::Pane(focus) => pane(focus).to_vec(),
        Topic::Funnel => {
            let shared = ["left", "H bits", "u"];
            let shared = WHY.iter().filter(|(word, _)| shared.contains(word));
            FUNNEL.iter().chain(shared).copied().collect()
        }
        Topic::Lanes => LANES.to_vec(),
        Topic::Continuations => CONTINUATIONS.to_vec(),
    }
}

/// Every pane of Play with what its words and signs mean, each in lines of at most so many cells; the pane in hand first.
pub fn of_play(hand: Focus, width: u16) -> Vec<(&'static str, Vec<(String, String)>)> {
    let mut panes = [
        Focus::Next,
        Focus::Why,
        Focus::Text,
        Focus::Knobs,
        Focus::Tokens,
        Focus::Prompt,
    ];
    let first = panes.iter().position(|pane| *pane == hand);
    panes.rotate_left(first.unwrap_or(0));
    let rows = |pane: Focus| (pane.name(), rows(Topic::Pane(pane), width));
    panes.into_iter().map(rows).collect()
}

/// The same of the Compare screen.
pub fn of_lanes(width: u16) -> (&'static str, Vec<(String, String)>) {
    ("Compare", rows(Topic::Lanes, width))
}

/// The same of the Train screen.
pub fn of_train(hand: TrainTopic, width: u16) -> Vec<(&'static str, Vec<(String, String)>)> {
    let mut topics = TrainTopic::ALL;
    let first = topics.iter().position(|topic| *topic == hand);
    topics.rotate_left(first.unwrap_or(0));
    let rows = |topic: TrainTopic| (topic.name(), laid_in_rows(topic.entries().to_vec(), width));
    topics.into_iter().map(rows).collect()
}

/// The entries of a topic as lines: a word, and a line of its meaning; the word is empty where the meaning goes on.
fn rows(topic: Topic, width: u16) -> Vec<(String, String)> {
    laid_in_rows(entries(topic), width)
}

fn laid_in_rows(entries: Vec<Entry>, width: u16) -> Vec<(String, String)> {
    let longest = entries.iter().map(|(word, _)| safe::width(word)).max();
    let words = longest.unwrap_or(0).min(20);
    let room = width.saturating_sub(words as u16 + 2).max(10);
    let mut rows = Vec::new();
    for (word, meaning) in entries {
        // A word that is longer than its column has a line to itself.
        if safe::width(word) > words {
            rows.push((word.to_owned(), String::new()));
        }
        let mut word = if safe::width(word) > words { "" } else { word };
        for line in wrapped(meaning, room) {
            rows.push((safe::fit(word, words), line));
            word = "";
        }
    }
    rows
}

/// Where it lies, and its lines.
fn laid_out(legend: &Legend, screen: Rect) -> (Rect, Vec<(String, String)>) {
    let width = screen.width.saturating_sub(4).min(90);
    let rows = rows(legend.topic, width.saturating_sub(4));
    let height = (rows.len() as u16 + 2).min(screen.height.saturating_sub(2));
    let area = Rect::new(
        (screen.width - width) / 2,
        screen.height.saturating_sub(height + 1) / 2,
        width,
        height,
    );
    (area, rows)
}

/// Draws it over everything else.
pub fn draw(legend: &Legend, theme: &Theme, screen: Rect, seen: &mut Seen, frame: &mut Frame) {
    let (area, rows) = laid_out(legend, screen);
    seen.put(area, Hit::Over);
    let name = match legend.topic {
        Topic::Pane(pane) => pane.name(),
        Topic::Funnel => "Funnel",
        Topic::Lanes => "Compare",
        Topic::Continuations => "the tree",
    };
    let height = usize::from(area.height.saturating_sub(2));
    let most = rows.len().saturating_sub(height);
    seen.legend = Some(most);
    let top = legend.scroll.min(most);
    let shown = top..rows.len().min(top + height);
    let more = format!(" {}", scroll_mark(&shown, rows.len()));
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.border_focused)
        .title(Line::styled(format!(" What {name} says "), theme.title))
        .title_bottom(Line::styled(more, theme.quiet).right_aligned());
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let lines = rows[shown].iter().map(|(word, meaning)| {
        Line::from(vec![
            Span::styled(format!(" {word}  "), theme.key),
            Span::styled(meaning.clone(), theme.base),
        ])
    });
    draw::lines(lines.collect(), inside, frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pane_explains_the_words_that_stand_in_it() {
        for (topic, words) in [
            (
                Topic::Pane(Focus::Text),
                &[
                    "d1 d2",
                    "rep",
                    "S H",
                    "otherwise with these knobs",
                    "surprisal",
                ][..],
            ),
            (
                Topic::Pane(Focus::Next),
                &[
                    "left",
                    "◀ stands there",
                    "◇ these knobs pick",
                    "raw",
                    "final",
                ],
            ),
            (
                Topic::Pane(Focus::Why),
                &["u", "H bits", "left", "mu", "mean p"],
            ),
            (Topic::Pane(Focus::Tokens), &["H", "raw p"]),
            (Topic::Funnel, &["u", "left", "H bits"]),
            (
                Topic::Lanes,
                &[
                    "S",
                    "H",
                    "left",
                    "rep",
                    "d1 d2",
                    "±",
                    "left A at 7",
                    "◀",
                    "◇",
                ],
            ),
        ] {
            let rows = rows(topic, 70);
            for word in words {
                assert!(
                    rows.iter().any(|(said, _)| said.trim_end() == *word),
                    "{word} is not in {rows:?}"
                );
            }
        }
    }

    #[test]
    fn lines_fit_at_every_width() {
        for width in 40..100 {
            let play = of_play(Focus::Next, width);
            for (_, rows) in play.into_iter().chain(of_train(TrainTopic::Form, width)) {
                for (word, meaning) in rows {
                    let cells = safe::width(&word) + safe::width(meaning.trim_end()) + 2;
                    assert!(cells <= usize::from(width), "{word} {meaning} in {width}");
                }
            }
        }
    }

    #[test]
    fn on_80_columns_and_24_lines_each_is_whole() {
        for topic in Focus::ALL
            .map(Topic::Pane)
            .into_iter()
            .chain([Topic::Lanes, Topic::Continuations])
        {
            let legend = Legend::new(topic);
            let (area, rows) = laid_out(&legend, Rect::new(0, 0, 80, 24));
            assert_eq!(rows.len() + 2, usize::from(area.height), "{topic:?}");
        }
    }
}
