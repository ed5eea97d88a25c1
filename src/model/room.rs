//! Whether the memory that is left holds another model.

use std::ops::ControlFlow;

use super::describe::{ModelSummary, describe, embedded_summary};
use super::device::{choose_device, is_kept_in_f32};
use super::hub::{HubOptions, cached_path};
use super::load::load_with;
use super::source::Source;
use super::{LoadProgress, LoadRequest, LoadedModel, ModelError, Precision};

/// Bytes that 32 weights take in q8_0: one each, and two for their scale.
const Q8_0_BLOCK: u64 = 34;
/// In q4_0 two share a byte, but for the head, whose size is not known here: it takes at least so much.
const Q4_0_BLOCK: u64 = 18;

/// [`super::load`] of a model beside one that is loaded already: refused when it is known that the memory that is left
/// does not hold it. What is not on this machine yet, and where the system does not tell its memory, is not known.
///
/// # Errors
/// As [`super::load`], and when there is too little memory.
pub fn load_beside(
    request: &LoadRequest,
    progress: &mut dyn FnMut(LoadProgress) -> ControlFlow<()>,
) -> Result<LoadedModel, ModelError> {
    let hub = HubOptions::from_env();
    let on_cpu = choose_device(request.device, &mut Vec::new())?.is_cpu();
    let needed = summary(&request.source, &hub).and_then(|summary| needed(&summary, request));
    if let (true, Some(needed), Some(available)) = (on_cpu, needed, available()) {
        check(&request.source, needed, available)?;
    }
    load_with(request, &hub, progress)
}

/// What the headers of a model's files tell, if they are here.
fn summary(source: &str, hub: &HubOptions) -> Option<ModelSummary> {
    match Source::parse(source).ok()? {
        Source::Embedded => Some(embedded_summary()),
        Source::Directory(path) | Source::File(path) => describe(&path).ok(),
        Source::Hub(id) => describe(&cached_path(&id, hub)?).ok(),
    }
}

/// Bytes that the weights take on the CPU.
fn needed(summary: &ModelSummary, request: &LoadRequest) -> Option<u64> {
    let as_stored = summary.quantisation.is_some() && request.precision == Precision::Auto;
    if as_stored {
        return Some(summary.bytes);
    }
    let parameters = summary.parameters? as u64;
    Some(match request.precision {
        Precision::F32 => parameters * 4,
        Precision::Auto if is_kept_in_f32(summary.parameters?) => parameters * 4,
        Precision::Q4_0 => parameters * Q4_0_BLOCK / 32,
        _ => parameters * Q8_0_BLOCK / 32,
    })
}

/// Memory that programs can have without swapping, by Linux' own account.
fn available() -> Option<u64> {
    available_in(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// # Errors
/// When `needed` bytes, and a tenth for what is computed, are more than `available`.
fn check(source: &str, needed: u64, available: u64) -> Result<(), ModelError> {
    let needed = needed + needed / 10;
    if needed <= available {
        return Ok(());
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    Err(ModelError::Setting(super::error::visible(&format!(
        "`{source}` takes about {} MB of memory, but {} MB are left; choose a smaller model, or a quantised file of it",
        megabytes(needed),
        megabytes(available)
    ))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_that_is_left_is_read() {
        let meminfo = "MemTotal:       16 kB\nMemFree: 1 kB\nMemAvailable:      12 kB\n";
        assert_eq!(available_in(meminfo), Some(12 * 1024));
        for other in [
            "",
            "MemAvailable: many kB",
            "MemAvailable: 12",
            "MemFree: 1 kB",
        ] {
            assert_eq!(available_in(other), None, "{other}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_in_a_sentence() {
        assert!(check("embedded", 1000, 1100).is_ok());
        let error = check("a\u{7}b", 3_000_000_000, 2_000_000_000).expect_err("too large");
        assert_eq!(
            error.to_string(),
            "`a\\u{7}b` takes about 3300 MB of memory, but 2000 MB are left; choose a smaller model, or a quantised file of it"
        );
    }

    #[test]
    fn weights_are_counted_in_their_precision() {
        let embedded = embedded_summary();
        let with = |precision| {
            let request = LoadRequest {
                precision,
                ..LoadRequest::default()
            };
            needed(&embedded, &request)
        };
        assert_eq!(with(Precision::Auto), Some(5_322_240 * 4));
        assert_eq!(with(Precision::Q8_0), Some(5_322_240 * 34 / 32));
        assert_eq!(with(Precision::Q4_0), Some(5_322_240 * 18 / 32));
        let file = ModelSummary {
            quantisation: Some("q4_k".to_owned()),
            bytes: 77,
            ..embedded
        };
        assert_eq!(needed(&file, &LoadRequest::default()), Some(77));
    }
}
