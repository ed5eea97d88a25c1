//! What is said of a configuration that is wrong.

use std::time::{Duration, Instant};

use crate::support::Layers;
use logitscope::config::{Config, KeyProblem, Origin, Problem};
use proptest::prelude::*;

#[test]
fn everything_wrong_is_reported_at_once_where_it_stands() {
    let layers = Layers::new()
        .user(concat!(
            "[sampler]\n",
            "temprature = 1\n",
            "  top_k = \"many\"\n",
            "top_p = 1.5\n",
            "method = \"gready\"\n",
            "order = [\n  \"top-k\",\n  \"temprature\",\n]\n",
            "max_tokens = 5\n",
            "[modle]\n",
            "[presets.mine]\n",
            "min_p = -1\n",
            "preset = \"wild\"\n",
        ))
        .variable("LOGITSCOPE_SAMPLER_TOPK", "3")
        .variable("LOGITSCOPE_UI_FPS", "100")
        .flag("--preset", "sampler.preset", "wilt")
        .flag("--seed", "generation.seed", -1);
    let errors = layers.errors();
    let expected = [
        "user.toml:2:1: unknown key temprature in [sampler]; did you mean temperature?",
        "user.toml:3:11: sampler.top_k: expected a whole number from 0, found \"many\"",
        "user.toml:4:9: sampler.top_p: 1.5 is not accepted: a number from 0 to 1",
        "user.toml:5:10: sampler.method: expected one of sample, greedy, mirostat-v1, \
         mirostat-v2, adaptive-p, beam, contrastive; found \"gready\"; did you mean greedy?",
        "user.toml:8:3: sampler.order: expected one of guidance, difference, grammar, logit-bias, banned, min-new-tokens, no-repeat-ngram, \
         repetition, frequency-presence, dry, top-n-sigma, min-k, temperature, dynamic-temperature, \
         smoothing, top-h, top-k, typical-p, top-p, min-p, p-less, epsilon-cutoff, eta-cutoff, xtc, \
         mirostat, adaptive-p; found \"temprature\"; did you mean temperature?",
        "user.toml:10:1: unknown key max_tokens in [sampler]; it belongs in [generation]",
        "user.toml:11:2: unknown table [modle]; did you mean model?",
        "user.toml:13:9: presets.mine.min_p: -1 is not accepted: a number from 0 to 1",
        "user.toml:14:1: unknown key preset in [presets.mine]; a preset cannot name another",
        "LOGITSCOPE_SAMPLER_TOPK: names no setting; did you mean LOGITSCOPE_SAMPLER_TOP_K?",
        "LOGITSCOPE_UI_FPS: ui.fps: 100 is not accepted: a whole number from 1 to 60",
        "--preset: there is no preset wilt; did you mean wild?",
        "--seed: generation.seed: expected a whole number from 0, found -1",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn what_is_no_setting_at_all_is_named() {
    let one = |text: &str| Layers::new().user(text).errors().join("\n");
    assert_eq!(
        one("top_k = 3"),
        "user.toml:1:1: top_k stands outside of a table; it belongs in [sampler]"
    );
    assert_eq!(
        one("sampler = 3"),
        "user.toml:1:11: sampler must be a table: write [sampler]"
    );
    assert_eq!(
        one("[presets]\nwild = 3"),
        "user.toml:2:8: presets.wild must be a table: write [presets.wild]"
    );
    assert_eq!(one("[zzz]"), "user.toml:1:2: unknown table [zzz]");
    assert!(one("[sampler]\ntop_k = 99999999999999999999").starts_with("user.toml:2:9: "));
    assert_eq!(
        one("[log]\nlevel = 3"),
        "user.toml:2:9: log.level: expected one of off, error, warn, info, debug, trace; found \"3\""
    );
    assert_eq!(
        one("[model]\noffline = 'yes'"),
        "user.toml:2:11: model.offline: expected true or false, found \"yes\""
    );
    assert_eq!(
        one("[generation]\nstop = ['a', '']"),
        "user.toml:2:14: generation.stop: \"\" is not accepted: every text must have at least one character"
    );
    assert_eq!(
        one("[sampler]\nbanned = ['a', 3]"),
        "user.toml:2:16: sampler.banned: expected a text in quotes, found 3"
    );
    assert_eq!(
        one("[keys]\nquit = 'q'"),
        "user.toml:2:8: keys.quit: expected a list in [ ], found \"q\""
    );
    assert_eq!(
        one("[sampler]\npreset = 3"),
        "user.toml:2:10: sampler.preset: expected a text in quotes, found 3"
    );
}

#[test]
fn broken_toml_is_reported_with_line_and_column() {
    let errors = Layers::new()
        .user("[sampler]\ntop_k = \nmin_p = 0.1\nmin_p = 0.2\n")
        .errors();
    assert!(
        errors.iter().any(|error| error.starts_with("user.toml:2:")),
        "{errors:?}"
    );
    assert!(
        errors
            .iter()
            .any(|error| error.starts_with("user.toml:4:1: duplicate key")),
        "{errors:?}"
    );
}

#[test]
fn only_the_user_s_file_may_be_missing() {
    let mut layers = Layers::new();
    layers.sources.user_file = Some(layers.directory.path().join("none.toml"));
    layers.load();
    layers.sources.config_file = Some(layers.directory.path().join("named.toml"));
    let errors = layers.errors();
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].starts_with("named.toml: the file cannot be read: "),
        "{errors:?}"
    );
    // A directory can be opened but not read.
    layers.sources.user_file = Some(layers.directory.path().to_owned());
    assert_eq!(layers.errors().len(), 2);
}

