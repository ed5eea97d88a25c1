//! `[keys]` of the documented default and the playground's keymap say the same.

use logitscope::config::{Config, DEFAULT_TOML, KeyProblem, Override, Sources};
use logitscope::tui::{Keymap, KeymapError, default_keys};
use toml::Value;

#[test]
fn keys_are_the_playground_s_in_its_order_and_words() {
    let documented: Vec<&str> = DEFAULT_TOML
        .lines()
        .skip_while(|line| *line != "[keys]")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with('#'))
        .collect();
    let expected: Vec<String> = default_keys()
        .map(|(name, keys, help)| format!("{name} = {}  # {help}", Value::from(keys.to_vec())))
        .collect();
    assert_eq!(documented, expected);
    let config = Config::load(&Sources::defaults()).expect("the documented default is valid");
    assert!(config.keys.is_empty(), "no key differs from the default");
}

#[test]
fn the_keymap_s_objections_are_reported_at_what_the_user_changed() {
    let mut sources = Sources::defaults();
    sources.check_keys = |keys| {
        let problem = |error: KeymapError| KeyProblem {
            message: error.to_string(),
            action: error.action,
        };
        Keymap::problems(keys).into_iter().map(problem).collect()
    };
    // `?` is the default of help. Both others are new, and only wrong together.
    for (action, key) in [("run", "?"), ("pause", "x"), ("stop", "x")] {
        sources.overrides.push(Override {
            flag: "--key".to_owned(),
            key: format!("keys.{action}"),
            value: Value::from(vec![key]),
        });
    }
    let errors = Config::load(&sources).expect_err("two actions have one key");
    let messages: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
    let expected = [
        "--key: keys.run: ? is also bound to help; give one of them another key",
        "--key: keys.stop: x is also bound to pause; give one of them another key",
    ];
    assert_eq!(messages.len(), expected.len(), "{messages:?}");
    for problem in expected {
        assert!(
            messages.iter().any(|message| message == problem),
            "{messages:?}"
        );
    }
}
