//! Models from the hub: fetched, resumed, refused, lied about, cancelled, and from the cache alone.

#![cfg(feature = "hub")]

#[path = "hub/cache.rs"]
mod cache;
#[path = "hub/hostile.rs"]
mod hostile;
#[path = "hub/server.rs"]
mod server;
#[path = "hub/waiting.rs"]
mod waiting;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use logitscope::model::{
    self, DevicePreference, HubOptions, LoadProgress, LoadRequest, LoadedModel, ModelError,
    Precision,
};
use server::{Answer, Hub, Repository, Request, Then, nobody};
use tempfile::TempDir;

const WEIGHTS: &str = "model.safetensors";

/// Small, so that a small model takes several requests.
const CHUNK: usize = 10_000;

fn options(endpoint: &str, cache: &TempDir) -> HubOptions {
    HubOptions {
        endpoint: endpoint.to_owned(),
        cache: cache.path().join("hub"),
        token: None,
        offline: false,
        chunk_bytes: CHUNK,
        patience: Duration::from_secs(20),
    }
}

fn request(source: &str) -> LoadRequest {
    LoadRequest {
        source: source.to_owned(),
        device: DevicePreference::Cpu,
        precision: Precision::F32,
        offline: false,
        ..LoadRequest::default()
    }
}

fn load(options: &HubOptions) -> Result<LoadedModel, ModelError> {
    model::load_with(&request("tiny/gpt2"), options, &mut |_| {
        ControlFlow::Continue(())
    })
}

#[track_caller]
fn loaded(options: &HubOptions) -> LoadedModel {
    load(options).unwrap_or_else(|error| panic!("{error}"))
}

/// The one sentence of a load that must fail.
#[track_caller]
fn refused(options: &HubOptions) -> String {
    let error = load(options).err().expect("an error").to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

fn snapshot(cache: &TempDir, repository: &Repository) -> PathBuf {
    let model = cache.path().join("hub/models--tiny--gpt2");
    model.join("snapshots").join(&repository.commit)
}

fn blob(cache: &TempDir, repository: &Repository, file: &str) -> PathBuf {
    cache
        .path()
        .join("hub/models--tiny--gpt2/blobs")
        .join(repository.etag(file))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn cache() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_model_is_fetched_once_with_a_gauge() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let served = repository.clone();
    let hub = Hub::start(move |request| served.answer(request));
    let mut gauges = Vec::new();
    let result = model::load_with(
        &request("tiny/gpt2"),
        &options(&hub.endpoint, &cache),
        &mut |progress| {
            if let LoadProgress::Download {
                file, bytes, total, ..
            } = progress
            {
                gauges.push((file, bytes, total));
            }
            ControlFlow::Continue(())
        },
    );
    let loaded = result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded.model.info().name, "tiny/gpt2");
    assert_eq!(loaded.notices, Vec::<String>::new());
    for (name, content) in &repository.files {
        let size = content.len() as u64;
        assert!(
            gauges.contains(&(name.clone(), size, size)),
            "{name} did not reach its end: {gauges:?}"
        );
        assert_eq!(
            &std::fs::read(snapshot(&cache, &repository).join(name)).expect("it is there"),
            content
        );
    }
    let fetched = hub.take_requests();
    let weights = fetched
        .iter()
        .filter(|request| request.is_content_of(WEIGHTS))
        .count();
    assert_eq!(weights, repository.files[WEIGHTS].len().div_ceil(CHUNK));

    // Again: the hub is asked for the newest commit, and for nothing else.
    self::loaded(&options(&hub.endpoint, &cache));
    let asked = hub.take_requests();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].path.starts_with("/api/models/"));
}

#[test]
fn shards_are_fetched_too() {
    let (cache, repository) = (cache(), Repository::of("sharded-untied"));
    let hub = Hub::start(move |request| repository.answer(request));
    assert_eq!(
        loaded(&options(&hub.endpoint, &cache)).model.info().layers,
        3
    );
}

#[test]
fn a_new_commit_fetches_only_what_changed() {
    let (cache, old) = (cache(), Repository::of("plain"));
    let new = Repository {
        commit: "fedcba9876543210".to_owned(),
        ..old.clone()
    };
    let new = new.with(
        "config.json",
        &[&old.files["config.json"][..], b"\n"].concat(),
    );
    let hub = Hub::start(move |request| old.answer(request));
    loaded(&options(&hub.endpoint, &cache));
    let served = new.clone();
    let hub = Hub::start(move |request| served.answer(request));
    loaded(&options(&hub.endpoint, &cache));
    let asked = hub.take_requests();
    assert!(
        asked
            .iter()
            .any(|request| request.is_content_of("config.json"))
    );
    if cfg!(unix) {
        assert!(
            !asked.iter().any(|request| request.is_content_of(WEIGHTS)),
            "{asked:?}"
        );
    }
    assert!(snapshot(&cache, &new).join(WEIGHTS).is_file());
}

