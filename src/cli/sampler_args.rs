//! The sampler's flags: one for every knob, made from the knobs themselves.

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use toml::Value;

use crate::sampling::{KNOBS, Method, StageKind};

/// The heading of help below which they stand.
pub const HEADING: &str = "Sampler";

/// Sampler settings given as flags: keys of the `[sampler]` table and their values.
#[derive(Debug, Clone, Default)]
pub struct SamplerArgs {
    pub settings: Vec<(String, Value)>,
}

/// What llama.cpp and transformers call a knob's flag: field, their name.
const ALIASES: [(&str, &str); 4] = [
    ("temperature", "temp"),
    ("repetition_penalty", "repeat-penalty"),
    ("penalty_window", "repeat-last-n"),
    ("no_repeat_ngram", "no-repeat-ngram-size"),
];

/// What `-h` shows; `--help` shows all.
const SHORT: [&str; 8] = [
    "preset",
    "method",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "repetition_penalty",
    "dry_multiplier",
];

/// The flags that are no knobs: field, flag, value's name, whether it may repeat, help.
const OTHERS: [(&str, &str, &str, bool, &str); 8] = [
    (
        "preset",
        "preset",
        "NAME",
        false,
        "Start from a named preset of the configuration",
    ),
    (
        "method",
        "method",
        "METHOD",
        false,
        "How a token is chosen from what the chain leaves",
    ),
    (
        "order",
        "order",
        "STAGE,STAGE",
        true,
        "The stages in the order in which they run",
    ),
    (
        "disabled",
        "disable",
        "STAGE",
        true,
        "Switch a stage off, whatever its setting",
    ),
    (
        "negative_prompt",
        "negative-prompt",
        "TEXT",
        false,
        "What --guidance-scale leads away from; without it the prompt's last token",
    ),
    ("banned", "ban", "TEXT", true, "Forbid completing this text"),
    (
        "logit_bias",
        "logit-bias",
        "TEXT=BIAS",
        true,
        "Add to a token's logit; #ID=BIAS names it by id",
    ),
    (
        "dry_breakers",
        "dry-breaker",
        "TEXT",
        true,
        "A text across which DRY follows no repeat",
    ),
];

impl clap::Args for SamplerArgs {
    fn augment_args(command: Command) -> Command {
        let knobs = KNOBS.iter().map(|knob| {
            let theirs = ALIASES.iter().filter(|(field, _)| *field == knob.field);
            Arg::new(knob.field)
                .long(knob.field.replace('_', "-"))
                .aliases(theirs.map(|&(_, alias)| alias))
                .value_name("N")
                .allow_negative_numbers(true)
                .value_parser(clap::value_parser!(f64))
                .help_heading(HEADING)
                .hide_short_help(!SHORT.contains(&knob.field))
                .help(knob.why.trim_end_matches('.'))
        });
        let others = OTHERS.iter().map(|&(field, flag, value, repeats, help)| {
            let arg = Arg::new(field)
                .long(flag)
                .value_name(value)
                .help_heading(HEADING)
                .hide_short_help(!SHORT.contains(&field))
                .help(help);
            let arg = match field {
                "method" => arg.value_parser(Method::ALL.map(Method::name)),
                "order" => arg.value_delimiter(','),
                _ => arg,
            };
            let arg = match field {
                "order" | "disabled" => arg.value_parser(StageKind::ALL.map(StageKind::name)),
                _ => arg,
            };
            if repeats {
                arg.action(ArgAction::Append)
            } else {
                arg
            }
        });
        command.args(others).args(knobs)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SamplerArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (field, _, _, repeats, _) in OTHERS {
            let values: Vec<String> = matches
                .get_many::<String>(field)
                .map(|values| values.cloned().collect())
                .unwrap_or_default();
            if values.is_empty() {
                continue;
            }
            let value = match (field, repeats) {
                ("logit_bias", _) => biases(&values)?,
                (_, true) => Value::Array(values.into_iter().map(Value::String).collect()),
                (_, false) => Value::String(values.concat()),
            };
            self.settings.push((field.to_owned(), value));
        }
        for knob in KNOBS {
            if let Some(&number) = matches.get_one::<f64>(knob.field) {
                let value = if knob.whole && number.fract() == 0.0 {
                    Value::Integer(number as i64)
                } else {
                    Value::Float(number)
                };
                self.settings.push((knob.field.to_owned(), value));
            }
        }
        Ok(())
    }
}

/// `TEXT=BIAS`, split at the last equals sign, so that the text may hold others.
fn biases(values: &[String]) -> Result<Value, clap::Error> {
    let mut table = toml::Table::new();
    for value in values {
        let (text, bias) = value
            .rsplit_once('=')
            .and_then(|(text, bias)| Some((text, bias.trim().parse::<f64>().ok()?)))
            .ok_or_else(|| {
                clap::Error::raw(
                    clap::error::ErrorKind::ValueValidation,
                    format!("--logit-bias {value}: expected TEXT=NUMBER, such as \" the=-2\"\n"),
                )
            })?;
        table.insert(text.to_owned(), Value::Float(bias));
    }
    Ok(Value::Table(table))
}
