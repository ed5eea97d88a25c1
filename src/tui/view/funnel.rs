//! The whole way of one token: the logits, what each stage leaves, the final odds, and where the draw fell.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

use super::draw::{self, cell, right};
use super::{next, why};
use crate::decoding::{Beam, Candidate, Moment, Row};
use crate::sampling::Method;
use crate::text::numbers::{bits, percent, thousands};
use crate::tui::state::State;
use crate::tui::vocabulary::bars::bar;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Signs that neighbours on the cumulative line are told apart by.
const SIGNS: [char; 2] = ['█', '▒'];

/// Where it lies.
fn area(screen: Rect) -> Rect {
    let width = screen.width.saturating_sub(4).min(130);
    Rect::new(
        (screen.width - width) / 2,
        1,
        width,
        screen.height.saturating_sub(2),
    )
}

/// Draws it. Returns where it lies.
pub fn draw(state: &State, scroll: usize, theme: &Theme, screen: Rect, frame: &mut Frame) -> Rect {
    let area = area(screen);
    let title = state.play.moment().map_or_else(
        || " Funnel ".to_owned(),
        |moment| format!(" Funnel of token {} ", moment.position),
    );
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.border_focused)
        .title(Line::styled(title, theme.title));
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let mut lines = lines(state, theme, inside.width.into());
    let most = lines.len().saturating_sub(inside.height.into());
    lines.drain(..scroll.min(most));
    draw::lines(lines, inside, frame);
    area
}

fn lines(state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = beams(state, theme, width);
    let Some(moment) = state.play.moment() else {
        if lines.is_empty() {
            lines.push(Line::styled(
                " There is no token to look at yet.",
                theme.quiet,
            ));
        }
        return lines;
    };
    lines.extend(stages(state, moment, theme, width));
    lines.extend(changed(moment, theme, width));
    let draw = state
        .play
        .passage()
        .tokens()
        .get(moment.position)
        .and_then(|token| token.draw.as_ref());
    let then = draw.map_or(&[][..], |draw| &draw.candidates);
    match moment.candidates.as_slice() {
        [] if then.is_empty() => {}
        [] => lines.extend(candidates(then, moment, theme, width)),
        now => lines.extend(candidates(now, moment, theme, width)),
    }
    let method = state.play.settings.sampler.method;
    if method.draws() || method == Method::Greedy {
        lines.push(Line::default());
        lines.extend(cumulative(state, moment, theme, width));
    }
    lines
}

/// A line a stage: what is left (as a bar on a logarithmic scale), what was cut, the entropy.
fn stages(state: &State, moment: &Moment, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let (name, left, mass, entropy) = (26.min(width / 3), 9, 10, 9);
    let room = width.saturating_sub(name + left + mass + entropy + 2);
    let all = (moment.vocabulary.max(2) as f32).ln();
    let share = |kept: usize| ((kept.max(1) as f32).ln() / all).max(0.02);
    let line = |label: &str, kept: usize, gone: &str, h: f32, style: Style, bars: Style| {
        Line::from(vec![
            Span::raw(" "),
            cell(label, name, style),
            right(&thousands(kept), left, style),
            Span::raw(" "),
            // The bars stand in the middle, so that the stages make a funnel.
            Span::styled(centred(share(kept), room), bars),
            right(gone, mass, style),
            right(&bits(h), entropy, style),
        ])
    };
    let mut lines = vec![Line::from(vec![
        Span::raw(" "),
        cell("stage", name, theme.quiet),
        right("left", left, theme.quiet),
        Span::raw(" "),
        cell("(logarithmic)", room, theme.quiet),
        right("mass cut", mass, theme.quiet),
        right("H bits", entropy, theme.quiet),
    ])];
    lines.push(line(
        "logits",
        moment.vocabulary,
        "",
        moment.raw_entropy,
        theme.base,
        theme.raw_bar,
    ));
    for stage in &moment.trace {
        let gone = if stage.mass_cut > 0.0 {
            percent(stage.mass_cut)
        } else {
            String::new()
        };
        lines.push(line(
            &why::with_value(stage.stage, &state.play.settings.sampler),
            stage.kept,
            &gone,
            stage.entropy,
            theme.base,
            theme.quiet,
        ));
    }
    lines.push(line(
        "final",
        moment.kept,
        "",
        moment.final_entropy,
        theme.strong,
        theme.final_bar,
    ));
    lines
}

