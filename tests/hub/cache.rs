//! A cache that is damaged, in the way, or only to be read.

use super::*;

/// A cache that holds the model, with the hub it came from.
fn filled(repository: &Repository) -> (TempDir, Hub) {
    let (cache, served) = (cache(), repository.clone());
    let hub = Hub::start(move |request| served.answer(request));
    loaded(&options(&hub.endpoint, &cache));
    hub.take_requests();
    (cache, hub)
}

#[test]
fn a_damaged_file_of_a_known_commit_is_fetched_again() {
    let repository = Repository::of("plain");
    for file in [WEIGHTS, "config.json", "tokenizer.json"] {
        let (cache, hub) = filled(&repository);
        let blob = blob(&cache, &repository, file);
        let whole = std::fs::read(&blob).expect("it is there");
        let mut flipped = whole.clone();
        flipped[whole.len() - 2] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() / 2], &[]] {
            std::fs::write(&blob, damaged).expect("writable");
            let notices = loaded(&options(&hub.endpoint, &cache)).notices;
            assert_eq!(
                notices,
                [format!(
                    "the copy of `{file}` of `tiny/gpt2` in the cache was damaged, and was fetched again"
                )]
            );
            assert_eq!(std::fs::read(&blob).expect("it is there"), whole);
            let asked = hub.take_requests();
            let mut files = asked
                .iter()
                .filter(|request| request.path.contains("/resolve/"));
            assert!(
                files.all(|request| request.path.ends_with(file)),
                "{asked:?}"
            );
            assert!(asked.iter().any(|request| request.is_content_of(file)));
        }
    }
}

/// The reference model with a tensor that nothing uses, which makes it too large to be compared at every load.
fn large() -> Repository {
    let repository = Repository::of("plain");
    let bytes = &repository.files[WEIGHTS];
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight")) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&rest[..length]).expect("a header");
    let (begin, more) = (rest.len() - length, 17 << 22);
    header["padding"] = serde_json::json!({
        "dtype": "F32", "shape": [more / 4], "data_offsets": [begin, begin + more],
    });
    let header = header.to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&rest[length..]);
    file.resize(file.len() + more, 0);
    repository.with(WEIGHTS, &file)
}

#[test]
fn a_large_file_that_cannot_be_loaded_is_fetched_again_if_it_is_damaged() {
    let repository = large();
    let (cache, served) = (cache(), repository.clone());
    let hub = Hub::start(move |request| served.answer(request));
    let options = HubOptions {
        chunk_bytes: 10_000_000,
        ..options(&hub.endpoint, &cache)
    };
    loaded(&options);
    let blob = blob(&cache, &repository, WEIGHTS);
    let mut bytes = std::fs::read(&blob).expect("it is there");
    bytes[8] = b'?';
    std::fs::write(&blob, bytes).expect("writable");
    hub.take_requests();
    let notices = loaded(&options).notices;
    assert!(
        notices[0]
            .starts_with("the copy of `model.safetensors` of `tiny/gpt2` in the cache was damaged"),
        "{notices:?}"
    );
    let asked = hub.take_requests();
    assert!(asked.iter().any(|request| request.is_content_of(WEIGHTS)));
}

#[test]
fn what_an_earlier_download_left_is_kept_only_if_it_is_right() {
    let repository = Repository::of("plain");
    let content = &repository.files[WEIGHTS];
    let half = content.len() / 2;
    let zeros = vec![0; content.len()];
    let too_long = vec![7; content.len() + 8];
    for (left, begun_at, told) in [
        (&content[..half], half, false),
        (&content[..], content.len(), false),
        // Twice: to the end of what is damaged, then all of it.
        (&zeros[..half], half, true),
        // As the library before marked a download that had broken off as done.
        (&zeros[..], 0, true),
        (&too_long[..], 0, false),
    ] {
        let (cache, served) = (cache(), repository.clone());
        let part = blob(&cache, &repository, WEIGHTS).with_added_extension("incomplete");
        std::fs::create_dir_all(part.parent().expect("a folder")).expect("writable");
        std::fs::write(&part, left).expect("writable");
        let hub = Hub::start(move |request| served.answer(request));
        let notices = loaded(&options(&hub.endpoint, &cache)).notices;
        let expected = "what an earlier download left of `model.safetensors` of `tiny/gpt2` was damaged, and was fetched again";
        assert_eq!(
            notices.iter().any(|notice| notice == expected),
            told,
            "{notices:?}"
        );
        let asked = hub.take_requests();
        let first = asked
            .iter()
            .find(|request| request.is_content_of(WEIGHTS))
            .and_then(|request| request.range);
        assert_eq!(first.map_or(content.len(), |(first, _)| first), begun_at);
        assert!(!part.exists());
        let fetched = std::fs::read(blob(&cache, &repository, WEIGHTS)).expect("it is there");
        assert_eq!(&fetched, content);
    }
}