#[test]
fn a_download_that_breaks_off_goes_on_from_there() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let total = repository.files[WEIGHTS].len();
    let first_time = AtomicBool::new(true);
    let hub = Hub::start(move |request| {
        let answer = repository.answer(request);
        let far = request.is_content_of(WEIGHTS)
            && request.range.is_some_and(|(first, _)| first >= 5 * CHUNK);
        if far && first_time.swap(false, Ordering::SeqCst) {
            return answer.cut_half_way(Then::Close);
        }
        answer
    });
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(error.contains("the connection broke off after"), "{error}");
    assert!(
        error.contains(&format!("of {total} bytes of `model.safetensors`")),
        "{error}"
    );
    hub.take_requests();

    loaded(&options(&hub.endpoint, &cache));
    let again = hub.take_requests();
    let starts = again
        .iter()
        .filter(|request| request.is_content_of(WEIGHTS))
        .filter_map(|request| request.range);
    assert_eq!(
        starts.map(|(first, _)| first).min(),
        Some(5 * CHUNK + CHUNK / 2),
        "{again:?}"
    );
}

#[test]
fn each_refusal_has_its_own_sentence() {
    let cache = cache();
    for (status, code, expected) in [
        (
            401,
            Some("RepoNotFound"),
            "does not show the model `tiny/gpt2` without a token (status 401): it is misspelt",
        ),
        (
            401,
            Some("GatedRepo"),
            "access to the model `tiny/gpt2` is forbidden without a token (status 401)",
        ),
        (403, None, "set HF_TOKEN to a token of that account"),
        (404, Some("RepoNotFound"), "there is no model `tiny/gpt2`"),
        (404, Some("RevisionNotFound"), "has no revision `main`"),
        (429, None, "asked too often"),
        (
            400,
            None,
            "refused the request for `tiny/gpt2` with status 400",
        ),
        (503, None, "out of order (status 503)"),
    ] {
        let hub = Hub::start(move |_| Answer::refusal(status, code));
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(error.contains(expected), "{status}: {error}");
    }
    assert_eq!(files_below(cache.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_gated_file_of_an_open_list_is_told_as_gated() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let hub = Hub::start(move |request| {
        if request.path.contains("/resolve/") {
            Answer::refusal(403, None)
        } else {
            repository.answer(request)
        }
    });
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(
        error.contains("is forbidden without a token (status 403): it is gated or private"),
        "{error}"
    );
}

#[test]
fn the_token_is_sent_and_not_shown() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let hub = Hub::start(move |request| match request.authorization.as_deref() {
        Some("Bearer hf_secret") => repository.answer(request),
        _ => Answer::refusal(401, None),
    });
    let mut options = options(&hub.endpoint, &cache);
    options.token = Some("hf_wrong".to_owned());
    let error = refused(&options);
    assert!(
        error.contains("with this HF_TOKEN") && !error.contains("hf_wrong"),
        "{error}"
    );
    options.token = Some("hf_\nsplit".to_owned());
    let error = refused(&options);
    assert!(
        error.contains("correct HF_TOKEN") && !error.contains("split"),
        "{error}"
    );
    options.token = Some("hf_secret".to_owned());
    loaded(&options);
}

/// Loading must fail since sizes do not agree, keep nothing, and work once the hub is honest.
#[track_caller]
fn catches_a_lie(told: usize, lie: impl Fn(&Request, Answer) -> Answer + Send + Sync + 'static) {
    let (cache, repository) = (cache(), Repository::of("plain").without_sizes());
    let served = repository.clone();
    let hub = Hub::start(move |request| {
        let answer = served.answer(request);
        if request.path.ends_with(WEIGHTS) {
            lie(request, answer)
        } else {
            answer
        }
    });
    let error = refused(&options(&hub.endpoint, &cache));
    let sizes =
        format!("the hub announced {told} bytes for `model.safetensors` of `tiny/gpt2` but sent ");
    assert!(error.contains(&sizes), "{error}");
    assert!(
        std::fs::symlink_metadata(snapshot(&cache, &repository).join(WEIGHTS)).is_err(),
        "a file stayed"
    );
    let blob = blob(&cache, &repository, WEIGHTS);
    assert!(
        !blob.exists() && !blob.with_added_extension("incomplete").exists(),
        "a blob stayed"
    );

    let hub = Hub::start(move |request| repository.answer(request));
    loaded(&options(&hub.endpoint, &cache));
}

#[test]
fn a_lie_about_a_files_size_is_caught_and_leaves_nothing() {
    let size = Repository::of("plain").files[WEIGHTS].len();
    // The total of a range.
    for told in [size + 1234, size - 1234] {
        catches_a_lie(told, move |_, answer| {
            answer.with_header("content-range", &format!("bytes 0-0/{told}"))
        });
    }
    // A length that is less than what is sent: the rest cannot be told from the next answer.
    catches_a_lie(size, |request, mut answer| {
        if request.is_content_of(WEIGHTS) {
            answer.announced = answer.body.len() / 2;
            answer.then = Then::Close;
        }
        answer
    });
    // The whole file for each range.
    let whole = Repository::of("plain").files[WEIGHTS].clone();
    catches_a_lie(size, move |request, answer| {
        if request.is_content_of(WEIGHTS) {
            Answer::new(200, Vec::new(), whole.clone())
        } else {
            answer
        }
    });
}

#[test]
fn a_length_that_never_comes_is_a_broken_connection() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let hub = Hub::start(move |request| {
        let mut answer = repository.answer(request);
        if request.is_content_of(WEIGHTS) {
            answer.announced += 5000;
            answer.then = Then::Close;
        }
        answer
    });
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(error.contains("the connection broke off after"), "{error}");
}

