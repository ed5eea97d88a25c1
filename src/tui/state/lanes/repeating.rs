//! Lanes drawn again with other seeds: what was asked for, and how answers find their lane.

/// Runs that were asked for besides those that are shown.
#[derive(Debug, Default)]
pub struct Repeating {
    /// Engines that are at it; none is Play's.
    pub engines: Vec<Option<usize>>,
    /// Runs of each lane in the end.
    pub wanted: u64,
    /// What [`super::Lanes::edition`] was.
    pub edition: u64,
}

/// Which text a judgement was asked of, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// What [`super::Lanes::edition`] was; its lower bits count.
    pub edition: u64,
    /// 0 is the text that is shown.
    pub run: u64,
    pub lane: usize,
}

impl Ticket {
    /// Bits of the lane, and of run and lane together.
    const LANE: u32 = 8;
    const BOTH: u32 = 32;

    /// As a number.
    pub fn number(self) -> u64 {
        (self.edition & 0xffff_ffff) << Self::BOTH | self.run << Self::LANE | self.lane as u64
    }

    /// What the number stands for.
    pub fn of(number: u64) -> Self {
        Self {
            edition: number >> Self::BOTH,
            run: (number & 0xffff_ffff) >> Self::LANE,
            lane: (number & 0xff) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_what_its_number_says() {
        let ticket = Ticket {
            edition: 70_000,
            run: 999,
            lane: 7,
        };
        assert_eq!(Ticket::of(ticket.number()), ticket);
    }
}
