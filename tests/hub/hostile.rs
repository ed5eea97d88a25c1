//! A hub that means harm: it may have the user load a false model, and nothing more.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A file of the user's that no download may touch.
fn precious() -> (TempDir, PathBuf) {
    let folder = cache();
    let file = folder.path().join("precious");
    std::fs::write(&file, "mine").expect("writable");
    (folder, file)
}

#[track_caller]
fn untouched(folder: &Path) {
    let file = folder.join("precious");
    assert_eq!(std::fs::read(&file).expect("it is there"), b"mine");
    assert_eq!(files_below(folder), [file], "there is more than before");
}

#[test]
fn a_later_answer_cannot_choose_where_files_go() {
    let (folder, file) = precious();
    let created = folder.path().join("created");
    for (header, target) in [
        ("etag", &file),
        ("etag", &created),
        ("x-linked-etag", &file),
        ("x-repo-commit", &created),
    ] {
        let (cache, repository) = (cache(), Repository::of("plain"));
        let target = target.to_str().expect("UTF-8").to_owned();
        let asked = AtomicUsize::new(0);
        let hub = Hub::start(move |request| {
            let answer = repository.answer(request);
            let again = request.path.ends_with(WEIGHTS) && asked.fetch_add(1, Ordering::SeqCst) > 0;
            if again {
                answer.with_header(header, &target)
            } else {
                answer
            }
        });
        // The first answer is the one that counts.
        loaded(&options(&hub.endpoint, &cache));
        untouched(folder.path());
    }
}

