//! Named parameters, those that train and those that are frozen.

use std::collections::HashMap;

use candle_core::{Device, Result, Tensor, Var};
use serde::{Deserialize, Serialize};

/// Which parameters stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freeze {
    /// None: all train.
    #[default]
    Nothing,
    /// The embeddings, the last norm and an untied head: only the transformer's layers train.
    AllButLayers,
    /// The embeddings and this many layers from the first on.
    First(usize),
}

impl Freeze {
    /// How many of so many blocks train.
    pub(in crate::training) fn layers(self, all: u64) -> u64 {
        match self {
            Self::Nothing | Self::AllButLayers => all,
            Self::First(frozen) => all.saturating_sub(frozen as u64),
        }
    }

    /// Whether the parameter of this name trains.
    pub(in crate::training) fn trains(self, name: &str) -> bool {
        let layer = name
            .strip_prefix("h.")
            .and_then(|rest| rest.split('.').next())
            .and_then(|layer| layer.parse::<usize>().ok());
        match self {
            Self::Nothing => true,
            Self::AllButLayers => layer.is_some(),
            Self::First(frozen) => match layer {
                Some(layer) => layer >= frozen,
                None => name.starts_with("ln_f") || name.starts_with("lm_head"),
            },
        }
    }
}

/// A named tensor of the network.
pub struct Parameter {
    pub name: String,
    pub tensor: Tensor,
    /// Present if it trains.
    pub var: Option<Var>,
}

/// All parameters, in a fixed order.
#[derive(Default)]
pub struct Parameters {
    list: Vec<Parameter>,
    places: HashMap<String, usize>,
}

impl Parameters {
    pub(super) fn push(
        &mut self,
        name: String,
        values: Vec<f32>,
        shape: &[usize],
        trains: bool,
        device: &Device,
    ) -> Result<()> {
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?.to_device(device)?;
        let var = trains.then(|| Var::from_tensor(&tensor)).transpose()?;
        self.places.insert(name.clone(), self.list.len());
        self.list.push(Parameter {
            name,
            tensor: match &var {
                Some(var) => var.as_tensor().clone(),
                None => tensor,
            },
            var,
        });
        Ok(())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.list.iter()
    }

    /// Those that train, in order.
    pub fn trainable(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.list
            .iter()
            .filter_map(|parameter| Some((parameter.name.as_str(), parameter.var.as_ref()?)))
    }

    /// Trainable numbers.
    pub fn trainable_count(&self) -> usize {
        self.trainable().map(|(_, var)| var.elem_count()).sum()
    }

    /// The tensor of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        match self.find(name) {
            Some(tensor) => Ok(tensor),
            None => candle_core::bail!("the network has no `{name}`"),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&Tensor> {
        self.places.get(name).map(|&at| &self.list[at].tensor)
    }

    /// Sets the numbers of a parameter that trains.
    ///
    /// # Errors
    /// When there is none of this name and size, or the device fails.
    pub fn set(&self, name: &str, values: &[f32]) -> Result<()> {
        let place = self.places.get(name).map(|&at| &self.list[at]);
        let Some(var) = place.and_then(|parameter| parameter.var.as_ref()) else {
            candle_core::bail!("the network trains no `{name}`");
        };
        let tensor = Tensor::from_slice(values, var.shape(), &Device::Cpu)?;
        var.set(&tensor.to_device(var.device())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freezing_leaves_what_it_says() {
        let names = [
            "wte.weight",
            "h.0.ln_1.bias",
            "h.11.mlp.c_fc.weight",
            "ln_f.weight",
        ];
        let trained = |freeze: Freeze| names.map(|name| freeze.trains(name));
        assert_eq!(trained(Freeze::Nothing), [true; 4]);
        assert_eq!(trained(Freeze::AllButLayers), [false, true, true, false]);
        assert_eq!(trained(Freeze::First(2)), [false, false, true, true]);
    }
}
