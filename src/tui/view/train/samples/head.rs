//! What stands above a column of samples: which they are.

use ratatui::text::{Line, Span};

use crate::tui::state::train::strip::Still;
use crate::tui::view::train::chart::{beside, letter};
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// The longest way to say it that fits.
pub fn line(still: &Still<'_>, width: usize, theme: &Theme) -> Line<'static> {
    let samples = still.samples;
    let names = [
        (still.is_best, "★ best"),
        (still.is_first, "first"),
        (still.is_newest, "newest"),
    ];
    let of_run = still.of.map(|(place, run)| {
        let name = safe::safe(&run.name).into_owned();
        (letter(place), beside(theme, place), name)
    });
    let names: Vec<&str> = names
        .into_iter()
        .filter(|(is_it, _)| *is_it)
        .map(|(_, name)| name)
        .collect();
    let name = of_run.as_ref().map(|(_, _, name)| name.as_str());
    let words = |names: &[&str], epoch: bool, step: &str| {
        let mut said: Vec<String> = name.into_iter().map(str::to_owned).collect();
        said.extend(names.iter().map(|&name| name.to_owned()));
        said.push(format!("{step}{}", samples.step));
        if epoch {
            said.push(format!("epoch {:.2}", samples.epoch));
        }
        said.join(" · ")
    };
    let shortest = if still.is_best { &["★"][..] } else { &[] };
    let ways = [
        words(&names, true, "step "),
        words(&names, false, "step "),
        words(&names, false, ""),
        words(shortest, false, ""),
    ];
    let sign = match &of_run {
        Some((letter, style, _)) => Some(Span::styled(format!("{letter} "), *style)),
        None if still.is_in_view => Some(Span::styled("▶ ", theme.pick)),
        None => None,
    };
    let taken = sign.as_ref().map_or(0, Span::width);
    let room = width.saturating_sub(taken);
    let said = ways.iter().find(|way| safe::width(way) <= room);
    let said = said.cloned().unwrap_or_else(|| safe::fit(&ways[3], room));
    let style = match (still.of.is_some(), still.is_in_view) {
        (false, true) => theme.pick,
        _ if still.is_best => theme.chosen,
        _ => theme.quiet,
    };
    let mut spans: Vec<Span<'static>> = sign.into_iter().collect();
    spans.push(Span::styled(said, style));
    Line::from(spans)
}
