//! The top line: model, context, speed, and what the engine does.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::second;
use crate::decoding::StopReason;
use crate::engine::RunState;
use crate::model::ModelInfo;
use crate::text::numbers::thousands;
use crate::tui::state::{Finish, State};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Most cells of the name of the model beside.
const BESIDE: usize = 24;

/// Draws it: what there is no room for is left out, the least important first.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame) {
    let doing = doing(state, theme);
    let speed = speed(state);
    let training = super::train::job(state);
    let model = state.engine.model.as_ref().map_or_else(
        || safe::safe(&state.engine.load.source).into_owned(),
        describe,
    );
    let card = state
        .engine
        .model
        .as_ref()
        .and_then(|model| model.card.as_ref());
    let context = state.engine.model.as_ref().map(|model| {
        format!(
            "{}/{} context",
            thousands(state.engine.context_used),
            thousands(model.context_length)
        )
    });

    let room = usize::from(area.width);
    let mut left = vec![Span::styled(" logitscope", theme.title)];
    let mut right = vec![doing, Span::raw(" ")];
    if let Some(training) = training {
        right.insert(0, Span::styled(format!("{training}  "), theme.running));
    }
    let mut used = width(&left) + width(&right) + 2;
    let mut add = |line: &mut Vec<Span<'static>>, at: usize, text: String, style: Style| {
        let cells = safe::width(&text);
        if used + cells <= room {
            used += cells;
            line.insert(at, Span::styled(text, style));
        }
    };
    add(&mut left, 1, format!("  {model}"), theme.base);
    if let Some(second) = &state.engine.second {
        let at = left.len();
        let name = safe::fit(&second::name(second), BESIDE);
        let name = name.trim_end().to_owned();
        let doing = second::doing(second).map_or_else(String::new, |doing| format!(" ({doing})"));
        add(&mut left, at, format!(" + {name}{doing}"), theme.pick);
    }
    if let Some(context) = context {
        let at = left.len();
        add(&mut left, at, format!(" · {context}"), theme.base);
    }
    if let Some(speed) = speed {
        add(&mut right, 0, format!("{speed}  "), theme.quiet);
    }
    if let Some(card) = card {
        add(
            &mut left,
            2,
            format!(" · {}", safe::safe(card)),
            theme.quiet,
        );
    }
    frame.render_widget(Line::from(left), area);
    frame.render_widget(Line::from(right).right_aligned(), area);
}

fn width(spans: &[Span]) -> usize {
    spans.iter().map(Span::width).sum()
}

fn describe(model: &ModelInfo) -> String {
    format!(
        "{} · {} {}",
        safe::safe(&model.name),
        safe::safe(&model.device),
        model.precision.name()
    )
}

fn speed(state: &State) -> Option<String> {
    if state.engine.run == RunState::Running {
        let rate = state.engine.rate.newest()?;
        return Some(format!("{rate:.0} tok/s {}", state.engine.rate.sparkline()));
    }
    let Finish {
        tokens, seconds, ..
    } = state.play.finish()?;
    (*seconds > 0.0).then(|| format!("{tokens} tokens, {:.0} tok/s", *tokens as f64 / seconds))
}

fn doing(state: &State, theme: &Theme) -> Span<'static> {
    match (state.engine.run, state.play.finish()) {
        _ if state.engine.died.is_some() => Span::styled("✗ engine stopped", theme.error),
        (RunState::Empty, _) => Span::styled("○ no model", theme.quiet),
        (RunState::Loading, _) => Span::styled("◌ loading", theme.paused),
        (RunState::Idle, Some(finish)) => {
            Span::styled(format!("■ {}", ended(finish)), theme.strong)
        }
        (RunState::Idle, None) => Span::styled("■ ready", theme.strong),
        (RunState::Running, _) => Span::styled("● running", theme.running),
        (RunState::Paused, _) => Span::styled("‖ paused", theme.paused),
    }
}

fn ended(finish: &Finish) -> String {
    match &finish.reason {
        StopReason::MaxTokens if finish.tokens == 0 => "prompt read".to_owned(),
        StopReason::MaxTokens => "ended: max tokens".to_owned(),
        StopReason::EndToken => "ended: end token".to_owned(),
        StopReason::StopText(text) => format!("ended: stop {}", safe::fit(text, 8).trim_end()),
        StopReason::GrammarEnd => "ended: grammar".to_owned(),
        StopReason::Loop { period } => format!("ended: loop of {period}"),
        StopReason::Cancelled => "stopped".to_owned(),
        StopReason::Failed(_) => "failed".to_owned(),
    }
}
