//! Which device is asked for, by the name that settings and `--device` have for it.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

/// Where the arithmetic runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DevicePreference {
    /// A GPU where this build and machine have one, the CPU otherwise.
    #[default]
    Auto,
    Cpu,
    /// An NVIDIA GPU by its number, from 0 in the order of the driver: `cuda` is the first.
    Cuda(usize),
    Metal,
}

/// What can be asked for; any number may stand in place of the 1.
const NAMES: [&str; 5] = ["auto", "cpu", "cuda", "cuda:1", "metal"];

impl Display for DevicePreference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

impl FromStr for DevicePreference {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            other => {
                let number = other.strip_prefix("cuda:");
                // `parse` takes a sign as well.
                let number = number.filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
                number
                    .and_then(|number| number.parse().ok())
                    .map(Self::Cuda)
                    .ok_or_else(|| {
                        "give auto, cpu, cuda, metal, or one of several NVIDIA GPUs as cuda:1"
                            .to_owned()
                    })
            }
        }
    }
}

impl Serialize for DevicePreference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DevicePreference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let read = name.parse();
        read.map_err(|_| D::Error::unknown_variant(&name, &NAMES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let all = [
            DevicePreference::Auto,
            DevicePreference::Cpu,
            DevicePreference::Cuda(0),
            DevicePreference::Cuda(12),
            DevicePreference::Metal,
        ];
        for preference in all {
            assert_eq!(preference.to_string().parse(), Ok(preference));
            let json = serde_json::to_string(&preference).expect("a name");
            assert_eq!(json, format!("\"{preference}\""));
            let read: DevicePreference = serde_json::from_str(&json).expect("its own name");
            assert_eq!(read, preference);
        }
        assert_eq!("cuda:0".parse(), Ok(DevicePreference::Cuda(0)));
    }

    #[test]
    fn what_is_no_device_is_refused() {
        for wrong in [
            "",
            "gpu",
            "CUDA",
            "cuda:",
            "cuda:x",
            "cuda:-1",
            "cuda:+1",
            "cuda:1 ",
            "cpu:0",
            "metal:0",
            "cuda:99999999999999999999",
        ] {
            assert!(wrong.parse::<DevicePreference>().is_err(), "{wrong}");
            let json = serde_json::to_string(wrong).expect("a text");
            assert!(
                serde_json::from_str::<DevicePreference>(&json).is_err(),
                "{wrong}"
            );
        }
    }
}
