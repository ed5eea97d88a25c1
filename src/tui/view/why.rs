//! Why this token: from the logits through every stage of the chain to the draw.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas, cell, right};
use crate::decoding::{Moment, TokenDraw};
use crate::sampling::{KNOBS, KnobOwner, Method, SamplerSettings, StageKind};
use crate::text::numbers::{bits, percent, thousands};
use crate::tui::state::State;
use crate::tui::vocabulary::bars::track;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;
use crate::tui::vocabulary::window::scroll_mark;
use crate::tui::vocabulary::wrapped::wrapped;

/// Cells of the columns at the right.
const LEFT: usize = 8;
const CUT: usize = 8;
const ENTROPY: usize = 6;

/// Draws it. Returns how many lines there are to scroll through.
pub fn draw(canvas: &Canvas, frame: &mut Frame) -> usize {
    let state = canvas.state;
    let width = canvas.panes.inner(canvas.pane).width;
    let Some(moment) = state.play.moment() else {
        let inside = canvas.border(Line::default(), frame);
        let passage = state.play.passage();
        let sentence = if passage.in_view() == 0 && !passage.tokens().is_empty() {
            "Nothing predicts the first token."
        } else {
            "From the logits through every stage to the draw."
        };
        canvas.empty(sentence, inside, frame);
        return 0;
    };
    let mut lines = lines(state, moment, canvas.theme, width.into());
    let count = lines.len();
    lines.drain(..state.play.why.min(count.saturating_sub(1)));
    let height = usize::from(canvas.panes.inner(canvas.pane).height);
    let seen = count - lines.len()..count.min(count - lines.len() + height);
    let more = scroll_mark(&seen, count);
    let note = format!(" token {} {more}", moment.position);
    let inside = canvas.border(Line::styled(note, canvas.theme.quiet), frame);
    draw::lines(lines, inside, frame);
    count
}

fn lines(state: &State, moment: &Moment, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let sampler = &state.play.settings.sampler;
    let label = width.saturating_sub(LEFT + CUT + ENTROPY);
    let row = |name: &str, kept: String, gone: String, h: String, style| {
        Line::from(vec![
            cell(name, label, style),
            right(&kept, LEFT, style),
            right(&gone, CUT, style),
            right(&h, ENTROPY, style),
        ])
    };
    let mut lines = vec![
        row(
            "",
            "left".into(),
            // Its neighbour fills its own cells.
            "cut ".into(),
            "H bits".into(),
            theme.quiet,
        ),
        row(
            "logits",
            thousands(moment.vocabulary),
            String::new(),
            bits(moment.raw_entropy),
            theme.base,
        ),
    ];
    for stage in &moment.trace {
        let gone = if stage.mass_cut > 0.0 {
            percent(stage.mass_cut)
        } else {
            String::new()
        };
        lines.push(row(
            &stage_label(stage.stage, sampler, label),
            thousands(stage.kept),
            gone,
            bits(stage.entropy),
            theme.base,
        ));
    }
    lines.push(row(
        "= final",
        thousands(moment.kept),
        String::new(),
        bits(moment.final_entropy),
        theme.strong,
    ));
    if let Some(mu) = moment.mu {
        lines.push(Line::raw(format!(
            "mu = {} bits of surprisal at most",
            bits(mu)
        )));
    }
    if let Some(mean) = moment.mean {
        let target = state.play.settings.sampler.adaptive_target;
        let aim = (2.0 * target - mean).clamp(0.0, 1.0);
        lines.push(Line::raw(format!(
            "mean p {}, aims at {}",
            percent(mean),
            percent(aim)
        )));
    }
    lines.extend(drawn(state, moment, theme, width));
    if let Some(then) = then(state, moment) {
        let then = wrapped(&then, width as u16).into_iter();
        lines.extend(then.map(|line| Line::styled(line, theme.quiet)));
    }
    lines
}

/// A stage's name and value, in so many cells: the name gives way, not the value.
fn stage_label(stage: StageKind, sampler: &SamplerSettings, cells: usize) -> String {
    let whole = with_value(stage, sampler);
    let arrowed = format!("→ {whole}");
    if safe::width(&arrowed) <= cells {
        return arrowed;
    }
    match whole.rsplit_once(' ') {
        Some((name, value)) if safe::width(&whole) > cells => {
            let room = cells.saturating_sub(safe::width(value) + 1);
            format!("{} {value}", safe::fit(name, room))
        }
        _ => whole,
    }
}

