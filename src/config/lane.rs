//! How one of several texts is drawn, as one writes it: `temperature=0.7,preset=wild,model=PATH`.

use serde::Deserialize;
use toml::{Table, Value};

use super::nearest::did_you_mean;
use crate::sampling::{KNOBS, Method, SamplerSettings, StageKind, knob};

/// A lane as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LaneSpec {
    /// What was written.
    pub text: String,
    /// The model, if it is another than that of the first.
    pub model: Option<String>,
    /// The seed of its draws, if it is another.
    pub seed: Option<u64>,
    preset: Option<String>,
    /// Keys of the sampler's settings.
    settings: Vec<(&'static str, Value)>,
}

/// What is wrong with a lane or a sweep, and with which part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {problem}")]
pub struct LaneError {
    pub part: String,
    pub problem: String,
}

impl LaneError {
    pub(super) fn new(part: &str, problem: impl Into<String>) -> Self {
        Self {
            part: part.to_owned(),
            problem: problem.into(),
        }
    }
}

/// What a lane can say besides knobs.
const OTHERS: [&str; 6] = ["preset", "model", "seed", "method", "order", "disabled"];

impl LaneSpec {
    /// Reads parts of the form `key=value` with commas between them. The keys are those of the `[sampler]` table, and
    /// `preset`, `model` and `seed`; nothing at all is the settings as they stand.
    ///
    /// # Errors
    /// Which part is wrong, and what would do.
    pub fn parse(text: &str) -> Result<Self, LaneError> {
        let mut spec = Self {
            text: text.trim().to_owned(),
            ..Self::default()
        };
        let mut seen: Vec<String> = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let Some((key, value)) = part.split_once('=') else {
                return Err(LaneError::new(part, "write it as KEY=VALUE"));
            };
            let (key, value) = (key.trim().replace('-', "_"), value.trim());
            if seen.contains(&key) {
                return Err(LaneError::new(part, format!("{key} was said before")));
            }
            match key.as_str() {
                "preset" => spec.preset = Some(value.to_owned()),
                "model" if value.is_empty() => {
                    return Err(LaneError::new(part, "name a model"));
                }
                "model" => spec.model = Some(value.to_owned()),
                "seed" => {
                    let seed = value.parse();
                    let wrong = |_| LaneError::new(part, "give a whole number from 0 on");
                    spec.seed = Some(seed.map_err(wrong)?);
                }
                key => spec.settings.push(setting(key, value, part)?),
            }
            seen.push(key);
        }
        Ok(spec)
    }

    /// The sampler's settings that it makes of `base`: first its preset, as `preset` knows it by its name, then the rest.
    ///
    /// # Errors
    /// When there is no such preset, or a setting is out of range.
    pub fn sampler(
        &self,
        base: &SamplerSettings,
        preset: impl Fn(&str, &SamplerSettings) -> Option<SamplerSettings>,
    ) -> Result<SamplerSettings, LaneError> {
        let start = match &self.preset {
            Some(name) => preset(name, base).ok_or_else(|| {
                LaneError::new(&format!("preset={name}"), "there is no such preset")
            })?,
            None => base.clone(),
        };
        changed(&start, &self.settings)
    }
}

/// A key and a value of the sampler's settings.
fn setting(key: &str, value: &str, part: &str) -> Result<(&'static str, Value), LaneError> {
    if let Some(knob) = knob(key) {
        let number = value
            .parse::<f64>()
            .ok()
            .filter(|number| knob.admits(*number));
        let number = number.filter(|number| !knob.whole || number.fract() == 0.0);
        let number = number.ok_or_else(|| LaneError::new(part, knob.accepts))?;
        let value = if knob.whole {
            Value::Integer(number as i64)
        } else {
            Value::Float(number)
        };
        return Ok((knob.field, value));
    }
    match key {
        "method" => {
            let names = Method::ALL.map(Method::name);
            if !names.contains(&value) {
                let near = did_you_mean(value, names);
                let problem = format!("a method is one of {}{near}", names.join(", "));
                return Err(LaneError::new(part, problem));
            }
            Ok(("method", Value::String(value.to_owned())))
        }
        "order" => Ok(("order", order(value, part)?)),
        "disabled" => Ok(("disabled", stages(value, part)?)),
        _ => {
            let known = KNOBS.iter().map(|knob| knob.field).chain(OTHERS);
            let problem = format!("a lane has no {key}{}", did_you_mean(key, known));
            Err(LaneError::new(part, problem))
        }
    }
}

/// Stages with `+` between them.
fn stages(value: &str, part: &str) -> Result<Value, LaneError> {
    let names = StageKind::ALL.map(StageKind::name);
    let named = value.split('+').filter(|name| !name.is_empty());
    let listed: Result<Vec<_>, _> = named
        .map(|name| {
            if names.contains(&name) {
                return Ok(Value::String(name.to_owned()));
            }
            let near = did_you_mean(name, names);
            Err(LaneError::new(
                part,
                format!("there is no stage {name}{near}"),
            ))
        })
        .collect();
    Ok(Value::Array(listed?))
}