/// What stages did to single tokens, the chosen and the picked one first, then the likeliest: the amount, and the odds
/// before and after the stage.
fn changed(moment: &Moment, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    const MOST: usize = 5;
    let changes = |row: &Row| row.own_changes().copied().collect::<Vec<_>>();
    let mut all: Vec<_> = moment
        .rows
        .iter()
        .flat_map(|row| changes(row).into_iter().map(move |change| (row, change)))
        .collect();
    if all.is_empty() {
        return Vec::new();
    }
    all.sort_by_key(|(row, _)| match () {
        () if moment.chosen == Some(row.id) => 0,
        () if moment.pick == Some(row.id) => 1,
        () => 2,
    });
    let (token, stage) = (20.min(width / 4), 19.min(width / 4));
    let mut lines = vec![
        Line::default(),
        Line::from(vec![
            Span::raw("   "),
            cell("changed token", token, theme.quiet),
            cell("by", stage, theme.quiet),
            right("logit", 7, theme.quiet),
            right("odds before", 13, theme.quiet),
            right("after", 9, theme.quiet),
        ]),
    ];
    lines.extend(all.iter().take(MOST).map(|(row, change)| {
        let (sign, style) = match () {
            () if moment.chosen == Some(row.id) => (next::CHOSEN, theme.chosen),
            () if moment.pick == Some(row.id) => (next::PICK, theme.pick),
            () => (" ", theme.base),
        };
        Line::from(vec![
            Span::styled(format!(" {sign} "), style),
            cell(&row.display, token, style),
            cell(change.stage.name(), stage, style),
            right(&format!("{:+.2}", change.amount()), 7, style),
            right(&percent(change.probability_before), 13, style),
            right(&percent(change.probability_after), 9, style),
        ])
    }));
    if all.len() > MOST {
        let more = format!(
            "   and {} more among the tokens of the table",
            all.len() - MOST
        );
        lines.push(Line::styled(more, theme.quiet));
    }
    lines
}

fn centred(share: f32, room: usize) -> String {
    let cells = ((share * room as f32).round() as usize).clamp(1, room.max(1));
    let before = room.saturating_sub(cells) / 2;
    let after = room.saturating_sub(cells + before);
    format!(
        "{}{}{}",
        " ".repeat(before),
        "█".repeat(cells),
        " ".repeat(after)
    )
}