#[cfg(unix)]
#[test]
fn a_part_that_is_a_link_is_not_written_through() {
    let repository = Repository::of("plain");
    let (cache, outside) = (cache(), super::cache());
    let target = outside.path().join("precious");
    std::fs::write(&target, "mine").expect("writable");
    let part = blob(&cache, &repository, WEIGHTS).with_added_extension("incomplete");
    std::fs::create_dir_all(part.parent().expect("a folder")).expect("writable");
    std::os::unix::fs::symlink(&target, &part).expect("writable");
    let hub = Hub::start(move |request| repository.answer(request));
    loaded(&options(&hub.endpoint, &cache));
    assert_eq!(std::fs::read(&target).expect("it is there"), b"mine");
}

#[test]
fn a_whole_cache_that_takes_nothing_serves() {
    let (cache, hub) = filled(&Repository::of("plain"));
    let refs = cache.path().join("hub/models--tiny--gpt2/refs");
    // Not even the superuser, who may write to folders that are only to be read, can make a file in a file.
    std::fs::remove_dir_all(&refs).expect("it was there");
    std::fs::write(&refs, "").expect("writable");
    set_writable(cache.path(), false);
    let loaded = load(&options(&hub.endpoint, &cache));
    set_writable(cache.path(), true);
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded.notices, Vec::<String>::new());
    assert_eq!(hub.take_requests().len(), 1);
}

fn set_writable(folder: &Path, writable: bool) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if writable { 0o755 } else { 0o555 };
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder, permissions).expect("it is ours");
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            if entry.path().is_dir() && !entry.path().is_symlink() {
                set_writable(&entry.path(), writable);
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (folder, writable);
}

#[test]
fn a_cache_that_cannot_take_a_new_commit_serves_the_old_one() {
    let old = Repository::of("plain");
    let (cache, _) = filled(&old);
    let new = Repository {
        commit: "fedcba9876543210".to_owned(),
        ..old.with("config.json", b"{\"model_type\": \"gpt2\"}")
    };
    let snapshots = cache.path().join("hub/models--tiny--gpt2/snapshots");
    std::fs::write(snapshots.join(&new.commit), "").expect("writable");
    let hub = Hub::start(move |request| new.answer(request));
    let notices = loaded(&options(&hub.endpoint, &cache)).notices;
    assert!(
        notices[0].starts_with("using the copy of `tiny/gpt2` in the cache, since `")
            && notices[0].ends_with("is a file where the cache needs a folder; remove it"),
        "{notices:?}"
    );
}

#[test]
fn what_is_in_the_way_is_named() {
    let repository = Repository::of("plain");
    let place = |cache: &TempDir| blob(cache, &repository, "config.json");
    let snapshot = |cache: &TempDir| snapshot(cache, &repository).join("config.json");
    let part = |cache: &TempDir| place(cache).with_added_extension("incomplete");
    let at: [&dyn Fn(&TempDir) -> PathBuf; 3] = [&place, &snapshot, &part];
    for path in at {
        let (cache, served) = (cache(), repository.clone());
        let hub = Hub::start(move |request| served.answer(request));
        let folder = path(&cache);
        std::fs::create_dir_all(&folder).expect("writable");
        let error = refused(&options(&hub.endpoint, &cache));
        let expected = format!(
            "`{}` is a folder where the cache needs a file; remove it",
            folder.display()
        );
        assert_eq!(error, expected);
    }
    let (cache, served) = (cache(), repository.clone());
    let hub = Hub::start(move |request| served.answer(request));
    std::fs::write(cache.path().join("hub"), "").expect("writable");
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(
        error.ends_with("hub` is a file where the cache needs a folder; remove it"),
        "{error}"
    );
}