#[test]
fn a_server_cannot_choose_where_files_go() {
    let cache = cache();
    for (header, value) in [
        ("etag", "\"../../../../evil\""),
        ("etag", "\"\""),
        ("x-repo-commit", "../../evil"),
    ] {
        let repository = Repository::of("plain");
        let hub = Hub::start(move |request| {
            let answer = repository.answer(request);
            if request.path.contains("/resolve/") {
                answer.with_header(header, value)
            } else {
                answer
            }
        });
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(error.contains("unusable"), "{error}");
    }
    let mut repository = Repository::of("plain");
    repository.commit = "../../evil".to_owned();
    let hub = Hub::start(move |request| repository.answer(request));
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(error.contains("unusable commit (../../evil)"), "{error}");
    assert_eq!(files_below(cache.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_download_can_be_cancelled_in_the_middle_and_taken_up_again() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let served = repository.clone();
    let hub = Hub::start(move |request| {
        let answer = served.answer(request);
        let far = request.is_content_of(WEIGHTS)
            && request.range.is_some_and(|(first, _)| first >= 3 * CHUNK);
        if far {
            answer.cut_half_way(Then::Hold)
        } else {
            answer
        }
    });
    let mut last = 0;
    let result = model::load_with(
        &request("tiny/gpt2"),
        &options(&hub.endpoint, &cache),
        &mut |progress| match progress {
            LoadProgress::Download { file, bytes, .. } if file == WEIGHTS => {
                last = bytes;
                if bytes > 3 * CHUNK as u64 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
            _ => ControlFlow::Continue(()),
        },
    );
    assert!(matches!(result, Err(ModelError::Cancelled)));
    assert_eq!(last, 3 * CHUNK as u64 + CHUNK as u64 / 2);
    assert!(!snapshot(&cache, &repository).join(WEIGHTS).exists());

    let hub = Hub::start(move |request| repository.answer(request));
    loaded(&options(&hub.endpoint, &cache));
    let again = hub.take_requests();
    let starts = again
        .iter()
        .filter(|request| request.is_content_of(WEIGHTS))
        .filter_map(|request| request.range);
    assert_eq!(
        starts.map(|(first, _)| first).min(),
        Some(3 * CHUNK + CHUNK / 2),
        "{again:?}"
    );
}

#[test]
fn a_silent_hub_is_not_waited_for_for_ever() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let hub = Hub::start(|_| {
        let mut answer = Answer::new(200, Vec::new(), Vec::new());
        answer.announced = 100;
        answer.then = Then::Hold;
        answer
    });
    let mut options = options(&hub.endpoint, &cache);
    options.patience = Duration::from_millis(300);
    let error = refused(&options);
    assert!(error.contains("gave no answer for 1 seconds"), "{error}");

    let hub = Hub::start(move |request| {
        let answer = repository.answer(request);
        if request.is_content_of(WEIGHTS) {
            answer.cut_half_way(Then::Hold)
        } else {
            answer
        }
    });
    options.endpoint = hub.endpoint.clone();
    let error = refused(&options);
    assert!(
        error.contains("the connection broke off after 5000 of"),
        "{error}"
    );
}

#[test]
fn what_is_in_the_cache_needs_no_network() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let served = repository.clone();
    let hub = Hub::start(move |request| served.answer(request));
    let mut options = options(&hub.endpoint, &cache);

    options.offline = true;
    let error = refused(&options);
    assert!(
        error.contains("`tiny/gpt2` cannot be loaded offline: the cache at"),
        "{error}"
    );
    assert!(
        error.contains("holds no copy of it; load it once with network access"),
        "{error}"
    );
    assert!(hub.take_requests().is_empty());

    options.offline = false;
    loaded(&options);
    hub.take_requests();

    options.offline = true;
    assert_eq!(loaded(&options).notices, Vec::<String>::new());
    options.offline = false;
    let asked_offline = LoadRequest {
        offline: true,
        ..request("tiny/gpt2")
    };
    let pinned = LoadRequest {
        source: format!("tiny/gpt2@{}", repository.commit),
        ..asked_offline.clone()
    };
    for request in [asked_offline, pinned] {
        let result = model::load_with(&request, &options, &mut |_| ControlFlow::Continue(()));
        assert!(result.is_ok(), "{:?}", result.err());
    }
    assert!(hub.take_requests().is_empty(), "offline asks nobody");

    options.endpoint = nobody();
    let notices = loaded(&options).notices;
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].contains("using the copy of `tiny/gpt2` in the cache, since the hub at"),
        "{notices:?}"
    );
    assert!(notices[0].contains("cannot be reached"), "{notices:?}");

    std::fs::remove_file(snapshot(&cache, &repository).join(WEIGHTS)).expect("it was there");
    options.offline = true;
    let error = refused(&options);
    assert!(
        error.contains("only a part of it, without `model.safetensors`"),
        "{error}"
    );
}

