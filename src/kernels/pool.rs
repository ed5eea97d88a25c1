//! Threads that help with a piece of work, and never keep anybody waiting who could do without them.
//!
//! A model on the CPU shares out some thirty operations for each token, many of them shorter than it takes to wake a
//! thread. So helpers look out for the next piece for a while before they sleep. Candle's own pool does too, but there
//! each helper must report before a piece counts as done, also one that found nothing left to do: where other programs
//! keep the processors busy, each operation then takes until the system has let every helper run, thousands of times
//! as long. Here who finds the door shut was not needed, and nobody waits for it.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};

use candle_core::utils::{get_num_threads, set_thread_affinity};

/// How often a helper looks for a new piece before it sleeps: a good deal longer than what lies between two operations.
const LOOKS: u32 = 25_000;
/// After so many looks the processor is offered to others.
const LOOKS_AT_ONCE: u32 = 100;
/// How often whoever finds the pool in use offers the processor before doing the work alone.
const PATIENCE: u32 = 50;

/// Helpers that are inside: how many work on the piece that is there.
const INSIDE: u64 = (1 << 31) - 1;
/// Whether one of them has panicked.
const PANICKED: u64 = 1 << 31;
/// Whether more may come in.
const OPEN: u64 = 1 << 32;
/// The number of the piece, counted in these.
const PIECE: u64 = 1 << 33;

type Work<'a> = dyn Fn(Range<usize>) + Sync + 'a;

/// A piece of work, on the stack of whoever shares it.
#[derive(Clone, Copy)]
struct Piece {
    work: *const Work<'static>,
    /// The first index that nobody has taken.
    next: *const AtomicUsize,
    count: usize,
    at_once: usize,
}

impl Piece {
    /// Does what is left, beside all others who are at it.
    ///
    /// # Safety
    /// What the pointers point to is alive.
    unsafe fn help(self) {
        // SAFETY: the caller's promise.
        let (work, next) = unsafe { (&*self.work, &*self.next) };
        loop {
            let start = next.fetch_add(self.at_once, Ordering::Relaxed);
            if start >= self.count {
                return;
            }
            work(start..self.count.min(start + self.at_once));
        }
    }
}

/// A thread that helps.
struct Helper {
    thread: Thread,
    asleep: &'static AtomicBool,
}

struct Pool {
    /// The piece's number, whether it is open, whether a helper has panicked, and how many are inside. Helpers come in
    /// by one exchange of the whole, so none can once it is shut, and it is left alone until all are out.
    door: Alone<AtomicU64>,
    /// Written before the door opens, by whoever has taken the pool.
    piece: Alone<UnsafeCell<Option<Piece>>>,
    /// Whether somebody shares a piece of work now.
    taken: AtomicBool,
    /// What a helper panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// What no other value shares a line of the processor's cache with: helpers look at the door all the time.
#[repr(align(128))]
struct Alone<T>(T);

// SAFETY: `piece` is written while the door is shut and nobody is inside, and read by those inside.
unsafe impl Sync for Pool {}
// SAFETY: its pointers are used by those inside alone.
unsafe impl Send for Pool {}

static POOL: Pool = Pool {
    door: Alone(AtomicU64::new(0)),
    piece: Alone(UnsafeCell::new(None)),
    taken: AtomicBool::new(false),
    panic: Mutex::new(None),
};

thread_local! {
    /// Whether this thread is at a piece of work: what that shares in turn, it does alone.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Calls `work` with ranges of the indices below `count` until each was in one of them, on all threads; on this one
/// alone where the others have other work. Each result must not depend on who computed it.
///
/// # Panics
/// When `work` does.
pub(super) fn share(count: usize, work: &Work<'_>) {
    /// Several ranges for each thread, since one may be slower than another.
    const RANGES_PER_THREAD: usize = 8;
    let helpers = helpers();
    if count < 2 || helpers.is_empty() || AT_WORK.get() {
        if count > 0 {
            work(0..count);
        }
        return;
    }
    // Before `taken`, so that it outlives it.
    let next = AtomicUsize::new(0);
    let Some(taken) = Taken::wait() else {
        return work(0..count);
    };
    let piece = Piece {
        // SAFETY: no more than a longer life is claimed; `taken` is dropped before `work` can end, and with it every
        // use by others.
        work: unsafe { std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work) },
        next: &raw const next,
        count,
        at_once: count.div_ceil((helpers.len() + 1) * RANGES_PER_THREAD),
    };
    taken.open(piece, helpers);
    AT_WORK.set(true);
    // SAFETY: they are alive.
    unsafe { piece.help() };
    let panicked = taken.shut();
    drop(taken);
    if let Some(panicked) = panicked {
        resume_unwind(panicked);
    }
}

/// The pool, while this thread shares its work; dropped once nobody else is at it, also by a panic.
struct Taken;

impl Taken {
    /// Nothing if others keep the pool to themselves.
    fn wait() -> Option<Self> {
        for tries in 0..PATIENCE {
            let free =
                POOL.taken
                    .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
            match free {
                Ok(_) => return Some(Self),
                Err(_) if tries < PATIENCE / 2 => spin_loop(),
                Err(_) => thread::yield_now(),
            }
        }
        None
    }

