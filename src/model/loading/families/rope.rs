//! Rotary positions as a `config.json` describes them.

use serde_json::Value;

use super::config::Config;
use crate::model::network::description::Description;
use crate::model::network::rope::{RopeFacts, Scaling, Yarn};

/// The one kind of rotary positions that most models have, for heads of `head` numbers.
pub(super) fn ropes(
    config: &Config,
    head: usize,
    context: usize,
) -> Result<Vec<RopeFacts>, String> {
    Ok(vec![one(config, &places(config), head, context, 10_000.0)?])
}

/// Where a file may say it: the older places first.
fn places<'a>(config: &'a Config) -> Vec<&'a Value> {
    let names = ["rope_scaling", "rope_parameters"];
    names.iter().filter_map(|name| config.field(name)).collect()
}

/// The bases of two kinds, where nothing says them, and the older field that says that of layers with a window.
pub(super) struct Kinds {
    pub(super) whole: f64,
    pub(super) sliding: f64,
    pub(super) sliding_field: Option<&'static str>,
}

/// Gives layers with a window another kind of rotary positions than those without, as `rope_parameters` tells them apart.
/// What older fields say of scaling is of those without alone.
pub(super) fn by_kind(
    config: &Config,
    description: &mut Description,
    kinds: Kinds,
) -> Result<(), String> {
    let parameters = config.field("rope_parameters");
    let of = |kind: &str| parameters.and_then(|value| value.get(kind));
    let full: Vec<&Value> = match of("full_attention") {
        Some(own) => vec![own],
        None => config
            .field("rope_scaling")
            .into_iter()
            .chain(parameters)
            .collect(),
    };
    let sliding: Vec<&Value> = of("sliding_attention").into_iter().collect();
    let (head, context) = (description.heads.width, description.context_length);
    let whole = one(config, &full, head, context, kinds.whole)?;
    let mut windowed = one(config, &sliding, head, context, kinds.sliding)?;
    if !sliding
        .iter()
        .any(|place| place.get("rope_theta").is_some())
    {
        let older = kinds.sliding_field.map(|field| config.number(field));
        windowed.theta = older.transpose()?.flatten().unwrap_or(kinds.sliding);
    }
    description.ropes = vec![whole, windowed];
    let layers = description.layers.iter_mut();
    layers.for_each(|layer| layer.rope = Some(usize::from(layer.window.is_some())));
    Ok(())
}

fn one(
    config: &Config,
    places: &[&Value],
    head: usize,
    context: usize,
    otherwise: f64,
) -> Result<RopeFacts, String> {
    let number = |name: &str| {
        let mut found = places.iter().filter_map(|place| place.get(name));
        found.find_map(Value::as_f64)
    };
    let theta = number("rope_theta").or(config.number("rope_theta")?);
    let part = number("partial_rotary_factor").or(config.number("partial_rotary_factor")?);
    // As transformers cuts it off.
    let width = part.map_or(head, |part| (head as f64 * part) as usize);
    let scaling = match places.iter().find(|place| !place.is_null()) {
        Some(place) => scaling(config, place, context)?,
        None => Scaling::None,
    };
    Ok(RopeFacts {
        width,
        theta: theta.unwrap_or(otherwise),
        scaling,
    })
}

fn scaling(config: &Config, place: &Value, context: usize) -> Result<Scaling, String> {
    let text = |name: &str| place.get(name).and_then(Value::as_str);
    let kind = text("rope_type").or(text("type")).unwrap_or("default");
    let number = |name: &str| place.get(name).and_then(Value::as_f64);
    let positive = |name: &str, value: Option<f64>| {
        value
            .filter(|value| value.is_finite() && *value > 0.0)
            .ok_or_else(|| format!("scales rope by `{kind}` without a positive {name}"))
    };
    let need = |name: &str| positive(name, number(name));
    let original = || {
        let name = "original_max_position_embeddings";
        let outside = config.number(name)?;
        positive(name, number(name).or(outside).or(Some(context as f64)))
    };
    match kind {
        "default" | "none" => Ok(Scaling::None),
        // It changes texts beyond the context length alone, and no text is read beyond it.
        "dynamic" => need("factor").map(|_| Scaling::None),
        "linear" => Ok(Scaling::Linear(need("factor")?)),
        "llama3" => Ok(Scaling::Llama3 {
            factor: need("factor")?,
            low_freq_factor: need("low_freq_factor")?,
            high_freq_factor: need("high_freq_factor")?,
            original_context: need("original_max_position_embeddings")?,
        }),
        "yarn" => {
            let original_context = original()?;
            let factor = number("factor").unwrap_or(context as f64 / original_context);
            let factor = positive("factor", Some(factor))?;
            let grown = |by: f64| {
                if factor <= 1.0 {
                    1.0
                } else {
                    0.1 * by * factor.ln() + 1.0
                }
            };
            let given = |name: &str| number(name).filter(|value| *value != 0.0);
            let magnitude = match (
                number("attention_factor"),
                given("mscale"),
                given("mscale_all_dim"),
            ) {
                (Some(told), _, _) => told,
                (None, Some(up), Some(down)) => grown(up) / grown(down),
                _ => grown(1.0),
            };
            Ok(Scaling::Yarn(Yarn {
                factor,
                original_context,
                beta_fast: given("beta_fast").unwrap_or(32.0),
                beta_slow: given("beta_slow").unwrap_or(1.0),
                magnitude,
                truncate: place
                    .get("truncate")
                    .and_then(Value::as_bool)
                    .unwrap_or(true),
            }))
        }
        "longrope" | "su" => {
            let original = original()?;
            let factors = |name: &str| {
                let list = place.get(name).and_then(Value::as_array);
                let numbers = list.and_then(|list| {
                    let numbers = list
                        .iter()
                        .map(|value| value.as_f64().map(|value| value as f32));
                    numbers.collect::<Option<Vec<_>>>()
                });
                numbers
                    .filter(|list| {
                        list.iter()
                            .all(|factor| factor.is_finite() && *factor > 0.0)
                    })
                    .ok_or_else(|| format!("scales rope by `{kind}` without positive {name}s"))
            };
            let factor = number("factor").unwrap_or(context as f64 / original);
            let magnitude = match number("attention_factor") {
                Some(told) => told,
                None if factor <= 1.0 => 1.0,
                None => (1.0 + factor.ln() / original.ln()).sqrt(),
            };
            Ok(Scaling::Long {
                short: factors("short_factor")?,
                long: factors("long_factor")?,
                original_context: original as usize,
                magnitude,
            })
        }
        other => Err(format!(
            "scales rope by `{other}`, but only `default`, `linear`, `dynamic`, `llama3`, `yarn` and `longrope` are understood"
        )),
    }
}
