//! What the hub says of one file before it sends it: everything that follows hangs on this one answer.

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderName};

use super::client::Answer;
use super::digest::Digest;
use super::failure::{Failure, Request};
use super::list::Listed;
use super::names::is_plain;
use crate::model::loading::bounds::too_large;

const COMMIT: HeaderName = HeaderName::from_static("x-repo-commit");
const LINKED_ETAG: HeaderName = HeaderName::from_static("x-linked-etag");

/// One file of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    /// The name of its content in the cache.
    pub(super) etag: String,
    pub(super) bytes: u64,
    /// What its content must hash to, where that is told.
    pub(super) digest: Option<Digest>,
}

impl Metadata {
    /// Reads the answer to a request for the first byte of the file, and checks it against what the list said.
    pub(super) fn read(
        request: &Request<'_>,
        commit: &str,
        listed: &Listed,
        answer: &Answer,
    ) -> Result<Self, Failure> {
        let told = |name: &HeaderName| text(&answer.told, name).unwrap_or_default();
        if told(&COMMIT) != commit {
            return Err(request.unusable("commit", told(&COMMIT)));
        }
        let etag = match told(&LINKED_ETAG) {
            "" => told(&ETAG),
            linked => linked,
        };
        // Weak etags start with W/.
        let name = etag.trim_start_matches("W/").replace('"', "");
        if !is_plain(&name) {
            return Err(request.unusable("etag", etag));
        }
        let range = text(answer.response.headers(), &CONTENT_RANGE).unwrap_or_default();
        let total = range.rsplit('/').next().unwrap_or_default();
        let Ok(bytes) = total.parse::<u64>() else {
            return Err(request.unusable("size", range));
        };
        if let Some(problem) = request.file.and_then(|file| too_large(file, bytes)) {
            return Err(request.too_large(bytes, &problem));
        }
        if let Some(most) = listed.bytes.filter(|most| bytes > *most) {
            return Err(request.too_large(bytes, &format!("its list of files has {most}")));
        }
        let own = Digest::of_etag(&name);
        let differ = |own: &Digest, listed: &Digest| own.name() == listed.name() && own != listed;
        if let (Some(own), Some(listed)) = (&own, &listed.digest)
            && differ(own, listed)
        {
            return Err(request.unusable("etag", &format!("{name}, not that of its list")));
        }
        Ok(Self {
            etag: name,
            bytes,
            digest: listed.digest.clone().or(own),
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