/// The final odds laid end to end from 0 to 1, and `u` on them.
fn cumulative(state: &State, moment: &Moment, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let cells = width.saturating_sub(4);
    let mut kept: Vec<&Row> = moment
        .rows
        .iter()
        .filter(|row| row.final_probability > 0.0)
        .collect();
    kept.sort_by(|a, b| b.final_probability.total_cmp(&a.final_probability));
    let mut spans = vec![Span::raw(" 0")];
    let (mut sum, mut drawn) = (0.0f32, 0usize);
    let mut labels = Vec::new();
    for (index, row) in kept.iter().enumerate() {
        let from = sum;
        sum += row.final_probability;
        let end = ((sum * cells as f32).round() as usize).min(cells);
        let picked = Some(row.id) == moment.pick;
        if end > drawn {
            let style = if picked { theme.pick } else { theme.final_bar };
            let sign = SIGNS[index % SIGNS.len()].to_string();
            spans.push(Span::styled(sign.repeat(end - drawn), style));
            drawn = end;
        }
        if index < 12 || picked {
            let sign = if picked { "◇" } else { " " };
            let style = if picked { theme.pick } else { theme.base };
            labels.push(Line::from(vec![
                Span::styled(format!(" {sign} "), style),
                cell(&row.display, 20.min(width / 3), style),
                Span::styled(
                    bar(row.final_probability, (width / 4).min(30)),
                    theme.final_bar,
                ),
                right(&percent(row.final_probability), 9, style),
                Span::styled(format!("   {from:.4} to {sum:.4}"), theme.quiet),
            ]));
        }
    }
    spans.push(Span::styled("·".repeat(cells - drawn), theme.quiet));
    spans.push(Span::raw("1"));
    let mut lines = vec![Line::from(spans)];
    if state.play.settings.sampler.method == Method::Greedy {
        lines.push(Line::styled(
            "  the most probable is taken, nothing is drawn",
            theme.pick,
        ));
    } else {
        let at = ((moment.u * cells as f64) as usize).min(cells.saturating_sub(1));
        let label = format!("▲ u = {:.4}", moment.u);
        // The label turns to the left where it would not fit.
        let mark = if at + safe::width(&label) <= cells {
            format!("  {}{label}", " ".repeat(at))
        } else {
            let label = format!("u = {:.4} ▲", moment.u);
            let before = (at + 1).saturating_sub(safe::width(&label));
            format!("  {}{label}", " ".repeat(before))
        };
        lines.push(Line::styled(mark, theme.pick));
    }
    lines.extend(labels);
    lines
}

/// What contrastive search weighed.
fn candidates(
    weighed: &[Candidate],
    moment: &Moment,
    theme: &Theme,
    width: usize,
) -> Vec<Line<'static>> {
    let token = 20.min(width / 3);
    let head = Line::from(vec![
        Span::raw("   "),
        cell("candidate", token, theme.quiet),
        right("p", 9, theme.quiet),
        right("penalty", 9, theme.quiet),
        right("score", 9, theme.quiet),
    ]);
    let row = |candidate: &Candidate| {
        let (sign, style) = match () {
            () if moment.chosen == Some(candidate.id) => (next::CHOSEN, theme.chosen),
            () if moment.pick == Some(candidate.id) => (next::PICK, theme.pick),
            () => (" ", theme.base),
        };
        Line::from(vec![
            Span::styled(format!(" {sign} "), style),
            cell(&candidate.display, token, style),
            right(&percent(candidate.probability), 9, style),
            right(&format!("{:.3}", candidate.penalty), 9, style),
            right(&format!("{:.3}", candidate.score), 9, style),
        ])
    };
    let mut lines = vec![
        Line::default(),
        Line::styled(
            " contrastive search: likely, and unlike what was said (the penalty is the largest likeness)",
            theme.quiet,
        ),
        head,
    ];
    lines.extend(weighed.iter().map(row));
    lines
}

/// The beams of the newest search: those that live, and where the others died.
fn beams(state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let log = &state.play.beam_log;
    if log.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::styled(
        format!(
            " beam search after {} steps: ▶ lives, ■ ended, ✗ died at that step",
            log.steps()
        ),
        theme.quiet,
    )];
    let row = |sign: String, beam: &Beam, style: Style| {
        let head = format!(" {sign:<7}{:>9.3} ", beam.score);
        let room = width.saturating_sub(safe::width(&head));
        let said = safe::safe(&beam.text).into_owned();
        let hidden = said.chars().count().saturating_sub(room);
        let end: String = said.chars().skip(hidden).collect();
        Line::from(vec![
            Span::styled(head, style),
            Span::styled(safe::fit(&end, room), style),
        ])
    };
    for beam in log.living() {
        let sign = if beam.finished.is_some() {
            "■"
        } else {
            "▶"
        };
        lines.push(row(sign.to_owned(), beam, theme.base));
    }
    for (step, beam) in log.dead() {
        lines.push(row(format!("✗ {step}"), beam, theme.cut));
    }
    lines.push(Line::default());
    lines
}
