//! Why this token: from the logits through every stage of the chain to the draw.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::draw::{self, Canvas, cell, right};
use super::numbers::{bits, percent, thousands, track};
use crate::decoding::{Moment, TokenDraw};
use crate::sampling::{KNOBS, KnobOwner, Method, SamplerSettings, StageKind};
use crate::tui::state::State;
use crate::tui::theme::Theme;

/// Draws it.
pub fn draw(canvas: &Canvas, frame: &mut Frame) {
    let inside = canvas.border(
        Line::styled(subject(canvas.state), canvas.theme.quiet),
        frame,
    );
    let Some(moment) = canvas.state.moment() else {
        let passage = canvas.state.passage();
        let sentence = if passage.in_view() == 0 && !passage.tokens().is_empty() {
            "Nothing predicts the first token."
        } else {
            "From the logits through every stage to the draw."
        };
        return canvas.empty(sentence, inside, frame);
    };
    let mut lines = lines(canvas.state, moment, canvas.theme, inside.width.into());
    lines.drain(..canvas.state.why.min(lines.len().saturating_sub(1)));
    draw::lines(lines, inside, frame);
}

/// How many lines there are to scroll through.
pub fn height(state: &State) -> usize {
    let theme = Theme::new(state.theme, crate::tui::ColourLevel::None);
    state
        .moment()
        .map_or(0, |moment| lines(state, moment, &theme, 40).len())
}

fn subject(state: &State) -> String {
    state
        .moment()
        .map_or_else(String::new, |moment| format!(" token {} ", moment.position))
}

fn lines(state: &State, moment: &Moment, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let sampler = &state.sampler;
    let (left, cut, entropy) = (8, 9, 8);
    let label = width.saturating_sub(left + cut + entropy);
    let row = |name: &str, kept: String, gone: String, h: String, style| {
        Line::from(vec![
            cell(name, label, style),
            right(&kept, left, style),
            right(&gone, cut, style),
            right(&h, entropy, style),
        ])
    };
    let mut lines = vec![
        row(
            "",
            "left".into(),
            "cut".into(),
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
        let name = format!("→ {}", with_value(stage.stage, sampler));
        lines.push(row(
            &name,
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
    lines.extend(drawn(state, moment, theme, width));
    if let Some(draw) = then(state, moment) {
        lines.push(Line::styled(draw, theme.quiet));
    }
    lines
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
    let odds = moment.rows.iter().find(|row| row.id == moment.pick);
    let name = odds.map_or_else(|| format!("#{}", moment.pick), |row| row.display.clone());
    let probability = odds.map_or_else(String::new, |row| percent(row.final_probability));
    let greedy =
        state.sampler.temperature == 0.0 && state.sampler.is_active(StageKind::Temperature);
    let how = match state.sampler.method {
        Method::Sample | Method::MirostatV2 if !greedy => {
            let cells = width.saturating_sub(13).min(40);
            vec![
                Span::raw(format!("u = {:.4}  ", moment.u)),
                Span::styled(track(moment.u, cells), theme.pick),
            ]
        }
        Method::Sample | Method::MirostatV2 | Method::Greedy => {
            vec![Span::raw("the most probable is taken")]
        }
        Method::Beam => vec![Span::raw("beam search weighs whole texts")],
        Method::Contrastive => vec![Span::raw("contrastive search weighs likeness too")],
    };
    let room = width.saturating_sub(12);
    let pick = crate::tui::safe::fit(&name, room);
    let mut lines = vec![
        Line::from(how),
        Line::styled(format!("→ {} {probability} ◇", pick.trim_end()), theme.pick),
    ];
    if let Some(chosen) = moment.chosen.filter(|chosen| *chosen != moment.pick) {
        let name = moment
            .rows
            .iter()
            .find(|row| row.id == chosen)
            .map_or_else(|| format!("#{chosen}"), |row| row.display.clone());
        let name = crate::tui::safe::fit(&name, room);
        lines.push(Line::styled(
            format!("there stands {} ◀", name.trim_end()),
            theme.chosen,
        ));
    }
    lines
}

/// How the token that stands there was drawn, by the knobs of that time.
fn then(state: &State, moment: &Moment) -> Option<String> {
    let token = state.passage().tokens().get(moment.position)?;
    let TokenDraw {
        probability,
        entropy,
        u,
        mu,
        ..
    } = token.draw.as_ref()?;
    let u = u.map_or_else(String::new, |u| format!(" with u = {u:.4}"));
    let mu = mu.map_or_else(String::new, |mu| format!(", mu {}", bits(mu)));
    Some(format!(
        "drawn then at {}{u}, H {}{mu}",
        percent(*probability),
        bits(*entropy)
    ))
}
