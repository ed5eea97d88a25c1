//! The chain of the sampler, what each stage did on average, and the funnel of one token.

use maud::{Markup, html};

use super::colour::width;
use super::{Sheet, Text};
use crate::decoding::{TokenDraw, TokenRecord, display_in_text};
use crate::sampling::{KNOBS, KnobOwner, SamplerSettings, StageKind};
use crate::text::numbers::{bits, percent, thousands};

/// A stage that acts.
pub struct Row {
    pub stage: StageKind,
    /// Its settings, as the configuration names them.
    pub settings: String,
    /// Of the drawn tokens: how many tokens it left on average, and how much mass it cut (0 to 1).
    pub mean: Option<(f64, f64)>,
}

/// The stages of a text's chain in their order.
pub fn rows(text: &Text) -> Vec<Row> {
    let sampler = &text.sampler;
    let listed = sampler.order.iter().copied().chain(StageKind::LAST);
    let row = |stage| Row {
        stage,
        settings: knobs(sampler, KnobOwner::Stage(stage)),
        mean: mean(&text.tokens, stage),
    };
    listed
        .filter(|stage| sampler.is_active(*stage))
        .map(row)
        .collect()
}

/// The method with its settings.
pub fn method(sampler: &SamplerSettings) -> String {
    let knobs = knobs(sampler, KnobOwner::Method(sampler.method));
    let name = sampler.method.name();
    if knobs.is_empty() {
        name.to_owned()
    } else {
        format!("{name}, {knobs}")
    }
}

fn knobs(sampler: &SamplerSettings, owner: KnobOwner) -> String {
    let own = KNOBS.iter().filter(|knob| knob.owner == owner);
    let set = own.map(|knob| {
        let name = knob.field.replace('_', "-");
        // Settings are kept in single precision.
        format!("{name} {}", knob.get(sampler) as f32)
    });
    set.collect::<Vec<_>>().join(", ")
}

fn mean(tokens: &[TokenRecord], stage: StageKind) -> Option<(f64, f64)> {
    let draws = tokens.iter().filter_map(|token| token.draw.as_ref());
    let traces = draws.flat_map(|draw| &draw.trace);
    let (mut count, mut kept, mut cut) = (0u32, 0.0, 0.0);
    for trace in traces.filter(|trace| trace.stage == stage) {
        count += 1;
        kept += trace.kept as f64;
        cut += f64::from(trace.mass_cut);
    }
    let count = f64::from(count);
    (count > 0.0).then(|| (kept / count, cut / count))
}

/// The chain as a section.
pub fn chain(text: &Text) -> Markup {
    html! {
        p { "Method: " (method(&text.sampler)) ". Seed " (text.seed) "." }
        @let rows = rows(text);
        @if rows.is_empty() {
            p { "No stage acts: the odds stay as the model gave them." }
        } @else {
            div.wide { table {
                thead { tr {
                    th { "stage" } th { "set to" } th.number { "left, on average" }
                    th.number { "cut, on average" } th { "what for" }
                } }
                tbody { @for row in &rows { tr {
                    th scope="row" { (row.stage.name()) }
                    td { (row.settings) }
                    @match row.mean {
                        Some((kept, cut)) => {
                            td.number { (format!("{kept:.1}")) }
                            td.number { (percent(cut as f32)) }
                        }
                        None => { td.number { "–" } td.number { "–" } }
                    }
                    td { (row.stage.one_line()) }
                } } }
            } }
        }
    }
}

/// The token whose funnel is shown: the one in view if it was drawn, else the most surprising one.
pub fn chosen(sheet: &Sheet) -> Option<(&Text, usize, &TokenDraw)> {
    let at = |text: usize, position: usize| {
        let text = sheet.texts.get(text)?;
        let draw = text.tokens.get(position)?.draw.as_ref()?;
        (!draw.trace.is_empty()).then_some((text, position, draw))
    };
    let in_view = sheet
        .in_view
        .and_then(|place| at(place.text, place.position));
    in_view.or_else(|| {
        let tokens = &sheet.texts.first()?.tokens;
        let surprisal = |token: &TokenRecord| token.odds.map_or(0.0, |odds| odds.surprisal);
        let drawn = tokens.iter().enumerate().filter(|(_, token)| {
            let draw = token.draw.as_ref();
            draw.is_some_and(|draw| !draw.trace.is_empty())
        });
        let most = drawn.max_by(|(_, a), (_, b)| surprisal(a).total_cmp(&surprisal(b)));
        at(0, most?.0)
    })
}

/// How many tokens each stage left of all, down to the one that was drawn.
pub fn funnel(sheet: &Sheet) -> Option<Markup> {
    let (text, position, draw) = chosen(sheet)?;
    let token = &text.tokens[position];
    // Long at the top, by their logarithm: else nothing would be seen of the last ones.
    let whole = sheet
        .vocabulary
        .or_else(|| draw.trace.iter().map(|stage| stage.kept).max())
        .unwrap_or(1);
    let bar = |kept: usize| width((kept as f32).ln_1p() / (whole as f32).ln_1p());
    Some(html! {
        p { "Token " (position) ", " b { (display_in_text(&text.tokens, position)) }
            ", out of all those that could have stood there." }
        div.wide { table.funnel {
            thead { tr { th {} th { "tokens left" } th.number { "cut" } th.number { "entropy" } } }
            tbody {
                @if let (Some(all), Some(odds)) = (sheet.vocabulary, token.odds) { tr {
                    th scope="row" { "all" }
                    td.bar style=(bar(all)) { (thousands(all)) }
                    td {} td.number { (bits(odds.entropy)) " bits" }
                } }
                @for stage in &draw.trace { tr {
                    th scope="row" { (stage.stage.name()) }
                    td.bar style=(bar(stage.kept)) { (thousands(stage.kept)) }
                    td.number { (percent(stage.mass_cut)) }
                    td.number { (bits(stage.entropy)) " bits" }
                } }
                tr {
                    th scope="row" { "the draw" }
                    td.bar style=(bar(1)) { "1" }
                    td {}
                    td { @if let Some(u) = draw.u { "u = " (format!("{u:.4}")) } @else { "none" } }
                }
            }
        } }
        @if let Some(odds) = token.odds {
            p { "Its odds: " (percent(odds.probability)) " by the model, "
                (percent(draw.probability)) " after the chain." }
        }
    })
}
