//! Which layer wins.

use std::path::Path;

use crate::support::Layers;
use logitscope::config::{ColorDepth, LogLevel, Theme};
use logitscope::model::{DevicePreference, Precision};
use logitscope::sampling::StageKind;

#[test]
fn each_layer_wins_over_those_before_key_by_key() {
    let set = |value: f64| format!("[sampler]\ntemperature = {value}\n");
    let user = Layers::new().user(&(set(0.1) + "top_k = 7\n"));
    assert_eq!(user.load().sampler.temperature, 0.1);
    let named = user.named(&set(0.2));
    assert_eq!(named.load().sampler.temperature, 0.2);
    let environment = named.variable("LOGITSCOPE_SAMPLER_TEMPERATURE", "0.3");
    assert_eq!(environment.load().sampler.temperature, 0.3);
    let flags = environment.flag("-t", "sampler.temperature", 0.4);
    let config = flags.load();
    assert_eq!(config.sampler.temperature, 0.4);
    assert_eq!(config.sampler.top_k, 7);
    assert_eq!(config.sampler.top_p, 0.95);
    let origin = |key| config.provenance(key).unwrap().to_string();
    assert_eq!(origin("sampler.temperature"), "-t");
    assert!(
        origin("sampler.top_k").ends_with("user.toml:3:9"),
        "{}",
        origin("sampler.top_k")
    );
    assert_eq!(origin("sampler.top_p"), "default");
    assert_eq!(config.provenance("sampler.none"), None);
    let shown: Vec<String> = config
        .settings()
        .map(|setting| setting.to_string())
        .collect();
    assert!(
        shown.contains(&"sampler.temperature = 0.4  # -t".to_owned()),
        "{shown:?}"
    );
}

#[test]
fn all_tables_can_be_set() {
    let layers = Layers::new().user(
        r##"
        model = { source = "gpt2", device = "cpu", precision = "q8_0", offline = true }
        generation.stop = ["\n\n"]
        [sampler]
        order = ["top-k", "temperature"]
        temperature = 1
        logit_bias = { " the" = -2, "#5" = -inf }
        [ui]
        theme = "light"
        color = 256
        [log]
        level = "debug"
        file = "here.log"
        [keys]
        quit = ["q", "ctrl-q"]
        "##,
    );
    let config = layers.load();
    assert_eq!(config.model.source, "gpt2");
    assert_eq!(config.model.device, DevicePreference::Cpu);
    assert_eq!(config.model.precision, Precision::Q8_0);
    assert!(config.model.offline);
    assert_eq!(config.generation.stop, ["\n\n"]);
    assert_eq!(
        config.sampler.order,
        [StageKind::TopK, StageKind::Temperature]
    );
    assert_eq!(config.sampler.temperature, 1.0);
    assert_eq!(config.sampler.logit_bias[" the"], -2.0);
    assert_eq!(config.sampler.logit_bias["#5"], f32::NEG_INFINITY);
    assert_eq!(
        (config.ui.theme, config.ui.color),
        (Theme::Light, ColorDepth::Ansi256)
    );
    assert_eq!(config.log.level, LogLevel::Debug);
    assert_eq!(config.log.path().as_deref(), Some(Path::new("here.log")));
    assert_eq!(config.keys["quit"], ["q", "ctrl-q"]);
}

#[test]
fn variables_are_read_by_what_their_key_takes() {
    let config = Layers::new()
        .variable("LOGITSCOPE_MODEL_SOURCE", "123")
        .variable("LOGITSCOPE_MODEL_OFFLINE", "1")
        .variable("LOGITSCOPE_GENERATION_STOP", "THE END")
        .variable("LOGITSCOPE_GENERATION_DETECT_LOOPS", "false")
        .variable("LOGITSCOPE_SAMPLER_TOP_K", " 20 ")
        .variable("LOGITSCOPE_SAMPLER_ORDER", r#"["top-k"]"#)
        .variable("LOGITSCOPE_SAMPLER_LOGIT_BIAS", r##"{ "#3" = 1.5 }"##)
        .variable("LOGITSCOPE_UI_COLOR", "true")
        .variable("LOGITSCOPE_SAMPLER_TOP_P", "")
        .variable("HOME", "/")
        .load();
    assert_eq!(config.model.source, "123");
    assert!(config.model.offline && !config.generation.detect_loops);
    assert_eq!(config.generation.stop, ["THE END"]);
    assert_eq!(config.sampler.top_k, 20);
    assert_eq!(config.sampler.order, [StageKind::TopK]);
    assert_eq!(config.sampler.logit_bias["#3"], 1.5);
    assert_eq!(config.ui.color, ColorDepth::True);
    assert_eq!(config.sampler.top_p, 0.95, "an empty variable is unset");
}

#[test]
fn a_preset_has_its_layer_s_rank_and_lies_under_its_layer_s_keys() {
    let layers = Layers::new().user(
        "[sampler]\npreset = 'precise'\ntop_k = 3\nbanned = ['x']\n[presets.mine]\ntop_p = 0.25\n",
    );
    let config = layers.load();
    assert_eq!(config.preset.as_deref(), Some("precise"));
    assert_eq!((config.sampler.temperature, config.sampler.top_k), (0.4, 3));
    assert_eq!(
        config
            .provenance("sampler.top_k")
            .unwrap()
            .to_string()
            .rsplit('/')
            .next(),
        Some("user.toml:3:9")
    );

    let config = layers.flag("--preset", "sampler.preset", "mine").load();
    assert_eq!(config.preset.as_deref(), Some("mine"));
    assert_eq!(
        (
            config.sampler.temperature,
            config.sampler.top_k,
            config.sampler.top_p
        ),
        (1.0, 0, 0.25)
    );
    assert_eq!(config.sampler.banned, ["x"], "presets do not name bans");
    assert_eq!(
        config.provenance("sampler.top_p").unwrap().to_string(),
        "preset mine (--preset)"
    );
    assert_eq!(config.preset_names().last(), Some("mine"));
    let (_, mine) = config.presets().pop().unwrap();
    assert_eq!(mine, config.sampler);
}

#[test]
fn a_later_layer_changes_a_preset_for_all() {
    let config = Layers::new()
        .user("sampler.preset = 'precise'")
        .named("[presets.precise]\ntemperature = 0.5")
        .load();
    assert_eq!(
        (config.sampler.temperature, config.sampler.top_k),
        (0.5, 20)
    );
}

#[test]
fn a_variable_can_name_the_file_and_the_flag_wins_over_it() {
    let layers = Layers::new();
    let path = layers.file("variable.toml", "ui.theme = 'light'");
    let layers = layers.variable("LOGITSCOPE_CONFIG", path.to_str().unwrap());
    assert_eq!(layers.load().ui.theme, Theme::Light);
    assert_eq!(layers.named("").load().ui.theme, Theme::Dark);
}
