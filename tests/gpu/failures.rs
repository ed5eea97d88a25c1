//! What cannot be: a card that is not there, and one that is full. Each is a sentence, and the program goes on.

use candle_core::{DType, Device, Tensor};
use logitscope::engine::{Command, Event, RunState};
use logitscope::model::{DevicePreference, ModelError, Precision};
use logitscope::sampling::SamplerSettings;
use logitscope::training::network::{DropoutRates, Freeze, Network};

use super::engine::{Bench, asked, said};
use super::held::Held;
use super::models::{CARD, gpt2_config, random_gpt2, request, try_load, weights};
use super::training;

#[test]
fn a_card_that_is_not_there_is_a_sentence() {
    let mut held = Held::new("cuda:99");
    let error = try_load("embedded", DevicePreference::Cuda(99), Precision::Auto).err();
    let error = error.expect("there are not so many").to_string();
    println!("\n{error}");
    held.is_so("names it", "any", error.contains("there is no cuda:99"));
    held.is_so("says a way out", "any", error.contains("`cpu`"));
}

#[test]
fn the_card_is_named_with_its_memory() {
    let mut held = Held::new("the card");
    let loaded = try_load("embedded", CARD, Precision::Auto).expect("it loads");
    let info = loaded.model.info();
    let card = info.card.clone().unwrap_or_default();
    println!("\n{} {card}", info.device);
    held.is_so(
        "has a name",
        "any",
        info.device == "cuda:0" && card.ends_with(" GB"),
    );
    held.is_so("is what auto takes", "any", {
        let auto = try_load("embedded", DevicePreference::Auto, Precision::Auto).expect("it loads");
        auto.model.info().device == "cuda:0" && auto.notices.is_empty()
    });
}

/// Takes the card's memory but for some, in ever smaller pieces.
fn fill(device: &Device, but: usize) -> Vec<Tensor> {
    let mut taken = Vec::new();
    let mut piece = 1usize << 33;
    while piece >= but / 2 {
        match Tensor::zeros(piece, DType::U8, device) {
            Ok(tensor) => taken.push(tensor),
            Err(_) => piece /= 2,
        }
    }
    taken
}

fn is_told(error: &str) -> bool {
    error.contains("memory") && error.contains("GPU") && !error.contains("DriverError")
}

#[test]
fn a_full_card_is_a_sentence_and_the_program_goes_on() {
    let mut held = Held::new("a full card");
    let made = random_gpt2();
    let device = Device::new_cuda(0).expect("the card");
    let mut bench = Bench::loaded("embedded", CARD, Precision::F32);
    let compute = training::compute(CARD, false);
    let taken = fill(&device, 4 << 20);

    // Loading another model fails, and the one that is there stays.
    bench.send(Command::Load(request(&made.source(), CARD, Precision::F32)));
    let failed = bench.until(|event| matches!(event, Event::Failed { .. } | Event::Loaded { .. }));
    let told = match failed.last() {
        Some(Event::Failed { message }) => message.clone(),
        _ => String::new(),
    };
    println!("\nloading: {told}");
    held.is_so("loading says so", "f32", is_told(&told));
    bench.until_state(RunState::Idle);

    // So does a text with more room for keys and values than there is.
    bench.send(Command::Generate(Box::new(asked(
        20,
        64,
        SamplerSettings::default(),
    ))));
    let failed =
        bench.until(|event| matches!(event, Event::Failed { .. } | Event::Finished { .. }));
    let told = match failed.last() {
        Some(Event::Failed { message }) => message.clone(),
        _ => String::new(),
    };
    println!("\n64 samples: {told}");
    held.is_so(
        "64 samples say so",
        "f32",
        told.contains("memory") && !told.contains("DriverError"),
    );

    let config = gpt2_config();
    let rates = DropoutRates::default();
    let network = Network::new(
        &config,
        rates,
        compute,
        weights(&config),
        Freeze::Nothing,
        None,
    );
    let told = network
        .err()
        .map(|error| ModelError::from(error).to_string());
    println!("\ntraining: {told:?}");
    held.is_so(
        "training says so",
        "f32",
        told.is_some_and(|told| is_told(&told)),
    );

    drop(taken);
    device.synchronize().expect("the card still works");
    bench.send(Command::Load(request(&made.source(), CARD, Precision::F32)));
    let events = bench.until(|event| matches!(event, Event::Failed { .. } | Event::Loaded { .. }));
    let loaded = matches!(events.last(), Some(Event::Loaded { .. }));
    held.is_so("then another model loads", "f32", loaded);
    bench.until_state(RunState::Idle);
    bench.send(Command::Generate(Box::new(asked(
        20,
        1,
        SamplerSettings::default(),
    ))));
    let events =
        bench.until(|event| matches!(event, Event::Failed { .. } | Event::Finished { .. }));
    held.is_so("and says something", "f32", said(&events, 0).len() == 20);
}
