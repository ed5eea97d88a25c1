//! Which documents are learned from and which are held out.

use std::ops::Range;
use std::sync::Arc;

use super::TokenCache;
use crate::training::random::Key;

/// Some documents of an encoded corpus, in order, as one run of tokens.
pub struct Documents {
    cache: Arc<TokenCache>,
    chosen: Chosen,
    /// Where each begins in the run, and the run's end.
    starts: Vec<u64>,
}

/// Which documents of a corpus.
enum Chosen {
    All,
    Some(Vec<u32>),
    /// All, but this one without its end, whose tokens lie from there on.
    AllBut(usize, usize),
    /// These tokens of one.
    Part(Range<usize>),
}

impl Documents {
    /// All documents of a corpus.
    pub fn all(cache: Arc<TokenCache>) -> Self {
        Self::new(cache, Chosen::All)
    }

    fn new(cache: Arc<TokenCache>, chosen: Chosen) -> Self {
        let count = match &chosen {
            Chosen::All | Chosen::AllBut(..) => cache.documents(),
            Chosen::Some(chosen) => chosen.len(),
            Chosen::Part(_) => 1,
        };
        let mut documents = Self {
            cache,
            chosen,
            starts: Vec::with_capacity(count + 1),
        };
        let mut end = 0;
        for place in 0..count {
            documents.starts.push(end);
            end += documents.range(place).len() as u64;
        }
        documents.starts.push(end);
        documents
    }

    /// Where a document's tokens lie in the cache.
    fn range(&self, place: usize) -> Range<usize> {
        match &self.chosen {
            Chosen::All => self.cache.document(place),
            Chosen::Some(chosen) => self.cache.document(chosen[place] as usize),
            Chosen::AllBut(cut, end) if *cut == place => {
                let whole = self.cache.document(place);
                whole.start..*end
            }
            Chosen::AllBut(..) => self.cache.document(place),
            Chosen::Part(range) => range.clone(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Tokens in all of them.
    pub fn tokens(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Appends at most `most` tokens of a document to `out`.
    pub fn copy_document(&self, place: usize, most: usize, out: &mut Vec<u32>) {
        let range = self.range(place);
        self.cache
            .copy(range.start..range.end.min(range.start + most), out);
    }

    /// Length of a document.
    pub fn length(&self, place: usize) -> u64 {
        self.starts[place + 1] - self.starts[place]
    }

    /// Appends `length` tokens of the run to `out`, from `start` on, across documents.
    pub fn copy_run(&self, start: u64, length: usize, out: &mut Vec<u32>) {
        let mut place = self
            .starts
            .partition_point(|begin| *begin <= start)
            .saturating_sub(1);
        let (mut at, mut left) = (start, length);
        while left > 0 && place < self.count() {
            let range = self.range(place);
            let offset = (at - self.starts[place]) as usize;
            let take = (range.len() - offset).min(left);
            self.cache
                .copy(range.start + offset..range.start + offset + take, out);
            at += take as u64;
            left -= take;
            place += 1;
        }
    }
}

/// A corpus in two parts.
pub struct Parts {
    pub training: Documents,
    pub validation: Option<Documents>,
    pub held_out: HeldOut,
}

/// What is held out for validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// Nothing: no share of it was asked for.
    Nothing,
    /// Some documents.
    Documents,
    /// The end of the longest document.
    End,
    /// Nothing, since what would be left is too short.
    TooShort,
}

/// Splits a corpus into what is learned from and what is held out: a share of its tokens, as near as documents allow,
/// which the seed draws. Where none or only far too many or too few of them can be drawn, the end of the longest is
/// held out, as that of a lone one is. Nothing is where fewer than `least` tokens would be left to learn from. The
/// order within each part is the corpus'.
pub fn split(cache: &Arc<TokenCache>, share: f64, seed: u64, least: usize) -> Parts {
    let all = || Documents::all(Arc::clone(cache));
    let wanted = (cache.len() as f64 * share).round() as usize;
    let part = |chosen| Documents::new(Arc::clone(cache), chosen);
    let uncut = |held_out| Parts {
        training: all(),
        validation: None,
        held_out,
    };
    if share <= 0.0 {
        return uncut(HeldOut::Nothing);
    }
    if cache.len() < wanted + least || wanted == 0 {
        return uncut(HeldOut::TooShort);
    }
    let lengths: Vec<usize> = (0..cache.documents())
        .map(|place| cache.document(place).len())
        .collect();
    let (drawn, tokens) = draw(&lengths, wanted, seed);
    let near = tokens * 2 >= wanted && tokens <= wanted * 2 && cache.len() >= tokens + least;
    if near && drawn.len() < lengths.len() {
        let mut is_drawn = vec![false; lengths.len()];
        for place in drawn {
            is_drawn[place as usize] = true;
        }
        let (validation, training): (Vec<u32>, Vec<u32>) =
            (0..lengths.len() as u32).partition(|place| is_drawn[*place as usize]);
        return Parts {
            training: part(Chosen::Some(training)),
            validation: Some(part(Chosen::Some(validation))),
            held_out: HeldOut::Documents,
        };
    }
    let longest =
        (0..lengths.len()).max_by_key(|place| (lengths[*place], std::cmp::Reverse(*place)));
    let Some(longest) = longest.filter(|place| lengths[*place] > wanted) else {
        return uncut(HeldOut::TooShort);
    };
    let whole = cache.document(longest);
    let cut = whole.end - wanted;
    Parts {
        training: part(Chosen::AllBut(longest, cut)),
        validation: Some(part(Chosen::Part(cut..whole.end))),
        held_out: HeldOut::End,
    }
}

/// Draws documents one after the other, each if it brings their tokens nearer to those wanted. Returns them and their
/// tokens.
fn draw(lengths: &[usize], wanted: usize, seed: u64) -> (Vec<u32>, usize) {
    let key = Key::new(seed).named("split");
    let count = lengths.len() as u64;
    let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
    order.sort_by_key(|place| key.permute(u64::from(*place), count));
    let (mut drawn, mut tokens) = (Vec::new(), 0);
    for place in order {
        let with = tokens + lengths[place as usize];
        if with.abs_diff(wanted) < wanted.abs_diff(tokens) {
            drawn.push(place);
            tokens = with;
        }
    }
    (drawn, tokens)
}