    fn open(&self, piece: Piece, helpers: &[Helper]) {
        // SAFETY: this thread has taken the pool, and the last to have it saw the door shut and nobody inside.
        unsafe { *POOL.piece.0.get() = Some(piece) };
        let number = POOL.door.0.load(Ordering::Relaxed) & !(PIECE - 1);
        // Before the looks at who sleeps, as a helper falls asleep before its last look at the door: one of both sees
        // the other.
        POOL.door
            .0
            .store(number.wrapping_add(PIECE) | OPEN, Ordering::SeqCst);
        for helper in helpers {
            if helper.asleep.load(Ordering::SeqCst) && helper.asleep.swap(false, Ordering::SeqCst) {
                helper.thread.unpark();
            }
        }
    }

    /// Waits for those who are inside, and returns what one of them panicked with.
    fn shut(&self) -> Option<Box<dyn Any + Send>> {
        let mut door = POOL.door.0.fetch_and(!OPEN, Ordering::AcqRel);
        let mut looks = 0u32;
        while door & INSIDE != 0 {
            look_again(&mut looks);
            door = POOL.door.0.load(Ordering::Acquire);
        }
        if door & PANICKED == 0 {
            return None;
        }
        POOL.door.0.fetch_and(!PANICKED, Ordering::Relaxed);
        let mut panicked = POOL.panic.lock().unwrap_or_else(PoisonError::into_inner);
        panicked.take()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Still open where this thread's own part panicked: that is told, not what another's did.
        if POOL.door.0.load(Ordering::Relaxed) & OPEN != 0 {
            self.shut();
        }
        POOL.taken.store(false, Ordering::Release);
        AT_WORK.set(false);
    }
}

/// Spins for a moment. Now and then it offers the processor to others: who is waited for may have no other to run on.
fn look_again(looks: &mut u32) {
    *looks += 1;
    if looks.is_multiple_of(LOOKS_AT_ONCE) {
        thread::yield_now();
    } else {
        spin_loop();
    }
}

/// As many as candle would use threads, but for the one that shares its work; fewer if the system gives no more.
fn helpers() -> &'static [Helper] {
    static HELPERS: OnceLock<Vec<Helper>> = OnceLock::new();
    HELPERS.get_or_init(|| {
        let start = |number| {
            let asleep: &AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
            let thread = thread::Builder::new().name(format!("kernels-{number}"));
            let thread = thread.spawn(|| help(asleep)).ok()?;
            Some(Helper {
                thread: thread.thread().clone(),
                asleep,
            })
        };
        (1..get_num_threads()).map_while(start).collect()
    })
}

/// What a helper does for as long as the program lives.
fn help(asleep: &AtomicBool) -> ! {
    AT_WORK.set(true);
    set_thread_affinity();
    let (mut last, mut looks) = (0, 0u32);
    loop {
        let door = POOL.door.0.load(Ordering::Acquire);
        if door & OPEN != 0 && door / PIECE != last {
            let inside =
                POOL.door
                    .0
                    .compare_exchange(door, door + 1, Ordering::Acquire, Ordering::Relaxed);
            if inside.is_ok() {
                (last, looks) = (door / PIECE, 0);
                // SAFETY: nobody writes it while somebody is inside, and what it points to is alive as long.
                let done = catch_unwind(AssertUnwindSafe(|| unsafe {
                    (*POOL.piece.0.get()).map(|piece| piece.help())
                }));
                if let Err(panicked) = done {
                    let mut place = POOL.panic.lock().unwrap_or_else(PoisonError::into_inner);
                    place.get_or_insert(panicked);
                    POOL.door.0.fetch_or(PANICKED, Ordering::Relaxed);
                }
                POOL.door.0.fetch_sub(1, Ordering::Release);
            }
            continue;
        }
        if looks < LOOKS {
            look_again(&mut looks);
            continue;
        }
        asleep.store(true, Ordering::SeqCst);
        let door = POOL.door.0.load(Ordering::SeqCst);
        let missed = door & OPEN != 0 && door / PIECE != last;
        while !missed && asleep.load(Ordering::SeqCst) {
            thread::park();
        }
        asleep.store(false, Ordering::SeqCst);
        looks = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each index was in a range.
    fn visits(count: usize) -> Vec<usize> {
        let visits: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
        share(count, &|range| {
            for index in range {
                visits[index].fetch_add(1, Ordering::Relaxed);
            }
        });
        visits.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn each_index_comes_once_whoever_else_shares_work() {
        thread::scope(|scope| {
            for seed in 0..6 {
                scope.spawn(move || {
                    for round in 0..500 {
                        let count = (seed * 31 + round * 7) % 97;
                        assert_eq!(visits(count), vec![1; count]);
                    }
                });
            }
        });
    }

    #[test]
    fn work_inside_of_work_is_done() {
        let sum = AtomicUsize::new(0);
        share(20, &|range| {
            for index in range {
                sum.fetch_add(index * visits(index).len(), Ordering::Relaxed);
            }
        });
        let expected: usize = (0..20).map(|index| index * index).sum();
        assert_eq!(sum.into_inner(), expected);
    }

    #[test]
    fn work_goes_on_while_others_keep_the_pool() {
        let (begun, end) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                share(8, &|_| {
                    begun.store(true, Ordering::Relaxed);
                    while !end.load(Ordering::Relaxed) {
                        thread::yield_now();
                    }
                });
            });
            while !begun.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            // This work is done before that one can be.
            assert_eq!(visits(100), vec![1; 100]);
            end.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_panic_comes_back_and_the_pool_goes_on() {
        for bad in [0, 999] {
            let panicked = catch_unwind(|| {
                share(1000, &|range| assert!(!range.contains(&bad), "here it is"));
            });
            assert!(panicked.is_err());
            assert_eq!(visits(1000), vec![1; 1000]);
        }
    }
}
