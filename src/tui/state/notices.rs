//! Sentences across the top: the newest is in front, and old ones leave by themselves.

use std::time::Duration;

use crate::tui::state::{Banner, State};
use crate::tui::vocabulary::bindings::Bound;
use crate::tui::vocabulary::tone::Tone;
use crate::tui::vocabulary::wrapped::wrapped;

/// Most that wait behind the one in front, and it.
const KEPT: usize = 8;

impl State {
    /// Shows a remark or an error across the top.
    pub fn tell(&mut self, message: impl Into<String>, error: bool) {
        let tone = if error { Tone::Error } else { Tone::Remark };
        self.tell_in(tone, message);
    }

    /// Shows across the top that something is as it was asked for.
    pub fn tell_done(&mut self, message: impl Into<String>) {
        self.tell_in(Tone::Done, message);
    }

    /// Shows a sentence across the top, before older ones. One that is there already comes to the front.
    pub fn tell_in(&mut self, tone: Tone, message: impl Into<String>) {
        let message = message.into();
        self.screen
            .banners
            .retain(|banner| banner.message != message);
        let banner = Banner {
            message,
            tone,
            since: None,
        };
        self.screen.banners.insert(0, banner);
        self.screen.banners.truncate(KEPT);
        self.reflow();
    }

    /// Takes away those whose time is over. An error stays while it is in front: somebody has to see it.
    pub(in crate::tui) fn let_notices_leave(&mut self) {
        let (now, before) = (self.screen.now, self.screen.banners.len());
        let mut in_front = true;
        self.screen.banners.retain_mut(|banner| {
            let shown = now.saturating_sub(*banner.since.get_or_insert(now));
            let stays = (in_front && banner.tone == Tone::Error) || shown < banner.stays();
            in_front &= !stays;
            stays
        });
        if self.screen.banners.len() != before {
            self.reflow();
        }
    }

    /// The banner's lines at a width; none if there is nothing to say.
    pub fn banner_lines(&self, width: u16) -> Vec<String> {
        match self.notice() {
            Some(sentence) => wrapped(&sentence, width),
            None => Vec::new(),
        }
    }

    /// What the line across the top says.
    fn notice(&self) -> Option<String> {
        let key = |bound| self.keymap.hint(bound, true).unwrap_or_default();
        if let Some(message) = &self.engine.died {
            let message = message.trim_end_matches('.');
            return Some(format!(
                "✗ The engine stopped: {message}. {} starts it again.",
                key(Bound::RestartEngine)
            ));
        }
        let banner = self.screen.banners.first()?;
        let sign = banner.tone.sign();
        let more = match self.screen.banners.len() - 1 {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        Some(format!(
            "{sign} {} ({} dismisses{more})",
            banner.message,
            key(Bound::Escape)
        ))
    }

    /// When the next one leaves, or a lesson's hint comes, on the clock of the frames.
    pub(in crate::tui) fn next_by_itself(&self) -> Option<Duration> {
        self.next_notice_leaves()
            .into_iter()
            .chain(self.hint_comes())
            .chain(self.typing_rests())
            .min()
    }

    fn next_notice_leaves(&self) -> Option<Duration> {
        let stays = |(at, banner): (usize, &Banner)| {
            let for_now = at == 0 && banner.tone == Tone::Error;
            banner
                .since
                .filter(|_| !for_now)
                .map(|since| since + banner.stays())
        };
        self.screen
            .banners
            .iter()
            .enumerate()
            .filter_map(stays)
            .min()
    }
}
