//! How the playground speaks to the engine.

use crate::engine::{
    Command, CompareRequest, EngineHandle, GrowRequest, LookRequest, SendError, Unsent,
};

/// The sending side of an engine.
pub trait EngineLink {
    /// Hands over a command, never blocking.
    ///
    /// # Errors
    /// When the engine's queue is full, or its thread is gone: the command comes back.
    fn send(&self, command: Command) -> Result<(), Unsent>;

    /// Asks for a look. Replaces a request that was not served yet.
    fn look(&self, request: LookRequest);

    /// As [`EngineHandle::compare`].
    fn compare(&self, request: CompareRequest);

    /// As [`EngineHandle::grow`].
    fn grow(&self, request: Option<GrowRequest>);

    /// As [`EngineHandle::look_at_lanes`].
    fn look_at_lanes(&self, requests: Vec<LookRequest>);

    /// Ends what the engine does within one token or one piece of a download.
    fn cancel(&self);

    /// Starts the engine's thread again after it died. Its events keep coming over the same channel.
    ///
    /// # Errors
    /// When nobody listens to its events any more.
    fn restart(&mut self) -> Result<(), SendError>;
}

impl EngineLink for EngineHandle {
    fn send(&self, command: Command) -> Result<(), Unsent> {
        EngineHandle::send(self, command)
    }

    fn compare(&self, request: CompareRequest) {
        Self::compare(self, request);
    }

    fn grow(&self, request: Option<GrowRequest>) {
        Self::grow(self, request);
    }

    fn look(&self, request: LookRequest) {
        EngineHandle::look(self, request);
    }

    fn look_at_lanes(&self, requests: Vec<LookRequest>) {
        Self::look_at_lanes(self, requests);
    }

    fn cancel(&self) {
        EngineHandle::cancel(self);
    }

    fn restart(&mut self) -> Result<(), SendError> {
        EngineHandle::restart(self)
    }
}
