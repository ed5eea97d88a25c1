//! Fetching files of one commit, watched.

use std::collections::HashSet;
use std::future::Future;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hf_hub::api::RepoInfo;
use hf_hub::api::tokio::{Api, ApiBuilder, ApiError, ApiRepo, Metadata};
use hf_hub::{Cache, Repo, RepoType};

use super::HubOptions;
use super::failure::{Failure, Request};
use super::link::link_existing;
use super::meter::{Counter, Gauge};
use crate::model::error::visible;
use crate::model::source::HubId;
use crate::model::{LoadProgress, ModelError};

/// How often the caller hears of progress, and may cancel.
const TICK: Duration = Duration::from_millis(100);

/// One commit of one model on the hub.
pub(super) struct Session<'a> {
    id: &'a HubId,
    options: &'a HubOptions,
    progress: &'a mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    api: Api,
    repo: ApiRepo,
    commit: String,
    listed: HashSet<String>,
}

impl<'a> Session<'a> {
    /// Asks the hub for the newest commit of the model's revision and its list of files.
    pub(super) async fn open(
        id: &'a HubId,
        options: &'a HubOptions,
        progress: &'a mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    ) -> Result<Self, Failure> {
        let request = Request {
            id,
            file: None,
            options,
        };
        let api = ApiBuilder::from_cache(Cache::new(options.cache.clone()))
            .with_endpoint(options.endpoint.clone())
            .with_token(options.token.clone())
            .with_chunk_size(Some(options.chunk_bytes))
            .with_progress(false)
            .with_user_agent("logitscope", env!("CARGO_PKG_VERSION"))
            .build()
            .map_err(|error| request.failed(error))?;
        let repo = Repo::with_revision(id.repository.clone(), RepoType::Model, id.revision.clone());
        let mut gauge = Gauge::new(&id.to_string(), 0);
        let info = list(&api, &repo, &request);
        let silent_after = Instant::now() + options.patience;
        let info = watch(info, || {
            if Instant::now() > silent_after {
                return Err(request.silent());
            }
            report(progress, &mut gauge, 0)
        })
        .await??;
        if !is_plain(&info.sha) {
            return Err(unusable(&request, "commit", &info.sha));
        }
        Ok(Self {
            id,
            options,
            progress,
            repo: api.repo(Repo::with_revision(
                id.repository.clone(),
                RepoType::Model,
                info.sha.clone(),
            )),
            api,
            commit: info.sha,
            listed: info
                .siblings
                .into_iter()
                .map(|file| file.rfilename)
                .collect(),
        })
    }

    pub(super) fn id(&self) -> &'a HubId {
        self.id
    }

    /// The names of the commit's files.
    pub(super) fn listed(&self) -> &HashSet<String> {
        &self.listed
    }

    /// The path of a file in the cache, fetched unless it is there.
    pub(super) async fn file(&mut self, name: &str) -> Result<PathBuf, Failure> {
        let (id, options) = (self.id, self.options);
        let request = Request {
            id,
            file: Some(name),
            options,
        };
        let cache = Cache::new(options.cache.clone()).model(id.repository.clone());
        let path = cache.pointer_path(&self.commit).join(name);
        if path.is_file() {
            return Ok(path);
        }
        if !self.listed.contains(name) {
            return Err(request.refused(404, None));
        }

        let mut gauge = Gauge::new(name, 0);
        let url = self.repo.url(name);
        let silent_after = Instant::now() + options.patience;
        let progress = &mut *self.progress;
        let metadata = watch(self.api.metadata(&url), || {
            if Instant::now() > silent_after {
                return Err(request.silent());
            }
            report(progress, &mut gauge, 0)
        })
        .await?
        .map_err(|error| request.failed(error))?;
        check_metadata(&request, &metadata, &self.commit)?;

        let blob = cache.blob_path(metadata.etag());
        if link_existing(&blob, metadata.size(), &path) {
            return Ok(path);
        }
        let partial = blob.with_extension("sync.part");
        let download = Download {
            request,
            total: metadata.size() as u64,
            path: &path,
            partial: &partial,
        };
        download.run(&self.repo, name, progress).await?;
        Ok(path)
    }

    /// Notes in the cache that the revision stands at this commit, once all files are there.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let repo = Repo::with_revision(
            self.id.repository.clone(),
            RepoType::Model,
            self.id.revision.clone(),
        );
        let request = Request {
            id: self.id,
            file: None,
            options: self.options,
        };
        let cache = Cache::new(self.options.cache.clone()).repo(repo);
        cache
            .create_ref(&self.commit)
            .map_err(|error| request.failed(ApiError::IoError(error)))
    }
}

