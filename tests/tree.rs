//! A tree of continuations is read a level at a time: one pass over the weights for all of a level's tokens.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use logitscope::decoding::{Chooser, Growing, Spread, TreeSettings, read_prompt};
use logitscope::engine;
use logitscope::model::{Cache, LoadRequest, LoadedModel, Model, ModelError, ModelInfo, Rows};
use logitscope::sampling::SamplerSettings;

/// The embedded model, with the tokens of each pass.
struct Watched {
    inner: Box<dyn Model>,
    passes: Arc<Mutex<Vec<usize>>>,
}

impl Model for Watched {
    fn info(&self) -> &ModelInfo {
        self.inner.info()
    }
    fn new_cache(&self) -> Result<Cache, ModelError> {
        self.inner.new_cache()
    }
    fn read(&self, tokens: &[u32], cache: &mut Cache) -> Result<Rows, ModelError> {
        self.passes.lock().unwrap().push(tokens.len());
        self.inner.read(tokens, cache)
    }
    fn step(&self, tokens: &[u32], caches: &mut [&mut Cache]) -> Result<Rows, ModelError> {
        assert!(
            caches.iter().all(|cache| cache.shared() > 0),
            "the text is held once"
        );
        self.passes.lock().unwrap().push(tokens.len());
        self.inner.step(tokens, caches)
    }
    fn logits(&self, hidden: &Rows) -> Result<Rows, ModelError> {
        self.inner.logits(hidden)
    }
}

#[test]
fn a_level_is_one_pass() {
    let request = LoadRequest::default();
    let loaded = engine::load(&request, &mut |_| ControlFlow::Continue(())).unwrap();
    let passes = Arc::new(Mutex::new(Vec::new()));
    let loaded = LoadedModel {
        model: Box::new(Watched {
            inner: loaded.model,
            passes: Arc::clone(&passes),
        }),
        ..loaded
    };
    let chooser = Chooser::new(&loaded, &SamplerSettings::neutral(), 1).unwrap();
    let mut sequence = read_prompt(&loaded, "The king said", &|| false).unwrap();
    passes.lock().unwrap().clear();
    let settings = TreeSettings {
        depth: 4,
        spread: Spread::TopN(3),
        least: 0.0,
        tokens: 1000,
    };
    let mut growing = Growing::new(&loaded, &mut sequence, &chooser, settings).unwrap();
    let mut levels = Vec::new();
    while growing.step(&loaded, &chooser, &|| false).unwrap() {
        levels.push(growing.tree().tokens.len());
    }
    // The text itself was read, and the last level need not be.
    assert_eq!(*passes.lock().unwrap(), [3, 9, 27]);
    assert_eq!(levels, [3, 12, 39]);
    assert_eq!(growing.tree().tokens.len(), 120);

    // What the limit leaves out is not read.
    passes.lock().unwrap().clear();
    let few = TreeSettings {
        tokens: 8,
        ..settings
    };
    let mut growing = Growing::new(&loaded, &mut sequence, &chooser, few).unwrap();
    while growing.step(&loaded, &chooser, &|| false).unwrap() {}
    assert!(growing.tree().is_full && growing.tree().tokens.len() == 8);
    let passes = passes.lock().unwrap();
    assert!(
        passes.len() <= 3 && passes.iter().all(|&tokens| tokens <= 8),
        "{passes:?}"
    );
}