#[test]
fn an_unreachable_hub_is_told_with_what_to_do() {
    let cache = cache();
    let error = refused(&options(&nobody(), &cache));
    assert!(
        error.contains("cannot be reached") && error.contains("check the network"),
        "{error}"
    );
    let error = refused(&options("no address", &cache));
    assert!(
        error.contains("`no address` is no usable address of a hub; correct HF_ENDPOINT"),
        "{error}"
    );
    let hub = Hub::start(|_| Answer::new(200, Vec::new(), b"<html>welcome to the cafe".to_vec()));
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(error.contains("unusable list of files"), "{error}");
}

#[test]
fn models_that_cannot_be_loaded_are_not_fetched() {
    let bert = br#"{"model_type": "bert"}"#;
    for (repository, expected) in [
        (
            Repository::of("plain").with("config.json", bert),
            "describes a `bert` model",
        ),
        (
            Repository::of("plain").without("config.json"),
            "has no file `config.json`",
        ),
        (
            Repository::of("plain").without("tokenizer.json"),
            "has neither tokenizer.json nor vocab.json",
        ),
        (
            Repository::of("plain").without(WEIGHTS),
            "has no weights as safetensors",
        ),
        (
            Repository::of("plain")
                .without(WEIGHTS)
                .with("pytorch_model.bin", b"PK"),
            "pytorch_model.bin holds pickled weights",
        ),
    ] {
        let cache = cache();
        let hub = Hub::start(move |request| repository.answer(request));
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(error.contains(expected), "{error}");
        let asked = hub.take_requests();
        assert!(!asked.iter().any(
            |request| request.path.ends_with(".safetensors") || request.path.ends_with(".bin")
        ));
    }
}

#[test]
fn cached_models_are_listed_by_name_with_their_size() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let options = options("http://127.0.0.1:1", &cache);
    assert_eq!(model::cached_models_in(&options.cache), []);
    let served = repository.clone();
    let hub = Hub::start(move |request| served.answer(request));
    loaded(&HubOptions {
        endpoint: hub.endpoint.clone(),
        ..options.clone()
    });
    // Others that must not be listed: another architecture, and a copy without weights.
    for (model, config) in [
        ("models--big--bert", r#"{"model_type": "bert"}"#),
        ("models--half--gpt2", "{}"),
    ] {
        let folder = options.cache.join(model).join("snapshots/abc");
        std::fs::create_dir_all(&folder).expect("writable");
        std::fs::write(folder.join("config.json"), config).expect("writable");
    }
    let models = model::cached_models_in(&options.cache);
    assert_eq!(models.len(), 1, "{models:?}");
    assert_eq!(
        (models[0].id.as_str(), &models[0].path),
        ("tiny/gpt2", &snapshot(&cache, &repository))
    );
    assert_eq!(
        models[0].bytes,
        repository
            .files
            .values()
            .map(|content| content.len() as u64)
            .sum::<u64>()
    );
}

