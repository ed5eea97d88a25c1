//! GPUs: opening one, what it is called, and what its errors mean.

#[cfg(feature = "cuda")]
mod card;
mod trouble;

use candle_core::{Device, DeviceLocation};

pub(super) use self::trouble::Trouble;
use super::ModelError;
use super::error::plain;
#[cfg(feature = "cuda")]
use super::memory::bytes_text;

/// A GPU that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gpu {
    /// By its number.
    Cuda(usize),
    Metal,
}

impl Gpu {
    fn name(self) -> &'static str {
        match self {
            Self::Cuda(_) => "cuda",
            Self::Metal => "metal",
        }
    }

    pub(super) fn is_built_in(self) -> bool {
        match self {
            Self::Cuda(_) => cfg!(feature = "cuda"),
            Self::Metal => cfg!(feature = "metal"),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// When it is not in this build or not in this machine, or cannot be used, in one sentence.
    pub(super) fn open(self) -> Result<Device, ModelError> {
        let name = self.name();
        if !self.is_built_in() {
            return Err(ModelError::Setting(format!(
                "this build has no support for {name}; build with `cargo build --release --features {name}`, \
                 or choose the device `cpu`"
            )));
        }
        match self {
            Self::Cuda(number) => open_cuda(number),
            Self::Metal => {
                Device::new_metal(0).map_err(|error| ModelError::Setting(unusable(&error)))
            }
        }
    }
}

fn unusable(error: &candle_core::Error) -> String {
    format!(
        "no metal device can be used ({}); choose the device `cpu` or `auto`",
        plain(error)
    )
}

#[cfg(feature = "cuda")]
fn open_cuda(number: usize) -> Result<Device, ModelError> {
    card::open(number).map_err(|error| {
        let error = if card::is_full(number) {
            // Then the libraries on top of the driver fail in ways of their own.
            trouble::FULL.to_owned()
        } else {
            error.to_string()
        };
        ModelError::Setting(trouble::not_opened(&error, number, card::count()))
    })
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(number: usize) -> Result<Device, ModelError> {
    // Not reached: such a device is not built in.
    Err(ModelError::Setting(trouble::not_opened("", number, None)))
}

/// What a device is called: `cpu`, `cuda:0`, `metal:0`.
pub fn device_name(device: &Device) -> String {
    match device.location() {
        DeviceLocation::Cpu => "cpu".to_owned(),
        DeviceLocation::Cuda { gpu_id } => format!("cuda:{gpu_id}"),
        DeviceLocation::Metal { gpu_id } => format!("metal:{gpu_id}"),
    }
}

/// What an NVIDIA GPU is and how much memory it has, such as `NVIDIA H100 80GB HBM3 85.0 GB`; none for other devices.
pub fn card(device: &Device) -> Option<String> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(cuda) => {
            let (name, bytes) = card::described(cuda)?;
            Some(format!("{name} {}", bytes_text(bytes)))
        }
        _ => None,
    }
}

/// Begins to count anew what [`peak`] tells.
pub fn reset_peak(device: &Device) {
    #[cfg(feature = "cuda")]
    if let Device::Cuda(cuda) = device {
        card::reset_peak(cuda);
    }
    let _ = device;
}

/// Bytes of an NVIDIA GPU's memory that tensors of this process took at most since [`reset_peak`]; none for other
/// devices.
pub fn peak(device: &Device) -> Option<u64> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(cuda) => card::peak(cuda),
        _ => None,
    }
}

/// Free memory of a GPU; none where it is not known, and for the CPU.
pub(in crate::model) fn free_memory(device: &Device) -> Option<u64> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(cuda) => card::free(cuda),
        // Apple's GPUs share the memory of the processor.
        Device::Metal(_) => super::memory::available_memory(),
        _ => None,
    }
}