#[test]
fn the_caller_s_check_of_keys_is_reported_where_the_keys_stand() {
    let mut layers = Layers::new().user("[keys]\nhelp = ['x']\nquit = ['x']\n");
    layers.sources.check_keys = |keys| {
        assert_eq!(
            keys.keys().collect::<Vec<_>>(),
            ["help", "quit"],
            "those that differ from the default"
        );
        vec![KeyProblem {
            action: "quit".to_owned(),
            message: "x is also bound to help".to_owned(),
        }]
    };
    assert_eq!(layers.errors(), ["user.toml:3:8: x is also bound to help"]);
    let errors = layers.user("[keys]\nhepl = ['x']\n").errors();
    assert_eq!(
        errors,
        ["user.toml:2:1: unknown action hepl in [keys]; did you mean help?"]
    );
}

#[test]
fn what_a_file_says_cannot_reach_the_terminal_raw() {
    let errors = Layers::new()
        .user("[sampler]\nmethod = \"\\u001B[2J\\u202E\"\n\"\\u001B]0;x\\u0007\" = 1\n")
        .errors();
    assert_eq!(errors.len(), 2);
    assert!(
        !errors
            .concat()
            .chars()
            .any(|c| c.is_control() || c == '\u{202E}'),
        "{errors:?}"
    );
}

#[test]
fn thousands_of_mistakes_are_counted_at_once() {
    let mut text = "[sampler]\n".to_owned();
    for at in 0..200_000 {
        text += &format!("no_such_key_{at:06} = {at}\n");
    }
    let begun = Instant::now();
    let errors = Layers::new().user(&text).errors();
    // Each was looked for from the beginning of the file: minutes.
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(errors.len(), 51);
    assert_eq!(
        errors[49],
        "user.toml:51:1: unknown key no_such_key_000049 in [sampler]"
    );
    assert_eq!(errors[50], "and 199950 more");
}

#[test]
fn a_directory_that_is_a_file_holds_no_configuration() {
    let mut layers = Layers::new();
    layers.sources.user_file = Some(layers.file("file", "").join("logitscope/config.toml"));
    layers.load();
    layers.sources.config_file = layers.sources.user_file.take();
    let errors = layers.errors();
    assert!(
        errors[0].contains("cannot be read"),
        "one that was named: {errors:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
    let mut layers = Layers::new();
    let pipe = layers.directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    layers.sources.config_file = Some(pipe);
    let errors = layers.errors();
    assert!(errors[0].contains("nobody writes to"), "{errors:?}");
}

/// Text that is often nearly a configuration.
fn nearly_a_configuration() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "[sampler]",
        "[presets.x]",
        "[[model]]",
        "[keys]",
        "\n",
        "=",
        "top_k",
        "stop",
        "order",
        "preset",
        "logit_bias",
        "'wild'",
        "[",
        "]",
        "{",
        "}",
        ",",
        "-1",
        "1e9",
        "nan",
        "inf",
        "true",
        "\"",
        "1979-05-27",
        ".",
        "é",
        "\u{0}",
    ]);
    prop::collection::vec(parts, 0..30).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_loading_panic(text in nearly_a_configuration()) {
        let layers = Layers::new().user(&text);
        match Config::load(&layers.sources) {
            Ok(config) => prop_assert_eq!(config.sampler.validate(), Ok(())),
            Err(errors) => {
                prop_assert!(!errors.0.is_empty());
                let at_a_place = |origin: &Origin| matches!(origin, Origin::File { position: Some(_), .. });
                // What is no text at all has no places.
                let no_text = text.contains('\0');
                let placed = |problem: &Problem| no_text || at_a_place(&problem.origin);
                prop_assert!(errors.0.iter().all(placed), "{}", errors);
            }
        }
    }

    #[test]
    fn no_variable_makes_loading_panic(text in ".{0,12}") {
        for name in ["TOP_K", "ORDER", "METHOD", "LOGIT_BIAS", "TEMPERATURE", "PRESET"] {
            let layers = Layers::new().variable(&format!("LOGITSCOPE_SAMPLER_{name}"), &text);
            if let Err(errors) = Config::load(&layers.sources) {
                prop_assert!(errors.to_string().starts_with("LOGITSCOPE_SAMPLER_"), "{}", errors);
            }
        }
    }
}