/// One file on its way.
struct Download<'a> {
    request: Request<'a>,
    /// The size that the hub announced.
    total: u64,
    /// Where it will be.
    path: &'a Path,
    /// Where it is until it is whole.
    partial: &'a Path,
}

impl Download<'_> {
    async fn run(
        &self,
        repo: &ApiRepo,
        name: &str,
        progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let counter = Counter::default();
        let mut gauge = Gauge::new(name, self.total);
        let mut last = (Instant::now(), 0);
        let fetched = watch(repo.download_with_progress(name, counter.clone()), || {
            let (now, bytes) = (Instant::now(), counter.bytes());
            if bytes != last.1 {
                last = (now, bytes);
            }
            if bytes > self.total {
                return Err(self.lied(bytes));
            }
            if now - last.0 > self.request.options.patience {
                return Err(self.broke_off(bytes));
            }
            report(progress, &mut gauge, bytes)
        })
        .await?;
        let bytes = counter.bytes();
        match fetched {
            Ok(_) if bytes == self.total => report(progress, &mut gauge, bytes),
            Ok(_) => Err(self.lied(bytes)),
            Err(ApiError::RequestError(error))
                if error.status().is_none() && !error.is_connect() =>
            {
                Err(self.broke_off(bytes))
            }
            Err(error) => Err(self.request.failed(error)),
        }
    }

    /// More or fewer bytes came than were announced: nothing of it may stay, or it would be taken for the file.
    fn lied(&self, bytes: u64) -> Failure {
        let blob = self.path.canonicalize();
        for path in [
            Some(self.path.to_owned()),
            blob.ok(),
            Some(self.partial.to_owned()),
        ] {
            // What is not there need not be removed.
            let _ = path.map(std::fs::remove_file);
        }
        Failure::Final(ModelError::Hub(format!(
            "the hub announced {} bytes for `{}` of `{}` but sent {bytes}; nothing of it was kept, try again later",
            self.total,
            self.request.file.unwrap_or_default(),
            self.request.id
        )))
    }

    fn broke_off(&self, bytes: u64) -> Failure {
        Failure::Final(ModelError::Hub(format!(
            "the connection broke off after {bytes} of {} bytes of `{}` of `{}`; load it again to go on from there",
            self.total,
            self.request.file.unwrap_or_default(),
            self.request.id
        )))
    }
}

/// The hub's description of a model's revision.
async fn list(api: &Api, repo: &Repo, request: &Request<'_>) -> Result<RepoInfo, Failure> {
    let response = api.repo(repo.clone()).info_request().send().await;
    let response = response.map_err(|error| request.failed(ApiError::RequestError(error)))?;
    let status = response.status();
    if !status.is_success() {
        let code = response.headers().get("x-error-code");
        return Err(request.refused(status.as_u16(), code.and_then(|code| code.to_str().ok())));
    }
    let body = response.bytes().await;
    let body = body.map_err(|error| request.failed(ApiError::RequestError(error)))?;
    serde_json::from_slice(&body)
        .map_err(|error| unusable(request, "list of files", &error.to_string()))
}

/// Waits for `future`, and calls `tick` at once and then again and again, until it fails.
async fn watch<T>(
    future: impl Future<Output = T>,
    mut tick: impl FnMut() -> Result<(), Failure>,
) -> Result<T, Failure> {
    let mut future = std::pin::pin!(future);
    let mut interval = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            output = &mut future => return Ok(output),
            _ = interval.tick() => tick()?,
        }
    }
}

fn report(
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    gauge: &mut Gauge,
    bytes: u64,
) -> Result<(), Failure> {
    match progress(gauge.show(bytes, Instant::now())) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Failure::Final(ModelError::Cancelled)),
    }
}

/// The library makes file names of these two: a server must not choose others.
fn check_metadata(request: &Request<'_>, metadata: &Metadata, commit: &str) -> Result<(), Failure> {
    if metadata.commit_hash() != commit {
        return Err(unusable(request, "commit", metadata.commit_hash()));
    }
    // Weak etags start with W/.
    if !is_plain(metadata.etag().trim_start_matches("W/")) {
        return Err(unusable(request, "etag", metadata.etag()));
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.len() <= 200 && name.bytes().all(allowed)
}

fn unusable(request: &Request<'_>, what: &str, value: &str) -> Failure {
    let shown: String = visible(value).chars().take(80).collect();
    Failure::Final(ModelError::Hub(format!(
        "the server at {} answers for `{}` with an unusable {what} ({shown}); check HF_ENDPOINT",
        request.options.endpoint, request.id
    )))
}
