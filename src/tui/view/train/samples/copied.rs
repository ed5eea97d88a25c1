//! How much of the samples stands in the corpus, over the run.

use ratatui::text::{Line, Span};

use crate::training::{History, Memorised};
use crate::tui::vocabulary::blocks::height;
use crate::tui::vocabulary::safe;
use crate::tui::vocabulary::theme::Theme;

/// Fewest n-grams of which a share says something.
const FEWEST: usize = 20;

/// The share (0 to 1) of what stands in the corpus, where there is enough to say so.
fn share(memorised: &Memorised) -> Option<f64> {
    let tells = memorised.ngrams >= FEWEST && memorised.share.is_finite();
    tells.then_some(memorised.share.clamp(0.0, 1.0))
}

/// It in a few words.
pub fn words(memorised: &Memorised) -> String {
    match share(memorised) {
        Some(share) => format!("{:.0} % copied", 100.0 * share),
        None => format!("{} {}-grams: too few", memorised.ngrams, memorised.length),
    }
}

/// A row of the shares over the run, and that of the step in view; none where none was looked for.
pub fn row(history: &History, step: u64, width: usize, theme: &Theme) -> Option<Line<'static>> {
    /// Cells of the row of blocks.
    const COURSE: usize = 24;
    let found = history
        .nearest_samples(step)
        .and_then(|samples| samples.memorised.as_ref());
    let found = found.or_else(|| {
        let mut all = history
            .samples()
            .filter_map(|samples| samples.memorised.as_ref());
        all.next_back()
    })?;
    let all: Vec<Option<f64>> = history
        .samples()
        .map(|samples| samples.memorised.as_ref().and_then(share))
        .collect();
    let said = match share(found) {
        Some(share) => format!(" {:.1} % of {}", 100.0 * share, found.ngrams),
        None => format!(" {} are too few to tell", found.ngrams),
    };
    let label = format!("copied {}-grams ", found.length);
    let label = if safe::width(&label) + safe::width(&said) + COURSE / 2 > width {
        "copied ".to_owned()
    } else {
        label
    };
    let cells = width.saturating_sub(safe::width(&label) + safe::width(&said));
    let cells = cells.min(COURSE).min(all.len());
    let course: String = (0..cells)
        .map(|at| {
            let place = if cells == 1 {
                all.len() - 1
            } else {
                at * (all.len() - 1) / (cells - 1)
            };
            all[place].map_or('·', height)
        })
        .collect();
    Some(Line::from(vec![
        Span::styled(label, theme.quiet),
        Span::styled(course, theme.notice),
        Span::styled(said, theme.base),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{RunEvent, Samples};
    use crate::tui::vocabulary::colour::ColourLevel;
    use crate::tui::vocabulary::theme::ThemeName;

    #[test]
    fn shares_stand_over_the_run_where_they_mean_something() {
        let mut history = History::new();
        for (step, ngrams, share) in [(0, 55, 0.0), (10, 55, 0.5), (20, 3, 1.0), (30, 55, 1.0)] {
            history.push(&RunEvent::Samples(Samples {
                step,
                memorised: Some(Memorised {
                    length: 6,
                    ngrams,
                    share,
                }),
                ..Samples::default()
            }));
        }
        let theme = Theme::new(ThemeName::Dark, ColourLevel::None);
        let said = |step, width| row(&history, step, width, &theme).map(|line| line.to_string());
        assert_eq!(
            said(30, 60).as_deref(),
            Some("copied 6-grams ▁▅·█ 100.0 % of 55")
        );
        assert_eq!(
            said(25, 60).as_deref(),
            Some("copied 6-grams ▁▅·█ 3 are too few to tell")
        );
        assert_eq!(said(15, 30).as_deref(), Some("copied ▁▅·█ 50.0 % of 55"));
        assert_eq!(row(&History::new(), 9, 60, &theme), None);
    }
}
