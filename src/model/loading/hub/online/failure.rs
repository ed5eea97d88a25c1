//! What to tell a person when the hub says no, or nothing.

use std::error::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;

use super::HubOptions;
use crate::model::ModelError;
use crate::model::error::visible;
use crate::model::loading::hub_id::HubId;

/// Why a request to the hub brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection, no answer in time, the hub is out of order, or the cache takes nothing: what is in the cache may
    /// do.
    Passing(String),
    /// Asking again will not help.
    Final(ModelError),
}

impl From<Failure> for ModelError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Passing(reason) => Self::Hub(reason),
            Failure::Final(error) => error,
        }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Final(error)
    }
}

/// Who asked the hub for what.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) id: &'a HubId,
    /// None for the list of files.
    pub(super) file: Option<&'a str>,
    pub(super) options: &'a HubOptions,
}

impl Request<'_> {
    /// The meaning of an HTTP status of 400 or above. `code` is the hub's `x-error-code`, `wait` how long it asks to
    /// be left alone.
    pub(super) fn refused(
        &self,
        status: u16,
        code: Option<&str>,
        wait: Option<Duration>,
    ) -> Failure {
        let (id, endpoint) = (self.id, self.options.address());
        let repository = &id.repository;
        let asker = match (&self.options.token, self.options.token_to_send()) {
            (Some(_), Some(_)) => "with this HF_TOKEN",
            (Some(_), None) => "without a token, since HF_TOKEN is only sent over https",
            (None, _) => "without a token",
        };
        let seconds = wait.map(|wait| wait.as_secs());
        let sentence = match (status, code) {
            (500.., _) => {
                let later = seconds.map_or("later".to_owned(), |seconds| {
                    format!("in {seconds} seconds, as it asks")
                });
                return Failure::Passing(format!(
                    "the hub at {endpoint} is out of order (status {status}) for `{id}`; try again {later}"
                ));
            }
            (_, Some("RevisionNotFound")) => {
                format!(
                    "the model `{repository}` has no revision `{}`; check it on {endpoint}/{repository}",
                    id.revision
                )
            }
            (_, Some("GatedRepo")) | (403, _) => format!(
                "access to the model `{repository}` is forbidden {asker} (status {status}): it is gated or private; \
                 ask for access on {endpoint}/{repository} and set HF_TOKEN to a token of that account"
            ),
            (401, _) => format!(
                "the hub does not show the model `{repository}` {asker} (status 401): it is misspelt, private or \
                 gated; check the name, or set HF_TOKEN to a token that may read it"
            ),
            (404, _) => match self.file {
                Some(file) => format!(
                    "the model `{id}` has no file `{}` on {endpoint}",
                    visible(file)
                ),
                None => format!(
                    "there is no model `{id}` on {endpoint} (status 404); check its name and revision"
                ),
            },
            (429, _) => {
                let long = seconds.map_or("some minutes".to_owned(), |seconds| {
                    format!("{seconds} seconds, as it asks")
                });
                format!(
                    "the hub at {endpoint} was asked too often (status 429); wait {long}, or set HF_TOKEN"
                )
            }
            _ => {
                format!("the hub at {endpoint} refused the request for `{id}` with status {status}")
            }
        };
        Failure::Final(ModelError::Hub(sentence))
    }

    /// A server that the hub sent the request on to answered with `status`.
    pub(super) fn refused_elsewhere(&self, server: &Url, status: u16) -> Failure {
        Failure::Passing(format!(
            "the server {}, to which the hub at {} sends for {}, refused it with status {status}; try again later",
            host(server),
            self.options.address(),
            self.what()
        ))
    }

    /// A redirect that cannot be followed.
    pub(super) fn led_astray(&self, status: u16, problem: &str) -> Failure {
        let problem: String = visible(problem).chars().take(160).collect();
        Failure::Final(ModelError::Hub(format!(
            "the hub at {} sends the request for {} elsewhere (status {status}) {problem}; try again later, or choose another model",
            self.options.address(),
            self.what()
        )))
    }

    /// The hub did not answer in time.
    pub(super) fn silent(&self) -> Failure {
        Failure::Passing(format!(
            "the hub at {} gave no answer for {} seconds; check the network, or use a model that is already here",
            self.options.address(),
            self.options.patience.as_secs_f32().ceil()
        ))
    }

    /// There is no connection to `server`, or it ended before an answer.
    pub(super) fn unreachable(&self, server: &Url, error: &reqwest::Error) -> Failure {
        let whose = match self.options.url() {
            Some(own) if own.origin() != server.origin() => {
                format!(
                    "the server {}, to which it sends for {},",
                    host(server),
                    self.what()
                )
            }
            _ => format!("the hub at {}", self.options.address()),
        };
        Failure::Passing(format!(
            "{whose} cannot be reached ({}); check the network, or use a model that is already here",
            root_cause(error)
        ))
    }

    /// An answer that no hub gives.
    pub(super) fn unusable(&self, what: &str, value: &str) -> Failure {
        let shown: String = visible(value).chars().take(80).collect();
        Failure::Final(ModelError::Hub(format!(
            "the server at {} answers for {} with an unusable {what} ({shown}); check HF_ENDPOINT",
            self.options.address(),
            self.what()
        )))
    }

    /// A file, or the list of files, is larger than it may be.
    pub(super) fn too_large(&self, bytes: u64, problem: &str) -> Failure {
        Failure::Final(ModelError::Hub(format!(
            "the hub at {} announces {bytes} bytes for {}, but {problem}; nothing of it was fetched",
            self.options.address(),
            self.what()
        )))
    }

    /// The disk does not hold a file.
    pub(super) fn no_room(&self, bytes: u64, free: u64) -> Failure {
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        Failure::Passing(format!(
            "{} takes {} MB, but the disk of the cache at {} has {} MB left; free space, or set HF_HOME to another folder",
            self.what(),
            megabytes(bytes),
            self.options.cache.display(),
            megabytes(free)
        ))
    }

    /// Something at `path` in the cache could not be made, written or removed.
    pub(super) fn unwritable(&self, path: &Path, error: &std::io::Error) -> Failure {
        let cache = self.options.cache.display();
        let sentence = match (error.kind(), obstacle(path)) {
            (ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge, _) => {
                format!(
                    "the cache at {cache} has no room ({error}); free space, or set HF_HOME to another folder"
                )
            }
            (ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem, _) => format!(
                "the cache at {cache} cannot be written to ({error}); allow it, or set HF_HOME to another folder"
            ),
            (_, Some((place, is))) => format!("`{}` is {is}; remove it", place.display()),
            _ => format!(
                "the cache at {cache} cannot be written to ({error}); set HF_HOME to another folder"
            ),
        };
        Failure::Passing(visible(&sentence))
    }

    /// What was asked for, for sentences.
    pub(super) fn what(&self) -> String {
        match self.file {
            Some(file) => format!("`{}` of `{}`", visible(file), self.id),
            None => format!("`{}`", self.id),
        }
    }
}

/// What is in the way of a file at `path`, and what of it is wrong.
fn obstacle(path: &Path) -> Option<(PathBuf, &'static str)> {
    if path.is_dir() {
        return Some((path.to_owned(), "a folder where the cache needs a file"));
    }
    let above = path.ancestors().skip(1).find(|above| above.exists())?;
    let is_folder = above.is_dir();
    (!is_folder).then(|| (above.to_owned(), "a file where the cache needs a folder"))
}

/// A server's name, without what else is in an address.
fn host(url: &Url) -> String {
    visible(url.host_str().unwrap_or_default())
}

/// The innermost reason: the outer ones only repeat the address.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    visible(&cause.to_string())
}
