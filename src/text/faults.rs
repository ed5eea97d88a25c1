//! Libraries read what strangers wrote. Some panic on it, or call themselves as deep as it is nested: neither may end the
//! program.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread will be told in another way.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// `work`, or what it panicked with.
///
/// # Errors
/// When it panics. Whatever was half made is dropped: nobody sees it.
pub fn unless_panicked<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    hush_watched();
    let before = WATCHED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    WATCHED.set(before);
    done.map_err(|panic| panic_text(&*panic).to_owned())
}

/// What a thread said when it panicked.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// From now on, panics that are watched go to the log, and not to standard error as well.
fn hush_watched() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if WATCHED.get() {
                tracing::error!("{info}");
            } else {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        assert_eq!(unless_panicked(|| 1), Ok(1));
        assert_eq!(
            unless_panicked(|| panic!("at {}", 7)),
            Err::<(), _>("at 7".to_owned())
        );
    }
}
