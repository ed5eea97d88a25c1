//! What the errors of CUDA's libraries mean to someone who wants to use a model, and what to do.
//!
//! They come as texts with the names of their codes in them, through candle and through several layers of errors.

/// What is wrong with an NVIDIA GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Trouble {
    /// The machine has none, or none that this process may see.
    NoDevice,
    /// There is none of this number.
    NoSuchDevice,
    /// The driver is older than the libraries that the program was built with, or of another version than they are.
    Driver,
    /// A driver that is there only to build against.
    Stub,
    /// Another program has it for itself, or it is not ready.
    Taken,
    /// There is no memory left.
    Memory,
    /// The program holds no code for a GPU of this kind.
    OtherKind,
    /// It stopped, and does no more work for this process.
    Stopped,
}

/// The driver's own word for a GPU without memory.
#[cfg(feature = "cuda")]
pub(super) const FULL: &str = "CUDA_ERROR_OUT_OF_MEMORY";

/// Names of codes, and what they mean. The first that is found counts.
const CODES: [(&str, Trouble); 27] = [
    ("CUDA_ERROR_OUT_OF_MEMORY", Trouble::Memory),
    ("CUBLAS_STATUS_ALLOC_FAILED", Trouble::Memory),
    ("CURAND_STATUS_ALLOCATION_FAILED", Trouble::Memory),
    ("CUDA_ERROR_NO_DEVICE", Trouble::NoDevice),
    ("CUDA_ERROR_INVALID_DEVICE", Trouble::NoSuchDevice),
    ("CUDA_ERROR_STUB_LIBRARY", Trouble::Stub),
    ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", Trouble::Driver),
    ("CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", Trouble::Driver),
    ("CUDA_ERROR_INSUFFICIENT_DRIVER", Trouble::Driver),
    ("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", Trouble::Driver),
    ("CUBLAS_STATUS_NOT_INITIALIZED", Trouble::Driver),
    ("CURAND_STATUS_VERSION_MISMATCH", Trouble::Driver),
    ("CURAND_STATUS_INITIALIZATION_FAILED", Trouble::Driver),
    ("CUDA_ERROR_DEVICE_UNAVAILABLE", Trouble::Taken),
    ("CUDA_ERROR_SYSTEM_NOT_READY", Trouble::Taken),
    ("CUDA_ERROR_DEVICE_NOT_LICENSED", Trouble::Taken),
    ("CUDA_ERROR_NO_BINARY_FOR_GPU", Trouble::OtherKind),
    ("CUDA_ERROR_INVALID_PTX", Trouble::OtherKind),
    ("CUBLAS_STATUS_ARCH_MISMATCH", Trouble::OtherKind),
    ("CURAND_STATUS_ARCH_MISMATCH", Trouble::OtherKind),
    ("CUDA_ERROR_ILLEGAL_ADDRESS", Trouble::Stopped),
    ("CUDA_ERROR_ILLEGAL_INSTRUCTION", Trouble::Stopped),
    ("CUDA_ERROR_MISALIGNED_ADDRESS", Trouble::Stopped),
    ("CUDA_ERROR_LAUNCH_FAILED", Trouble::Stopped),
    ("CUDA_ERROR_LAUNCH_TIMEOUT", Trouble::Stopped),
    ("CUDA_ERROR_ECC_UNCORRECTABLE", Trouble::Stopped),
    ("CUDA_ERROR_ASSERT", Trouble::Stopped),
];

impl Trouble {
    /// What an error's text tells of.
    pub(in crate::model) fn of(error: &str) -> Option<Self> {
        let found = CODES.iter().find(|(code, _)| error.contains(code));
        found.map(|(_, trouble)| *trouble)
    }

    /// What is wrong with a GPU that works were under way on, and what to do.
    pub(in crate::model) fn while_running(self) -> String {
        match self {
            Self::Memory => {
                "the GPU has no memory left: load a smaller model or one in fewer bits, shorten texts and batches, end \
                 other programs that use the GPU, or choose the device `cpu`"
                    .to_owned()
            }
            Self::Stopped => {
                "the GPU stopped and does no more work for this program: start it again, with the device `cpu` should it \
                 happen again"
                    .to_owned()
            }
            other => format!("{}; {WAY_OUT}", other.clause(None)),
        }
    }