/// A stage's name with the value of its first knob.
pub fn with_value(stage: StageKind, sampler: &SamplerSettings) -> String {
    match KNOBS
        .iter()
        .find(|knob| knob.owner == KnobOwner::Stage(stage))
    {
        Some(knob) => format!(
            "{} {}",
            stage.name(),
            super::knobs::number(knob, knob.get(sampler))
        ),
        None => stage.name().to_owned(),
    }
}

/// How the pick follows from the final odds.
fn drawn(state: &State, moment: &Moment, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let greedy = state.play.settings.sampler.temperature == 0.0
        && state
            .play
            .settings
            .sampler
            .is_active(StageKind::Temperature);
    let how = match state.play.settings.sampler.method {
        method if method.draws() && !greedy => {
            let cells = width.saturating_sub(13).min(40);
            vec![
                Span::raw(format!("u = {:.4}  ", moment.u)),
                Span::styled(track(moment.u, cells), theme.pick),
            ]
        }
        Method::Beam => vec![Span::raw("beam search weighs whole texts")],
        Method::Contrastive => vec![Span::raw("contrastive search weighs likeness too")],
        _ => vec![Span::raw("the most probable is taken")],
    };
    let mut lines = vec![Line::from(how)];
    lines.extend(weighed(moment, theme, width));
    let room = width.saturating_sub(12);
    let name = |id: u32| {
        let row = moment.rows.iter().find(|row| row.id == id);
        let name = row.map_or_else(|| format!("#{id}"), |row| row.display.clone());
        safe::fit(&name, room).trim_end().to_owned()
    };
    if let Some(pick) = moment.pick {
        let odds = moment.rows.iter().find(|row| row.id == pick);
        let probability = odds.map_or_else(String::new, |row| percent(row.final_probability));
        let text = format!("→ {} {probability} ◇", name(pick));
        lines.push(Line::styled(text, theme.pick));
    }
    if let Some(chosen) = moment.chosen.filter(|chosen| Some(*chosen) != moment.pick) {
        let text = format!("there stands {} ◀", name(chosen));
        lines.push(Line::styled(text, theme.chosen));
    }
    lines
}

/// What contrastive search weighs under the present knobs, the best first.
fn weighed(moment: &Moment, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    if moment.candidates.is_empty() {
        return Vec::new();
    }
    let column = 8;
    let token = width.saturating_sub(3 * column);
    let head = Line::from(vec![
        cell("", token, theme.quiet),
        right("final", column, theme.quiet),
        right("likeness", column + 1, theme.quiet),
        right("score", column - 1, theme.quiet),
    ]);
    let row = |(index, candidate): (usize, &crate::decoding::Candidate)| {
        let style = if index == 0 { theme.pick } else { theme.base };
        Line::from(vec![
            cell(&candidate.display, token, style),
            right(&percent(candidate.probability), column, style),
            right(&format!("{:.3}", candidate.penalty), column + 1, style),
            right(&format!("{:.3}", candidate.score), column - 1, style),
        ])
    };
    let rows = moment.candidates.iter().enumerate().map(row);
    std::iter::once(head).chain(rows).collect()
}

/// How the token that stands there was drawn, by the knobs of that time.
fn then(state: &State, moment: &Moment) -> Option<String> {
    let token = state.play.passage().tokens().get(moment.position)?;
    let TokenDraw {
        probability,
        entropy,
        u,
        mu,
        adaptive,
        ..
    } = token.draw.as_ref()?;
    let u = u.map_or_else(String::new, |u| format!(" with u = {u:.4}"));
    let mu = mu.map_or_else(String::new, |mu| format!(", mu {}", bits(mu)));
    let mean = adaptive.map_or_else(String::new, |it| format!(", mean p {}", percent(it.mean)));
    Some(format!(
        "drawn then at {}{u}, H {}{mu}{mean}",
        percent(*probability),
        bits(*entropy)
    ))
}
