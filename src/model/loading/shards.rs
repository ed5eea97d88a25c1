//! The tensors of safetensors files, one or several.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use safetensors::tensor::Dtype;
use serde::Deserialize;

use super::families::Form;
use super::file_names::{PICKLE_FILES, SHARD_INDEX, SINGLE_FILE};
use super::files::Files;
use super::safetensors_file::SafetensorsFile;
use crate::model::network::dense::Numbers;
use crate::model::network::tensors::Part;
use crate::model::{ModelError, Precision};

/// What the names of a language model's inner tensors may start with.
const PREFIXES: [&str; 4] = ["transformer.", "model.", "gpt_neox.", "backbone."];

/// What is said of a head that is told to be the embedding but is not.
pub(super) const OWN_HEAD: &str = "the configuration has the head be the token embedding (tie_word_embeddings), but the file holds a head that differs: that one is used, as transformers does";

/// What is said of a tensor that is nowhere.
const MISSING: &str = "is missing, but the configuration calls for it";

/// Numbers that are compared at once.
const COMPARED: usize = 1 << 18;

/// The tensors of safetensors files.
pub(super) struct Shards {
    /// The file to name when a tensor is nowhere.
    root: String,
    files: Vec<SafetensorsFile>,
    /// Index into `files` of each tensor's file.
    places: HashMap<String, usize>,
    /// What the names of all inner tensors start with.
    prefix: String,
    /// The name of the head's weight, which has no prefix in most files, and what all files call it.
    head: String,
    bare_head: String,
    /// The full name of an embedding that is stored as the head alone.
    stored_as_head: Option<String>,
    used: HashSet<String>,
    /// Tensors that are no file's, by their full names.
    in_memory: HashMap<String, Vec<f32>>,
}

/// A shard index: which file holds which tensor.
#[derive(Deserialize)]
struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

impl Shards {
    /// Opens the weight files of a model and checks their headers.
    ///
    /// # Errors
    /// When there are none, only pickled ones, a shard is missing, or a header lies.
    pub(super) fn open(files: &Files, form: &Form) -> Result<Self, ModelError> {
        if files.has(SINGLE_FILE) {
            let file = SafetensorsFile::open(files.label(SINGLE_FILE), files.open(SINGLE_FILE)?)?;
            let places = file
                .tensor_names()
                .map(|name| (name.to_owned(), 0))
                .collect();
            return Ok(Self::new(
                files.label(SINGLE_FILE),
                vec![file],
                places,
                form,
            ));
        }
        if files.has(SHARD_INDEX) {
            return Self::open_shards(files, form);
        }
        if let Some(pickle) = PICKLE_FILES.iter().find(|name| files.has(name)) {
            return Err(ModelError::file(files.label(pickle), PICKLE_ONLY));
        }
        Err(ModelError::file(
            files.label(SINGLE_FILE),
            "does not exist, nor does an index of shards; a model directory needs its weights as safetensors",
        ))
    }

    fn open_shards(files: &Files, form: &Form) -> Result<Self, ModelError> {
        let root = files.label(SHARD_INDEX);
        let weight_map = read_index(&files.read(SHARD_INDEX)?, &root)?;
        let mut opened: Vec<SafetensorsFile> = Vec::new();
        let mut shards: HashMap<String, usize> = HashMap::new();
        let mut places = HashMap::new();
        for (tensor, shard) in weight_map {
            let index = match shards.get(&shard) {
                Some(index) => *index,
                None => {
                    opened.push(SafetensorsFile::open(
                        files.label(&shard),
                        files.open(&shard)?,
                    )?);
                    shards.insert(shard, opened.len() - 1);
                    opened.len() - 1
                }
            };
            places.insert(tensor, index);
        }
        Ok(Self::new(root, opened, places, form))
    }

    fn new(
        root: String,
        files: Vec<SafetensorsFile>,
        places: HashMap<String, usize>,
        form: &Form,
    ) -> Self {
        let name = |part: Part| form.name(part.weight()).unwrap_or_default();
        let (embedding, head) = (name(Part::Embedding), name(Part::Head));
        let prefix = before(&places, &embedding).or_else(|| {
            let mut known = PREFIXES.into_iter();
            known
                .find(|prefix| places.keys().any(|name| name.starts_with(prefix)))
                .map(str::to_owned)
        });
        let (bare_head, head) = match before(&places, &head) {
            Some(before) => (head.clone(), before + &head),
            None => (head.clone(), head),
        };
        Self {
            root,
            files,
            places,
            prefix: prefix.unwrap_or_default(),
            head,
            bare_head,
            stored_as_head: None,
            used: HashSet::new(),
            in_memory: HashMap::new(),
        }
    }

