//! `config.toml` is the documentation of the configuration: complete, and equal to what the code starts from.

use std::collections::BTreeSet;

use logitscope::config::{Config, DEFAULT_TOML, LogSettings, Origin, Sources, UiSettings};
use logitscope::decoding::GenerationSettings;
use logitscope::model::LoadRequest;
use logitscope::sampling::{KNOBS, Method, SamplerSettings};
use serde::Serialize;
use toml::Table;

fn defaults() -> Config {
    Config::load(&Sources::defaults()).expect("the documented default is valid")
}

#[test]
fn the_document_says_what_the_code_starts_from() {
    let config = defaults();
    assert_eq!(config.model, LoadRequest::default());
    assert_eq!(config.generation, GenerationSettings::default());
    assert_eq!(config.sampler, SamplerSettings::default());
    assert_eq!(config.ui, UiSettings::default());
    assert_eq!(config.log, LogSettings::default());
    assert_eq!(config.preset, None);
    assert!(
        config
            .settings()
            .all(|setting| *setting.origin == Origin::Default)
    );
}

#[test]
fn every_field_is_documented_and_nothing_else() {
    fn fields(settings: impl Serialize) -> BTreeSet<String> {
        Table::try_from(settings)
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }
    let document: Table = DEFAULT_TOML.parse().unwrap();
    let mut sampler = fields(SamplerSettings::default());
    sampler.insert("preset".to_owned());
    for (table, expected) in [
        ("model", fields(LoadRequest::default())),
        ("generation", fields(GenerationSettings::default())),
        ("sampler", sampler),
        ("ui", fields(UiSettings::default())),
        ("log", fields(LogSettings::default())),
    ] {
        assert_eq!(fields(&document[table]), expected, "[{table}]");
    }
}

#[test]
fn every_key_has_a_comment_above() {
    let commented_behind = |line: &str| line.contains("]  # ");
    let mut table = "";
    let mut before = "";
    for line in DEFAULT_TOML.lines() {
        let is_preset = table.starts_with("[presets.");
        if line.starts_with('[') {
            table = line;
            assert!(
                !line.starts_with("[presets.") || before.starts_with('#'),
                "{line} has no comment"
            );
        } else if line.starts_with(|c: char| c.is_ascii_lowercase()) && !is_preset {
            let commented =
                before.starts_with("# ") || (table == "[keys]" && commented_behind(line));
            assert!(commented, "{table} {line} has no comment");
        }
        before = line;
    }
}

#[test]
fn ranges_in_comments_are_those_that_are_checked() {
    let lines: Vec<&str> = DEFAULT_TOML.lines().collect();
    for knob in KNOBS {
        let key = format!("{} = ", knob.field);
        let at = lines
            .iter()
            .position(|line| line.starts_with(&key))
            .expect("the knob is in the document");
        let above = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("# "))
            .copied();
        let comment: Vec<&str> = above.collect::<Vec<_>>().into_iter().rev().collect();
        let comment = comment.join(" ").replace(" # ", " ");
        let range = if knob.whole {
            format!("A whole number from {}", knob.min)
        } else {
            knob.min.to_string()
        };
        assert!(comment.contains(&range), "{}: {comment}", knob.field);
        assert!(
            knob.whole || comment.contains(&format!("to {}", knob.max)),
            "{}: {comment}",
            knob.field
        );
    }
}

#[test]
fn presets_are_what_they_are_named_for() {
    let config = defaults();
    let names: Vec<&str> = config.preset_names().collect();
    assert_eq!(names[..2], ["neutral", "balanced"]);
    let preset = |name: &str| {
        config
            .preset(name, &SamplerSettings::default())
            .expect(name)
    };
    for name in &names {
        assert_eq!(preset(name).validate(), Ok(()), "{name}");
    }
    let neutral = SamplerSettings::neutral();
    assert_eq!(preset("neutral"), neutral);
    assert_eq!(preset("balanced"), SamplerSettings::default());
    assert_eq!(
        preset("gpt2-simple"),
        SamplerSettings {
            temperature: 0.7,
            ..neutral.clone()
        }
    );
    assert_eq!(
        preset("keras-top-k-10"),
        SamplerSettings {
            top_k: 10,
            ..neutral.clone()
        }
    );
    assert_eq!(
        preset("keras-top-p-0.5"),
        SamplerSettings {
            top_p: 0.5,
            ..neutral
        }
    );
    for (name, method) in [
        ("greedy", Method::Greedy),
        ("mirostat", Method::MirostatV2),
        ("beam", Method::Beam),
        ("contrastive", Method::Contrastive),
        ("precise", Method::Sample),
        ("creative", Method::Sample),
        ("wild", Method::Sample),
    ] {
        assert_eq!(preset(name).method, method, "{name}");
    }
    assert!(
        config
            .preset("no such", &SamplerSettings::default())
            .is_none()
    );
}

#[test]
fn a_preset_keeps_what_presets_do_not_name() {
    let base = SamplerSettings {
        banned: vec!["Tom".to_owned()],
        logit_bias: [("#3".to_owned(), f32::NEG_INFINITY)].into(),
        xtc_probability: 0.5,
        ..SamplerSettings::default()
    };
    let precise = defaults().preset("precise", &base).unwrap();
    assert_eq!(
        (precise.banned, precise.logit_bias),
        (base.banned, base.logit_bias)
    );
    assert_eq!((precise.temperature, precise.xtc_probability), (0.4, 0.0));
}
