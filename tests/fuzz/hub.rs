//! What a hub says: its list of files, and what it knows of each.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use logitscope::model::{self, DevicePreference, HubOptions, LoadRequest, ModelError, Precision};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::harness::Target;
use super::server::{Answer, Hub, Repository};

/// A hub whose answers to one kind of request are the bytes that were set last.
struct Liar {
    hub: Hub,
    lie: Arc<Mutex<Vec<u8>>>,
}

impl Liar {
    fn new(lies: impl Fn(&str, Answer, &[u8]) -> Answer + Send + Sync + 'static) -> Self {
        let repository = Repository::of("plain");
        let lie = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&lie);
        let hub = Hub::start(move |request| {
            let lie = told.lock().expect("no panic in the server").clone();
            lies(&request.path, repository.answer(request), &lie)
        });
        Self { hub, lie }
    }

    /// Loading from it works or fails in a sentence, and nothing is written but in the cache.
    fn is_survived(&self, lie: &[u8]) -> Result<(), TestCaseError> {
        *self.lie.lock().expect("no panic in the server") = lie.to_vec();
        let folder = tempfile::tempdir().expect("a folder");
        let options = HubOptions {
            endpoint: self.hub.endpoint.clone(),
            cache: folder.path().join("deep/in/it/hub"),
            token: None,
            offline: false,
            chunk_bytes: 1 << 20,
            patience: Duration::from_secs(5),
        };
        let request = LoadRequest {
            source: "tiny/gpt2".to_owned(),
            device: DevicePreference::Cpu,
            precision: Precision::F32,
            ..LoadRequest::default()
        };
        let loaded = model::load_with(&request, &options, &mut |_| ControlFlow::Continue(()));
        if let Err(error) = loaded {
            let sentence = error.to_string();
            prop_assert!(!matches!(error, ModelError::Panicked(_)), "{}", sentence);
            prop_assert!(!sentence.contains(char::is_control), "{:?}", sentence);
        }
        let mut folder = folder.path().to_owned();
        for only in ["deep", "in", "it", "hub"] {
            let names: Vec<_> = std::fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name())
                .collect();
            prop_assert!(names.iter().all(|name| name == only), "{:?}", names);
            folder.push(only);
        }
        Ok(())
    }
}

#[test]
fn hub_list() {
    let liar = Liar::new(|path, answer, lie| {
        if path.starts_with("/api/") {
            Answer::new(200, Vec::new(), lie.to_vec())
        } else {
            answer
        }
    });
    let repository = Repository::of("plain");
    let list = serde_json::json!({
        "sha": repository.commit,
        "siblings": repository.files.iter().map(|(name, content)| serde_json::json!({
            "rfilename": name, "size": content.len(), "lfs": null, "blobId": repository.etag(name),
        })).collect::<Vec<_>>(),
    });
    let target = Target {
        name: "hub-list",
        seeds: vec![list.to_string().into_bytes()],
        reach: usize::MAX,
        words: &[
            "\"rfilename\":\"../../a.gguf\",",
            "\"rfilename\":\"/tmp/a.gguf\",",
            "\"sha\":\"../../..\",",
            "\"lfs\":{\"sha256\":\"00\",\"size\":-1},",
            "null",
            "\\u0000",
            "\\u001b[2J",
            "{}",
            "[]",
            "a.gguf",
        ],
    };
    target.run(|lie| liar.is_survived(lie));
}

#[test]
fn hub_metadata() {
    // One header a line: those of a file's answer, and the name of the file in the first.
    const NAMES: [&str; 5] = [
        "content-range",
        "etag",
        "x-linked-etag",
        "x-repo-commit",
        "location",
    ];
    let liar = Liar::new(|path, mut answer, lie| {
        if path.starts_with("/api/") {
            return answer;
        }
        for line in String::from_utf8_lossy(lie).lines() {
            let Some((name, value)) = line.split_once(": ") else {
                answer.status = line.trim().parse().unwrap_or(answer.status);
                continue;
            };
            let name = NAMES.iter().find(|known| **known == name);
            if let (Some(name), false) = (name, value.contains(['\r', '\u{0}'])) {
                answer = answer.with_header(name, value);
            }
        }
        answer
    });
    let target = Target {
        name: "hub-metadata",
        seeds: vec![b"x-repo-commit: 0123456789abcdef\n".to_vec(), Vec::new()],
        reach: usize::MAX,
        words: &[
            "302\n",
            "304\n",
            "307\n",
            "200\n",
            "416\n",
            "location: /\n",
            "location: http://[\n",
            "location: //\n",
            "location: \u{ff}\n",
            "content-range: bytes 0-0/18446744073709551615\n",
            "content-range: bytes 5-0/3\n",
            "content-range: bytes */0\n",
            "etag: \"/tmp/x\"\n",
            "etag: W/\"..\"\n",
            "x-linked-etag: ../../../x\n",
            "x-repo-commit: /tmp\n",
            "etag: \"\"\n",
            "etag: 0\n",
        ],
    };
    target.run(|lie| liar.is_survived(lie));
}
