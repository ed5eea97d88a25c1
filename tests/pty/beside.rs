//! A model beside in a terminal: what rises and falls from it to the first one, and the text coloured by that.

use std::fs;
use std::path::Path;

use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use crate::terminal::opened;

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model");

/// The embedded model with its last norm scaled: its odds are sharper.
fn sharper(directory: &Path) {
    let bytes = fs::read(format!("{ASSETS}/model.safetensors")).expect("the weights");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut all = Vec::new();
    for (name, view) in tensors.tensors() {
        let mut values = view.data().to_vec();
        if name.ends_with("ln_f.weight") {
            for pair in values.as_chunks_mut::<2>().0 {
                *pair = f16::from_f32(f16::from_le_bytes(*pair).to_f32() * 1.3).to_le_bytes();
            }
        }
        all.push((name, view.dtype(), view.shape().to_vec(), values));
    }
    let views = all.iter().map(|(name, dtype, shape, values)| {
        let view = TensorView::new(*dtype, shape.clone(), values).expect("a tensor");
        (name.as_str(), view)
    });
    let to = |name: &str| directory.join(name);
    safetensors::serialize_to_file(views, None, &to("model.safetensors")).expect("written");
    for name in ["config.json", "tokenizer.json"] {
        fs::copy(Path::new(ASSETS).join(name), to(name)).expect("copied");
    }
}

#[test]
fn two_models_of_the_same_tokens_are_held_against_each_other() {
    let directory = tempfile::tempdir().expect("a directory");
    sharper(directory.path());
    let mut playground = opened(120, 40);
    playground.press("\r");
    playground.until_shows("these knobs would have drawn the same");
    playground.press("\x10beside");
    playground.until_shows("load a model beside");
    playground.press("\r");
    playground.until_shows("Load a model beside this one");
    playground.press(&format!("\x15{}\r", directory.path().display()));
    playground.until_shows("b/B, ours");
    // In a pane, letters are commands.
    playground.press("\td");
    playground.until_shows("KL 0.");
    playground.until("what rises and what falls", |text| {
        text.contains('▲') && text.contains('▼')
    });
    let before = playground.text();
    playground.press("\x1b[D");
    playground.until("the token before to come into view", |text| {
        text != before && text.contains("KL 0.")
    });
    playground.press("cccc");
    playground.until_shows("KL beside ≤0.03b");
    // Without it there is nothing to hold against.
    playground.press("M");
    playground.until_shows("no KL: no model beside");
    playground.press("\x03\x03");
    assert_eq!(playground.until_over(), 0);
}
