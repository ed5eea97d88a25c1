//! What the large matrices are held in, and so the arithmetic of their products.

use serde::{Deserialize, Serialize};

/// What the large matrices are held in, and so the arithmetic of their products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// The quantisation of the file, if it has one. Otherwise what the file has (`f32`, `bf16`, `f16`) for models up to 50
    /// million parameters on the CPU, `q8_0` for larger ones, `bf16` on a GPU.
    #[default]
    Auto,
    F32,
    /// Brain float: the upper half of an `f32`. On the CPU matrices lie in it, and all arithmetic is that of `f32`.
    Bf16,
    /// Half precision, on the CPU: as `Bf16`, with three more bits of each number and a smaller range.
    F16,
    /// 8-bit blocks of 32 with an f16 scale, on the CPU.
    #[serde(rename = "q8_0")]
    Q8_0,
    /// 4-bit blocks of 32 with an f16 scale, on the CPU; the head and an embedding that is the same are in `q8_0`.
    #[serde(rename = "q4_0")]
    Q4_0,
    /// The other quantisations of ggml are had only where a GGUF file holds them.
    #[serde(rename = "q4_1")]
    Q4_1,
    #[serde(rename = "q5_0")]
    Q5_0,
    #[serde(rename = "q5_1")]
    Q5_1,
    #[serde(rename = "q2_k")]
    Q2K,
    #[serde(rename = "q3_k")]
    Q3K,
    #[serde(rename = "q4_k")]
    Q4K,
    #[serde(rename = "q5_k")]
    Q5K,
    #[serde(rename = "q6_k")]
    Q6K,
}

impl Precision {
    /// Whether numbers are in blocks with a scale for each.
    pub(in crate::model) fn is_quantised(self) -> bool {
        !matches!(self, Self::Auto | Self::F32 | Self::Bf16 | Self::F16)
    }

    /// The name, as settings have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Q8_0 => "q8_0",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q2K => "q2_k",
            Self::Q3K => "q3_k",
            Self::Q4K => "q4_k",
            Self::Q5K => "q5_k",
            Self::Q6K => "q6_k",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_settings() {
        for precision in [
            Precision::Auto,
            Precision::Bf16,
            Precision::F16,
            Precision::Q8_0,
            Precision::Q4K,
        ] {
            let json = serde_json::to_value(precision).expect("a name");
            assert_eq!(json, precision.name());
        }
    }
}
