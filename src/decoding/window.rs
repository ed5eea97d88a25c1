//! The model's view of the end of a text, within its context length.

use crate::model::{Cache, Model, ModelError, Rows};

/// Most tokens read at once, so that a long prompt can be cancelled and its progress seen.
pub(super) const CHUNK: usize = 128;

/// The context was full, and the model re-read the last part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slide {
    /// Tokens that the model still sees.
    pub kept: usize,
    /// Tokens from the text's start that it no longer sees.
    pub dropped: usize,
}

/// Hidden states of the tokens that one call to [`Window::read_on`] read.
pub struct Piece {
    /// One row a token.
    pub hidden: Rows,
    /// Whether the window slid before they were read.
    pub slide: Option<Slide>,
}

/// A cache, and where in the text it starts.
pub struct Window {
    cache: Cache,
    start: usize,
    /// Most tokens that it shows.
    context: usize,
}

impl Window {
    /// An empty window at the start of a text.
    ///
    /// # Errors
    /// When the device has no room for a cache.
    pub fn new(model: &dyn Model) -> Result<Self, ModelError> {
        Self::within(model, usize::MAX)
    }

    /// As [`Self::new`], showing at most `context` tokens.
    ///
    /// # Errors
    /// When the device has no room for a cache.
    pub fn within(model: &dyn Model, context: usize) -> Result<Self, ModelError> {
        Ok(Self {
            cache: model.new_cache()?,
            start: 0,
            context: context.min(model.info().context_length),
        })
    }

    /// A window with the same view and a cache of its own.
    ///
    /// # Errors
    /// When the device has no room for it.
    pub fn try_clone(&self) -> Result<Self, ModelError> {
        Ok(Self {
            cache: self.cache.try_clone()?,
            ..*self
        })
    }

    /// A window that shows the text from `start` to `end`, which grows on its own. What both see of it is held together
    /// where the model can; what this one does not see is read when [`Self::view`] asks for it.
    ///
    /// # Errors
    /// When the device has no room for it.
    pub fn share(
        &mut self,
        model: &dyn Model,
        start: usize,
        end: usize,
    ) -> Result<Self, ModelError> {
        if start != self.start {
            let cache = model.new_cache()?;
            return Ok(Self {
                cache,
                start,
                context: self.context,
            });
        }
        let cache = self.cache.share_start(end - start)?;
        Ok(Self {
            cache,
            start,
            context: self.context,
        })
    }

    /// Index of the first token that the model sees.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Most tokens that it shows.
    pub(super) fn context(&self) -> usize {
        self.context
    }

    /// How many tokens of the text were read.
    pub fn end(&self) -> usize {
        self.start + self.cache.len()
    }

    /// The cache.
    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The cache, for reading one token together with other texts.
    pub(super) fn cache_mut(&mut self) -> &mut Cache {
        &mut self.cache
    }

    /// Reads the next tokens of `ids`, at most a chunk of them. When the context is full, the window first slides:
    /// it re-reads the last half of what it saw.
    ///
    /// # Errors
    /// When the model fails.
    pub fn read_on(&mut self, model: &dyn Model, ids: &[u32]) -> Result<Piece, ModelError> {
        let slide = self.slide_if_full(model, ids)?;
        let room = self.context - self.cache.len();
        let upto = ids.len().min(self.end() + room.min(CHUNK));
        let hidden = model.read(&ids[self.end()..upto], &mut self.cache)?;
        Ok(Piece { hidden, slide })
    }

    /// Slides if no further token fits.
    ///
    /// # Errors
    /// When the model fails.
    pub(super) fn slide_if_full(
        &mut self,
        model: &dyn Model,
        ids: &[u32],
    ) -> Result<Option<Slide>, ModelError> {
        if self.cache.len() < self.context {
            return Ok(None);
        }
        let kept = self.context / 2;
        let dropped = self.end() - kept;
        self.view(model, ids, dropped, dropped + kept)?;
        Ok(Some(Slide { kept, dropped }))
    }

    /// Makes the window show exactly `ids[start..end]`, re-reading only if it starts elsewhere or is shorter.
    ///
    /// # Errors
    /// When the model fails.
    pub fn view(
        &mut self,
        model: &dyn Model,
        ids: &[u32],
        start: usize,
        end: usize,
    ) -> Result<(), ModelError> {
        self.forget(start, end);
        while self.end() < end {
            let upto = end.min(self.end() + CHUNK);
            model.read(&ids[self.end()..upto], &mut self.cache)?;
        }
        Ok(())
    }

    /// Forgets what lies outside of `start..end`. What is missing of it is read when [`Window::view`] asks for it.
    pub fn forget(&mut self, start: usize, end: usize) {
        if self.start != start {
            self.start = start;
            self.cache.rewind(0);
        }
        self.cache.rewind(end.saturating_sub(start));
    }
}
