//! Weights that are no numbers: an error that says where they are met first, and never odds.

use logitscope::decoding::GenerationSettings;
use logitscope::engine::{Command, EngineHandle, Event, GenerateRequest, RunState, Then};
use logitscope::model::{LoadRequest, LoadedModel, ModelError, Precision, Rows};
use logitscope::sampling::SamplerSettings;

use super::directory::{Directory, set};

/// The logits after some tokens, read at once and then one by one, which must agree on whether there are any.
fn logits(loaded: &LoadedModel, tokens: &[u32]) -> Result<Rows, String> {
    let model = loaded.model.as_ref();
    let at_once = || {
        let mut cache = model.new_cache()?;
        model.logits(&model.read(tokens, &mut cache)?)
    };
    let one_by_one = || {
        let (mut cache, mut last) = (model.new_cache()?, None);
        for token in tokens {
            let hidden = model.step(&[*token], &mut [&mut cache])?;
            last = Some(model.logits(&hidden)?);
        }
        Ok::<_, ModelError>(last)
    };
    let (first, second) = (at_once(), one_by_one());
    let text = |error: &ModelError| error.to_string();
    assert_eq!(
        first.as_ref().err().map(text),
        second.as_ref().err().map(text)
    );
    first.map_err(|error| error.to_string())
}

fn damaged(name: &str, place: usize, value: f32) -> Directory {
    Directory::whole().with_tensors(|tensors| set(tensors, name, place, value))
}

#[test]
fn one_weight_that_is_no_number_is_an_error_that_names_its_layer() {
    for (tensor, value, place) in [
        (
            "transformer.h.0.attn.c_attn.weight",
            f32::NAN,
            "layer 1 of 2",
        ),
        ("transformer.h.1.attn.c_proj.bias", f32::NAN, "layer 2 of 2"),
        (
            "transformer.h.1.mlp.c_fc.weight",
            f32::INFINITY,
            "layer 2 of 2",
        ),
        (
            "transformer.h.0.mlp.c_proj.weight",
            f32::NAN,
            "layer 1 of 2",
        ),
        (
            "transformer.ln_f.weight",
            f32::NAN,
            "the norm after the last layer",
        ),
        (
            "transformer.wpe.weight",
            f32::NAN,
            "the embedding of token 5",
        ),
    ] {
        let loaded = damaged(tensor, 3, value).load();
        let error = logits(&loaded, &[5, 9, 2]).expect_err(tensor);
        let expected = format!("no number (NaN or an infinity), first in {place}");
        assert!(error.contains(&expected), "{tensor}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn one_logit_that_is_no_number_is_an_error_too() {
    // The row of token 7, in an embedding that is the head as well.
    let loaded = damaged("transformer.wte.weight", 7 * 32, f32::NAN).load();
    let error = logits(&loaded, &[5, 9]).expect_err("a logit of token 7");
    assert!(error.contains("first in the head, at token 7:"), "{error}");
    let mut cache = loaded.model.new_cache().expect("room");
    let error = loaded.model.read(&[5, 7], &mut cache);
    let error = error.expect_err("token 7 is read").to_string();
    assert!(
        error.contains("first in the embedding of token 7:"),
        "{error}"
    );
    // Two large numbers are none once they are multiplied.
    let loaded = Directory::whole()
        .with_tensors(|tensors| {
            set(tensors, "transformer.ln_f.bias", 3, f32::MAX);
            set(tensors, "transformer.wte.weight", 7 * 32 + 3, 4.0);
        })
        .load();
    let error = logits(&loaded, &[5, 9]).expect_err("an overflow");
    assert!(error.contains("first in the head, at token 7:"), "{error}");
}

#[test]
fn blocks_do_not_hide_what_is_no_number() {
    for precision in [Precision::Q8_0, Precision::Q4_0] {
        for value in [f32::NAN, f32::NEG_INFINITY] {
            let loaded = damaged("transformer.h.1.mlp.c_fc.weight", 40, value).load_in(precision);
            let error = logits(&loaded, &[5, 9]).expect_err(precision.name());
            assert!(
                error.contains("first in layer 2 of 2"),
                "{precision:?}: {error}"
            );
            let sound = Directory::whole().load_in(precision);
            assert!(logits(&sound, &[5, 9]).is_ok());
        }
    }
}

#[test]
fn a_cache_stays_as_it_was_where_reading_failed() {
    let loaded = damaged("transformer.wpe.weight", 2 * 32, f32::NAN).load();
    let model = loaded.model.as_ref();
    let mut cache = model.new_cache().expect("room");
    model
        .read(&[5, 9], &mut cache)
        .expect("positions 0 and 1 are sound");
    model.read(&[2], &mut cache).expect_err("position 2 is not");
    assert_eq!(cache.len(), 2);
}

#[test]
fn the_engine_says_so_and_goes_on() {
    let (engine, mut events) = EngineHandle::spawn();
    let mut until_idle = |command: Command| {
        engine.send(command).expect("room for a command");
        let mut failures = Vec::new();
        loop {
            match events.blocking_recv().expect("the engine lives") {
                Event::Failed { message } => failures.push(message),
                Event::Died { message } => panic!("{message}"),
                Event::State {
                    state: RunState::Idle,
                } => return failures,
                _ => {}
            }
        }
    };
    let generate = || {
        Command::Generate(Box::new(GenerateRequest {
            prompt: "abc".to_owned(),
            sampler: SamplerSettings::default(),
            generation: GenerationSettings {
                max_tokens: 3,
                ..GenerationSettings::default()
            },
            samples: 1,
            prompt_odds: true,
            then: Then::Continue,
        }))
    };
    let damaged = damaged("transformer.h.1.mlp.c_fc.weight", 3, f32::NAN);
    let load = Command::Load(damaged.request(Precision::F32));
    assert_eq!(until_idle(load), Vec::<String>::new());
    let failures = until_idle(generate());
    assert!(
        failures.len() == 1 && failures[0].contains("first in layer 2 of 2"),
        "{failures:?}"
    );
    assert_eq!(
        until_idle(Command::Load(LoadRequest::default())),
        Vec::<String>::new()
    );
    assert_eq!(until_idle(generate()), Vec::<String>::new());
}
