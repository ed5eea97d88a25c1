//! A copy of a small model that can be broken.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use logitscope::model::{
    self, DevicePreference, Gpt2Config, LoadProgress, LoadRequest, LoadedModel, ModelError,
    Precision,
};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;

pub const WEIGHTS: &str = "model.safetensors";

/// A copy of a small model that can be broken.
pub struct Directory {
    pub folder: TempDir,
}

/// Type, shape and bytes of a tensor.
pub type Tensor = (Dtype, Vec<usize>, Vec<u8>);

impl Directory {
    pub fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let original = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference")
            .join(name);
        for entry in std::fs::read_dir(original).expect("the model") {
            let path = entry.expect("a file").path();
            std::fs::copy(&path, folder.path().join(path.file_name().expect("a name")))
                .expect("a copy");
        }
        Self { folder }
    }

    pub fn plain() -> Self {
        Self::of("gpt2/plain")
    }

    /// The plain model, whose tokenizer here knows all of its 61 tokens: those beyond the letters are `<27>` and so on.
    pub fn whole() -> Self {
        let directory = Self::plain();
        let mut json: serde_json::Value =
            serde_json::from_slice(&directory.bytes("tokenizer.json")).expect("JSON");
        for id in 27..61 {
            json["model"]["vocab"][format!("<{id}>")] = id.into();
        }
        directory.with("tokenizer.json", json.to_string())
    }

    /// A GPT-2 of a width and so many layers whose weights are a hole in a file, which takes no room on the disk: zeros, in
    /// 16 bits. None where the file system has no files of that size.
    pub fn hollow(width: usize, layers: usize) -> Option<Self> {
        let config = serde_json::json!({
            "model_type": "gpt2", "vocab_size": 61, "n_positions": 8, "n_embd": width, "n_layer": layers,
            "n_head": 8, "eos_token_id": 0,
        });
        let config = config.to_string();
        let shapes = Gpt2Config::from_json(config.as_bytes(), "config.json").expect("a model");
        let (mut header, mut end) = (serde_json::Map::new(), 0);
        for (name, shape) in shapes.tensors() {
            let start = end;
            end += 2 * shape.iter().product::<usize>();
            let info =
                serde_json::json!({"dtype": "F16", "shape": shape, "data_offsets": [start, end]});
            header.insert(name, info);
        }
        let header = serde_json::Value::from(header).to_string();
        let length = (header.len() as u64).to_le_bytes();
        let directory = Self::whole()
            .with("config.json", config)
            .with(WEIGHTS, [&length[..], header.as_bytes()].concat());
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(directory.folder.path().join(WEIGHTS))
            .expect("the file");
        file.set_len((8 + header.len() + end) as u64).ok()?;
        Some(directory)
    }

    pub fn without(self, file: &str) -> Self {
        std::fs::remove_file(self.folder.path().join(file)).expect("it was there");
        self
    }

    pub fn with(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(file), content).expect("writable");
        self
    }

    pub fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(file)).expect("readable")
    }

    pub fn with_config(self, key: &str, value: serde_json::Value) -> Self {
        let mut config: serde_json::Value =
            serde_json::from_slice(&self.bytes("config.json")).expect("JSON");
        config[key] = value;
        self.with("config.json", config.to_string())
    }

    pub fn with_tensors(self, edit: impl FnOnce(&mut BTreeMap<String, Tensor>)) -> Self {
        let bytes = self.bytes(WEIGHTS);
        let file = SafeTensors::deserialize(&bytes).expect("safetensors");
        let tensors = file.iter().map(|(name, tensor)| {
            let tensor = (
                tensor.dtype(),
                tensor.shape().to_vec(),
                tensor.data().to_vec(),
            );
            (name.to_owned(), tensor)
        });
        let mut tensors = tensors.collect();
        edit(&mut tensors);
        let views = tensors.iter().map(|(name, (dtype, shape, data))| {
            (
                name,
                TensorView::new(*dtype, shape.clone(), data).expect("a tensor"),
            )
        });
        let edited = safetensors::serialize(views, None).expect("safetensors");
        self.with(WEIGHTS, edited)
    }

    /// Replaces the header of the weights; the data stays.
    pub fn with_header(self, edit: impl FnOnce(&mut serde_json::Value)) -> Self {
        let bytes = self.bytes(WEIGHTS);
        let (length, rest) = bytes.split_first_chunk::<8>().expect("a length");
        let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
        let mut header = serde_json::from_slice(header).expect("JSON");
        edit(&mut header);
        let header = header.to_string();
        let length = (header.len() as u64).to_le_bytes();
        self.with(WEIGHTS, [&length[..], header.as_bytes(), data].concat())
    }

    /// What to load, in a precision.
    pub fn request(&self, precision: Precision) -> LoadRequest {
        LoadRequest {
            source: self.folder.path().to_str().expect("UTF-8").to_owned(),
            device: DevicePreference::Cpu,
            precision,
            offline: true,
            ..LoadRequest::default()
        }
    }

    pub fn load_watched(
        &self,
        progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
    ) -> Result<LoadedModel, ModelError> {
        model::load(&self.request(Precision::F32), progress)
    }

    pub fn load_in(&self, precision: Precision) -> LoadedModel {
        model::load(&self.request(precision), &mut |_| ControlFlow::Continue(()))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn load(&self) -> LoadedModel {
        self.load_in(Precision::F32)
    }

    /// Loading must fail with one sentence that holds all of `parts`.
    #[track_caller]
    pub fn fails_with(&self, parts: &[&str]) {
        let result = self.load_watched(&mut |_| ControlFlow::Continue(()));
        let error = result.err().expect("an error").to_string();
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
        assert!(!error.contains('\n'), "{error}");
    }
}

/// Changes numbers of a tensor in 32 bits.
pub fn set(tensors: &mut BTreeMap<String, Tensor>, name: &str, place: usize, value: f32) {
    let (dtype, _, bytes) = tensors.get_mut(name).expect("it is there");
    assert_eq!(*dtype, Dtype::F32);
    bytes[4 * place..4 * place + 4].copy_from_slice(&value.to_le_bytes());
}