#[test]
fn a_repository_with_one_gguf_file_is_that_file() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/gguf/gpt2-f32.gguf");
    let bytes = std::fs::read(file).expect("a model");
    let mut repository = Repository::of("plain");
    repository.files.clear();
    let repository = repository.with("tiny.gguf", &bytes).with("notes.md", b"-");
    let (cache, served) = (cache(), repository.clone());
    let hub = Hub::start(move |request| served.answer(request));
    let options = options(&hub.endpoint, &cache);
    assert_eq!(loaded(&options).model.info().architecture, "gpt2");
    let models = model::models_at_hand_in(&options.cache);
    let cached = models.last().expect("the model");
    assert_eq!(
        (cached.source.as_str(), cached.bytes),
        ("tiny/gpt2:tiny.gguf", bytes.len() as u64)
    );
    assert_eq!(cached.licence.as_deref(), Some("mit"));

    assert_eq!(
        loaded(&HubOptions {
            offline: true,
            ..options
        })
        .model
        .info()
        .architecture,
        "gpt2"
    );
}

#[test]
fn a_split_model_is_fetched_with_all_of_its_parts() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/gguf/gpt2-f32.gguf");
    let mut repository = Repository::of("plain");
    repository.files.clear();
    // What is in the parts is for others to test: here the first is whole by itself.
    let repository = repository
        .with(
            "tiny-00001-of-00002.gguf",
            &std::fs::read(file).expect("a model"),
        )
        .with("tiny-00002-of-00002.gguf", b"the second part");
    let (cache, served) = (cache(), repository.clone());
    let hub = Hub::start(move |request| served.answer(request));
    let options = options(&hub.endpoint, &cache);
    assert_eq!(loaded(&options).model.info().architecture, "gpt2");
    let models = model::models_at_hand_in(&options.cache);
    let cached = models.last().expect("the model");
    assert_eq!(cached.source, "tiny/gpt2:tiny-00001-of-00002.gguf");
    let first = cached.path.as_deref().expect("a path");
    let second = first.with_file_name("tiny-00002-of-00002.gguf");
    assert_eq!(
        std::fs::read(second).expect("the second part"),
        b"the second part"
    );
}

#[test]
fn one_of_several_gguf_files_is_chosen() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/gguf");
    let bytes = |name: &str| std::fs::read(folder.join(name)).expect("a model");
    let repository = Repository::of("plain")
        .with("a-F32.gguf", &bytes("gpt2-f32.gguf"))
        .with("a-Q8_0.gguf", &bytes("llama-q8_0.gguf"))
        .without("config.json");
    let (cache, served) = (cache(), repository.clone());
    let hub = Hub::start(move |request| served.answer(request));
    let options = options(&hub.endpoint, &cache);
    let load = |source: &str, options: &HubOptions| {
        let request = LoadRequest {
            precision: Precision::Auto,
            ..request(source)
        };
        model::load_with(&request, options, &mut |_| ControlFlow::Continue(()))
    };

    let error = refused(&options);
    assert!(
        error.contains(
            "2 GGUF files; choose one, as in `tiny/gpt2:a-F32.gguf`, of: a-F32.gguf, a-Q8_0.gguf"
        ),
        "{error}"
    );
    for (source, architecture) in [
        ("tiny/gpt2:q8_0", "llama"),
        ("tiny/gpt2:a-F32.gguf", "gpt2"),
    ] {
        let loaded = load(source, &options).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.model.info().architecture, architecture);
        assert_eq!(loaded.model.info().name, source);
    }
    let fetched = hub.take_requests();
    assert!(
        !fetched.iter().any(|request| request.is_content_of(WEIGHTS)),
        "only the chosen files are fetched"
    );

    // What the list of models offers can be loaded as it stands, without the hub.
    let sources: Vec<String> = model::models_at_hand_in(&options.cache)
        .into_iter()
        .map(|summary| summary.source)
        .filter(|source| source.starts_with("tiny/"))
        .collect();
    assert_eq!(sources, ["tiny/gpt2:a-F32.gguf", "tiny/gpt2:a-Q8_0.gguf"]);
    let offline = HubOptions {
        offline: true,
        ..options
    };
    for source in &sources {
        assert!(load(source, &offline).is_ok(), "{source}");
    }
    let error = load("tiny/gpt2:Q4_K_M", &offline)
        .err()
        .expect("no such file");
    let error = error.to_string();
    assert!(error.contains("has no GGUF file `Q4_K_M`"), "{error}");
}
