//! Questions to the hub, watched: the user hears of them and may break off, and nobody is waited for forever.

use std::future::Future;
use std::ops::{ControlFlow, RangeInclusive};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::HubOptions;
use super::client::{Answer, Client};
use super::failure::{Failure, Request};
use crate::model::{LoadProgress, ModelError};

/// How often the caller hears of progress, and may cancel.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// How long the hub may ask to be left alone, and how often for one answer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const WAITS: usize = 3;

/// Asks, and tells the caller.
pub(super) struct Asker<'a> {
    pub(super) client: Client,
    progress: &'a mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    ticks: Interval,
}

impl<'a> Asker<'a> {
    /// # Errors
    /// As [`Client::new`].
    pub(super) fn new(
        options: &HubOptions,
        progress: &'a mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    ) -> Result<Self, ModelError> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            client: Client::new(options)?,
            progress,
            ticks,
        })
    }

    /// Shows `progress` to the caller.
    ///
    /// # Errors
    /// When the caller breaks off.
    pub(super) fn tell(&mut self, progress: LoadProgress) -> Result<(), Failure> {
        match (self.progress)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Failure::Final(ModelError::Cancelled)),
        }
    }

    /// The hub's answer to a request for `url`; `show` makes what the caller sees meanwhile. Where the hub asks for a
    /// pause, and not for a long one, it gets it.
    pub(super) async fn ask(
        &mut self,
        request: &Request<'_>,
        url: &Url,
        range: Option<RangeInclusive<u64>>,
        mut show: impl FnMut() -> LoadProgress,
    ) -> Result<Answer, Failure> {
        let mut waits = 0;
        loop {
            let silent_after = Instant::now() + request.options.patience;
            let answer = self.client.get(request, url.clone(), range.clone());
            let answer = watch(&mut self.ticks, answer, || {
                if Instant::now() > silent_after {
                    return Err(request.silent());
                }
                tell(self.progress, show())
            })
            .await??;
            let status = answer.response.status();
            if status.is_success() {
                return Ok(answer);
            }
            let headers = answer.response.headers();
            let wait = match status.as_u16() {
                429 | 503 => pause(headers, Timestamp::now()),
                _ => None,
            };
            match wait.filter(|wait| waits < WAITS && *wait <= LONGEST_WAIT) {
                Some(wait) => self.pause(status.as_u16(), wait).await?,
                None if answer.elsewhere => {
                    let server = answer.response.url();
                    return Err(request.refused_elsewhere(server, status.as_u16()));
                }
                None => {
                    let code = headers.get("x-error-code");
                    let code = code.and_then(|code| code.to_str().ok());
                    return Err(request.refused(status.as_u16(), code, wait));
                }
            }
            waits += 1;
        }
    }

    /// All of an answer that has at most `most` bytes, none if it has more.
    pub(super) async fn body(
        &mut self,
        request: &Request<'_>,
        answer: Answer,
        most: u64,
        mut show: impl FnMut() -> LoadProgress,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let mut response = answer.response;
        let url = response.url().clone();
        let mut body = Vec::new();
        if response.content_length().is_some_and(|bytes| bytes > most) {
            return Ok(None);
        }
        let silent_after = Instant::now() + request.options.patience;
        loop {
            let piece = self.watch(response.chunk(), || {
                if Instant::now() > silent_after {
                    return Err(request.silent());
                }
                Ok(show())
            });
            match piece
                .await?
                .map_err(|error| request.unreachable(&url, &error))?
            {
                None => return Ok(Some(body)),
                Some(piece) if (body.len() + piece.len()) as u64 > most => return Ok(None),
                Some(piece) => body.extend_from_slice(&piece),
            }
        }
    }

    /// Waits for `future`; `show` makes what the caller sees meanwhile, or breaks off.
    pub(super) async fn watch<T>(
        &mut self,
        future: impl Future<Output = T>,
        mut show: impl FnMut() -> Result<LoadProgress, Failure>,
    ) -> Result<T, Failure> {
        watch(&mut self.ticks, future, || tell(self.progress, show()?)).await
    }

    /// Leaves the hub alone for `wait`.
    async fn pause(&mut self, status: u16, wait: Duration) -> Result<(), Failure> {
        let begun = Instant::now();
        self.watch(tokio::time::sleep(wait), || {
            let left = wait.saturating_sub(begun.elapsed());
            let whole = wait.as_secs_f32().max(f32::EPSILON);
            Ok(LoadProgress::Waiting {
                reason: format!(
                    "the hub asks to wait {} s (status {status})",
                    wait.as_secs()
                ),
                part: 1.0 - left.as_secs_f32() / whole,
                seconds_left: Some(left.as_secs_f64()),
            })
        })
        .await
    }
}

fn tell(
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    what: LoadProgress,
) -> Result<(), Failure> {
    match progress(what) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Failure::Final(ModelError::Cancelled)),
    }
}

/// Waits for `future`, and calls `tick` again and again, until it fails.
async fn watch<T>(
    ticks: &mut Interval,
    future: impl Future<Output = T>,
    mut tick: impl FnMut() -> Result<(), Failure>,
) -> Result<T, Failure> {
    let mut future = std::pin::pin!(future);
    loop {
        tokio::select! {
            output = &mut future => return Ok(output),
            _ = ticks.tick() => tick()?,
        }
    }
}

/// How long an answer asks to wait: a number of seconds, or a date.
fn pause(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    let seconds = then.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_in_seconds_or_as_a_date() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().expect("a time");
        for (text, expected) in [
            ("7", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().expect("a header"));
            assert_eq!(
                pause(&headers, now).map(|wait| wait.as_secs()),
                expected,
                "{text}"
            );
        }
        assert_eq!(pause(&HeaderMap::new(), now), None);
    }
}
