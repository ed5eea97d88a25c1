//! How often something is done in a run.

/// When validations, samples or checkpoints are due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Steps in an epoch.
    pub per_epoch: u64,
    /// Steps in the run.
    pub total: u64,
}

impl Pace {
    /// Whether what comes every so many steps is due after `step`; 0 stands for each epoch's end. Then it comes about
    /// `times` times in the run at least, evenly within each epoch. The last step is always one.
    pub(super) fn is_due(self, every: u64, times: u64, step: u64) -> bool {
        if step >= self.total {
            return true;
        }
        if every > 0 {
            return step.is_multiple_of(every);
        }
        let in_epoch = step % self.per_epoch;
        in_epoch.is_multiple_of(self.stride(times))
    }

    /// How often that is in the whole run.
    pub(super) fn times(self, every: u64, times: u64) -> u64 {
        if self.total == 0 {
            return 0;
        }
        // The last step is counted by itself.
        let before = self.total - 1;
        1 + match every {
            0 => {
                let stride = self.stride(times);
                let in_epoch = |steps: u64| steps / stride + u64::from(steps == self.per_epoch);
                let (epochs, rest) = (before / self.per_epoch, before % self.per_epoch);
                // An epoch's end is one, whether or not the stride divides the epoch.
                let whole = self.per_epoch.div_ceil(stride);
                epochs * whole + in_epoch(rest)
            }
            every => before / every,
        }
    }

    /// Steps between two within an epoch.
    fn stride(self, times: u64) -> u64 {
        let span = self.per_epoch.min(self.total).max(1);
        let epochs = self.total.div_ceil(span).max(1);
        let parts = times.div_ceil(epochs).clamp(1, span);
        span.div_ceil(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(per_epoch: u64, total: u64, every: u64, times: u64) -> Vec<u64> {
        let pace = Pace { per_epoch, total };
        (1..=total)
            .filter(|&step| pace.is_due(every, times, step))
            .collect()
    }

    #[test]
    fn how_often_is_counted_as_it_comes() {
        for (per_epoch, total) in [
            (12, 24),
            (7, 30),
            (1000, 16),
            (2, 20),
            (10, 25),
            (25, 100),
            (1, 3),
        ] {
            for every in [0, 3, 50] {
                for times in [0, 1, 8] {
                    let pace = Pace { per_epoch, total };
                    let due = due(per_epoch, total, every, times);
                    assert_eq!(
                        pace.times(every, times),
                        due.len() as u64,
                        "{pace:?} {every} {times}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_short_run_is_looked_at_too() {
        assert_eq!(due(12, 24, 50, 8), [24]);
        assert_eq!(due(12, 24, 0, 8), [3, 6, 9, 12, 15, 18, 21, 24]);
        assert_eq!(due(12, 24, 0, 0), [12, 24]);
        // Fewer steps than an epoch has, and fewer than there are times.
        assert_eq!(due(1000, 16, 0, 8), [2, 4, 6, 8, 10, 12, 14, 16]);
        assert_eq!(due(1000, 3, 0, 8), [1, 2, 3]);
        // Enough epochs: their ends are enough.
        assert_eq!(due(2, 20, 0, 8), [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
        assert_eq!(due(10, 25, 10, 8), [10, 20, 25]);
    }
}
