//! A server on this machine that speaks as much of the hub's protocol as a download needs, and can be told to lie.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    /// What stands after the question mark.
    pub query: String,
    /// First and last byte of the `Range` header.
    pub range: Option<(usize, usize)>,
    pub authorization: Option<String>,
}

impl Request {
    /// Whether it asks for bytes of a file, not only for what is known of it.
    pub fn is_content_of(&self, file: &str) -> bool {
        self.path.ends_with(&format!("/{file}")) && self.range != Some((0, 0))
    }
}

/// What is sent back.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The `Content-Length`, true or not.
    pub announced: usize,
    pub then: Then,
}

/// What happens to the connection after an answer.
#[derive(PartialEq, Eq)]
pub enum Then {
    KeepOpen,
    Close,
    /// Nothing more is sent, until the other side hangs up.
    Hold,
    /// No length is announced, and the body comes again and again, until the other side hangs up.
    Repeat,
    /// The body comes in pieces of so many bytes, some twenty a second.
    Drip(usize),
}

impl Answer {
    pub fn new(status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        Self {
            status,
            headers,
            announced: body.len(),
            body,
            then: Then::KeepOpen,
        }
    }

    pub fn refusal(status: u16, code: Option<&str>) -> Self {
        let headers = code.map(|code| ("x-error-code", code.to_owned()));
        Self::new(status, headers.into_iter().collect(), b"no".to_vec())
    }

    /// Somewhere else is the answer.
    pub fn elsewhere(location: &str) -> Self {
        Self::new(302, vec![("location", location.to_owned())], Vec::new())
    }

    /// Half of the body is sent, the whole announced.
    pub fn cut_half_way(mut self, then: Then) -> Self {
        self.body.truncate(self.body.len() / 2);
        self.then = then;
        self
    }

    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// One commit of a model.
#[derive(Clone)]
pub struct Repository {
    pub name: &'static str,
    pub commit: String,
    pub files: BTreeMap<String, Vec<u8>>,
    /// Whether the list of files has their sizes and hashes, as the hub's has where it is asked for them.
    pub tells_sizes: bool,
}

/// A tokenizer with tokens for all ids of a reference model.
fn with_all_tokens(json: &[u8]) -> Vec<u8> {
    let mut json: serde_json::Value = serde_json::from_slice(json).expect("JSON");
    let vocabulary = json["model"]["vocab"]
        .as_object_mut()
        .expect("a vocabulary");
    for id in vocabulary.len()..61 {
        vocabulary.insert(format!("<{id}>"), id.into());
    }
    json.to_string().into_bytes()
}

impl Repository {
    /// With the files of one of the reference models. The tokenizer, which knows the letters alone, gets the rest of the
    /// model's tokens.
    pub fn of(model: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference/gpt2")
            .join(model);
        let files = std::fs::read_dir(folder).expect("the model").map(|entry| {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_str().expect("UTF-8");
            let bytes = std::fs::read(&path).expect("readable");
            let bytes = match name {
                "tokenizer.json" => with_all_tokens(&bytes),
                _ => bytes,
            };
            (name.to_owned(), bytes)
        });
        Self {
            name: "tiny/gpt2",
            commit: "0123456789abcdef".to_owned(),
            files: files
                .filter(|(name, _)| name != "reference.safetensors")
                .collect(),
            tells_sizes: true,
        }
    }

    /// With a list that has names alone.
    pub fn without_sizes(mut self) -> Self {
        self.tells_sizes = false;
        self
    }

    pub fn without(mut self, file: &str) -> Self {
        self.files.remove(file).expect("it was there");
        self
    }

    pub fn with(mut self, file: &str, content: &[u8]) -> Self {
        self.files.insert(file.to_owned(), content.to_vec());
        self
    }

