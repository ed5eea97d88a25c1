//! The user's configuration.

use logitscope::config::{Config, DEFAULT_TOML, Sources};
use proptest::prelude::*;

use super::harness::Target;

#[test]
fn configuration() {
    let own = "[model]\nsource = \"gpt2\"\n[sampler]\npreset = \"creative\"\ntop_k = 100\n\
               stop = [\"a\", \"b\"]\nlogit_bias = { \"the\" = 1.5 }\n[presets.mine]\ntemperature = 0.3\n\
               [keys]\nrun = [\"enter\"]\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let target = Target {
        name: "configuration",
        seeds: vec![DEFAULT_TOML.as_bytes().to_vec(), Vec::new()],
        reach: usize::MAX,
        words: &[
            own,
            "[sampler]\n",
            "[presets.x]\n",
            "inf",
            "nan",
            "1e999",
            "-9223372036854775808",
            "\"\\u0000\"",
            "'''",
            "preset = \"x\"\n",
            "a.b.c.d = 1\n",
            "[[sampler]]\n",
            "= ",
            "\n",
            "0x7fffffffffffffff",
            "1979-05-27T07:32:00Z",
        ],
    };
    target.run(|bytes| {
        std::fs::write(&file, bytes).expect("writable");
        let sources = Sources {
            user_file: Some(file.clone()),
            ..Sources::defaults()
        };
        match Config::load(&sources) {
            Ok(config) => prop_assert!(config.settings().count() > 10),
            Err(errors) => {
                prop_assert!(!errors.to_string().is_empty() && errors.to_string().len() < 1 << 20)
            }
        }
        Ok(())
    });
}
