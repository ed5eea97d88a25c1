//! A verdict in words.

use std::fmt;

use super::kinds::{Divergence, Measured, Verdict};

impl Verdict {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooEarly { .. } => "too early to tell",
            Self::Learning { .. } => "learning",
            Self::AtRest { .. } => "at rest",
            Self::Memorising { .. } => "memorising",
            Self::Diverging { .. } => "diverging",
        }
    }

    /// A sign for it, one cell wide.
    pub fn sign(&self) -> char {
        match self {
            Self::TooEarly { .. } => '◌',
            Self::Learning { .. } => '●',
            Self::AtRest { .. } => '─',
            Self::Memorising { .. } => '▲',
            Self::Diverging { .. } => '✗',
        }
    }

    /// The figures that it rests on.
    pub fn figures(&self) -> String {
        match *self {
            Self::TooEarly { validations: 0 } => "nothing to compare yet".to_owned(),
            Self::TooEarly { .. } => "one validation so far".to_owned(),
            Self::Learning {
                of,
                from,
                to,
                falling,
            } => {
                let what = of.name();
                let (from, to) = pair(from, to);
                let still = if falling { ", still falling" } else { "" };
                format!("{what} from {from} to {to}{still}")
            }
            Self::AtRest { of, best, step } => {
                let at = step.map_or_else(String::new, |step| format!(" {}", at(step)));
                format!("{} hardly falls any more, best {best:.2}{at}", of.name())
            }
            Self::Memorising { best, step, rise } => {
                let digits = digits(rise);
                format!(
                    "best {best:.digits$} {}, since then +{rise:.digits$}",
                    at(step)
                )
            }
            Self::Diverging { how, .. } => match how {
                Divergence::NotNumbers { after } => {
                    format!("no numbers after step {after}")
                }
                Divergence::Jump { factor, step } => {
                    let factor = match factor {
                        factor if factor < 10.0 => format!("{factor:.1}"),
                        factor if factor < 1e6 => format!("{factor:.0}"),
                        factor => format!("{factor:.0e}"),
                    };
                    format!("loss × {factor} in one step, {step}")
                }
                Divergence::Rise { from, to } => {
                    let (from, to) = pair(from, to);
                    format!("loss from {from} up to {to}")
                }
            },
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.name(), self.figures())
    }
}

impl Measured {
    fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Training => "training loss",
        }
    }
}

fn at(step: u64) -> String {
    match step {
        0 => "before training".to_owned(),
        step => format!("at step {step}"),
    }
}

/// Two losses with as many digits as it takes to see their difference.
fn pair(from: f64, to: f64) -> (String, String) {
    let digits = digits(from - to);
    (format!("{from:.digits$}"), format!("{to:.digits$}"))
}

/// Two digits, or as many as show the first of a difference.
fn digits(difference: f64) -> usize {
    match difference.abs() {
        difference if difference >= 0.01 => 2,
        difference if difference >= 0.001 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_show_them() {
        let memorising = Verdict::Memorising {
            best: 3.6304,
            step: 160,
            rise: 0.0821,
        };
        assert_eq!(
            memorising.to_string(),
            "memorising: best 3.63 at step 160, since then +0.08"
        );
        let learning = |to| Verdict::Learning {
            of: Measured::Validation,
            from: 4.81,
            to,
            falling: true,
        };
        assert_eq!(
            learning(3.72).to_string(),
            "learning: validation from 4.81 to 3.72, still falling"
        );
        assert!(learning(4.807).to_string().contains("4.810 to 4.807"));
        let jump = |factor| Verdict::Diverging {
            how: Divergence::Jump { factor, step: 7 },
            try_rate: None,
        };
        assert!(jump(310.2).to_string().contains("× 310 in one step"));
        assert!(jump(4.17).to_string().contains("× 4.2 in"));
        assert!(jump(3e9).to_string().contains("× 3e9 in"));
    }
}
