//! Which device and which arithmetic a model gets.

use candle_core::{DType, Device};

use crate::kernels::Quantisation;
use crate::model::gpu::Gpu;
use crate::model::network::description::Description;
use crate::model::network::linear::Storage;
use crate::model::{DevicePreference, ModelError, Precision};

/// Up to how many parameters `auto` stays with the numbers of the file on the CPU: such models are fast enough without
/// rounding.
const EXACT_PARAMETERS: usize = 50_000_000;

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
fn is_small(parameters: usize) -> bool {
    parameters <= EXACT_PARAMETERS
}

/// The precision asked for, with `auto` decided. `own` is what the model's file has. A notice is added when `auto` cannot
/// quantise.
///
/// # Errors
/// When the device or the model cannot have it.
pub(super) fn choose_precision(
    preference: Precision,
    device: &Device,
    config: &Description,
    own: Precision,
    notices: &mut Vec<String>,
) -> Result<Precision, ModelError> {
    match (preference, device.is_cpu()) {
        (Precision::Auto, _) if own.is_quantised() => Ok(own),
        (wanted, _) if own == wanted && own.is_quantised() => Ok(wanted),
        (Precision::Auto, false) => Ok(Precision::Bf16),
        (Precision::Auto, true) if is_small(config.parameters()) => Ok(own),
        (Precision::Auto, true) => match odd_width(config) {
            None => Ok(Precision::Q8_0),
            Some(odd) => {
                notices.push(format!("running in {}, not q8_0: {odd}", own.name()));
                Ok(own)
            }
        },
        (wanted @ (Precision::Q8_0 | Precision::Q4_0), true) => match odd_width(config) {
            None => Ok(wanted),
            Some(odd) => Err(ModelError::Setting(format!(
                "{} cannot be had: {odd}; choose f32 or bf16",
                wanted.name()
            ))),
        },
        (wanted @ (Precision::Q8_0 | Precision::Q4_0), false) => Err(ModelError::Setting(format!(
            "on a GPU {} is had only from a GGUF file that holds it; choose bf16 or f32, or the device `cpu`",
            wanted.name()
        ))),
        (Precision::F16, false) => Err(ModelError::Setting(
            "f16 runs on the CPU only; choose bf16 or f32, or the device `cpu`".to_owned(),
        )),
        (wanted @ (Precision::F32 | Precision::Bf16 | Precision::F16), _) => Ok(wanted),
        (other, _) => Err(ModelError::Setting(format!(
            "{} is had only from a GGUF file that holds it; choose auto",
            other.name()
        ))),
    }
}

/// Whether matrices stay as the file has them, where most are in its `own` form: on the CPU those of 16 bits too, each
/// as it is, so that none is rounded.
pub(super) fn stays(own: Precision, precision: Precision, device: &Device) -> bool {
    own == precision && (own.is_quantised() || device.is_cpu() && own != Precision::F32)
}

/// A width that cannot be cut into blocks, as a clause.
pub(super) fn odd_width(config: &Description) -> Option<String> {
    config
        .row_widths()
        .into_iter()
        .find(|(_, width)| !width.is_multiple_of(BLOCK))
        .map(|(name, width)| format!("the model's {name} of {width} is no multiple of {BLOCK}"))
}

/// How tensors are held for a decided precision; `own` if it is that of the file, whose matrices then stay.
pub(super) fn storage(device: Device, precision: Precision, own: bool) -> Storage {
    let dtype = match (precision, device.is_cpu()) {
        (Precision::F32, _) | (_, true) => DType::F32,
        // Beside blocks too: a GPU multiplies them by brain floats.
        (_, false) => DType::BF16,
    };
    Storage {
        dtype,
        matrices: match (precision, device.is_cpu()) {
            (_, true) if own => None,
            (Precision::Bf16, true) => Some(DType::BF16),
            (Precision::F16, true) => Some(DType::F16),
            _ => Some(dtype),
        },
        cache: if has_wide_cache(precision, &device) {
            DType::F32
        } else {
            DType::BF16
        },
        device,
        quantised: match precision {
            Precision::Q8_0 if !own => Some(Quantisation::Q8_0),
            Precision::Q4_0 if !own => Some(Quantisation::Q4_0),
            _ => None,
        },
    }
}

/// Whether keys and values have 32 bits: beside weights in blocks, and all that a GPU rounds, the rounding to 16 is small,
/// and long texts take half the memory and time. Beside weights of 16 bits on the CPU it would be all that is lost.
pub(super) fn has_wide_cache(precision: Precision, device: &Device) -> bool {
    match precision {
        Precision::F32 => true,
        Precision::Bf16 | Precision::F16 => device.is_cpu(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loading::families::gpt2_description;
    use crate::model::network::config::Gpt2Config;

    fn precision(
        preference: Precision,
        own: Precision,
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
        choose_precision(preference, &Device::Cpu, &config, own, &mut notices)
            .map(|precision| (precision, notices))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn auto_quantises_large_models_only_and_keeps_the_width_of_small_ones() {
        for own in [Precision::F32, Precision::Bf16, Precision::F16] {
            let small = precision(Precision::Auto, own, 256, 2);
            assert_eq!(small, Ok((own, vec![])));
            let large = precision(Precision::Auto, own, 768, 12);
            assert_eq!(large, Ok((Precision::Q8_0, vec![])));
            for wanted in [Precision::F32, Precision::Bf16, Precision::F16] {
                assert_eq!(precision(wanted, own, 768, 12), Ok((wanted, vec![])));
            }
        }
    }

    #[test]
    fn a_width_without_blocks_is_said() {
        for own in [Precision::F32, Precision::Bf16] {
            let (chosen, notices) =
                precision(Precision::Auto, own, 770, 12).expect("auto falls back");
            assert_eq!(chosen, own);
            let expected = format!(
                "running in {}, not q8_0: the model's width of 770",
                own.name()
            );
            assert!(notices[0].starts_with(&expected), "{notices:?}");
        }
        let error = precision(Precision::Q8_0, Precision::F32, 770, 12).expect_err("770 is odd");
        assert!(error.contains("choose f32 or bf16"), "{error}");
    }

    #[test]
    fn only_what_has_fewer_bits_than_f32_stays_as_it_is() {
        let cpu = &Device::Cpu;
        for (own, precision, expected) in [
            (Precision::F32, Precision::F32, false),
            (Precision::Bf16, Precision::Bf16, true),
            (Precision::Bf16, Precision::F16, false),
            (Precision::F16, Precision::F32, false),
            (Precision::Q4K, Precision::Q4K, true),
            (Precision::Q8_0, Precision::Bf16, false),
        ] {
            assert_eq!(
                stays(own, precision, cpu),
                expected,
                "{own:?} {precision:?}"
            );
            let storage = storage(Device::Cpu, precision, expected);
            assert_eq!(storage.dtype, DType::F32);
            let wide = matches!(precision, Precision::F32 | Precision::Bf16 | Precision::F16);
            assert_eq!(storage.cache == DType::F32, wide, "{precision:?}");
        }
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
