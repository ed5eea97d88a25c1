//! One file on its way.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode, Url};

use super::asker::Asker;
use super::cached_commit::make_folder_of;
use super::digest::Hasher;
use super::failure::{Failure, Request};
use super::metadata::Metadata;
use super::meter::{Gauge, comparing};
use crate::model::ModelError;
use crate::model::disk::free;

/// One file, from what of it is here to its place in the cache.
pub(super) struct Download<'a> {
    pub(super) request: Request<'a>,
    pub(super) metadata: &'a Metadata,
    /// Where it is until it is whole.
    pub(super) part: &'a Path,
    /// Where it will be.
    pub(super) blob: &'a Path,
}

/// What of a file is here.
struct Part<'a> {
    file: File,
    bytes: u64,
    hasher: Hasher<'a>,
}

impl Download<'_> {
    /// Fetches what is missing. What is here already is kept if the whole has the right digest, and fetched again if
    /// not.
    pub(super) async fn run(
        &self,
        asker: &mut Asker<'_>,
        url: &Url,
        name: &str,
        notices: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let mut part = self.open(asker)?;
        let mut resumed = part.bytes > 0;
        let mut gauge = Gauge::new(name, self.metadata.bytes);
        loop {
            self.fetch(asker, url, &mut part, &mut gauge).await?;
            asker.tell(gauge.show(part.bytes, Instant::now()))?;
            if part.hasher.agrees() {
                break;
            }
            self.drop_part();
            if !resumed {
                return Err(self.forged());
            }
            // It may be the older bytes that are wrong.
            resumed = false;
            notices.push(format!(
                "what an earlier download left of {} was damaged, and was fetched again",
                self.request.what()
            ));
            part = self.open(asker)?;
        }
        let kept = part.file.sync_all();
        let kept = kept.and_then(|()| fs::rename(self.part, self.blob));
        kept.map_err(|error| self.request.unwritable(self.blob, &error))
    }

    /// The part that an earlier download left, or a new one.
    fn open(&self, asker: &mut Asker<'_>) -> Result<Part<'_>, Failure> {
        let total = self.metadata.bytes;
        let in_the_way = |error: std::io::Error| self.request.unwritable(self.part, &error);
        make_folder_of(self.part).map_err(in_the_way)?;
        if self.blob.is_dir() {
            let error = std::io::ErrorKind::IsADirectory.into();
            return Err(self.request.unwritable(self.blob, &error));
        }
        if self.part.is_symlink() {
            // It would be written through, to wherever it leads.
            fs::remove_file(self.part).map_err(in_the_way)?;
        }
        let file = File::options()
            .create(true)
            .read(true)
            .append(true)
            .open(self.part)
            .map_err(in_the_way)?;
        let mut bytes = file.metadata().map_err(in_the_way)?.len();
        if bytes > total {
            file.set_len(0).map_err(in_the_way)?;
            bytes = 0;
        }
        if let Some(free) = free(self.part).filter(|free| total - bytes > *free) {
            if bytes == 0 {
                self.drop_part();
            }
            return Err(self.request.no_room(total - bytes, free));
        }
        let mut hasher = Hasher::new(self.metadata.digest.as_ref(), total);
        if self.metadata.digest.is_some() {
            let read = hasher.read(&file, |bytes| asker.tell(comparing(bytes, total)))?;
            read.map_err(in_the_way)?;
        }
        Ok(Part {
            file,
            bytes,
            hasher,
        })
    }

    async fn fetch(
        &self,
        asker: &mut Asker<'_>,
        url: &Url,
        part: &mut Part<'_>,
        gauge: &mut Gauge,
    ) -> Result<(), Failure> {
        let chunk = self.request.options.chunk_bytes.max(1) as u64;
        while part.bytes < self.metadata.bytes {
            let first = part.bytes;
            // Up to the next multiple, wherever an earlier download broke off.
            let end = ((first / chunk + 1) * chunk).min(self.metadata.bytes);
            let show = || gauge.show(first, Instant::now());
            let range = Some(first..=end - 1);
            let answer = asker.ask(&self.request, url, range, show).await?;
            if !is_range_from(&answer.response, first) {
                return Err(self.lied("other bytes than those that were asked for"));
            }
            self.take(asker, answer.response, end, part, gauge).await?;
        }
        Ok(())
    }

    /// Takes the bytes of an answer, up to the one at `end`.
    async fn take(
        &self,
        asker: &mut Asker<'_>,
        mut response: Response,
        end: u64,
        part: &mut Part<'_>,
        gauge: &mut Gauge,
    ) -> Result<(), Failure> {
        let patience = self.request.options.patience;
        loop {
            let heard = Instant::now();
            let piece = asker
                .watch(response.chunk(), || {
                    if heard.elapsed() > patience {
                        return Err(self.broke_off(part.bytes));
                    }
                    Ok(gauge.show(part.bytes, Instant::now()))
                })
                .await?;
            match piece {
                Ok(Some(piece)) => {
                    let bytes = part.bytes + piece.len() as u64;
                    if bytes > end {
                        return Err(self.lied(&format!("{bytes} or more")));
                    }
                    part.file
                        .write_all(&piece)
                        .map_err(|error| self.request.unwritable(self.part, &error))?;
                    part.hasher.update(&piece);
                    part.bytes = bytes;
                }
                Ok(None) if part.bytes == end => return Ok(()),
                Ok(None) => return Err(self.lied(&part.bytes.to_string())),
                Err(_) => return Err(self.broke_off(part.bytes)),
            }
        }
    }

    /// Not what was announced came: nothing of it may stay, or it would be taken for the file.
    fn lied(&self, sent: &str) -> Failure {
        self.drop_part();
        Failure::Final(ModelError::Hub(format!(
            "the hub announced {} bytes for {} but sent {sent}; nothing of it was kept, try again later",
            self.metadata.bytes,
            self.request.what(),
        )))
    }

    fn forged(&self) -> Failure {
        let hash = self
            .metadata
            .digest
            .as_ref()
            .map_or("hash", |digest| digest.name());
        Failure::Final(ModelError::Hub(format!(
            "the content that the hub sent for {} has another {hash} than the hub says; nothing of it was kept, try again later",
            self.request.what(),
        )))
    }

    fn broke_off(&self, bytes: u64) -> Failure {
        Failure::Final(ModelError::Hub(format!(
            "the connection broke off after {bytes} of {} bytes of {}; load it again to go on from there",
            self.metadata.bytes,
            self.request.what(),
        )))
    }

    fn drop_part(&self) {
        // What is not there need not be removed.
        let _ = fs::remove_file(self.part);
    }
}

/// Whether an answer is a part of a file that begins at `first`.
fn is_range_from(response: &Response, first: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    let begin = range.and_then(|range| {
        range
            .strip_prefix("bytes ")?
            .split('-')
            .next()?
            .parse()
            .ok()
    });
    response.status() == StatusCode::PARTIAL_CONTENT && begin == Some(first)
}
