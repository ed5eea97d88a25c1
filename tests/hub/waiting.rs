//! Slow hubs, hubs that ask for a pause, and several programs that want the same.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use super::*;

#[test]
fn of_six_that_want_a_model_one_fetches_it_and_all_get_it() {
    const LOADS: usize = 6;
    let (cache, repository) = (cache(), Repository::of("plain"));
    let chunks = repository.files[WEIGHTS].len().div_ceil(CHUNK);
    let waiting = Arc::new(AtomicUsize::new(0));
    let all_wait = Arc::clone(&waiting);
    let hub = Hub::start(move |request| {
        // Whoever fetches the weights gets them when all others wait.
        while request.is_content_of(WEIGHTS) && all_wait.load(Ordering::SeqCst) < LOADS - 1 {
            std::thread::yield_now();
        }
        repository.answer(request)
    });
    let options = options(&hub.endpoint, &cache);
    std::thread::scope(|scope| {
        for _ in 0..LOADS {
            let (options, waiting) = (&options, &waiting);
            scope.spawn(move || {
                let mut waits = false;
                let result = model::load_with(&request("tiny/gpt2"), options, &mut |progress| {
                    if let LoadProgress::Waiting { reason, part, .. } = progress
                        && reason == "another program fetches model.safetensors"
                    {
                        assert!((0.0..=1.0).contains(&part));
                        if !std::mem::replace(&mut waits, true) {
                            waiting.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    ControlFlow::Continue(())
                });
                assert!(result.is_ok(), "{:?}", result.err());
            });
        }
    });
    let asked = hub.take_requests();
    let contents = |file: &str| {
        asked
            .iter()
            .filter(|request| request.is_content_of(file))
            .count()
    };
    assert_eq!(contents(WEIGHTS), chunks, "fetched once");
    assert_eq!(contents("config.json"), 1);
}

#[test]
fn who_waits_for_another_program_can_leave() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let hub = Hub::start(move |request| {
        let answer = repository.answer(request);
        if request.is_content_of(WEIGHTS) {
            answer.cut_half_way(Then::Hold)
        } else {
            answer
        }
    });
    let options = options(&hub.endpoint, &cache);
    let leave = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            model::load_with(&request("tiny/gpt2"), &options, &mut |_| {
                if leave.load(Ordering::SeqCst) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
        });
        while !hub
            .take_requests()
            .iter()
            .any(|request| request.is_content_of(WEIGHTS))
        {
            std::thread::yield_now();
        }
        let second = model::load_with(&request("tiny/gpt2"), &options, &mut |progress| {
            if matches!(progress, LoadProgress::Waiting { .. }) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        leave.store(true, Ordering::SeqCst);
        assert!(matches!(second, Err(ModelError::Cancelled)));
        let first = first.join().expect("no panic");
        assert!(matches!(first, Err(ModelError::Cancelled)));
    });
}

#[test]
fn a_drip_is_shown_with_its_rate_and_can_be_left() {
    let (cache, repository) = (cache(), Repository::of("plain"));
    let total = repository.files[WEIGHTS].len() as f64;
    let hub = Hub::start(move |request| {
        let mut answer = repository.answer(request);
        if request.is_content_of(WEIGHTS) {
            answer.then = Then::Drip(40);
        }
        answer
    });
    let mut left_at = None;
    let result = model::load_with(
        &request("tiny/gpt2"),
        &options(&hub.endpoint, &cache),
        &mut |progress| match progress {
            LoadProgress::Download {
                file,
                bytes,
                bytes_per_second: speed,
                seconds_left: Some(left),
                ..
            } if file == WEIGHTS && bytes > 400 => {
                // Twenty pieces of 40 bytes a second, or fewer where the machine is busy.
                assert!(speed > 0.0 && speed < 5000.0, "{speed}");
                assert!((left * speed - (total - bytes as f64)).abs() < 1.0);
                left_at = Some(Instant::now());
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        },
    );
    assert!(matches!(result, Err(ModelError::Cancelled)));
    let since = left_at.expect("it was left").elapsed();
    assert!(since < Duration::from_secs(1), "{since:?}");
}

#[test]
fn a_short_pause_that_the_hub_asks_for_is_made_and_told() {
    for (status, of_the_list) in [(429, true), (503, true), (429, false), (503, false)] {
        let (cache, repository) = (cache(), Repository::of("plain"));
        let first = AtomicBool::new(true);
        let hub = Hub::start(move |request| {
            let meant = if of_the_list {
                request.path.starts_with("/api/")
            } else {
                request.is_content_of(WEIGHTS)
            };
            if meant && first.swap(false, Ordering::SeqCst) {
                Answer::refusal(status, None).with_header("retry-after", "1")
            } else {
                repository.answer(request)
            }
        });
        let mut told = Vec::new();
        let begun = Instant::now();
        let result = model::load_with(
            &request("tiny/gpt2"),
            &options(&hub.endpoint, &cache),
            &mut |progress| {
                if let LoadProgress::Waiting { reason, .. } = progress {
                    told.push(reason);
                }
                ControlFlow::Continue(())
            },
        );
        assert!(result.is_ok(), "{:?}", result.err());
        assert!(begun.elapsed() >= Duration::from_secs(1));
        let expected = format!("the hub asks to wait 1 s (status {status})");
        assert!(told.contains(&expected), "{told:?}");
    }
}

#[test]
fn a_long_pause_is_left_to_the_user() {
    for (status, expected) in [
        (
            429,
            "was asked too often (status 429); wait 3600 seconds, as it asks, or set HF_TOKEN",
        ),
        (
            503,
            "is out of order (status 503) for `tiny/gpt2`; try again in 3600 seconds, as it asks",
        ),
    ] {
        let cache = cache();
        let hub =
            Hub::start(move |_| Answer::refusal(status, None).with_header("retry-after", "3600"));
        let error = refused(&options(&hub.endpoint, &cache));
        assert!(error.contains(expected), "{error}");
        assert_eq!(hub.take_requests().len(), 1);
    }
    // Nor is it asked again and again.
    let cache = cache();
    let hub = Hub::start(|_| Answer::refusal(429, None).with_header("retry-after", "0"));
    let error = refused(&options(&hub.endpoint, &cache));
    assert!(error.contains("was asked too often"), "{error}");
    assert_eq!(hub.take_requests().len(), 4);
}
