//! Templates nest as deep as a stranger likes.

use std::thread;

use crate::text::{panic_text, unless_panicked};

/// Enough for a nesting as deep as the largest chat template is long, and as the values that it can make. What is not
/// used is not taken.
const DEEP: usize = 512 << 20;

/// [`unless_panicked`] on a stack that is deep enough for anything.
///
/// # Errors
/// When it panics, or there is no such stack.
pub(super) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let deep = thread::Builder::new().stack_size(DEEP);
        let running = deep
            .spawn_scoped(scope, || unless_panicked(work))
            .map_err(|error| format!("too little memory ({error})"))?;
        running
            .join()
            .unwrap_or_else(|panic| Err(panic_text(&*panic).to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_deep_down_is_an_error_with_its_words() {
        assert_eq!(
            on_deep_stack(|| panic!("deep")),
            Err::<(), _>("deep".to_owned())
        );
    }

    #[test]
    fn a_deep_stack_is_deep() {
        fn depth(left: usize) -> usize {
            match std::hint::black_box(left) {
                0 => 0,
                left => 1 + depth(left - 1),
            }
        }
        assert_eq!(on_deep_stack(|| depth(1_000_000)), Ok(1_000_000));
    }
}