    /// What is wrong, as a clause, with the GPU of this number where one was asked for.
    fn clause(self, number: Option<(usize, Option<usize>)>) -> String {
        match self {
            Self::NoDevice => {
                "there is no NVIDIA GPU in this machine, or CUDA_VISIBLE_DEVICES hides it".to_owned()
            }
            Self::NoSuchDevice => match number {
                Some((number, Some(1))) => {
                    format!("there is no cuda:{number}: the only NVIDIA GPU here is cuda:0")
                }
                Some((number, Some(count @ 2..))) => format!(
                    "there is no cuda:{number}: the NVIDIA GPUs here are cuda:0 to cuda:{}",
                    count - 1
                ),
                Some((number, _)) => format!("there is no cuda:{number} in this machine"),
                None => "there is no NVIDIA GPU of this number".to_owned(),
            },
            Self::Driver => {
                "NVIDIA's driver is too old for the CUDA libraries of this program, or of another version than they are: \
                 install a newer driver, or build the program with an older CUDA toolkit"
                    .to_owned()
            }
            Self::Stub => {
                "the libcuda.so.1 that was found is a stub to build with and no driver: take its folder out of \
                 LD_LIBRARY_PATH"
                    .to_owned()
            }
            Self::Taken => {
                "another program has the NVIDIA GPU for itself, or it is not ready: end that program (nvidia-smi shows \
                 it) or wait"
                    .to_owned()
            }
            Self::Memory => {
                "the NVIDIA GPU has no memory left: end other programs that use it (nvidia-smi shows them)".to_owned()
            }
            Self::OtherKind => {
                "this program was built for NVIDIA GPUs of another kind: build it with CUDA_COMPUTE_CAP set to that of \
                 this GPU"
                    .to_owned()
            }
            Self::Stopped => "the NVIDIA GPU stopped: start the program again".to_owned(),
        }
    }
}

const WAY_OUT: &str = "the devices `cpu` and `auto` need no GPU";

/// Why the GPU of this number cannot be used, by the error of opening it, in one sentence. `count` is how many there
/// are, where that is known.
pub(super) fn not_opened(error: &str, number: usize, count: Option<usize>) -> String {
    match Trouble::of(error) {
        Some(trouble) => format!("{}; {WAY_OUT}", trouble.clause(Some((number, count)))),
        None => format!("cuda:{number} cannot be used ({error}); {WAY_OUT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cudarc writes the driver's errors.
    fn driver(code: &str) -> String {
        format!("DriverError({code}, \"what the driver says\")")
    }

    #[test]
    fn what_cannot_be_opened_is_told_in_one_sentence_with_a_way_out() {
        for (error, count, expected) in [
            (
                driver("CUDA_ERROR_NO_DEVICE"),
                Some(0),
                "there is no NVIDIA GPU in this machine",
            ),
            (
                driver("CUDA_ERROR_INVALID_DEVICE"),
                Some(1),
                "there is no cuda:3: the only NVIDIA GPU here is cuda:0",
            ),
            (
                driver("CUDA_ERROR_INVALID_DEVICE"),
                Some(3),
                "there is no cuda:3: the NVIDIA GPUs here are cuda:0 to cuda:2",
            ),
            (
                driver("CUDA_ERROR_INVALID_DEVICE"),
                None,
                "there is no cuda:3 in this machine",
            ),
            (
                driver("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
                None,
                "install a newer driver",
            ),
            (
                driver("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"),
                None,
                "install a newer driver",
            ),
            (
                "CublasError(CUBLAS_STATUS_NOT_INITIALIZED)".to_owned(),
                None,
                "install a newer driver",
            ),
            (driver("CUDA_ERROR_STUB_LIBRARY"), None, "LD_LIBRARY_PATH"),
            (
                driver("CUDA_ERROR_DEVICE_UNAVAILABLE"),
                Some(1),
                "another program has the NVIDIA GPU for itself",
            ),
            (
                driver("CUDA_ERROR_OUT_OF_MEMORY"),
                Some(1),
                "has no memory left",
            ),
            (
                driver("CUDA_ERROR_NO_BINARY_FOR_GPU"),
                Some(1),
                "CUDA_COMPUTE_CAP",
            ),
            (
                driver("CUDA_ERROR_SOMETHING_NEW"),
                Some(1),
                "cuda:3 cannot be used (DriverError(CUDA_ERROR_SOMETHING_NEW",
            ),
        ] {
            let sentence = not_opened(&error, 3, count);
            assert!(sentence.contains(expected), "{error}: {sentence}");
            assert!(
                sentence.ends_with("the devices `cpu` and `auto` need no GPU"),
                "{sentence}"
            );
            assert!(
                !sentence.contains('\n') && !sentence.contains("  "),
                "{sentence}"
            );
        }
    }

    #[test]
    fn what_fails_under_way_says_what_to_do() {
        let told = |error: &str| Trouble::of(error).map(Trouble::while_running);
        let memory = told(&driver("CUDA_ERROR_OUT_OF_MEMORY")).expect("known");
        assert!(
            memory.starts_with("the GPU has no memory left: load a smaller model"),
            "{memory}"
        );
        assert_eq!(
            told("CublasError(CUBLAS_STATUS_ALLOC_FAILED)"),
            Some(memory)
        );
        let stopped = told(&driver("CUDA_ERROR_ILLEGAL_ADDRESS")).expect("known");
        assert!(stopped.contains("start it again"), "{stopped}");
        assert_eq!(
            told("shape mismatch in matmul, lhs: [2, 3], rhs: [4, 5]"),
            None
        );
    }
}