/// An order of stages: all of them listed with `+` between them, or where the temperature stands: `before` those that cut,
/// or `after` them.
fn order(value: &str, part: &str) -> Result<Value, LaneError> {
    let warms =
        |kind: &StageKind| matches!(kind, StageKind::Temperature | StageKind::DynamicTemperature);
    let mut order: Vec<StageKind> = StageKind::ALL.to_vec();
    let place = match value {
        "before" => order.iter().position(|kind| kind.truncates()),
        "after" => Some(order.len()),
        _ => return stages(value, part),
    };
    let place = place.unwrap_or(0);
    let later: Vec<_> = order.split_off(place);
    let moved: Vec<_> = StageKind::ALL.into_iter().filter(warms).collect();
    order.retain(|kind| !warms(kind));
    order.extend(moved);
    order.extend(later.into_iter().filter(|kind| !warms(kind)));
    let names = order
        .into_iter()
        .map(|kind| Value::String(kind.name().to_owned()));
    Ok(Value::Array(names.collect()))
}

/// `base` with other values of some keys.
fn changed(
    base: &SamplerSettings,
    settings: &[(&'static str, Value)],
) -> Result<SamplerSettings, LaneError> {
    let whole = || {
        settings
            .iter()
            .map(|(key, _)| *key)
            .collect::<Vec<_>>()
            .join(",")
    };
    let wrong = |error: &dyn std::fmt::Display| LaneError::new(&whole(), error.to_string());
    let mut table = Table::try_from(base).map_err(|error| wrong(&error))?;
    for (key, value) in settings {
        table.insert((*key).to_owned(), value.clone());
    }
    let sampler = SamplerSettings::deserialize(Value::Table(table));
    let sampler = sampler.map_err(|error| wrong(&error))?;
    match sampler.validate() {
        Ok(()) => Ok(sampler),
        Err(error) => Err(wrong(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Result<SamplerSettings, String> {
        let wild = |name: &str, base: &SamplerSettings| {
            (name == "wild").then(|| SamplerSettings {
                temperature: 1.5,
                top_k: 0,
                ..base.clone()
            })
        };
        let spec = LaneSpec::parse(text).map_err(|error| error.to_string())?;
        spec.sampler(&SamplerSettings::default(), wild)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_lane_is_a_preset_and_what_is_said_beside() {
        let base = SamplerSettings::default();
        assert_eq!(made(""), Ok(base.clone()));
        let wild = made("top-k=7, preset=wild,min_p=0.05").unwrap();
        assert_eq!((wild.temperature, wild.top_k, wild.min_p), (1.5, 7, 0.05));
        let greedy = made("method=greedy,disabled=top-k+min-p").unwrap();
        assert_eq!(greedy.method, Method::Greedy);
        assert_eq!(greedy.disabled, [StageKind::TopK, StageKind::MinP]);
        let spec = LaneSpec::parse("model=a/b.gguf,seed=9").unwrap();
        assert_eq!(
            (spec.model.as_deref(), spec.seed),
            (Some("a/b.gguf"), Some(9))
        );
    }

    #[test]
    fn temperature_stands_before_or_after_what_cuts() {
        let place = |text: &str| {
            let order = made(text).unwrap().order;
            assert_eq!(order.len(), StageKind::ALL.len(), "none is lost");
            let at = |kind| order.iter().position(|other| *other == kind).unwrap();
            let cut = order.iter().position(|kind| kind.truncates()).unwrap();
            (at(StageKind::Temperature) < cut, at(StageKind::Temperature))
        };
        assert!(place("order=before").0);
        assert_eq!(place("order=after").1, StageKind::ALL.len() - 2);
        let two = made("order=top-k+temperature").unwrap().order;
        assert_eq!(two, [StageKind::TopK, StageKind::Temperature]);
    }

    #[test]
    fn each_mistake_names_its_part_in_one_sentence() {
        let wrong = |text: &str| made(text).expect_err(text);
        for (text, said) in [
            ("temperature", "temperature: write it as KEY=VALUE"),
            ("top_p=7", "top_p=7: a number from 0 to 1"),
            ("top_k=1.5", "top_k=1.5: a whole number from 0"),
            (
                "temprature=1",
                "temprature=1: a lane has no temprature; did you mean temperature?",
            ),
            ("preset=mild", "preset=mild: there is no such preset"),
            ("seed=x", "seed=x: give a whole number from 0 on"),
            ("model=", "model=: name a model"),
            ("top_k=1,top-k=2", "top-k=2: top_k was said before"),
            (
                "order=topk",
                "order=topk: there is no stage topk; did you mean top-k?",
            ),
            (
                "order=xtc+xtc",
                "order: order = xtc: each stage may be listed once",
            ),
        ] {
            assert_eq!(wrong(text), said);
        }
        assert!(wrong("method=wild").starts_with("method=wild: a method is one of sample, greedy"));
    }
}
