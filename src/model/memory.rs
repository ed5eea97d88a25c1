//! Memory: how much is left, and taking it so that too little is a sentence and not the end of the program.

use std::fs;
use std::path::Path;

use super::ModelError;

/// Room for so many values, none of them there yet. `what` they are is for the error.
///
/// # Errors
/// When there is no memory for them.
pub fn reserved<T>(count: usize, what: &str) -> Result<Vec<T>, ModelError> {
    let mut values = Vec::new();
    match values.try_reserve_exact(count) {
        Ok(()) => Ok(values),
        Err(_) => Err(too_little(
            what,
            count.saturating_mul(size_of::<T>()) as u64,
        )),
    }
}

/// Whether so many bytes can be had at once: for what takes its memory where an error cannot be given back. They are
/// not touched, so that this costs next to nothing.
///
/// # Errors
/// When there is no memory for them.
pub fn check_room(bytes: u64, what: &str) -> Result<(), ModelError> {
    let count = usize::try_from(bytes).unwrap_or(usize::MAX);
    reserved::<u8>(count, what).map(drop)
}

/// As [`check_room`], for what will be filled: systems promise more memory than they have.
///
/// # Errors
/// When there is no memory for them.
pub fn check_left(bytes: u64, what: &str) -> Result<(), ModelError> {
    match available_memory() {
        Some(available) if bytes > available => Err(too_little(what, bytes)),
        _ => check_room(bytes, what),
    }
}

fn too_little(what: &str, bytes: u64) -> ModelError {
    let left = match available_memory() {
        Some(available) => format!(", and {} are left", bytes_text(available)),
        None => String::new(),
    };
    ModelError::NoMemory(super::error::visible(&format!(
        "there is too little memory for {what}: {} are needed{left}",
        bytes_text(bytes)
    )))
}

/// A number of bytes for people, rounded up: `34 MB`, `6.9 GB`.
pub fn bytes_text(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        _ => format!("{:.1} GB", bytes.div_ceil(100_000_000) as f64 / 10.0),
    }
}

/// Memory that this process can have without swapping: what the system has left, and its control group and its limit
/// of address space allow. None where the system does not tell.
pub fn available_memory() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo");
    let system = system
        .ok()
        .and_then(|text| kibibytes(&text, "MemAvailable:"));
    [system, left_in_group(), left_in_limit()]
        .into_iter()
        .flatten()
        .min()
}

/// The number of a line such as `MemAvailable:  12 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The limit of address space, if there is one, as a shell's `ulimit -v` sets it.
pub fn address_space_limit() -> Option<u64> {
    address_space(&fs::read_to_string("/proc/self/limits").ok()?)
}

/// Address space that is left under that limit.
fn left_in_limit() -> Option<u64> {
    let limit = address_space_limit()?;
    let used = kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmSize:")?;
    Some(limit.saturating_sub(used))
}

/// The soft limit of address space, if there is one.
fn address_space(limits: &str) -> Option<u64> {
    let mut lines = limits.lines();
    let line = lines.find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The files of a control group: its limit, what is used, and how its statistics call copies of files that nobody uses,
/// which are given up when memory is wanted.
struct GroupFiles {
    limit: &'static str,
    used: &'static str,
    copies: &'static str,
}

/// Of cgroup v2, and of v1.
const UNIFIED: GroupFiles = GroupFiles {
    limit: "memory.max",
    used: "memory.current",
    copies: "inactive_file ",
};
const OLDER: GroupFiles = GroupFiles {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    copies: "total_inactive_file ",
};

/// What the control groups of this process leave to it, as containers have them.
fn left_in_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let of = |group: &str, mount: &str, files: &GroupFiles| {
        let group = Path::new(mount).join(group.trim_start_matches('/'));
        let within = group.ancestors().filter(|path| path.starts_with(mount));
        within.filter_map(|path| left_in(path, files)).min()
    };
    let left = groups.lines().filter_map(|line| {
        let (_, line) = line.split_once(':')?;
        match line.split_once(':')? {
            ("", group) => of(group, "/sys/fs/cgroup", &UNIFIED),
            ("memory", group) => of(group, "/sys/fs/cgroup/memory", &OLDER),
            _ => None,
        }
    });
    left.min()
}

fn left_in(group: &Path, files: &GroupFiles) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok();
    let limit: u64 = read(files.limit)?.trim().parse().ok()?;
    let used: u64 = read(files.used)?.trim().parse().ok()?;
    let copies = read("memory.stat").and_then(|stat| {
        let mut lines = stat.lines();
        lines.find_map(|line| line.strip_prefix(files.copies)?.parse::<u64>().ok())
    });
    Some(limit.saturating_sub(used.saturating_sub(copies.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_that_is_left_is_read() {
        let available = |text: &str| kibibytes(text, "MemAvailable:");
        let meminfo = "MemTotal:       16 kB\nMemFree: 1 kB\nMemAvailable:      12 kB\n";
        assert_eq!(available(meminfo), Some(12 * 1024));
        for other in [
            "",
            "MemAvailable: many kB",
            "MemAvailable: 12",
            "MemFree: 1 kB",
        ] {
            assert_eq!(available(other), None, "{other}");
        }
    }

    #[test]
    fn a_limit_of_address_space_is_read() {
        let limits = |space: &str| {
            format!(
                "Limit  Soft Limit  Hard Limit  Units\nMax cpu time  unlimited  unlimited  seconds\nMax address space         {space}             unlimited            bytes\n"
            )
        };
        assert_eq!(address_space(&limits("307200000")), Some(307_200_000));
        assert_eq!(address_space(&limits("unlimited")), None);
        assert_eq!(address_space(""), None);
    }

    #[test]
    fn a_control_group_leaves_its_limit_less_what_is_used_but_for_files() {
        let group = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            fs::write(group.path().join(name), text).expect("writable");
        };
        let left = |files| left_in(group.path(), files);
        assert_eq!(left(&UNIFIED), None);
        write("memory.max", "max\n");
        write("memory.current", "700\n");
        assert_eq!(left(&UNIFIED), None);
        write("memory.max", "1000\n");
        assert_eq!(left(&UNIFIED), Some(300));
        write(
            "memory.stat",
            "inactive_file 150\ntotal_inactive_file 350\n",
        );
        assert_eq!(left(&UNIFIED), Some(450));
        write("memory.limit_in_bytes", "2000\n");
        write("memory.usage_in_bytes", "700\n");
        assert_eq!(left(&OLDER), Some(1650));
    }

    #[test]
    fn what_cannot_be_had_is_a_sentence() {
        assert!(reserved::<f32>(1000, "a test").is_ok());
        let error = reserved::<f32>(1 << 60, "a\u{7}b").expect_err("an exabyte");
        let error = error.to_string();
        let expected = "there is too little memory for a\\u{7}b: 4611686018.5 GB are needed";
        assert!(error.starts_with(expected), "{error}");
        check_room(u64::MAX, "all").expect_err("all");
    }

    #[test]
    fn bytes_are_rounded_up() {
        for (bytes, text) in [
            (1, "1 MB"),
            (33_000_001, "34 MB"),
            (999_999_999, "1000 MB"),
            (6_820_000_000, "6.9 GB"),
        ] {
            assert_eq!(bytes_text(bytes), text);
        }
    }
}