    /// Weights that are at hand already, by their names without the prefix.
    pub(super) fn in_memory(tensors: HashMap<String, Vec<f32>>, form: &Form) -> Self {
        Self {
            in_memory: tensors,
            ..Self::new("memory".to_owned(), Vec::new(), HashMap::new(), form)
        }
    }

    /// Holds a configuration that has the head be the token embedding called `embedding` against what is stored.
    /// Returns whether that is so: a file may hold a head that differs. One that holds the head alone, since it was
    /// written by safetensors' `save_model`, gives it for the embedding from now on.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn settle_tie(&mut self, embedding: &str) -> Result<bool, ModelError> {
        let embedding = format!("{}{embedding}", self.prefix);
        let Some(&head_place) = self.places.get(&self.head) else {
            return Ok(true);
        };
        let Some(&place) = self.places.get(&embedding) else {
            self.stored_as_head = Some(embedding);
            return Ok(true);
        };
        let shape = self.files[place].shape(&embedding);
        if shape != self.files[head_place].shape(&self.head) {
            return Ok(false);
        }
        let count = shape.map_or(0, |shape| shape.iter().product());
        for start in (0..count).step_by(COMPARED) {
            let part = start..count.min(start + COMPARED);
            let ours = self.files[place].read_part(&embedding, part.clone())?;
            if ours != self.files[head_place].read_part(&self.head, part)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The full name of a tensor that is called `name` without what all names start with.
    fn full(&self, name: &str) -> String {
        // The bias of the head, too, has a prefix of its own.
        let stem = |name: &str| name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
        if stem(name).is_some_and(|own| Some(own) == stem(&self.bare_head)) {
            let before = self.head.strip_suffix(&self.bare_head).unwrap_or_default();
            return format!("{before}{name}");
        }
        let full = format!("{}{name}", self.prefix);
        if self.stored_as_head.as_ref() == Some(&full) {
            return self.head.clone();
        }
        full
    }

    /// Whether there is a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        let full = self.full(name);
        self.places.contains_key(&full) || self.in_memory.contains_key(&full)
    }

