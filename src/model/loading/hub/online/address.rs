//! The hub's address: what of it is shown, and who gets the token.

use reqwest::Url;

use super::HubOptions;
use super::client::{is_loopback, is_web};
use crate::model::error::visible;

impl HubOptions {
    /// The endpoint, if it is the address of a server.
    pub(super) fn url(&self) -> Option<Url> {
        Url::parse(&self.endpoint).ok().filter(is_web)
    }

    /// The endpoint for sentences: without the name and password that it may have.
    pub(super) fn address(&self) -> String {
        let shown = match self.url() {
            Some(mut url) => {
                // Neither fails for an address with a host.
                let _ = url.set_username("");
                let _ = url.set_password(None);
                url.to_string()
            }
            // No address: what stands before the last @ may be a password all the same.
            None => match self.endpoint.rsplit_once('@') {
                Some((_, rest)) => rest.to_owned(),
                None => self.endpoint.clone(),
            },
        };
        visible(shown.trim_end_matches('/'))
    }

    /// The token, unless others could read it on its way.
    pub(super) fn token_to_send(&self) -> Option<&str> {
        let safe = |url: Url| url.scheme() == "https" || is_loopback(&url);
        self.token
            .as_deref()
            .filter(|_| self.url().is_some_and(safe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> HubOptions {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        HubOptions::from_variables(variable, None)
    }

    #[test]
    fn a_password_in_the_endpoint_is_never_shown() {
        for (endpoint, shown) in [
            (
                "https://ada:s3cret@hub.example/hf/",
                "https://hub.example/hf",
            ),
            ("http://ada:s3cret@[::1]:8080", "http://[::1]:8080"),
            ("ada:s3cret@hub.example", "hub.example"),
            ("http://ada:s3c/r@et@hub:x/", "hub:x"),
            ("no address", "no address"),
        ] {
            let options = options(&[("HF_ENDPOINT", endpoint)]);
            assert_eq!(options.address(), shown);
            assert!(!format!("{options:?}").contains("s3c"), "{options:?}");
        }
    }

    #[test]
    fn a_token_is_sent_where_nobody_can_read_it() {
        for (endpoint, sent) in [
            ("https://hub.example", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost", true),
            ("http://hub.example", false),
            ("http://localhost.example", false),
            ("hub.example", false),
        ] {
            let options = options(&[("HF_ENDPOINT", endpoint), ("HF_TOKEN", "hf_x")]);
            assert_eq!(options.token_to_send().is_some(), sent, "{endpoint}");
        }
    }
}
