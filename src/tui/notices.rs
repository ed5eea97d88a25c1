//! Sentences across the top: the newest is in front, and old ones leave by themselves.

use std::time::Duration;

use super::state::{Banner, State};

/// Most that wait behind the one in front, and it.
const KEPT: usize = 8;

impl State {
    /// Shows a sentence across the top, before older ones. One that is there already comes to the front.
    pub fn tell(&mut self, message: impl Into<String>, error: bool) {
        let message = message.into();
        self.banners.retain(|banner| banner.message != message);
        let banner = Banner {
            message,
            error,
            since: None,
        };
        self.banners.insert(0, banner);
        self.banners.truncate(KEPT);
        self.reflow();
    }

    /// Takes away those whose time is over. An error stays while it is in front: somebody has to see it.
    pub(super) fn let_notices_leave(&mut self) {
        let (now, before) = (self.now, self.banners.len());
        let mut in_front = true;
        self.banners.retain_mut(|banner| {
            let shown = now.saturating_sub(*banner.since.get_or_insert(now));
            let stays = (in_front && banner.error) || shown < banner.stays();
            in_front &= !stays;
            stays
        });
        if self.banners.len() != before {
            self.reflow();
        }
    }

    /// When the next one leaves, on the clock of the frames.
    pub(super) fn next_notice_leaves(&self) -> Option<Duration> {
        let stays = |(at, banner): (usize, &Banner)| {
            let for_now = at == 0 && banner.error;
            banner
                .since
                .filter(|_| !for_now)
                .map(|since| since + banner.stays())
        };
        self.banners.iter().enumerate().filter_map(stays).min()
    }
}
