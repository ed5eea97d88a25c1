//! Which device and which arithmetic a model gets.

use candle_core::{DType, Device};

use crate::kernels::Quantisation;
use crate::model::gpu::Gpu;
use crate::model::network::description::Description;
use crate::model::network::linear::Storage;
use crate::model::{DevicePreference, ModelError, Precision};

/// Up to how many parameters `auto` stays with f32 on the CPU: such models are fast enough without rounding.
const F32_PARAMETERS: usize = 50_000_000;

/// Quantised numbers are held in blocks of so many along a row.
const BLOCK: usize = 32;

/// The device asked for. A notice is added when `auto` falls back.
///
/// # Errors
/// When the device is not in this build or not in this machine.
pub(super) fn choose_device(
    preference: DevicePreference,
    notices: &mut Vec<String>,
) -> Result<Device, ModelError> {
    match preference {
        DevicePreference::Cpu => Ok(Device::Cpu),
        DevicePreference::Cuda(number) => Gpu::Cuda(number).open(),
        DevicePreference::Metal => Gpu::Metal.open(),
        DevicePreference::Auto => {
            let built_in = [Gpu::Cuda(0), Gpu::Metal]
                .into_iter()
                .find(|gpu| gpu.is_built_in());
            let Some(built_in) = built_in else {
                return Ok(Device::Cpu);
            };
            built_in.open().or_else(|error| {
                notices.push(format!("running on the CPU: {error}"));
                Ok(Device::Cpu)
            })
        }
    }
}

/// Whether a model of so many parameters is small enough for exact numbers on the CPU.
pub(super) fn is_kept_in_f32(parameters: usize) -> bool {
    parameters <= F32_PARAMETERS
}

/// The precision asked for, with `auto` decided. `own` is the quantisation that the model's file has. A notice is added
/// when `auto` cannot quantise.
///
/// # Errors
/// When the device or the model cannot have it.
pub(super) fn choose_precision(
    preference: Precision,
    device: &Device,
    config: &Description,
    own: Option<Precision>,
    notices: &mut Vec<String>,
) -> Result<Precision, ModelError> {
    match (preference, device.is_cpu()) {
        (Precision::Auto, _) if own.is_some() => Ok(own.unwrap_or_default()),
        (wanted, _) if own == Some(wanted) => Ok(wanted),
        (Precision::Auto, false) => Ok(Precision::Bf16),
        (Precision::Auto, true) if is_kept_in_f32(config.parameters()) => Ok(Precision::F32),
        (Precision::Auto, true) => match odd_width(config) {
            None => Ok(Precision::Q8_0),
            Some(odd) => {
                notices.push(format!("running in f32, not q8_0: {odd}"));
                Ok(Precision::F32)
            }
        },
        (wanted @ (Precision::Q8_0 | Precision::Q4_0), true) => match odd_width(config) {
            None => Ok(wanted),
            Some(odd) => Err(ModelError::Setting(format!(
                "{} cannot be had: {odd}; choose f32",
                wanted.name()
            ))),
        },
        (wanted @ (Precision::Q8_0 | Precision::Q4_0), false) => Err(ModelError::Setting(format!(
            "on a GPU {} is had only from a GGUF file that holds it; choose bf16 or f32, or the device `cpu`",
            wanted.name()
        ))),
        (Precision::Bf16, true) => Err(ModelError::Setting(
            "bf16 runs on a GPU only; choose f32 or q8_0 on the CPU".to_owned(),
        )),
        (Precision::Bf16, false) => Ok(Precision::Bf16),
        (Precision::F32, _) => Ok(Precision::F32),
        (other, _) => Err(ModelError::Setting(format!(
            "{} is had only from a GGUF file that holds it; choose auto",
            other.name()
        ))),
    }
}

/// A width that cannot be cut into blocks, as a clause.
pub(super) fn odd_width(config: &Description) -> Option<String> {
    config
        .row_widths()
        .into_iter()
        .find(|(_, width)| !width.is_multiple_of(BLOCK))
        .map(|(name, width)| format!("the model's {name} of {width} is no multiple of {BLOCK}"))
}

/// How tensors are held for a decided precision; `own` if it is that of the file, which then needs no quantising.
pub(super) fn storage(device: Device, precision: Precision, own: bool) -> Storage {
    Storage {
        dtype: match (precision, device.is_cpu()) {
            (Precision::F32, _) | (_, true) => DType::F32,
            // Beside blocks too: a GPU multiplies them by brain floats.
            (_, false) => DType::BF16,
        },
        device,
        // Beside that of weights the rounding is small, and long texts take half the memory and time.
        cache: match precision {
            Precision::F32 => DType::F32,
            _ => DType::BF16,
        },
        quantised: match precision {
            Precision::Q8_0 if !own => Some(Quantisation::Q8_0),
            Precision::Q4_0 if !own => Some(Quantisation::Q4_0),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loading::families::gpt2_description;
    use crate::model::network::config::Gpt2Config;

    fn precision(
        preference: Precision,
        width: usize,
        layers: usize,
    ) -> Result<(Precision, Vec<String>), String> {
        let config = Gpt2Config {
            n_embd: width,
            n_layer: layers,
            n_head: 1,
            ..Gpt2Config::default()
        };
        let (config, mut notices) = (gpt2_description(&config), Vec::new());
        choose_precision(preference, &Device::Cpu, &config, None, &mut notices)
            .map(|precision| (precision, notices))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn auto_quantises_large_models_only() {
        assert_eq!(
            precision(Precision::Auto, 256, 2),
            Ok((Precision::F32, vec![]))
        );
        assert_eq!(
            precision(Precision::Auto, 768, 12),
            Ok((Precision::Q8_0, vec![]))
        );
    }

    #[test]
    fn a_width_without_blocks_is_said() {
        let (chosen, notices) = precision(Precision::Auto, 770, 12).expect("auto falls back");
        assert_eq!(chosen, Precision::F32);
        assert!(notices[0].contains("width of 770"), "{notices:?}");
        let error = precision(Precision::Q8_0, 770, 12).expect_err("770 is no multiple of 32");
        assert!(error.contains("choose f32"), "{error}");
    }

    #[test]
    fn brain_floats_stay_off_the_cpu() {
        let error = precision(Precision::Bf16, 256, 2).expect_err("bf16 on a CPU");
        assert!(error.contains("GPU only"), "{error}");
    }

    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn a_device_that_is_not_built_in_is_an_error_and_auto_is_silent() {
        let mut notices = Vec::new();
        for (preference, name) in [
            (DevicePreference::Cuda(1), "cuda"),
            (DevicePreference::Metal, "metal"),
        ] {
            let error = choose_device(preference, &mut notices)
                .expect_err(name)
                .to_string();
            assert!(error.contains(&format!("--features {name}")), "{error}");
        }
        let device = choose_device(DevicePreference::Auto, &mut notices).expect("the CPU");
        assert!(device.is_cpu() && notices.is_empty());
    }
}
