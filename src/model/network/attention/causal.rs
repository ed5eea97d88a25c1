//! Which tokens see which: a mask for each run of queries.

use std::cell::RefCell;
use std::rc::Rc;

use candle_core::{Device, Result, Tensor};

use crate::model::network::linear::Storage;

/// Queries that are worked on at once: bounds the memory for scores, and skips most of what the mask would hide.
pub(super) const QUERIES_AT_ONCE: usize = 128;

/// Which new tokens see which earlier ones.
pub(in crate::model) struct Causal {
    /// Tokens in the cache before the new ones.
    pub(super) past: usize,
    device: Device,
    /// By window, for where there are no kernels: the same for all layers that have it, so made once a read.
    blocks: RefCell<Vec<Blocks>>,
}

/// The runs of queries for one window.
type Blocks = (Option<usize>, Rc<Vec<Block>>);

/// A run of queries.
pub(super) struct Block {
    pub(super) start: usize,
    pub(super) len: usize,
    /// The first key that any of them sees.
    pub(super) first: usize,
    /// 0 where a query sees a key, -inf where it does not: `(1, len, past + start + len - first)`.
    pub(super) mask: Tensor,
}

impl Causal {
    /// For tokens after `past` others, whose queries, keys and values are held as `storage` says.
    pub(in crate::model) fn new(past: usize, storage: &Storage) -> Self {
        Self {
            past,
            device: storage.device.clone(),
            blocks: RefCell::default(),
        }
    }

    /// The runs of `new` queries, each of which sees `window` keys.
    pub(super) fn blocks(&self, new: usize, window: Option<usize>) -> Result<Rc<Vec<Block>>> {
        let mut made = self.blocks.borrow_mut();
        if let Some((_, blocks)) = made.iter().find(|(other, _)| *other == window) {
            return Ok(Rc::clone(blocks));
        }
        let block = |start: usize| {
            let len = QUERIES_AT_ONCE.min(new - start);
            let past = self.past + start;
            let first = window.map_or(0, |window| (past + 1).saturating_sub(window));
            Ok(Block {
                start,
                len,
                first,
                mask: mask((len, past, first), window, &self.device)?,
            })
        };
        let blocks: Result<Vec<_>> = (0..new).step_by(QUERIES_AT_ONCE).map(block).collect();
        let blocks = Rc::new(blocks?);
        made.push((window, Rc::clone(&blocks)));
        Ok(blocks)
    }
}

/// 0 where one of `len` queries, at `past` and after, sees a key, and -inf where it does not, for keys from `first` on:
/// `(1, len, past + len - first)`.
pub(super) fn mask(
    (len, past, first): (usize, usize, usize),
    window: Option<usize>,
    device: &Device,
) -> Result<Tensor> {
    let keys = past + len - first;
    let sees = |query: usize, key: usize| {
        let (query, key) = (past + query, first + key);
        key <= query && window.is_none_or(|window| query - key < window)
    };
    let value = |at: usize| {
        if sees(at / keys, at % keys) {
            0.0
        } else {
            f32::NEG_INFINITY
        }
    };
    let values: Vec<f32> = (0..len * keys).map(value).collect();
    Tensor::from_vec(values, (1, len, keys), &Device::Cpu)?.to_device(device)
}
