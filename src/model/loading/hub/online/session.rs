//! Fetching files of one commit.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::HubOptions;
use super::asker::{Asker, TICK};
use super::cached_commit::{CachedCommit, Lock, digest_of};
use super::download::Download;
use super::failure::{Failure, Request};
use super::list::{LONGEST_LIST, List, Listed, is_file_name};
use super::metadata::Metadata;
use super::meter::{Gauge, comparing};
use super::names::is_plain;
use crate::model::loading::hub_id::HubId;
use crate::model::{LoadProgress, ModelError};

/// Files of the cache up to this size are compared with their digests at every load: that takes a fraction of a
/// second. Larger ones are when they come, and when they cannot be loaded.
const COMPARED: u64 = 64 << 20;

/// One commit of one model on the hub.
pub(super) struct Session<'a> {
    id: &'a HubId,
    options: &'a HubOptions,
    asker: Asker<'a>,
    notices: &'a mut Vec<String>,
    list: List,
    commit: CachedCommit,
}

impl<'a> Session<'a> {
    /// Asks the hub for the newest commit of the model's revision and its list of files.
    pub(super) async fn open(
        id: &'a HubId,
        options: &'a HubOptions,
        notices: &'a mut Vec<String>,
        progress: &'a mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    ) -> Result<Self, Failure> {
        let request = Request {
            id,
            file: None,
            options,
        };
        let mut asker = Asker::new(options, progress)?;
        let mut gauge = Gauge::new(&id.to_string(), 0);
        let mut show = || gauge.show(0, Instant::now());
        let names = id.repository.split('/');
        let parts = ["api", "models"].into_iter().chain(names);
        let mut url = asker.client.url(parts.chain(["revision", &id.revision]));
        url.set_query(Some("blobs=true"));
        let answer = asker.ask(&request, &url, None, &mut show).await?;
        let body = asker.body(&request, answer, LONGEST_LIST, show).await?;
        let Some(body) = body else {
            let most = format!("more than {} MB", LONGEST_LIST >> 20);
            return Err(request.unusable("list of files", &most));
        };
        let list = List::from_json(&body)
            .map_err(|error| request.unusable("list of files", &error.to_string()))?;
        if !is_plain(&list.commit) {
            return Err(request.unusable("commit", &list.commit));
        }
        Ok(Self {
            id,
            options,
            asker,
            notices,
            commit: CachedCommit::new(&options.cache, id, &list.commit),
            list,
        })
    }

    pub(super) fn id(&self) -> &'a HubId {
        self.id
    }

    /// Whether the commit has such a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.list.files.contains_key(name)
    }

    /// The names of the commit's files.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.list.files.keys()
    }

    /// The path of a file in the cache, fetched unless it is there.
    pub(super) async fn file(&mut self, name: &str) -> Result<PathBuf, Failure> {
        let request = Request {
            id: self.id,
            file: Some(name),
            options: self.options,
        };
        let Some(listed) = self.list.files.get(name).cloned() else {
            return Err(request.refused(404, None, None));
        };
        if !is_file_name(name) {
            return Err(request.unusable("name of a file", name));
        }
        let path = self.commit.pointer(name);
        if path.is_file() {
            if is_whole(&path, &listed) {
                return Ok(path);
            }
            CachedCommit::remove(&path).map_err(|error| request.unwritable(&path, &error))?;
            self.notices.push(format!(
                "the copy of {} in the cache was damaged, and was fetched again",
                request.what()
            ));
        }
        let metadata = self.metadata(&request, name, &listed).await?;
        let _lock = self.lock(&request, name, &metadata).await?;
        // Whoever had the lock may have fetched it, for this commit or for another.
        let blob = self.commit.blob(&metadata.etag);
        if !path.is_file() {
            if !self.holds(&blob, &metadata)? {
                let url = self.url(name);
                Download {
                    request,
                    metadata: &metadata,
                    part: &self.commit.part(&metadata.etag),
                    blob: &blob,
                }
                .run(&mut self.asker, &url, name, self.notices)
                .await?;
            }
            let linked = self.commit.link(&blob, &path);
            linked.map_err(|error| request.unwritable(&path, &error))?;
        }
        Ok(path)
    }

    /// Notes in the cache that the revision stands at this commit, once all files are there.
    pub(super) fn finish(self) {
        // A cache that is only read serves all the same.
        if let Err(error) = self.commit.note_revision(&self.id.revision) {
            tracing::warn!("the revision of {} is not noted: {error}", self.id);
        }
    }

    fn url(&self, name: &str) -> reqwest::Url {
        let parts = self.id.repository.split('/');
        let parts = parts.chain(["resolve", &self.list.commit, name]);
        self.asker.client.url(parts)
    }

    async fn metadata(
        &mut self,
        request: &Request<'_>,
        name: &str,
        listed: &Listed,
    ) -> Result<Metadata, Failure> {
        let mut gauge = Gauge::new(name, 0);
        let show = || gauge.show(0, Instant::now());
        let url = self.url(name);
        let answer = self.asker.ask(request, &url, Some(0..=0), show).await?;
        Metadata::read(request, &self.list.commit, listed, &answer)
    }

    /// The right to fetch a content: whoever else fetches it is waited for.
    async fn lock(
        &mut self,
        request: &Request<'_>,
        name: &str,
        metadata: &Metadata,
    ) -> Result<Lock, Failure> {
        let mut gauge = Gauge::new(name, metadata.bytes);
        let part = self.commit.part(&metadata.etag);
        loop {
            let lock = self.commit.try_lock(&metadata.etag);
            match lock.map_err(|(path, error)| request.unwritable(&path, &error))? {
                Some(lock) => return Ok(lock),
                None => {
                    let here = std::fs::metadata(&part).map_or(0, |part| part.len());
                    self.asker.tell(gauge.show_other(here, Instant::now()))?;
                    tokio::time::sleep(TICK).await;
                }
            }
        }
    }

    /// Whether a content is in the cache, and as it should be.
    fn holds(&mut self, blob: &Path, metadata: &Metadata) -> Result<bool, Failure> {
        let found = std::fs::metadata(blob);
        if !found.is_ok_and(|found| found.is_file() && found.len() == metadata.bytes) {
            return Ok(false);
        }
        match &metadata.digest {
            None => Ok(true),
            Some(digest) => digest.is_of(blob, |bytes| {
                self.asker.tell(comparing(bytes, metadata.bytes))
            }),
        }
    }
}

/// Whether a file of the cache is what the hub lists, as far as that is known and quickly seen.
fn is_whole(path: &Path, listed: &Listed) -> bool {
    let Ok(found) = std::fs::metadata(path) else {
        return false;
    };
    if listed.bytes.is_some_and(|bytes| bytes != found.len()) {
        return false;
    }
    let digest = listed.digest.clone().or_else(|| digest_of(path));
    let unhurt = |digest: super::digest::Digest| {
        digest
            .is_of(path, |_| Ok::<(), ModelError>(()))
            .unwrap_or(false)
    };
    found.len() > COMPARED || digest.is_none_or(unhurt)
}
