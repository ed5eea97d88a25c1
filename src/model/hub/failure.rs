//! What to tell a person when the hub says no, or nothing.

use std::error::Error;

use hf_hub::api::tokio::ApiError;

use super::HubOptions;
use crate::model::ModelError;
use crate::model::error::visible;
use crate::model::source::HubId;

/// Why a request to the hub brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection, no answer in time, or the hub is out of order: the cache may help.
    Unreachable(String),
    /// Asking again will not help.
    Final(ModelError),
}

impl From<Failure> for ModelError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(reason) => Self::Hub(reason),
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
pub(super) struct Request<'a> {
    pub(super) id: &'a HubId,
    /// None for the list of files.
    pub(super) file: Option<&'a str>,
    pub(super) options: &'a HubOptions,
}

impl Request<'_> {
    /// The meaning of an HTTP status of 400 or above. `code` is the hub's `x-error-code`.
    pub(super) fn refused(&self, status: u16, code: Option<&str>) -> Failure {
        let (id, endpoint) = (self.id, &self.options.endpoint);
        let repository = &id.repository;
        let asker = match self.options.token {
            Some(_) => "with this HF_TOKEN",
            None => "without a token",
        };
        let sentence = match (status, code) {
            (500.., _) => {
                return Failure::Unreachable(format!(
                    "the hub at {endpoint} is out of order (status {status}) for `{id}`; try again later"
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
                Some(file) => format!("the model `{id}` has no file `{file}` on {endpoint}"),
                None => format!(
                    "there is no model `{id}` on {endpoint} (status 404); check its name and revision"
                ),
            },
            (429, _) => format!(
                "the hub at {endpoint} was asked too often (status 429); wait some minutes, or set HF_TOKEN"
            ),
            _ => {
                format!("the hub at {endpoint} refused the request for `{id}` with status {status}")
            }
        };
        Failure::Final(ModelError::Hub(sentence))
    }

    /// The hub did not answer in time.
    pub(super) fn silent(&self) -> Failure {
        Failure::Unreachable(format!(
            "the hub at {} gave no answer for {} seconds; check the network, or use a model that is already here",
            self.options.endpoint,
            self.options.patience.as_secs_f32().ceil()
        ))
    }

    /// Any error of the library before bytes of a file arrived.
    pub(super) fn failed(&self, error: ApiError) -> Failure {
        let endpoint = &self.options.endpoint;
        match error {
            ApiError::RequestError(error) => match error.status() {
                Some(status) => self.refused(status.as_u16(), None),
                None if error.is_builder() => Failure::Final(ModelError::Hub(format!(
                    "`{}` is no usable address of a hub; correct HF_ENDPOINT",
                    visible(endpoint)
                ))),
                None => Failure::Unreachable(format!(
                    "the hub at {endpoint} cannot be reached ({}); check the network, or use a model that is already here",
                    root_cause(&error)
                )),
            },
            ApiError::InvalidHeaderValue(_) => Failure::Final(ModelError::Hub(
                "the hub token holds characters that no token has; correct HF_TOKEN".to_owned(),
            )),
            ApiError::IoError(error) => Failure::Final(ModelError::Hub(format!(
                "the cache at {} cannot be written to ({error}); free space, or set HF_HOME to another folder",
                self.options.cache.display()
            ))),
            ApiError::LockAcquisition(path) => Failure::Final(ModelError::Hub(format!(
                "another program is fetching the same file ({}); wait for it and try again",
                path.display()
            ))),
            other => Failure::Final(ModelError::Hub(format!(
                "the server at {endpoint} does not answer as a Hugging Face hub does ({other}); check HF_ENDPOINT"
            ))),
        }
    }
}

/// The innermost reason: the outer ones only repeat the address.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    visible(&cause.to_string())
}
