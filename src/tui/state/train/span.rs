//! Which steps the chart shows.

/// Steps of the view of what happened lately.
const RECENT: u64 = 200;
/// Fewest steps that the view can be narrowed to.
const NARROWEST: u64 = 8;

/// Steps from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: u64,
    pub to: u64,
}

impl Span {
    /// How many steps it has.
    pub fn len(self) -> u64 {
        self.to - self.from + 1
    }
}

/// What part of a run is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    #[default]
    Whole,
    /// The newest steps.
    Recent,
    /// What the user chose.
    Part(Span),
}

impl Window {
    /// What it is called; nothing where it is the whole run.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Recent => Some("the newest"),
            Self::Part(_) => Some("zoomed"),
        }
    }

    /// The steps in view of a run of `last` steps.
    pub fn span(self, last: u64) -> Span {
        let last = last.max(1);
        match self {
            Self::Whole => Span { from: 1, to: last },
            Self::Recent => Span {
                from: last.saturating_sub(RECENT - 1).max(1),
                to: last,
            },
            Self::Part(span) => {
                let from = span.from.clamp(1, last);
                Span {
                    from,
                    to: span.to.clamp(from, last),
                }
            }
        }
    }

    /// Half as many steps around one of them, or twice as many.
    pub fn zoom(&mut self, narrower: bool, around: u64, last: u64) {
        let now = self.span(last);
        let steps = if narrower {
            (now.len() / 2).max(NARROWEST)
        } else {
            now.len() * 2
        };
        if steps >= last {
            *self = Self::Whole;
            return;
        }
        let from = around.saturating_sub(steps / 2).clamp(1, last - steps + 1);
        *self = Self::Part(Span {
            from,
            to: from + steps - 1,
        });
    }

    /// Moves the view so that a step is in it.
    pub fn reveal(&mut self, step: u64, last: u64) {
        let now = self.span(last);
        if (now.from..=now.to).contains(&step) {
            return;
        }
        let from = if step < now.from {
            step
        } else {
            step - (now.len() - 1)
        };
        *self = Self::Part(Span {
            from,
            to: from + now.len() - 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_halves_and_doubles_within_the_run() {
        let mut window = Window::Whole;
        window.zoom(true, 1, 1000);
        assert_eq!(window.span(1000), Span { from: 1, to: 500 });
        window.zoom(true, 400, 1000);
        assert_eq!(window.span(1000), Span { from: 275, to: 524 });
        for _ in 0..20 {
            window.zoom(true, 400, 1000);
        }
        assert_eq!(window.span(1000).len(), 8);
        for _ in 0..20 {
            window.zoom(false, 400, 1000);
        }
        assert_eq!(window, Window::Whole);
        // There is nothing to narrow in a run of few steps.
        window.zoom(true, 3, 5);
        assert_eq!(window, Window::Whole);
    }

    #[test]
    fn the_view_moves_to_what_is_looked_at() {
        let mut window = Window::Recent;
        assert_eq!(
            window.span(1000),
            Span {
                from: 801,
                to: 1000
            }
        );
        window.reveal(900, 1000);
        assert_eq!(window, Window::Recent);
        window.reveal(500, 1000);
        assert_eq!(window.span(1000), Span { from: 500, to: 699 });
        window.reveal(701, 1000);
        assert_eq!(window.span(1000), Span { from: 502, to: 701 });
        // A run that began anew is shorter than what was in view.
        assert_eq!(window.span(3), Span { from: 3, to: 3 });
        assert_eq!(Window::Whole.span(0), Span { from: 1, to: 1 });
    }
}