    /// A tensor's values in row-major order, by its name without what all names start with.
    ///
    /// # Errors
    /// When it is missing, or has another shape or number type than the configuration calls for.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        self.take_by(name, shape, |values| values, SafetensorsFile::read)
    }

    /// As [`Shards::take`], in the width that they have.
    ///
    /// # Errors
    /// As [`Shards::take`].
    pub(super) fn take_as_stored(
        &mut self,
        name: &str,
        shape: &[usize],
    ) -> Result<Numbers, ModelError> {
        self.take_by(name, shape, Numbers::F32, SafetensorsFile::read_as_stored)
    }

    fn take_by<T>(
        &mut self,
        name: &str,
        shape: &[usize],
        from_memory: impl Fn(Vec<f32>) -> T,
        read: impl Fn(&mut SafetensorsFile, &str) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        let full_name = self.full(name);
        let missing = |file: &str| ModelError::tensor(file, &full_name, MISSING);
        if let Some(values) = self.in_memory.remove(&full_name) {
            let sizes = shape.iter().product::<usize>();
            return if values.len() == sizes {
                Ok(from_memory(values))
            } else {
                Err(ModelError::tensor(
                    &self.root,
                    &full_name,
                    format!(
                        "has {} numbers, but config.json calls for {shape:?}",
                        values.len()
                    ),
                ))
            };
        }
        let place = *self
            .places
            .get(&full_name)
            .ok_or_else(|| missing(&self.root))?;
        let file = &mut self.files[place];
        let found = file.shape(&full_name).ok_or_else(|| missing(file.name()))?;
        if found != shape {
            return Err(ModelError::tensor(
                file.name(),
                &full_name,
                format!("has shape {found:?}, but config.json calls for {shape:?}"),
            ));
        }
        let values = read(file, &full_name)?;
        self.used.insert(full_name);
        Ok(values)
    }

    /// As [`Shards::take`], of one of the tensors of `shape` that are stacked in one.
    ///
    /// # Errors
    /// As [`Shards::take`].
    pub(super) fn take_one(
        &mut self,
        name: &str,
        at: usize,
        shape: &[usize],
    ) -> Result<Vec<f32>, ModelError> {
        let read = SafetensorsFile::read_part;
        self.take_one_by(name, (at, shape), |values| values, read)
    }

    /// As [`Shards::take_one`], in the width that they have.
    ///
    /// # Errors
    /// As [`Shards::take`].
    pub(super) fn take_one_as_stored(
        &mut self,
        name: &str,
        at: usize,
        shape: &[usize],
    ) -> Result<Numbers, ModelError> {
        let read = SafetensorsFile::read_part_as_stored;
        self.take_one_by(name, (at, shape), Numbers::F32, read)
    }

    fn take_one_by<T>(
        &mut self,
        name: &str,
        (at, shape): (usize, &[usize]),
        from_memory: impl Fn(Vec<f32>) -> T,
        read: impl Fn(&mut SafetensorsFile, &str, Range<usize>) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        let (full_name, count) = (self.full(name), shape.iter().product::<usize>());
        let wrong =
            |file: &str, problem: String| Err(ModelError::tensor(file, &full_name, problem));
        let part = at * count..(at + 1) * count;
        if let Some(values) = self.in_memory.get(&full_name) {
            return match values.get(part) {
                Some(values) => Ok(from_memory(values.to_vec())),
                None => wrong(&self.root, format!("has no {at} of {shape:?}")),
            };
        }
        let Some(&place) = self.places.get(&full_name) else {
            return wrong(&self.root, MISSING.to_owned());
        };
        let file = &mut self.files[place];
        match file.shape(&full_name).map(|found| found.split_first()) {
            Some(Some((stacked, own))) if own == shape && at < *stacked => {}
            found => {
                let found = found
                    .flatten()
                    .map(|(stacked, own)| (*stacked, own.to_vec()));
                let problem = match found {
                    None => MISSING.to_owned(),
                    Some((stacked, own)) => format!(
                        "is a stack of {stacked} of shape {own:?}, but config.json calls for more than {at} of {shape:?}"
                    ),
                };
                return wrong(file.name(), problem);
            }
        }
        let values = read(file, &full_name, part)?;
        self.used.insert(full_name);
        Ok(values)
    }

    /// The width that most numbers of matrices have.
    pub(super) fn precision(&self) -> Precision {
        let count = |dtype: Dtype| -> usize {
            let all = self.files.iter().flat_map(SafetensorsFile::matrices);
            all.filter(|(own, _)| *own == dtype).map(|(_, n)| n).sum()
        };
        match (count(Dtype::F32), count(Dtype::BF16), count(Dtype::F16)) {
            (wide, brain, half) if wide >= brain.max(half) => Precision::F32,
            (_, brain, half) if brain >= half => Precision::Bf16,
            _ => Precision::F16,
        }
    }

    /// All but those that older files carry without need: the causal mask, the speeds of rotary positions, and a head
    /// that is tied.
    pub(super) fn left_over(&self) -> Vec<&str> {
        const NEEDLESS: [&str; 5] = [
            ".attn.bias",
            ".attention.bias",
            ".attn.masked_bias",
            ".attention.masked_bias",
            ".rotary_emb.inv_freq",
        ];
        let needless =
            |name: &str| name == self.head || NEEDLESS.iter().any(|ending| name.ends_with(ending));
        let mut names: Vec<&str> = self
            .places
            .keys()
            .map(String::as_str)
            .filter(|name| !self.used.contains(*name) && !needless(name))
            .collect();
        names.sort_unstable();
        names
    }
}

/// What stands before `name` in the shortest of the names that end with it.
fn before(places: &HashMap<String, usize>, name: &str) -> Option<String> {
    let found = places.keys().filter_map(|full| full.strip_suffix(name));
    let found = found.filter(|before| before.is_empty() || before.ends_with('.'));
    found.min_by_key(|before| before.len()).map(str::to_owned)
}

/// Why a model with pickled weights alone is not loaded.
pub(super) const PICKLE_ONLY: &str = "holds pickled weights, which can run foreign code when opened; \
    use a model with safetensors, or convert it with transformers' `save_pretrained`";

/// The map from tensor to file of a shard index. `origin` names it in errors.
///
/// # Errors
/// When it is no index, or points out of its directory.
pub(super) fn read_index(
    json: &[u8],
    origin: &str,
) -> Result<BTreeMap<String, String>, ModelError> {
    let index: ShardIndex = serde_json::from_slice(json)
        .map_err(|error| ModelError::file(origin, format!("is no index of shards: {error}")))?;
    // An index comes from strangers: it must not name files elsewhere.
    let plain = |name: &str| {
        name.ends_with(".safetensors")
            && name.len() <= 200
            && !name.starts_with('.')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if let Some(shard) = index.weight_map.values().find(|name| !plain(name)) {
        return Err(ModelError::file(
            origin,
            format!("names `{shard}` as a shard, which is no plain safetensors file name"),
        ));
    }
    Ok(index.weight_map)
}
