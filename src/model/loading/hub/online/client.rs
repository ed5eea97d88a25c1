//! Requests to the hub, and to where it sends them.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RANGE};
use reqwest::{Response, Url, redirect};

use super::HubOptions;
use super::failure::{Failure, Request};
use crate::model::ModelError;

/// How often a request may be sent on.
const REDIRECTS: usize = 10;

/// Asks the hub, and sends the token to nobody else.
pub(super) struct Client {
    http: reqwest::Client,
    endpoint: Url,
    token: Option<HeaderValue>,
}

/// An answer whose body was not read yet.
pub(super) struct Answer {
    /// The headers of all that the hub itself answered, the last first. Those of other servers are not among them.
    pub(super) told: HeaderMap,
    pub(super) response: Response,
    /// Whether another server answered in the end.
    pub(super) elsewhere: bool,
}

impl Client {
    /// # Errors
    /// When the endpoint is no address or the token has characters that no token has.
    pub(super) fn new(options: &HubOptions) -> Result<Self, ModelError> {
        let failed = |problem: String| ModelError::Hub(problem);
        let endpoint = options.url().ok_or_else(|| {
            failed(format!(
                "`{}` is no usable address of a hub; correct HF_ENDPOINT",
                options.address()
            ))
        })?;
        let token = options.token_to_send().map(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))?;
            value.set_sensitive(true);
            Ok(value)
        });
        let token = token
            .transpose()
            .map_err(|_: reqwest::header::InvalidHeaderValue| {
                failed(
                    "the hub token holds characters that no token has; correct HF_TOKEN".to_owned(),
                )
            })?;
        let http = reqwest::Client::builder()
            .user_agent(concat!("logitscope/", env!("CARGO_PKG_VERSION")))
            // Each is looked at before it is followed.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| failed(format!("no download can be started ({error})")))?;
        Ok(Self {
            http,
            endpoint,
            token,
        })
    }

    /// The hub's address of a path; its parts may hold any character.
    pub(super) fn url<'s>(&self, parts: impl IntoIterator<Item = &'s str>) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    /// Asks for `url`, or for a range of its bytes, wherever it is.
    pub(super) async fn get(
        &self,
        request: &Request<'_>,
        mut url: Url,
        range: Option<RangeInclusive<u64>>,
    ) -> Result<Answer, Failure> {
        let mut told = HeaderMap::new();
        for _ in 0..=REDIRECTS {
            let own = url.origin() == self.endpoint.origin();
            self.set_password(&mut url, own);
            let mut builder = self.http.get(url.clone());
            if let Some(range) = &range {
                builder = builder.header(RANGE, format!("bytes={}-{}", range.start(), range.end()));
            }
            if let (true, Some(token)) = (own, &self.token) {
                builder = builder.header(AUTHORIZATION, token);
            }
            let response = builder.send().await;
            let response = response.map_err(|error| request.unreachable(&url, &error))?;
            if own {
                for (name, value) in response.headers() {
                    told.insert(name, value.clone());
                }
            }
            if !response.status().is_redirection() {
                return Ok(Answer {
                    told,
                    response,
                    elsewhere: !own,
                });
            }
            let location = response.headers().get(LOCATION);
            url = lead(&url, location)
                .map_err(|problem| request.led_astray(response.status().as_u16(), &problem))?;
        }
        Err(request.led_astray(302, &format!("{REDIRECTS} times, and on")))
    }

    /// A name and password in the endpoint's address go to no other server.
    fn set_password(&self, url: &mut Url, own: bool) {
        let (name, password) = if own {
            (self.endpoint.username(), self.endpoint.password())
        } else {
            ("", None)
        };
        // Fails for addresses without a host, which never come here.
        let _ = url.set_username(name);
        let _ = url.set_password(password);
    }
}

/// Where a redirect of `from` leads.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
fn lead(from: &Url, location: Option<&HeaderValue>) -> Result<Url, String> {
    let location = location.ok_or("without saying where")?;
    let shown = String::from_utf8_lossy(location.as_bytes());
    let joined = location.to_str().ok().and_then(|to| from.join(to).ok());
    let to = joined
        .filter(is_web)
        .ok_or_else(|| format!("to what is no address ({shown})"))?;
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(format!("to an address without TLS ({shown})"));
    }
    if is_loopback(&to) && !is_loopback(from) {
        return Err(format!("to this machine itself ({shown})"));
    }
    Ok(to)
}

/// Whether `url` can be asked at all.
pub(super) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
}

/// Whether what is sent to `url` stays on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    #[test]
    fn a_redirect_is_looked_at_before_it_is_followed() {
        let from = url("https://hub/a/b");
        let to =
            |location: &str| lead(&from, Some(&HeaderValue::from_str(location).expect("text")));
        assert_eq!(to("/c?d").expect("a path"), url("https://hub/c?d"));
        assert_eq!(to("//cdn/c").expect("a host"), url("https://cdn/c"));
        for (location, problem) in [
            ("http://hub/c", "to an address without TLS (http://hub/c)"),
            (
                "https://127.0.0.1/c",
                "to this machine itself (https://127.0.0.1/c)",
            ),
            (
                "https://[::1]/c",
                "to this machine itself (https://[::1]/c)",
            ),
            (
                "file:///etc/passwd",
                "to what is no address (file:///etc/passwd)",
            ),
            ("https://", "to what is no address (https://)"),
        ] {
            assert_eq!(to(location).expect_err(location), problem);
        }
        assert_eq!(
            lead(&from, None).expect_err("nowhere"),
            "without saying where"
        );
        let here = url("http://localhost:8080/a");
        assert!(
            lead(
                &here,
                Some(&HeaderValue::from_static("http://127.0.0.1:1/b"))
            )
            .is_ok()
        );
    }

    #[test]
    fn the_loopback_is_told_from_names_that_look_like_it() {
        for loopback in ["http://localhost", "http://127.8.8.8:80", "http://[::1]"] {
            assert!(is_loopback(&url(loopback)), "{loopback}");
        }
        for other in [
            "http://localhost.evil",
            "http://127.0.0.1.evil",
            "http://10.0.0.1",
        ] {
            assert!(!is_loopback(&url(other)), "{other}");
        }
    }
}
