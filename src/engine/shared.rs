//! What the handle and the engine's thread share.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Command, CompareRequest, GrowRequest, LookRequest};
use crate::model::{LoadProgress, LoadRequest, LoadedModel, ModelError};

/// Loads a model: [`load()`](super::load()), or a stand-in for tests.
pub type Loader = Arc<
    dyn Fn(
            &LoadRequest,
            &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
        ) -> Result<LoadedModel, ModelError>
        + Send
        + Sync,
>;

/// What travels to the thread.
pub(super) enum Message {
    Command(Command),
    /// There is a request in a slot.
    Wake,
}

/// What handle and thread share besides the channels.
#[derive(Default)]
pub(super) struct Shared {
    cancel: AtomicBool,
    look: Mutex<Option<LookRequest>>,
    compare: Mutex<Option<CompareRequest>>,
    lanes: Mutex<Vec<LookRequest>>,
    /// The newest wish for a tree: one, or none any more.
    grow: Mutex<Option<Option<GrowRequest>>>,
}

impl Shared {
    /// Asks for the end of what goes on.
    pub(super) fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// Puts a request in place of one that was not served yet. Whether there was none.
    pub(super) fn put_look(&self, request: LookRequest) -> bool {
        slot(&self.look).replace(request).is_none()
    }

    /// As [`Self::put_look`].
    pub(super) fn put_compare(&self, request: CompareRequest) -> bool {
        slot(&self.compare).replace(request).is_none()
    }

    /// As [`Self::put_look`]; none is wanted any more where there is no request.
    pub(super) fn put_grow(&self, request: Option<GrowRequest>) -> bool {
        slot(&self.grow).replace(request).is_none()
    }

    /// Puts looks in place of those that were not served yet. Whether there were none.
    pub(super) fn put_lanes(&self, requests: Vec<LookRequest>) -> bool {
        std::mem::replace(&mut *slot(&self.lanes), requests).is_empty()
    }

    pub(super) fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    pub(super) fn clear_cancel(&self) {
        self.cancel.store(false, Ordering::Relaxed);
    }

    pub(super) fn take_look(&self) -> Option<LookRequest> {
        slot(&self.look).take()
    }

    /// The first look at a lane that waits, and whether others do.
    pub(super) fn take_lane(&self) -> (Option<LookRequest>, bool) {
        let mut waiting = slot(&self.lanes);
        let first = (!waiting.is_empty()).then(|| waiting.remove(0));
        (first, !waiting.is_empty())
    }

    /// Whether there is a newer wish for a tree.
    pub(super) fn has_grow(&self) -> bool {
        slot(&self.grow).is_some()
    }

    pub(super) fn take_grow(&self) -> Option<Option<GrowRequest>> {
        slot(&self.grow).take()
    }

    pub(super) fn take_compare(&self) -> Option<CompareRequest> {
        slot(&self.compare).take()
    }
}

fn slot<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