    /// As the hub would answer.
    pub fn answer(&self, request: &Request) -> Answer {
        if request.path == format!("/api/models/{}/revision/main", self.name) {
            let detailed = self.tells_sizes && request.query == "blobs=true";
            let files: Vec<_> = self
                .files
                .iter()
                .map(|(name, content)| match (detailed, is_large(name)) {
                    (false, _) => serde_json::json!({"rfilename": name}),
                    (true, false) => serde_json::json!({
                        "rfilename": name, "size": content.len(), "blobId": self.etag(name),
                    }),
                    (true, true) => serde_json::json!({
                        "rfilename": name, "size": content.len(), "blobId": "0".repeat(40),
                        "lfs": {"sha256": self.etag(name), "size": content.len(), "pointerSize": 134},
                    }),
                })
                .collect();
            let info = serde_json::json!({"sha": self.commit, "siblings": files, "private": false});
            return Answer::new(200, Vec::new(), info.to_string().into_bytes());
        }
        let root = format!("/{}/resolve/{}/", self.name, self.commit);
        let Some((name, content)) = request
            .path
            .strip_prefix(&root)
            .and_then(|name| self.files.get_key_value(name))
        else {
            return Answer::refusal(404, Some("EntryNotFound"));
        };
        let (first, last) = request.range.unwrap_or((0, usize::MAX));
        let last = last.min(content.len() - 1);
        let headers = vec![
            ("x-repo-commit", self.commit.clone()),
            ("etag", format!("\"{}\"", etag(name, content))),
            (
                "content-range",
                format!("bytes {first}-{last}/{}", content.len()),
            ),
        ];
        Answer::new(206, headers, content[first..=last].to_vec())
    }

    /// The etag that a file has.
    pub fn etag(&self, file: &str) -> String {
        etag(file, &self.files[file])
    }
}

/// Whether a file is one that the hub keeps in git-LFS.
fn is_large(name: &str) -> bool {
    name.ends_with(".safetensors") || name.ends_with(".gguf")
}

/// SHA-256 of files in git-LFS, git's name of the content of others.
fn etag(name: &str, content: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if is_large(name) {
        return hex(&Sha256::digest(content));
    }
    let mut sha1 = Sha1::new_with_prefix(format!("blob {}\0", content.len()));
    sha1.update(content);
    hex(&sha1.finalize())
}

/// A running server. Its threads end with the test program.
pub struct Hub {
    pub endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Hub {
    /// Answers every request with what `answer` makes of it.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(&stream, &seen, answer.as_ref()));
            }
        });
        Self { endpoint, requests }
    }

    /// What was asked since the last call of this.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().expect("no panic in the server"))
    }
}

/// An address at which nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

fn serve(stream: &TcpStream, seen: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Answer) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader) {
        seen.lock()
            .expect("no panic in the server")
            .push(request.clone());
        let answer = answer(&request);
        let mut head = format!("HTTP/1.1 {} Answer\r\n", answer.status);
        if answer.then != Then::Repeat {
            head += &format!("content-length: {}\r\n", answer.announced);
        }
        for (name, value) in &answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        // The other side may have hung up: then there is nobody left to answer.
        let sent = writer
            .write_all(head.as_bytes())
            .and_then(|()| send(writer, &answer));
        if answer.then == Then::Hold {
            let _ = reader.read(&mut [0]);
        }
        if sent.is_err() || !matches!(answer.then, Then::KeepOpen | Then::Drip(_)) {
            return;
        }
    }
}

fn send(mut writer: &TcpStream, answer: &Answer) -> std::io::Result<()> {
    match answer.then {
        Then::Repeat => loop {
            writer.write_all(&answer.body)?;
        },
        Then::Drip(bytes) => {
            for piece in answer.body.chunks(bytes) {
                writer.write_all(piece)?;
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }
        _ => writer.write_all(&answer.body),
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        path: path.to_owned(),
        query: query.to_owned(),
        range: None,
        authorization: None,
    };
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return Some(request);
        };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
                request.range = Some((first.parse().ok()?, last.parse().ok()?));
            }
            "authorization" => request.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
}