#[test]
fn a_first_answer_cannot_either() {
    let (folder, file) = precious();
    let there = file.to_str().expect("UTF-8");
    for etag in [
        there,
        "../../../../precious",
        "..",
        "W/\"a/b\"",
        "a\\b",
        "C:x",
    ] {
        let (cache, repository) = (cache(), Repository::of("plain"));
        let etag = etag.to_owned();
        let hub = Hub::start(move |request| {
            repository
                .answer(request)
                .with_header("x-linked-etag", &etag)
        });
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(error.contains("with an unusable etag ("), "{error}");
        untouched(folder.path());
        assert_eq!(files_below(cache.path()), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_revision_is_no_path() {
    let (folder, file) = precious();
    let (cache, repository) = (cache(), Repository::of("plain"));
    let hub = Hub::start(move |request| {
        let mut request = request.clone();
        if request.path.contains("/revision/") {
            request.path = "/api/models/tiny/gpt2/revision/main".to_owned();
        }
        repository.answer(&request)
    });
    let options = options(&hub.endpoint, &cache);
    for revision in [
        file.to_str().expect("UTF-8"),
        "../../../precious",
        "a/../../../../precious",
        "a//b",
        "/a",
    ] {
        let request = request(&format!("tiny/gpt2@{revision}"));
        let result = model::load_with(&request, &options, &mut |_| ControlFlow::Continue(()));
        let error = result.err().expect("no revision");
        assert!(matches!(error, ModelError::Source(_)), "{error}");
        untouched(folder.path());
    }
    assert!(hub.take_requests().is_empty(), "nobody was asked");
}

#[test]
fn a_file_of_another_name_is_none_of_the_models() {
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/gguf/gpt2-f32.gguf");
    let bytes = std::fs::read(gguf).expect("a model");
    let mut repository = Repository::of("plain");
    repository.files.clear();
    let cache = cache();
    for name in ["a\0b.gguf", "C:a.gguf", ".hidden.gguf"] {
        let served = repository.clone().with(name, &bytes);
        let hub = Hub::start(move |request| served.answer(request));
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(
            error.contains("with an unusable name of a file ("),
            "{error}"
        );
    }
    assert_eq!(files_below(cache.path()), Vec::<PathBuf>::new());
}

/// A hub that sends all requests for large files on to another server, and what that server is.
fn two_servers(repository: &Repository) -> (Hub, Hub) {
    let served = repository.clone();
    let store = Hub::start(move |request| {
        let mut answer = served.answer(request);
        // A store knows nothing of commits, and has etags of its own.
        answer.headers.retain(|(name, _)| *name == "content-range");
        answer.with_header("etag", "\"of-the-store\"")
    });
    let (served, store_at) = (repository.clone(), store.endpoint.clone());
    let hub = Hub::start(move |request| {
        let answer = served.answer(request);
        if !request.path.ends_with(WEIGHTS) {
            return answer;
        }
        let etag = answer.headers.iter().find(|(name, _)| *name == "etag");
        let etag = etag.expect("an etag").1.clone();
        Answer::elsewhere(&format!("{store_at}{}", request.path))
            .with_header("x-repo-commit", &served.commit)
            .with_header("x-linked-etag", &etag)
    });
    (hub, store)
}

#[test]
fn the_token_is_for_the_hub_alone() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let (hub, store) = two_servers(&repository);
    let mut options = options(&hub.endpoint, &cache);
    options.token = Some("hf_secret".to_owned());
    loaded(&options);
    let (asked, sent_on) = (hub.take_requests(), store.take_requests());
    let bearer = Some("Bearer hf_secret".to_owned());
    assert!(asked.iter().all(|request| request.authorization == bearer));
    // The first is the one for what is known of the file.
    assert!(sent_on.len() > 2 && sent_on[0].range == Some((0, 0)));
    assert!(
        sent_on
            .iter()
            .all(|request| request.authorization.is_none()),
        "{sent_on:?}"
    );
    assert!(blob(&cache, &repository, WEIGHTS).is_file());
}

#[test]
fn a_password_in_the_endpoint_is_for_the_hub_alone_and_not_shown() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let (hub, store) = two_servers(&repository);
    let with_password = |endpoint: &str| endpoint.replace("http://", "http://ada:s3cret@");
    let options = options(&with_password(&hub.endpoint), &cache);
    loaded(&options);
    // `ada:s3cret` in base64.
    let basic = Some("Basic YWRhOnMzY3JldA==".to_owned());
    let asked = hub.take_requests();
    assert!(asked.iter().all(|request| request.authorization == basic));
    let sent_on = store.take_requests();
    assert!(
        sent_on
            .iter()
            .all(|request| request.authorization.is_none())
    );

    for answer in [
        || Answer::refusal(401, None),
        || Answer::refusal(403, None),
        || Answer::refusal(404, None),
        || Answer::refusal(404, Some("RevisionNotFound")),
        || Answer::refusal(429, None),
        || Answer::refusal(503, None),
        || Answer::refusal(400, None),
        || Answer::refusal(302, None),
        || Answer::new(200, Vec::new(), b"<html>".to_vec()),
    ] {
        let hub = Hub::start(move |_| answer());
        let cache = super::cache();
        let error = refused(&super::options(&with_password(&hub.endpoint), &cache));
        assert!(!error.contains("s3cret"), "{error}");
        assert!(
            error.contains("`tiny/gpt2`") || error.contains("http://127.0.0.1:"),
            "{error}"
        );
    }
    let cache = super::cache();
    for endpoint in [with_password(&nobody()), "ada:s3cret@hub".to_owned()] {
        let error = refused(&super::options(&endpoint, &cache));
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn absurd_sizes_are_refused_before_anything_is_written() {
    for (file, total, expected) in [
        (
            WEIGHTS,
            "18446744073709551615",
            "`model.safetensors` of `tiny/gpt2` takes 18446744073710 MB, but the disk",
        ),
        (WEIGHTS, "10000000000000", "takes 10000000 MB, but the disk"),
        (
            WEIGHTS,
            "18446744073709551616",
            "with an unusable size (bytes 0-0/18446744073709551616)",
        ),
        (WEIGHTS, "-1", "with an unusable size"),
        (
            "config.json",
            "3000000000",
            "announces 3000000000 bytes for `config.json` of `tiny/gpt2`, but has more than the 16 MB",
        ),
        (
            "tokenizer.json",
            "3000000000",
            "but has more than the 128 MB",
        ),
    ] {
        let (cache, repository) = (cache(), Repository::of("plain").without_sizes());
        let (served, total) = (repository.clone(), total.to_owned());
        let hub = Hub::start(move |request| {
            let answer = served.answer(request);
            if request.path.ends_with(file) {
                answer.with_header("content-range", &format!("bytes 0-0/{total}"))
            } else {
                answer
            }
        });
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(error.contains(expected), "{error}");
        let asked = hub.take_requests();
        assert!(!asked.iter().any(|request| request.is_content_of(file)));
        assert!(
            !blob(&cache, &repository, file)
                .with_added_extension("incomplete")
                .exists()
        );
    }
}

#[test]
fn a_file_is_no_larger_than_its_list_says() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let size = repository.files[WEIGHTS].len();
    let hub = Hub::start(move |request| {
        let answer = repository.answer(request);
        if request.path.ends_with(WEIGHTS) {
            answer.with_header("content-range", &format!("bytes 0-0/{}", size + 1))
        } else {
            answer
        }
    });
    let error = refused(&options(&hub.endpoint, &cache));
    let expected = format!(
        "announces {} bytes for `model.safetensors` of `tiny/gpt2`, but its list of files has {size}",
        size + 1
    );
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn a_list_without_end_is_left() {
    let cache = cache();
    let sent = Arc::new(AtomicUsize::new(0));
    let hub = Hub::start(|_| {
        let mut answer = Answer::new(200, Vec::new(), br#"{"rfilename":"x"},"#.repeat(1 << 12));
        answer.then = Then::Repeat;
        answer
    });
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(
        error.contains("with an unusable list of files (more than 32 MB)"),
        "{error}"
    );
    // So is one that only says that it is long.
    let counted = Arc::clone(&sent);
    let hub = Hub::start(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut answer = Answer::new(200, Vec::new(), b"{".to_vec());
        answer.announced = 11_400_000_000;
        answer.then = Then::Hold;
        answer
    });
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(error.contains("(more than 32 MB)"), "{error}");
    assert_eq!(sent.load(Ordering::SeqCst), 1);
}

#[test]
fn content_with_another_hash_is_not_kept() {
    for file in [WEIGHTS, "tokenizer.json"] {
        let (cache, repository) = (cache(), Repository::of("plain"));
        let served = repository.clone();
        let hub = Hub::start(move |request| {
            let mut answer = served.answer(request);
            if request.is_content_of(file) {
                // One bit, far inside.
                let last = answer.body.len() - 1;
                answer.body[last] ^= 1;
            }
            answer
        });
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(
            error.contains(&format!(
                "the content that the hub sent for `{file}` of `tiny/gpt2` has another"
            )),
            "{error}"
        );
        let blob = blob(&cache, &repository, file);
        assert!(!blob.exists() && !blob.with_added_extension("incomplete").exists());
        assert!(std::fs::symlink_metadata(snapshot(&cache, &repository).join(file)).is_err());
        let hub = Hub::start(move |request| repository.answer(request));
        loaded(&options(&hub.endpoint, &cache));
    }
}

#[test]
fn a_redirect_that_leads_nowhere_is_a_failed_load() {
    for (status, location, expected) in [
        (
            302,
            None,
            "elsewhere (status 302) without saying where; try again later",
        ),
        (304, None, "elsewhere (status 304) without saying where"),
        (
            307,
            Some("http://[broken"),
            "to what is no address (http://[broken)",
        ),
        (
            302,
            Some("file:///etc/passwd"),
            "to what is no address (file:///etc/passwd)",
        ),
        (301, Some(""), "10 times, and on"),
        (
            302,
            Some("http://[\u{9b}2J"),
            "to what is no address (http://[\\u{9b}2J)",
        ),
    ] {
        for of_the_list in [true, false] {
            let (cache, repository) = (cache(), Repository::of("plain"));
            let hub = Hub::start(move |request| {
                if request.path.contains("/resolve/") == of_the_list {
                    return repository.answer(request);
                }
                let mut answer = Answer::new(status, Vec::new(), Vec::new());
                if let Some(location) = location {
                    answer = answer.with_header("location", location);
                }
                answer
            });
            let error = refused(&options(&hub.endpoint, &cache));
            assert!(error.contains(expected), "{error}");
            assert!(
                !error.contains("HF_ENDPOINT") && !error.contains('\u{9b}'),
                "{error}"
            );
            if !of_the_list {
                assert!(error.contains("`config.json` of `tiny/gpt2`"), "{error}");
            }
        }
    }
}

#[test]
fn a_refusal_of_the_store_is_not_the_hubs() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let store = Hub::start(|_| Answer::refusal(403, None));
    let location = store.endpoint.clone();
    let hub = Hub::start(move |request| {
        if request.path.contains("/resolve/") {
            Answer::elsewhere(&location)
        } else {
            repository.answer(request)
        }
    });
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(
        error.contains("the server 127.0.0.1, to which the hub at http://127.0.0.1:")
            && error.contains("refused it with status 403"),
        "{error}"
    );
}
